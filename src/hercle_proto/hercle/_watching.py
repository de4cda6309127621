"""What changed between listings of invoices, told once, and how often to ask for one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from math import inf
from typing import ClassVar, Final, TypeAlias

from attrs import frozen
from msgspec.structs import replace

from hercle_proto._contract import Command, Entropy, Event
from hercle_proto._errors import HercleProtoError
from hercle_proto.client import Moment
from hercle_proto.hercle._models import InvoiceSnapshot, LightningInvoice

__all__ = [
    "InvoiceAppeared",
    "InvoiceChanged",
    "InvoiceClosed",
    "ListingFailed",
    "Pace",
    "StopWatching",
    "WaitClosed",
    "Watch",
    "Watcher",
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
    """An invoice that no listing held before. One that is closed already is told so next."""

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


@frozen
class WaitClosed(Command[InvoiceClosed]):
    """Wait until the vendor has closed an invoice, listed already or not.

    The session asks for listings as it does for `Watch`. Without a time-out it waits as long as the
    session lasts, or until the key is refused.
    """

    repeatable: ClassVar[bool] = True

    id: str


# -- what changed ----------------------------------------------------------------------------------


class Watcher:
    """The newest listing, and what its listener was told of it.

    Events are the difference between the two and are made when they are taken. So a listener that
    lags misses no invoice and no closing, hears of a row's changes at once, and costs no memory.
    """

    def __init__(self) -> None:
        self._asked_at = -inf
        self._rows: dict[str, LightningInvoice] = {}
        self._open_at: dict[str, Moment | None] = {}  # when a row was last seen that is not closed
        self._closed: dict[str, bool | None] = {}  # ids, with `before_expiry`
        self._told: dict[str, LightningInvoice] | None = None  # None: nobody listens
        self._told_closed: set[str] = set()
        self.news: Iterator[WatchEvent] = iter(())
        """What the listener was not told yet."""

    def take(
        self,
        snapshot: InvoiceSnapshot,
        *,
        asked_at: float,
        asked: Moment | None,
        came: Moment | None,
    ) -> None:
        """A listing came; `asked` and `came` are what the server's clock showed then.

        One that was asked for earlier than the newest is news no more.
        """
        if asked_at < self._asked_at:
            return
        self._asked_at = asked_at
        for row in snapshot.invoices:
            self._rows[row.id] = row
            if not is_closed(row):
                self._open_at[row.id] = asked
            elif row.id not in self._closed:
                self._closed[row.id] = _before_expiry(row, self._open_at.get(row.id), came)
        self.news = self._differences()

    def listen(self, baseline: InvoiceSnapshot) -> None:
        """Somebody listens, and knows this listing."""
        self._told = {row.id: row for row in baseline.invoices}
        self._told_closed = {row.id for row in baseline.invoices if is_closed(row)}
        self.news = self._differences()

    def stop(self) -> None:
        """Nobody listens."""
        self._told = None
        self.news = iter(())

    @property
    def listened_to(self) -> bool:
        return self._told is not None

    def failed(self, failure: ListingFailed) -> None:
        """A listing did not come."""
        self.news = chain((failure,), self._differences())

    def closing(self, invoice_id: str) -> InvoiceClosed | None:
        """That it was closed, if it was."""
        if invoice_id not in self._closed:
            return None
        return InvoiceClosed(self._rows[invoice_id], self._closed[invoice_id])

    def _differences(self) -> Iterator[WatchEvent]:
        """Each is told once it is taken. A new listing begins anew, with what is left to tell."""
        if (told := self._told) is None:
            return
        for row in [*self._rows.values()]:
            before = told.get(row.id)
            closing = None if row.id in self._told_closed else self.closing(row.id)
            told[row.id] = row
            if before is None:
                yield InvoiceAppeared(row)
            elif closing is None and not _alike(before, row):
                yield InvoiceChanged(before, row)
            if closing is not None:
                self._told_closed.add(row.id)
                yield closing


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


# -- how often -------------------------------------------------------------------------------------


class Pace:
    """How long to wait for the next listing. Times are seconds."""

    LEAST: Final = 5.0
    MOST: Final = 300.0
    """After failures; a listing that takes long is asked for less often still."""
    SHARE: Final = 20

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._delay = self.LEAST

    def answered(self, duration: float) -> float:
        """The delay after a listing that took so long."""
        self._delay = max(self.LEAST, self.SHARE * duration)
        return self._drawn()

    def failed(self) -> float:
        """The delay after one that failed."""
        self._delay = max(self._delay, min(2 * self._delay, self.MOST))
        return self._drawn()

    def _drawn(self) -> float:
        chance = int.from_bytes(self._entropy(4)) / 2**32
        return self._delay * (0.9 + 0.2 * chance)
