"""The one queue of events: what nobody asked for, bounded, and when to stop reading because of it.

When it is full and somebody listens, the machine stops wanting data and the peer feels it (nothing
is lost). When a call waits, or nobody ever listened, reading must go on: then what finds no room is
counted into one `EventsDropped` at its place. So calls are always answered, memory is bounded, and
a reader that iterates loses nothing unless it also calls while it lags (a session that watches
does). The late end of a command
that must not be repeated is kept, whatever the limit: it may tell of money, and there are no more
of these than somebody submitted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Literal

from hercle_proto._contract import NEED_DATA, AnsweredLate, Event, EventsDropped, NeedData

__all__ = ["EventQueue"]


class EventQueue:
    """Events, oldest first. `calls_wait` tells whether a call waits for its answer."""

    def __init__(self, limit: int, calls_wait: Callable[[], bool]) -> None:
        self._limit = limit
        self._calls_wait = calls_wait
        self._events: deque[Event] = deque()
        self._dropped = 0  # how many since the newest event in the queue
        self._listened = False

    def must_wait(self) -> bool:
        """Whether reading must stop until somebody takes an event. The only place where that is
        decided."""
        return len(self._events) >= self._limit and self._listened and not self._calls_wait()

    def put(self, event: Event) -> None:
        """Append an event, or count it as dropped.

        What was under way when reading stopped is kept, up to as much again.
        """
        if len(self._events) >= self._limit and not (self._has_room() or _never_dropped(event)):
            self._dropped += 1
            return
        if self._dropped:
            self._flush_dropped()
        self._events.append(event)

    def _has_room(self) -> bool:
        """Whether there is some for one more, though the limit is reached."""
        return self.must_wait() and len(self._events) < 2 * self._limit

    def put_last(self, event: Event) -> None:
        """Append the session's last event, whatever the limit."""
        if self._dropped:
            self._flush_dropped()
        self._events.append(event)

    def _flush_dropped(self) -> None:
        self._events.append(EventsDropped(self._dropped))
        self._dropped = 0

    def take(self) -> Event | Literal[NeedData.NEED_DATA]:
        """The oldest event. From the first take on somebody listens."""
        self._listened = True
        if self._events:
            return self._events.popleft()
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            return EventsDropped(dropped)
        return NEED_DATA


def _never_dropped(event: Event) -> bool:
    return isinstance(event, AnsweredLate) and not event.command.repeatable
