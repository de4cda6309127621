"""What a WebSocket tells.

Reprs show sizes only: a target may hold a token, a header a key, a payload money.
"""

from __future__ import annotations

from collections.abc import Sized
from typing import TypeAlias

import msgspec
from attrs import field, frozen

from hercle_proto._errors import RemoteProtocolError

__all__ = [
    "Closed",
    "HeaderPairs",
    "Message",
    "UpgradeRefused",
    "UpgradeRequested",
    "Upgraded",
    "WebSocketEvent",
]

HeaderPairs: TypeAlias = tuple[tuple[str, str], ...]
"""Names in lower case, values as latin-1, in the order they came."""


def _size(value: Sized) -> str:
    return f"<{len(value):,}>"


@frozen
class UpgradeRequested:
    """Server role: a client asks for a WebSocket. Answer it with `accept` or `reject`.

    `target` is the path with its query. Offers of extensions and subprotocols are not told: none is
    ever taken.
    """

    target: str = field(repr=_size)
    headers: HeaderPairs = field(repr=_size)


@frozen
class Upgraded:
    """Client role: the server took the upgrade, with these headers. Messages may be sent."""

    headers: HeaderPairs = field(repr=_size)


@frozen
class UpgradeRefused:
    """Client role, final: the server gave another answer than 101.

    `body` is what came of its body, at most 64 KiB of it.
    """

    status: int
    headers: HeaderPairs = field(repr=_size)
    body: bytes = field(repr=_size)


class Message(msgspec.Struct, frozen=True):
    """A whole message. The payload is yours, never touched again. Text stays bytes: checked UTF-8.

    A Struct: one is made for every message, and a frozen attrs class costs five times as much.
    """

    payload: bytes | bytearray
    binary: bool

    def __repr__(self) -> str:
        return f"Message(payload={_size(self.payload)}, binary={self.binary})"


@frozen
class Closed:
    """Final: the connection ended.

    `code` and `reason` are the close frame's, ours where the peer broke a rule; 1005 is a close
    frame without a code and None no close frame at all (1006 in RFC 6455). `error` is None if the
    peer, or both, closed by the rules, whatever the code; and if we gave up before the upgrade was
    done.
    """

    code: int | None
    reason: str = field(repr=_size)
    error: RemoteProtocolError | None


WebSocketEvent: TypeAlias = UpgradeRequested | Upgraded | UpgradeRefused | Message | Closed
