"""A WebSocket's bytes: the upgrade and frames, both roles."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from hercle_proto.hub import Role
from hercle_proto.transport import (
    Closed,
    UpgradeRefused,
    UpgradeRequested,
    WebSocket,
    WebSocketEvent,
)

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))
from websocket_reference import agree, events, pieces

LIMIT = 300
NONCE = b"dGhlIHNhbXBsZSBub25jZQ=="
SECRET = "s3cret"


def target(data: bytes) -> None:
    """No byte makes a WebSocket raise, and whole, cut or byte by byte they mean the same.

    The first byte tells what the others are: frames that a client ("c") or a server ("s") receives,
    an answer to the upgrade ("a") or a request for one ("r"). Of frames it makes the same messages,
    answers and end as wsproto alone. Of an upgrade it makes one final event, the last; and nothing
    it tells shows the key.
    """
    kind, rest = data[:1], data[1:]
    cuts = range(0, len(rest), 5)
    match kind:
        case b"c":
            agree(Role.CLIENT, rest, limit=LIMIT, cuts=cuts)
        case b"s":
            agree(Role.SERVER, rest, limit=LIMIT, cuts=cuts)
        case b"a" | b"r":
            role = Role.CLIENT if kind == b"a" else Role.SERVER
            whole = told(role, rest, ())
            assert whole == told(role, rest, cuts) == told(role, rest, range(len(rest)))
        case _:
            pass


def told(role: Role, data: bytes, cuts: Iterable[int]) -> list[object]:
    """The events of an upgrade and after it; of an error, only its kind (it may count bytes)."""
    websocket = WebSocket(role, entropy=bytes, max_message_bytes=LIMIT)
    if role is Role.CLIENT:
        websocket.connect(
            host="localhost", target=f"/?id={SECRET}", headers=[("Authorization", SECRET)]
        )
        # As if it had drawn this key, so that stored answers are right ones.
        websocket._upgrade._wsproto.handshake._nonce = NONCE  # noqa: SLF001
    received: list[WebSocketEvent] = []
    for piece in pieces(data, cuts):
        websocket.receive_data(piece)
        received += events(websocket)
        if SECRET.encode() not in data:
            assert SECRET not in repr(received)
    if received and isinstance(received[-1], UpgradeRequested):
        websocket.accept()
    websocket.receive_data(b"")
    received += events(websocket)
    assert [isinstance(event, Closed | UpgradeRefused) for event in received[:-1]].count(True) == 0
    assert isinstance(received[-1], Closed | UpgradeRefused)
    return [
        (event.code, type(event.error)) if isinstance(event, Closed) else event
        for event in received
    ]
