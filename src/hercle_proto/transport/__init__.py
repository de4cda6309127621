"""Transports: streams of bytes to messages and back."""

from hercle_proto.transport._events import (
    Closed,
    HeaderPairs,
    Message,
    Upgraded,
    UpgradeRefused,
    UpgradeRequested,
    WebSocketEvent,
)
from hercle_proto.transport._states import TRANSITIONS, WebSocketState, WebSocketStep
from hercle_proto.transport._websocket import WebSocket

__all__ = [
    "TRANSITIONS",
    "Closed",
    "HeaderPairs",
    "Message",
    "UpgradeRefused",
    "UpgradeRequested",
    "Upgraded",
    "WebSocket",
    "WebSocketEvent",
    "WebSocketState",
    "WebSocketStep",
]
