"""What an answer says: by its subject, or by its shape where there is none.

A wrong "refused" makes a caller create a second invoice, so an error is believed to refuse only
where nothing contradicts it: it has neither an invoice's id nor a payment request, and either a 4xx
(but 408), or a text and no status; under a subject of errors a 2xx counts as no status. The subject
`preChecksError` needs no text. Every other error, what could not be read or is a list among it,
tells nothing of what was carried out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeAlias

import msgspec
from attrs import frozen

from hercle_proto._statuses import REQUEST_TIMEOUT
from hercle_proto._texts import presentable
from hercle_proto._timestamps import to_utc
from hercle_proto.hercle._models import CreatedInvoice, InvoiceSnapshot

__all__ = [
    "CREATED",
    "PRE_CHECKS",
    "SNAPSHOT",
    "Answer",
    "Data",
    "Details",
    "ErrorAnswer",
    "UnreadableAnswer",
    "answer_from",
    "is_known",
]

SNAPSHOT: Final = "lightspark.invoices.snapshot"
CREATED: Final = "execution.invoice.created"
PRE_CHECKS: Final = "preChecksError"

_ERROR_SUFFIX: Final = ".error"
_NO_REASON: Final = "no reason was given"
_NO_OBJECT: Final = "data: an object was expected"
_NO_ID: Final = "data: an id was expected"


class Details(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """Every documented field of an object in `data`, be it a creation or an error."""

    http_status_code: int | None = None
    id: str | None = None
    expires_at: datetime | None = None
    message: str | None = None
    encoded_payment_request: str | None = None
    status_error: str | None = None


@frozen
class ErrorAnswer:
    """The server says no. `surely_refused` is whether that proves that nothing was carried out.

    `reason` is its text, `code` its `statusError` or the error's subject, `status` its
    `httpStatusCode`.
    """

    reason: str
    code: str | None = None
    status: int | None = None
    surely_refused: bool = True


@frozen
class UnreadableAnswer:
    """An answer by its subject, and nothing that could be read as one. `problem` says where and
    why.
    """

    problem: str


Answer: TypeAlias = InvoiceSnapshot | CreatedInvoice | ErrorAnswer | UnreadableAnswer

Data: TypeAlias = InvoiceSnapshot | Details | str | UnreadableAnswer | None
"""`data` as it was read: a list, an object, text that is no JSON, what could not be read, or
nothing.
"""


def is_known(subject: str | None) -> bool:
    """Whether an event of this subject may be an answer to one of our commands."""
    return subject in _READERS or _is_error(subject)


def answer_from(subject: str | None, data: Data) -> Answer | None:
    """The answer, or None for an event of another kind."""
    if read := _READERS.get(subject):
        return read(data)
    return _error(data, subject=subject) if _is_error(subject) else None


def _is_error(subject: str | None) -> bool:
    return subject is not None and (subject == PRE_CHECKS or subject.endswith(_ERROR_SUFFIX))


def _by_shape(data: Data) -> Answer | None:
    match data:
        case InvoiceSnapshot():
            return data
        case Details(encoded_payment_request=request, id=id) if request and id:
            return _creation(data)
        case Details(status_error=error, message=message, id=id, http_status_code=status):
            says_no = error or (message and not id and not _is_success(status))
            return _error(data) if says_no else None
        case _:
            return None


def _snapshot(data: Data) -> Answer:
    if isinstance(data, InvoiceSnapshot | UnreadableAnswer):
        return data
    if isinstance(data, Details) and _says_no(data):
        return _error(data)
    return UnreadableAnswer("data: a list of invoices was expected")


def _creation(data: Data) -> Answer:
    if isinstance(data, Details):
        status = data.http_status_code
        if not data.id or (status is not None and status >= 300):
            return _error(data) if _says_no(data) else UnreadableAnswer(_NO_ID)
        expires_at = data.expires_at
        if expires_at is not None and expires_at.tzinfo is not UTC:
            expires_at = to_utc(expires_at)
        return CreatedInvoice(
            data.id,
            expires_at,
            data.message,
            data.encoded_payment_request,
            status,
        )
    if isinstance(data, UnreadableAnswer):
        return data
    return UnreadableAnswer(_NO_OBJECT)


def _says_no(details: Details) -> bool:
    """Whether details under a subject of success tell of a failure, as the vendor's pages allow."""
    status = details.http_status_code
    return (status is not None and status >= 300) or bool(details.status_error and not details.id)


def _error(data: Data, *, subject: str | None = None) -> ErrorAnswer:
    if data is None or isinstance(data, str):
        data = Details(message=data)
    if isinstance(data, Details):
        reason = presentable(data.message or data.status_error or "") or _NO_REASON
        code = presentable(data.status_error or subject or "") or None
        return ErrorAnswer(reason, code, data.http_status_code, _refuses(data, subject))
    # What could not be read may hold an id, or a 500.
    problem = _NO_OBJECT if isinstance(data, InvoiceSnapshot) else data.problem
    code = presentable(subject or "") or None
    return ErrorAnswer(problem, code, surely_refused=subject == PRE_CHECKS)


def _refuses(details: Details, subject: str | None) -> bool:
    """Whether an error proves that nothing was carried out."""
    if details.id or details.encoded_payment_request:
        return False
    status = details.http_status_code
    if status is None or (subject and _is_success(status)):
        return subject == PRE_CHECKS or bool(details.message or details.status_error)
    return 400 <= status < 500 and status != REQUEST_TIMEOUT


def _is_success(status: int | None) -> bool:
    return status is not None and 200 <= status < 300


_READERS: Final[dict[str | None, Callable[[Data], Answer | None]]] = {
    None: _by_shape,
    SNAPSHOT: _snapshot,
    CREATED: _creation,
}
