"""A stranger's text on a terminal, and JSON."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_cli._text import as_json, as_json_line, counted, plain, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Payment for services", "Payment for services"),
        ("Grüße ⚡ 日本", "Grüße ⚡ 日本"),
        ("a\x1b[31mb\x07", r"a\u001b[31mb\u0007"),
        ("a\r\nb\tc\0", r"a\u000d\u000ab\u0009c\u0000"),
        ("a\u202eb\u2066c\u200d", r"a\u202eb\u2066c\u200d"),
        ("a\u2028b\xa0c\x9bd\x7f", r"a\u2028b\u00a0c\u009bd\u007f"),
        ("\ud800 \U000e0041", r"\ud800 \udb40\udc41"),
        ("a\u3164b\u2800c\uffa0\u115f\u1160", r"a\u3164b\u2800c\uffa0\u115f\u1160"),
        ("a\u034fb\u17b4c\u180e\ufe00\U000e0100", r"a\u034fb\u17b4c\u180e\ufe00\udb40\udd00"),
        ("\u26a1\ufe0f \u26a1\ufe0e", "\u26a1\ufe0f \u26a1\ufe0e"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_visible_is_one_harmless_line(text: str) -> None:
    assert visible(text).isprintable()
    assert visible(visible(text)) == visible(text)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**63)
        | st.text(st.characters(codec="utf-8")),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner)
        ),
    )
)
def test_json_reads_back(value: object) -> None:
    text = as_json([value])
    assert json.loads(text) == [value]
    assert text.isascii()
    assert "\x1b" not in text


def test_json_writes_plain_numbers() -> None:
    value = {"a": Decimal("1E-8"), "b": [Decimal("1E+3"), (Decimal("0.650"),)]}
    assert as_json(value).split() == [
        "{", '"a":', "0.00000001,", '"b":', "[", "1000,", "[", "0.650", "]", "]", "}",
    ]  # fmt: skip


def test_json_in_one_line() -> None:
    value = {"a": [Decimal("1E-8"), 2**70, "\n\u202e"], "b": True}
    line = as_json_line(value)
    assert line == r'{"a": [0.00000001, 1180591620717411303424, "\n\u202e"], "b": true}'


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0", "0"),
        ("100", "100"),
        ("1E+2", "100"),
        ("1.50", "1.5"),
        ("2.0", "2"),
        ("1E-8", "0.00000001"),
    ],
)
def test_plain(number: str, text: str) -> None:
    assert plain(Decimal(number)) == text


def test_counted() -> None:
    assert [counted(n) for n in (0, 1, 2_000)] == ["0 invoices", "1 invoice", "2,000 invoices"]
