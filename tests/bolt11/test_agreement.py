"""The PyPI package `bolt11` reads what we read, wherever both of us take it, its faults apart.

`make bench ARGS=bolt11-agreement` asks it ten times as often.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

import other_reader
from hercle_proto.bolt11 import Hop, InvalidInvoice, Network, PaymentRequest, encode
from other_reader import FAULTS, REFUSED, differences, package, view
from payment_requests import KEY, NODE_ID, VECTORS, build, sealed
from written_requests import Written, written

if other_reader.MISSING:
    pytest.skip("the package bolt11 takes no Python newer than 3.12", allow_module_level=True)

VALID = {example["name"]: build(example) for example in VECTORS["valid"]}
INVALID = {example["name"]: build(example) for example in VECTORS["invalid"]}


@pytest.mark.parametrize("text", VALID.values(), ids=VALID)
def test_examples(text: str) -> None:
    assert differences(text) == []


@settings(max_examples=200)
@given(written())
def test_it_reads_what_we_write(any_request: Written) -> None:
    other_reader.reads_what_we_write(any_request)


@given(written())
def test_we_read_what_it_writes(any_request: Written) -> None:
    other_reader.writes_what_we_read(any_request)


# -- its known faults are still there, or the lists of them are too long ---------------------------

HOP = Hop(NODE_ID, 1, 2, 3, 4)
COSTLY = Hop(NODE_ID, 1, 2**31, 2**31, 2**15)
TAPROOT = "bc1pptdvg0d2nj99568qn6ssdy4cygnwuxgw2ukmnwgwz7jpqjz2kszse2s3lm"
SEGWIT = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
REGTEST = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"

FAULTY: list[tuple[str, dict[str, Any], Any]] = [
    (
        "it gives addresses from witness version 1 up the checksum of version 0",
        {"fallbacks": [TAPROOT]},
        (TAPROOT[:-6] + "vkqa6e",),
    ),
    (
        "it knows no addresses of signet and regtest",
        {"network": Network.REGTEST, "fallbacks": [REGTEST]},
        ("none that it knows",),
    ),
    (
        "it keeps one fallback address only",
        {"fallbacks": [SEGWIT, TAPROOT]},
        (SEGWIT,),
    ),
    (
        "it loses the last of five hops, which need no padding",
        {"route_hints": [(HOP,) * 5]},
        ((HOP,) * 4,),
    ),
    (
        "it reads what a hop costs as signed numbers",
        {"route_hints": [(COSTLY,)]},
        ((Hop(NODE_ID, 1, -(2**31), -(2**31), -(2**15)),),),
    ),
    (
        "it tells one bit of a feature of which both are set",
        {"features": frozenset({8, 14, 15})},
        {8, 15},
    ),
]


PLAIN: dict[str, Any] = {
    "network": Network.BITCOIN,
    "amount_msat": None,
    "created_at": datetime(2026, 5, 7, tzinfo=UTC),
    "payment_hash": bytes(32),
    "payment_secret": bytes(32),
    "description": "tea",
}


def request(**changes: Any) -> PaymentRequest:
    return PaymentRequest.parse(encode(KEY, **PLAIN | changes))


def test_all_faults_are_shown() -> None:
    assert [name for name, *_ in FAULTY] == [*FAULTS]


@pytest.mark.parametrize(("name", "changes", "read"), FAULTY, ids=FAULTS)
def test_it_reads_something_else(name: str, changes: dict[str, Any], read: Any) -> None:
    written = request(**changes)
    field, concerns = FAULTS[name]
    assert concerns(written)
    assert not concerns(request())
    assert view(written.text)[field] == read != getattr(written, field)


@pytest.mark.parametrize("changes", [{"expiry_seconds": 0}, {"min_final_cltv_expiry": 0}])
def test_it_refuses_what_is_right(changes: dict[str, Any]) -> None:
    [concerns] = REFUSED.values()
    assert concerns(request(**changes))
    assert not concerns(request())
    with pytest.raises(ValueError, match="zero length"):
        view(request(**changes).text)


SOME = build(VECTORS["valid"][1])
WRONG = {
    "an unknown even feature": (INVALID["required feature 100"], "features", {8, 14, 99, 100}),
    "less than a millisatoshi": (INVALID["less than a millisatoshi"], "amount_msat", 250_000_000),
    "mixed case": (SOME.replace("lnbc", "LNBC"), "amount_msat", 250_000_000),
    "leading zeros": (
        sealed("lnbc02500u", SOME.rpartition("1")[2][:-6]),
        "amount_msat",
        250_000_000,
    ),
}


@pytest.mark.parametrize(("text", "field", "read"), WRONG.values(), ids=WRONG)
def test_it_takes_what_is_wrong(text: str, field: str, read: Any) -> None:
    assert view(text)[field] == read
    with pytest.raises(InvalidInvoice):
        PaymentRequest.parse(text)


def test_its_times_have_no_zone() -> None:
    found = package().decode(SOME)
    assert (found.date_time.tzinfo, found.expiry_date.tzinfo) == (None, None)
    assert PaymentRequest.parse(SOME).created_at.tzinfo is UTC


def test_its_summary_tells_zero_where_the_payer_chooses() -> None:
    assert package().decode(request().text).data["amount_msat"] == 0


def test_it_does_not_write_what_it_does_not_know() -> None:
    bolt11 = package()
    with pytest.raises(ValueError, match="Invalid character '0'"):
        bolt11.Fallback.from_address(TAPROOT, "bc")
    with pytest.raises(NotImplementedError, match="bcrt"):
        bolt11.Fallback.from_address(REGTEST, "bcrt")
    assert bolt11.btc_to_amount(1000) == "1"
