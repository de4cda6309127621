"""Requests are read as they were written; any other text is a value or `InvalidInvoice`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hercle_proto.bolt11 import Hop, InvalidInvoice, Network, PaymentRequest, encode, node_id
from hercle_proto.bolt11 import _bech32 as bech32
from hercle_proto.bolt11._addresses import read_address
from payment_requests import KEY, TAIL, VECTORS, build, sealed

hashes = st.binary(min_size=32, max_size=32)
keys = hashes.filter(lambda key: 0 < int.from_bytes(key) < 2**255)
numbers = st.none() | st.integers(0, 2**64 - 1)
features = st.sampled_from([8, 14, 16, 24, 36, 48]) | st.integers(0, 2556).map(lambda n: 2 * n + 1)
hops = st.builds(
    Hop,
    node_id=st.tuples(st.sampled_from([b"\2", b"\3"]), hashes).map(b"".join),
    short_channel_id=st.integers(0, 2**64 - 1),
    fee_base_msat=st.integers(0, 2**32 - 1),
    fee_proportional_millionths=st.integers(0, 2**32 - 1),
    cltv_expiry_delta=st.integers(0, 2**16 - 1),
)
descriptions = st.fixed_dictionaries(
    {"description": st.text(st.characters(exclude_categories=["Cs"]), max_size=150)}
) | st.fixed_dictionaries({"description_hash": hashes})


def fallbacks(network: Network) -> st.SearchStrategy[list[str | None]]:
    hashed = st.tuples(st.sampled_from([0, 17, 18]), st.binary(min_size=20, max_size=20))
    taproot = st.tuples(st.just(1), hashes)
    program = hashed | taproot
    return st.lists(
        program.map(
            lambda p: read_address(network, bech32.words(p[0], 1) + bech32.from_bytes(p[1]))
        ),
        max_size=2,
    )


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    network = draw(st.sampled_from(Network))
    return draw(descriptions) | {
        "network": network,
        "amount_msat": draw(st.none() | st.integers(1, 21_000_000 * 10**11)),
        "created_at": datetime(1970, 1, 1, tzinfo=UTC)
        + timedelta(seconds=draw(st.integers(0, 2**35 - 1))),
        "payment_hash": draw(hashes),
        "payment_secret": draw(hashes),
        "expiry_seconds": draw(numbers),
        "min_final_cltv_expiry": draw(numbers),
        "fallbacks": tuple(draw(fallbacks(network))),
        "route_hints": tuple(
            map(tuple, draw(st.lists(st.lists(hops, min_size=1, max_size=3), max_size=2)))
        ),
        "features": draw(st.frozensets(features, max_size=4)),
        "metadata": draw(st.none() | st.binary(max_size=100)),
    }


@given(keys, requests(), st.booleans())
def test_round_trip(key: bytes, written: dict[str, Any], name_payee: bool) -> None:
    text = encode(key, **written, name_payee=name_payee)
    request = PaymentRequest.parse(text)
    defaults = {"expiry_seconds": 3600, "min_final_cltv_expiry": 18}
    for name, value in written.items():
        assert getattr(request, name) == (defaults.get(name) if value is None else value)
    assert request.payee == node_id(key)
    assert request.named_payee == (node_id(key) if name_payee else None)
    assert request.encode(key) == text
    assert PaymentRequest.parse(text.upper()) == request


# -- worse input -----------------------------------------------------------------------------------

TEXTS = [build(example).lower() for example in VECTORS["valid"]] + [
    encode(
        KEY,
        network=Network.REGTEST,
        amount_msat=1,
        created_at=datetime(2024, 1, 2, tzinfo=UTC),
        payment_hash=bytes(32),
        payment_secret=bytes(32),
        description="tea",
        name_payee=True,
    )
]
LETTERS = st.sampled_from(bech32.CHARSET)


def value_or_invalid(text: str) -> None:
    for options in ({}, {"require_secret": False}):
        found = parsed(text, **options)
        if isinstance(found, InvalidInvoice):
            assert 0 <= found.position <= len(text)
        else:
            assert PaymentRequest.parse(found.text, **options) == found
            assert found.expires_at >= found.created_at
        assert repr(found)


def parsed(text: str, **options: bool) -> PaymentRequest | InvalidInvoice:
    try:
        return PaymentRequest.parse(text, **options)
    except InvalidInvoice as error:
        return error


def spliced(draw: st.DrawFn, text: str, pieces: st.SearchStrategy[str]) -> str:
    begins = draw(st.integers(0, len(text)))
    ends = draw(st.integers(begins, min(begins + 8, len(text))))
    return text[:begins] + draw(pieces) + text[ends:]


@st.composite
def changed_characters(draw: st.DrawFn) -> str:
    return spliced(draw, draw(st.sampled_from(TEXTS)), st.text(max_size=4))


@st.composite
def changed_bits(draw: st.DrawFn) -> str:
    """One bit of the data is turned over, and the checksum fits again."""
    prefix, _, data = draw(st.sampled_from(TEXTS)).rpartition("1")
    at = draw(st.integers(0, len(data) - 7))
    bit = 1 << draw(st.integers(0, 4))
    other = bech32.words(bech32.number(data[at]) ^ bit, 1)
    return sealed(prefix, data[:at] + other + data[at + 1 : -6])


@st.composite
def changed_prefixes(draw: st.DrawFn) -> str:
    prefix, _, data = draw(st.sampled_from(TEXTS)).rpartition("1")
    pieces = st.text("lnbctsrumnp0123456789", max_size=4)
    return sealed("ln" + spliced(draw, prefix[2:], pieces), data[:-6])


@st.composite
def changed_data(draw: st.DrawFn) -> str:
    prefix, _, data = draw(st.sampled_from(TEXTS)).rpartition("1")
    return sealed(prefix, spliced(draw, data[:-6], st.text(LETTERS, max_size=12)))


@st.composite
def changed_fields(draw: st.DrawFn) -> str:
    """Any fields of any length, in front of a signature and a checksum that fits."""
    prefix, _, data = draw(st.sampled_from(TEXTS)).rpartition("1")
    lengths = st.sampled_from([0, 1, 2, 32, 33, 51, 52, 53, 54, 82, 1023]) | st.integers(0, 90)
    pieces = []
    for tag in draw(st.lists(st.sampled_from("pshdnxcfr9m2"), max_size=8)):
        length = draw(lengths)
        start = draw(st.text(LETTERS, max_size=min(length, 20)))
        pieces.append(tag + bech32.words(length, 2) + start.ljust(length, "q"))
    rest = data[7:-TAIL] if draw(st.booleans()) else ""
    return sealed(prefix, data[:7] + rest + "".join(pieces) + data[-TAIL:-6])


@given(
    changed_characters() | changed_bits() | changed_prefixes() | changed_data() | changed_fields()
)
def test_changed_requests(text: str) -> None:
    value_or_invalid(text)


@given(st.text() | st.text(LETTERS, max_size=200).map(lambda data: sealed("lnbc", data)))
def test_any_text(text: str) -> None:
    value_or_invalid(text)


def test_long_texts() -> None:
    for text in ("q" * 10**6, " " * 10**6, "lnbc1" + "q" * 10**6, "lnbc" + "1" * 10**6):
        value_or_invalid(text)
