"""Payment requests spoilt in many ways, and what has to hold for any text at all.

Chance is a `random.Random`: seeded for counted runs, Hypothesis's own where it is to shrink.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import Final

from hercle_proto.bolt11 import InvalidInvoice, Network, PaymentRequest, encode
from hercle_proto.bolt11 import _bech32 as bech32
from hercle_proto.bolt11._fields import KNOWN_FEATURES
from payment_requests import KEY, OFF_THE_CURVE, TAIL, VECTORS, build, high_s, sealed

__all__ = ["KINDS", "mutated", "value_or_invalid"]

_CHECKSUM: Final = 6
_HEAD: Final = 7
_FOREIGN: Final = "1bioBIO QPZ0189.:-_\t\n\x00\x7f\u00a0\u0130\u202eé⚡\ud800"
_LENGTHS: Final = (0, 1, 2, 32, 33, 51, 52, 53, 54, 82, 1023)


def value_or_invalid(text: str) -> PaymentRequest | InvalidInvoice:
    """What it is read as. The first reading asks for a secret, the second takes what is left."""
    found = _read(text, require_secret=True)
    if isinstance(found, InvalidInvoice) and "field 's' is missing" in found.reason:
        found = _read(text, require_secret=False)
    return found


def _read(text: str, *, require_secret: bool) -> PaymentRequest | InvalidInvoice:
    try:
        request = PaymentRequest.parse(text, require_secret=require_secret)
    except InvalidInvoice as error:
        refusal = error
    else:
        _check(request, require_secret=require_secret)
        assert request.text in text.lower()
        return request
    assert 0 <= refusal.position <= len(text)
    assert refusal.reason
    assert refusal.reason.isascii()
    assert refusal.reason.isprintable()
    return refusal


def _check(request: PaymentRequest, *, require_secret: bool) -> None:
    prefix, _, data = request.text.rpartition("1")
    assert prefix.startswith(f"ln{request.network}")
    assert "".join(map(str, request.fields)) == data[_HEAD:-TAIL]
    assert (request.payment_secret is not None) or not require_secret
    assert (request.description is None) != (request.description_hash is None)
    assert all(bit % 2 or bit in KNOWN_FEATURES for bit in request.features)
    assert request.expires_at >= request.created_at
    assert repr(request)


# -- spoiling --------------------------------------------------------------------------------------


@cache
def _texts() -> tuple[str, ...]:
    """The specification's valid examples, and one that names its node."""
    named = encode(
        KEY,
        network=Network.REGTEST,
        amount_msat=1,
        created_at=datetime(2024, 1, 2, tzinfo=UTC),
        payment_hash=bytes(32),
        payment_secret=bytes(32),
        description="tea",
        name_payee=True,
    )
    return (*(build(example).lower() for example in VECTORS["valid"]), named)


def _parts(chance: Random) -> tuple[str, str]:
    """Prefix and data of one of them, the checksum gone."""
    prefix, _, data = chance.choice(_texts()).rpartition("1")
    return prefix, data[:-_CHECKSUM]


def _words(chance: Random, count: int) -> str:
    return bech32.words(chance.getrandbits(5 * count), count) if count else ""


def _spliced(chance: Random, text: str, piece: str) -> str:
    begins = chance.randint(0, len(text))
    return text[:begins] + piece + text[begins + chance.randint(0, 8) :]


def characters(chance: Random) -> str:
    """Some are exchanged, lost or added; the checksum stays."""
    text = chance.choice(_texts())
    for _ in range(chance.randint(1, 3)):
        letters = chance.choice((bech32.CHARSET, _FOREIGN))
        text = _spliced(chance, text, "".join(chance.choices(letters, k=chance.randint(0, 4))))
    return text


def bits(chance: Random) -> str:
    """One to three are turned over anywhere in the data, and the checksum fits again."""
    prefix, data = _parts(chance)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(data))
        other = bech32.words(bech32.number(data[at]) ^ 1 << chance.randint(0, 4), 1)
        data = data[:at] + other + data[at + 1 :]
    return sealed(prefix, data)


def splices(chance: Random) -> str:
    """Some of it is exchanged, lost or added, and the checksum fits again."""
    prefix, data = _parts(chance)
    return sealed(prefix, _spliced(chance, data, _words(chance, chance.randint(0, 12))))


def prefixes(chance: Random) -> str:
    """Another network or amount, and the checksum fits again."""
    prefix, data = _parts(chance)
    piece = "".join(chance.choices("lnbctsrumnp0123456789", k=chance.randint(0, 4)))
    return sealed(prefix[:2] + _spliced(chance, prefix[2:], piece), data)


def fields(chance: Random) -> str:
    """Fields are lost, repeated, moved, exchanged for any of any length, and the checksum fits."""
    prefix, data = _parts(chance)
    signature = data[-TAIL + _CHECKSUM :]
    found = _split(data[_HEAD : -TAIL + _CHECKSUM])
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(found) + 1)
        match chance.randrange(4):
            case 0:
                del found[at : at + 1]
            case 1:
                found[at:at] = [chance.choice(found)] if found else []
            case 2:
                chance.shuffle(found)
            case _:
                found[at : at + chance.randint(0, 1)] = [_field(chance)]
    return sealed(prefix, data[:_HEAD] + "".join(found) + signature)


def _split(data: str) -> list[str]:
    found = []
    while data:
        end = 3 + bech32.number(data[1:3])
        found.append(data[:end])
        data = data[end:]
    return found


def _field(chance: Random) -> str:
    """Any tag, a length that some field has or any, zeros behind some first words."""
    length = chance.choice((*_LENGTHS, chance.randint(0, 90)))
    tag = chance.choice("pshdnxcfr9m" + bech32.CHARSET)
    start = _words(chance, min(length, chance.randint(0, 8)))
    return tag + bech32.words(length, 2) + start.ljust(length, chance.choice("qqpl"))


def signatures(chance: Random) -> str:
    """Another signature in front of a checksum that fits."""
    prefix, data = _parts(chance)
    old = bech32.to_bytes(data[-TAIL + _CHECKSUM :])
    change = chance.choice(_SIGNATURES)
    return sealed(prefix, data[: -TAIL + _CHECKSUM] + bech32.from_bytes(change(chance, old)))


_SIGNATURES: Final[tuple[Callable[[Random, bytes], bytes], ...]] = (
    lambda chance, old: old[:64] + bytes([chance.randrange(256)]),
    lambda chance, old: high_s(old),
    lambda chance, old: OFF_THE_CURVE + old[32:],
    lambda chance, old: old[:32] + bytes(32) + old[64:],
    lambda chance, old: bytes([chance.choice((0, 255))]) * 64 + old[64:],
    lambda chance, old: chance.randbytes(64) + old[64:],
)

KINDS: Final[Mapping[str, Callable[[Random], str]]] = {
    kind.__name__: kind for kind in (bits, characters, fields, prefixes, signatures, splices)
}


def mutated(chance: Random) -> str:
    """One of any kind."""
    return KINDS[chance.choice(tuple(KINDS))](chance)
