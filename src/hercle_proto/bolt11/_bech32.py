"""Bech32 and bech32m (BIP 173, BIP 350), without the limit of 90 characters that BOLT 11 lifts.

Data stays text, a character for each 5-bit word: slices of it are fields, and Python's own base 32
turns it into numbers and back faster than a loop over words would.
"""

from __future__ import annotations

import re
from base64 import b32encode
from typing import Final

__all__ = [
    "BECH32",
    "BECH32M",
    "CHARSET",
    "CHECKSUM_WORDS",
    "NOT_DATA",
    "checksum",
    "from_bytes",
    "number",
    "residue",
    "to_bytes",
    "words",
]

CHARSET: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

BECH32: Final = 1
"""The residue of a right bech32 string: payment requests, and addresses of witness version 0."""

BECH32M: Final = 0x2BC830A3
"""The residue of a right bech32m string: addresses of witness version 1 and up."""

CHECKSUM_WORDS: Final = 6

NOT_DATA: Final = re.compile(f"[^{CHARSET}]")
"""A character that cannot stand behind the separator."""

_VALUES: Final = bytes.maketrans(CHARSET.encode(), bytes(range(32)))
_DIGITS: Final = str.maketrans(CHARSET, "0123456789abcdefghijklmnopqrstuv")
_FROM_RFC_4648: Final = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", CHARSET)

_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def _fold(top: int) -> int:
    """What BIP 173's inner loop adds for the five bits that leave at the top."""
    total = 0
    for bit, term in enumerate(_GENERATOR):
        if top >> bit & 1:
            total ^= term
    return total


_FOLDS: Final = tuple(_fold(top) for top in range(32))


def residue(hrp: str, data: str) -> int:
    """BIP 173's polymod over the human-readable part and the data, checksum included."""
    head = hrp.encode()
    total = 1
    for value in (
        bytes(char >> 5 for char in head)
        + b"\0"
        + bytes(char & 31 for char in head)
        + data.encode().translate(_VALUES)
    ):
        total = _FOLDS[total >> 25] ^ (total & 0x1FFFFFF) << 5 ^ value
    return total


def checksum(hrp: str, data: str, constant: int) -> str:
    """The six characters that give `hrp` and `data` the residue `constant`."""
    return words(residue(hrp, data + CHARSET[0] * CHECKSUM_WORDS) ^ constant, CHECKSUM_WORDS)


def number(data: str) -> int:
    """The words as one big-endian number; none of them is 0."""
    return int(data.translate(_DIGITS), 32) if data else 0


def words(value: int, count: int | None = None) -> str:
    """A number as `count` words, or as few as hold it: none for 0."""
    if count is None:
        count = (value.bit_length() + 4) // 5
    return "".join(CHARSET[value >> shift & 31] for shift in range(5 * (count - 1), -1, -5))


def to_bytes(data: str) -> bytes:
    """The words as bytes. Raises ValueError unless what is left over is some zero bits."""
    size, padding = divmod(5 * len(data), 8)
    value = number(data)
    if padding >= 5 or value & ((1 << padding) - 1):
        raise ValueError("its last bits are not the zeros that fill up a word")
    return (value >> padding).to_bytes(size)


def from_bytes(octets: bytes) -> str:
    """Bytes as words, filled up with zero bits."""
    return b32encode(octets).decode().rstrip("=").translate(_FROM_RFC_4648)
