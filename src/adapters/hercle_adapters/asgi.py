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

import logging
import secrets
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

import anyio
import msgspec
from anyio.abc import TaskGroup
from attrs import define, field, frozen

from hercle_adapters._asgi_http import Receive, Scope, Send, access_token, queries, respond
from hercle_adapters._asgi_methods import (
    HubError,
    Method,
    MethodFailed,
    hub_method,
    methods_of,
)
from hercle_proto import NEED_DATA, InvalidArgument, LocalProtocolError
from hercle_proto.hub import (
    JSON,
    Completion,
    HubClosed,
    HubConnection,
    HubSettings,
    HubState,
    Invocation,
    Role,
)

__all__ = ["Caller", "HubApp", "HubError", "access_token", "hub_app", "hub_method"]

MAX_RECORD_BYTES: Final = 32 * 1024
"""L-01: .NET's limit for a message from a client."""

UNUSED_LIFETIME: Final = 15.0
"""N-32: seconds after which a negotiated connection that nobody used is forgotten."""

SEND_TIMEOUT: Final = 10.0
"""K-10: seconds after which a client that does not read is dropped."""

TICK: Final = 1.0
"""K-03: seconds between looks at the clock; deadlines that are known are met exactly."""

_OVER: Final = (HubState.CLOSING, HubState.CLOSED)

_NO_METHOD: Final = (
    "Failed to invoke '{}' due to an error on the server. HubException: Method does not exist."
)
_UNEXPECTED: Final = "An unexpected error occurred invoking '{}' on the server."

_log = logging.getLogger("hercle_proto.asgi")


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
        path=path,
        authenticate=authenticate,
        settings=settings or HubSettings(max_message_bytes=MAX_RECORD_BYTES),
        most_connections=most_connections,
    )


@frozen
class Caller:
    """The client of one connection, as its handler sees it."""

    connection_id: str
    """The public id (N-15)."""
    scope: Scope = field(repr=False)
    """The ASGI scope of the upgrade; its query and headers hold secrets."""
    _connection: _Connection = field(repr=False)

    def query(self, name: str) -> str:
        """A parameter of the URL the client connected to; empty if there is none."""
        return queries(self.scope).get(name, "")

    async def send(self, target: str, *arguments: object) -> None:
        """Call a method of the client. Waits while it does not read; nothing if it is gone."""
        await self._connection.send(Invocation(target, arguments))

    def start_soon(
        self, function: Callable[..., Coroutine[Any, Any, object]], *arguments: object
    ) -> None:
        """Run a coroutine function beside the methods; it is cancelled with the connection."""
        self._connection.tasks.start_soon(function, *arguments)


class HubApp:
    """Made by `hub_app`; call `aclose` before the server stops."""

    def __init__(
        self,
        handler: Callable[[Caller], object],
        *,
        path: str,
        authenticate: Callable[[str | None], bool] | None,
        settings: HubSettings,
        most_connections: int,
    ) -> None:
        self._handler = handler
        self._path = path.rstrip("/")
        self._authenticate = authenticate
        self._settings = settings
        self._most = most_connections
        self._unused: dict[str, _Negotiated] = {}  # by token, oldest first
        self._live: dict[str, _Connection] = {}  # by token
        self._closing = False
        self._emptied: anyio.Event | None = None

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
            with anyio.move_on_after(SEND_TIMEOUT):
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
        connection = _Connection(self._settings, receive, send)
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


