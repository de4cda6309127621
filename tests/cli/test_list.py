"""`hercle invoice list`: what its filters let through."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from hercle_cli._invoices import Chosen
from hercle_proto.hercle import LightningInvoice

Hercle = Callable[..., Any]

ROWS = [
    LightningInvoice(id="a", status="OPEN", created_at=datetime(2024, 3, 1, tzinfo=UTC)),
    LightningInvoice(id="b", status="CLOSED", created_at=datetime(2024, 3, 2, tzinfo=UTC)),
    LightningInvoice(id="c", status="Straße", created_at=datetime(2024, 3, 3, tzinfo=UTC)),
    LightningInvoice(id="d"),
]


@pytest.mark.parametrize(
    ("status", "since", "ids"),
    [
        (None, None, "abcd"),
        ("OPEN", None, "a"),
        ("open", None, "a"),
        ("Closed", None, "b"),
        ("STRASSE", None, "c"),
        ("", None, "d"),
        ("other", None, ""),
        (None, 2, "bcd"),
        (None, 4, "d"),
        ("closed", 2, "b"),
        ("closed", 3, ""),
    ],
)
def test_chosen(status: str | None, since: int | None, ids: str) -> None:
    """A row that does not tell when it was made may fit; one of no status has none."""
    made = None if since is None else datetime(2024, 3, since, tzinfo=UTC)
    assert "".join(row.id for row in Chosen(status, made).among(ROWS)) == ids


@pytest.mark.parametrize("road", [(), ("--rest",)])
@pytest.mark.parametrize(
    ("options", "listed"),
    [
        (("--status", "open"), True),
        (("--status", "CLOSED"), False),
        (("--since", "1h"), True),
        (("--since", "2999-01-01"), False),
        (("--since", "2024-01-01T00:00Z", "--status", "Open"), True),
    ],
)
def test_filters(hercle: Hercle, road: Sequence[str], options: Sequence[str], listed: bool) -> None:
    made = json.loads(hercle("invoice", "create", "0.001", "--json").out)["id"]
    ended = hercle("invoice", "list", *road, *options, "--json")
    assert (ended.code, ended.err) == (0, "")
    assert (made in {row["id"] for row in json.loads(ended.out)}) is listed
    ended = hercle("invoice", "list", *road, *options)
    assert (ended.code, ended.err) == (0, "")
    assert (made in ended.out) is listed
    assert ("None of " in ended.out) is not listed


@pytest.mark.parametrize("when", ["", "yesterday", "2024-03-01T12:00", "7", "\x1b[31m"])
def test_a_bad_time(hercle: Hercle, when: str) -> None:
    ended = hercle("invoice", "list", "--since", when)
    assert (ended.code, ended.out) == (2, "")
    assert ended.line.startswith("--since must be a date")
    assert "\x1b" not in ended.err


def test_a_wrong_address(hercle: Hercle, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends alike over both roads."""
    monkeypatch.setenv("HERCLE_URL", f"{sandbox.url}/nothing/here")
    for road in ((), ("--rest",)):
        ended = hercle("invoice", "list", *road)
        assert (ended.code, ended.out) == (6, "")
        assert "404" in ended.line
