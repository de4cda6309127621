"""SignalR's hub protocol over payloads, for both ends of a connection. Knows no transport.

`HubConnection` is the machine; messages are values (`Invocation`, `Completion`, …), and `JSON` is
the codec that writes and reads them. The ids in docstrings and errors, such as J-07, name clauses
in docs/clauses.md.
"""

from hercle_proto.hub._codec import Codec, Record
from hercle_proto.hub._connection import HubConnection
from hercle_proto.hub._events import HandshakeCompleted, HubClosed, HubEvent
from hercle_proto.hub._json import JSON, JsonCodec
from hercle_proto.hub._messages import (
    NO_RESULT,
    Ack,
    CancelInvocation,
    Close,
    Completion,
    Invocation,
    Message,
    NoResult,
    Ping,
    Raw,
    Sequence,
    StreamInvocation,
    StreamItem,
)
from hercle_proto.hub._settings import HubSettings
from hercle_proto.hub._states import TRANSITIONS, HubState, HubStep, Role

__all__ = [
    "JSON",
    "NO_RESULT",
    "TRANSITIONS",
    "Ack",
    "CancelInvocation",
    "Close",
    "Codec",
    "Completion",
    "HandshakeCompleted",
    "HubClosed",
    "HubConnection",
    "HubEvent",
    "HubSettings",
    "HubState",
    "HubStep",
    "Invocation",
    "JsonCodec",
    "Message",
    "NoResult",
    "Ping",
    "Raw",
    "Record",
    "Role",
    "Sequence",
    "StreamInvocation",
    "StreamItem",
]
