"""The life of a session as a table. Whatever decides what may happen when stands here and nowhere
else.

The diagram in docs/machine.md is drawn from this table, and the tests try every input in every
state.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

__all__ = ["TRANSITIONS", "Input", "State"]


class State(Enum):
    """Where a session stands."""

    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    WAITING = "waiting"
    """Backing off before the next attempt."""
    CLOSING = "closing"
    """Saying goodbye. Nothing is opened any more."""
    CLOSED = "closed"


class Input(Enum):
    """What moves a session from one state to another."""

    START = "start"
    ESTABLISHED = "handshake completed"
    LOST = "connection lost"
    """The connection or the attempt ended, and another attempt may help."""
    FAILED = "failed for good"
    DUE = "delay over"
    CLOSE = "close"
    GONE = "last stream gone"


TRANSITIONS: Mapping[State, Mapping[Input, State]] = {
    State.NEW: {
        Input.START: State.CONNECTING,
        Input.CLOSE: State.CLOSING,
    },
    State.CONNECTING: {
        Input.ESTABLISHED: State.CONNECTED,
        Input.LOST: State.WAITING,
        Input.FAILED: State.CLOSING,
        Input.CLOSE: State.CLOSING,
    },
    State.CONNECTED: {
        Input.LOST: State.WAITING,
        Input.FAILED: State.CLOSING,
        Input.CLOSE: State.CLOSING,
    },
    State.WAITING: {
        Input.DUE: State.CONNECTING,
        Input.FAILED: State.CLOSING,
        Input.CLOSE: State.CLOSING,
    },
    State.CLOSING: {
        Input.GONE: State.CLOSED,
    },
    State.CLOSED: {},
}
