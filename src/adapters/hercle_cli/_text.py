"""A stranger's text on a terminal: what could move the cursor, or turn the line round, is shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

__all__ = ["as_json", "as_json_line", "counted", "plain", "visible"]


def visible(text: str) -> str:
    r"""The text with control, bidi and other unseen characters written as `\u202e`.

    The selectors U+FE0E and U+FE0F are let through: they are part of many an emoji.
    """
    return _UNSEEN.sub(_escaped, "".join(c if c.isprintable() else _escape(c) for c in text))


_UNSEEN: Final = re.compile(
    "[\u2800\u3164\uffa0\u115f\u1160"  # blanks: braille, Hangul
    "\u034f\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0d\U000e0100-\U000e01ef]"  # no width at all
)
"""What `str.isprintable` lets through, and nobody sees."""


def counted(invoices: int) -> str:
    """Such as `1 invoice`."""
    return f"{invoices:,} invoice{'' if invoices == 1 else 's'}"


def plain(number: Decimal) -> str:
    """A number without exponent and without zeros that say nothing."""
    digits = f"{number:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def as_json(value: Sequence[object] | dict[str, object]) -> str:
    """JSON for programs and people: indented, ASCII, numbers as plain digits."""
    return _json(value, indent=2)


def as_json_line(value: dict[str, object]) -> str:
    """The same in one line."""
    return _json(value, indent=0)


def _json(value: object, *, indent: int) -> str:
    compact = msgspec.json.encode(_plain(value))
    text = msgspec.json.format(compact, indent=indent).decode()
    return re.sub(r"[^\n -~]", _escaped, text)


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return msgspec.Raw(f"{value:f}".encode())
        case int() if not isinstance(value, bool):  # of more than 64 bits, too
            return msgspec.Raw(f"{value}".encode())
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value


def _escaped(match: re.Match[str]) -> str:
    return _escape(match[0])


def _escape(character: str) -> str:
    """As JSON and JavaScript write it."""
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))
