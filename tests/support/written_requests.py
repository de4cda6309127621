"""Payment requests over everything that `encode` writes, and what has to hold for each.

Bytes that nobody looks into (hashes, node ids, programs) follow from one seed, and choices are
flat: so Hypothesis needs a third of the time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import shake_128
from itertools import pairwise
from typing import Any, Final

from attrs import frozen
from hypothesis import strategies as st

from hercle_proto.bolt11 import Hop, Network, PaymentRequest, RouteHint, encode, node_id
from hercle_proto.bolt11 import _bech32 as bech32
from hercle_proto.bolt11._addresses import read_address

__all__ = ["Written", "check_fields", "round_trip", "written"]

_DEFAULTS: Final = {"expiry_seconds": 3600, "min_final_cltv_expiry": 18}

_PROGRAMS: Final = ((0, 20), (0, 32), (1, 32), (16, 2), (17, 20), (18, 20))
"""Versions of fallback addresses, and how many bytes theirs hold."""

_FEATURES: Final = (8, 14, 16, 24, 36, 48, *range(1, 102, 2), 253)

_KEYS: Final = [bytes(31) + bytes([number]) for number in range(1, 9)]
"""A few, so that their node ids are found only once."""


@frozen
class Written:
    """What `encode` is told, and the key that signs."""

    key: bytes
    arguments: dict[str, Any]

    def encode(self) -> str:
        """The request."""
        return encode(self.key, **self.arguments)


def round_trip(written: Written) -> None:
    """Every field is read as it was written, and what is read is written again to the letter."""
    text = written.encode()
    request = PaymentRequest.parse(text, check_signature=False)  # `payee` checks it
    check_fields(request, written)
    assert request.text == text
    assert request.encode(written.key) == text


def check_fields(request: PaymentRequest, written: Written) -> None:
    """It says what was written."""
    told = dict(written.arguments)
    payee = _node_id(written.key)
    assert request.payee == payee
    assert request.named_payee == (payee if told.pop("name_payee") else None)
    for name, value in told.items():
        assert getattr(request, name) == (_DEFAULTS.get(name) if value is None else value)


_amounts = st.integers(0, 21_000_000 * 10**11)
_seconds = st.integers(0, 2**35 - 1)
_numbers = st.integers(-1, 2**64 - 1)
_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=150)
_masks = st.integers(0, 2 ** len(_FEATURES) - 1)
_flags = st.booleans()
_networks = st.sampled_from(Network)
_hints = st.sampled_from(((), (), (1,), (2,), (2, 1), (5,), (12,)))
_addresses = st.sampled_from(
    [(), (), *((each,) for each in _PROGRAMS), *pairwise((*_PROGRAMS, _PROGRAMS[0]))]
)
_octets = st.sampled_from((None, None, 0, 1, 33, 639))
_seeds = st.integers(0, 2**32 - 1)


@cache
def _node_id(key: bytes) -> bytes:
    return node_id(key)


@st.composite
def written(draw: st.DrawFn) -> Written:
    """Any request."""
    seed, network = draw(_seeds).to_bytes(4), draw(_networks)
    amount, expiry, blocks = draw(_amounts), draw(_numbers), draw(_numbers)
    description = draw(_texts) if draw(_flags) else None

    def octets(name: str, size: int) -> bytes:
        return shake_128(name.encode() + seed).digest(size)

    metadata, features = draw(_octets), draw(_masks)
    return Written(
        key=_KEYS[seed[0] % len(_KEYS)],
        arguments={
            "network": network,
            "amount_msat": amount or None,
            "created_at": datetime.fromtimestamp(0, UTC) + timedelta(seconds=draw(_seconds)),
            "payment_hash": octets("hash", 32),
            "payment_secret": octets("secret", 32),
            "description": description,
            "description_hash": octets("description", 32) if description is None else None,
            "expiry_seconds": None if expiry < 0 else expiry,
            "min_final_cltv_expiry": None if blocks < 0 else blocks,
            "fallbacks": tuple(
                _address(network, version, octets(f"fallback {index}", size))
                for index, (version, size) in enumerate(draw(_addresses))
            ),
            "route_hints": tuple(
                _hops(octets(f"hint {index}", 51 * size)) for index, size in enumerate(draw(_hints))
            ),
            "features": frozenset(
                bit for place, bit in enumerate(_FEATURES) if features >> place & 1
            ),
            "metadata": None if metadata is None else octets("metadata", metadata),
            "name_payee": draw(_flags),
        },
    )


def _address(network: Network, version: int, program: bytes) -> str:
    address = read_address(network, bech32.words(version, 1) + bech32.from_bytes(program))
    assert address is not None
    return address


def _hops(octets: bytes) -> RouteHint:
    return tuple(_hop(octets[at : at + 51]) for at in range(0, len(octets), 51))


def _hop(octets: bytes) -> Hop:
    """Its costs are mostly small, as they are."""
    costs = int.from_bytes(octets[41:45]), int.from_bytes(octets[45:49])
    base, part = (cost >> octets[40] % 32 for cost in costs)
    node = bytes([2 + octets[0] % 2]) + octets[1:33]
    delta = int.from_bytes(octets[49:51]) >> octets[39] % 16
    return Hop(node, int.from_bytes(octets[33:41]), base, part, delta)
