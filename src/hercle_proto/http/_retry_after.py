"""When a server that is busy may be asked again (RFC 9110, sections 5.6.7 and 10.2.3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from hercle_proto.http._messages import Response

__all__ = ["retry_after"]

_SECONDS: Final = re.compile(r"[0-9]{1,9}")
_DATE: Final = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) "
    r"([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT"
)
_MONTHS: Final = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def retry_after(response: Response) -> float | None:
    """Seconds until the answer's `Retry-After`; None where there is none that can be used.

    A date there counts from the answer's own `Date`, so that nobody's clock but the server's is
    asked; without one it says nothing.
    """
    told = (response.header("Retry-After") or "").strip()
    if _SECONDS.fullmatch(told):
        return float(told)
    then, now = _moment(told), _moment((response.header("Date") or "").strip())
    if then is None or now is None:
        return None
    return max(0.0, (then - now).total_seconds())


def _moment(text: str) -> datetime | None:
    """A date in the one form that servers may write."""
    found = _DATE.fullmatch(text)
    if found is None or found[2] not in _MONTHS:
        return None
    day, _, year, hour, minute, second = found.groups()
    month = _MONTHS.index(found[2]) + 1
    try:
        # A leap second is told as the one before it.
        return datetime(
            int(year), month, int(day), int(hour), int(minute), min(int(second), 59), tzinfo=UTC
        )
    except ValueError:
        return None
