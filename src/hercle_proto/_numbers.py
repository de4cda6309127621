"""Exact numbers on the wire.

JSON's numbers have no size: `1e999999` is seven bytes, and an integer of it takes half a minute. So
what comes in is bounded before anybody computes with it, and what goes out is a plain number, for
`1e-08` reads as a float in places where money is meant.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from hercle_proto._errors import RemoteProtocolError

__all__ = ["MAX_DIGITS", "MAX_EXPONENT", "decimal_from_wire", "decimal_to_wire", "number_from_wire"]

MAX_DIGITS: Final = 40
MAX_EXPONENT: Final = 40


def decimal_from_wire(value: Decimal) -> Decimal:
    """`value`, if it is finite, has at most 40 digits and an exponent within ±40 (`0.01` has -2).

    Raises `RemoteProtocolError`, whose text tells the size and never the number.
    """
    if fault := _fault(value):
        raise RemoteProtocolError(f"a number {fault}")
    return value


def number_from_wire(text: str) -> Decimal | str:
    """A JSON number that is no integer, exactly; one without measure stays text.

    For decoders, as `float_hook`. It must not refuse: nobody may have asked for the field.
    """
    try:
        return decimal_from_wire(Decimal(text))
    except (ArithmeticError, RemoteProtocolError):
        return text


def decimal_to_wire(value: Decimal) -> str:
    """`value` as a plain JSON number: `0.00000001`, never `1E-8`; no digit added or dropped.

    Raises `ValueError` beyond the bounds of `decimal_from_wire`.
    """
    if fault := _fault(value):
        raise ValueError(f"a number {fault}")
    return format(value, "f")


def _fault(value: Decimal) -> str | None:
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return "that is not finite"
    if len(digits) > MAX_DIGITS:
        return f"of {len(digits)} digits, where at most {MAX_DIGITS} are taken"
    if abs(exponent) > MAX_EXPONENT:
        return f"with exponent {exponent}, where at most ±{MAX_EXPONENT} is taken"
    return None
