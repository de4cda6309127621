"""Tags as people type them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from hercle_cli._exits import Exit, Failed
from hercle_proto.reflex import Tag

__all__ = ["parse_tags"]

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
"""As JSON writes them, without exponent: an id such as 007 or 1e5 is text."""

_TRUTHS: Final = {"true": True, "false": False}


def parse_tags(typed: Sequence[str], texts: Sequence[str]) -> list[Tag]:
    """`KEY=VALUE` by what the value looks like, and `KEY=TEXT` as it is.

    Raises `Failed`, and `InvalidArgument` for a key that is none.
    """
    return [
        *(_typed(*_halves("--tag", tag)) for tag in typed),
        *(Tag(key, string_value=text) for key, text in (_halves("--text-tag", t) for t in texts)),
    ]


def _typed(key: str, value: str) -> Tag:
    if value in _TRUTHS:
        return Tag(key, boolean_value=_TRUTHS[value])
    if _NUMBER.fullmatch(value):
        return Tag(key, number_value=Decimal(value))
    return Tag(key, string_value=value)


def _halves(option: str, text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise Failed(Exit.USAGE, f"{option} must be KEY=VALUE; got {text[:40]!r}")
    return key, value
