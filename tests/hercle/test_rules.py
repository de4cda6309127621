"""What is refused before anything is sent, and how the text helps."""

from __future__ import annotations

from decimal import ROUND_UP, Decimal, localcontext
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto import InvalidArgument, LocalProtocolError
from hercle_proto.hercle import CreateLightningInvoice, GetLightningInvoices

ONE = Decimal("0.001")
MOST = Decimal(21_000_000)

REFUSED_AMOUNTS: list[tuple[Any, str]] = [
    (Decimal(0), "must be more than 0 and at most 21,000,000 BTC; got 0"),
    (Decimal("-0.0"), "got -0.0"),
    (Decimal("-0.001"), "got -0.001"),
    (Decimal("NaN"), "got NaN"),
    (Decimal("sNaN"), "got sNaN"),
    (Decimal("Infinity"), "got Infinity"),
    (Decimal("-Infinity"), "got -Infinity"),
    (Decimal("1e-9"), "whole number of satoshi (at most 8 decimals)"),
    (Decimal("1E-999999"), "got 1E-999999"),
    (Decimal("0.000000010000000001"), "round it yourself"),
    (Decimal("1E+20"), "got 1E+20"),
    (Decimal("1E+999999"), "got 1E+999999"),
    (Decimal(22000000), "got 22000000"),
    (Decimal("21000000.00000001"), "got 21000000.00000001"),
    (Decimal("9" * 1000), "got one of more than 40 digits"),
    (0.001, "must be a Decimal, such as Decimal('0.001')"),
    (float("nan"), "got float"),
    (1, "(for satoshi: CreateLightningInvoice.for_sats(100_000)); got int"),
    ("0.001", "got str"),
    (True, "got bool"),
    (None, "got NoneType"),
    (b"1", "got bytes"),
]

REFUSED_CLIENT_IDS: list[tuple[Any, str]] = [
    ("", "1 to 36 characters of text without control characters, or None; got 0 characters"),
    ("x" * 37, "got 37 characters"),
    ("my\nrequest", "got U+000A at place 2"),
    ("\0", "got U+0000 at place 0"),
    ("ab\x7f", "got U+007F at place 2"),
    ("ab\x85", "got U+0085 at place 2"),
    ("ab\ud800", "got U+D800 at place 2"),
    ("\udfff", "got U+DFFF at place 0"),
    (7, "got int"),
    (b"abc", "got bytes"),
]

REFUSED_HOURS: list[tuple[Any, str]] = [
    (0, "must be a whole number of hours (int) from 1 to 720, or None for 24; got 0"),
    (721, "got 721"),
    (-1, "got -1"),
    (10**100, "got one of more than 40 digits"),
    (1.5, "got float"),
    (24.0, "got float"),
    (True, "got bool"),
    ("24", "got str"),
    (Decimal(24), "got Decimal"),
]

REFUSED_MEMOS: list[tuple[Any, str]] = [
    ("x" * 640, "at most 639 bytes of UTF-8, as much as an invoice holds"),
    ("x" * 640, "(long_memo=True lifts this); got 640 bytes"),
    ("é" * 320, "got 640 bytes"),
    ("😀" * 160, "got 640 bytes"),
    ("a\0b", "got U+0000 at place 1"),
    ("a\ud83d", "got U+D83D at place 1"),
    ("\udc00\ud800", "got U+DC00 at place 0"),
    (5, "without NUL characters and lone surrogates, or None; got int"),
    (b"text", "got bytes"),
]

REFUSED_SATS: list[tuple[Any, str]] = [
    (0, "must be a whole number (int) from 1 to 2,100,000,000,000,000; got 0"),
    (-1, "got -1"),
    (2_100_000_000_000_001, "got 2100000000000001"),
    (10**100, "got one of more than 40 digits"),
    (1.0, "got float"),
    (Decimal(1), "got Decimal"),
    ("1", "got str"),
    (True, "got bool"),
]


def refusal(make: Any, *args: Any, **kwargs: Any) -> InvalidArgument:
    with pytest.raises(InvalidArgument) as caught:
        make(*args, **kwargs)
    error = caught.value
    assert isinstance(error, LocalProtocolError)
    assert isinstance(error, ValueError)
    assert error.__cause__ is None
    assert error.__context__ is None
    return error


@pytest.mark.parametrize(("amount", "text"), REFUSED_AMOUNTS)
def test_amounts_that_are_refused(amount: Any, text: str) -> None:
    error = refusal(CreateLightningInvoice, amount)
    assert error.argument == "amount_btc"
    assert text in str(error)


