"""Payment requests, real ones; and wrong ones, where a memo asks for that (see `_faults`)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from attrs import evolve, field, frozen

from hercle_proto.bolt11 import Network, encode
from hercle_proto.bolt11._bech32 import BECH32, CHECKSUM_WORDS, checksum, from_bytes
from hercle_proto.bolt11._signature import SIGNATURE_WORDS
from hercle_sandbox._faults import fault_in

__all__ = ["Terms", "write"]


@frozen(kw_only=True)
class Terms:
    """What a payment request says, and the key that it is signed with."""

    key: bytes = field(repr=False)
    amount_msat: int
    description: str
    created_at: datetime
    expiry_seconds: int
    payment_hash: bytes


def write(terms: Terms) -> str:
    """The payment request, for regtest. Its description may ask for a fault."""
    fault = fault_in(terms.description)
    change, mangle = _OTHER_TERMS.get(fault), _OTHER_TEXTS.get(fault)
    said = change(terms) if change else terms
    text = encode(
        said.key,
        network=Network.REGTEST,
        amount_msat=said.amount_msat,
        created_at=said.created_at,
        payment_hash=said.payment_hash,
        payment_secret=os.urandom(32),
        description=said.description,
        expiry_seconds=said.expiry_seconds,
        min_final_cltv_expiry=18,
    )
    return mangle(text) if mangle else text


_OTHER_TERMS: Final[Mapping[str, Callable[[Terms], Terms]]] = MappingProxyType(
    {
        "fault:amount": lambda terms: evolve(terms, amount_msat=terms.amount_msat * 10),
        "fault:memo": lambda terms: evolve(terms, description="something else"),
        "fault:expiry": lambda terms: evolve(terms, expiry_seconds=terms.expiry_seconds // 60),
        "fault:old": lambda terms: evolve(terms, created_at=datetime(2017, 6, 1, tzinfo=UTC)),
        "fault:other-node": lambda terms: evolve(terms, key=hashlib.sha256(terms.key).digest()),
    }
)

_CUT: Final = "lnbc10u1p3xnhl2pp5jmxtqn235tkjzf..."
"""What the vendor's pages show."""

_NOBODYS: Final = (5).to_bytes(32) + (1).to_bytes(32) + b"\x00"
"""A signature that no key can have made: no point of the curve has this R."""


def _signed_by_nobody(text: str) -> str:
    prefix, _, data = text.rpartition("1")
    data = data[: -SIGNATURE_WORDS - CHECKSUM_WORDS] + from_bytes(_NOBODYS)
    return f"{prefix}1{data}{checksum(prefix, data, BECH32)}"


_OTHER_TEXTS: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {"fault:cut": lambda _: _CUT, "fault:signature": _signed_by_nobody}
)
