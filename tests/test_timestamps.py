"""Every form of timestamp becomes aware UTC."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto._timestamps import parse_timestamp, to_utc

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)

READ = [
    ("2024-03-28T16:03:12.456Z", datetime(2024, 3, 28, 16, 3, 12, 456_000, UTC)),
    ("2024-03-28T16:03:12Z", datetime(2024, 3, 28, 16, 3, 12, 0, UTC)),
    ("2024-03-28T16:03:12", datetime(2024, 3, 28, 16, 3, 12, 0, UTC)),
    ("2023-10-11T23:00:57.93094Z", datetime(2023, 10, 11, 23, 0, 57, 930_940, UTC)),
    ("2023-10-11T23:00:57.93094+00:00", datetime(2023, 10, 11, 23, 0, 57, 930_940, UTC)),
    ("2026-11-22T20:57:29.0941535Z", datetime(2026, 11, 22, 20, 57, 29, 94_154, UTC)),
    ("2026-12-31T23:59:59.9999999Z", datetime(2027, 1, 1, 0, 0, 0, 0, UTC)),
    ("2024-03-28T16:03:12+01:30", datetime(2024, 3, 28, 14, 33, 12, 0, UTC)),
    ("2024-03-28T16:03:12.5-08:00", datetime(2024, 3, 29, 0, 3, 12, 500_000, UTC)),
    ("0001-01-01T00:00:00", datetime(1, 1, 1, 0, 0, 0, 0, UTC)),
    ("0001-01-01T00:00:00+02:00", datetime(1, 1, 1, 0, 0, 0, 0, UTC)),
    ("9999-12-31T23:59:59.9999999", datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)),
    ("9999-12-31T23:59:59.9999999Z", datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)),
    ("9999-12-31T23:59:59-02:00", datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)),
]

REFUSED = [
    "",
    "now",
    "2024-03-28",
    "16:03:12",
    "2024-03-28T16:03Z",
    "2024-02-30T00:00:00Z",
    "2024-03-28T16:03:12.Z",
    "2024-03-28T16:03:12 Z",
    "10000-01-01T00:00:00Z",
    "1711641792",
]


@pytest.mark.parametrize(("text", "moment"), READ)
def test_what_is_read(text: str, moment: datetime) -> None:
    read = parse_timestamp(text)
    assert read == moment
    assert read.tzinfo is UTC


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_timestamp(text: str) -> None:
    with pytest.raises(ValueError, match="not an ISO 8601 timestamp"):
        parse_timestamp(text)


@pytest.mark.parametrize("digits", range(8))
@pytest.mark.parametrize("zone", ["Z", "", "+00:00", "-00:00", "+05:30", "-11:00"])
def test_every_precision_with_every_zone(digits: int, zone: str) -> None:
    fraction = "." + "1234567"[:digits] if digits else ""
    read = parse_timestamp(f"2026-11-22T12:00:00{fraction}{zone}")
    hours = {"+05:30": -5.5, "-11:00": 11.0}.get(zone, 0.0)
    micros = round(float(f"0{fraction or '.0'}") * 1e6)
    assert read == NOON + timedelta(hours=hours, microseconds=micros)
    assert read.tzinfo is UTC


@given(st.datetimes(), st.integers(-23 * 60, 23 * 60))
def test_any_moment_in_any_zone(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    utc = to_utc(moment)
    assert utc.tzinfo is UTC
    assert utc == moment or utc.year in (1, 9999)
    assert to_utc(utc) is utc


@given(st.text())
def test_any_text_is_a_timestamp_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert parse_timestamp(text).tzinfo is UTC
