"""The bookkeeping of calls that every machine shares: who waits, what was sent, when it is too
late, how it ended.

A call is *waiting* (no byte of it was pulled), *in flight* (sent, unanswered) or gone. Its caller
may give up, by a time-out or by `abandon`; what was sent stays in flight all the same, so that a
late answer finds its command and never another one's. Money is never guessed: a command that is not
repeatable and was sent ends in `OutcomeUnknown` unless an answer or a sure refusal came.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from math import inf
from typing import TYPE_CHECKING, Any, TypeVar, assert_never

from hercle_proto._contract import AnsweredLate, Call, Command
from hercle_proto._errors import (
    GivenUp,
    HercleProtoError,
    LocalProtocolError,
    NoAnswer,
    OutcomeUnknown,
    TimedOut,
)
from hercle_proto.client._correlation import CorrelationIds
from hercle_proto.client._dialect import Answered, Outcome, Refused, Rejected, Unclear
from hercle_proto.client._endings import not_answered, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hercle_proto.client._queue import EventQueue

__all__ = ["Calls"]

R = TypeVar("R")

_MOST_GIVEN_UP = 1024
"""Sent calls whose callers gave up and that are remembered for a late answer; the oldest goes
first."""


class _Ready(Command[None]):
    """What a machine's `ready` is the call of."""

    __slots__ = ()


