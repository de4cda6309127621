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
    NEED_DATA,
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
    TimedOut,
    Unauthorized,
)
from hercle_proto.hercle._commands import GetLightningInvoices
from hercle_proto.hercle._listings import HercleMachine, Listing, in_the_name_of, sent_at
from hercle_proto.hercle._models import InvoiceSnapshot
from hercle_proto.hercle._polls import Polls
from hercle_proto.hercle._reconcile import Reconcile, Reconciled, Reconciler
from hercle_proto.hercle._waiting import Waiting
from hercle_proto.hercle._watching import ListingFailed, StopWatching, WaitClosed, Watch, Watcher

__all__ = ["Bookkeeper"]

R = TypeVar("R")

_Then: TypeAlias = Callable[[Call[InvoiceSnapshot], float], None]
"""What to do when a listing has ended."""

_Conclude: TypeAlias = Callable[[Call[Any], Call[InvoiceSnapshot], float], object]
"""The answer of a call of ours, by a listing."""


class Bookkeeper:
    """Fulfils `Machine`, with the commands of the session inside and `Reconcile`, `Watch`,
    `StopWatching` and `WaitClosed`; what `Watch` asked for are events.

    What it knows of invoices it learns from what comes through it. So one session has one, from the
    start.
    """

    def __init__(self, inside: HercleMachine, *, entropy: Entropy) -> None:
        self._inside = inside
        self._next_inside = inside.next_event  # looked up once, for it is called for every event
        self._reconciler = Reconciler(inside.clock)
        self._watcher = Watcher()
        self._waiting = Waiting()
        self._polls = Polls(entropy)
        self._listings: dict[Call[Any], _Then] = {}  # asked of the session inside
        self._asking: dict[Call[Any], Call[InvoiceSnapshot]] = {}  # ours, with its listing
        self._watch: Call[Any] | None = None  # the one that began to watch, or is about to
        self._poll_timeout: float | None = None  # as long as who watches gave the first one
        self._settled: list[Call[Any]] = []
        self._last_id = 0
        self._over: HercleProtoError | None = None
        self._was_news = False  # the last event was of what is watched
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
        inside = self._inside.next_deadline()
        polls = self._polls.next_deadline(wanted=self._wants_polls)
        first = min(inf if inside is None else inside, polls, self._waiting.next_deadline())
        return None if first == inf else first

    def settled(self) -> list[Call[Any]]:
        self._collect(self._now)
        settled, self._settled = self._settled, []
        return settled

    def next_event(self) -> Event | Literal[NeedData.NEED_DATA]:
        return self._next_in_turn() if self._watcher.has_news else self._next_inside()

    def _next_in_turn(self) -> Event:
        """What is watched and what comes from inside take turns, so that neither waits for ever.

        At the end what is watched comes first, for the session's last event is the last of all.
        """
        self._was_news = not self._was_news or self._over is not None
        if not self._was_news and (event := self._next_inside()) is not NEED_DATA:
            return event
        return self._watcher.next_event()

    # -- inputs ------------------------------------------------------------------------------------

    def start(self, *, now: float) -> None:
        self._inside.start(now=now)
        self._look(now)

    def close(self, *, now: float, at_once: bool = False) -> None:
        self._inside.close(now=now, at_once=at_once)
        self._over = self._over or SessionClosed()
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
        if (listing := self._polls.given_up(now=now)) is not None:
            del self._listings[listing]
            self._inside.abandon(listing, now=now)
            cause = TimedOut(listing.command.name, self._polls.PATIENCE)
            self._poll_failed(listing, NoAnswer(listing.command, cause=cause), now)
        self._look(now)

    def submit(self, command: Command[R], *, now: float, timeout: float | None = None) -> Call[R]:
        call: Call[Any]
        match command:
            case Reconcile():
                call = self._ask(command, self._reconciled, now, timeout)
            case Watch():
                if self._watch is not None:
                    raise LocalProtocolError("it is watched already: StopWatching comes first")
                call = self._watch = self._ask(command, self._watched, now, timeout)
                self._poll_timeout = timeout
            case StopWatching():
                call = self._new(command)
                self._watch = None
                self._watcher.stop()
                call.answer(None)
                self._settled.append(call)
            case WaitClosed():
                call = self._new(command)
                limit = inf if timeout is None else timeout
                closed = self._watcher.closing(command.id)
                self._settled += self._waiting.add(call, closed=closed, now=now, timeout=limit)
            case _:
                call = self._inside.submit(command, now=now, timeout=timeout)
                self._reconciler.sends(call)
        self._look(now)
        return cast("Call[R]", call)

    def abandon(self, call: Call[Any], *, now: float) -> None:
        if call in self._waiting:
            call.abandoned = True
            self._settled += self._waiting.give_up(call, GivenUp())
        elif (listing := self._asking.pop(call, None)) is not None:
            call.abandoned = True
            del self._listings[listing]
            self._inside.abandon(listing, now=now)
            self._fail(call, NoAnswer(call.command, cause=GivenUp()))
        else:
            self._inside.abandon(call, now=now)
            self._reconciler.ended(call, now=now)
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
            self._fail(call, in_the_name_of(call.command, listing.error))
        else:
            self._took(listing, now)
            call.answer(conclude(call, listing, now))
            self._settled.append(call)

    def _reconciled(
        self, call: Call[Reconciled], listing: Call[InvoiceSnapshot], now: float
    ) -> Reconciled:
        unknown = cast("Reconcile", call.command).unknown
        return self._reconciler.look_up(unknown, listing.result(), asked_at=sent_at(listing))

    def _watched(
        self, call: Call[InvoiceSnapshot], listing: Call[InvoiceSnapshot], now: float
    ) -> InvoiceSnapshot:
        if call is self._watch:  # it is still wanted
            self._watcher.listen(listing.result())
            self._polls.came(listing, now=now)
        return listing.result()

    def _fail(self, call: Call[Any], error: HercleProtoError) -> None:
        if call is self._watch:
            self._watch = None
        call.fail(error)
        self._settled.append(call)

    # -- what comes from inside --------------------------------------------------------------------

    def _look(self, now: float) -> None:
        """See what came of an input, and whether it is time for another listing."""
        self._now = now
        self._collect(now)
        self._over = self._over or self._inside.error
        if self._over is not None:  # what was asked ends with its listing
            self._settled += self._waiting.give_up_all(self._over)
        elif self._wants_polls and self._polls.is_due(now=now):
            self._poll(now)

    def _collect(self, now: float) -> None:
        for call in self._inside.settled():
            if (then := self._listings.pop(call, None)) is not None:
                then(call, now)
            elif not isinstance(call.command, Listing):  # else one that was let go of
                self._reconciler.ended(call, now=now)
                if isinstance(call.command, GetLightningInvoices) and call.error is None:
                    self._reconciler.saw(call.result(), now=now)
                self._settled.append(call)

    def _took(self, listing: Call[InvoiceSnapshot], now: float) -> None:
        """A listing of ours was answered."""
        asked_at, clock = sent_at(listing), self._inside.clock
        self._reconciler.saw(listing.result(), now=now)
        self._watcher.take(
            listing.result(), asked_at=asked_at, asked=clock.at(asked_at), came=clock.at(now)
        )
        self._settled += self._waiting.tell(self._watcher.closing)

    # -- listings, one after the other -------------------------------------------------------------

    @property
    def _wants_polls(self) -> bool:
        return self._over is None and bool(self._waiting or self._watcher.listened_to)

    def _poll(self, now: float) -> None:
        try:
            listing = self._inside.submit(Listing(), now=now, timeout=self._poll_timeout)
        except LocalProtocolError as error:  # too much waits already
            self._poll_failed(None, error, now)
        else:
            self._polls.asked(listing, now=now)
            self._listings[listing] = self._polled

    def _polled(self, listing: Call[InvoiceSnapshot], now: float) -> None:
        if listing.error is None:
            self._took(listing, now)
            self._polls.came(listing, now=now)
        else:
            self._poll_failed(listing, listing.error, now)

    def _poll_failed(
        self, listing: Call[InvoiceSnapshot] | None, error: HercleProtoError, now: float
    ) -> None:
        delay = self._polls.failed(listing, now=now)
        if self._wants_polls and self._inside.error is None:
            self._watcher.failed(ListingFailed(error, delay))
        if isinstance(error.__cause__, Unauthorized):  # and would be again
            self._settled += self._waiting.give_up_all(error.__cause__)
