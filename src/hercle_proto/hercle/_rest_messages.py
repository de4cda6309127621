"""Hercle's commands as HTTP requests, and what the answers mean for them. Pure look-up.

Source: the vendor's pages on `GET` and `POST /api/v1/invoices`, and on errors, whose body is
`{"error": {"code", "message", "param", "type"}}`; what other servers in front of an API say is read
too. Only a 4xx proves that nothing was carried out, and 408 does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias, assert_never

import msgspec
from msgspec import Raw
from msgspec.json import Decoder

from hercle_proto._credentials import bearer
from hercle_proto._errors import (
    ApiError,
    CommandRefused,
    InvalidArgument,
    RemoteProtocolError,
    Unauthorized,
)
from hercle_proto._numbers import decimal_to_wire
from hercle_proto.client import Answered, Outcome, Refused, Unclear
from hercle_proto.hercle._answers import (
    CREATED,
    Details,
    answer_from,
)
from hercle_proto.hercle._commands import CreateLightningInvoice, GetLightningInvoices
from hercle_proto.hercle._json import Unreadable, decode, decode_plain, decode_tolerantly
from hercle_proto.hercle._models import CreatedInvoice
from hercle_proto.hercle._rows import read_rows
from hercle_proto.http import USER_AGENT, Request, Response, Url

__all__ = ["RestCommand", "outcome_of", "request_for"]

RestCommand: TypeAlias = GetLightningInvoices | CreateLightningInvoice

_DEFAULT_EXPIRY_HOURS: Final = 24
_REQUEST_TIMEOUT: Final = 408
_KEY_REFUSED: Final = frozenset({401, 403})
_LONGEST_REASON: Final = 500
_UNTOLD: Final = {
    401: "the key is not accepted; check it and its environment",
    403: "the key may not do this; check it and its environment",
    404: "nothing is at this URL; check it",
    429: "too many requests",
}
"""Reasons where the server gives none."""


def request_for(command: RestCommand, url: Url, *, key: str | None) -> Request:
    """The request for a command. The ClientId stays here; None hours are sent as 24."""
    headers = [USER_AGENT, ("Accept", "application/json"), ("Content-Type", "application/json")]
    if key is not None:
        headers.append(("Authorization", bearer(key)))
    match command:
        case GetLightningInvoices():
            return Request("GET", url.target, headers)
        case CreateLightningInvoice():
            return Request("POST", url.target, headers, _body(command))
        case _:
            assert_never(command)


def _body(command: CreateLightningInvoice) -> bytes:
    fields: dict[str, object] = {
        "amountBtc": Raw(decimal_to_wire(command.amount_btc).encode()),
        "expiryHours": command.expiry_hours or _DEFAULT_EXPIRY_HOURS,
    }
    if command.memo is not None:
        fields["memo"] = command.memo
    return msgspec.json.encode(fields)


# -- answers ---------------------------------------------------------------------------------------


class _Invoices(msgspec.Struct):
    invoices: Raw


_INVOICES: Final = Decoder(_Invoices)
_DETAILS: Final = Decoder(Details)


def outcome_of(command: RestCommand, response: Response, *, key: str | None) -> Outcome:
    """What an answer means for its command. `key` is blotted out of what the server says."""
    status = response.status
    if status < 300:
        return _success(command, response)
    if status < 400:
        return Unclear(RemoteProtocolError(f"{_not_followed(response)} (HTTP {status})"))
    told, code = (_presentable(text, key) for text in _told(response.body))
    reason = told or _UNTOLD.get(status, "no reason was given")
    if status >= 500 or status == _REQUEST_TIMEOUT:
        return Unclear(ApiError(reason, code=code or None, status=status))
    refused = CommandRefused(command, reason, code=code or None, status=status)
    if status in _KEY_REFUSED:
        refused.__cause__ = Unauthorized(status, "the REST API")
    return Refused(refused)


def _success(command: RestCommand, response: Response) -> Outcome:
    try:
        match command:
            case GetLightningInvoices():
                return Answered(read_rows(decode(_INVOICES, response.body).invoices))
            case CreateLightningInvoice():
                created = answer_from(CREATED, _details(response.body))
            case _:
                assert_never(command)
    except Unreadable as error:
        problem = str(error)
    else:
        if isinstance(created, CreatedInvoice):
            return Answered(created)
        problem = "it tells of no invoice"
    return Unclear(
        RemoteProtocolError(f"the answer (HTTP {response.status}) could not be read: {problem}")
    )


def _details(body: bytes) -> Details:
    try:
        return decode(_DETAILS, body)
    except Unreadable:
        return decode_tolerantly(body, Details)


def _not_followed(response: Response) -> str:
    """Redirects are not followed: the key would go where its owner did not send it."""
    location = response.header("Location") or ""
    try:
        where = Url.parse(location).host
    except InvalidArgument:
        where = "another path" if location.startswith("/") else "nowhere that could be read"
    return f"the answer redirects to {where}, which is not followed"


# -- refusals --------------------------------------------------------------------------------------

_MESSAGES: Final = ("message", "detail", "title", "statusError", "error_description")
"""Where a reason may stand: Hercle's, then problem details (RFC 9457), then OAuth's."""


def _told(body: bytes) -> tuple[str, str]:
    """Reason and code, each empty where the server tells none."""
    try:
        told = decode_plain(body)
    except Unreadable:
        text = body.decode("utf-8", "replace").strip()
        return ("" if text.startswith("<") else text), ""  # a page of markup tells a person nothing
    match told:
        case {"error": dict(error)}:
            return _reason(error), _text(error.get("code"))
        case {"error": str(error), **others}:
            return _reason(others) or error, error
        case dict():
            return _reason(told), _text(told.get("code"))
        case _:
            return _text(told), ""


def _reason(told: Mapping[object, object]) -> str:
    reason = next((text for name in _MESSAGES if (text := _text(told.get(name)))), "")
    parameter = _text(told.get("param"))
    if parameter and parameter not in reason:
        reason = f"{reason} ({parameter})" if reason else parameter
    match told.get("errors"):
        case dict(errors):
            named = "; ".join(f"{name}: {_text(problem)}" for name, problem in errors.items())
            return f"{reason}: {named}" if reason else named
        case _:
            return reason


def _text(told: object) -> str:
    match told:
        case str():
            return told
        case bool() | None:
            return ""
        case int():
            return str(told)
        case list():
            return ", ".join(each for each in told if isinstance(each, str))
        case _:
            return ""


def _presentable(text: str, key: str | None) -> str:
    """One line of bounded length, without the key that some servers repeat."""
    line = " ".join((text.replace(key, "***") if key else text).split())
    return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]}…"
