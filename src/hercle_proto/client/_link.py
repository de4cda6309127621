"""An open WebSocket with a hub connection on it: frames below, messages above, one end for both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, assert_never

from hercle_proto._contract import NEED_DATA, Buffer, Failure, NeedData, Why
from hercle_proto._errors import ConnectionFailed, HercleProtoError, RemoteProtocolError
from hercle_proto._texts import blot
from hercle_proto.hub import (
    CancelInvocation,
    Completion,
    HandshakeCompleted,
    HubClosed,
    HubConnection,
    HubState,
    Invocation,
    Role,
    StreamItem,
)
from hercle_proto.transport import (
    Closed,
    Message,
    Upgraded,
    UpgradeRefused,
    UpgradeRequested,
    WebSocketState,
)

if TYPE_CHECKING:
    from hercle_proto.client._attempt import Established
    from hercle_proto.client._desk import Desk
    from hercle_proto.client._settings import ClientSettings
    from hercle_proto.client._streams import Streams

__all__ = ["Farewell", "Link"]

_PULL = 64 * 1024
_MOST_OWED = 512 * 1024
"""Bytes of answers to the server's requests that it has not read yet."""
_REFUSAL = 100
"""Bytes of one such answer, but for its invocation id."""
_NO_RESULT = "Client didn't provide a result."
_FAREWELL = 1.0
"""Seconds for the last words on a connection that is over."""


