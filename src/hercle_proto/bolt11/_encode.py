"""Making a payment request."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from hercle_proto._errors import InvalidArgument
from hercle_proto.bolt11._addresses import write_address
from hercle_proto.bolt11._amounts import MAX_MSAT, Network, Prefix
from hercle_proto.bolt11._bech32 import from_bytes, words
from hercle_proto.bolt11._fields import (
    KNOWN_FEATURES,
    MAX_FIELD_BYTES,
    MAX_FIELD_WORDS,
    MAX_NUMBER,
    RouteHint,
    TaggedField,
    read_route_hint,
    write_features,
    write_route_hint,
)
from hercle_proto.bolt11._payment_request import EPOCH, MAX_LENGTH, TIMESTAMP_WORDS
from hercle_proto.bolt11._signature import node_id, sign

__all__ = ["DEFAULT_FEATURES", "encode"]

DEFAULT_FEATURES: Final = frozenset({8, 14})
"""Variable-length onion and payment secret, both required: what every node asks for today."""

_HASH_BYTES: Final = 32
_MAX_FEATURE: Final = 5 * MAX_FIELD_WORDS - 1
_TIMESTAMPS: Final = 1 << 5 * TIMESTAMP_WORDS


def encode(
    key: bytes,
    *,
    network: Network,
    amount_msat: int | None,
    created_at: datetime,
    payment_hash: bytes,
    payment_secret: bytes,
    description: str | None = None,
    description_hash: bytes | None = None,
    expiry_seconds: int | None = None,
    min_final_cltv_expiry: int | None = None,
    fallbacks: Sequence[str] = (),
    route_hints: Sequence[RouteHint] = (),
    features: frozenset[int] = DEFAULT_FEATURES,
    metadata: bytes | None = None,
    name_payee: bool = False,
) -> str:
    """A payment request signed with `key`, the node's private key of 32 bytes.

    Either `description` or `description_hash`. An `amount_msat` of None leaves it to the payer;
    what else is None is not written, and readers take their defaults (an hour, 18 blocks).
    `created_at` is aware; whole seconds of it are written. `name_payee` writes the node id too,
    which also follows from the signature. Raises `InvalidArgument`, and `MissingExtra` without the
    extra `bolt11`.
    """
    fields = [
        TaggedField("p", _hash("payment_hash", payment_hash)),
        TaggedField("s", _hash("payment_secret", payment_secret)),
        _description(description, description_hash),
    ]
    if expiry_seconds is not None:
        fields.append(TaggedField("x", _number("expiry_seconds", expiry_seconds)))
    if min_final_cltv_expiry is not None:
        fields.append(TaggedField("c", _number("min_final_cltv_expiry", min_final_cltv_expiry)))
    if name_payee:
        fields.append(TaggedField("n", from_bytes(node_id(key))))
    fields += [TaggedField("f", _fallback(network, address)) for address in fallbacks]
    fields += [TaggedField("r", _route_hint(hops)) for hops in route_hints]
    if metadata is not None:
        fields.append(TaggedField("m", _octets("metadata", metadata)))
    if features:
        fields.append(TaggedField("9", _features(features)))
    prefix = str(Prefix(network, _amount(amount_msat)))
    text = sign(prefix, _timestamp(created_at) + "".join(map(str, fields)), key)
    if len(text) > MAX_LENGTH:
        raise InvalidArgument(
            "route_hints", f"a request of {MAX_LENGTH} characters", f"{len(text)}"
        )
    return text


def _amount(amount_msat: int | None) -> int | None:
    if amount_msat is not None and not 0 < amount_msat <= MAX_MSAT:
        raise InvalidArgument("amount_msat", f"from 1 to {MAX_MSAT}", str(amount_msat))
    return amount_msat


def _timestamp(created_at: datetime) -> str:
    if created_at.tzinfo is None:
        raise InvalidArgument("created_at", "a time with its zone", "a naive one")
    seconds = (created_at - EPOCH) // timedelta(seconds=1)
    if not 0 <= seconds < _TIMESTAMPS:
        raise InvalidArgument("created_at", "a time from 1970 to 3058", created_at.isoformat())
    return words(seconds, TIMESTAMP_WORDS)


def _octets(argument: str, octets: bytes) -> str:
    if len(octets) > MAX_FIELD_BYTES:
        raise InvalidArgument(argument, f"at most {MAX_FIELD_BYTES} bytes", f"{len(octets)}")
    return from_bytes(octets)


def _hash(argument: str, octets: bytes) -> str:
    if len(octets) != _HASH_BYTES:
        raise InvalidArgument(argument, f"{_HASH_BYTES} bytes", f"{len(octets)}")
    return from_bytes(octets)


def _number(argument: str, value: int) -> str:
    if not 0 <= value <= MAX_NUMBER:
        raise InvalidArgument(argument, "from 0 to 2**64 - 1", str(value))
    return words(value)


def _description(description: str | None, description_hash: bytes | None) -> TaggedField:
    if description is not None and description_hash is None:
        try:
            octets = description.encode()
        except UnicodeEncodeError:
            raise InvalidArgument("description", "text", "a lone surrogate in it") from None
        return TaggedField("d", _octets("description", octets))
    if description_hash is not None and description is None:
        return TaggedField("h", _hash("description_hash", description_hash))
    got = "neither" if description is None else "both"
    raise InvalidArgument("description", "either it or description_hash is given", got)


def _fallback(network: Network, address: str) -> str:
    try:
        return write_address(network, address)
    except ValueError as error:
        raise InvalidArgument(
            "fallbacks", "addresses of the network", f"{address!r}: {error}"
        ) from None


def _route_hint(hops: RouteHint) -> str:
    with suppress(OverflowError, ValueError):
        data = write_route_hint(hops)
        if len(data) <= MAX_FIELD_WORDS and read_route_hint(data) == tuple(hops):
            return data
    raise InvalidArgument(
        "route_hints",
        "1 to 12 hops each, node ids of 33 bytes, and numbers that fit their places",
        f"{len(hops)} hops",
    )


def _features(bits: frozenset[int]) -> str:
    if not all(0 <= bit <= _MAX_FEATURE and (bit % 2 or bit in KNOWN_FEATURES) for bit in bits):
        rule = f"odd, or known to BOLT 9 for invoices, and at most {_MAX_FEATURE}"
        raise InvalidArgument("features", rule, str(sorted(bits)))
    return write_features(bits)
