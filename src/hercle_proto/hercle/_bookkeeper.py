"""A machine around a session of Hercle's: an invoice's life after its creation.

It adds four commands, and asks the session inside for listings to answer them; to a driver it is a
machine like any other. Streams and bytes are none of its business.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf
from typing import Any, Literal, TypeAlias, TypeVar, cast

from hercle_proto._contract import (
    AnsweredLate,
    Buffer,
    Call,
    Command,
    Entropy,
    Event,
    Failure,
    NeedData,
)
from hercle_proto._errors import (
    GivenUp,
    HercleProtoError,
    LocalProtocolError,
    NoAnswer,
    SessionClosed,
    Unauthorized,
)
from hercle_proto.hercle._listings import HercleMachine, Listing, sent_at
from hercle_proto.hercle._models import InvoiceSnapshot
from hercle_proto.hercle._reconcile import Reconcile, Reconciled, Reconciler
from hercle_proto.hercle._waiting import Waiting
from hercle_proto.hercle._watching import (
    ListingFailed,
    Pace,
    StopWatching,
    WaitClosed,
    Watch,
    Watcher,
)

__all__ = ["Bookkeeper"]

R = TypeVar("R")


_Then: TypeAlias = Callable[[Call[InvoiceSnapshot], float], None]
"""What to do when a listing has ended."""

_Conclude: TypeAlias = Callable[[Any, Call[InvoiceSnapshot], float], object]
"""A command's answer by a listing."""


