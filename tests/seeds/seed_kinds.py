"""What a row of the seeds, the vendors' pages, is made of, and the kinds of fields there are.

What is wrong for a kind is what no rule of tolerance takes: a number as text is one.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import TypeAlias

from attrs import frozen

__all__ = [
    "Argument",
    "Field",
    "ListOf",
    "Row",
    "Seed",
    "Spec",
    "a_list",
    "a_number",
    "a_text",
    "a_time",
    "a_truth",
    "a_when",
    "a_whole",
    "an_object",
    "an_open",
]


class Seed(Enum):
    """A page, or an operation of one. The value is its name in tests."""

    LIST = "GetLightningInvoices"
    CREATE = "CreateLightningInvoice"
    REST = "GET invoices"
    FIND = "getInvoices"
    PUSH = "pushInvoice"


@frozen
class ListOf:
    """One element, of this type."""

    kind: type[object]


@frozen
class Field:
    """A field of an answer.

    `wire` is JSON; `value` what it is here, where an object is told by its type. `wrong` are of
    another type, `other` is another value of the same.
    """

    seed: Seed
    name: str
    wire: str
    value: object
    wrong: tuple[str, ...]
    other: str

    def __str__(self) -> str:
        return f"{self.seed.value}-{self.name}"


@frozen
class Argument:
    """An argument, a variable or a header: the same, the other way.

    `path` is where it stands in what is sent. `more` are other values, with what stands there then.
    """

    seed: Seed
    name: str
    value: object
    wire: str
    path: tuple[str | int, ...]
    more: tuple[tuple[object, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.seed.value}-{self.name}"


Row: TypeAlias = Field | Argument

Spec: TypeAlias = tuple[str, object, tuple[str, ...], str]
"""What a field is, without its seed and name."""


# -- kinds -----------------------------------------------------------------------------------------


def a_text(value: str, other: str = "another") -> Spec:
    """Text, always."""
    return f'"{value}"', value, ("true", "1.5", "[]", "{}"), f'"{other}"'


def a_time(day: int, wrong: tuple[str, ...] = ("7", '"soon"', "true", "[]", "{}")) -> Spec:
    """A timestamp, in March 2024."""
    text, moment = f"2024-03-{day:02}T16:03:12.456Z", datetime(2024, 3, day, 16, 3, 12, 456000, UTC)
    return f'"{text}"', moment, wrong, '"2031-01-01T00:00:00.000Z"'


def a_when(day: int) -> Spec:
    """A timestamp, or text where it is none."""
    return a_time(day, wrong=("true", "1.5", "[]", "{}"))


def a_whole(value: int, as_text: str = "{}") -> Spec:
    """A whole number; Reflex may write it as text."""
    return as_text.format(value), value, ("true", '"x"', "1.5", "[]", "{}"), "999"


def a_number(value: str) -> Spec:
    """A number, exactly."""
    return value, Decimal(value), ("true", '"x"', "[]", "{}"), "999.5"


def a_truth() -> Spec:
    """True, for no other value tells that it was read."""
    return "true", True, ('"true"', "1", "[]", "{}"), "false"


def an_open(*values: str) -> Spec:
    """What may be text, a number, or as here several texts."""
    wire = ", ".join(f'"{value}"' for value in values)
    return f"[{wire}]", values, ("true", "1.5", "{}"), '["another"]'


def an_object(kind: type[object]) -> Spec:
    """An object of the model's."""
    return "{}", kind, ("true", '"x"', "7", "[]"), "{}"


def a_list(kind: type[object]) -> Spec:
    """A list with one element."""
    return "[]", ListOf(kind), ("true", '"x"', "7"), "[]"
