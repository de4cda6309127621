"""The hub handshake (H): one JSON record each way, whatever the hub protocol (H-02).

As in hub messages, unknown keys are skipped and of a repeated key the last counts (H-03, H-20).
"""

from __future__ import annotations

from typing import Final

import msgspec
from attrs import frozen
from msgspec import UNSET, UnsetType

from hercle_proto._border import decode_json
from hercle_proto._errors import RemoteProtocolError
from hercle_proto.hub._codec import Codec, Record

__all__ = [
    "CANCELED",
    "FAILED",
    "HandshakeRequest",
    "objection",
    "parse_request",
    "parse_response",
    "write_request",
    "write_response",
]

CANCELED: Final = "Handshake was canceled."
"""A server's answer when no request came in time (H-16)."""

FAILED: Final = "An unexpected error occurred during connection handshake."
"""A server's answer to what is not a handshake request (H-09, H-18)."""

_NEWEST_VERSION: Final = 2  # H-06; 2 differs from 1 only for stateful reconnect (H-07)
_SHOWN: Final = 64  # characters of a stranger's text that an answer repeats


@frozen
class HandshakeRequest:
    """What a client asks for (H-03)."""

    protocol: str
    version: int


class _Response(msgspec.Struct):
    error: str | UnsetType = UNSET
    type: msgspec.Raw | UnsetType = UNSET


def write_request(codec: Codec) -> bytes:
    """The record of a client that speaks `codec`."""
    return _record({"protocol": codec.name, "version": codec.version})


def parse_request(record: Record) -> HandshakeRequest:
    """Raises `RemoteProtocolError` for anything but a handshake request."""
    return decode_json(record, HandshakeRequest, what="handshake request", clause="H-03")


def objection(request: HandshakeRequest, codec: Codec) -> str | None:
    """Why a server that speaks `codec` refuses `request`, in .NET's words, or None (H-04, H-06)."""
    name = request.protocol[:_SHOWN]
    if request.protocol.lower() != codec.name:
        return f"The protocol '{name}' is not supported."
    if request.version > _NEWEST_VERSION:
        return f"The server does not support version {request.version} of the '{name}' protocol."
    return None


def write_response(error: str | None = None) -> bytes:
    """The record of a server that accepts, or refuses with `error` (H-08)."""
    return _record({} if error is None else {"error": error})


def parse_response(record: Record) -> str | None:
    """The server's error, None if there is none. Raises `RemoteProtocolError` (H-11, H-12)."""
    response = decode_json(record, _Response, what="handshake response", clause="H-11")
    if response.type is not UNSET:
        raise RemoteProtocolError("a hub message where a handshake response is due", clause="H-12")
    return None if response.error is UNSET else response.error


def _record(fields: dict[str, str | int]) -> bytes:
    return msgspec.json.encode(fields) + b"\x1e"
