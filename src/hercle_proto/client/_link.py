"""An open WebSocket with a hub connection on it: frames below, messages above, and how the two end
together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, assert_never

from hercle_proto._contract import NEED_DATA, Buffer, Failure, NeedData, Why
from hercle_proto._errors import ConnectionFailed, HercleProtoError, RemoteProtocolError
from hercle_proto.hub import Completion, HubClosed, HubConnection, HubEvent, HubState, Role
from hercle_proto.transport import Closed, Message, Upgraded, UpgradeRefused, UpgradeRequested

if TYPE_CHECKING:
    from collections.abc import Callable

    from hercle_proto.client._attempt import Established
    from hercle_proto.client._streams import Streams
    from hercle_proto.hub import HubSettings

__all__ = ["Farewell", "Link"]

_PULL = 64 * 1024
_MOST_OWED = 4096
"""Answers to the server's requests that it has not read yet."""
_FAREWELL = 1.0
"""Seconds for the last words on a connection that is over."""


class Link:
    """Owner of a stream from the upgrade on. `next_event` gives hub events; the last one is
    `HubClosed`."""

    def __init__(
        self,
        established: Established,
        settings: HubSettings,
        *,
        supply: Callable[[Link, float], bool],
        now: float,
    ) -> None:
        self.stream = established.stream
        self.connection_id = established.connection_id
        self.websocket = established.websocket
        self.hub = HubConnection(Role.CLIENT, settings=settings)
        self._supply = supply
        self._lost: HercleProtoError | None = None
        self._owed = 0
        self.gone = False
        """The stream itself has ended: there is nobody left to say goodbye to."""
        self.hub.start(now=now)
        self._read(now)  # what came behind the upgrade's answer

    # -- an owner of streams -----------------------------------------------------------------------

    def opened(self, *, now: float) -> None:
        """It is open."""

    def failed(self, failure: Failure, *, now: float) -> None:
        self._transport_ended(ConnectionFailed(failure), now)
        self.gone = True

    def received(self, data: Buffer, *, now: float) -> None:
        self.gone = len(data) == 0
        self.websocket.receive_data(data)
        self._read(now)

    def data_to_send(self, *, now: float) -> bytes:
        """Control messages first, then as many commands as one pull may hold, all in one WebSocket
        message."""
        self._owed = 0
        payload = self.hub.payload_to_send(now=now)
        while len(payload) < _PULL and self._supply(self, now):
            payload += self.hub.payload_to_send(now=now)
        if payload:
            self.websocket.send(payload)
        return self.websocket.data_to_send()

    def next_deadline(self) -> float | None:
        return self.hub.next_deadline()

    def handle_timer(self, *, now: float) -> None:
        self.hub.handle_timer(now=now)

    # -- what the machine asks ---------------------------------------------------------------------

    def next_event(self) -> HubEvent | Literal[NeedData.NEED_DATA]:
        """What the hub says. When it ended because its transport did, the transport knows why."""
        event = self.hub.next_event()
        if isinstance(event, HubClosed) and self._lost is not None:
            return HubClosed(self._lost, allow_reconnect=True)
        return event

    def refuse(self, invocation_id: str, *, now: float) -> None:
        """Answer a request for a client result, of which we have none (P-13)."""
        self._owed += 1
        if self._owed > _MOST_OWED:
            flood = "the server asks for results faster than it reads the answers"
            self._transport_ended(RemoteProtocolError(flood), now)
        else:
            self.hub.send(
                Completion(invocation_id, error="Client didn't provide a result."), now=now
            )

    def goodbye(self, *, now: float) -> None:
        """Say it once: Close on the hub (C-08), then close 1000 on the WebSocket (T-18)."""
        self.hub.close(now=now)
        if payload := self.hub.payload_to_send(now=now):
            self.websocket.send(payload)
        self.websocket.close()

    # -- inside ------------------------------------------------------------------------------ -----

    def _read(self, now: float) -> None:
        while (event := self.websocket.next_event()) is not NEED_DATA:
            match event:
                case Message(payload=payload):
                    self.hub.receive_payload(payload, now=now)
                case Closed(code=code, error=error):
                    detail = f"the server ended the WebSocket with code {code}"
                    lost = ConnectionFailed(Failure(Why.LOST, detail))
                    self._transport_ended(error or lost, now)
                case Upgraded() | UpgradeRefused() | UpgradeRequested():
                    raise AssertionError(f"no {type(event).__name__} after a client's upgrade")
                case _:
                    assert_never(event)

    def _transport_ended(self, cause: HercleProtoError, now: float) -> None:
        if self.hub.state is not HubState.CLOSED:
            self._lost = cause
            self.hub.receive_end(now=now)


class Farewell:
    """Owner of a stream whose connection is over: the last words go out, then the peer has a moment
    to hang up."""

    def __init__(self, link: Link, streams: Streams, *, now: float) -> None:
        self._stream = link.stream
        self._websocket = link.websocket
        self._streams = streams
        self._deadline = now + _FAREWELL
        self._websocket.close()

    def opened(self, *, now: float) -> None:
        """It is open."""

    def failed(self, failure: Failure, *, now: float) -> None:
        """As good as an end."""

    def received(self, data: Buffer, *, now: float) -> None:
        if not len(data):
            self._streams.close(self._stream)

    def data_to_send(self, *, now: float) -> bytes:
        return self._websocket.data_to_send()

    def next_deadline(self) -> float | None:
        return self._deadline

    def handle_timer(self, *, now: float) -> None:
        if now >= self._deadline:
            self._streams.close(self._stream)
