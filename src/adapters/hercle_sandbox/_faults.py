"""Faults on demand: what the memo of CreateLightningInvoice may ask the hub to do wrong.

    fault:refuse     execution.invoice.error with statusError and message; nothing is made
    fault:status     the success subject with httpStatusCode 422; nothing is made
    fault:throw      the Completion carries an error; nothing is made
    fault:silent     made, and no event follows
    fault:drop       made, and the TCP connection dies before any answer
    fault:twice      the event is sent twice
    fault:late:MS    the event follows MS milliseconds after the Completion
    fault:early      the event is sent 300 ms before the Completion
    fault:foreign    an event with another ClientId comes first

Over both roads, what the payment request says (`_payment_requests`):

    fault:amount     ten times the amount
    fault:memo       another description
    fault:expiry     over after as many minutes as were hours asked for
    fault:old        over since 2017
    fault:signature  signed by nobody
    fault:other-node right in all, and signed by another node
    fault:cut        cut short as in the vendor's examples

Any other memo is a memo. A mark at its end (` #` and 8 characters, by which a client knows its
invoices again) changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final

import anyio

from hercle_adapters.asgi import Caller, HubError
from hercle_sandbox._rows import Json

__all__ = ["deliver", "fault_in", "refusal"]

ABORT_EXTENSION: Final = "hercle_sandbox.abort"
"""The ASGI extension by which our server lets an application kill the TCP connection."""

_MARK: Final = re.compile(r" #[a-z2-7]{8}\Z")
_LATE: Final = re.compile(r"fault:late:(\d{1,6})", re.ASCII)

Emit = Callable[[str | None], Awaitable[None]]
"""Sends the event of a created invoice, with this ClientId."""


def fault_in(memo: str) -> str:
    """The memo without a mark: the fault, if it asks for one."""
    return _MARK.sub("", memo)


def refusal(fault: str) -> tuple[str, dict[str, Json]] | None:
    """Subject and data of the event that says no; None to go on. Raises `HubError`."""
    match fault:
        case "fault:throw":
            raise HubError("the hub method failed")
        case "fault:refuse":
            return "execution.invoice.error", {
                "statusError": "ACCOUNT_NOT_ENABLED",
                "message": "Lightning is not enabled for this account",
            }
        case "fault:status":
            return "execution.invoice.created", {
                "httpStatusCode": 422,
                "id": None,
                "expiresAt": None,
                "message": "checks failed",
                "encodedPaymentRequest": None,
            }
        case _:
            return None


async def deliver(fault: str, client_id: str, emit: Emit, caller: Caller) -> None:
    """Tell the caller of its invoice, in order or not."""
    if late := _LATE.fullmatch(fault):
        caller.start_soon(_later, int(late[1]) / 1000, emit, client_id)
        return
    match fault:
        case "fault:silent":
            pass
        case "fault:drop":
            caller.scope["extensions"][ABORT_EXTENSION]()
        case "fault:twice":
            await emit(client_id)
            await emit(client_id)
        case "fault:early":
            await emit(client_id)
            await anyio.sleep(0.3)
        case "fault:foreign":
            await emit("somebody-else")
            await emit(client_id)
        case _:
            await emit(client_id)


async def _later(seconds: float, emit: Emit, client_id: str) -> None:
    await anyio.sleep(seconds)
    await emit(client_id)
