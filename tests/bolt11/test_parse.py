"""What the reader takes and refuses beyond the specification's examples."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from hercle_proto.bolt11 import Network, PaymentRequest, TaggedField
from hercle_proto.bolt11._bech32 import BECH32M, checksum, from_bytes, words
from hercle_proto.bolt11._signature import sign
from payment_requests import (
    HASH,
    KEY,
    PLAIN,
    SECRET,
    TEXT,
    make,
    refusal,
    sealed,
    unsigned,
)

SEED_2018 = (
    "lntb1u1pwz5w78pp5e8w8cr5c30xzws92v36sk45znhjn098rtc4pea6ertnmvu25ng3sdpywd6hyetyvf5hgueqv3jk6"
    "meqd9h8vmmfvdjsxqrrssy29mzkzjfq27u67evzu893heqex737dhcapvcuantkztg6pnk77nrm72y7z0rs47wzc09vcnu"
    "gk2ve6sr2ewvcrtqnh3yttv847qqvqpvv398x"
)
"""The vendor's own example, in the documentation of Reflex: of before payment secrets."""


def make_raw(data: str) -> str:
    """A request with this behind its fields."""
    prefix, plain = unsigned({"prefix": "lnbc1m", "timestamp": 1, "fields": PLAIN})
    return sign(prefix, plain + data, KEY)


# -- the door --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "around", ["{}", " {}\n", "lightning:{}", "\tLIGHTNING:{} ", "\u00a0Lightning:{}"]
)
@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_door(around: str, case: Any) -> None:
    text = make(*PLAIN)
    assert PaymentRequest.parse(around.format(case(text))) == PaymentRequest.parse(text)


@pytest.mark.parametrize(
    "around", ["lightning://{}", "lightning: {}", "lightnign:{}", "bitcoin:{}", "{} {}"]
)
def test_closed_door(around: str) -> None:
    refusal(around.format(make(*PLAIN), "x"))


def test_positions_count_what_the_door_took_off() -> None:
    text = make(*PLAIN)
    bad = text[:-1] + ("q" if text[-1] != "q" else "p")
    position, reason = refusal(bad)
    assert refusal(" lightning:" + bad) == (position + 11, reason)


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("", 0, "there is no separator '1'"),
        ("   ", 3, "there is no separator '1'"),
        ("qqqq", 0, "there is no separator '1'"),
        ("bc1qqq", 0, "it does not begin with 'ln'"),
        ("lnbc1" + "q" * 7085, 7089, "it is longer than 7089 characters: 7090"),
        ("lnbc1qé", 6, r"'\xe9' is no character of bech32"),
        ("lnbc1q q", 6, "' ' is no character of bech32"),
        ("lnbc1q\u202e", 6, r"'\u202e' is no character of bech32"),
        ("lnbc10u1p3xnhl2pp5...", 18, "'.' is no character of its data"),
        ("Lnbc1qqq", 1, "upper and lower case are mixed"),
        ("lNBC1QQQ", 1, "upper and lower case are mixed"),
        ("lnbc1qqq", 8, "it is too short: 3 characters of data, 117 at least"),
    ],
)
def test_no_bech32(text: str, position: int, reason: str) -> None:
    assert refusal(text) == (position, reason)


def test_the_shortest_data() -> None:
    """A time stamp, a signature and a checksum, and not a word less."""
    assert refusal(sealed("lnbc", "q" * 110)) == (
        121,
        "it is too short: 116 characters of data, 117 at least",
    )
    assert refusal(sealed("lnbc", "q" * 111))[1] == "field 'p' is missing: the payment hash"


def test_a_checksum_of_bech32m_is_wrong() -> None:
    prefix, _, data = make(*PLAIN).rpartition("1")
    data = data[:-6]
    text = prefix + "1" + data + checksum(prefix, data, BECH32M)
    assert refusal(text) == (len(text) - 6, "the checksum is wrong")


# -- fields ----------------------------------------------------------------------------------------

BEHIND_PLAIN = len("lnbc1m") + 1 + 7 + 2 * (3 + 52) + (3 + 5)
"""Where a further field begins in what `make_raw` makes."""

FIELDS_REFUSED = [
    ([HASH, SECRET], "one of the fields 'd' and 'h' describes the payment: neither is there"),
    (
        [*PLAIN, ["h", "00" * 32]],
        "one of the fields 'd' and 'h' describes the payment: both are there",
    ),
    ([SECRET, TEXT], "field 'p' is missing: the payment hash"),
    ([HASH, TEXT], "field 's' is missing: the payment secret"),
    ([["p", {"zeros": 51}], SECRET, TEXT], "field 'p' is missing: the payment hash"),
    ([HASH, ["s", {"zeros": 53}], TEXT], "field 's' is missing: the payment secret"),
]


@pytest.mark.parametrize(("fields", "reason"), FIELDS_REFUSED)
def test_fields_that_are_missing(fields: list[list[Any]], reason: str) -> None:
    text = make(*fields)
    assert refusal(text) == (len(text) - 110, reason)


@pytest.mark.parametrize("twice", [HASH, SECRET, TEXT, ["x", 9], ["c", 9], ["m", "07"], ["9", [9]]])
def test_fields_that_come_twice(twice: list[Any]) -> None:
    fields = [field for field in PLAIN if field != twice] + [twice, twice]
    assert refusal(make(*fields))[1] == f"field '{twice[0]}' comes more than once"


