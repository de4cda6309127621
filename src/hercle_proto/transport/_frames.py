"""The short path: plain data frames; all others are handed out as bytes, for wsproto.

A real server sends a 9 MB snapshot as 5,000 continuation frames, and a burst of events as one frame
each; wsproto costs about 8 µs a frame, this about 0.4. Every rule of RFC 6455 holds here too, and a
property test holds both paths equal on every input and cut.

Payload is consumed as it comes: kept between reads are the message so far and less than one header
or control frame. So time is linear in the bytes, however they are cut.
"""

from __future__ import annotations

from codecs import utf_8_decode
from collections import deque
from struct import Struct

from attrs import frozen

from hercle_proto._errors import MessageTooLarge, RemoteProtocolError
from hercle_proto.hub import Role
from hercle_proto.transport._events import Message, WebSocketEvent
from hercle_proto.transport._masking import apply_mask

__all__ = ["FrameReader", "Violation", "data_frame", "utf8_tail"]

_FIN = 0x80
_MASKED = 0x80
_OPCODE = 0x0F
_TEXT = 0x1
_WHOLE_TEXT = 0x81
_WHOLE_BINARY = 0x82

# First bytes of frames, reserved bits zero.
_CONTROL = frozenset({0x88, 0x89, 0x8A})
# A table where a set would do: it is asked for every frame.
_IS_DATA = bytes(first in (0x00, 0x80, 0x01, 0x81, 0x02, 0x82) for first in range(256))

_QUAD = Struct("!Q")
_MEDIUM_HEADER = Struct("!BBH")
_LONG_HEADER = Struct("!BBQ")

_UTF8_SLICE = 4096
_NOT_UTF8 = "a text message is not UTF-8"


@frozen
class Violation:
    """The peer broke a rule: the close code it is told, and the error our caller is told."""

    code: int
    error: RemoteProtocolError


def _violation(code: int, message: str) -> Violation:
    return Violation(code, RemoteProtocolError(message))


def utf8_tail(tail: bytes, piece: bytes | bytearray) -> bytes | None:
    """Go on checking UTF-8 that comes in pieces: the character begun at the end; None: it is none.

    One emoji makes a decoded text four times as large, so ASCII is only looked at, the rest decoded
    in slices, and nothing kept.
    """
    for start in range(0, len(piece), _UTF8_SLICE):
        part = piece[start : start + _UTF8_SLICE]
        if tail or not part.isascii():
            part = tail + part
            try:
                _, used = utf_8_decode(part)
            except UnicodeDecodeError:
                return None
            tail = part[used:]
    return tail


