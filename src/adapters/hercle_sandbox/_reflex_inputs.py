"""What may be said to Reflex beyond what its schema says: tags, pages, orders, times.

Whatever is wrong is a `GraphQLError` with the code BAD_USER_INPUT.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from graphql import GraphQLError

from hercle_proto._timestamps import parse_timestamp
from hercle_sandbox._pushed import SORT_COLUMNS, Filter, Order, Tag
from hercle_sandbox._store import to_ms, to_ms_up

__all__ = ["Input", "bad_input", "read_filter", "read_order", "read_page", "read_tags"]

Input: TypeAlias = Mapping[str, Any]
"""An input object. graphql-core has made sure of its fields and their types."""

_MOST_TAGS: Final = 5
_MOST_ROWS: Final = 50
_KEY: Final = re.compile(r"[a-z]+(?:-[a-z]+)*")
_VALUES: Final = ("string_value", "number_value", "boolean_value")
_DIRECTIONS: Final = ("ASC", "DESC")


def bad_input(why: str) -> GraphQLError:
    """The error for a value that the vendor refuses."""
    return GraphQLError(why, extensions={"code": "BAD_USER_INPUT"})


def read_tags(asked: Sequence[Input] | None) -> tuple[Tag, ...]:
    """At most five, each with a documented key and exactly one value."""
    tags = tuple(map(_tag, asked or ()))
    if len(tags) > _MOST_TAGS:
        raise bad_input(f"there may be {_MOST_TAGS} tags at most, not {len(tags)}")
    return tags


def _tag(asked: Input) -> Tag:
    key = asked["key"]
    if not _KEY.fullmatch(key):
        raise bad_input(f"a tag's key must match {_KEY.pattern}")
    values = [asked.get(name) for name in _VALUES]
    if (given := len(values) - values.count(None)) != 1:
        raise bad_input(f"tag {key!r} must have exactly one value, not {given}")
    number = asked.get("number_value")
    if number is not None and not math.isfinite(number):
        raise bad_input(f"tag {key!r} has a number that is too large")
    return Tag(key, *values)


def read_filter(asked: Input | None, now: datetime) -> Filter:
    """From the first invoice to now, unless it says otherwise."""
    asked = asked or {}
    first, last = (_moment(asked, name) for name in ("from", "to"))
    return Filter(
        from_ms=None if first is None else to_ms_up(first),
        to_ms=to_ms(last or now),
        tags=read_tags(asked.get("tags")),
    )


def _moment(asked: Input, name: str) -> datetime | None:
    text = asked.get(name)
    try:
        return None if text is None else parse_timestamp(text)
    except ValueError:
        raise bad_input(f"{name} must be an ISO 8601 date, such as 2023-10-01T14:18:33Z") from None


def read_page(asked: Input | None) -> tuple[int, int]:
    """Limit and offset."""
    limit, offset = ((asked or {}).get(name) for name in ("limit", "offset"))
    limit, offset = _MOST_ROWS if limit is None else limit, offset or 0
    if not 1 <= limit <= _MOST_ROWS:
        raise bad_input(f"page/limit must be from 1 to {_MOST_ROWS}, not {limit}")
    if offset < 0:
        raise bad_input(f"page/offset must not be negative: {offset}")
    return limit, offset


def read_order(asked: Input | None) -> Order:
    """Newest first, unless it says otherwise."""
    column, direction = ((asked or {}).get(name) for name in ("column", "direction"))
    column, direction = column or "created_at", direction or "DESC"
    if column not in SORT_COLUMNS:
        raise bad_input(f"sort/column must be one of {', '.join(SORT_COLUMNS)}")
    if direction not in _DIRECTIONS:
        raise bad_input(f"sort/direction must be one of {', '.join(_DIRECTIONS)}")
    return Order(column, descending=direction == "DESC")
