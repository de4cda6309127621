"""What tests may do to a sandbox, over HTTP and with the account's key.

    POST /sandbox/invoices/{id}/close       204; 404 not there, 409 closed already or over
    PUT  /sandbox/clock                     {"offset_seconds": 90000} -> 204; 422 beyond 20 years

    POST /sandbox/faults                    {"path": "/graphql", "fault": "status:503", "times": 1}
                                            -> 204; 422 no such fault or path (`_http_faults`)

The vendor has nothing like it. Errors are told as the vendor tells them.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hercle_sandbox._answers import Refused, answering, decoded, read_body
from hercle_sandbox._guard import Key
from hercle_sandbox._sandbox import Sandbox
from hercle_sandbox._store import AlreadyClosed

__all__ = ["control_routes"]


class _Offset(msgspec.Struct):
    offset_seconds: float


class _Arming(msgspec.Struct):
    path: str
    fault: str
    times: int = 1


def control_routes(sandbox: Sandbox, key: Key) -> list[Route]:
    """The routes below `/sandbox/`."""

    async def close(request: Request) -> Response:
        invoice_id = request.path_params["id"]
        try:
            await run_sync(sandbox.book.close, invoice_id)
        except KeyError:
            message = f"There is no invoice {invoice_id}"
            raise Refused(404, "invoice_not_found", message, param="id") from None
        except AlreadyClosed:
            message = f"Invoice {invoice_id} is closed already"
            raise Refused(409, "invoice_closed", message, param="id") from None
        return Response(status_code=204)

    async def set_clock(request: Request) -> Response:
        asked = decoded(await read_body(request), _Offset)
        try:
            offset = timedelta(seconds=asked.offset_seconds)
        except OverflowError:
            offset = timedelta.max
        try:
            sandbox.clock.set_offset(offset)
        except ValueError as error:
            raise Refused(422, "invalid_request", str(error), param="offset_seconds") from None
        return Response(status_code=204)

    async def arm(request: Request) -> Response:
        asked = decoded(await read_body(request), _Arming)
        try:
            sandbox.faults.arm(asked.fault, path=asked.path, times=asked.times)
        except ValueError as error:
            raise Refused(422, "invalid_request", str(error)) from None
        return Response(status_code=204)

    return [
        Route("/sandbox/invoices/{id}/close", answering(key, close), methods=["POST"]),
        Route("/sandbox/clock", answering(key, set_clock), methods=["PUT"]),
        Route("/sandbox/faults", answering(key, arm), methods=["POST"]),
    ]
