"""What changed between listings of invoices, told once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from math import inf
from typing import Any, ClassVar, Final, TypeAlias

from attrs import field, frozen
from msgspec.structs import replace

from hercle_proto._contract import Command, Event
from hercle_proto._errors import HercleProtoError, InvalidArgument
from hercle_proto.client import Moment
from hercle_proto.hercle._models import InvoiceSnapshot, LightningInvoice

__all__ = [
    "InvoiceAppeared",
    "InvoiceChanged",
    "InvoiceClosed",
    "ListingFailed",
    "StopWatching",
    "WaitClosed",
    "Watch",
    "Watcher",
    "distinct",
]

_CLOSED: Final = "CLOSED"
_ABOUT: Final = timedelta(seconds=30)
"""Clocks are not known better than this, nor is when a row was read."""


# -- commands --------------------------------------------------------------------------------------


@frozen
class Watch(Command[InvoiceSnapshot]):
    """Tell by events what happens to invoices from now on. The answer is what there is now.

    The session asks for listings by itself, across reconnects: one at a time, every 5 seconds or
    twenty times as long as the last one took, give or take a tenth, and less and less often, up to
    every 5 minutes, while they fail, which `ListingFailed` tells. It ends like
    `GetLightningInvoices`.
    """

    repeatable: ClassVar[bool] = True


@frozen
class StopWatching(Command[None]):
    """Tell no more of what happens to invoices; what was not taken yet is dropped."""

    repeatable: ClassVar[bool] = True


# -- events ----------------------------------------------------------------------------------------


@frozen
class InvoiceAppeared(Event):
    """An invoice that neither the answer to `Watch` nor an event held before. One that is closed
    already is told so next.
    """

    invoice: LightningInvoice


@frozen
class InvoiceChanged(Event):
    """Something in an invoice changed, but for its closing and the estimates of its worth."""

    before: LightningInvoice
    invoice: LightningInvoice


@frozen
class InvoiceClosed(Event):
    """The vendor closed an invoice, told once of each. That does not tell whether anybody sent
    money.

    `before_expiry` is whether it was closed before it was over, by the server's clock: True if it
    was seen closed before then, False if it was seen open after it, else None.
    """

    invoice: LightningInvoice
    before_expiry: bool | None


@frozen
class ListingFailed(Event):
    """A listing that `Watch` or `WaitClosed` needs ended with `error`; the next one is asked for
    `delay` seconds later. Of several in a row that nobody took, the last is told.
    """

    error: HercleProtoError
    delay: float


WatchEvent: TypeAlias = InvoiceAppeared | InvoiceChanged | InvoiceClosed | ListingFailed


def _check_id(_instance: object, _attribute: object, value: Any) -> None:
    if not isinstance(value, str) or not value:
        got = repr(value) if isinstance(value, str) else type(value).__name__
        raise InvalidArgument("id", "must be an invoice's id", got)


@frozen
class WaitClosed(Command[InvoiceClosed]):
    """Wait until the vendor has closed an invoice, listed already or not.

    The session asks for listings as it does for `Watch`. Without a time-out it waits as long as the
    session lasts, or until the key is refused. Raises `InvalidArgument`.
    """

    repeatable: ClassVar[bool] = True

    id: str = field(validator=_check_id)


# -- what changed ----------------------------------------------------------------------------------


class Watcher:
    """The newest listing, and what its listener was told of it.

    Events are the difference between the two and are made when they are taken, each row in its
    turn. So a listener that lags misses no invoice and no closing, hears of a row's changes at
    once, and costs as much memory as one more listing, however long it lags.
    """

    def __init__(self) -> None:
        self._asked_at = -inf
        self._rows: dict[str, LightningInvoice] = {}
        self._open_at: dict[str, Moment | None] = {}  # when a row was last seen that is not closed
        self._closings: dict[str, InvoiceClosed] = {}
        self._closed_at: dict[str, float] = {}  # when the newest listing with it closed was asked
        self._told: dict[str, LightningInvoice] | None = None  # None: nobody listens
        self._told_closed: set[str] = set()
        self._failure: ListingFailed | None = None
        self._due: dict[str, None] = {}  # rows with something to tell, in order
        self.has_news = False
        """Whether there is something that the listener was not told yet."""

    def take(
        self,
        snapshot: InvoiceSnapshot,
        *,
        asked_at: float,
        asked: Moment | None,
        came: Moment | None,
    ) -> None:
        """A listing came; `asked` and `came` are what the server's clock showed then.

        Of one that was asked for earlier than the newest, only closings are news. Of rows with one
        id, and in listings that were asked for together, the closed one counts.
        """
        self._failure = None
        is_newest = asked_at >= self._asked_at
        self._asked_at = max(self._asked_at, asked_at)
        for row in snapshot.invoices:
            if is_newest or (is_closed(row) and row.id not in self._closings):
                self._take_row(row, asked_at, asked, came)
        self._look()

    def _take_row(
        self, row: LightningInvoice, asked_at: float, asked: Moment | None, came: Moment | None
    ) -> None:
        if is_closed(row):
            self._closed_at[row.id] = asked_at
            self._take_closing(row, came)
        elif self._closed_at.get(row.id, -inf) >= asked_at:
            return
        else:
            self._open_at[row.id] = asked
        self._rows[row.id] = row
        if self._told is None or self._knows(row, self._told.get(row.id)):
            self._due.pop(row.id, None)
        else:
            self._due[row.id] = None

    def _take_closing(self, row: LightningInvoice, came: Moment | None) -> None:
        known = self._closings.get(row.id)
        if known is None:
            before_expiry = _before_expiry(row, self._open_at.get(row.id), came)
            self._closings[row.id] = InvoiceClosed(row, before_expiry)
        elif known.invoice != row:
            self._closings[row.id] = InvoiceClosed(row, known.before_expiry)

    def _knows(self, row: LightningInvoice, told: LightningInvoice | None) -> bool:
        """Whether the listener was told all of it."""
        untold = row.id in self._closings and row.id not in self._told_closed
        return not untold and told is not None and _alike(told, row)

    def listen(self, baseline: InvoiceSnapshot) -> None:
        """Somebody listens, and knows this listing, which was taken before."""
        self._told = distinct(baseline.invoices)
        self._told_closed = {row.id for row in self._told.values() if is_closed(row)}
        for row in self._rows.values():
            if not self._knows(row, self._told.get(row.id)):
                self._due[row.id] = None
        self._look()

    def stop(self) -> None:
        """Nobody listens."""
        self._told = self._failure = None
        self._due.clear()
        self._look()

    @property
    def listened_to(self) -> bool:
        return self._told is not None

    def failed(self, failure: ListingFailed) -> None:
        """A listing did not come."""
        self._failure = failure
        self._look()

    def closing(self, invoice_id: str) -> InvoiceClosed | None:
        """That it was closed, if it was."""
        return self._closings.get(invoice_id)

    def next_event(self) -> WatchEvent:
        """What the listener was not told yet, if it `has_news`: each row once before any again."""
        if (failure := self._failure) is not None:
            self._failure = None
            self._look()
            return failure
        assert self._told is not None
        row = self._rows[next(iter(self._due))]
        before = self._told.get(row.id)
        event: InvoiceAppeared | InvoiceChanged | InvoiceClosed
        if before is None:
            event = InvoiceAppeared(row)
        elif row.id in self._closings and row.id not in self._told_closed:
            event = self._closings[row.id]
            self._told_closed.add(row.id)
        else:
            event = InvoiceChanged(before, row)
        self._told[row.id] = event.invoice
        if self._knows(row, event.invoice):
            del self._due[row.id]
        self._look()
        return event

    def _look(self) -> None:
        self.has_news = bool(self._due) or self._failure is not None


def distinct(rows: Iterable[LightningInvoice]) -> dict[str, LightningInvoice]:
    """By id. Of several with one id a closed one counts."""
    found: dict[str, LightningInvoice] = {}
    for row in rows:
        if row.id not in found or is_closed(row):
            found[row.id] = row
    return found


def is_closed(row: LightningInvoice) -> bool:
    """Whether the vendor closed it."""
    return row.status == _CLOSED


def _alike(before: LightningInvoice, row: LightningInvoice) -> bool:
    """Whether they differ in nothing but the vendor's estimates, which move with the market."""
    return before == row or before == replace(
        row,
        amount_preferred_currency_unit=before.amount_preferred_currency_unit,
        amount_preferred_currency_value_rounded=before.amount_preferred_currency_value_rounded,
        amount_preferred_currency_value_approx=before.amount_preferred_currency_value_approx,
    )


def _before_expiry(
    row: LightningInvoice, open_at: Moment | None, closed_at: Moment | None
) -> bool | None:
    if closed_at and row.is_expired(at=closed_at.utc + closed_at.within + _ABOUT) is False:
        return True
    if open_at and row.is_expired(at=open_at.utc - open_at.within - _ABOUT):
        return False
    return None
