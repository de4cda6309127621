"""Two thousand plausible variations of the vendor's answers, from a seed: none is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

import vendor
from hercle_proto.client import Answered, Settlement
from hercle_proto.hercle import (
    CreatedInvoice,
    CreateLightningInvoice,
    GetLightningInvoices,
    HercleDialect,
    InvoiceSnapshot,
)

GET = GetLightningInvoices("g")
CREATE = CreateLightningInvoice.for_sats(1000, client_id="c")
ROUNDS = 1000

TIMES = ("expiresAt", "createdAt", "updatedAt")
NUMBERS = tuple(name for name, value in vendor.ROW.items() if isinstance(value, int | float))
OPEN_TEXTS = {
    "status": ("OPEN", "CLOSED", "PAID", "FUTURE_VALUE", ""),
    "invoiceType": ("STANDARD", "AMP", "KEYSEND"),
    "bitcoinNetwork": ("mainnet", "MAINNET", "testnet", "regtest", "signet"),
    "amountOriginalUnit": ("satoshi", "SATOSHI", "BTC", "MILLISATOSHI", "MXN"),
    "memo": (" Payment for services ", "Payment for services", "", "☕ \n"),
}

Change = Callable[[Random, dict[str, Any]], None]


def null(chance: Random, row: dict[str, Any]) -> None:
    row[chance.choice([name for name in row if name != "id"])] = None


def missing(chance: Random, row: dict[str, Any]) -> None:
    row.pop(chance.choice([name for name in row if name != "id"]), None)


def integral_float(chance: Random, row: dict[str, Any]) -> None:
    for name in {*NUMBERS, "httpStatusCode"} & {*row}:
        if isinstance(row[name], int):
            row[name] = float(row[name])


def another_number(chance: Random, row: dict[str, Any]) -> None:
    name = chance.choice([name for name in NUMBERS if name != "expirySecs"])
    if name in row:
        row[name] = chance.choice([0, 1, 10**15, 0.00000001, 64999.99999999, str(Decimal("0.65"))])


def timestamp(chance: Random, row: dict[str, Any]) -> None:
    moment = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(10**8))
    digits = chance.randrange(8)
    fraction = f".{chance.randrange(10**digits):0{digits}}" if digits else ""
    zone = chance.choice(["Z", "", "+00:00", "+02:00"])
    sentinels = ["0001-01-01T00:00:00", "9999-12-31T23:59:59.9999999"]
    usual = f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}{zone}"
    row[chance.choice([name for name in TIMES if name in row] or ["new"])] = chance.choice(
        [usual, usual, usual, *sentinels]
    )


def open_text(chance: Random, row: dict[str, Any]) -> None:
    name = chance.choice(list(OPEN_TEXTS))
    if name in row:
        row[name] = chance.choice(OPEN_TEXTS[name])


def unknown_field(chance: Random, row: dict[str, Any]) -> None:
    row[f"new{chance.randrange(9)}"] = chance.choice([None, 1, 1.5, "x", [1], {"a": [{}]}, True])


def domain_events(chance: Random, row: dict[str, Any]) -> None:
    row["domainEvents"] = chance.choice([None, [], [{"type": "Created", "at": 1.5}], ["x"]])


CHANGES: tuple[Change, ...] = (
    null,
    missing,
    integral_float,
    another_number,
    timestamp,
    open_text,
    unknown_field,
    domain_events,
)


def varied(chance: Random, row: dict[str, Any], keep: tuple[str, ...] = ()) -> dict[str, Any]:
    """`row` with some changes, its keys in another order."""
    changed = dict(row)
    for change in chance.choices(CHANGES, k=chance.randrange(5)):
        change(chance, changed)
    changed.update({name: row[name] for name in keep})
    names = list(changed)
    chance.shuffle(names)
    return {name: changed[name] for name in names}


def wrapped(chance: Random, subject: str, client_id: str, data: object) -> object:
    """`data` in one of the envelopes, perhaps as text, perhaps without this or that key."""
    if chance.random() < 0.3:
        data = json.dumps(data)
    event = vendor.envelope(subject, client_id, data)
    names = ["channel", "topic", "type", "subject", "clientId"]
    for name in chance.sample(names, chance.randrange(6)):
        if chance.random() < 0.5:
            event[name] = None
        else:
            del event[name]
    if chance.random() < 0.2:
        event["version"] = 2
    return json.dumps(event) if chance.random() < 0.2 else event


def answer(value: object) -> object:
    """What it answers; the documents' payment request is cut, and agrees by its prefix."""
    dialect = HercleDialect(entropy=Random(1).randbytes)
    (what,) = dialect.received(vendor.event(value), vendor.InFlight(GET, CREATE), now=0.0)
    assert isinstance(what, Settlement), value
    assert isinstance(what.outcome, Answered), value
    return what.outcome.value


@pytest.mark.parametrize("part", range(10))
def test_no_plausible_snapshot_is_refused(part: int) -> None:
    chance = Random(part)
    for _ in range(ROUNDS // 10):
        rows = [varied(chance, vendor.ROW) for _ in range(chance.randrange(4))]
        snapshot = answer(wrapped(chance, vendor.SNAPSHOT, "g", rows))
        assert isinstance(snapshot, InvoiceSnapshot)
        assert snapshot.unreadable == ()
        assert [invoice.id for invoice in snapshot.invoices] == [row["id"] for row in rows]
        assert [invoice.status for invoice in snapshot.invoices] == [
            row.get("status") for row in rows
        ]


@pytest.mark.parametrize("part", range(10))
def test_no_plausible_creation_is_refused(part: int) -> None:
    chance = Random(part)
    for _ in range(ROUNDS // 10):
        data = varied(chance, vendor.CREATION, keep=("encodedPaymentRequest",))
        created = answer(wrapped(chance, vendor.CREATED, "c", data))
        assert isinstance(created, CreatedInvoice)
        assert created.id == vendor.CREATION["id"]
