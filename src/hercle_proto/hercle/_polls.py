"""Listings that a session asks for by itself: when, and the one that is under way.

Times are seconds.
"""

from __future__ import annotations

from math import inf
from typing import Final

from hercle_proto._contract import Call, Entropy
from hercle_proto._errors import NotSent, TimedOut
from hercle_proto.hercle._listings import duration
from hercle_proto.hercle._models import InvoiceSnapshot

__all__ = ["Pace", "Polls"]


class Pace:
    """How long to wait for the next listing."""

    LEAST: Final = 5.0
    MOST: Final = 300.0
    """After failures, unless listings take so long that they are asked for less often anyway."""
    LONGEST: Final = 1200.0
    """After a listing of a minute or more: it may be that the machine slept."""
    SHARE: Final = 20

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._delay = self.LEAST

    def answered(self, duration: float) -> float:
        """The delay after a listing that took so long."""
        self._delay = min(max(self.LEAST, self.SHARE * duration), self.LONGEST)
        return self._drawn(self._delay)

    def failed(self) -> float:
        """The delay after one that failed."""
        self._delay = max(self._delay, min(2 * self._delay, self.MOST))
        return self._drawn(self._delay)

    def not_sent(self) -> float:
        """The delay after one that waited for a connection: nobody was asked for it."""
        return self._drawn(self.LEAST)

    def _drawn(self, delay: float) -> float:
        chance = int.from_bytes(self._entropy(4)) / 2**32
        return delay * (0.9 + 0.2 * chance)


class Polls:
    """One at a time, at a pace that lasts, whoever needs them."""

    PATIENCE: Final = Pace.MOST
    """For one listing, in sessions whose calls may take for ever."""

    def __init__(self, entropy: Entropy) -> None:
        self._pace = Pace(entropy)
        self._due = -inf
        self._given_up_at = inf
        self.listing: Call[InvoiceSnapshot] | None = None
        """The one that is under way."""

    def next_deadline(self, *, wanted: bool) -> float:
        """When `is_due` or `given_up` change; `wanted` is whether anybody needs them."""
        if self.listing is not None:
            return self._given_up_at
        return self._due if wanted else inf

    def is_due(self, *, now: float) -> bool:
        """Whether to ask for the next one."""
        return self.listing is None and self._due <= now

    def given_up(self, *, now: float) -> Call[InvoiceSnapshot] | None:
        """The one that is under way, if it takes too long."""
        return self.listing if self._given_up_at <= now else None

    def asked(self, listing: Call[InvoiceSnapshot], *, now: float) -> None:
        """It is under way."""
        self.listing = listing
        self._given_up_at = now + self.PATIENCE

    def came(self, listing: Call[InvoiceSnapshot], *, now: float) -> None:
        """A listing was answered: the one under way, or the first of who watches."""
        self._ended(listing)
        self._due = now + self._pace.answered(duration(listing, now=now))

    def failed(self, listing: Call[InvoiceSnapshot] | None, *, now: float) -> float:
        """The one under way failed, or (None) could not be asked for. The delay until the next."""
        match listing and listing.error:
            case NotSent(cause=TimedOut()):  # it waited for a connection, and asked nobody
                delay = self._pace.not_sent()
            case _:
                delay = self._pace.failed()
        self._ended(listing)
        self._due = now + delay
        return delay

    def _ended(self, listing: Call[InvoiceSnapshot] | None) -> None:
        if listing is self.listing:
            self.listing = None
            self._given_up_at = inf
