"""The sandbox as one ASGI application."""

from __future__ import annotations

from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp

from hercle_adapters.asgi import HubApp, hub_app
from hercle_sandbox._answers import Refused, failure, json_answer
from hercle_sandbox._clock import Dated
from hercle_sandbox._control_api import control_routes
from hercle_sandbox._graphql import GRAPHQL_PATH, graphql_refusal, graphql_routes
from hercle_sandbox._guard import Key, LoopbackOnly
from hercle_sandbox._http_faults import FaultyPaths
from hercle_sandbox._hub import HUB_PATH, ExecutionHub
from hercle_sandbox._rest import rest_routes
from hercle_sandbox._sandbox import Sandbox

__all__ = ["sandbox_app"]


def sandbox_app(sandbox: Sandbox, key: Key) -> tuple[ASGIApp, HubApp]:
    """The application, and the hub in it, whose `aclose` says goodbye to its clients.

    Answers have a `Date` of the sandbox's clock, so the server is not to write another.
    """
    hub = hub_app(partial(ExecutionHub, sandbox.book), path=HUB_PATH, authenticate=key.opens)
    app = Starlette(
        routes=[
            *rest_routes(sandbox.book, key),
            *graphql_routes(sandbox.reflex, key),
            *control_routes(sandbox, key),
            Route(HUB_PATH, hub),
            Route(f"{HUB_PATH}/negotiate", hub),
            WebSocketRoute(HUB_PATH, hub),
        ],
        middleware=[Middleware(LoopbackOnly), Middleware(FaultyPaths, sandbox.faults)],
        exception_handlers={HTTPException: _http_error, Exception: _server_error},
    )
    return Dated(app, sandbox.clock), hub


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    refused = Refused(error.status_code, "invalid_request", error.detail)
    graphql = request.scope["path"] == GRAPHQL_PATH
    told = graphql_refusal(refused) if graphql else refused.body
    return json_answer(refused.status, told, error.headers)


async def _server_error(_request: Request, _bug: Exception) -> Response:
    message = "The sandbox failed; its log says why"
    return json_answer(500, failure("api_error", message, kind="api_error"))
