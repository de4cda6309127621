"""The calendar, as far as a session knows it: by the server's `Date` headers, else by ours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

from hercle_proto._errors import InvalidArgument

__all__ = ["Moment", "ServerClock"]

_OURS_DIFFERS: Final = timedelta(minutes=5)
_BELIEVABLE: Final = range(2000, 3000)
"""Years. A clock beyond them was never set, or is a joke that ends in an overflow."""


@frozen
class Moment:
    """What the server's clock shows, give or take `within`; in UTC."""

    utc: datetime
    within: timedelta


class ServerClock:
    """Turns seconds of the session's own clock (`now`) into the server's calendar.

    `utc_now` is what our calendar shows when the session starts; without it only `Date` headers
    count. Where the session's clock stands still, as some do while a machine sleeps, the next
    header sets it right; until then it is slow.
    """

    def __init__(self, utc_now: datetime | None = None) -> None:
        if utc_now is not None and utc_now.tzinfo is None:
            raise InvalidArgument("utc_now", "must be a time with its zone", "a naive one")
        self._utc_now = utc_now
        self._ours: datetime | None = None  # what our calendar showed when `now` was 0
        self._servers: datetime | None = None  # what the server's showed then

    def start(self, *, now: float) -> None:
        """The session starts."""
        if self._utc_now is not None:
            self._ours = self._utc_now - timedelta(seconds=now)

    def heed(self, date: datetime | None, *, now: float) -> None:
        """An answer came with this `Date`, or without one that can be read."""
        if date is not None and date.year in _BELIEVABLE:
            self._servers = date - timedelta(seconds=now)

    @property
    def offset(self) -> timedelta | None:
        """How far the server's clock is ahead of ours; None while one of them is not known."""
        if self._servers is None or self._ours is None:
            return None
        return self._servers - self._ours

    def at(self, now: float) -> Moment | None:
        """What the server's clock shows; None if nobody's clock is known.

        By a `Date` header it is late at most, by the header's way to us. That is to the safe side:
        nothing counts as over too early.
        """
        if self._servers is not None:
            return Moment(self._servers + timedelta(seconds=now), timedelta(0))
        if self._ours is not None:
            return Moment(self._ours + timedelta(seconds=now), _OURS_DIFFERS)
        return None
