"""Records out of payloads, however they were cut (T-02, J-20), in linear time."""

from __future__ import annotations

from collections import deque
from typing import Final

from hercle_proto._errors import MessageTooLarge
from hercle_proto.hub._codec import Record

__all__ = ["RecordBuffer"]

_RS: Final = 0x1E
_COPIED: Final = 4096
"""Records below this size are copied: that is faster than a view, and lets go of the payload."""


class RecordBuffer:
    """Payloads in, records out, taken one at a time: what nobody takes stays bytes.

    A large record that lies in one payload is not copied, but seen through a memoryview. One that
    is spread over several is put together in a bytearray of its own. No byte is searched twice.

    `limit` counts one record with its separator (L-02); `parameter` is its name in the error.
    """

    __slots__ = ("_limit", "_parameter", "_partial", "_payload", "_start", "_waiting")

    def __init__(self, limit: int, parameter: str) -> None:
        self._limit = limit
        self._parameter = parameter
        self._partial = bytearray()  # the beginning of a record, out of payloads that are gone
        self._payload: bytes | bytearray = b""
        self._start = 0  # what is before it in the payload was taken
        self._waiting: deque[bytes | bytearray] = deque()

    def feed(self, payload: bytes | bytearray) -> None:
        """Keeps `payload`, which must not change afterwards."""
        self._waiting.append(payload)

    def next(self) -> Record | None:
        """The oldest whole record without its separator, or None. Raises `MessageTooLarge`."""
        payload, start = self._payload, self._start
        while (end := payload.find(_RS, start)) < 0:
            if start < len(payload):
                self._keep(memoryview(payload)[start:])
            if not self._waiting:
                self._payload, self._start = b"", 0
                return None
            self._payload, start = self._waiting.popleft(), 0
            payload = self._payload
        self._start = end + 1
        if self._partial:
            self._keep(memoryview(payload)[start:end])
            record, self._partial = self._partial, bytearray()
            return record
        size = end - start
        if size >= self._limit:
            raise self._too_large(size)
        return payload[start:end] if size < _COPIED else memoryview(payload)[start:end]

    @property
    def inside_record(self) -> bool:
        """Whether a record has begun and not ended, when `next` gives None."""
        return bool(self._partial)

    def clear(self) -> None:
        """Drop everything."""
        self._partial = bytearray()
        self._payload, self._start = b"", 0
        self._waiting.clear()

    def _keep(self, piece: memoryview) -> None:
        size = len(self._partial) + len(piece)
        if size >= self._limit:
            raise self._too_large(size)
        self._partial += piece

    def _too_large(self, size: int) -> MessageTooLarge:
        """`size` is without the separator, which is there or yet to come."""
        return MessageTooLarge(size=size + 1, limit=self._limit, parameter=self._parameter)
