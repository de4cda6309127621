"""Which invoice of a listing a create has made whose outcome is unknown. Nothing here creates.

A row is somebody's at most once. What an answer named belongs to that answer's command; what was
shown to one unknown command as its own, or as a candidate, is never shown to another. Two commands
that agree in amount and memo are interchangeable, so it does not matter which gets which row; it
would matter if both got one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any, ClassVar, Final, TypeAlias

from attrs import field, frozen

from hercle_proto._contract import Command
from hercle_proto._errors import InvalidArgument, InvoiceMismatch, OutcomeUnknown
from hercle_proto.client import ServerClock
from hercle_proto.hercle._commands import CreateLightningInvoice
from hercle_proto.hercle._matching import normal
from hercle_proto.hercle._models import CreatedInvoice, InvoiceSnapshot, LightningInvoice

__all__ = ["Candidates", "NotSeenYet", "Reconcile", "Reconciled", "Reconciler", "Unique"]

_MSAT_PER_SAT: Final = 1000
_BEFORE: Final = timedelta(minutes=2)
_AFTER: Final = timedelta(minutes=10)
"""A server may still be at it when the connection is long lost."""
_EVER: Final = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


@frozen
class Unique:
    """The command was carried out, and this is its invoice: the memo holds its mark, or an answer
    that came late named it."""

    invoice: LightningInvoice


@frozen
class Candidates:
    """Rows that may be the command's invoice, the oldest first; `why` says what speaks for them
    and why it is not sure. They are offered to no other command."""

    rows: tuple[LightningInvoice, ...]
    why: str


@frozen
class NotSeenYet:
    """The listing has no row that fits. That is no proof: the server may still be at it.

    `as_of` is what the server's clock showed when the listing was asked for, None if nobody's clock
    is known. `unreadable` is how many rows could not be read; any of them may be it.
    """

    as_of: datetime | None
    unreadable: int = 0


Reconciled: TypeAlias = Unique | Candidates | NotSeenYet


def _check_unknown(_instance: object, _attribute: object, value: OutcomeUnknown) -> None:
    if not isinstance(value.command, CreateLightningInvoice):
        raise InvalidArgument("unknown", "must be of a CreateLightningInvoice", value.command.name)


@frozen
class Reconcile(Command[Reconciled]):
    """Look up what came of a create whose outcome is unknown, in a listing asked for now.

    It never creates, so it can be asked as often as you like. `unknown` is what the create ended
    with in a session of the same clock, this one at best. It ends like `GetLightningInvoices`.
    """

    repeatable: ClassVar[bool] = True

    unknown: OutcomeUnknown = field(validator=_check_unknown)


class Reconciler:
    """What one session knows of the invoices and of its own creates. Times are the session's `now`,
    the calendar is `clock`'s.
    """

    def __init__(self, clock: ServerClock) -> None:
        self._clock = clock
        self._seen: dict[str, float] = {}  # ids of all rows, with when they were first seen
        self._made: dict[str, CreateLightningInvoice] = {}  # by the id that the answer named
        self._held: dict[str, CreateLightningInvoice] = {}  # by the id of the row shown to it
        self._under_way: dict[CreateLightningInvoice, None] = {}
        self._lost: dict[CreateLightningInvoice, None] = {}

    def sends(self, command: Command[Any]) -> None:
        """A command is on its way."""
        if isinstance(command, CreateLightningInvoice):
            self._under_way[command] = None

    def gave_up(self, command: Command[Any]) -> None:
        """Its caller went away; it may never be told what came of it."""
        if isinstance(command, CreateLightningInvoice) and command in self._under_way:
            del self._under_way[command]
            self._lost[command] = None

    def note(self, command: Command[Any], result: object, *, now: float) -> None:
        """Learn from what a command ended with, be it late."""
        if isinstance(command, CreateLightningInvoice):
            self._under_way.pop(command, None)
        match command, result:
            case _, InvoiceSnapshot(invoices=rows):
                for row in rows:
                    self._seen.setdefault(row.id, now)
            case CreateLightningInvoice(), CreatedInvoice(id=id):
                self._made[id] = command
            case CreateLightningInvoice(), InvoiceMismatch(created=created):
                self._made[created.id] = command
            case CreateLightningInvoice(), OutcomeUnknown():
                self._lost[command] = None
            case _:
                pass

    def look_up(
        self, unknown: OutcomeUnknown, snapshot: InvoiceSnapshot, *, asked_at: float
    ) -> Reconciled:
        """What a listing that was asked for at `asked_at` tells of an unknown command."""
        command = unknown.command
        assert isinstance(command, CreateLightningInvoice)
        named = [row for row in snapshot.invoices if self._made.get(row.id) == command]
        if named:
            return Unique(named[0])
        free = [row for row in snapshot.invoices if self._is_free(row, command)]
        if command.mark is not None:
            found = self._by_mark(command, free)
        else:
            found = self._by_likeness(command, self._alike(unknown, command, free), asked_at)
        if found is not None:
            return found
        moment = self._clock.at(asked_at)
        return NotSeenYet(None if moment is None else moment.utc, len(snapshot.unreadable))

    def _is_free(self, row: LightningInvoice, command: CreateLightningInvoice) -> bool:
        """Whether it has the command's memo, and is nobody else's."""
        return (
            _normal(row.memo) == _normal(command.memo)
            and row.id not in self._made
            and self._held.get(row.id, command) == command
        )

    def _by_mark(
        self, command: CreateLightningInvoice, rows: list[LightningInvoice]
    ) -> Unique | Candidates | None:
        if len(rows) == 1 and rows[0].amount_msat == _amount_msat(command):
            return Unique(rows[0])
        why = "several rows hold its mark" if len(rows) > 1 else "its mark is on another amount"
        return Candidates(tuple(rows), why) if rows else None

    def _alike(
        self, unknown: OutcomeUnknown, command: CreateLightningInvoice, rows: list[LightningInvoice]
    ) -> list[LightningInvoice]:
        """Those of its amount and its time, the oldest first."""
        since, until = self._span(unknown)
        found = [
            row
            for row in rows
            if self._seen.get(row.id, inf) >= unknown.sent_at
            and since <= (row.created_at or since) <= until
            and row.amount_msat == _amount_msat(command)
        ]
        return sorted(found, key=lambda row: (row.created_at or since, row.id))

    def _span(self, unknown: OutcomeUnknown) -> tuple[datetime, datetime]:
        """When its invoice was made, by the server's clock; any time where nobody's is known."""
        first, last = self._clock.at(unknown.sent_at), self._clock.at(unknown.ended_at)
        if first is None or last is None:
            return _EVER
        return first.utc - first.within - _BEFORE, last.utc + last.within + _AFTER

    def _by_likeness(
        self, command: CreateLightningInvoice, rows: list[LightningInvoice], asked_at: float
    ) -> Candidates | None:
        """What it was shown before, and its share of the rest.

        Commands like it that are still under way get one each before it, for their answers will
        tell; those that are lost too, one each as long as there are enough.
        """
        shown = [row for row in rows if row.id in self._held]
        rest = [row for row in rows if row.id not in self._held]
        rest = rest[: max(0, len(rest) - self._like(command, self._under_way))]
        others = self._like(command, self._lost)
        share = rest[: max(0 if shown else 1, len(rest) - others)]
        self._held.update((row.id, command) for row in share)
        theirs = [row for row in rows if row in shown or row in share]
        if not theirs:
            return None
        agree = "amount, memo and time" if self._clock.at(asked_at) else "amount and memo"
        why = f"{agree} agree, and no mark in the memo tells whose it is"
        if others:
            why += f"; {others} more unknown commands ask for the same"
        return Candidates(tuple(theirs), why)

    def _like(
        self, command: CreateLightningInvoice, others: Iterable[CreateLightningInvoice]
    ) -> int:
        """How many others ask for the same and were not found."""
        found = {command, *self._held.values(), *self._made.values()}
        return sum(
            other not in found
            and other.amount_btc == command.amount_btc
            and _normal(other.memo) == _normal(command.memo)
            for other in others
        )


def _normal(memo: str | None) -> str:
    return normal(memo or "")


def _amount_msat(command: CreateLightningInvoice) -> int:
    return command.amount_sats * _MSAT_PER_SAT
