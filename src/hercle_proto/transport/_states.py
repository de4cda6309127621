"""What may happen to a WebSocket when. The rules are `TRANSITIONS`; `WebSocket` looks them up."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final, TypeAlias

from hercle_proto.hub import Role

__all__ = ["TRANSITIONS", "WebSocketState", "WebSocketStep"]


class WebSocketState(Enum):
    """How far a WebSocket is."""

    __hash__ = object.__hash__  # Enum's own is Python: these are looked up for every message sent

    IDLE = "idle"
    """Nobody asked for the upgrade yet."""
    CONNECTING = "connecting"
    """Asked and not answered."""
    OPEN = "open"
    CLOSING = "closing"
    """We sent a close frame and wait for the peer's; its messages still arrive."""
    CLOSED = "closed"


class WebSocketStep(Enum):
    """What moves it. Its value is how errors and diagrams call it."""

    __hash__ = object.__hash__

    # Our caller's: refused where the state does not list them.
    CONNECT = "connect"
    ACCEPT = "accept"
    REJECT = "reject"
    SEND = "send"
    CLOSE = "close"
    # The peer's: they can only come where the state lists them.
    REQUESTED = "upgrade requested"
    UPGRADED = "upgraded"
    REFUSED = "upgrade refused"
    CLOSED_BY_PEER = "close frame received"
    FAILED = "rule broken, or end of the stream"


_Moves: TypeAlias = Mapping[WebSocketStep, WebSocketState]

_State, _Step = WebSocketState, WebSocketStep

_UPGRADED: Final[Mapping[WebSocketState, _Moves]] = {
    _State.OPEN: {
        _Step.SEND: _State.OPEN,
        _Step.CLOSE: _State.CLOSING,
        _Step.CLOSED_BY_PEER: _State.CLOSED,
        _Step.FAILED: _State.CLOSED,
    },
    _State.CLOSING: {
        _Step.CLOSE: _State.CLOSING,
        _Step.CLOSED_BY_PEER: _State.CLOSED,
        _Step.FAILED: _State.CLOSED,
    },
    _State.CLOSED: {
        _Step.CLOSE: _State.CLOSED,
    },
}

TRANSITIONS: Final[Mapping[Role, Mapping[WebSocketState, _Moves]]] = MappingProxyType(
    {
        Role.CLIENT: {
            _State.IDLE: {
                _Step.CONNECT: _State.CONNECTING,
                _Step.CLOSE: _State.CLOSED,
                _Step.FAILED: _State.CLOSED,
            },
            _State.CONNECTING: {
                _Step.CLOSE: _State.CLOSED,
                _Step.UPGRADED: _State.OPEN,
                _Step.REFUSED: _State.CLOSED,
                _Step.FAILED: _State.CLOSED,
            },
            **_UPGRADED,
        },
        Role.SERVER: {
            _State.IDLE: {
                _Step.CLOSE: _State.CLOSED,
                _Step.REQUESTED: _State.CONNECTING,
                _Step.FAILED: _State.CLOSED,
            },
            _State.CONNECTING: {
                _Step.ACCEPT: _State.OPEN,
                _Step.REJECT: _State.CLOSED,
                _Step.CLOSE: _State.CLOSED,
                _Step.FAILED: _State.CLOSED,
            },
            **_UPGRADED,
        },
    }
)
"""role → state → step → next state."""
