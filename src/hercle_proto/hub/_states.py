"""The life of a hub connection, for both roles.

What may happen in which state is `TRANSITIONS` and nothing else: a step that a state does not list
is either our caller's mistake or something that no longer matters. The diagram in the documentation
and the tests over states and steps are made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

__all__ = ["TRANSITIONS", "HubState", "HubStep", "Role"]


class Role(Enum):
    """Which end of the connection we are."""

    CLIENT = "client"
    SERVER = "server"


class HubState(Enum):
    """Where a hub connection is in its life."""

    NEW = "new"
    HANDSHAKING = "handshaking"
    CONNECTED = "connected"
    CLOSING = "closing"
    """We said goodbye: nothing is sent any more, but answers on their way are still taken."""
    CLOSED = "closed"


class HubStep(Enum):
    """What moves it, or is allowed to happen. Its value is how errors and diagrams call it."""

    START = "start"
    HANDSHAKE = "handshake accepted"
    REFUSAL = "handshake refused"
    RECEIVE = "message received"
    SEND = "send"
    CLOSE = "close"
    GOODBYE = "Close received"
    END = "transport ended"
    FAULT = "rule broken or time over"


TRANSITIONS: Final[Mapping[HubState, Mapping[HubStep, HubState]]] = MappingProxyType(
    {
        HubState.NEW: {
            HubStep.START: HubState.HANDSHAKING,
            HubStep.CLOSE: HubState.CLOSED,
            HubStep.END: HubState.CLOSED,
        },
        HubState.HANDSHAKING: {
            HubStep.HANDSHAKE: HubState.CONNECTED,
            HubStep.REFUSAL: HubState.CLOSED,
            HubStep.CLOSE: HubState.CLOSED,
            HubStep.END: HubState.CLOSED,
            HubStep.FAULT: HubState.CLOSED,
        },
        HubState.CONNECTED: {
            HubStep.RECEIVE: HubState.CONNECTED,
            HubStep.SEND: HubState.CONNECTED,
            HubStep.CLOSE: HubState.CLOSING,
            HubStep.GOODBYE: HubState.CLOSED,
            HubStep.END: HubState.CLOSED,
            HubStep.FAULT: HubState.CLOSED,
        },
        HubState.CLOSING: {
            HubStep.RECEIVE: HubState.CLOSING,
            HubStep.GOODBYE: HubState.CLOSED,
            HubStep.END: HubState.CLOSED,
            HubStep.FAULT: HubState.CLOSED,
        },
        HubState.CLOSED: {},
    }
)
