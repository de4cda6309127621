"""The body of an answer, put together within a limit, and inflated while it comes."""

from __future__ import annotations

import zlib
from typing import Final

from hercle_proto._errors import MessageTooLarge, RemoteProtocolError

__all__ = ["ACCEPT_GZIP", "Body"]

ACCEPT_GZIP: Final = ("Accept-Encoding", "gzip")
"""The header that asks for what `Body` can inflate."""

_PLAIN: Final = frozenset({"", "identity"})
_GZIP: Final = frozenset({"gzip", "x-gzip"})
_GZIP_ONLY: Final = 16 + zlib.MAX_WBITS


class Body:
    """Takes what came and counts what it becomes: some kilobytes may inflate to gigabytes.

    `coding` is the answer's `Content-Encoding`. Every method raises `RemoteProtocolError`, of which
    `MessageTooLarge` is one and names `parameter`.
    """

    def __init__(self, coding: str, *, limit: int, parameter: str) -> None:
        coding = coding.strip().lower()
        if coding not in _PLAIN | _GZIP:
            # Not quoted: it is a stranger's text.
            raise RemoteProtocolError("the HTTP answer is encoded in another way than gzip")
        self._inflater = zlib.decompressobj(_GZIP_ONLY) if coding in _GZIP else None
        self._limit = limit
        self._parameter = parameter
        self._content = bytearray()  # a list of pieces would cost 66 bytes for each of one byte
        self._taken = 0

    def announce(self, size: int) -> None:
        """So many bytes will come. Refused at once if they are too many."""
        if size > self._limit:
            raise MessageTooLarge(size=size, limit=self._limit, parameter=self._parameter)

    def add(self, data: bytes | bytearray) -> None:
        """The next bytes of it, as they came."""
        self._taken += len(data)
        piece = data if self._inflater is None else self._inflate(self._inflater, data)
        self.announce(max(len(self._content) + len(piece), self._taken))
        self._content += piece

    def _inflate(self, inflater: zlib._Decompress, data: bytes | bytearray) -> bytes:
        try:
            # One byte more than there is room for, so that a full house shows; 0 would be no limit.
            piece = inflater.decompress(data, self._limit - len(self._content) + 1)
        except zlib.error:
            raise RemoteProtocolError("the gzip body of the HTTP answer is malformed") from None
        if inflater.unused_data:
            raise RemoteProtocolError("more follows the gzip body of the HTTP answer")
        return piece

    def finish(self) -> bytes:
        """All of it."""
        if self._inflater is not None and self._taken and not self._inflater.eof:
            raise RemoteProtocolError("the gzip body of the HTTP answer ends in its middle")
        return bytes(self._content)
