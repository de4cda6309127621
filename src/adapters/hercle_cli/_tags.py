"""Tags as people type them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from hercle_cli._exits import Exit, Failed
from hercle_proto import InvalidArgument
from hercle_proto.reflex import Tag

__all__ = ["parse_tags"]

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
"""As JSON writes them, without exponent: an id such as 007 or 1e5 is text."""

_TRUTHS: Final = {"true": True, "false": False}


def parse_tags(typed: Sequence[str], texts: Sequence[str]) -> list[Tag]:
    """`KEY=VALUE` by what the value looks like, and `KEY=TEXT` as it is. Raises `Failed`."""
    return [
        *(_tag("--tag", text, _value) for text in typed),
        *(_tag("--text-tag", text, str) for text in texts),
    ]


def _tag(option: str, text: str, value_of: Callable[[str], str | Decimal | bool]) -> Tag:
    key, equals, value = text.partition("=")
    if not equals:
        raise Failed(Exit.USAGE, f"{option} must be KEY=VALUE; got {text[:40]!r}")
    try:
        return Tag.of(key, value_of(value))
    except InvalidArgument as error:
        raise Failed(Exit.USAGE, f"{option}: {error}") from None


def _value(text: str) -> str | Decimal | bool:
    if text in _TRUTHS:
        return _TRUTHS[text]
    return Decimal(text) if _NUMBER.fullmatch(text) else text
