"""Masks of client frames (RFC 6455, section 5.3), as fast as plain Python goes."""

from __future__ import annotations

from hercle_proto._contract import Entropy

__all__ = ["MaskKeys", "apply_mask"]

_BLOCK = 4096

# A whole-payload integer XOR wins up to about here (0.3 µs for 30 bytes, 1.1 for 417), translate
# tables above (4.2 µs for 4 KiB instead of 8.3): tests/bench/websocket_frames.py.
_INTEGER_LIMIT = 512

_XOR_TABLES = [bytes(byte ^ key for byte in range(256)) for key in range(256)]


def apply_mask(payload: bytes | bytearray, key: bytes) -> bytes | bytearray:
    """Mask, or unmask, a payload with a key of 4 bytes."""
    size = len(payload)
    if size <= _INTEGER_LIMIT:
        pad = (key * (size // 4 + 1))[:size]
        return (int.from_bytes(payload, "little") ^ int.from_bytes(pad, "little")).to_bytes(
            size, "little"
        )
    masked = bytearray(payload)
    for lane in range(4):
        masked[lane::4] = masked[lane::4].translate(_XOR_TABLES[key[lane]])
    return masked


class MaskKeys:
    """Fresh keys. They are drawn in blocks: most of what `entropy` costs is the call."""

    __slots__ = ("_block", "_entropy", "_offset")

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._block = b""
        self._offset = _BLOCK

    def next(self) -> bytes:
        """Four bytes that nobody has seen."""
        if self._offset == _BLOCK:
            self._block = self._entropy(_BLOCK)
            self._offset = 0
        start = self._offset
        self._offset = start + 4
        return self._block[start : start + 4]
