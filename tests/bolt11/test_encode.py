from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from hercle_proto._errors import InvalidArgument
from hercle_proto.bolt11 import Hop, MissingExtra, Network, PaymentRequest, encode, node_id
from payment_requests import KEY, NODE_ID

HOP = Hop(NODE_ID, 72623859790382856, 1, 20, 3)

SIMPLE: dict[str, Any] = {
    "network": Network.REGTEST,
    "amount_msat": 100_000_000,
    "created_at": datetime(2024, 1, 2, 3, 4, 5, 678, tzinfo=UTC),
    "payment_hash": bytes(32),
    "payment_secret": b"\x22" * 32,
    "description": "Payment for services",
}


def test_simple() -> None:
    text = encode(KEY, **SIMPLE)
    request = PaymentRequest.parse(text)
    assert text.startswith("lnbcrt1m1p")
    assert request.payee == NODE_ID == node_id(KEY)
    assert request.named_payee is None
    assert request.created_at == datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert request.features == {8, 14}
    assert "".join(item.tag for item in request.fields) == "psd9"


def test_everything() -> None:
    fallbacks = ("bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080",)
    everything = SIMPLE | {
        "description": None,
        "description_hash": b"\x33" * 32,
        "expiry_seconds": 604_800,
        "min_final_cltv_expiry": 144,
        "fallbacks": fallbacks,
        "route_hints": [(HOP, HOP), (HOP,)],
        "features": frozenset({8, 14, 17, 99}),
        "metadata": b"\1\2\3",
        "name_payee": True,
    }
    request = PaymentRequest.parse(encode(KEY, **everything))
    assert request.description_hash == b"\x33" * 32
    assert request.expires_at == request.created_at + timedelta(days=7)
    assert request.min_final_cltv_expiry == 144
    assert request.fallbacks == fallbacks
    assert request.route_hints == ((HOP, HOP), (HOP,))
    assert request.features == {8, 14, 17, 99}
    assert request.metadata == b"\1\2\3"
    assert request.named_payee == NODE_ID
    assert "".join(item.tag for item in request.fields) == "pshxcnfrrm9"


def test_signatures_are_deterministic() -> None:
    assert encode(KEY, **SIMPLE) == encode(KEY, **SIMPLE)


def test_other_zones_are_the_same_instant() -> None:
    there = SIMPLE["created_at"].astimezone(timezone(timedelta(hours=-5)))
    assert encode(KEY, **SIMPLE | {"created_at": there}) == encode(KEY, **SIMPLE)


def test_the_longest_description() -> None:
    text = encode(KEY, **SIMPLE | {"description": "é" * 319 + "x"})
    assert PaymentRequest.parse(text).description == "é" * 319 + "x"


BAD: list[tuple[dict[str, Any], str]] = [
    ({"amount_msat": 0}, "amount_msat: from 1 to 2100000000000000000; got 0"),
    ({"amount_msat": -1}, "amount_msat: from 1 to"),
    ({"amount_msat": 2_100_000_000_000_000_001}, "amount_msat: from 1 to"),
    ({"created_at": datetime(2024, 1, 2)}, "created_at: a time with its zone; got a naive one"),  # noqa: DTZ001 -- that is the point
    ({"created_at": datetime(1969, 12, 31, tzinfo=UTC)}, "created_at: a time from 1970 to 3058"),
    ({"created_at": datetime(3059, 1, 1, tzinfo=UTC)}, "created_at: a time from 1970 to 3058"),
    ({"payment_hash": bytes(31)}, "payment_hash: 32 bytes; got 31"),
    ({"payment_secret": bytes(33)}, "payment_secret: 32 bytes; got 33"),
    ({"description": None}, "description: either it or description_hash is given; got neither"),
    ({"description_hash": bytes(32)}, "either it or description_hash is given; got both"),
    ({"description": None, "description_hash": b""}, "description_hash: 32 bytes; got 0"),
    ({"description": "é" * 320}, "description: at most 639 bytes; got 640"),
    ({"description": "\ud800"}, "description: text; got a lone surrogate in it"),
    ({"expiry_seconds": -1}, "expiry_seconds: from 0 to"),
    ({"min_final_cltv_expiry": 2**64}, "min_final_cltv_expiry: from 0 to"),
    ({"fallbacks": ["nonsense"]}, "fallbacks: addresses of the network; got 'nonsense'"),
    ({"fallbacks": ["1RustyRX2oai4EYYDpQGWvEL62BBGqN9T"]}, "not an address of the network bcrt"),
    ({"route_hints": [()]}, "route_hints: 1 to 12 hops each"),
    ({"route_hints": [(HOP,) * 13]}, "route_hints: 1 to 12 hops each"),
    ({"route_hints": [(Hop(b"\2", 0, 0, 0, 0),)]}, "route_hints: 1 to 12 hops each"),
    ({"route_hints": [(Hop(b"\2" * 34, 0, 0, 0, 0),) * 51]}, "route_hints: 1 to 12 hops each"),
    ({"route_hints": [(Hop(NODE_ID, 0, 2**32, 0, 0),)]}, "route_hints: 1 to 12 hops each"),
    ({"route_hints": [(Hop(NODE_ID, -1, 0, 0, 0),)]}, "route_hints: 1 to 12 hops each"),
    ({"route_hints": [(HOP,) * 12] * 7}, "route_hints: a request of 7089 characters; got"),
    ({"features": frozenset({-1})}, "features: odd, or known to BOLT 9"),
    ({"features": frozenset({8, 10})}, "features: odd, or known to BOLT 9"),
    ({"features": frozenset({5115})}, "features: odd, or known to BOLT 9"),
    ({"metadata": bytes(640)}, "metadata: at most 639 bytes; got 640"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_bad_arguments(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        encode(KEY, **SIMPLE | change)
    assert message in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("key", [b"", bytes(32), b"\xff" * 32, KEY + b"\0"])
def test_bad_keys_are_not_echoed(key: bytes) -> None:
    for use in (lambda: encode(key, **SIMPLE), lambda: node_id(key)):
        with pytest.raises(InvalidArgument) as caught:
            use()
        assert str(caught.value) == "key: a private key of 32 bytes; got something else"


def test_without_the_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "btclib_secp256k1.recovery", None)
    with pytest.raises(MissingExtra) as caught:
        encode(KEY, **SIMPLE)
    assert caught.value.extra == "bolt11"
