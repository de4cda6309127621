"""A session over HTTP exchanges, as a machine: one exchange for each command.

Exchanges follow one another on one kept-alive stream, which is opened when there is something to
ask. An answer that nobody waits for any more holds up nobody: it gets a while on its old stream,
and the next command goes out on a new one.
"""

from __future__ import annotations

import logging
from enum import Enum
from typing import Any, Literal, TypeVar

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
from hercle_proto._errors import LocalProtocolError, SessionClosed
from hercle_proto.client._calls import Calls
from hercle_proto.client._http_api import HttpApi
from hercle_proto.client._http_lanes import Lanes
from hercle_proto.client._http_settings import HttpSettings
from hercle_proto.client._queue import EventQueue
from hercle_proto.client._streams import Streams, earliest

__all__ = ["HttpSession"]

R = TypeVar("R")

_log = logging.getLogger("hercle_proto.client")


class _State(Enum):
    NEW = "new"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


class HttpSession:
    """An API over HTTP (see `Machine` for the contract of every method).

    It is ready at once: streams are opened for commands. A command that is not repeatable is sent
    once; only one that the server refused with 401, so that it surely did not happen, goes out
    again with a new key. What is repeatable goes out again too when its stream ended without a
    word, and when the server is busy and says for how long (429 or 503 with `Retry-After`): not
    before that, within the call's own time-out, and nothing else is asked until then.
    """

    def __init__(self, settings: HttpSettings, api: HttpApi, *, entropy: Entropy) -> None:
        self._settings = settings
        self._api = api
        self._state = _State.NEW
        self._events = EventQueue(settings.event_limit, lambda: self._calls.callers > 0)
        self._calls = Calls(most_waiting=settings.most_waiting, events=self._events)
        self._streams = Streams()
        self._lanes = Lanes(settings, api, self._calls, self._streams, entropy=entropy)
        self._deadline: float | None = None
        self.ready = self._calls.ready
        """Ends at the start: a stream is opened only when there is something to ask."""

    # -- what there is to know ---------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Nothing will come again but the events left."""
        return self._state is _State.CLOSED and self._streams.drained

    def actions(self) -> list[Action]:
        """Drained: what to open and close, in order."""
        return self._streams.actions()

    def settled(self) -> list[Call[Any]]:
        """Drained: calls that ended since."""
        return self._calls.settled()

    def wants_data(self, stream: int) -> bool:
        """Whether to read from it: always, but while late answers find no room among the events."""
        return self._streams.owner(stream) is not None and not self._events.must_wait()

    def next_deadline(self) -> float | None:
        """The earliest of all deadlines: of streams, calls, pauses and the goodbye."""
        owners = (owner.next_deadline() for owner in self._streams.owners())
        lanes = self._lanes.next_deadline()
        return earliest(self._deadline, self._calls.next_deadline(), lanes, *owners)

    def next_event(self) -> Event | Literal[NeedData.NEED_DATA]:
        """What nobody asked for, oldest first."""
        return self._events.take()

    # -- what happens to streams -------------------------------------------------------------------

    def stream_opened(self, stream: int, *, now: float) -> None:
        if (owner := self._streams.owner(stream)) is not None:
            owner.opened(now=now)

    def stream_failed(self, stream: int, failure: Failure, *, now: float) -> None:
        if (owner := self._streams.lost(stream)) is not None:
            _log.debug("= stream %d failed: %s", stream, failure)
            owner.failed(failure, now=now)
            self._look(now)

    def receive_data(self, stream: int, data: Buffer, *, now: float) -> None:
        if (owner := self._streams.owner(stream)) is not None:
            owner.received(data, now=now)
            self._look(now)

    def data_to_send(self, stream: int, *, now: float) -> bytes:
        owner = self._streams.owner(stream)
        return owner.data_to_send(now=now) if owner is not None else b""

    def handle_timer(self, *, now: float) -> None:
        self._calls.expire(now=now)
        for owner in self._streams.owners():
            owner.handle_timer(now=now)
        if self._deadline is not None and now >= self._deadline:
            self._streams.close_all()
        self._look(now)

    # -- what people want --------------------------------------------------------------------------

    def start(self, *, now: float) -> None:
        """Begin. Raises `LocalProtocolError` the second time."""
        if self._state is not _State.NEW:
            raise LocalProtocolError("the session was started already")
        self._state = _State.OPEN
        self._calls.stand()
        self._look(now)

    def submit(self, command: Command[R], *, now: float, timeout: float | None = None) -> Call[R]:
        """Queue a command. Raises `LocalProtocolError`, or `SessionClosed`."""
        if self._state in (_State.CLOSING, _State.CLOSED):
            raise SessionClosed
        limit = self._settings.call_timeout if timeout is None else timeout
        call = self._calls.submit(self._api.admit(command), now=now, timeout=limit)
        self._look(now)
        return call

    def abandon(self, call: Call[Any], *, now: float) -> None:
        """Nobody waits for this call any more."""
        self._calls.abandon(call, now=now)
        self._look(now)

    def close(self, *, now: float, at_once: bool = False) -> None:
        """Whoever waits for a call is told at once; what was sent has `linger` for its answer."""
        if self._state in (_State.NEW, _State.OPEN):
            self._state = _State.CLOSING
            self._deadline = now + self._settings.linger
            self._calls.end_all(SessionClosed(), now=now)
            self._lanes.close()
        if at_once:
            self._streams.close_all()
        self._look(now)

    # -- inside ------------------------------------------------------------------------------------

    def _look(self, now: float) -> None:
        """See what came of an input, and what is to be done."""
        if self._state in (_State.OPEN, _State.CLOSING):
            self._lanes.look(now=now)
        if self._state is _State.CLOSING and not self._streams:
            self._gone(now)

    def _gone(self, now: float) -> None:
        self._state = _State.CLOSED
        self._deadline = None
        self._calls.connection_lost(SessionClosed(), now=now, again=False)
        self._events.put_last(Disconnected("closed"))
