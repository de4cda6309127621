"""GET and POST /api/v1/invoices as the vendor documents them."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Final

import msgspec
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hercle_sandbox._answers import Refused, answering, decoded, json_answer, read_body
from hercle_sandbox._book import DEFAULT_HOURS, Book, RuleBroken
from hercle_sandbox._guard import Key
from hercle_sandbox._rows import Json, row, timestamp

__all__ = ["REST_PATH", "rest_routes"]

REST_PATH: Final = "/api/v1/invoices"


class _NewInvoice(msgspec.Struct, rename="camel"):
    """The body of a POST. The vendor marks expiryHours as required, yet gives it a default."""

    amount_btc: msgspec.Raw = msgspec.Raw()
    expiry_hours: int | None = None
    memo: str | None = None


def rest_routes(book: Book, key: Key) -> list[Route]:
    """The two routes of one path."""

    async def answer(request: Request) -> Response:
        if request.method == "POST":
            return json_answer(201, await _create(book, await read_body(request)))
        return json_answer(200, await run_sync(_listed, book))

    return [Route(REST_PATH, answering(key, answer), methods=["GET", "POST"])]


def _listed(book: Book) -> Json:
    now = book.clock.now()
    return {"invoices": [row(i, book.node_id, now) | {"domainEvents": []} for i in book.invoices()]}


async def _create(book: Book, body: bytes) -> Json:
    new, amount_btc = _decode(body)
    hours = DEFAULT_HOURS if new.expiry_hours is None else new.expiry_hours
    try:
        invoice = await run_sync(partial(book.create, amount_btc, new.memo or "", hours))
    except RuleBroken as broken:
        param = broken.parameter[0].lower() + broken.parameter[1:]
        raise Refused(422, "invalid_request", f"{param} {broken.rule}", param=param) from None
    return {
        "id": invoice.id,
        "encodedPaymentRequest": invoice.payment_request,
        "expiresAt": timestamp(invoice.expires_at),
    }


def _decode(body: bytes) -> tuple[_NewInvoice, Decimal]:
    new = decoded(body, _NewInvoice)
    amount = bytes(new.amount_btc)
    if not amount:
        raise Refused(
            400, "missing_parameter", "Missing required parameter: amountBtc", param="amountBtc"
        )
    if amount.startswith(b'"'):  # msgspec would take a string
        reason = "Expected a number - at `$.amountBtc`"
        raise Refused(400, "invalid_request", f"The request body could not be read: {reason}")
    return new, decoded(amount, Decimal)
