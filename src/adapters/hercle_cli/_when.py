"""Times as people type them: a date, a time with its zone, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from hercle_cli._exits import Exit, Failed

__all__ = ["parse_period", "parse_when"]

_AGO: Final = re.compile(r"([0-9]{1,6})([smhdw])")
_UNITS: Final = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def parse_when(option: str, text: str, *, now: datetime) -> datetime:
    """The time in UTC; a date is its midnight there, `7d` is seven days before `now`.

    Raises `Failed`, which names the option.
    """
    try:
        if (ago := _AGO.fullmatch(text)) is not None:
            return now - int(ago[1]) * _UNITS[ago[2]]
        moment = _iso(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Failed(
        Exit.USAGE,
        f"{option} must be a date (2024-03-28), a time with its zone (2024-03-28T17:00Z) or how "
        f"long ago (30m, 2h, 7d); got {text[:40]!r}",
    )


def parse_period(
    since: str | None, until: str | None, *, now: datetime
) -> tuple[datetime | None, datetime | None]:
    """What `--from` and `--to` say. Raises `Failed`."""
    begin = None if since is None else parse_when("--from", since, now=now)
    end = None if until is None else parse_when("--to", until, now=now)
    if begin is not None and end is not None and begin > end:
        raise Failed(Exit.USAGE, f"--from must not be after --to; got {since} and {until}")
    return begin, end


def _iso(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        return datetime.fromisoformat(text)
