"""Until when a server asks to be left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto.http import Response, retry_after

NOW = "Sun, 06 Nov 1994 08:49:37 GMT"
SECOND = timedelta(seconds=1)


def told(value: str | None, date: str | None = NOW) -> float | None:
    headers = {"retry-after": value, "DATE": date}
    pairs = tuple((name, text) for name, text in headers.items() if text is not None)
    return retry_after(Response(429, pairs, b""))


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("0", None, 0),
        ("120", None, 120),
        (" 7 ", NOW, 7),
        ("999999999", None, 999_999_999),
        ("Sun, 06 Nov 1994 08:50:07 GMT", NOW, 30),
        ("Mon, 07 Nov 1994 08:49:37 GMT", f" {NOW} ", 86400),
        ("Sun, 06 Nov 1994 08:49:36 GMT", NOW, 0),  # over already
        ("Sat, 31 Dec 2016 23:59:60 GMT", "Sat, 31 Dec 2016 23:59:50 GMT", 9),  # a leap second
        ("Sun, 06 Nov 1994 08:50:07 GMT", None, None),  # nothing to count from
        ("Sun, 06 Nov 1994 08:50:07 GMT", "now", None),
        (None, NOW, None),
        ("", NOW, None),
        ("-1", NOW, None),
        ("1.5", NOW, None),
        ("1e3", NOW, None),
        ("\u0661", NOW, None),
        ("9999999999", NOW, None),
        ("soon", NOW, None),
        ("Sun, 31 Feb 1994 08:49:37 GMT", NOW, None),
        ("Sun, 06 Nov 1994 24:49:37 GMT", NOW, None),
        ("Sun, 06 Nov 0000 08:49:37 GMT", NOW, None),
        ("Sun, 06 Nox 1994 08:49:37 GMT", NOW, None),
        ("Sun, 06 Nov 1994 08:49:37 CET", NOW, None),
        ("Sunday, 06-Nov-94 08:49:37 GMT", NOW, None),
    ],
)
def test_retry_after(value: str | None, date: str | None, seconds: float | None) -> None:
    assert told(value, date) == seconds


MOMENTS = st.datetimes().map(lambda moment: moment.replace(microsecond=0, tzinfo=UTC))
DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def written(moment: datetime) -> str:
    day, month = DAYS[moment.weekday()], MONTHS[moment.month - 1]
    return f"{day}, {moment:%d} {month} {moment.year:04} {moment:%H:%M:%S} GMT"


@given(MOMENTS, MOMENTS)
def test_any_two_dates(then: datetime, now: datetime) -> None:
    assert told(written(then), written(now)) == max(0, (then - now) / SECOND)


@given(st.text())
def test_anything_else(value: str) -> None:
    seconds = told(value)
    assert seconds is None or seconds >= 0