ODD_HOPS = (b"\4" + bytes(50), b"\2" + bytes(49), b"\2" + bytes(51), b"")

DATA_REFUSED = [
    ("x", "qp", "it begins with a zero"),
    ("x", "q", "it begins with a zero"),
    ("x", words(2**64), "it is more than 64 bits hold"),
    ("c", "qp", "it begins with a zero"),
    ("9", "qp", "it begins with a zero"),
    ("9", "p", "feature 0 is required and unknown"),
    ("9", words(1 << 10 | 1 << 100), "feature 10 is required and unknown"),
    ("n", from_bytes(b"\4" + bytes(32)), "a node id begins with 02 or 03"),
    ("m", "q", "its last bits are not the zeros that fill up a word"),
    ("m", "qp", "its last bits are not the zeros that fill up a word"),
    ("f", "", "it has no version"),
    ("f", "qq", "its last bits are not the zeros that fill up a word"),
    ("r", from_bytes(ODD_HOPS[0]), "a node id begins with 02 or 03"),
    ("r", from_bytes(ODD_HOPS[1]), "50 bytes are not one or more hops of 51"),
    ("r", from_bytes(ODD_HOPS[2]), "52 bytes are not one or more hops of 51"),
    ("r", from_bytes(ODD_HOPS[3]), "0 bytes are not one or more hops of 51"),
]


@pytest.mark.parametrize(("tag", "data", "reason"), DATA_REFUSED)
def test_bad_data(tag: str, data: str, reason: str) -> None:
    text = make_raw(str(TaggedField(tag, data)))
    assert refusal(text) == (BEHIND_PLAIN, f"field '{tag}': {reason}")


def test_description_that_is_not_utf_8() -> None:
    fields = [HASH, SECRET, ["m", "07"]]
    prefix, data = unsigned({"prefix": "lnbc1m", "timestamp": 1, "fields": fields})
    text = sign(prefix, data + str(TaggedField("d", from_bytes(b"\xff"))), KEY)
    assert refusal(text)[1] == "field 'd': it is not UTF-8"


@pytest.mark.parametrize("rest", ["q", "qq", "2qp", "2q8qqqqqq", "2qqm"])
def test_fields_that_run_into_the_signature(rest: str) -> None:
    assert refusal(make_raw(rest))[1].endswith("runs into the signature")


def test_skipped_fields_stay() -> None:
    unknown = ["2", {"zeros": 8}]
    fallback = ["f", {"version": 19, "zeros": 8}]
    request = PaymentRequest.parse(make(*PLAIN, unknown, fallback))
    assert request.fallbacks == ()
    assert request.fields[-2:] == (TaggedField("2", "q" * 8), TaggedField("f", "n" + "q" * 8))


def test_odd_features_stay() -> None:
    assert PaymentRequest.parse(make(*PLAIN, ["9", [9, 15, 4999]])).features == {9, 15, 4999}


def test_defaults() -> None:
    request = PaymentRequest.parse(make(*PLAIN, prefix="lnbcrt"))
    assert request.network is Network.REGTEST
    assert request.amount_msat is None
    assert request.expiry_seconds == 3600
    assert request.min_final_cltv_expiry == 18
    assert request.expires_at - request.created_at == timedelta(hours=1)
    assert (request.fallbacks, request.route_hints, request.features) == ((), (), frozenset())
    assert (request.metadata, request.named_payee) == (None, None)


def test_zero_takes_no_words() -> None:
    request = PaymentRequest.parse(make(*PLAIN, ["x", 0], ["c", 0]))
    assert (request.expiry_seconds, request.min_final_cltv_expiry) == (0, 0)
    assert request.expires_at == request.created_at


@pytest.mark.parametrize("seconds", [10**12, 2**64 - 1])
def test_expiry_past_the_calendar(seconds: int) -> None:
    request = PaymentRequest.parse(make(*PLAIN, ["x", seconds], timestamp=2**35 - 1))
    assert request.expiry_seconds == seconds
    assert request.expires_at == datetime.max.replace(tzinfo=UTC)


def test_describes() -> None:
    text = PaymentRequest.parse(make(*PLAIN))
    hashed = PaymentRequest.parse(make(HASH, SECRET, ["h", sha256(b"tea").hexdigest()]))
    assert text.describes("tea")
    assert hashed.describes("tea")
    for other in ("Tea", "tea ", "", "\ud800"):
        assert not text.describes(other)
        assert not hashed.describes(other)


def test_secrets_stay_out_of_repr() -> None:
    request = PaymentRequest.parse(make(*PLAIN, ["m", "abcdef"]))
    assert "22" * 8 not in repr(request)
    assert "\\x22" * 8 not in repr(request)
    assert "abcdef" not in repr(request)
    assert request.text not in repr(request)


def test_example_of_before_payment_secrets() -> None:
    assert refusal(SEED_2018)[1] == "field 's' is missing: the payment secret"
    request = PaymentRequest.parse(SEED_2018, require_secret=False)
    assert request.network is Network.TESTNET
    assert request.amount_msat == 100_000
    assert request.created_at == datetime(2018, 12, 31, 15, 54, 47, tzinfo=UTC)
    assert request.expiry_seconds == 3600
    assert request.description == "suredbits demo invoice"
    assert request.payment_secret is None
    assert request.payee.hex().startswith("0203b0c0")
