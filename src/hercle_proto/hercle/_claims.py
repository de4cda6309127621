"""What became of creates, which of them may have made a row, and how rows are divided that hold no
trace of whose they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from math import inf
from typing import Final

from attrs import frozen

from hercle_proto._contract import Call
from hercle_proto._errors import InvoiceMismatch, OutcomeUnknown
from hercle_proto.client import Moment
from hercle_proto.hercle._commands import CreateLightningInvoice
from hercle_proto.hercle._matching import normal
from hercle_proto.hercle._models import CreatedInvoice, LightningInvoice

__all__ = ["Claimant", "Create", "Seen", "created_by", "left_by"]

_MSAT_PER_SAT: Final = 1000
_BEFORE: Final = timedelta(minutes=2)
_AFTER: Final = timedelta(minutes=10)
"""A server may still be at it when the connection is long lost."""
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)


# -- what became of a create -----------------------------------------------------------------------


class Create:
    """A create of this session, and what its call tells by now."""

    def __init__(self, command: CreateLightningInvoice, call: Call[CreatedInvoice]) -> None:
        self.command = command
        self.call = call
        self.given_up_at = inf
        self.zeros: tuple[Moment, ...] = ()
        """What the server's clock showed when the session's was 0, each time it was looked at."""

    @property
    def outcome(self) -> object:
        """What it ended with, be it late; an `OutcomeUnknown`, or None, while nobody knows."""
        call = self.call
        if call.late is not None or not call.done:
            return call.late
        return call.error or call.result()

    @property
    def is_open(self) -> bool:
        """Whether it may or may not have been carried out."""
        return self.outcome is None or isinstance(self.outcome, OutcomeUnknown)

    @property
    def unknown(self) -> OutcomeUnknown | None:
        """What somebody may look it up by."""
        error = self.call.error
        return error if isinstance(error, OutcomeUnknown) else None

    def claimant(self, *zeros: Moment) -> Claimant | None:
        """By its own times and more readings of the clock; None if it made no invoice, or an answer
        named that.
        """
        call, unknown = self.call, self.unknown
        if call.sent_at is None or not self.is_open:
            return None
        return Claimant.of(
            self.command,
            unknown,
            sent_at=call.sent_at,
            lost_at=unknown.ended_at if unknown else self.given_up_at,
            zeros=(*self.zeros, *zeros),
            is_under_way=not (call.done or call.abandoned),
        )


def created_by(outcome: object) -> CreatedInvoice | None:
    """The invoice that an answer named."""
    match outcome:
        case CreatedInvoice():
            return outcome
        case InvoiceMismatch(created=created):
            return created
        case _:
            return None


# -- which rows it may have made -------------------------------------------------------------------


@frozen(slots=False)
class Seen:
    """A row, and when a listing held it first, in seconds of the session's clock."""

    row: LightningInvoice
    at: float

    @cached_property
    def memo(self) -> str:
        return _normal(self.row.memo)

    @cached_property
    def amount_msat(self) -> int | None:
        return self.row.amount_msat


@frozen(eq=False)
class Claimant:
    """A create that was sent and may have made an invoice."""

    command: CreateLightningInvoice
    unknown: OutcomeUnknown | None
    """What it ended with, if it was told."""
    sent_at: float
    """By the session's clock; -inf if nobody knows."""
    since: datetime
    until: datetime
    """When its invoice can have been made, by the server's clock."""
    is_under_way: bool = False
    """Whether its caller waits: its answer will tell."""

    @classmethod
    def of(
        cls,
        command: CreateLightningInvoice,
        unknown: OutcomeUnknown | None,
        *,
        sent_at: float,
        lost_at: float,
        zeros: tuple[Moment, ...],
        is_under_way: bool = False,
    ) -> Claimant:
        """What was sent and lost at these times of the session's clock, inf if it is not lost.

        It counts whatever the server's clock was at the time by any of `zeros`: that may have been
        set since, and the session's may have stood still.
        """
        since = (_later(zero.utc - zero.within - _BEFORE, sent_at, _FIRST) for zero in zeros)
        until = (_later(zero.utc + zero.within + _AFTER, lost_at, _LAST) for zero in zeros)
        first, last = min(since, default=_FIRST), max(until, default=_LAST)
        return cls(command, unknown, sent_at, first, last, is_under_way)

    def may_have_made(self, seen: Seen) -> bool:
        """Whether a row may be its invoice.

        By the mark, if it has one, whatever the time and the amount; else by amount, memo and time.
        """
        if seen.at < self.sent_at:
            return False
        if self.command.mark is not None:
            return seen.memo.endswith(f"#{self.command.mark}")
        return (
            seen.memo == _normal(self.command.memo)
            and self.since <= (seen.row.created_at or self.since) <= self.until
            and self._asked_for_amount_of(seen) is not False
        )

    def _asked_for_amount_of(self, seen: Seen) -> bool | None:
        """None if the row's amount cannot be read."""
        if seen.amount_msat is None:
            return None
        return seen.amount_msat == self.command.amount_sats * _MSAT_PER_SAT

    def finds_by_mark(self, rows: Sequence[Seen]) -> bool:
        """Whether its mark tells which of these it has made, if nobody else can have made it."""
        marked = self.command.mark is not None
        return marked and len(rows) == 1 and self._asked_for_amount_of(rows[0]) is True

    def why(self, rows: Sequence[Seen]) -> str:
        """What speaks for these rows that it may have made, and why it is not sure."""
        if self.command.mark is None:
            agree = "amount, memo and time" if self.since > _FIRST else "amount and memo"
            if any(seen.amount_msat is None for seen in rows):
                agree += " (where it can be read)"
            return f"{agree} agree, and no mark in the memo tells whose it is"
        if len(rows) > 1:
            return "several rows hold its mark"
        if (right := self._asked_for_amount_of(rows[0])) is not True:
            amount = "an amount that cannot be read" if right is None else "another amount"
            return f"its mark is on {amount}"
        return "another command may have made the row that holds its mark"


# -- dividing --------------------------------------------------------------------------------------


def left_by(claimants: Iterable[Claimant], rows: Iterable[Seen]) -> list[Seen]:
    """The rows left, the oldest first, when each claimant took one that it may have made.

    `rows` come the oldest first. They go out newest first, each to whom of those it suits that was
    sent last: where times alone decide, no way of dividing serves more claimants.
    """
    waiting = sorted(claimants, key=lambda claimant: claimant.sent_at, reverse=True)
    left: list[Seen] = []
    for seen in reversed([*rows]):
        takers = (claimant for claimant in waiting if claimant.may_have_made(seen))
        if (taker := next(takers, None)) is None:
            left.append(seen)
        else:
            waiting.remove(taker)
    return left[::-1]


def _later(start: datetime, seconds: float, otherwise: datetime) -> datetime:
    """So much later; `otherwise` beyond the calendar."""
    try:
        return start + timedelta(seconds=seconds)
    except OverflowError:
        return otherwise


def _normal(memo: str | None) -> str:
    return normal(memo or "")
