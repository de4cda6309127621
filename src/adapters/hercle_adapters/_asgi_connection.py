"""One connection of a hub: the pump between a WebSocket of ASGI and a `HubConnection`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

import anyio
from anyio.abc import TaskGroup
from attrs import define, field, frozen

from hercle_adapters._asgi_http import Receive, Scope, Send, queries
from hercle_adapters._asgi_methods import Method, MethodFailed, methods_of
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

__all__ = ["Caller", "Connection"]

SEND_TIMEOUT: Final = 10.0
"""K-10: seconds after which a client that does not read is dropped, if the server lets go of it."""

TICK: Final = 1.0
"""K-03: seconds between looks at the clock; deadlines that are known are met exactly."""

_OVER: Final = (HubState.CLOSING, HubState.CLOSED)

_NO_METHOD: Final = (
    "Failed to invoke '{}' due to an error on the server. HubException: Method does not exist."
)
_UNEXPECTED: Final = "An unexpected error occurred invoking '{}' on the server."

_log = logging.getLogger("hercle_proto.asgi")


@frozen
class Caller:
    """The client of one connection, as its handler sees it."""

    connection_id: str
    """The public id (N-15)."""
    scope: Scope = field(repr=False)
    """The ASGI scope of the upgrade; its query and headers hold secrets."""
    _connection: Connection = field(repr=False)

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


@define(eq=False)
class Connection:
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
