"""Rows decode together, or one by one; a bad one says where, and takes no other with it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vendor
from hercle_proto.hercle import InvoiceSnapshot, LightningInvoice
from hercle_proto.hercle._json import Unreadable
from hercle_proto.hercle._rows import read_row_by_row, read_rows

TEXTS = [
    "userId",
    "email",
    "encodedPaymentRequest",
    "status",
    "memo",
    "paymentHash",
    "paymentPreimage",
    "nodeId",
    "invoiceType",
    "metadata",
    "umaPostTransactionData",
    "bitcoinNetwork",
    "amountOriginalUnit",
    "amountPreferredCurrencyUnit",
]
TIMES = ["expiresAt", "createdAt", "updatedAt"]
INTEGERS = ["expirySecs"]
NUMBERS = [
    "amountOriginalValue",
    "amountPreferredCurrencyValueRounded",
    "amountPreferredCurrencyValueApprox",
]

WRONG: list[tuple[list[str], list[str]]] = [
    (["id", *TEXTS], ["1", "1.5", "true", "[]", "{}"]),
    (["id"], ["null"]),
    (
        TIMES,
        ["1711641792", "1.5", "false", "[]", "{}", '""', '"tomorrow"', '"2024-13-01T00:00:00Z"'],
    ),
    (INTEGERS, ['"3600"', "true", "3600.5", "1e999999", '"NaN"', "[]", "{}", "1e-3"]),
    (
        NUMBERS,
        ['"NaN"', '"-Infinity"', '"sNaN"', "1e999999", "1e-999999", "true", "[]", "{}", '"x"'],
    ),
    (NUMBERS, ["1" * 50, "0." + "1" * 50, "1e" + "9" * 30]),
    (["domainEvents"], ['"x"', "{}", "1", "true"]),
]
WRONG_FIELDS = [(name, value) for names, values in WRONG for name in names for value in values]


def row(**changes: object) -> dict[str, object]:
    return {**vendor.ROW, **changes}


def with_raw(name: str, value: str) -> str:
    """The documents' row with one field as JSON text."""
    fields = {key: json.dumps(each) for key, each in vendor.ROW.items()} | {name: value}
    return "{" + ",".join(f'"{key}":{text}' for key, text in fields.items()) + "}"


def names_tested() -> set[str]:
    return {name for names, _ in WRONG for name in names}


def test_every_field_is_tested() -> None:
    assert names_tested() == {*vendor.ROW, "domainEvents"}


@pytest.mark.parametrize(("name", "value"), WRONG_FIELDS)
def test_a_wrong_type_is_told_and_takes_no_other_row_with_it(name: str, value: str) -> None:
    good = json.dumps(vendor.ROW)
    bad = with_raw(name, value)
    snapshot = read_rows(f"[{good}, {bad}, {good}]")
    assert [invoice.id for invoice in snapshot.invoices] == ["inv_abc123def456"] * 2
    (unreadable,) = snapshot.unreadable
    assert unreadable.index == 1
    assert unreadable.path == f"$.{name}"
    assert unreadable.raw == bad.encode()
    assert len(unreadable.problem) < 120
    assert [secret for secret in vendor.SECRETS if secret in repr(snapshot)] == []


@pytest.mark.parametrize("name", [name for name in vendor.ROW if name != "id"])
def test_every_field_but_the_id_may_be_null_or_missing(name: str) -> None:
    null = read_rows(json.dumps([row(**{name: None})]))
    missing = read_rows(json.dumps([{k: v for k, v in vendor.ROW.items() if k != name}]))
    assert null == missing
    assert null.unreadable == ()


def test_a_row_without_id_is_no_invoice() -> None:
    snapshot = read_rows(json.dumps([{"status": "OPEN"}, 5, None, "x", [], {"id": "a"}]))
    assert [invoice.id for invoice in snapshot.invoices] == ["a"]
    assert [(row.index, row.path, row.problem) for row in snapshot.unreadable] == [
        (0, "$", "Object missing required field `id`"),
        (1, "$", "Expected `object`, got `int`"),
        (2, "$", "Expected `object`, got `null`"),
        (3, "$", "Expected `object`, got `str`"),
        (4, "$", "Expected `object`, got `array`"),
    ]


ODD = [
    ("expirySecs", "3600.0", "expiry_secs", 3600),
    ("expirySecs", "36e2", "expiry_secs", 3600),
    ("expirySecs", "-0.0", "expiry_secs", 0),
    ("amountOriginalValue", "1000.00", "amount_original_value", Decimal("1000.00")),
    ("amountOriginalValue", '"1000"', "amount_original_value", Decimal(1000)),
    ("status", '"PAID_SOMEHOW"', "status", "PAID_SOMEHOW"),
    ("invoiceType", '"AMP"', "invoice_type", "AMP"),
    ("bitcoinNetwork", '"REGTEST"', "bitcoin_network", "REGTEST"),
    ("amountOriginalUnit", '"MILLISATOSHI"', "amount_original_unit", "MILLISATOSHI"),
    ("domainEvents", "[]", "domain_events", ()),
    ("domainEvents", '[{"a": 1.50}]', "domain_events", ({"a": Decimal("1.50")},)),
    ("brandNew", '{"deep": [1e999999]}', "id", "inv_abc123def456"),
]