class Calls:
    """Every call of a session. Fulfils `InFlight`: iterating gives what was sent and is
    unanswered."""

    def __init__(self, *, most_waiting: int, events: EventQueue) -> None:
        self._most_waiting = most_waiting
        self._events = events
        self._last_id = 0
        self._waiting: deque[Call[Any]] = deque()
        self._in_flight: dict[str, Call[Any]] = {}  # by the number as it goes over the wire
        self._given_up: dict[str, None] = {}  # calls in flight whose callers gave up, oldest first
        self._correlation_ids = CorrelationIds()
        self._waited_for: dict[int, tuple[Call[Any], float]] = {}  # by id, with when it is due
        self._deadlines: list[tuple[float, int, float]] = []  # when due, call's id, its time-out
        self._settled: list[Call[Any]] = []
        self.ready: Call[None] = Call(_Ready(), 0)
        """The machine's own: it ends when the session stands, or with why it never will."""

    # -- what is there -----------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Call[Any]]:
        return iter(self._in_flight.values())

    def __len__(self) -> int:
        return len(self._in_flight)

    def correlated(self, correlation_id: str) -> Call[Any] | None:
        """The call in flight whose command has this `correlation_id`."""
        if not self._in_flight:
            return None
        call = self._correlation_ids.get(correlation_id)
        return call if call is not None and str(call.id) in self._in_flight else None

    def numbered(self, number: str) -> Call[Any] | None:
        """The call in flight with this number on the wire: its `id` in decimal digits."""
        return self._in_flight.get(number)

    @property
    def callers(self) -> int:
        """How many calls have neither ended nor been abandoned."""
        return len(self._waited_for)

    @property
    def first_waiting(self) -> Call[Any] | None:
        """The next call to send."""
        return self._waiting[0] if self._waiting else None

    def next_deadline(self) -> float | None:
        """When the first caller's patience ends. Pure: ended calls are swept when they end."""
        return self._deadlines[0][0] if self._deadlines else None

    def due(self, call: Call[Any]) -> float:
        """When the patience of this call's caller ends."""
        return self._waited_for[call.id][1] if call.id in self._waited_for else inf

    def settled(self) -> list[Call[Any]]:
        """Drained: calls that ended since."""
        settled, self._settled = self._settled, []
        return settled

    # -- what callers do ---------------------------------------------------------------------------

    def submit(self, command: Command[R], *, now: float, timeout: float) -> Call[R]:
        """Queue a command whose caller waits for `timeout` seconds. Raises `LocalProtocolError`."""
        if not timeout > 0:
            raise LocalProtocolError(f"a time-out must be more than 0 seconds; got {timeout!r}")
        self._correlation_ids.check(command)
        if len(self._waiting) >= self._most_waiting:
            raise LocalProtocolError(
                f"{len(self._waiting):,} commands wait to be sent, which is the most; "
                "submit fewer at a time, or raise 'most_waiting'"
            )
        self._last_id += 1
        call = Call(command, self._last_id)
        self._waiting.append(call)
        self._waited_for[call.id] = call, now + timeout
        self._correlation_ids.take(call)
        if timeout != inf:
            heappush(self._deadlines, (now + timeout, call.id, timeout))
        return call

    def abandon(self, call: Call[Any], *, now: float) -> None:
        """Its caller went away. Not sent: taken back. Sent: remembered. Ended: nothing."""
        if self._waited_for.get(call.id, (None, inf))[0] is not call:
            return
        del self._waited_for[call.id]
        call.abandoned = True
        if str(call.id) in self._in_flight:
            self._give_up(call, now)
        else:
            self._waiting.remove(call)
            self._end(call, not_answered(call, GivenUp(), now))
        self._sweep()

    # -- what the machine does ---------------------------------------------------------------------

    def sent(self, *, now: float) -> Call[Any]:
        """The first waiting call became bytes."""
        call = self._waiting.popleft()
        call.leaves(now=now)
        self._in_flight[str(call.id)] = call
        self._correlation_ids.spend(call)
        return call

    def settle(self, call: Call[Any], outcome: Outcome, *, now: float) -> None:
        """What the server said of a call in flight ends it."""
        match outcome:
            case Answered(value):
                self._leave(call, value)
            case Refused(error) | Rejected(error):
                self._leave(call, error)
            case Unclear(cause):
                self.unclear(call, cause, now=now)
            case _:
                assert_never(outcome)

    def unclear(self, call: Call[Any], cause: HercleProtoError, *, now: float) -> None:
        """It ended, and nothing tells whether it was carried out."""
        self._leave(call, unknown(call, cause, now))

    def stand(self) -> None:
        """The session stands."""
        if not self.ready.done:
            self.ready.answer(None)
            self._settled.append(self.ready)

    def expire(self, *, now: float) -> None:
        """End the waiting of every caller whose patience is over."""
        while self._deadlines and self._deadlines[0][0] <= now:
            _, number, timeout = heappop(self._deadlines)
            if number not in self._waited_for:
                continue
            call, _ = self._waited_for.pop(number)
            cause = TimedOut(call.command.name, timeout)
            if str(call.id) in self._in_flight:
                self._give_up(call, now)
                call.fail(unknown(call, cause, now))
                self._settled.append(call)
            else:
                self._waiting.remove(call)
                self._end(call, not_answered(call, cause, now))
        self._sweep()

    def connection_lost(self, cause: HercleProtoError, *, now: float, again: bool) -> None:
        """Nothing in flight will be answered. Repeatable commands may wait to go out `again`."""
        repeat: list[Call[Any]] = []
        for call in [*self._in_flight.values()]:
            if again and call.command.repeatable and not _given_up(call):
                del self._in_flight[str(call.id)]
                repeat.append(call)
            else:
                self.unclear(call, cause, now=now)
        self._waiting.extendleft(reversed(repeat))

    def put_back(self, call: Call[Any]) -> None:
        """A repeatable call whose caller waits goes out again, before all others."""
        del self._in_flight[str(call.id)]
        self._waiting.appendleft(call)

    def end_waiting(self, cause: HercleProtoError, *, now: float) -> None:
        """What waits will not be sent: tell its callers."""
        for call in [*self._waiting]:
            del self._waited_for[call.id]
            self._end(call, not_answered(call, cause, now))
        self._waiting.clear()
        self._sweep()

    def end_all(self, cause: HercleProtoError, *, now: float) -> None:
        """The session ends: who waits is told. What was sent is in flight till it is gone."""
        if not self.ready.done:
            self.ready.fail(cause)
            self._settled.append(self.ready)
        self.end_waiting(cause, now=now)
        for call in self._in_flight.values():
            if not _given_up(call):
                del self._waited_for[call.id]
                self._given_up[str(call.id)] = None
                call.fail(unknown(call, cause, now))
                self._settled.append(call)
        self._sweep()

    # -- inside ------------------------------------------------------------------------------ -----

    def _leave(self, call: Call[Any], result: object) -> None:
        """A call in flight ended: tell its caller, or the events if nobody waits."""
        del self._in_flight[str(call.id)]
        self._given_up.pop(str(call.id), None)
        self._correlation_ids.release(call)
        if _given_up(call):
            self._late(call, result)
        else:
            del self._waited_for[call.id]
            self._finish(call, result)
            self._settled.append(call)
        self._sweep()

    def _late(self, call: Call[Any], result: object) -> None:
        # A caller that timed out was told already that nothing is known; only news are
        # worth an event.
        if call.done and isinstance(result, OutcomeUnknown | NoAnswer):
            return
        if not call.done:
            self._finish(call, result)
        call.late = result
        if call.command.late_is_news:
            self._events.put(AnsweredLate(call.command, result))

    def _finish(self, call: Call[Any], result: object) -> None:
        if isinstance(result, HercleProtoError):
            call.fail(result)
        else:
            call.answer(result)

    def _end(self, call: Call[Any], error: HercleProtoError) -> None:
        """A waiting call ended."""
        self._correlation_ids.release(call)
        call.fail(error)
        self._settled.append(call)

    def _give_up(self, call: Call[Any], now: float) -> None:
        self._given_up[str(call.id)] = None
        if len(self._given_up) > _MOST_GIVEN_UP:
            oldest = self._in_flight[next(iter(self._given_up))]
            self.unclear(oldest, GivenUp("too many others were given up after it"), now=now)

    def _sweep(self) -> None:
        """Keep an ended call from being the next deadline."""
        while self._deadlines and self._deadlines[0][1] not in self._waited_for:
            heappop(self._deadlines)


def _given_up(call: Call[Any]) -> bool:
    return call.done or call.abandoned
