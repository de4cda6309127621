"""The sandbox as one ASGI application."""

from __future__ import annotations

from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from hercle_adapters.asgi import HubApp, hub_app
from hercle_sandbox._book import Book
from hercle_sandbox._guard import Key, LoopbackOnly
from hercle_sandbox._hub import HUB_PATH, ExecutionHub
from hercle_sandbox._rest import REST_PATH, invoices_endpoint

__all__ = ["sandbox_app"]


def sandbox_app(book: Book, key: Key) -> tuple[Starlette, HubApp]:
    """The application, and the hub in it, whose `aclose` says goodbye to its clients."""
    hub = hub_app(partial(ExecutionHub, book), path=HUB_PATH, authenticate=key.opens)
    app = Starlette(
        routes=[
            Route(REST_PATH, invoices_endpoint(book, key), methods=["GET", "POST"]),
            Route(HUB_PATH, hub),
            Route(f"{HUB_PATH}/negotiate", hub),
            WebSocketRoute(HUB_PATH, hub),
        ],
        middleware=[Middleware(LoopbackOnly)],
        exception_handlers={HTTPException: _http_error, Exception: _server_error},
    )
    return app, hub


async def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _failure(error.status_code, "invalid_request", error.detail, "invalid_request_error")


async def _server_error(_request: Request, _bug: Exception) -> Response:
    return _failure(500, "api_error", "The sandbox failed; its log says why", "api_error")


def _failure(status: int, code: str, message: str, kind: str) -> Response:
    body = {"error": {"code": code, "message": message, "param": None, "type": kind}}
    return JSONResponse(body, status)
