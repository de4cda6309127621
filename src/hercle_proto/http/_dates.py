"""Dates of HTTP (RFC 9110, section 5.6.7)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

__all__ = ["parse_date"]

_DATE: Final = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) "
    r"([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT"
)
_MONTHS: Final[dict[str, int]] = dict(
    zip("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), range(1, 13), strict=True)
)


def parse_date(text: str | None) -> datetime | None:
    """A date in the one form that servers may write; None where there is none, or another."""
    found = _DATE.fullmatch((text or "").strip())
    if found is None or found[2] not in _MONTHS:
        return None
    day, _, year, hour, minute, second = found.groups()
    try:
        # A leap second is told as the one before it.
        return datetime(
            int(year),
            _MONTHS[found[2]],
            int(day),
            int(hour),
            int(minute),
            min(int(second), 59),
            tzinfo=UTC,
        )
    except ValueError:
        return None
