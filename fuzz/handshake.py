"""The first bytes on a hub connection."""

from __future__ import annotations

from collections.abc import Iterable

from hercle_proto import NEED_DATA
from hercle_proto.hub import (
    HandshakeCompleted,
    HubClosed,
    HubConnection,
    HubEvent,
    HubSettings,
    HubState,
    Role,
)

SETTINGS = HubSettings(max_message_bytes=1024)


def target(data: bytes) -> None:
    """The first bytes of a peer raise nothing and mean the same however they are cut: no event, or
    `HandshakeCompleted` first, or only `HubClosed`. What a server answers, a client understands.
    """
    for role in Role:
        hub, first = shaken(role, [data])
        _, again = shaken(role, (data[i : i + 1] for i in range(len(data))))
        assert type(first) is type(again)
        if first is None:
            assert hub.state is HubState.HANDSHAKING
        elif isinstance(first, HubClosed):
            assert hub.state is HubState.CLOSED
        else:
            assert first == again
            assert isinstance(first, HandshakeCompleted)
        if role is Role.SERVER and first is not None:
            answer = hub.payload_to_send(now=0.0)
            _, understood = shaken(Role.CLIENT, [answer])
            assert type(understood) is type(first)


def shaken(role: Role, pieces: Iterable[bytes]) -> tuple[HubConnection, HubEvent | None]:
    """A connection that received that, and its first event."""
    hub = HubConnection(role, settings=SETTINGS)
    hub.start(now=0.0)
    first: HubEvent | None = None
    for piece in pieces:
        hub.receive_payload(piece, now=0.0)
        if first is None and (event := hub.next_event()) is not NEED_DATA:
            first = event
    return hub, first
