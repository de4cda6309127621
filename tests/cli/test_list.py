"""`hercle invoice list`: what its filters let through, and rows that mean harm."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable, Generator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from hercle_cli import _show
from hercle_cli._invoices import Chosen
from hercle_proto.hercle import LightningInvoice
from http_servers import serving
from rest_peer import Reaction
from vendor import ROW, SECRETS

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


# -- a server that means harm ----------------------------------------------------------------------

EVIL = "\x1b]0;owned\x07\u202e[red]\r\n:boom:"
SHOWN = r"\u001b]0;owned\u0007\u202e[red]\u000d\u000a:boom:"

HOSTILE = {
    **ROW,
    **dict.fromkeys(("id", "memo", "amountOriginalUnit", "invoiceType"), EVIL),
    "status": "CLOSED",
}
UNREADABLE = {**ROW, "expiresAt": EVIL}


@pytest.fixture
def hostile(hercle: Hercle, monkeypatch: pytest.MonkeyPatch) -> Generator[Hercle]:
    """The command line, whose server lists a hostile row and one that cannot be read."""
    listing = json.dumps({"invoices": [HOSTILE, UNREADABLE]}).encode()
    with serving(lambda _: Reaction(200, listing)) as url:
        monkeypatch.setenv("HERCLE_URL", url)
        yield hercle


@pytest.mark.parametrize(
    ("options", "times"), [((), 3), (("--status", "closed"), 3), (("--status", "OPEN"), 0)]
)
def test_hostile_rows(hostile: Hercle, options: Sequence[str], times: int) -> None:
    """Nothing is obeyed, and what cannot be read is told whatever the filters say."""
    ended = hostile("invoice", "list", "--rest", *options)
    assert ended.code == 0
    assert ended.out.count(SHOWN) == times
    assert ended.out.replace("\n", "").isprintable()
    assert re.match(r"row 1 could not be read at \$\.expiresAt: ", ended.line)
    assert ended.line.isprintable()

    ended = hostile("invoice", "list", "--rest", "--json", *options)
    assert ended.out.isascii()
    assert not any(secret in ended.out for secret in SECRETS)
    assert [row["memo"] for row in json.loads(ended.out)] == [EVIL] * (times // 3)


def test_a_hostile_row_watched(hostile: Hercle) -> None:
    ended = hostile("invoice", "watch", "--rest", "--id", EVIL)
    assert ended.code == 0
    (line,) = ended.out.splitlines()
    assert line.isprintable()
    assert line.count(SHOWN) == 3
    told = ended.err.splitlines()
    assert [each.partition(" at ")[0] for each in told] == [
        "hercle: row 1 could not be read",
        f"hercle: waiting for invoice {SHOWN} to be closed",
    ]
    assert all(each.isprintable() for each in told)
    ended = hostile("invoice", "watch", "--rest", "--id", EVIL, "--json")
    assert ended.out.isascii()
    assert not any(secret in ended.out for secret in SECRETS)


def test_keys_are_cut_short_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, terminal: Callable[..., Any]
) -> None:
    """A program reads all of them."""
    key = "02" + "a1" * 32
    monkeypatch.setenv("COLUMNS", "80")
    screen, file = terminal(), io.StringIO()
    for out in (screen, file):
        monkeypatch.setattr(sys, "stdout", out)
        _show.show_table(("ID", "Node"), [("1", key)])
    assert key in file.getvalue()
    assert key not in screen.text
    assert key[:15] in screen.text


@pytest.mark.parametrize(
    ("columns", "length", "in_one_line"),
    [
        (80, 16, True),
        (80, 36, True),
        (60, 36, True),
        (40, 26, True),
        (40, 27, False),
        (80, 99, False),
    ],
)
def test_ids_are_whole(
    monkeypatch: pytest.MonkeyPatch,
    terminal: Callable[..., Any],
    columns: int,
    length: int,
    in_one_line: bool,
) -> None:
    """On any terminal, and in one line if there is room: other commands take them."""
    monkeypatch.setenv("COLUMNS", str(columns))
    screen = terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    row = ROWS[0]
    whole = ("inv_" + "0123456789" * 10)[:length]
    _show.show_list(
        [
            replace(
                row,
                id=whole,
                memo="Payment for services",
                amount_original_value=Decimal(100_000),
                amount_original_unit="satoshi",
                expires_at=row.created_at,
            )
        ],
        of=1,
    )
    headings, *rows = re.sub(r"\x1b\[\d*m", "", screen.text).splitlines()
    shown = [row.split(" ")[0] for row in rows]
    assert "".join(shown) == whole
    assert (shown[0] == whole) is in_one_line
    assert columns < 80 or "Expires" in headings  # nothing is pushed out