class FrameReader:
    """Reads data frames and assembles messages: `feed` it, then `read` until that gives None."""

    __slots__ = (
        "_broken",
        "_data",
        "_final_frame",
        "_in_payload",
        "_key",
        "_left",
        "_limit",
        "_mask",
        "_message",
        "_offset",
        "_opcode",
        "_parameter",
        "_tail",
    )

    def __init__(self, role: Role, *, limit: int, parameter: str) -> None:
        self._mask = _MASKED if role is Role.SERVER else 0
        self._limit = limit
        self._parameter = parameter
        # What was received and not consumed, and how far reading came in it.
        self._data = b""
        self._offset = 0
        self._broken = False
        # The message that has begun and not ended; opcode 0: none has.
        self._opcode = 0
        self._message = bytearray()
        self._tail = b""  # of its text: a character that has begun
        # The frame whose header was read and whose payload was not, or not all.
        self._in_payload = False
        self._left = 0
        self._final_frame = False
        self._key = b""

    def feed(self, data: bytes) -> None:
        """Take what was received."""
        self._data += data

    # One function, for a call a frame would cost a third.
    def read(self, messages: deque[WebSocketEvent]) -> bytes | Violation | None:  # noqa: C901
        """Append messages that are complete, up to what is no plain data frame, and return that.

        It is one whole control frame, or all there is from a header on that breaks a rule.
        None: everything is read.
        """
        if self._broken:
            return self._rest(0)
        data, offset, mask, limit = self._data, self._offset, self._mask, self._limit
        size = len(data)
        while True:
            if self._in_payload:
                piece = data[offset : offset + self._left]
                if self._left and not piece:
                    break
                if violation := self._take(piece, messages):
                    return violation
                offset += len(piece)
                continue

            if size < offset + 2:
                break
            first = data[offset]
            length = data[offset + 1] ^ mask
            if length > 127 or not _IS_DATA[first]:
                if first not in _CONTROL or length > 125:
                    return self._rest(offset)
                end = offset + length + (6 if mask else 2)
                if size < end:
                    break
                self._offset = end
                return data[offset:end]

            start = offset + 2
            if length == 126:
                start += 2
                if size < start:
                    break
                length = data[offset + 2] << 8 | data[offset + 3]
                if length < 126:
                    return self._rest(offset)
            elif length == 127:
                start += 8
                if size < start:
                    break
                (length,) = _QUAD.unpack_from(data, offset + 2)
                if length < 1 << 16 or length >= 1 << 63:
                    return self._rest(offset)
            key = b""
            if mask:
                start += 4
                if size < start:
                    break
                key = data[start - 4 : start]

            end = start + length
            if first > _FIN and end <= size and not self._opcode and length <= limit:
                payload: bytes | bytearray = data[start:end]
                if mask:
                    payload = apply_mask(payload, key)
                if (
                    first == _WHOLE_TEXT
                    and not payload.isascii()
                    and utf8_tail(b"", payload) != b""
                ):
                    return _violation(1007, _NOT_UTF8)
                messages.append(Message(payload, first == _WHOLE_BINARY))
                offset = end
                continue
            if violation := self._begin(first, length, key):
                return violation
            offset = start
        self._data = data[offset:]
        self._offset = 0
        return None

    def _begin(self, first: int, length: int, key: bytes) -> Violation | None:
        """A frame that is no whole message, or not all here."""
        opcode = first & _OPCODE
        if opcode and self._opcode:
            return _violation(1002, "a message begins inside another one")
        if not opcode and not self._opcode:
            return _violation(1002, "a continuation frame continues nothing")
        size = len(self._message) + length
        if size > self._limit:
            return Violation(
                1009, MessageTooLarge(size=size, limit=self._limit, parameter=self._parameter)
            )
        self._opcode = self._opcode or opcode
        self._in_payload = True
        self._left = length
        self._final_frame = bool(first & _FIN)
        self._key = key
        return None

    def _take(self, piece: bytes | bytearray, messages: deque[WebSocketEvent]) -> Violation | None:
        """Some payload of the frame that has begun, or all."""
        if self._key:
            piece = apply_mask(piece, self._key)
            turn = len(piece) % 4
            self._key = self._key[turn:] + self._key[:turn]
        self._message += piece
        self._left -= len(piece)
        self._in_payload = self._left > 0
        complete = self._final_frame and not self._in_payload
        if self._opcode == _TEXT and (self._tail or not piece.isascii()):
            tail = utf8_tail(self._tail, piece)
            if tail is None or (complete and tail):
                return _violation(1007, _NOT_UTF8)
            self._tail = tail
        if complete:
            messages.append(Message(self._message, self._opcode != _TEXT))
            self._message = bytearray()
            self._opcode = 0
        return None

    def _rest(self, offset: int) -> bytes | None:
        """A header broke a rule: wsproto gets all that follows, now and later, and says which."""
        self._broken = True
        rest = self._data[offset:]
        self._data = b""
        self._offset = 0
        return rest or None


def data_frame(payload: bytes, *, binary: bool, key: bytes) -> bytes:
    """A whole message as one frame; masked unless `key` is empty."""
    first = _WHOLE_BINARY if binary else _WHOLE_TEXT
    mask = _MASKED if key else 0
    size = len(payload)
    if size <= 125:
        header = bytes((first, mask | size))
    elif size < 1 << 16:
        header = _MEDIUM_HEADER.pack(first, mask | 126, size)
    else:
        header = _LONG_HEADER.pack(first, mask | 127, size)
    return header + key + apply_mask(payload, key) if key else header + payload
