"""What the server's clock shows, by its `Date` headers or by our calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hercle_proto import InvalidArgument
from hercle_proto.client import Moment, ServerClock

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_nobodys_clock() -> None:
    clock = ServerClock()
    clock.start(now=100.0)
    clock.heed(None, now=101.0)
    assert clock.at(102.0) is None
    assert clock.offset is None


def test_our_calendar_is_good_to_five_minutes() -> None:
    clock = ServerClock(NOON)
    assert clock.at(100.0) is None
    clock.start(now=100.0)
    assert clock.at(3700.0) == Moment(NOON + HOUR, within=timedelta(minutes=5))
    assert clock.offset is None


def test_the_servers_date_is_good() -> None:
    clock = ServerClock(NOON)
    clock.start(now=100.0)
    clock.heed(NOON + 2 * HOUR, now=160.0)
    clock.heed(None, now=170.0)
    assert clock.at(160.0 + 3600.0) == Moment(NOON + 3 * HOUR, within=timedelta(0))
    assert clock.offset == 2 * HOUR - timedelta(minutes=1)


def test_the_newest_date_counts() -> None:
    clock = ServerClock()
    clock.heed(NOON, now=0.0)
    clock.heed(NOON + HOUR, now=1.0)
    moment = clock.at(2.0)
    assert moment is not None
    assert moment.utc == NOON + HOUR + timedelta(seconds=1)
    assert clock.offset is None  # ours is not known


@pytest.mark.parametrize("year", [1, 1970, 1999, 3000, 9999])
def test_a_clock_that_nobody_set_is_not_believed(year: int) -> None:
    clock = ServerClock()
    clock.heed(datetime(year, 1, 1, tzinfo=UTC), now=1e9)
    assert clock.at(0.0) is None


def test_a_calendar_without_zone_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="utc_now"):
        ServerClock(NOON.replace(tzinfo=None))
