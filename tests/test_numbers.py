"""Numbers at the border: exact, bounded and plain."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto import RemoteProtocolError
from hercle_proto._numbers import MAX_DIGITS, MAX_EXPONENT, decimal_from_wire, decimal_to_wire


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0", "0"),
        ("0E-8", "0.00000000"),
        ("1e-8", "0.00000001"),
        ("1E+20", "100000000000000000000"),
        ("-0.10", "-0.10"),
        ("9" * 40, "9" * 40),
        ("1e40", "1" + "0" * 40),
        ("1e-40", "0." + "0" * 39 + "1"),
    ],
)
def test_numbers_within_the_bounds(number: str, text: str) -> None:
    assert decimal_from_wire(Decimal(number)) == Decimal(number)
    assert decimal_to_wire(Decimal(number)) == text


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        ("NaN", "not finite"),
        ("sNaN", "not finite"),
        ("-Infinity", "not finite"),
        ("1" * 41, "41 digits"),
        ("1e41", "exponent 41"),
        ("1e-41", "exponent -41"),
        ("1e999999", "exponent 999999"),
        ("1." + "0" * 41, "42 digits"),
    ],
)
def test_numbers_beyond_the_bounds(number: str, fault: str) -> None:
    with pytest.raises(RemoteProtocolError, match=fault):
        decimal_from_wire(Decimal(number))
    with pytest.raises(ValueError, match=fault):
        decimal_to_wire(Decimal(number))


@given(st.decimals())
def test_a_number_is_refused_or_written_plainly_and_exactly(number: Decimal) -> None:
    try:
        text = decimal_to_wire(number)
    except ValueError:
        return
    assert "e" not in text.lower()
    assert len(text) <= MAX_DIGITS + MAX_EXPONENT + 3
    assert Decimal(text) == number
