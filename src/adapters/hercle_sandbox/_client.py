"""Asking a running sandbox to do something, by the library's own client."""

from __future__ import annotations

from os import urandom
from typing import Any, TypeVar, cast
from urllib.parse import quote

from attrs import frozen

from hercle_adapters._tls import Tls
from hercle_adapters.blocking import drive
from hercle_proto import Command
from hercle_proto._credentials import bearer
from hercle_proto.client import Answered, HttpSession, HttpSettings, Outcome, failure_of
from hercle_proto.http import USER_AGENT, Request, Response, Url

__all__ = ["close_invoice"]

R = TypeVar("R")


def close_invoice(url: str, api_key: str, invoice_id: str) -> None:
    """Have a sandbox close an invoice, as if it were paid or cancelled.

    `url` is its origin, or any other URL there. Raises `CommandRefused` with the status 404 for an
    invoice that is not there, 409 for one that is closed already or over, and 401 for a wrong key;
    `OutcomeUnknown` where no answer could be read, `InvalidArgument` for what cannot be a URL or a
    key, and whatever else a call may end with.
    """
    settings = HttpSettings(key=api_key)
    session = HttpSession(settings, _Control(Url.parse(url)), entropy=urandom)
    with drive(Tls(session)) as driven:
        driven.call(_CloseInvoice(invoice_id))


@frozen
class _CloseInvoice(Command[None]):
    """Not repeatable: the second answer would be 409."""

    id: str


@frozen
class _Control:
    """Fulfils `HttpApi` for what a sandbox can be asked to do."""

    url: Url

    def admit(self, command: Command[R]) -> Command[R]:
        return command

    def request(self, command: Command[Any], *, key: str | None) -> Request:
        command = cast("_CloseInvoice", command)
        path = f"/sandbox/invoices/{quote(command.id, safe='', errors='replace')}/close"
        headers = [USER_AGENT, ("Accept", "application/json")]
        if key is not None:
            headers.append(("Authorization", bearer(key)))
        return Request("POST", path, headers)

    def answered(
        self, command: Command[Any], response: Response, *, key: str | None, now: float
    ) -> Outcome:
        if response.status < 300:
            return Answered(None)
        return failure_of(command, response, key=key, where="the sandbox")
