"""What a hub connection tells, beside the messages themselves."""

from __future__ import annotations

from typing import TypeAlias

from attrs import frozen

from hercle_proto._errors import HercleProtoError
from hercle_proto.hub._messages import CancelInvocation, Completion, Invocation, StreamItem

__all__ = ["HandshakeCompleted", "HubClosed", "HubEvent"]


@frozen
class HandshakeCompleted:
    """The first event: messages may be sent. `protocol` and `version` are what was agreed on."""

    protocol: str
    version: int


@frozen
class HubClosed:
    """The last event, and the only one of its kind.

    `error` is None after a goodbye of ours, or one of a client. `allow_reconnect` tells whether a
    new connection may be tried: not after a goodbye without that flag (C-03), nor where the same
    would happen again (a refused handshake, a message over the limit).
    """

    error: HercleProtoError | None = None
    allow_reconnect: bool = False


HubEvent: TypeAlias = (
    HandshakeCompleted | Invocation | Completion | StreamItem | CancelInvocation | HubClosed
)