@define(eq=False)
class _Connection:
    """The pump between a WebSocket and a `HubConnection`."""

    _settings: HubSettings
    _receive: Receive
    _send: Send
    tasks: TaskGroup = field(init=False, factory=anyio.create_task_group)
    _hub: HubConnection = field(init=False)
    _writing: anyio.Lock = field(init=False, factory=anyio.Lock)
    _gone: bool = field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        self._hub = HubConnection(Role.SERVER, JSON, self._settings)
        self._hub.start(now=anyio.current_time())

    async def run(self, handler: object) -> None:
        """Serve the client until either side has said goodbye or is gone."""
        methods = methods_of(type(handler))
        try:
            async with self.tasks:
                self.tasks.start_soon(self._keep_time)
                while await self._take_events(handler, methods):
                    await self._take_message()
                self.tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await self._flush()
                await self._write({"type": "websocket.close", "code": 1000})

    def close(self) -> None:
        """End it, from outside: the client may come back."""
        self._hub.close(allow_reconnect=True, now=anyio.current_time())
        self.tasks.cancel_scope.cancel()

    async def send(self, message: Invocation | Completion) -> None:
        """Queue a message and write what is queued; nothing once the connection has ended."""
        try:
            self._hub.send(message, now=anyio.current_time())
        except LocalProtocolError:
            if self._hub.state not in _OVER:
                raise
        await self._flush()

    # -- in ---------------------------------------------------------------------------------------

    async def _take_message(self) -> None:
        message = await self._receive()
        now = anyio.current_time()
        if message["type"] == "websocket.disconnect":
            self._gone = True
            self._hub.receive_end(now=now)
        else:
            payload = message.get("bytes")
            self._hub.receive_payload(
                message["text"].encode() if payload is None else payload, now=now
            )

    async def _take_events(self, handler: object, methods: Mapping[str, Method]) -> bool:
        """Act on what came; False at the end."""
        while (event := self._hub.next_event()) is not NEED_DATA:
            match event:
                case Invocation():
                    await self._invoke(handler, methods.get(event.target.lower()), event)
                case HubClosed():
                    return False
                case _:  # nothing of a client's is awaited
                    pass
        await self._flush()
        return True

    async def _invoke(self, handler: object, method: Method | None, invocation: Invocation) -> None:
        self._hub.pause_reading(now=anyio.current_time())  # K-06
        result, error = await _carry_out(handler, method, invocation)
        self._hub.resume_reading(now=anyio.current_time())
        key = invocation.invocation_id
        if key is None:  # P-07
            return
        if error is None:
            try:
                await self.send(Completion(key, result))  # P-43: null, too, is a result
            except InvalidArgument as fault:
                _log.error("the result of %s cannot be sent: %s", invocation.target, fault)
                error = _UNEXPECTED.format(invocation.target)
            else:
                return
        await self.send(Completion(key, error=error))

    # -- time and out -----------------------------------------------------------------------------

    async def _keep_time(self) -> None:
        while True:
            await self._flush()
            latest = anyio.current_time() + TICK
            deadline = self._hub.next_deadline()
            await anyio.sleep_until(latest if deadline is None else min(deadline, latest))
            self._hub.handle_timer(now=anyio.current_time())
            if self._hub.state in _OVER:
                self.tasks.cancel_scope.cancel()

    async def _flush(self) -> None:
        async with self._writing:
            payload = self._hub.payload_to_send(now=anyio.current_time())
            if payload:
                await self._write({"type": "websocket.send", "text": payload.decode()})

    async def _write(self, message: dict[str, Any]) -> None:
        """Hand a message to the server, whole: what was taken from the hub must not get lost."""
        if self._gone:
            return
        with anyio.move_on_after(SEND_TIMEOUT, shield=True) as limit:
            try:
                await self._send(message)
            except OSError:  # the client is gone (ASGI 2.4)
                self._gone = True
        if self._gone or limit.cancelled_caught:
            self._gone = True
            self.tasks.cancel_scope.cancel()


async def _carry_out(
    handler: object, method: Method | None, invocation: Invocation
) -> tuple[object, str | None]:
    """The result of an invocation, or the error its caller is told."""
    if method is None:
        return None, _NO_METHOD.format(invocation.target)
    try:
        return await method.call(handler, invocation, JSON), None
    except MethodFailed as failure:
        return None, str(failure)
    except Exception:  # noqa: BLE001 - a stranger's method; what it raised is logged and not told
        _log.exception("hub method %s failed", method.target)
        return None, _UNEXPECTED.format(method.target)
