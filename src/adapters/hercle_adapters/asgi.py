"""A SignalR hub as an ASGI application, for any ASGI server: our server role behind HTTP.

    class Chat:
        def __init__(self, caller: Caller) -> None:
            self.caller = caller

        @hub_method("Say")
        async def say(self, text: str) -> int:
            await self.caller.send("said", text)
            return len(text)

    app = hub_app(Chat, path="/chat")

Every connection has a handler object of its own. Its methods run one at a time, in the order they
were called in (P-41); while one runs nothing is read. Transport: WebSockets; encoding: JSON.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

import anyio
import msgspec
from attrs import define, field, frozen

from hercle_adapters._asgi_connection import Caller, Connection
from hercle_adapters._asgi_http import Receive, Scope, Send, access_token, queries, respond
from hercle_adapters._asgi_methods import HubError, hub_method
from hercle_proto.hub import HubSettings

__all__ = ["Caller", "HubApp", "HubError", "hub_app", "hub_method"]

MAX_RECORD_BYTES: Final = 32 * 1024
"""L-01: .NET's limit for a message from a client."""

UNUSED_LIFETIME: Final = 15.0
"""N-32: seconds after which a negotiated connection that nobody used is forgotten."""

GOODBYE_TIMEOUT: Final = 2.0
"""Seconds that `aclose` waits for clients to take the goodbye."""


def hub_app(
    handler: Callable[[Caller], object],
    *,
    path: str = "/",
    authenticate: Callable[[str | None], bool] | None = None,
    settings: HubSettings | None = None,
    most_connections: int = 1024,
) -> HubApp:
    """The ASGI application of one hub.

    `handler` makes the object whose `hub_method`s a connection may call. `authenticate` is given
    the bearer token of every request, or None, and tells whether to let it in (else 401).
    `most_connections` bounds those that stand and, apart, those negotiated and not used yet.
    """
    return HubApp(
        handler,
        path.rstrip("/"),
        authenticate,
        settings or HubSettings(max_message_bytes=MAX_RECORD_BYTES),
        most_connections,
    )


@define(eq=False)
class HubApp:
    """Made by `hub_app`; call `aclose` before the server stops."""

    _handler: Callable[[Caller], object]
    _path: str
    _authenticate: Callable[[str | None], bool] | None
    _settings: HubSettings
    _most: int
    _unused: dict[str, _Negotiated] = field(init=False, factory=dict)  # by token, oldest first
    _live: dict[str, Connection] = field(init=False, factory=dict)  # by token
    _closing: bool = field(init=False, default=False)
    _emptied: anyio.Event | None = field(init=False, default=None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", "")).rstrip("/")
        match scope["type"]:
            case "http" if path == f"{self._path}/negotiate":
                await self._negotiate(scope, send)
            case "http":
                await respond(scope, send, 404, b"Nothing is here but WebSockets and negotiate.")
            case "websocket":
                await self._upgrade(scope, receive, send, known_path=path == self._path)
            case other:
                raise NotImplementedError(f"a hub has no use for the ASGI protocol {other!r}")

    async def aclose(self) -> None:
        """Say goodbye to every client, which may come back (C-04), and admit no other."""
        self._closing = True
        for connection in self._live.values():
            connection.close()
        if self._live:
            self._emptied = anyio.Event()
            with anyio.move_on_after(GOODBYE_TIMEOUT):
                await self._emptied.wait()

    # -- negotiate --------------------------------------------------------------------------------

    async def _negotiate(self, scope: Scope, send: Send) -> None:
        if scope["method"] != "POST":  # N-01
            await respond(scope, send, 405, b"", headers=((b"allow", b"POST"),))
        elif not self._admits(scope):
            await _unauthorized(scope, send)
        elif self._closing or len(self._forget_unused()) >= self._most:
            await _unavailable(scope, send)
        else:
            answer = self._negotiated(queries(scope).get("negotiateversion", "0"))
            body = msgspec.json.encode(answer)
            await respond(scope, send, 200, body, content_type=b"application/json")

    def _negotiated(self, requested: str) -> dict[str, object]:
        """N-05…N-08, N-12, N-14, N-16."""
        try:
            version = min(int(requested), 1)
        except ValueError:
            return {"error": "The client requested a non-integer protocol version."}
        if version < 0:
            return {
                "error": f"The client requested version '{version}', "
                "but the server does not support this version."
            }
        connection_id = secrets.token_urlsafe(16)
        token = secrets.token_urlsafe(16) if version else connection_id
        self._unused[token] = _Negotiated(connection_id, anyio.current_time() + UNUSED_LIFETIME)
        return {
            "negotiateVersion": version,
            "connectionId": connection_id,
            **({"connectionToken": token} if version else {}),
            "availableTransports": [{"transport": "WebSockets", "transferFormats": ["Text"]}],
        }

    def _forget_unused(self) -> dict[str, _Negotiated]:
        """What is still awaited (N-32). All live equally long, so the oldest are in front."""
        now = anyio.current_time()
        while self._unused and (oldest := next(iter(self._unused))):
            if self._unused[oldest].expires_at > now:
                break
            del self._unused[oldest]
        return self._unused

    # -- connections ------------------------------------------------------------------------------

    async def _upgrade(
        self, scope: Scope, receive: Receive, send: Send, *, known_path: bool
    ) -> None:
        await receive()  # websocket.connect
        token = queries(scope).get("id")
        if not known_path:
            await respond(scope, send, 404, b"There is no hub here.")
        elif not self._admits(scope):
            await _unauthorized(scope, send)
        elif self._closing or len(self._live) >= self._most:
            await _unavailable(scope, send)
        elif token in self._live:  # T-12
            await respond(scope, send, 409, b"The connection has its WebSocket already.")
        elif token and token not in self._forget_unused():  # T-11
            await respond(scope, send, 404, b"No Connection with that ID")
        else:
            await self._serve(token, scope, receive, send)

    async def _serve(self, token: str | None, scope: Scope, receive: Receive, send: Send) -> None:
        if token:
            connection_id = self._unused.pop(token).connection_id
        else:
            token = connection_id = secrets.token_urlsafe(16)
        connection = Connection(self._settings, receive, send)
        self._live[token] = connection
        try:
            await send({"type": "websocket.accept"})
            await connection.run(self._handler(Caller(connection_id, scope, connection)))
        finally:
            del self._live[token]
            if self._emptied and not self._live:
                self._emptied.set()

    def _admits(self, scope: Scope) -> bool:
        return self._authenticate is None or self._authenticate(access_token(scope))


@frozen
class _Negotiated:
    connection_id: str
    expires_at: float


async def _unauthorized(scope: Scope, send: Send) -> None:
    header = (b"www-authenticate", b"Bearer")
    await respond(scope, send, 401, b"A valid bearer token is needed.", headers=(header,))


async def _unavailable(scope: Scope, send: Send) -> None:
    await respond(scope, send, 503, b"The hub takes no more connections now.")
