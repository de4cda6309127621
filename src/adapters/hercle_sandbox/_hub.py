"""The hub /ExecutionLiveServer/v1 as the vendor documents it.

Answers are events on `executionEvents`; a Completion only says that the command was taken.
Options in the URL's query: `data=string` sends `data` as a JSON string, `clientid=omit` leaves
`clientId` out and `envelope=bare` all but `data`, as the vendor's pages have it here and there.
"""

from __future__ import annotations

from decimal import Decimal

from anyio.to_thread import run_sync

from hercle_adapters.asgi import Caller, hub_method
from hercle_proto.hub import Raw
from hercle_sandbox import _faults
from hercle_sandbox._book import DEFAULT_HOURS, Book, RuleBroken, check
from hercle_sandbox._rows import Json, dumps, row, timestamp

__all__ = ["HUB_PATH", "ExecutionHub"]

HUB_PATH = "/ExecutionLiveServer/v1"

_CREATED = "execution.invoice.created"
_SNAPSHOT = "lightspark.invoices.snapshot"
_MOST_CLIENT_ID = 36


class ExecutionHub:
    """The handler of one connection."""

    def __init__(self, book: Book, caller: Caller) -> None:
        self._book = book
        self._caller = caller

    @hub_method("GetLightningInvoices")
    async def get_lightning_invoices(self, client_id: str | None) -> None:
        """An event with all invoices."""
        try:
            known_id = _checked(client_id)
        except RuleBroken as broken:
            await self._refuse(client_id, broken)
            return
        invoices = await run_sync(self._book.invoices)
        now = self._book.clock.now()
        await self._emit(_SNAPSHOT, known_id, [row(i, self._book.node_id, now) for i in invoices])

    @hub_method("CreateLightningInvoice")
    async def create_lightning_invoice(
        self,
        client_id: str | None,
        amount_btc: Decimal,
        memo: str | None,
        expiry_hours: int | None,
    ) -> None:
        """An event with the new invoice."""
        memo = memo or ""
        hours = DEFAULT_HOURS if expiry_hours is None else expiry_hours
        try:
            known_id = _checked(client_id)
            check(amount_btc, memo, hours)
        except RuleBroken as broken:
            await self._refuse(client_id, broken)
            return
        fault = _faults.fault_in(memo)
        if refused := _faults.refusal(fault):
            await self._emit(refused[0], known_id, refused[1])
            return
        invoice = await run_sync(self._book.create, amount_btc, memo, hours)
        data: Json = {
            "httpStatusCode": 201,
            "id": invoice.id,
            "expiresAt": timestamp(invoice.expires_at),
            "message": "Lightning invoice created successfully",
            "encodedPaymentRequest": invoice.payment_request,
        }
        await _faults.deliver(
            fault, known_id, lambda to: self._emit(_CREATED, to, data), self._caller
        )

    async def _refuse(self, client_id: str | None, broken: RuleBroken) -> None:
        await self._emit("preChecksError", client_id, {"message": str(broken)})

    async def _emit(self, subject: str, client_id: str | None, data: Json) -> None:
        if self._caller.query("data") == "string":
            data = dumps(data).decode()
        envelope: dict[str, Json] = {
            "channel": "executionEvents",
            "topic": subject.partition(".")[0],
            "subject": subject,
            "type": "message",
            "clientId": client_id,
            "data": data,
        }
        if self._caller.query("clientid") == "omit":
            del envelope["clientId"]
        if self._caller.query("envelope") == "bare":
            envelope = {"data": data}
        await self._caller.send("executionEvents", Raw(dumps(envelope)))


def _checked(client_id: str | None) -> str:
    if not client_id:
        raise RuleBroken("ClientId", "is required")
    if len(client_id) > _MOST_CLIENT_ID:
        raise RuleBroken("ClientId", f"must not exceed {_MOST_CLIENT_ID} characters")
    return client_id
