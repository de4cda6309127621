"""What a command must fulfil before anything is sent.

Every rule raises `InvalidArgument`, which says what is asked, what came and what to do. The vendor
documents the number of tags, the form of their keys and the length of a page; the rest keeps values
to what GraphQL and JSON can carry.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias

from hercle_proto._errors import InvalidArgument
from hercle_proto._numbers import decimal_to_wire
from hercle_proto._timestamps import to_utc

__all__ = [
    "MAX_INVOICE_TAGS",
    "MAX_LIMIT",
    "check_aware",
    "check_boolean",
    "check_key",
    "check_number",
    "check_text",
    "check_whole",
    "iso",
    "kind",
    "optional",
]

MAX_INVOICE_TAGS: Final = 5
MAX_LIMIT: Final = 50

_KEY: Final = re.compile(r"[a-z]+(?:-[a-z]+)*")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")

Check: TypeAlias = Callable[[Any, Any, Any], None]
"""A rule as an attrs validator."""


def optional(check: Check) -> Check:
    """The rule, or None."""

    def checks(instance: object, attribute: Any, value: object) -> None:
        if value is not None:
            check(instance, attribute, value)

    return checks


def check_key(_: object, attribute: Any, value: Any) -> None:
    """Groups of lower-case letters joined by single hyphens."""
    rule = "must be lower-case letters a-z in groups joined by single hyphens, such as 'user-id'"
    if not isinstance(value, str):
        raise InvalidArgument(attribute.name, rule, kind(value))
    if not _KEY.fullmatch(value):
        raise InvalidArgument(attribute.name, rule, repr(value[:50]))


def check_text(_: object, attribute: Any, value: object) -> None:
    """Text that UTF-8 can carry."""
    if not isinstance(value, str):
        raise InvalidArgument(attribute.name, "must be text", kind(value))
    if bad := _SURROGATE.search(value):
        got = f"U+{ord(bad[0]):04X} at place {bad.start()}"
        raise InvalidArgument(attribute.name, "must be text without lone surrogates", got)


def check_number(_: object, attribute: Any, value: object) -> None:
    """An int or a `Decimal`, of sane size."""
    rule = "must be an int or a finite Decimal of at most 40 digits (a float is not exact)"
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise InvalidArgument(attribute.name, rule, kind(value))
    try:
        decimal_to_wire(Decimal(value))
    except ValueError as error:
        raise InvalidArgument(attribute.name, rule, str(error)) from None


def check_boolean(_: object, attribute: Any, value: object) -> None:
    """True or False, and nothing that counts as such."""
    if not isinstance(value, bool):
        raise InvalidArgument(attribute.name, "must be True or False", kind(value))


def check_whole(least: int, most: int) -> Check:
    """An int within bounds."""
    rule = f"must be a whole number (int) from {least:,} to {most:,}"

    def check(_: object, attribute: Any, value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidArgument(attribute.name, rule, kind(value))
        if not least <= value <= most:
            # Python refuses to print an int of more than 4,300 digits.
            got = f"{value:,}" if abs(value) < 10**20 else "one of more than 20 digits"
            raise InvalidArgument(attribute.name, rule, got)

    return check


def check_aware(_: object, attribute: Any, value: Any) -> None:
    """A datetime with a time zone."""
    rule = "must be a datetime with a time zone, such as datetime(2023, 10, 1, tzinfo=UTC)"
    if not isinstance(value, datetime):
        raise InvalidArgument(attribute.name, rule, kind(value))
    if value.utcoffset() is None:
        raise InvalidArgument(attribute.name, rule, "one without")


def iso(moment: datetime) -> str:
    """An aware datetime as the vendor writes them: UTC, `Z`."""
    return to_utc(moment).astimezone(UTC).isoformat().replace("+00:00", "Z")


def kind(value: object) -> str:
    """A value's type: all that an error shows of what should not be there."""
    return type(value).__name__
