"""The life of a SignalR session: connect, run, back off, connect again, say goodbye.

`HubClient` owns what lasts longer than a connection: the state (`_states`), the desk with calls and
events (`_desk`) and the streams (`_streams`). An `Attempt` becomes a `Link`, a `Link` ends in
a `Farewell`; each owns its stream meanwhile, and the machine looks at what came of it after every
input.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar, assert_never

from hercle_proto._contract import (
    Action,
    Buffer,
    Call,
    Command,
    Disconnected,
    Entropy,
    Event,
    Failure,
    NeedData,
)
from hercle_proto._errors import (
    HercleProtoError,
    LocalProtocolError,
    ServerClosed,
    SessionClosed,
)
from hercle_proto.client._attempt import Attempt, Established
from hercle_proto.client._backoff import Backoff
from hercle_proto.client._clock import ServerClock
from hercle_proto.client._desk import Desk
from hercle_proto.client._events import Connected, Reconnecting
from hercle_proto.client._link import Farewell, Link
from hercle_proto.client._states import TRANSITIONS, Input, State
from hercle_proto.client._streams import Streams, earliest
from hercle_proto.hub import HandshakeCompleted, HubClosed

if TYPE_CHECKING:
    from hercle_proto.client._dialect import Dialect
    from hercle_proto.client._settings import ClientSettings

__all__ = ["HubClient"]

R = TypeVar("R")

_log = logging.getLogger("hercle_proto.client")


class HubClient:
    """A SignalR client session over WebSockets (see `Machine` for what every method does).

    `dialect` says which commands the hub has and what answers them. `clock` is set by the server's
    `Date` headers, for whoever asks it. The first connection is tried once; later ones follow
    `settings.reconnect`. A call that was sent and is not repeatable is never sent again. Raises
    `InvalidArgument` for a URL or a key that cannot be one, or that must not travel together.
    """

    def __init__(
        self,
        settings: ClientSettings,
        dialect: Dialect,
        *,
        entropy: Entropy,
        clock: ServerClock | None = None,
    ) -> None:
        self._settings = settings
        self.clock = clock or ServerClock()
        self._state = State.NEW
        self._desk = Desk(dialect, settings)
        self._streams = Streams()
        url = settings.checked_url()
        self._new_attempt = partial(
            Attempt, settings, url, self._streams, entropy=entropy, clock=self.clock
        )
        self._backoff = Backoff(settings.reconnect, entropy=entropy)
        self._attempt: Attempt | None = None
        self._link: Link | None = None
        self._connected_at = 0.0
        self._now = 0.0  # of the newest input: taking an event is none
        self._deadline: float | None = None  # of the delay in WAITING, of the goodbye in CLOSING
        self._error: HercleProtoError | None = None
        self.ready = self._desk.calls.ready
        """Ends when the first connection stands, or with why it never will."""

    # -- what there is to know ---------------------------------------------------------------------

    @property
    def state(self) -> State:
        """Where the session stands."""
        return self._state

    @property
    def closed(self) -> bool:
        """Nothing will come again but the events left."""
        return self._state is State.CLOSED and self._streams.drained

    @property
    def error(self) -> HercleProtoError | None:
        """What ended the session, if it was not closed on our side."""
        return self._error

    @property
    def server_clock_offset(self) -> timedelta | None:
        """How far the server's clock is ahead of ours; None where one of them is not known."""
        return self.clock.offset

    def actions(self) -> list[Action]:
        """Drained: what to open and close, in order."""
        return self._streams.actions()

    def settled(self) -> list[Call[Any]]:
        """Drained: calls that ended since."""
        return self._desk.calls.settled()

    def wants_data(self, stream: int) -> bool:
        """Whether to read from it: always, but while the events of the connection have no room."""
        owner = self._streams.owner(stream)
        held_back = isinstance(owner, Link) and owner.must_hold_back()
        return owner is not None and not held_back

    def next_deadline(self) -> float | None:
        """The earliest of all deadlines: of streams, calls, the delay, the goodbye."""
        if self._state is State.CLOSED:
            return None
        owners = (owner.next_deadline() for owner in self._streams.owners())
        return earliest(self._deadline, self._desk.calls.next_deadline(), *owners)

    def next_event(self) -> Event | Literal[NeedData.NEED_DATA]:
        """What nobody asked for, oldest first. Makes room for what the link holds back."""
        event = self._desk.events.take()
        if self._link is not None and self._link.held_back:
            self._look(self._now)
        return event

    # -- what happens to streams -------------------------------------------------------------------

    def stream_opened(self, stream: int, *, now: float) -> None:
        if (owner := self._streams.owner(stream)) is not None:
            owner.opened(now=now)
            self._look(now)

    def stream_failed(self, stream: int, failure: Failure, *, now: float) -> None:
        if (owner := self._streams.lost(stream)) is not None:
            _log.debug("= stream %d failed: %s", stream, failure)
            owner.failed(failure, now=now)
            self._look(now)

    def receive_data(self, stream: int, data: Buffer, *, now: float) -> None:
        if (owner := self._streams.owner(stream)) is not None:
            self._heed_events(now)
            owner.received(data, now=now)
            self._look(now)

    def data_to_send(self, stream: int, *, now: float) -> bytes:
        owner = self._streams.owner(stream)
        return owner.data_to_send(now=now) if owner is not None else b""

    def handle_timer(self, *, now: float) -> None:
        self._heed_events(now)
        self._desk.calls.expire(now=now)
        for owner in self._streams.owners():
            owner.handle_timer(now=now)
        if self._deadline is not None and now >= self._deadline:
            self._deadline = None
            if self._state is State.WAITING:
                self._move(Input.DUE)
                self._attempt = self._new_attempt(now=now)
            else:
                self._streams.close_all()
        self._look(now)

    # -- what people want --------------------------------------------------------------------------

    def start(self, *, now: float) -> None:
        """Begin to connect. Raises `LocalProtocolError` the second time."""
        if self._state is not State.NEW:
            raise LocalProtocolError("the session was started already")
        self.clock.start(now=now)
        self._move(Input.START)
        self._attempt = self._new_attempt(now=now)
        self._look(now)

    def submit(self, command: Command[R], *, now: float, timeout: float | None = None) -> Call[R]:
        """Queue a command for this connection or the next. After the end, raises what it was."""
        if self._state in (State.CLOSING, State.CLOSED):
            raise (self._error or SessionClosed()).with_traceback(None)
        call = self._desk.submit(command, now=now, timeout=timeout)
        self._look(now)
        return call

    def abandon(self, call: Call[Any], *, now: float) -> None:
        """Nobody waits for this call any more."""
        self._desk.calls.abandon(call, now=now)
        self._heed_events(now)

    def close(self, *, now: float, at_once: bool = False) -> None:
        """Say goodbye within `linger` seconds, or not at all. Who waits for a call is told now."""
        if self._state not in (State.CLOSING, State.CLOSED):
            self._finish(Input.CLOSE, None, now)
            if self._link is not None:
                self._link.goodbye(now=now)
        if at_once:
            self._streams.close_all()
        self._look(now)

    # -- the life ----------------------------------------------------------------------------------

    def _move(self, what: Input) -> None:
        before, self._state = self._state, TRANSITIONS[self._state][what]
        _log.debug("= %s: %s -> %s", what.value, before.value, self._state.value)

    def _look(self, now: float) -> None:
        """See what came of an input: the attempt's end, the link's messages, the last stream."""
        if self._attempt is not None and self._attempt.outcome is not None:
            self._attempt_ended(self._attempt, self._attempt.outcome, now)
        while link := self._link:
            match link.next_event(now=now):
                case HandshakeCompleted():
                    self._established(link, now)
                case HubClosed() as end:
                    self._link_ended(link, end, now)
                case _:
                    break
        if self._state is State.CLOSING and not self._streams:
            self._gone(now)
        self._heed_events(now)

    def _attempt_ended(
        self, attempt: Attempt, outcome: Established | HercleProtoError, now: float
    ) -> None:
        self._attempt = None
        match outcome:
            case Established():
                self._link = Link(outcome, self._settings, self._desk, now=now)
                self._streams.hand_over(outcome.stream, self._link)
            case HercleProtoError():
                self._streams.close(attempt.stream)
                self._lost(outcome, now)
            case _:
                assert_never(outcome)

    def _established(self, link: Link, now: float) -> None:
        self._move(Input.ESTABLISHED)
        self._connected_at = now
        self._desk.calls.stand()
        self._desk.events.put(Connected(link.connection_id))

    def _link_ended(self, link: Link, end: HubClosed, now: float) -> None:
        self._link = None
        if link.gone:
            self._streams.close(link.stream)
        else:
            self._streams.hand_over(link.stream, Farewell(link, self._streams, now=now))
        if self._state is State.CONNECTED:
            self._backoff.lasted(now - self._connected_at)
        if self._state is not State.CLOSING:
            cause = end.error or ServerClosed(None, allow_reconnect=end.allow_reconnect)
            self._lost(cause, now, again=end.allow_reconnect)

    def _lost(self, cause: HercleProtoError, now: float, *, again: bool = True) -> None:
        """The connection or the attempt ended: try again, or end the session."""
        again = again and self.ready.done
        verdict = self._backoff.verdict(cause, now=now) if again else cause
        if isinstance(verdict, HercleProtoError):
            self._finish(Input.FAILED, verdict, now)
            return
        self._move(Input.LOST)
        self._deadline = now + verdict
        self._desk.calls.connection_lost(cause, now=now, again=True)
        self._desk.events.put(Reconnecting(self._backoff.attempt, verdict, cause))

    def _finish(self, what: Input, error: HercleProtoError | None, now: float) -> None:
        """Nothing is opened after this; what is open says goodbye."""
        self._move(what)
        self._error = error
        self._deadline = now + self._settings.linger
        if self._attempt is not None:
            self._streams.close(self._attempt.stream)
            self._attempt = None
        self._desk.calls.end_all(error or SessionClosed(), now=now)

    def _gone(self, now: float) -> None:
        self._move(Input.GONE)
        self._link = None
        self._deadline = None
        cause = self._error or SessionClosed()
        self._desk.calls.connection_lost(cause, now=now, again=False)
        reason = "closed" if self._error is None else str(self._error)
        self._desk.events.put_last(Disconnected(reason, self._error))

    def _heed_events(self, now: float) -> None:
        """Whether the link is read depends on the events and the callers; let it know."""
        self._now = now
        if self._link is not None:
            self._link.heed_events(now=now)