class Bookkeeper:
    """Fulfils `Machine`, with the commands of the session inside and `Reconcile`, `Watch`,
    `StopWatching` and `WaitClosed`; what `Watch` asked for are events.

    What it knows of invoices it learns from what comes through it. So one session has one, from the
    start.
    """

    def __init__(self, inside: HercleMachine, *, entropy: Entropy) -> None:
        self._inside = inside
        self._next_inside = inside.next_event  # looked up once: it is called for every event
        self._reconciler = Reconciler(inside.clock)
        self._watcher = Watcher()
        self._pace = Pace(entropy)
        self._listings: dict[Call[Any], _Then] = {}  # asked of the session inside
        self._asking: dict[Call[Any], Call[InvoiceSnapshot]] = {}  # ours, with its listing
        self._waiting = Waiting()
        self._polling: Call[InvoiceSnapshot] | None = None
        self._poll_at: float | None = None
        self._settled: list[Call[Any]] = []
        self._last_id = 0
        self._over: HercleProtoError | None = None
        self._now = 0.0  # of the newest input: taking what settled is none
        # what has to do with streams only goes straight to the session inside
        self.ready = inside.ready
        self.actions = inside.actions
        self.data_to_send = inside.data_to_send
        self.wants_data = inside.wants_data

    # -- what there is to know ---------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        return self._inside.closed

    def next_deadline(self) -> float | None:
        deadlines = (self._inside.next_deadline(), self._poll_at, self._waiting.next_deadline())
        return min((each for each in deadlines if each is not None and each < inf), default=None)

    def settled(self) -> list[Call[Any]]:
        self._collect(self._now)
        settled, self._settled = self._settled, []
        return settled

    def next_event(self) -> Event | Literal[NeedData.NEED_DATA]:
        if (news := next(self._watcher.news, None)) is not None:
            return news
        while isinstance(event := self._next_inside(), AnsweredLate):
            if not isinstance(event.command, Listing):
                self._reconciler.note(event.command, event.answer, now=self._now)
                return event
        return event

    # -- inputs ------------------------------------------------------------------------------------

    def start(self, *, now: float) -> None:
        self._inside.start(now=now)
        self._look(now)

    def close(self, *, now: float, at_once: bool = False) -> None:
        self._inside.close(now=now, at_once=at_once)
        self._end(SessionClosed())
        self._look(now)

    def stream_opened(self, stream: int, *, now: float) -> None:
        self._inside.stream_opened(stream, now=now)
        self._look(now)

    def stream_failed(self, stream: int, failure: Failure, *, now: float) -> None:
        self._inside.stream_failed(stream, failure, now=now)
        self._look(now)

    def receive_data(self, stream: int, data: Buffer, *, now: float) -> None:
        self._inside.receive_data(stream, data, now=now)
        self._look(now)

    def handle_timer(self, *, now: float) -> None:
        self._inside.handle_timer(now=now)
        self._settled += self._waiting.time_out(now=now)
        self._look(now)

    def submit(self, command: Command[R], *, now: float, timeout: float | None = None) -> Call[R]:
        call: Call[Any]
        match command:
            case Reconcile():
                call = self._ask(command, self._reconciled, now, timeout)
            case Watch():
                if self._watcher.listened_to:
                    raise LocalProtocolError("it is watched already: StopWatching comes first")
                call = self._ask(command, self._watched, now, timeout)
            case StopWatching():
                call = self._new(command)
                self._watcher.stop()
                call.answer(None)
                self._settled.append(call)
            case WaitClosed():
                call = self._new(command)
                limit = inf if timeout is None else timeout
                self._waiting.add(call, command.id, now=now, timeout=limit)
                self._tell_waiting()
            case _:
                call = self._inside.submit(command, now=now, timeout=timeout)
                self._reconciler.sends(call.command)
        self._look(now)
        return cast("Call[R]", call)

    def abandon(self, call: Call[Any], *, now: float) -> None:
        if call in self._waiting:
            call.abandoned = True
            self._settled += self._waiting.give_up(call, GivenUp("its caller went away"))
        elif (listing := self._asking.pop(call, None)) is not None:
            call.abandoned = True
            del self._listings[listing]
            self._inside.abandon(listing, now=now)
            call.fail(NoAnswer(call.command, cause=GivenUp("its caller went away")))
            self._settled.append(call)
        else:
            self._reconciler.gave_up(call.command)
            self._inside.abandon(call, now=now)
        self._look(now)

    # -- calls of ours -----------------------------------------------------------------------------

    def _new(self, command: Command[R]) -> Call[R]:
        """Numbered below zero: the session inside counts its own upwards. Raises what ended it."""
        if self._over is not None:
            raise self._over.with_traceback(None)
        self._last_id -= 1
        return Call(command, self._last_id)

    def _ask(
        self, command: Command[R], conclude: _Conclude, now: float, timeout: float | None
    ) -> Call[R]:
        """Answer a command by a listing of its own, asked for from now on."""
        call = self._new(command)
        listing = self._inside.submit(Listing(), now=now, timeout=timeout)
        self._asking[call] = listing
        self._listings[listing] = partial(self._asked, call, conclude)
        return call

    def _asked(
        self, call: Call[Any], conclude: _Conclude, listing: Call[InvoiceSnapshot], now: float
    ) -> None:
        del self._asking[call]
        if listing.error is not None:
            call.fail(listing.error)
        else:
            self._took(listing, now)
            call.answer(conclude(call.command, listing, now))
        self._settled.append(call)

    def _reconciled(
        self, command: Reconcile, listing: Call[InvoiceSnapshot], now: float
    ) -> Reconciled:
        asked_at = sent_at(listing)
        return self._reconciler.look_up(command.unknown, listing.result(), asked_at=asked_at)

    def _watched(
        self, command: Watch, listing: Call[InvoiceSnapshot], now: float
    ) -> InvoiceSnapshot:
        self._watcher.listen(listing.result())
        self._poll_at = now + self._pace.answered(now - sent_at(listing))
        return listing.result()

    def _tell_waiting(self) -> None:
        self._settled += self._waiting.tell(self._watcher.closing)

    # -- what comes from inside --------------------------------------------------------------------

    def _look(self, now: float) -> None:
        """See what came of an input, and whether it is time for another listing."""
        self._now = now
        if self._over is None and self._inside.error is not None:
            self._end(self._inside.error)
        self._collect(now)
        if not (self._waiting or self._watcher.listened_to) or self._over is not None:
            self._poll_at = None
        elif self._polling is None and (self._poll_at is None or self._poll_at <= now):
            self._poll(now)

    def _end(self, cause: HercleProtoError) -> None:
        """Nothing is asked any more. What was asked ends with its listing."""
        self._over = self._over or cause
        self._settled += self._waiting.give_up_all(cause)

    def _collect(self, now: float) -> None:
        for call in self._inside.settled():
            if not isinstance(call.command, Listing):
                self._reconciler.note(call.command, call.error or call.result(), now=now)
                self._settled.append(call)
            elif (then := self._listings.pop(call, None)) is not None:
                then(call, now)

    def _took(self, listing: Call[InvoiceSnapshot], now: float) -> None:
        """A listing of ours was answered."""
        asked_at, clock = sent_at(listing), self._inside.clock
        self._reconciler.note(listing.command, listing.result(), now=now)
        self._watcher.take(
            listing.result(), asked_at=asked_at, asked=clock.at(asked_at), came=clock.at(now)
        )
        self._tell_waiting()

    # -- listings, one after the other -------------------------------------------------------------

    def _poll(self, now: float) -> None:
        self._poll_at = None
        try:
            self._polling = self._inside.submit(Listing(), now=now)
        except LocalProtocolError:  # too much waits already
            self._poll_at = now + self._pace.failed()
        else:
            self._listings[self._polling] = self._polled

    def _polled(self, listing: Call[InvoiceSnapshot], now: float) -> None:
        self._polling = None
        if listing.error is None:
            self._took(listing, now)
            self._poll_at = now + self._pace.answered(now - sent_at(listing))
        elif self._over is None:
            delay = self._pace.failed()
            self._poll_at = now + delay
            self._watcher.failed(ListingFailed(listing.error, delay))
            if isinstance(listing.error.__cause__, Unauthorized):  # and would be again
                self._settled += self._waiting.give_up_all(listing.error.__cause__)
