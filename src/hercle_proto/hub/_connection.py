"""One hub connection, either end of it: payloads, messages and time in; payloads, events and one
deadline out.

Long because the rest is one life: what has rules of its own lies beside it already (states,
records, handshake, invocations, keep-alive).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import ClassVar, Final, Literal, TypeAlias, assert_never

from hercle_proto._contract import NEED_DATA, Buffer, NeedData
from hercle_proto._errors import (
    ClientClosed,
    HercleProtoError,
    LocalProtocolError,
    MessageTooLarge,
    NegotiationFailed,
    RemoteProtocolError,
    ServerClosed,
    TimedOut,
)
from hercle_proto._texts import presentable
from hercle_proto.hub import _handshake
from hercle_proto.hub._codec import Codec, Record
from hercle_proto.hub._events import HandshakeCompleted, HubClosed, HubEvent
from hercle_proto.hub._invocations import Invocations
from hercle_proto.hub._json import JSON
from hercle_proto.hub._keepalive import KeepAlive
from hercle_proto.hub._messages import (
    Ack,
    CancelInvocation,
    Close,
    Completion,
    Invocation,
    Message,
    Ping,
    Sequence,
    StreamInvocation,
    StreamItem,
)
from hercle_proto.hub._records import RecordBuffer
from hercle_proto.hub._settings import HubSettings
from hercle_proto.hub._states import TRANSITIONS, HubState, HubStep, Role

__all__ = ["HubConnection"]

_DEFAULTS: Final = HubSettings()
_CLOSED_TEXT: Final = "Connection closed with an error."  # .NET's, without details (T-04)
_Reader: TypeAlias = "Callable[[HubConnection, Record], HubEvent | None]"
_NO_STREAMS: Final = "Streaming invocations are not supported."


class HubConnection:
    """A hub connection without I/O, over any transport that carries payloads in order (T-01).

    The client's and the server's life is the same, `TRANSITIONS`; they differ in who speaks first
    and in what the clauses ask of one of them. After each input take events until `NEED_DATA`:
    records are read as they are asked for, so what nobody takes stays bytes, and no answer is
    written before its question is read.

    Nothing here raises because of the peer. What it breaks ends the connection, in the last event,
    `HubClosed`. `LocalProtocolError` tells of a mistake of the caller's, which changed nothing.

    `now` is seconds on one monotonic clock. `first_invocation_id` lets the ids of a new connection
    go on where the last one's ended (R-04).
    """

    __slots__ = (
        "_codec",
        "_end_cause",
        "_ended",
        "_handshake_by",
        "_ids",
        "_invocations",
        "_keep_alive",
        "_last",
        "_now",
        "_outgoing",
        "_reader",
        "_records",
        "_role",
        "_settings",
        "_state",
    )

    def __init__(
        self,
        role: Role,
        codec: Codec = JSON,
        settings: HubSettings = _DEFAULTS,
        *,
        first_invocation_id: int = 1,
    ) -> None:
        self._role = role
        self._codec = codec
        self._settings = settings
        self._state = HubState.NEW
        self._reader: _Reader | None = None  # of records, in this state
        self._records = RecordBuffer(settings.max_message_bytes, "max_message_bytes")
        self._outgoing: list[bytes] = []
        self._ids = count(first_invocation_id)
        self._invocations = Invocations()
        self._keep_alive = KeepAlive(settings)
        self._handshake_by: float | None = None
        self._now = 0.0  # of the newest input; what is read in `next_event` came then
        self._ended = False
        self._end_cause: HercleProtoError | None = None
        self._last: HubClosed | None = None

    @property
    def role(self) -> Role:
        """Which end we are."""
        return self._role

    @property
    def state(self) -> HubState:
        """As far as events were taken."""
        return self._state

    # -- the transport -----------------------------------------------------------------------------

    def start(self, *, now: float) -> None:
        """The transport is open: a client asks for its hub protocol, a server waits (H-01)."""
        self._step(HubStep.START)
        self._handshake_by = now + self._settings.handshake_timeout
        if self._role is Role.CLIENT:
            self._outgoing.append(_handshake.write_request(self._codec))

    def receive_payload(self, payload: Buffer, *, now: float) -> None:
        """One payload of the transport, with records or pieces of them (T-02).

        bytes and bytearray are handed over and must not change afterwards, for what is received
        points into them; a memoryview is copied. An empty one is a sign of life and nothing else:
        for a transport that is in the middle of a long message.
        """
        if self._reader is None:
            if self._state is HubState.NEW:
                raise LocalProtocolError("start() comes before the first payload")
            return
        self._now = now
        self._keep_alive.heard(now)
        self._records.feed(bytes(payload) if isinstance(payload, memoryview) else payload)

    def receive_end(self, cause: HercleProtoError | None = None, *, now: float) -> None:
        """The transport ended, by `cause` if it knows one. Whole records that came before count."""
        self._now = now
        self._ended = True
        self._end_cause = cause
        if self._state is HubState.NEW:
            self._end()

    def pause_reading(self, *, now: float) -> None:
        """We stop reading the transport: silence is not counted until `resume_reading`."""
        self._now = now
        self._keep_alive.pause()

    def resume_reading(self, *, now: float) -> None:
        """We read again; the time for the peer's next sign of life begins anew."""
        self._now = now
        self._keep_alive.resume(now)

    def payload_to_send(self, *, now: float) -> bytes:
        """Whole records, drained; empty if there is nothing. It defers the next ping (K-02)."""
        if not self._outgoing:
            return b""
        payload = b"".join(self._outgoing)
        self._outgoing.clear()
        self._keep_alive.sent(now)
        return payload

    # -- time --------------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        """When to call `handle_timer`; None once nothing is waited for. Pure."""
        keep_alive = self._keep_alive
        times = (self._handshake_by, keep_alive.silence_at, keep_alive.ping_at)
        return min((time for time in times if time is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Early is harmless. One ping at most, however late it is."""
        self._now = now
        if _is_due(self._handshake_by, now):
            self._time_out("the hub handshake", self._settings.handshake_timeout)
        elif _is_due(self._keep_alive.silence_at, now):
            self._time_out("the peer's silence", self._settings.silence_timeout)
        elif _is_due(self._keep_alive.ping_at, now):
            if not self._outgoing:  # what waits to be sent is a sign of life as good
                self._queue(Ping())
            self._keep_alive.sent(now)

    # -- messages ----------------------------------------------------------------------------------

    def next_invocation_id(self) -> str:
        """An id for the next invocation of ours: a counter (P-03)."""
        return str(next(self._ids))

    def forget(self, invocation_id: str) -> None:
        """Nobody waits for this Completion any more: an event was the answer. Late is harmless."""
        self._invocations.completed(invocation_id)

    def send(self, message: Message, *, now: float) -> None:
        """Queue an Invocation, the Completion of one, a CancelInvocation or a Ping.

        Raises `LocalProtocolError` before the handshake, after `close`, for an invocation id that
        is in use (P-06), for a Completion that nobody waits for (P-07, P-13) and for other
        messages; `InvalidArgument` for what the codec cannot write.
        """
        if HubStep.SEND not in TRANSITIONS[self._state]:
            raise LocalProtocolError(f"nothing can be sent while the hub is {self._state.value}")
        match message:
            case Invocation():
                if message.invocation_id is not None:
                    self._invocations.check_new(message.invocation_id)
                self._queue(message)
                if message.invocation_id is not None:
                    self._invocations.sent(message.invocation_id)
            case Completion():
                self._invocations.check_awaited(message.invocation_id)
                self._queue(message)
                self._invocations.answered(message.invocation_id)
            case CancelInvocation() | Ping():
                self._queue(message)
            case Close():
                raise LocalProtocolError("a Close is sent by close()")
            case StreamInvocation() | StreamItem() | Ack() | Sequence():
                name = type(message).__name__
                raise LocalProtocolError(f"{name} needs a feature that this connection lacks")
            case _:
                assert_never(message)
        self._now = now

    def close(self, error: str | None = None, *, allow_reconnect: bool = False, now: float) -> None:
        """Say goodbye; nothing is sent after it (C-01, C-02). Once is enough, more is harmless.

        Answers on their way are still taken, until the peer says goodbye or the transport ends.
        Before the handshake there is nobody to tell. `allow_reconnect` is a server's word (C-03).
        """
        self._now = now
        if HubStep.CLOSE not in TRANSITIONS[self._state]:
            return
        if self._state is HubState.CONNECTED:
            self._queue(Close(allow_reconnect=allow_reconnect, error=error))
            self._keep_alive.stop_pinging()
        self._step(HubStep.CLOSE)
        if self._state is HubState.CLOSED:
            self._outgoing.clear()
            self._finish(HubClosed())

    def next_event(self) -> HubEvent | Literal[NeedData.NEED_DATA]:
        """The oldest event. Pings never come out; messages after a goodbye are not read (C-06)."""
        while (read := self._reader) is not None:
            try:
                record = self._records.next()
                if record is not None:
                    event = read(self, record)
                    if event is not None:
                        return event
                elif self._ended:
                    self._end()
                else:
                    return NEED_DATA
            except RemoteProtocolError as error:
                # Without its traceback, which would keep the payload alive.
                self._fault(error.with_traceback(None), answer=_handshake.FAILED)
        last, self._last = self._last, None
        return NEED_DATA if last is None else last

    # -- reading -----------------------------------------------------------------------------------

    def _read_request(self, record: Record) -> HubEvent | None:
        request = _handshake.parse_request(record)
        objection = _handshake.objection(request, self._codec)
        self._outgoing.append(_handshake.write_response(objection))
        if objection is None:
            return self._connected(request.version)
        self._step(HubStep.REFUSAL)
        self._finish(HubClosed(RemoteProtocolError(objection, clause="H-09")))
        return None

    def _read_response(self, record: Record) -> HubEvent | None:
        error = _handshake.parse_response(record)
        if not error:
            event = self._connected(self._codec.version)
            self._queue(Ping())  # K-07
            self._keep_alive.start_listening(self._now)
            return event
        # The same request would be refused again, unless the server was only too slow or too busy.
        retriable = error in (_handshake.CANCELED, _handshake.FAILED)
        self._step(HubStep.REFUSAL)
        told = presentable(error)
        refusal = NegotiationFailed(f"the hub handshake was refused: {told}", retriable=retriable)
        self._finish(HubClosed(refusal, allow_reconnect=retriable))
        return None

    def _connected(self, version: int) -> HandshakeCompleted:
        self._step(HubStep.HANDSHAKE)
        self._handshake_by = None
        self._keep_alive.start_pinging(self._now)
        return HandshakeCompleted(self._codec.name, version)

    def _read_message(self, record: Record) -> HubEvent | None:
        """The event that a hub message is, if it is one. Both roles alike, but where it says so."""
        message = self._codec.decode(record)
        match message:
            case Invocation():
                if message.invocation_id is None or self._accept(message.invocation_id):
                    return message
            case Completion():
                return message if self._invocations.completed(message.invocation_id) else None
            case StreamItem():  # for the caller of a plain method to complain about (P-19)
                return message if self._invocations.is_ours(message.invocation_id) else None
            case CancelInvocation():  # the others have ended, or never were (P-39)
                return message if self._invocations.is_theirs(message.invocation_id) else None
            case StreamInvocation():
                self._refuse_stream(message)
            case Ping():
                self._keep_alive.start_listening(self._now)  # K-05, for a server
            case Close():
                self._goodbye(message)
            case Ack() | Sequence():
                what = f"{type(message).__name__} without stateful reconnect"
                raise RemoteProtocolError(what, clause="R-10")
            case None:  # of an unknown type (P-27)
                pass
            case _:
                assert_never(message)
        return None

    def _accept(self, invocation_id: str) -> bool:
        """Whether an invocation can have the answer that it wants."""
        if self._state is HubState.CLOSING:
            return False
        self._invocations.received(invocation_id)
        return True

    def _refuse_stream(self, message: StreamInvocation) -> None:
        """A server tells the caller; clients do not answer (P-02)."""
        if self._role is Role.SERVER and self._state is HubState.CONNECTED:
            self._queue(Completion(message.invocation_id, error=_NO_STREAMS))

    _READERS: ClassVar[dict[Role, dict[HubState, _Reader]]] = {
        Role.CLIENT: {
            HubState.HANDSHAKING: _read_response,
            HubState.CONNECTED: _read_message,
            HubState.CLOSING: _read_message,
        },
        Role.SERVER: {
            HubState.HANDSHAKING: _read_request,
            HubState.CONNECTED: _read_message,
            HubState.CLOSING: _read_message,
        },
    }

    # -- endings -----------------------------------------------------------------------------------

    def _goodbye(self, message: Close) -> None:
        expected = self._state is HubState.CLOSING
        self._step(HubStep.GOODBYE)
        told = None if message.error is None else presentable(message.error)
        error: HercleProtoError | None = None
        if self._role is Role.CLIENT:
            if told is not None or not expected:
                error = ServerClosed(told, allow_reconnect=message.allow_reconnect)
        else:
            if told is not None:
                error = ClientClosed(told)
            if not expected:
                self._queue(Close())  # C-04: the server answers in kind
        self._finish(HubClosed(error, allow_reconnect=message.allow_reconnect and not expected))

    def _end(self) -> None:
        closing = self._state is HubState.CLOSING
        self._step(HubStep.END)
        self._outgoing.clear()
        error: HercleProtoError | None = None
        if not closing:
            error = self._end_cause or self._unexplained_end()
        self._finish(HubClosed(error, allow_reconnect=not closing and _is_worth_another_try(error)))

    def _unexplained_end(self) -> RemoteProtocolError:
        if self._records.inside_record:
            text = "Connection terminated while reading a message."
            return RemoteProtocolError(text, clause="L-05")
        return RemoteProtocolError("the transport ended without a goodbye", clause="C-07")

    def _time_out(self, what: str, seconds: float) -> None:
        self._fault(TimedOut(what, seconds), answer=_handshake.CANCELED)

    def _fault(self, error: HercleProtoError, *, answer: str) -> None:
        """The end by the peer's fault. A server says so, if it still may (C-04, H-16, H-18)."""
        if self._role is Role.SERVER:
            if self._state is HubState.HANDSHAKING:
                self._outgoing.append(_handshake.write_response(answer))
            elif self._state is HubState.CONNECTED:
                self._queue(Close(allow_reconnect=True, error=_CLOSED_TEXT))
        self._step(HubStep.FAULT)
        self._finish(HubClosed(error, allow_reconnect=_is_worth_another_try(error)))

    def _finish(self, last: HubClosed) -> None:
        self._last = last
        self._handshake_by = None
        self._keep_alive.stop()
        self._records.clear()

    # -- shared ------------------------------------------------------------------------------------

    def _step(self, step: HubStep) -> None:
        try:
            self._state = TRANSITIONS[self._state][step]
        except KeyError:
            state = self._state.value
            raise LocalProtocolError(f"{step.value}: not while the hub is {state}") from None
        self._reader = self._READERS[self._role].get(self._state)

    def _queue(self, message: Message) -> None:
        self._outgoing.append(self._codec.encode(message))


def _is_worth_another_try(error: HercleProtoError | None) -> bool:
    """The same message would be too large again, and be asked for again."""
    return not isinstance(error, MessageTooLarge)


def _is_due(time: float | None, now: float) -> bool:
    return time is not None and now >= time
