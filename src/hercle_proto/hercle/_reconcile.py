"""Which invoice of a listing a create has made whose outcome is unknown. Nothing here creates.

A row is somebody's at most once. What an answer named belongs to that answer's command; what was
shown to one unknown command as its own, or as a candidate, is never shown to another, unless a late
answer says that it was somebody else's. Two commands that agree in amount and memo are
interchangeable, so it does not matter which gets which row; it would matter if both got one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from math import inf
from typing import Any, ClassVar, TypeAlias

from attrs import field, frozen

from hercle_proto._contract import Call, Command
from hercle_proto._errors import InvalidArgument, InvoiceMismatch, OutcomeUnknown
from hercle_proto.client import Moment, ServerClock
from hercle_proto.hercle._claims import Claimant, Create, Seen, created_by, left_by
from hercle_proto.hercle._commands import CreateLightningInvoice
from hercle_proto.hercle._models import InvoiceSnapshot, LightningInvoice
from hercle_proto.hercle._watching import distinct

__all__ = ["Candidates", "NotSeenYet", "Reconcile", "Reconciled", "Reconciler", "Unique"]


# -- the command and its answers -------------------------------------------------------------------


@frozen
class Unique:
    """The command was carried out, and this is its invoice: the memo holds its mark, or an answer
    that came late named it. Of one that is not listed it has what that answer told.
    """

    invoice: LightningInvoice


@frozen
class Candidates:
    """Rows that may be the command's invoice, the oldest first; `why` says what speaks for them
    and why it is not sure.

    They are offered to no other command of the session. Only a late answer to another one may still
    take a row away.
    """

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


def _check_unknown(_instance: object, _attribute: object, unknown: OutcomeUnknown) -> None:
    value: object = unknown
    rule = "must be an OutcomeUnknown of a CreateLightningInvoice"
    if not isinstance(value, OutcomeUnknown):
        raise InvalidArgument("unknown", rule, type(value).__name__)
    if not isinstance(value.command, CreateLightningInvoice):
        raise InvalidArgument("unknown", rule, f"that of a {value.command.name}")
    for seconds in (value.sent_at, value.ended_at):
        if not -inf < seconds < inf:
            raise InvalidArgument("unknown", "must have finite times", repr(seconds))


@frozen
class Reconcile(Command[Reconciled]):
    """Look up what came of a create whose outcome is unknown, in a listing asked for now.

    It never creates, so it can be asked as often as you like. `unknown` is what the create ended
    with in this session, or a copy; of another session's, only a marked create is surely found.
    Raises `InvalidArgument`. It ends like `GetLightningInvoices`.
    """

    repeatable: ClassVar[bool] = True

    unknown: OutcomeUnknown = field(validator=_check_unknown)


# -- what a session knows --------------------------------------------------------------------------


class Reconciler:
    """What one session knows of the invoices and of its own creates. Times are the session's `now`,
    the calendar is `clock`'s.

    What became of a create is read off its call when that matters. A row is claimed by an
    `OutcomeUnknown`, not by its command: equal ones may have made two invoices.
    """

    def __init__(self, clock: ServerClock) -> None:
        self._clock = clock
        self._seen: dict[str, float] = {}  # ids of all rows, with when they were first seen
        self._made: set[str] = set()  # ids that answers named
        self._held: dict[str, OutcomeUnknown] = {}  # by the id of the row shown to it
        self._creates: dict[Call[Any], Create] = {}  # that did not surely end

    def sends(self, call: Call[Any]) -> None:
        """A command was submitted."""
        if isinstance(call.command, CreateLightningInvoice):
            self._creates[call] = create = Create(call.command, call)
            create.zeros = self._zero()

    def ended(self, call: Call[Any], *, now: float) -> None:
        """Its caller was told of its end, or went away."""
        if (create := self._creates.get(call)) is not None:
            create.given_up_at = now
            create.zeros += self._zero()
            self._learn(create)

    def saw(self, snapshot: InvoiceSnapshot, *, now: float) -> None:
        """A listing came."""
        for row in snapshot.invoices:
            self._seen.setdefault(row.id, now)

    def look_up(
        self, unknown: OutcomeUnknown, snapshot: InvoiceSnapshot, *, asked_at: float
    ) -> Reconciled:
        """What a listing that was asked for at `asked_at` tells of an unknown create."""
        self._learn_all()
        unknown = self._known_as(unknown)
        rows = distinct(snapshot.invoices)
        own = next((each for each in self._creates.values() if each.unknown is unknown), None)
        claimant = own.claimant(*self._zero()) if own else self._stranger(unknown, asked_at)
        if claimant is not None:
            found = self._find(claimant, unknown, rows.values())
        else:
            found = _told(own.outcome if own else None, rows)
        if found is not None:
            return found
        moment = self._clock.at(asked_at)
        return NotSeenYet(None if moment is None else moment.utc, len(snapshot.unreadable))

    # -- what became of them -----------------------------------------------------------------------

    def _learn_all(self) -> None:
        """Late answers name rows, and free those that were shown instead."""
        for create in [*self._creates.values()]:
            self._learn(create)
        known = {create.unknown for create in self._creates.values() if not create.is_open}
        self._held = {
            row_id: unknown
            for row_id, unknown in self._held.items()
            if row_id not in self._made and unknown not in known
        }

    def _learn(self, create: Create) -> None:
        if (created := created_by(create.outcome)) is not None:
            self._made.add(created.id)
        if not create.is_open and create.unknown is None:
            del self._creates[create.call]

    def _zero(self) -> tuple[Moment, ...]:
        """What the server's clock showed when ours was 0; nothing if nobody's is known."""
        zero = self._clock.at(0.0)
        return () if zero is None else (zero,)

    def _known_as(self, unknown: OutcomeUnknown) -> OutcomeUnknown:
        """Itself, or what it is a copy of: the same command, sent and lost at the same times."""
        known = [*(create.unknown for create in self._creates.values()), *self._held.values()]
        if unknown in known:
            return unknown
        key = _key(unknown)
        return next((each for each in known if each is not None and _key(each) == key), unknown)

    def _stranger(self, unknown: OutcomeUnknown, asked_at: float) -> Claimant:
        """Of another session: its times count if they can be this clock's and no mark tells."""
        command, sent_at, lost_at = unknown.command, unknown.sent_at, unknown.ended_at
        assert isinstance(command, CreateLightningInvoice)
        if command.mark is not None or max(sent_at, lost_at) > asked_at:
            sent_at, lost_at = -inf, inf
        return Claimant.of(command, unknown, sent_at=sent_at, lost_at=lost_at, zeros=self._zero())

    # -- whose a row may be ------------------------------------------------------------------------

    def _find(
        self, claimant: Claimant, unknown: OutcomeUnknown, rows: Iterable[LightningInvoice]
    ) -> Unique | Candidates | None:
        """Its share of the rows that it may have made and that are nobody else's."""
        free = [row for row in rows if row.id not in self._made]
        seen = [Seen(row, self._seen.get(row.id, inf)) for row in free]
        fits = [
            each
            for each in seen
            if self._held.get(each.row.id) is unknown or claimant.may_have_made(each)
        ]
        mine = [each for each in fits if self._held.get(each.row.id, unknown) is unknown]
        mine.sort(key=lambda each: (each.row.created_at or claimant.since, each.row.id))
        rivals = [each for each in self._others(unknown) if any(map(each.may_have_made, mine))]
        found = {*self._held.values()}
        unfound = [each for each in rivals if each.unknown not in found]
        self._share(unknown, mine, unfound)
        shown = [each for each in mine if each.row.id in self._held]
        if not shown:
            return None
        if claimant.finds_by_mark(shown) and len(fits) == 1 and not rivals:
            return Unique(shown[0].row)
        why = claimant.why(shown)
        if lost := sum(not each.is_under_way for each in unfound):
            why += f"; {lost} more unknown commands ask for the same"
        return Candidates(tuple(each.row for each in shown), why)

    def _others(self, unknown: OutcomeUnknown) -> Iterator[Claimant]:
        """All creates of this session that may have made an invoice, but for one."""
        zero = self._zero()
        for create in self._creates.values():
            other = create.claimant(*zero)
            if other is not None and other.unknown is not unknown:
                yield other

    def _share(self, unknown: OutcomeUnknown, rows: list[Seen], rivals: list[Claimant]) -> None:
        """Let it hold its share, besides what it holds.

        A row is left to each create under way, for its answer will tell; and one to each that is
        lost, but for the row that this one gets in any case.
        """
        rest = [seen for seen in rows if seen.row.id not in self._held]
        least = 0 if len(rest) < len(rows) else 1
        rest = left_by([each for each in rivals if each.is_under_way], rest)
        left = left_by([each for each in rivals if not each.is_under_way], rest)
        self._held.update((seen.row.id, unknown) for seen in left or rest[:least])


def _key(unknown: OutcomeUnknown) -> tuple[object, ...]:
    return unknown.command, unknown.sent_at, unknown.ended_at


def _told(outcome: object, rows: Mapping[str, LightningInvoice]) -> Unique | Candidates | None:
    """What a late answer says of its own command. One that was refused made none."""
    if (created := created_by(outcome)) is None:
        return None
    row = rows.get(created.id) or LightningInvoice(
        id=created.id,
        expires_at=created.expires_at,
        encoded_payment_request=created.encoded_payment_request,
    )
    return Candidates((row,), str(outcome)) if isinstance(outcome, InvoiceMismatch) else Unique(row)
