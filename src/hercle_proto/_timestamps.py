"""The vendor's timestamps: 0 to 7 fractional digits; Z, an offset, or nothing, which is UTC too.

.NET writes 7 digits and, for a `DateTime` without kind, no zone; its two sentinels are
`0001-01-01T00:00:00` and `9999-12-31T23:59:59.9999999`. All of them become aware UTC, rounded to
microseconds; what falls off the ends of the calendar stays at the end.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

__all__ = ["parse_timestamp", "to_utc"]

_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)
_BEYOND_MICROSECONDS: Final = re.compile(r"(\.\d{6})\d+")


def to_utc(moment: datetime) -> datetime:
    """The same moment as aware UTC; one without zone is taken as UTC."""
    if moment.tzinfo is UTC:
        return moment
    offset = moment.utcoffset()
    if not offset:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return _FIRST if offset > timedelta(0) else _LAST


def parse_timestamp(text: str) -> datetime:
    """Read one timestamp. Raises `ValueError` where it is none."""
    try:
        return to_utc(msgspec.convert(text, datetime))
    except msgspec.ValidationError:
        # .NET's DateTime.MaxValue, rounded up, would be the year 10000.
        cut = _BEYOND_MICROSECONDS.sub(r"\1", text)
    try:
        return to_utc(msgspec.convert(cut, datetime))
    except msgspec.ValidationError:
        raise ValueError("not an ISO 8601 timestamp") from None
