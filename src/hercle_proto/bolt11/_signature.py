"""The signature: what it covers, who made it, and making one."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from hercle_proto._errors import InvalidArgument
from hercle_proto.bolt11 import _curve
from hercle_proto.bolt11._bech32 import BECH32, checksum, from_bytes, number

__all__ = ["SIGNATURE_WORDS", "is_low_s", "node_id", "sign", "signer"]

SIGNATURE_WORDS: Final = 104
"""R and S in 32 bytes each, and the recovery id in one."""

_HALF_ORDER: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def _digest(prefix: str, data: str) -> bytes:
    """What is signed: the prefix as it stands, and the data filled up to bytes with zero bits."""
    size, beyond = divmod(5 * len(data), 8)
    padding = -beyond % 8
    octets = (number(data) << padding).to_bytes(size + bool(beyond))
    return sha256(prefix.encode() + octets).digest()


def is_low_s(signature: bytes) -> bool:
    """Whether S is the smaller one of the two that verify."""
    return int.from_bytes(signature[32:64]) <= _HALF_ORDER


def signer(prefix: str, data: str, signature: bytes, named: bytes | None) -> bytes | None:
    """The node that signed, or None where nobody can have, or not the one that the request names.

    Recovery gives every key under which a signature verifies, one for each id. So it verifies for a
    named node too, and the id that came with the signature says nothing then.
    """
    digest = _digest(prefix, data)
    if named is None:
        return _curve.recover(digest, signature[:64], signature[64])
    keys = (_curve.recover(digest, signature[:64], recovery_id) for recovery_id in range(4))
    return named if named in keys else None


def sign(prefix: str, data: str, key: bytes) -> str:
    """The whole payment request for what has been written so far."""
    signature, recovery_id = _sign(_digest(prefix, data), key)
    data += from_bytes(signature + bytes([recovery_id]))
    return prefix + "1" + data + checksum(prefix, data, BECH32)


def node_id(key: bytes) -> bytes:
    """The node id (compressed public key) that belongs to a private key of 32 bytes.

    Raises `InvalidArgument`, and `MissingExtra` without the extra `bolt11`.
    """
    digest = bytes(32)
    found = _curve.recover(digest, *_sign(digest, key))
    assert found is not None, "we signed it ourselves"
    return found


def _sign(digest: bytes, key: bytes) -> tuple[bytes, int]:
    try:
        return _curve.sign_recoverable(digest, key)
    except ValueError:
        raise InvalidArgument("key", "a private key of 32 bytes", "something else") from None
