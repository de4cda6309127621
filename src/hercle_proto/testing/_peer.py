"""A SignalR server for one stream, as a machine: negotiate, upgrade, hub. The simulated network's
other end."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import TypeAlias, TypeVar, cast

import msgspec

from hercle_proto._contract import NEED_DATA, Entropy
from hercle_proto.client._streams import earliest
from hercle_proto.hub import (
    JSON,
    NO_RESULT,
    Completion,
    HubClosed,
    HubConnection,
    HubSettings,
    HubState,
    Invocation,
    Message,
    Raw,
    Role,
)
from hercle_proto.transport import Closed, UpgradeRequested, WebSocket, WebSocketState
from hercle_proto.transport import Message as WebSocketMessage

__all__ = ["Behaviour", "HubPeer"]

T = TypeVar("T")

_HEAD_END = b"\r\n\r\n"


class HubPeer:
    """Speaks the server role. `behave(peer, invocation)` says what an invocation leads to.

    It keeps what arrived (`invocations`, `completions`, `goodbyes`), so that tests count on the
    wire and not by what a client says.
    """

    def __init__(
        self,
        behave: Behaviour,
        *,
        entropy: Entropy,
        settings: HubSettings | None = None,
        hangs_up_after_negotiate: bool = False,
    ) -> None:
        self.invocations: list[Invocation] = []
        self.completions: list[Completion] = []
        self.goodbyes = 0
        self.now = 0.0
        self._behave = behave
        self._entropy = entropy
        self._hangs_up_after_negotiate = hangs_up_after_negotiate
        self._http = bytearray()
        self._out = bytearray()
        self._websocket = WebSocket(Role.SERVER, entropy=entropy, max_message_bytes=2**24)
        self._upgrading = False
        self._hub = HubConnection(Role.SERVER, settings=settings or HubSettings())
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._hung_up = False

    # -- for behaviours ----------------------------------------------------------------------------

    def argument(self, invocation: Invocation, index: int, as_type: type[T]) -> T:
        """One of the arguments that arrived, decoded. Raises `RemoteProtocolError`."""
        return JSON.decode_value(cast("Raw", invocation.arguments[index]), as_type)

    def complete(
        self, invocation: Invocation, result: object = NO_RESULT, *, error: str | None = None
    ) -> None:
        """Send the Completion, unless the client wants none."""
        if invocation.invocation_id is not None:
            self.send(Completion(invocation.invocation_id, result, error))

    def send(self, message: Message) -> None:
        """Send a hub message now, if the connection still stands."""
        if self._hub.state is HubState.CONNECTED and not self._hung_up:
            self._hub.send(message, now=self.now)

    def later(self, delay: float, what: Callable[[], None]) -> None:
        """Do something after `delay` seconds, unless the connection is over by then."""
        heappush(self._later, (self.now + delay, next(self._order), what))

    def close(self, *, error: str | None = None, allow_reconnect: bool = False) -> None:
        """Say goodbye on the hub, then on the WebSocket."""
        self._hub.close(error, allow_reconnect=allow_reconnect, now=self.now)
        self._flush_hub()
        self._websocket.close()

    def hang_up(self) -> None:
        """End the stream without a word."""
        self._hung_up = True

    # -- a peer of the simulated network -----------------------------------------------------------

    @property
    def hung_up(self) -> bool:
        """Nothing more will come."""
        return self._hung_up

    def receive_data(self, data: bytes, *, now: float) -> None:
        """Bytes from the client; empty is its end."""
        self.now = now
        if not data:
            self._hung_up = True
        elif self._upgrading:
            self._websocket.receive_data(data)
            self._read()
        else:
            self._http += data
            self._answer_http()

    def data_to_send(self, *, now: float) -> bytes:
        """Bytes for the client."""
        self.now = now
        self._flush_hub()
        data, self._out = bytes(self._out), bytearray()
        return data + self._websocket.data_to_send()

    def next_deadline(self) -> float | None:
        """When something is to be done, or the client was silent for too long."""
        if self._hung_up:
            return None
        return earliest(self._later[0][0] if self._later else None, self._hub.next_deadline())

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        self.now = now
        while self._later and self._later[0][0] <= now and not self._hung_up:
            heappop(self._later)[2]()
        self._hub.handle_timer(now=now)
        self._hear()

    # -- inside ------------------------------------------------------------------------------ -----

    def _answer_http(self) -> None:
        if _HEAD_END not in self._http:
            return
        head, _, rest = bytes(self._http).partition(_HEAD_END)
        if not head.startswith(b"POST "):
            self._upgrading = True
            self._websocket.receive_data(bytes(self._http))
            self._read()
            return
        self._http = bytearray(rest)
        body = _negotiated(self._entropy(12).hex())
        length = f"Content-Length: {len(body)}".encode()
        self._out += b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + length
        self._out += _HEAD_END + body
        self._hung_up = self._hangs_up_after_negotiate

    def _read(self) -> None:
        while (event := self._websocket.next_event()) is not NEED_DATA:
            match event:
                case UpgradeRequested():
                    self._websocket.accept()
                    self._hub.start(now=self.now)
                case WebSocketMessage(payload=payload):
                    self._hub.receive_payload(payload, now=self.now)
                case Closed(error=error):
                    self.goodbyes += error is None
                    self._hub.receive_end(now=self.now)
                case _:
                    raise AssertionError(f"{type(event).__name__} in the server role")
        self._hear()

    def _hear(self) -> None:
        while (event := self._hub.next_event()) is not NEED_DATA:
            match event:
                case Invocation():
                    self.invocations.append(event)
                    self._behave(self, event)
                case Completion():
                    self.completions.append(event)
                case HubClosed():
                    self._flush_hub()
                    self._websocket.close()
                case _:
                    pass  # what else a client may say is nothing to a test

    def _flush_hub(self) -> None:
        payload = self._hub.payload_to_send(now=self.now)
        if payload and self._websocket.state is WebSocketState.OPEN:
            self._websocket.send(payload)


Behaviour: TypeAlias = Callable[[HubPeer, Invocation], None]


def _negotiated(connection_id: str) -> bytes:
    return msgspec.json.encode(
        {
            "negotiateVersion": 1,
            "connectionId": connection_id,
            "connectionToken": f"token-{connection_id}",
            "availableTransports": [
                {"transport": "WebSockets", "transferFormats": ["Text", "Binary"]}
            ],
        }
    )
