"""Records out of payloads, however they were cut (T-02, J-20), in linear time."""

from __future__ import annotations

from collections import deque
from typing import Final

from hercle_proto._errors import MessageTooLarge
from hercle_proto.hub._codec import Record

__all__ = ["RecordBuffer"]

_RS: Final = 0x1E


class RecordBuffer:
    """Payloads in, records out, taken one at a time: what nobody takes stays bytes.

    A record that lies in one payload is not copied, but seen through a memoryview. One that is
    spread over several is put together in a bytearray of its own. No byte is searched twice.

    `limit` counts one record with its separator (L-02); `parameter` is its name in the error.
    """

    __slots__ = ("_limit", "_parameter", "_partial", "_payloads", "_start")

    def __init__(self, limit: int, parameter: str) -> None:
        self._limit = limit
        self._parameter = parameter
        self._payloads: deque[bytes | bytearray] = deque()
        self._start = 0  # in the first payload: what is before it was taken
        self._partial = bytearray()  # the beginning of a record, from payloads that are gone

    def feed(self, payload: bytes | bytearray) -> None:
        """Keeps `payload`, which must not change afterwards."""
        self._payloads.append(payload)

    def next(self) -> Record | None:
        """The oldest whole record without its separator, or None. Raises `MessageTooLarge`."""
        while self._payloads:
            payload, start = self._payloads[0], self._start
            end = payload.find(_RS, start)
            size = len(self._partial) + (end if end >= 0 else len(payload)) - start
            if size >= self._limit:
                raise MessageTooLarge(size=size + 1, limit=self._limit, parameter=self._parameter)
            rest = memoryview(payload)[start : end if end >= 0 else None]
            self._start = end + 1
            if not 0 <= end < len(payload) - 1:
                self._payloads.popleft()
                self._start = 0
            if end >= 0 and not self._partial:
                return rest
            self._partial += rest
            if end >= 0:
                record, self._partial = self._partial, bytearray()
                return record
        return None

    @property
    def inside_record(self) -> bool:
        """Whether a record has begun and not ended. True only after `next` gave None."""
        return bool(self._partial)

    def clear(self) -> None:
        """Drop everything."""
        self._payloads.clear()
        self._partial = bytearray()
