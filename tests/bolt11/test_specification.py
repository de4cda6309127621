"""The examples of the specification, byte for byte."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from hercle_proto.bolt11 import Hop, InvalidInvoice, PaymentRequest
from payment_requests import CHANGES, KEY, NODE_ID, VECTORS, build, resigned

UNRECOVERABLE = bytes.fromhex(
    "7217ede274201d1219ee2d43075820d48bcbe8c90000b85aab9f47c467365b6b"
    "7450bea18bddd14315410b72c66ee59da0aa630023cd9b8133a88e84b67f5885"
    "02"
)
"""The specification's own: it follows from nothing that the example says."""

VALID = VECTORS["valid"]
INVALID = VECTORS["invalid"]


def name(example: dict[str, Any]) -> str:
    return str(example["name"])


def test_all_are_here() -> None:
    assert (len(VALID), len(INVALID)) == (16, 10)
    assert [name(e) for e in VALID + INVALID if e["sha256"] is None] == [
        "signature not recoverable"
    ]


@pytest.mark.parametrize("example", [e for e in VALID + INVALID if e["sha256"]], ids=name)
def test_encoded_as_in_the_specification(example: dict[str, Any]) -> None:
    assert sha256(build(example).encode()).hexdigest() == example["sha256"]


@pytest.mark.parametrize("example", VALID, ids=name)
def test_valid(example: dict[str, Any]) -> None:
    text = build(example)
    request = PaymentRequest.parse(text)
    told = {tag: value for tag, value in example["fields"] if not isinstance(value, dict)}

    assert request.network == example["prefix"][2:4]
    assert request.amount_msat == example["amount_msat"]
    assert request.created_at == datetime.fromtimestamp(example["timestamp"], UTC)
    assert request.expiry_seconds == told.get("x", 3600)
    assert request.payment_hash.hex() == told["p"]
    assert request.payment_secret == bytes.fromhex(told["s"])
    assert request.description == told.get("d")
    assert request.description_hash == (bytes.fromhex(told["h"]) if "h" in told else None)
    assert request.min_final_cltv_expiry == told.get("c", 18)
    assert request.fallbacks == ((told["f"],) if "f" in told else ())
    assert request.features == set(told["9"])
    assert request.metadata == (bytes.fromhex(told["m"]) if "m" in told else None)
    hops = tuple(Hop(bytes.fromhex(hop[0]), *hop[1:]) for hop in told.get("r", ()))
    assert request.route_hints == ((hops,) if hops else ())
    assert request.named_payee is None
    assert [item.tag for item in request.fields] == [tag for tag, _ in example["fields"]]
    assert str(request) == text.lower()
    assert (request.payee == NODE_ID) is (example.get("change") != "high S")


@pytest.mark.parametrize("example", [e for e in VALID if e.get("change") != "high S"], ids=name)
def test_valid_ones_are_encoded_again(example: dict[str, Any]) -> None:
    text = build(example)
    assert PaymentRequest.parse(text).encode(KEY) == text.lower()


def test_high_s_recovers_another_key() -> None:
    example = next(e for e in VALID if e.get("change") == "high S")
    assert PaymentRequest.parse(build(example)).payee.hex().startswith("02d0139c")


@pytest.mark.parametrize("example", INVALID, ids=name)
def test_invalid(example: dict[str, Any]) -> None:
    with pytest.raises(InvalidInvoice) as caught:
        PaymentRequest.parse(build(example))
    assert (caught.value.position, caught.value.reason) == (example["position"], example["reason"])


def test_no_reason_is_given_twice() -> None:
    assert len({example["reason"] for example in INVALID}) == len(INVALID)


def test_the_specifications_own_unrecoverable_signature() -> None:
    example = next(e for e in INVALID if e["name"] == "signature not recoverable")
    text = resigned(build(example), lambda _: UNRECOVERABLE)
    digest = "cb400b1378a7a2945e9cc6ef947becece078bb7671b30becf3ed68216866db99"
    assert sha256(text.encode()).hexdigest() == digest
    with pytest.raises(InvalidInvoice) as caught:
        PaymentRequest.parse(text)
    assert (caught.value.position, caught.value.reason) == (example["position"], example["reason"])


def test_only_the_curve_finds_an_unrecoverable_signature() -> None:
    example = next(e for e in INVALID if e["name"] == "signature not recoverable")
    request = PaymentRequest.parse(build(example), check_signature=False)
    with pytest.raises(InvalidInvoice, match="no key can have made its signature"):
        _ = request.payee


def test_every_change_is_used() -> None:
    used = {example["change"] for example in VALID + INVALID if "change" in example}
    assert used == CHANGES.keys()