@pytest.mark.parametrize(("name", "value", "attribute", "expected"), ODD)
@pytest.mark.parametrize("read", [read_rows, read_row_by_row])
def test_what_is_plausible_is_read(
    read: Any, name: str, value: str, attribute: str, expected: object
) -> None:
    snapshot = read(f"[{with_raw(name, value)}]")
    assert snapshot.unreadable == ()
    assert getattr(snapshot.invoices[0], attribute) == expected


def test_an_odd_field_does_not_hide_another() -> None:
    odd = row(expirySecs=3600.0, expiresAt="9999-12-31T23:59:59.9999999", createdAt=None)
    (invoice,) = read_rows(json.dumps([odd])).invoices
    assert invoice.expiry_secs == 3600
    assert invoice.expires_at is not None
    assert invoice.expires_at.year == 9999
    (bad,) = read_rows(json.dumps([{**odd, "updatedAt": "never"}])).unreadable
    assert bad.path == "$.updatedAt"


@pytest.mark.parametrize("number", ["1e999999", "1e" + "9" * 30, "0." + "1" * 60])
def test_a_number_without_measure_spoils_no_field_that_nobody_asked_for(number: str) -> None:
    text = f'{{"id":"x","expirySecs":1.0,"new":[{number}],"domainEvents":[{number},1.5]}}'
    assert read_rows(f"[{text}]") == InvoiceSnapshot(
        (LightningInvoice(id="x", expiry_secs=1, domain_events=(number, Decimal("1.5"))),)
    )


def test_what_is_not_utf8_spoils_its_row_only() -> None:
    good = json.dumps(vendor.ROW).encode()
    snapshot = read_rows(b'[{"id":"\xff"}, ' + good + b"]")
    assert len(snapshot.invoices) == 1
    assert [(row.index, row.problem) for row in snapshot.unreadable] == [(0, "not UTF-8")]


DEEP = '{"id":"x","domainEvents":' + "[" * 100_000 + "]" * 100_000 + "}"


@pytest.mark.parametrize("text", ["{}", "null", "5", '"x"', "", "[", "[1 2]", f"[{DEEP}]"])
def test_what_is_no_list(text: str) -> None:
    with pytest.raises(Unreadable):
        read_rows(text)


def test_no_rows() -> None:
    assert read_rows("[]") == InvoiceSnapshot(())


# -- both ways are one -----------------------------------------------------------------------------

any_time = st.builds(
    lambda moment, digits, zone: (
        moment.isoformat(timespec="seconds")
        + f".{digits}"[: len(digits) and len(digits) + 1]
        + zone
    ),
    st.datetimes(),
    st.text("0123456789", max_size=7),
    st.sampled_from(["", "Z", "+00:00", "+05:30", "-11:00"]),
)
fields: dict[str, st.SearchStrategy[object]] = {
    **dict.fromkeys(TEXTS, st.text(max_size=5)),
    **dict.fromkeys(TIMES, any_time),
    **dict.fromkeys(INTEGERS, st.integers(-(10**6), 10**12) | st.integers(0, 10**6).map(float)),
    **dict.fromkeys(NUMBERS, st.integers(0, 10**15) | st.decimals(0, 10**9, places=8).map(float)),
    "domainEvents": st.lists(st.integers() | st.dictionaries(st.text(max_size=3), st.floats(0, 9))),
    "somethingNew": st.integers() | st.text(max_size=5),
}
plausible = st.fixed_dictionaries(
    {"id": st.text(max_size=5)},
    optional={name: st.none() | values for name, values in fields.items()},
)


@given(st.lists(plausible, max_size=4))
def test_both_ways_read_the_same(rows: list[dict[str, object]]) -> None:
    text = json.dumps(rows)
    together = read_rows(text)
    assert together.unreadable == ()
    assert together == read_row_by_row(text)
    assert [invoice.id for invoice in together.invoices] == [each["id"] for each in rows]


json_values: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@settings(max_examples=40)
@given(
    st.lists(
        json_values | st.fixed_dictionaries({}, optional=dict.fromkeys(vendor.ROW, json_values))
    )
)
def test_any_list_ends_in_rows_of_either_kind(rows: list[object]) -> None:
    text = json.dumps(rows)  # with NaN, which is no JSON
    try:
        snapshot = read_rows(text)
    except Unreadable:
        assert "NaN" in text or "Infinity" in text
        return
    assert len(snapshot.invoices) + len(snapshot.unreadable) == len(rows)
    assert all(type(invoice) is LightningInvoice for invoice in snapshot.invoices)
