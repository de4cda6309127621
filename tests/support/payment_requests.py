"""Payment requests made from what they say: those of the specification, and worse ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hercle_proto import HercleProtoError
from hercle_proto.bolt11 import Hop, InvalidInvoice, Network, PaymentRequest, TaggedField
from hercle_proto.bolt11 import _bech32 as bech32
from hercle_proto.bolt11._addresses import write_address
from hercle_proto.bolt11._fields import write_features, write_route_hint
from hercle_proto.bolt11._signature import sign

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data/bolt11-vectors.json").read_text("utf-8")
)
KEY = bytes.fromhex(VECTORS["key"])
NODE_ID = bytes.fromhex(VECTORS["node_id"])

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
OFF_THE_CURVE = (5).to_bytes(32)
"""No point of secp256k1 has this x."""

TAIL = 104 + 6

HASH = ["p", "00" * 32]
SECRET = ["s", "22" * 32]
TEXT = ["d", "tea"]
PLAIN = [HASH, SECRET, TEXT]
"""What every request has to hold: fields of an example."""


def unsigned(example: Mapping[str, Any]) -> tuple[str, str]:
    """Prefix and data of an example, before its signature."""
    prefix: str = example["prefix"]
    network = Network(prefix[2:4])
    fields = (str(TaggedField(tag, _data(tag, value, network))) for tag, value in example["fields"])
    return prefix, bech32.words(example["timestamp"], 7) + "".join(fields)


def build(example: Mapping[str, Any], key: bytes = KEY) -> str:
    """The example itself."""
    text = sign(*unsigned(example), key)
    return CHANGES[example["change"]](text) if "change" in example else text


def make(*fields: list[Any], prefix: str = "lnbc1m", timestamp: int = 1496314658) -> str:
    """A request of these fields."""
    return build({"prefix": prefix, "timestamp": timestamp, "fields": fields})


def _data(tag: str, value: Any, network: Network) -> str:
    match tag, value:
        case _, {"version": version, "zeros": zeros}:
            return bech32.words(version, 1) + "q" * zeros
        case _, {"zeros": zeros}:
            return "q" * zeros
        case "d", _:
            return bech32.from_bytes(value.encode())
        case "x" | "c", _:
            return bech32.words(value)
        case "9", _:
            return write_features(frozenset(value))
        case "f", _:
            return write_address(network, value)
        case "r", _:
            return write_route_hint(tuple(Hop(bytes.fromhex(hop[0]), *hop[1:]) for hop in value))
    return bech32.from_bytes(bytes.fromhex(value))


def resigned(text: str, change: Callable[[bytes], bytes]) -> str:
    """The request with another signature and a checksum that fits."""
    prefix, _, data = text.rpartition("1")
    signature = bech32.to_bytes(data[-TAIL:-6])
    return sealed(prefix, data[:-TAIL] + bech32.from_bytes(change(signature)))


def sealed(prefix: str, data: str) -> str:
    """The parts with a checksum that fits."""
    return prefix + "1" + data + bech32.checksum(prefix, data, bech32.BECH32)


def high_s(signature: bytes) -> bytes:
    """The other S that verifies. The recovery id stays, so it recovers another key."""
    s = int.from_bytes(signature[32:64])
    return signature[:32] + (ORDER - s).to_bytes(32) + signature[64:]


def _signed_for_another(text: str) -> str:
    other = next(example for example in VECTORS["valid"] if example["name"] == "hashed description")
    signature = bech32.to_bytes(build(other)[-TAIL:-6])
    return resigned(text, lambda _: signature)


def refusal(text: str, **options: bool) -> tuple[int, str]:
    """Where and why it is refused."""
    refused = None
    try:
        PaymentRequest.parse(text, **options)
    except InvalidInvoice as error:
        refused = error
    assert isinstance(refused, HercleProtoError)
    assert isinstance(refused, ValueError)
    assert refused.__cause__ is None
    return refused.position, refused.reason


CHANGES: Mapping[str, Callable[[str], str]] = {
    "R off the curve": lambda text: resigned(text, lambda old: OFF_THE_CURVE + old[32:]),
    "another last character": lambda text: text[:-1] + "t",
    "cut": lambda text: sealed("lnbc", text[5 : 5 + 103]),
    "high S": lambda text: resigned(text, high_s),
    "no prefix": lambda text: text.rpartition("1")[2],
    "signature of hashed description": _signed_for_another,
    "upper case": str.upper,
    "upper-case prefix": lambda text: text.replace("lnbc", "LNBC"),
}
