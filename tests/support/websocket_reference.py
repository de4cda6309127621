"""WebSocket the slow way: frames made by hand, and what wsproto alone makes of a stream of them.

`reference` is what the short path is held against. It feeds wsproto byte by byte and judges after
each one, so it needs no rule about cuts; for the size limit and the order of frames, which wsproto
tells late or not at all, it looks at the header that wsproto has just read.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from attrs import Factory, define
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage
from wsproto.frame_protocol import Opcode

from hercle_proto._contract import NEED_DATA
from hercle_proto.hub import Role
from hercle_proto.transport import Closed, Message, WebSocket, WebSocketEvent

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY = b"\x11\xa5\x00\xfe"


def accepted(request: bytes, *, extra: bytes = b"") -> bytes:
    """The right answer to a request for an upgrade."""
    key = re.search(rb"Sec-WebSocket-Key: (\S+)", request)
    assert key
    token = base64.b64encode(hashlib.sha1(key[1] + GUID).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + token + b"\r\n" + extra + b"\r\n"
    )


def frame(
    first: int, payload: bytes = b"", *, key: bytes = b"", length: int | None = None
) -> bytes:
    """A frame, masked if there is a key; `length` lies about the payload."""
    size = len(payload) if length is None else length
    mask = 0x80 if key else 0
    if size < 126:
        header = bytes((first, mask | size))
    elif size < 1 << 16:
        header = bytes((first, mask | 126)) + size.to_bytes(2, "big")
    else:
        header = bytes((first, mask | 127)) + size.to_bytes(8, "big")
    masked = bytes(byte ^ key[i % 4] for i, byte in enumerate(payload)) if key else payload
    return header + key + masked


def upgraded(role: Role, *, limit: int = 1 << 20) -> WebSocket:
    """An open WebSocket whose upgrade is forgotten."""
    ends = {
        each: WebSocket(each, entropy=bytes, max_message_bytes=limit, parameter="limit")
        for each in Role
    }
    client, server = ends[Role.CLIENT], ends[Role.SERVER]
    client.connect(host="localhost", target="/")
    server.receive_data(client.data_to_send())
    server.next_event()
    server.accept()
    client.receive_data(server.data_to_send())
    client.next_event()
    return ends[role]


def events(websocket: WebSocket) -> list[WebSocketEvent]:
    """All that wait."""
    taken = []
    while (event := websocket.next_event()) is not NEED_DATA:
        taken.append(event)
    return taken


def pieces(data: bytes, cuts: Iterable[int]) -> Iterator[bytes]:
    """The data, cut at these places; never empty pieces, which would be the end."""
    borders = [0, *sorted({cut for cut in cuts if 0 < cut < len(data)}), len(data)]
    for start, stop in pairwise(borders):
        if data[start:stop]:
            yield data[start:stop]


@define
class Outcome:
    """What one end makes of a stream."""

    messages: list[tuple[bool, bytes]] = Factory(list)
    pings: list[bytes] = Factory(list)
    code: int | None = None
    broken: bool = False


def outcome(role: Role, stream: bytes, *, limit: int, cuts: Iterable[int]) -> Outcome:
    """What `WebSocket` makes of it; pings are those it answered, and it checks what it sends."""
    websocket = upgraded(role, limit=limit)
    peer = Connection(ConnectionType.SERVER if role is Role.CLIENT else ConnectionType.CLIENT)
    told = Outcome()
    sent_code = None
    for piece in [*pieces(stream, cuts), b""]:
        websocket.receive_data(piece)
        if data := websocket.data_to_send():
            peer.receive_data(data)
        for event in peer.events():
            match event:
                case CloseConnection():
                    sent_code = int(event.code)
                case _:
                    told.pings.append(bytes(event.payload))
    *messages, closed = events(websocket)
    for message in messages:
        assert isinstance(message, Message)
        told.messages.append((message.binary, bytes(message.payload)))
    assert isinstance(closed, Closed)
    assert closed.code == sent_code, "what it tells the peer is what it tells its caller"
    told.code = closed.code
    told.broken = closed.error is not None
    return told


def reference(role: Role, stream: bytes, *, limit: int) -> Outcome:
    """What wsproto makes of it, messages put together."""
    wsproto = Connection(ConnectionType.CLIENT if role is Role.CLIENT else ConnectionType.SERVER)
    told = Outcome(code=None, broken=True)
    message = bytearray()
    announced = 0
    seen: object = None

    for byte in stream:
        wsproto.receive_data(bytes((byte,)))
        for event in wsproto.events():
            match event:
                case TextMessage() | BytesMessage():
                    binary = isinstance(event, BytesMessage)
                    message += event.data if binary else event.data.encode()
                    if event.message_finished:
                        told.messages.append((binary, bytes(message)))
                        message.clear()
                        announced = 0
                case Ping():
                    told.pings.append(bytes(event.payload))
                case CloseConnection():
                    told.code = int(event.code)
                    told.broken = wsproto.state is ConnectionState.OPEN
                    return told
                case _:
                    pass
        header = wsproto._proto._frame_decoder.header
        if header is None or header is seen or header.opcode.iscontrol():
            continue
        seen = header
        inside = wsproto._proto._message_decoder.opcode is not None
        if inside != (header.opcode is Opcode.CONTINUATION):
            told.code = 1002
            return told
        announced += header.payload_len
        if announced > limit:
            told.code = 1009
            return told
    return told


def agree(role: Role, stream: bytes, *, limit: int, cuts: Iterable[int]) -> None:
    """The promise: both make the same of a stream, whole, byte by byte and cut there."""
    expected = reference(role, stream, limit=limit)
    assert outcome(role, stream, limit=limit, cuts=range(len(stream))) == expected
    for any_cuts in ((), cuts):
        got = outcome(role, stream, limit=limit, cuts=any_cuts)
        answered = iter(expected.pings)
        assert all(ping in answered for ping in got.pings), (
            "some, in order: the newest of each read"
        )
        got.pings = expected.pings
        assert got == expected
