"""What left a client, read from the bytes alone: no code of the library has a say in it."""

from __future__ import annotations

import re

_TARGET = re.compile(rb'"target":"([^"]*)')


def invocations_sent(transcript: bytes | bytearray) -> list[str]:
    """Targets of the Invocations of which at least one byte left, from a client's raw bytes."""
    _, upgrade, frames = bytes(transcript).rpartition(b"Sec-WebSocket-Version")
    if not upgrade:
        return []
    frames = frames.partition(b"\r\n\r\n")[2]
    return [match.decode() for match in _TARGET.findall(b"".join(_payloads(frames)))]


def _payloads(data: bytes) -> list[bytes]:
    payloads = []
    while len(data) >= 6:
        length, head = data[1] & 0x7F, 2
        if length == 126:
            length, head = int.from_bytes(data[2:4]), 4
        elif length == 127:
            length, head = int.from_bytes(data[2:10]), 10
        mask = data[head : head + 4]
        masked = data[head + 4 : head + 4 + length]
        if data[0] & 0xF in (0, 1, 2):
            payloads.append(bytes(byte ^ mask[i % 4] for i, byte in enumerate(masked)))
        data = data[head + 4 + length :]
    return payloads
