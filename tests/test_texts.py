"""A server's text as it is shown."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto._texts import LONGEST_TEXT, blot, presentable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("Amount too small", "Amount too small"),
        ("  a\r\n\tb  ", "a b"),
        ("\u2028a\u2029b\x85c", "a b c"),
        ("\x1b[31mred\x07\x00\x7f", "�[31mred���"),
        ("\x9b2J", "�2J"),
        ("ab\u202ecd", "ab�cd"),
        ("\ud800", "�"),
        ("größer 火 🙂", "größer 火 🙂"),
        ("x" * LONGEST_TEXT, "x" * LONGEST_TEXT),
        ("x" * (LONGEST_TEXT + 1), "x" * LONGEST_TEXT + "…"),
        (" " * LONGEST_TEXT + "x", "…"),
    ],
)
def test_a_text_becomes_one_printable_line(text: str, shown: str) -> None:
    assert presentable(text) == shown


@pytest.mark.parametrize("text", ["no key k+/1 here", "no key k%2B%2F1 here"])
def test_the_key_is_blotted_out(text: str) -> None:
    assert presentable(text, secret="k+/1") == "no key [key] here"


def test_no_beginning_of_a_key_is_left_at_the_cut() -> None:
    assert "sec" not in presentable("x" * (LONGEST_TEXT - 3) + "secret-key", secret="secret-key")


LONG_KEY = "eyJ" + "abcDEF0123456789_-" * 110
PERCENT = "k+/1" * 30


@pytest.mark.parametrize("secret", [LONG_KEY, PERCENT])
@pytest.mark.parametrize("spelled", [str, lambda key: quote(key, safe="")], ids=["plain", "quoted"])
@given(st.integers(0, 2 * LONGEST_TEXT), st.integers(0, 9), st.sampled_from(["", "x", "\u2026"]))
def test_wherever_keys_stand_in_a_long_text(
    secret: str, spelled: Callable[[str], str], before: int, keys: int, between: str
) -> None:
    told = spelled(secret)
    shown = presentable("x" * before + between.join([told] * keys) + "y" * 9999, secret=secret)
    assert told[:4] not in shown
    assert shown.endswith("\u2026")
    assert ("[key]" in shown) is (keys > 0 and before <= LONGEST_TEXT - len("[key]"))


@pytest.mark.parametrize("filling", ["\u2026", "x\u2026", LONG_KEY[:20] + "\u2026", LONG_KEY, "x"])
def test_megabytes_cost_no_more_than_a_page(filling: str) -> None:
    """Looking for a key of 2,000 characters all through 4 MiB took half a minute."""
    shown = presentable(filling * (2**22 // len(filling)), secret=LONG_KEY)
    assert len(shown) <= LONGEST_TEXT + 1
    assert LONG_KEY[:4] not in shown


def test_an_empty_secret_blots_nothing() -> None:
    assert presentable("abc", secret="") == "abc"


@given(st.text(st.characters()), st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E)))
def test_whatever_comes_is_one_line_within_the_limit(text: str, secret: str) -> None:
    shown = presentable(text, secret=secret)
    assert len(shown) <= LONGEST_TEXT + 1
    assert shown.isprintable()
    assert shown.strip() == shown


class Quoting(Exception):
    """An error with a server's text in it."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(f"the server said {message}", code)
        self.message = message
        self.code = code


def test_an_error_that_quotes_the_key_is_blotted() -> None:
    error = Quoting("no s3cret here", 7)
    blot(error, "s3cret")
    assert error.args == ("the server said no [key] here", 7)
    assert vars(error) == {"message": "no [key] here", "code": 7}


@pytest.mark.parametrize(
    ("quoted", "told"),
    [
        ("no k%2B%2F1-secret", "no [key]"),
        ("no k+/1-secre…", "no [key]…"),
        ("no k%2B%2F1-s…", "no [key]…"),
        ("no k+/1…", "no [key]…"),
        ("no k+/…", "no k+/…"),
        ("no k+/1-s", "no k+/1-s"),
    ],
)
def test_a_key_in_other_spellings_or_cut_short_is_blotted_out(quoted: str, told: str) -> None:
    error = Quoting(quoted, 7)
    blot(error, "k+/1-secret")
    assert vars(error) == {"message": told, "code": 7}


@given(st.integers(0, 30))
def test_a_key_that_was_cut_before_it_was_known_is_blotted_out(room: int) -> None:
    secret = "abcdefghijklmnopqrst"
    cut = presentable("x" * (LONGEST_TEXT - room) + secret)
    assert "abcd" not in presentable(cut, secret=secret)


def test_others_stay_as_they_are() -> None:
    error = Quoting("no", 7)
    blot(error, "s3cret")
    blot(error, None)
    assert vars(error) == {"message": "no", "code": 7}
