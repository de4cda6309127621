"""Fallback addresses: the data of an `f` field and the string a person knows, both ways."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from attrs import frozen

from hercle_proto.bolt11._amounts import Network
from hercle_proto.bolt11._bech32 import (
    BECH32,
    BECH32M,
    CHECKSUM_WORDS,
    NOT_DATA,
    checksum,
    from_bytes,
    number,
    residue,
    to_bytes,
    words,
)

__all__ = ["read_address", "write_address"]

_MAX_WITNESS_VERSION: Final = 16
_P2PKH: Final = 17
_P2SH: Final = 18

_HASH_BYTES: Final = 20
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE58_BYTES: Final = 1 + _HASH_BYTES + 4
_MAX_ADDRESS: Final = 90


@frozen
class _Chain:
    """How a network writes addresses: BIP 173's prefix, and base 58's first byte by version."""

    hrp: str
    base58: dict[int, int]


_TEST_BASE58: Final = {_P2PKH: 0x6F, _P2SH: 0xC4}
_CHAINS: Final = {
    Network.BITCOIN: _Chain("bc", {_P2PKH: 0x00, _P2SH: 0x05}),
    Network.TESTNET: _Chain("tb", _TEST_BASE58),
    Network.SIGNET: _Chain("tb", _TEST_BASE58),
    Network.REGTEST: _Chain("bcrt", _TEST_BASE58),
}


def read_address(network: Network, data: str) -> str | None:
    """The address in the data of an `f` field; None for a version that readers skip (19 to 31)."""
    if not data:
        raise ValueError("it has no version")
    version = number(data[0])
    chain = _CHAINS[network]
    if version > _P2SH:
        return None
    program = to_bytes(data[1:])
    if version in chain.base58:
        if len(program) != _HASH_BYTES:
            raise ValueError(f"it holds {len(program)} bytes where a hash of 20 belongs")
        return _base58(bytes([chain.base58[version]]) + program)
    return chain.hrp + "1" + data + checksum(chain.hrp, data, _witness_constant(version, program))


def write_address(network: Network, address: str) -> str:
    """The data of the `f` field for an address of this network. Raises ValueError."""
    chain = _CHAINS[network]
    if len(address) > _MAX_ADDRESS:
        raise ValueError("it is longer than any address")
    hrp, _, data = address.lower().rpartition("1")
    if hrp == chain.hrp and address in {address.lower(), address.upper()}:
        return _witness(hrp, data)
    octets = _from_base58(address)
    for version, first in chain.base58.items():
        if octets[0] == first:
            return words(version, 1) + from_bytes(octets[1:])
    raise ValueError(f"it is not an address of the network {network}")


def _witness(hrp: str, data: str) -> str:
    if NOT_DATA.search(data) or len(data) <= CHECKSUM_WORDS:
        raise ValueError("it is not bech32")
    found = residue(hrp, data)
    data = data[:-CHECKSUM_WORDS]
    version = number(data[0])
    if version > _MAX_WITNESS_VERSION:
        raise ValueError("its witness version is above 16")
    if found != _witness_constant(version, to_bytes(data[1:])):
        raise ValueError("its checksum is wrong")
    return data


def _witness_constant(version: int, program: bytes) -> int:
    """The residue of a version (BIP 350); ValueError for a program of no length it has."""
    size = len(program)
    if size not in ((20, 32) if version == 0 else range(2, 41)):
        raise ValueError(f"it holds {size} bytes, which no program of version {version} has")
    return BECH32 if version == 0 else BECH32M


def _check(octets: bytes) -> bytes:
    return sha256(sha256(octets).digest()).digest()[:4]


def _base58(octets: bytes) -> str:
    octets += _check(octets)
    value = int.from_bytes(octets)
    text = ""
    while value:
        value, digit = divmod(value, 58)
        text = _BASE58[digit] + text
    return "1" * (len(octets) - len(octets.lstrip(b"\0"))) + text


def _from_base58(text: str) -> bytes:
    value = 0
    for char in text:
        digit = _BASE58.find(char)
        if digit < 0:
            raise ValueError("it is neither bech32 of this network nor base 58")
        value = value * 58 + digit
    if value.bit_length() > 8 * _BASE58_BYTES:
        raise ValueError("it is longer than any address")
    octets = value.to_bytes(_BASE58_BYTES)
    if octets[-4:] != _check(octets[:-4]) or _base58(octets[:-4]) != text:
        raise ValueError("its checksum is wrong")
    return octets[:-4]
