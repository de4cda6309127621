"""What the answers' values promise: aware UTC, sane numbers, no secret in a repr."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import rich.pretty
from hypothesis import given
from hypothesis import strategies as st

import vendor
from hercle_proto import InvalidArgument, RemoteProtocolError
from hercle_proto._numbers import decimal_from_wire
from hercle_proto.hercle import (
    CreatedInvoice,
    InvoiceSnapshot,
    LightningInvoice,
    UnreadableRow,
    to_vendor,
)
from hercle_proto.hercle._models import _is_ordinary
from hercle_proto.hercle._rows import read_rows

INVOICE = read_rows(json.dumps([vendor.ROW])).invoices[0]


def test_the_documents_example_is_typed() -> None:
    assert (
        LightningInvoice(
            id="inv_abc123def456",
            user_id="user_789xyz",
            email="user@example.com",
            encoded_payment_request="lnbc10u1p3xnhl2pp5jmxtqn235tkjzf...",
            expires_at=datetime(2024, 3, 28, 17, 3, 12, 456_000, UTC),
            status="OPEN",
            created_at=datetime(2024, 3, 28, 16, 3, 12, 456_000, UTC),
            updated_at=None,
            memo="Payment for services",
            payment_hash=vendor.ROW["paymentHash"],
            payment_preimage=vendor.ROW["paymentPreimage"],
            node_id=vendor.ROW["nodeId"],
            invoice_type="STANDARD",
            expiry_secs=3600,
            metadata="{}",
            uma_post_transaction_data="",
            bitcoin_network="mainnet",
            amount_original_value=Decimal(1000),
            amount_original_unit="satoshi",
            amount_preferred_currency_unit="USD",
            amount_preferred_currency_value_rounded=Decimal(1),
            amount_preferred_currency_value_approx=Decimal("0.65"),
            domain_events=None,
        )
        == INVOICE
    )


def test_there_are_the_documented_fields_and_domain_events() -> None:
    assert INVOICE.__struct_encode_fields__ == (*vendor.ROW, "domainEvents")


def test_it_is_frozen_hashable_and_compares_by_value() -> None:
    with pytest.raises(AttributeError):
        INVOICE.memo = "another"  # type: ignore[misc]  # that is what is tested
    assert len({INVOICE, msgspec.structs.replace(INVOICE), LightningInvoice(id="x")}) == 2


@pytest.mark.parametrize("name", ["expires_at", "created_at", "updated_at"])
def test_moments_become_utc_whoever_makes_the_invoice(name: str) -> None:
    local = datetime(2024, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    made: datetime = getattr(LightningInvoice(id="x", **{name: local}), name)
    assert (made, made.tzinfo) == (local, UTC)
    naive = datetime(2024, 1, 1, 12)  # noqa: DTZ001  # some servers leave the zone out
    made = getattr(LightningInvoice(id="x", **{name: naive}), name)
    assert (made, made.tzinfo) == (datetime(2024, 1, 1, 12, tzinfo=UTC), UTC)


NUMBERS = {
    "amount_original_value": "amountOriginalValue",
    "amount_preferred_currency_value_rounded": "amountPreferredCurrencyValueRounded",
    "amount_preferred_currency_value_approx": "amountPreferredCurrencyValueApprox",
}


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "1e999999", "1e-41", "9" * 41])
def test_numbers_without_measure_are_refused(name: str, number: str) -> None:
    with pytest.raises(InvalidArgument, match=NUMBERS[name]) as caught:
        LightningInvoice(id="x", **{name: Decimal(number)})
    assert number not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("number", ["0", "-0.65", "1e40", "1e-40", "9" * 40, "0e-40", "0e40"])
def test_numbers_within_bounds_are_kept_digit_by_digit(number: str) -> None:
    made = LightningInvoice(
        id="x",
        amount_original_value=Decimal(1),
        amount_preferred_currency_value_approx=Decimal(number),
    )
    assert str(made.amount_preferred_currency_value_approx) == str(Decimal(number))


@given(
    st.decimals()
    | st.builds(lambda d, e: Decimal(d).scaleb(e), st.integers(), st.integers(-80, 80))
)
def test_the_short_way_to_judge_a_number_admits_nothing_more(number: Decimal) -> None:
    if _is_ordinary(number):
        decimal_from_wire(number)
    try:
        decimal_from_wire(number)
    except RemoteProtocolError:
        assert not _is_ordinary(number)


def texts(value: object) -> str:
    return f"{value!r} {value} {rich.pretty.pretty_repr(value)}"


@pytest.mark.parametrize(
    "value",
    [
        INVOICE,
        InvoiceSnapshot((INVOICE,), (UnreadableRow(0, "$", "p", json.dumps(vendor.ROW).encode()),)),
        msgspec.structs.replace(INVOICE, domain_events=({"email": vendor.ROW["email"]},)),
        msgspec.structs.replace(INVOICE, metadata=vendor.ROW["email"]),
        msgspec.structs.replace(INVOICE, uma_post_transaction_data=vendor.ROW["email"]),
    ],
    ids=["invoice", "snapshot", "domain events", "metadata", "uma"],
)
def test_no_secret_is_in_a_repr(value: object) -> None:
    assert [secret for secret in vendor.SECRETS if secret in texts(value)] == []


def test_a_repr_shows_what_is_there() -> None:
    assert repr(LightningInvoice(id="a", status="OPEN", user_id="u")) == (
        "LightningInvoice(id='a', status='OPEN')"
    )
    assert repr(InvoiceSnapshot((INVOICE, INVOICE))) == (
        "InvoiceSnapshot(invoices=<2>, unreadable=())"
    )
    row = UnreadableRow(3, "$.id", "Expected `str`, got `null`", b"{}")
    assert repr(row) == (
        "UnreadableRow(index=3, path='$.id', problem='Expected `str`, got `null`')"
    )


# -- under the vendor's names ----------------------------------------------------------------------


def test_the_vendors_names_mask_secrets() -> None:
    shown = to_vendor(INVOICE)
    assert list(shown) == list(vendor.ROW)
    masked = dict.fromkeys(("userId", "email", "paymentPreimage"), "***")
    times = {"expiresAt": "2024-03-28T17:03:12.456000Z", "createdAt": "2024-03-28T16:03:12.456000Z"}
    numbers = {"amountPreferredCurrencyValueApprox": Decimal("0.65")}
    assert shown == {**vendor.ROW, **times, **masked, **numbers}


def test_the_vendors_names_with_secrets() -> None:
    shown = to_vendor(INVOICE, show_secrets=True)
    assert {name: shown[name] for name in ("userId", "email", "paymentPreimage")} == {
        name: vendor.ROW[name] for name in ("userId", "email", "paymentPreimage")
    }


def test_what_is_not_there_is_null_and_no_mask() -> None:
    shown = to_vendor(LightningInvoice(id="a"))
    assert {name for name, value in shown.items() if value is not None} == {"id"}
    assert "domainEvents" not in shown
    assert to_vendor(LightningInvoice(id="a", domain_events=()))["domainEvents"] == ()


def test_a_creation_under_the_vendors_names() -> None:
    created = CreatedInvoice("inv_1", datetime(2024, 1, 1, tzinfo=UTC), "made", "lnbc1", 201)
    assert to_vendor(created) == {
        "httpStatusCode": 201,
        "id": "inv_1",
        "expiresAt": "2024-01-01T00:00:00Z",
        "message": "made",
        "encodedPaymentRequest": "lnbc1",
    }
    bare: Mapping[str, Any] = to_vendor(CreatedInvoice("inv_1"))
    assert bare["expiresAt"] is None


def test_what_is_written_can_be_read_again() -> None:
    written = msgspec.json.encode([to_vendor(INVOICE, show_secrets=True)])
    assert read_rows(written) == InvoiceSnapshot((INVOICE,))
