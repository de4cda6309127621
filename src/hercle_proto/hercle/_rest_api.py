"""Hercle's REST API: the same commands as over the hub, as HTTP requests, and what the answers
mean for them.

Source: the vendor's pages on `GET` and `POST /api/v1/invoices`, and on errors.
"""

from __future__ import annotations

import re
from typing import Any, Final, TypeAlias, TypeVar, assert_never, cast

import msgspec
from attrs import field, frozen
from msgspec import Raw
from msgspec.json import Decoder

from hercle_proto._contract import Command, Entropy
from hercle_proto._credentials import bearer
from hercle_proto._errors import (
    InvalidArgument,
    LocalProtocolError,
    RemoteProtocolError,
)
from hercle_proto._numbers import decimal_to_wire
from hercle_proto.client import Answered, Outcome, Rejected, Unclear, failure_of
from hercle_proto.hercle._answers import CREATED, Details, answer_from
from hercle_proto.hercle._commands import (
    CreateLightningInvoice,
    GetLightningInvoices,
    HercleCommand,
)
from hercle_proto.hercle._dialect import with_client_id
from hercle_proto.hercle._json import Unreadable, decode, decode_plain, decode_tolerantly
from hercle_proto.hercle._marks import marked
from hercle_proto.hercle._models import CreatedInvoice
from hercle_proto.hercle._rows import read_rows
from hercle_proto.hercle._rules import DEFAULT_EXPIRY_HOURS
from hercle_proto.hercle._verifier import Verifier
from hercle_proto.http import USER_AGENT, Request, Response, Url

__all__ = ["HercleRest"]

R = TypeVar("R")

_Command: TypeAlias = GetLightningInvoices | CreateLightningInvoice

_PAYMENT_REQUEST: Final = "encodedPaymentRequest"
_NAMES: Final = re.compile(rb'encodedPaymentRequest|"id"\s*:')
"""What names an invoice where JSON is cut, or otherwise hard to read."""
_ERRORS: Final = ("error", "errors")
"""Where errors stand: as documented, and in problem details (RFC 9457)."""
_MOST_OF_FAILURE: Final = 256 * 1024
"""Bytes. More is no reason in words, and looking through it would take long."""


@frozen
class HercleRest:
    """Fulfils `HttpApi` for `/api/v1/invoices`. It holds nothing but where that is, and the source
    of fresh ClientIds, which stay on our side; None makes none; and who judges new invoices.
    """

    url: Url
    entropy: Entropy | None = None
    verifier: Verifier = field(factory=Verifier)
    memo_mark: bool = False

    def admit(self, command: Command[R]) -> Command[R]:
        """The command, with a ClientId if there is a source, and a mark if it is to have one.

        Raises `LocalProtocolError` for one that is not Hercle's, and for a mark without a source.
        """
        if not isinstance(command, GetLightningInvoices | CreateLightningInvoice):
            raise LocalProtocolError(f"{command.name} is no command of Hercle's REST API")
        if self.entropy is not None:
            ours = marked(cast("HercleCommand[R]", command), self.entropy, always=self.memo_mark)
            return with_client_id(ours, self.entropy)
        if isinstance(command, CreateLightningInvoice) and command.memo_mark and not command.mark:
            raise InvalidArgument("memo_mark", "needs a session, which draws the mark", "none")
        return cast("Command[R]", command)

    def request(self, command: Command[Any], *, key: str | None) -> Request:
        """The request for a command. The ClientId stays here; None hours are sent as 24."""
        command = cast("_Command", command)  # admitted
        headers = [USER_AGENT, ("Accept", "application/json"), ("Content-Type", "application/json")]
        if key is not None:
            headers.append(("Authorization", bearer(key)))
        match command:
            case GetLightningInvoices():
                return Request("GET", self.url.target, headers)
            case CreateLightningInvoice():
                return Request("POST", self.url.target, headers, _body(command))
            case _:
                assert_never(command)

    def answered(
        self, command: Command[Any], response: Response, *, key: str | None, now: float
    ) -> Outcome:
        """What an answer means for its command. `key` is blotted out of what the server says."""
        self.verifier.clock.heed(response.date, now=now)
        if response.status < 300:
            return _success(cast("_Command", command), response, self.verifier, now)
        named = not command.repeatable and _names_one(response)
        return failure_of(command, response, key=key, where="the REST API", may_have_run=named)


def _names_one(response: Response) -> bool:
    """Whether a failure names an invoice: then it proves nothing, as over SignalR.

    A payment request does so wherever it stands, and an id too, unless it is that of an error, or
    of the request: beside the documented `error`. What is too much to look through may name one.
    """
    if response.body.lstrip().startswith(b"<"):
        return False  # a page of markup is from a server in front of it
    if len(response.body) > _MOST_OF_FAILURE:
        return True
    try:
        told = decode_plain(response.body)
    except Unreadable:
        return _NAMES.search(response.body) is not None
    parts = [(told, False)]
    while parts:
        part, is_error = parts.pop()
        match part:
            case dict():
                if part.get(_PAYMENT_REQUEST):
                    return True
                if part.get("id") and not (is_error or part.get("error")):
                    return True
                parts += ((each, name in _ERRORS) for name, each in part.items())
            case list():
                parts += ((each, is_error) for each in part)
            case _:
                pass
    return False


def _body(command: CreateLightningInvoice) -> bytes:
    fields: dict[str, object] = {
        "amountBtc": Raw(decimal_to_wire(command.amount_btc).encode()),
        "expiryHours": command.expiry_hours or DEFAULT_EXPIRY_HOURS,
    }
    if command.memo is not None:
        fields["memo"] = command.memo
    return msgspec.json.encode(fields)


class _Invoices(msgspec.Struct):
    invoices: Raw


_INVOICES: Final = Decoder(_Invoices)
_DETAILS: Final = Decoder(Details)


def _success(
    command: _Command, response: Response, verifier: Verifier, now: float
) -> Answered | Rejected | Unclear:
    try:
        match command:
            case GetLightningInvoices():
                return Answered(read_rows(decode(_INVOICES, response.body).invoices))
            case CreateLightningInvoice():
                created = answer_from(CREATED, _details(response.body))
                if isinstance(created, CreatedInvoice):
                    return verifier.judge(command, created, now=now)
                problem = "it tells of no invoice"
            case _:
                assert_never(command)
    except Unreadable as error:
        problem = str(error)
    return Unclear(
        RemoteProtocolError(f"the answer (HTTP {response.status}) could not be read: {problem}")
    )


def _details(body: bytes) -> Details:
    try:
        return decode(_DETAILS, body)
    except Unreadable:
        return decode_tolerantly(body, Details)