class Link:
    """Owner of a stream from the upgrade until the hub connection on it has ended."""

    def __init__(
        self, established: Established, settings: ClientSettings, desk: Desk, *, now: float
    ) -> None:
        self.stream = established.stream
        self.connection_id = established.connection_id
        self._secret = established.secret
        self.websocket = established.websocket
        self.hub = HubConnection(Role.CLIENT, settings.codec, settings.hub)
        self.gone = False
        """There is nobody left to say goodbye to."""
        self._desk = desk
        self._owed = 0
        self.held_back = False
        """Whether the hub was told that we do not read."""
        self._ended = False
        self._leaving = False
        self.hub.start(now=now)
        self._read(now)  # what came behind the upgrade's answer

    # -- an owner of streams -----------------------------------------------------------------------

    def opened(self, *, now: float) -> None:
        """It is open."""

    def failed(self, failure: Failure, *, now: float) -> None:
        self.gone = True
        self._end(ConnectionFailed(failure), now)

    def received(self, data: Buffer, *, now: float) -> None:
        if len(data):
            self.hub.receive_payload(b"", now=now)  # a long message on its way is no silence
        else:
            self.gone = True
        self.websocket.receive_data(data)
        self._read(now)

    def data_to_send(self, *, now: float) -> bytes:
        """Control messages first, then as many commands as a pull may hold, in one message."""
        self._owed = 0
        payload = self.hub.payload_to_send(now=now)
        while len(payload) < _PULL and self.hub.state is HubState.CONNECTED:
            invocation = self._desk.next_invocation()
            if invocation is None:
                break
            self.hub.send(invocation, now=now)
            self._desk.sent(now=now)
            payload += self.hub.payload_to_send(now=now)
        if payload:
            self.websocket.send(payload)
        return self.websocket.data_to_send()

    def next_deadline(self) -> float | None:
        return self.hub.next_deadline()

    def handle_timer(self, *, now: float) -> None:
        self.hub.handle_timer(now=now)

    # -- what the machine asks ---------------------------------------------------------------------

    def next_event(
        self, *, now: float
    ) -> HandshakeCompleted | HubClosed | Literal[NeedData.NEED_DATA]:
        """Give the hub's messages to the desk, up to the next event of the connection itself."""
        full = self._desk.events.must_wait  # asked for every message, so without a detour
        take = self.hub.next_event
        while not (full() and self.must_hold_back()) and (event := take()) is not NEED_DATA:
            match event:
                case Invocation():
                    if event.invocation_id is not None:
                        self._refuse(event.invocation_id, now)
                    for call in self._desk.received(event, now=now):
                        self.hub.forget(str(call.id))
                case Completion():
                    self._desk.completed(event, now=now)
                case HandshakeCompleted():
                    return event
                case HubClosed():
                    if event.error is not None:
                        blot(event.error, self._secret)
                    return event
                case CancelInvocation():
                    raise AssertionError("what the server may cancel was answered on the spot")
                case StreamItem():
                    self._desk.streamed(event, now=now)
                case _:
                    assert_never(event)
        return NEED_DATA

    def must_hold_back(self) -> bool:
        """Whether to leave unread what comes, until somebody takes an event.

        Never before the handshake nor after the end: a slow listener must not cost the connection.
        """
        running = self.hub.state is HubState.CONNECTED and not self._ended
        return running and self._desk.events.must_wait()

    def heed_events(self, *, now: float) -> None:
        """Time in which we do not read for want of room must not count as the peer's silence."""
        held_back = self.must_hold_back()
        if held_back is not self.held_back:
            self.held_back = held_back
            (self.hub.pause_reading if held_back else self.hub.resume_reading)(now=now)

    def goodbye(self, *, now: float) -> None:
        """Say it once: Close on the hub (C-08), then close 1000 on the WebSocket (T-18)."""
        self._leaving = True
        self.hub.close(now=now)
        if payload := self.hub.payload_to_send(now=now):
            self.websocket.send(payload)
        self.websocket.close()

    # -- inside ------------------------------------------------------------------------------------

    def _read(self, now: float) -> None:
        payloads: list[bytes | bytearray] = []
        while isinstance(event := self.websocket.next_event(), Message):
            payloads.append(event.payload)
        if payloads:
            self.hub.receive_payload(payloads.pop(0), now=now)  # may be large, and is not copied
        if payloads:  # what came in one read is small, and one payload as well as many (T-02)
            self.hub.receive_payload(b"".join(payloads), now=now)
        match event:
            case NeedData.NEED_DATA:
                pass
            case Upgraded() | UpgradeRefused() | UpgradeRequested():
                raise AssertionError(f"no {type(event).__name__} after a client's upgrade")
            case Closed(code=code, error=error):  # the last of all
                self.gone = self.gone or self._leaving  # both have said goodbye
                detail = f"the server ended the WebSocket with code {code}"
                lost = ConnectionFailed(Failure(Why.LOST, detail))
                self._end(error or lost, now)
            case _:
                assert_never(event)

    def _end(self, cause: HercleProtoError, now: float) -> None:
        self._ended = True
        self.hub.receive_end(cause, now=now)

    def _refuse(self, invocation_id: str, now: float) -> None:
        """Answer a request for a client result, of which we have none (P-13)."""
        self._owed += _REFUSAL + len(invocation_id)
        if self._owed > _MOST_OWED:
            flood = "the server asks for results faster than it reads the answers"
            self._end(RemoteProtocolError(flood), now)
        else:
            self.hub.send(Completion(invocation_id, error=_NO_RESULT), now=now)


class Farewell:
    """Owner of a stream whose connection is over: last words, then a moment for the peer's."""

    def __init__(self, link: Link, streams: Streams, *, now: float) -> None:
        self._stream = link.stream
        self._websocket = link.websocket
        self._streams = streams
        self._deadline = now + _FAREWELL
        self._waits_for_close = link.websocket.state is not WebSocketState.CLOSED
        self._websocket.close()

    def opened(self, *, now: float) -> None:
        """It is open."""

    def failed(self, failure: Failure, *, now: float) -> None:
        """As good as an end."""

    def received(self, data: Buffer, *, now: float) -> None:
        self._websocket.receive_data(data)
        while self._websocket.next_event() is not NEED_DATA:
            pass  # nobody asks any more
        closed = self._waits_for_close and self._websocket.state is WebSocketState.CLOSED
        if closed or not len(data):
            self._streams.close(self._stream)

    def data_to_send(self, *, now: float) -> bytes:
        return self._websocket.data_to_send()

    def next_deadline(self) -> float | None:
        return self._deadline

    def handle_timer(self, *, now: float) -> None:
        if now >= self._deadline:
            self._streams.close(self._stream)
