"""GET and POST /api/v1/invoices as the vendor documents them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from functools import partial
from typing import Final

import msgspec
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response

from hercle_sandbox._book import DEFAULT_HOURS, Book, RuleBroken
from hercle_sandbox._guard import Key
from hercle_sandbox._rows import Json, dumps, row, timestamp

__all__ = ["REST_PATH", "invoices_endpoint"]

REST_PATH: Final = "/api/v1/invoices"

_MOST_BODY_BYTES: Final = 64 * 1024


class _Refused(Exception):
    """A request ends with one of the vendor's documented errors."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Json] = {
            "error": {"code": code, "message": message, "param": param, "type": kind}
        }


class _NewInvoice(msgspec.Struct, rename="camel"):
    """The body of a POST. The vendor marks expiryHours as required, yet gives it a default."""

    amount_btc: msgspec.Raw = msgspec.Raw()
    expiry_hours: int | None = None
    memo: str | None = None


def invoices_endpoint(book: Book, key: Key) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint for Starlette's `Route`."""

    async def answer(request: Request) -> Response:
        try:
            _authenticate(request, key)
            if request.method == "POST":
                return _json(201, await _create(book, await _body(request)))
            return _json(200, await run_sync(_listed, book))
        except _Refused as refused:
            return _json(refused.status, refused.body)

    return answer


def _json(status: int, content: Json) -> Response:
    return Response(dumps(content), status, media_type="application/json")


def _authenticate(request: Request, key: Key) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    kind = "authentication_error"
    if scheme.lower() != "bearer":
        raise _Refused(401, "authentication_required", "An API key is required", kind=kind)
    if not key.opens(token.strip()):
        raise _Refused(401, "invalid_api_key", "The API key is not valid", kind=kind)


def _listed(book: Book) -> Json:
    return {"invoices": [row(i, book.node_id) | {"domainEvents": []} for i in book.invoices()]}


async def _create(book: Book, body: bytes) -> Json:
    new, amount_btc = _decode(body)
    hours = DEFAULT_HOURS if new.expiry_hours is None else new.expiry_hours
    try:
        invoice = await run_sync(partial(book.create, amount_btc, new.memo or "", hours))
    except RuleBroken as broken:
        param = broken.parameter[0].lower() + broken.parameter[1:]
        raise _Refused(422, "invalid_request", f"{param} {broken.rule}", param=param) from None
    return {
        "id": invoice.id,
        "encodedPaymentRequest": invoice.payment_request,
        "expiresAt": timestamp(invoice.expires_at),
    }


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BODY_BYTES:
            raise _Refused(
                413, "invalid_request", f"The body passes the limit of {_MOST_BODY_BYTES} bytes"
            )
    return body


def _decode(body: bytes) -> tuple[_NewInvoice, Decimal]:
    try:
        new = msgspec.json.decode(body, type=_NewInvoice)
        amount = bytes(new.amount_btc)
        if not amount:
            raise _Refused(
                400,
                "missing_parameter",
                "Missing required parameter: amountBtc",
                param="amountBtc",
            )
        if amount.startswith(b'"'):  # msgspec would take a string
            raise msgspec.ValidationError("Expected a number - at `$.amountBtc`")
        return new, msgspec.json.decode(amount, type=Decimal)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise _Refused(
            400, "invalid_request", f"The request body could not be read: {error}"
        ) from None
