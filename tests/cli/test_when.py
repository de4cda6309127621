"""Times as people type them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_cli._exits import Exit, Failed
from hercle_cli._when import parse_when

NOW = datetime(2024, 3, 28, 17, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-03-01", datetime(2024, 3, 1, tzinfo=UTC)),
        ("20240301", datetime(2024, 3, 1, tzinfo=UTC)),
        ("2024-03-01T12:00Z", datetime(2024, 3, 1, 12, tzinfo=UTC)),
        ("2024-03-01T12:00:00.5+02:00", datetime(2024, 3, 1, 10, 0, 0, 500_000, tzinfo=UTC)),
        ("90s", NOW - timedelta(seconds=90)),
        ("30m", NOW - timedelta(minutes=30)),
        ("2h", NOW - timedelta(hours=2)),
        ("7d", NOW - timedelta(days=7)),
        ("4w", NOW - timedelta(days=28)),
        ("0w", NOW),
    ],
)
def test_times(text: str, moment: datetime) -> None:
    found = parse_when("--since", text, now=NOW)
    assert (found, found.tzinfo) == (moment, UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "7",
        "d",
        "-1d",
        "1.5h",
        "1y",
        "\u0667d",
        "7d\n",
        "999999w",
        "2024-03-01T12:00",
        "2024-02-30",
        "0001-01-01T00:00+10:00",
        "\x1b[31m",
    ],
)
def test_none_of_them(text: str) -> None:
    with pytest.raises(Failed, match="--since must be") as caught:
        parse_when("--since", text, now=NOW)
    assert caught.value.code is Exit.USAGE


@given(st.text())
def test_any_text(text: str) -> None:
    try:
        assert parse_when("--since", text, now=NOW).tzinfo is UTC
    except Failed:
        pass


@given(st.datetimes(timezones=st.timezones()))
def test_what_is_written_is_read(moment: datetime) -> None:
    try:
        expected = moment.astimezone(UTC)
    except OverflowError:
        return
    assert parse_when("--since", moment.isoformat(), now=NOW) == expected