@pytest.mark.parametrize(("client_id", "text"), REFUSED_CLIENT_IDS)
@pytest.mark.parametrize(
    "make", [GetLightningInvoices, lambda **k: CreateLightningInvoice(ONE, **k)]
)
def test_client_ids_that_are_refused(make: Any, client_id: Any, text: str) -> None:
    error = refusal(make, client_id=client_id)
    assert error.argument == "client_id"
    assert text in str(error)


@pytest.mark.parametrize(("hours", "text"), REFUSED_HOURS)
def test_expiry_hours_that_are_refused(hours: Any, text: str) -> None:
    error = refusal(CreateLightningInvoice, ONE, None, hours)
    assert error.argument == "expiry_hours"
    assert text in str(error)


@pytest.mark.parametrize(("memo", "text"), REFUSED_MEMOS)
def test_memos_that_are_refused(memo: Any, text: str) -> None:
    error = refusal(CreateLightningInvoice, ONE, memo)
    assert error.argument == "memo"
    assert text in str(error)


@pytest.mark.parametrize(("sats", "text"), REFUSED_SATS)
def test_satoshi_that_are_refused(sats: Any, text: str) -> None:
    error = refusal(CreateLightningInvoice.for_sats, sats)
    assert error.argument == "sats"
    assert text in str(error)


def test_long_memo_lifts_the_length_and_nothing_else() -> None:
    command = CreateLightningInvoice(ONE, "x" * 5000, long_memo=True)
    assert evolve(command, client_id="again").memo == "x" * 5000
    refusal(CreateLightningInvoice, ONE, "x" * 5000 + "\0", long_memo=True)


def test_an_invalid_command_cannot_be_evolved_either() -> None:
    refusal(evolve, CreateLightningInvoice(ONE), expiry_hours=0)


@pytest.mark.parametrize("memo", [None, "", "x" * 639, "é" * 319, "line\nbreak\ttab", "😀" * 159])
@pytest.mark.parametrize("hours", [None, 1, 24, 720])
@pytest.mark.parametrize("client_id", [None, "x", "x" * 36, "é" * 36, "my-invoice-123"])
def test_what_is_taken(memo: str | None, hours: int | None, client_id: str | None) -> None:
    command = CreateLightningInvoice(ONE, memo, hours, client_id=client_id)
    assert command.arguments == (client_id, ONE, memo, hours)


@given(st.integers(1, 21_000_000 * 10**8))
def test_satoshi_and_bitcoin_are_the_same_amount(sats: int) -> None:
    command = CreateLightningInvoice.for_sats(sats)
    assert command.amount_sats == sats
    assert command.amount_btc * 10**8 == sats
    assert CreateLightningInvoice(Decimal(sats) / 10**8) == command


@given(st.decimals(min_value="0.00000001", max_value=MOST, places=8), st.integers(0, 60))
def test_an_amount_keeps_its_value_and_loses_its_zeros(amount: Decimal, zeros: int) -> None:
    with localcontext(prec=100):
        padded = amount.quantize(Decimal(1).scaleb(-8 - zeros))
    command = CreateLightningInvoice(padded)
    assert command.amount_btc == amount
    assert len(command.amount_btc.as_tuple().digits) <= 16
    assert f"{command.amount_btc:f}" == str(f"{amount:f}").rstrip("0").rstrip(".")


@given(st.decimals())
def test_any_decimal_is_taken_or_refused(amount: Decimal) -> None:
    try:
        command = CreateLightningInvoice(amount)
    except InvalidArgument:
        return
    assert 0 < command.amount_btc <= MOST
    assert Decimal(command.amount_sats).scaleb(-8) == amount


def test_no_context_of_the_caller_rounds_an_amount() -> None:
    with localcontext(prec=3, rounding=ROUND_UP):
        command = CreateLightningInvoice(Decimal("20999999.12345678"))
        assert command.amount_sats == 20_999_999_12345678
        assert CreateLightningInvoice.for_sats(command.amount_sats) == command
        refusal(CreateLightningInvoice, Decimal("0.123456789"))


@given(st.text())
def test_any_text_is_a_client_id_or_refused(text: str) -> None:
    try:
        GetLightningInvoices(text)
    except InvalidArgument:
        assert not 1 <= len(text) <= 36 or any(ord(c) < 32 or 127 <= ord(c) < 160 for c in text)
    else:
        assert 1 <= len(text) <= 36
