"""One WebSocket without I/O, in either role (RFC 6455).

Bytes and our caller's wishes go in; whole messages, one final event, and bytes come out. What may
happen when is in `_states`, the frames of messages in `_frames`, all the rest of the protocol in
`_wsproto`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Literal

from hercle_proto._contract import NEED_DATA, Buffer, Entropy, NeedData
from hercle_proto._errors import LocalProtocolError, RemoteProtocolError
from hercle_proto._headers import check_target
from hercle_proto.hub import Role
from hercle_proto.transport._arguments import (
    check_close,
    check_host,
    check_status,
    encode_headers,
)
from hercle_proto.transport._events import (
    Closed,
    Upgraded,
    UpgradeRefused,
    UpgradeRequested,
    WebSocketEvent,
)
from hercle_proto.transport._frames import FrameReader, Violation, data_frame
from hercle_proto.transport._masking import MaskKeys
from hercle_proto.transport._states import TRANSITIONS, WebSocketState, WebSocketStep
from hercle_proto.transport._wsproto import ClientUpgrade, PeerClose, ServerUpgrade

__all__ = ["WebSocket"]


class WebSocket:
    """A WebSocket on one fresh stream, or on one that HTTP has finished with.

    After every input look at `next_event` until it gives `NEED_DATA`, and at `data_to_send`. The
    peer never makes anything raise: what goes wrong ends in one final event, `UpgradeRefused` or
    `Closed`; what is received after that is ignored, and `data_to_send` may still hold the last
    words. Then close the stream.

    `max_message_bytes` limits a received message, all its fragments together; `parameter` is what
    errors call that limit. `entropy` makes the masks of messages (client role); wsproto draws its
    own for the upgrade's key and for control frames.
    """

    __slots__ = (
        "_answer_begun",
        "_control",
        "_events",
        "_keys",
        "_out",
        "_ping",
        "_reader",
        "_role",
        "_state",
        "_transitions",
        "_upgrade",
    )

    def __init__(
        self,
        role: Role,
        *,
        entropy: Entropy,
        max_message_bytes: int,
        parameter: str = "max_message_bytes",
    ) -> None:
        self._role = role
        self._transitions = TRANSITIONS[role]
        self._state = WebSocketState.IDLE
        self._upgrade = ClientUpgrade() if role is Role.CLIENT else ServerUpgrade()
        self._control = self._upgrade.control()
        self._reader = FrameReader(role, limit=max_message_bytes, parameter=parameter)
        self._keys = MaskKeys(entropy)
        self._answer_begun = False
        self._events: deque[WebSocketEvent] = deque()
        self._out: list[bytes] = []
        # The newest that is not answered. Only that one is (RFC 6455, section 5.5.3), so that a
        # flood of them takes no memory.
        self._ping: bytes | None = None

    def __repr__(self) -> str:
        return f"<WebSocket {self._role.value} {self._state.value}>"

    @property
    def state(self) -> WebSocketState:
        """How far it is."""
        return self._state

    @property
    def answer_begun(self) -> bool:
        """Client role: whether a byte of the answer came. Before, asking again does no harm."""
        return self._answer_begun

    # -- our caller's wishes ----------------------------------------------------------------------
    # LocalProtocolError, with nothing changed, where the state or a value forbids one.

    def connect(self, *, host: str, target: str, headers: Iterable[tuple[str, str]] = ()) -> None:
        """Client role: ask for the upgrade. `host` is the `Host` header, a port included."""
        state = self._after(WebSocketStep.CONNECT)
        check_host(host)
        check_target(target)
        assert isinstance(self._upgrade, ClientUpgrade)
        self._out.append(self._upgrade.request(host, target, encode_headers(headers)))
        self._state = state

    def accept(self, headers: Iterable[tuple[str, str]] = ()) -> None:
        """Server role: take the upgrade that was requested."""
        state = self._after(WebSocketStep.ACCEPT)
        assert isinstance(self._upgrade, ServerUpgrade)
        self._out.append(self._upgrade.accept(encode_headers(headers)))
        self._state = state
        self._receive_frames(self._upgrade.trailing)

    def reject(
        self, status: int, headers: Iterable[tuple[str, str]] = (), body: bytes = b""
    ) -> None:
        """Server role: refuse it, with 400 to 599. The final event is `Closed` without an error."""
        state = self._after(WebSocketStep.REJECT)
        check_status(status)
        assert isinstance(self._upgrade, ServerUpgrade)
        self._out.append(self._upgrade.reject(status, encode_headers(headers), body))
        self._finish(state, Closed(None, "", None))

    def send(self, payload: bytes, *, binary: bool = False) -> None:
        """Queue a message, as one frame. Text must be UTF-8; it is not looked at."""
        self._after(WebSocketStep.SEND)
        key = self._keys.next() if self._role is Role.CLIENT else b""
        self._out.append(data_frame(payload, binary=binary, key=key))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye; messages still arrive until the peer does too. Twice is harmless.

        Before the upgrade is done it only gives up: what was not taken yet is not sent.
        """
        state = self._after(WebSocketStep.CLOSE)
        check_close(code, reason)
        match self._state:
            case WebSocketState.IDLE | WebSocketState.CONNECTING:
                self._out.clear()
                self._finish(state, Closed(None, "", None))
            case WebSocketState.OPEN:
                self._say_goodbye(code, reason)
                self._state = state
            case _:
                pass

    # -- bytes and events -------------------------------------------------------------------------

    def receive_data(self, data: Buffer) -> None:
        """What was read, cut anywhere; empty is the end of the stream. The peer cannot raise."""
        match self._state:
            case WebSocketState.CLOSED:
                pass
            case WebSocketState.IDLE | WebSocketState.CONNECTING:
                self._receive_upgrade(bytes(data))
            case _ if data:
                self._receive_frames(bytes(data))
            case _:
                self._fail(RemoteProtocolError("the connection ended without a close frame"))

    def next_event(self) -> WebSocketEvent | Literal[NeedData.NEED_DATA]:
        """The oldest event that was not taken yet."""
        return self._events.popleft() if self._events else NEED_DATA

    def data_to_send(self) -> bytes:
        """Drained: what to write, whole frames."""
        self._answer_ping()
        data = b"".join(self._out)
        self._out.clear()
        return data

    # -- the machine ------------------------------------------------------------------------------

    def _after(self, step: WebSocketStep) -> WebSocketState:
        state = self._transitions[self._state].get(step)
        if state is None:
            raise LocalProtocolError(
                f"{step.value!r} is not possible: this {self._role.value}'s WebSocket is "
                f"{self._state.value}"
            )
        return state

    def _finish(self, state: WebSocketState, event: UpgradeRefused | Closed) -> None:
        self._state = state
        self._events.append(event)

    def _fail(self, error: RemoteProtocolError, code: int | None = None) -> None:
        reason = "" if code is None else str(error)
        self._finish(self._after(WebSocketStep.FAILED), Closed(code, reason, error))

    def _receive_upgrade(self, data: bytes) -> None:
        if self._role is Role.CLIENT and data:
            if self._state is WebSocketState.IDLE:
                self._fail(RemoteProtocolError("the server spoke before it was asked"))
                return
            self._answer_begun = True
        match self._upgrade.receive(data) if data else self._upgrade.end():
            case None:
                pass
            case UpgradeRequested() as event:
                self._state = self._after(WebSocketStep.REQUESTED)
                self._events.append(event)
            case Upgraded() as event:
                self._state = self._after(WebSocketStep.UPGRADED)
                self._events.append(event)
                self._receive_frames(self._upgrade.trailing)
            case UpgradeRefused() as event:
                self._finish(self._after(WebSocketStep.REFUSED), event)
            case error:
                self._out.append(self._upgrade.answer)
                self._fail(error)

    def _receive_frames(self, data: bytes) -> None:
        self._reader.feed(data)
        while self._state is not WebSocketState.CLOSED:
            match self._reader.read(self._events):
                case None:
                    break
                case Violation() as violation:
                    self._refuse(violation)
                case frames:
                    self._receive_unusual(frames)

    def _receive_unusual(self, frames: bytes) -> None:
        match self._control.receive(frames):
            case None:
                pass
            case Violation() as violation:
                self._refuse(violation)
            case PeerClose() as close:
                self._ping = None
                self._out.append(close.answer)
                closed = Closed(close.code, close.reason, None)
                self._finish(self._after(WebSocketStep.CLOSED_BY_PEER), closed)
            case ping:
                if self._state is WebSocketState.OPEN:
                    self._ping = ping

    def _refuse(self, violation: Violation) -> None:
        """The peer broke a rule: say which, unless we have said goodbye already."""
        if self._state is WebSocketState.OPEN:
            self._say_goodbye(violation.code, str(violation.error))
        self._fail(violation.error, violation.code)

    def _say_goodbye(self, code: int, reason: str) -> None:
        self._answer_ping()
        self._out.append(self._control.close(code, reason))

    def _answer_ping(self) -> None:
        if self._ping is not None:
            self._out.append(self._control.pong(self._ping))
            self._ping = None
