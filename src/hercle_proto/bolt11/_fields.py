"""Tagged fields: the data between time stamp and signature, and what each kind of field holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias, TypeVar

from attrs import field, frozen

from hercle_proto._errors import InvalidInvoice
from hercle_proto.bolt11._bech32 import from_bytes, number, to_bytes, words

__all__ = [
    "KNOWN_FEATURES",
    "MAX_FIELD_BYTES",
    "MAX_FIELD_WORDS",
    "MAX_NUMBER",
    "FieldReader",
    "Hop",
    "RouteHint",
    "TaggedField",
    "read_bytes",
    "read_features",
    "read_node_id",
    "read_number",
    "read_route_hint",
    "read_text",
    "split_fields",
    "write_features",
    "write_route_hint",
]

T = TypeVar("T")

MAX_FIELD_WORDS: Final = 1023

MAX_FIELD_BYTES: Final = 5 * MAX_FIELD_WORDS // 8
"""639: what a field can hold, such as a description in UTF-8."""

_FIXED_WORDS: Final = {"p": 52, "h": 52, "s": 52, "n": 53}
"""Fields of another length than this are skipped. The specification's text would rather fail the
payment, but it keeps a valid example with such fields, "which must be ignored"."""

KNOWN_FEATURES: Final = frozenset({8, 14, 16, 24, 36, 48})
"""The even bits BOLT 9 has for invoices: variable-length onion, payment secret, multi-part
payments, route blinding, attribution data, payment metadata."""

MAX_NUMBER: Final = 2**64 - 1

_HOP_BYTES: Final = 51
_COMPRESSED: Final = (2, 3)


@frozen
class TaggedField:
    """A field as it stands in the request: its letter, and its data as bech32 characters."""

    tag: str
    data: str = field(repr=False)

    def __str__(self) -> str:
        return self.tag + words(len(self.data), 2) + self.data


@frozen
class Hop:
    """A channel on the way to the payee (BOLT 7). `node_id` is the node where it begins."""

    node_id: bytes
    short_channel_id: int
    fee_base_msat: int
    fee_proportional_millionths: int
    cltv_expiry_delta: int


RouteHint: TypeAlias = tuple[Hop, ...]
"""The hops of one `r` field, in their order."""


def split_fields(data: str, start: int) -> Iterator[tuple[int, TaggedField]]:
    """The fields in `data`, each with its position; `data` itself begins at `start`."""
    at = 0
    while at < len(data):
        begins, at = at, at + 3
        end = at + number(data[begins + 1 : at])
        if at > len(data) or end > len(data):
            raise InvalidInvoice(start + begins, f"field {data[begins]!r} runs into the signature")
        yield start + begins, TaggedField(data[begins], data[at:end])
        at = end


class FieldReader:
    """Fields by letter. What a reader says of its data becomes an `InvalidInvoice` at the field."""

    def __init__(self, fields: Sequence[tuple[int, TaggedField]]) -> None:
        self._fields: dict[str, list[tuple[int, str]]] = {}
        for position, item in fields:
            if len(item.data) == _FIXED_WORDS.get(item.tag, len(item.data)):
                self._fields.setdefault(item.tag, []).append((position, item.data))

    def all(self, tag: str, read: Callable[[str], T]) -> tuple[T, ...]:
        """The values of every field of this kind, in order."""
        values = []
        for position, data in self._fields.get(tag, ()):
            try:
                values.append(read(data))
            except ValueError as error:
                raise InvalidInvoice(position, f"field {tag!r}: {error}") from None
        return tuple(values)

    def one(self, tag: str, read: Callable[[str], T]) -> T | None:
        """The value of the only field of this kind, or None where there is none."""
        found = self._fields.get(tag, ())
        if len(found) > 1:
            raise InvalidInvoice(found[1][0], f"field {tag!r} comes more than once")
        values = self.all(tag, read)
        return values[0] if values else None


# -- what fields hold: readers raise ValueError, with no word of the data --------------------------

read_bytes = to_bytes


def read_text(data: str) -> str:
    """UTF-8. A stranger wrote it: escape it before showing it."""
    try:
        return to_bytes(data).decode()
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None


def read_number(data: str) -> int:
    """A number of 64 bits at most, in as few words as hold it."""
    value = _minimal(data)
    if value > MAX_NUMBER:
        raise ValueError("it is more than 64 bits hold")
    return value


def _minimal(data: str) -> int:
    if data.startswith("q"):
        raise ValueError("it begins with a zero")
    return number(data)


def read_node_id(data: str) -> bytes:
    """A compressed public key."""
    return _node_id(to_bytes(data))


def _node_id(octets: bytes) -> bytes:
    if octets[0] not in _COMPRESSED:
        raise ValueError("a node id begins with 02 or 03")
    return octets


def read_features(data: str) -> frozenset[int]:
    """The bits that are set. An even one we do not know forbids paying, so it is refused."""
    bits = frozenset(
        place for place, bit in enumerate(reversed(f"{_minimal(data):b}")) if bit == "1"
    )
    if unknown := [bit for bit in sorted(bits - KNOWN_FEATURES) if bit % 2 == 0]:
        raise ValueError(f"feature {unknown[0]} is required and unknown")
    return bits


def write_features(bits: frozenset[int]) -> str:
    """The field for these bits."""
    return words(sum(1 << bit for bit in bits))


def read_route_hint(data: str) -> RouteHint:
    """One or more hops of 51 bytes."""
    octets = to_bytes(data)
    if not octets or len(octets) % _HOP_BYTES:
        raise ValueError(f"{len(octets)} bytes are not one or more hops of {_HOP_BYTES}")
    return tuple(
        _read_hop(octets[begins : begins + _HOP_BYTES])
        for begins in range(0, len(octets), _HOP_BYTES)
    )


def _read_hop(octets: bytes) -> Hop:
    return Hop(
        node_id=_node_id(octets[:33]),
        short_channel_id=int.from_bytes(octets[33:41]),
        fee_base_msat=int.from_bytes(octets[41:45]),
        fee_proportional_millionths=int.from_bytes(octets[45:49]),
        cltv_expiry_delta=int.from_bytes(octets[49:]),
    )


def write_route_hint(hops: RouteHint) -> str:
    """The field for these hops. Raises OverflowError for a number that its place cannot hold."""
    return from_bytes(
        b"".join(
            hop.node_id
            + hop.short_channel_id.to_bytes(8)
            + hop.fee_base_msat.to_bytes(4)
            + hop.fee_proportional_millionths.to_bytes(4)
            + hop.cltv_expiry_delta.to_bytes(2)
            for hop in hops
        )
    )
