"""Hub messages after the handshake."""

from __future__ import annotations

from collections.abc import Iterable

from hercle_proto import NEED_DATA, RemoteProtocolError
from hercle_proto.hub import (
    JSON,
    HandshakeCompleted,
    HubClosed,
    HubConnection,
    HubEvent,
    HubSettings,
    HubState,
    Raw,
    Role,
)

SETTINGS = HubSettings(max_message_bytes=1024)
GREETING = {Role.CLIENT: b"{}\x1e", Role.SERVER: b'{"protocol":"json","version":1}\x1e'}


def target(data: bytes) -> None:
    """What a peer sends raises nothing and means the same however it is cut; the only end is one
    `HubClosed`, last; what was read can be written and read again; values decode or are refused.
    """
    for role in Role:
        whole = received(role, [data])
        assert told(whole) == told(received(role, (data[i : i + 1] for i in range(len(data)))))
        for event in whole:
            if not isinstance(event, HandshakeCompleted | HubClosed):
                assert JSON.decode(JSON.encode(event)[:-1]) == event
                decode_values(event)


def received(role: Role, pieces: Iterable[bytes]) -> list[HubEvent]:
    hub = HubConnection(role, settings=SETTINGS)
    hub.start(now=0.0)
    hub.receive_payload(GREETING[role], now=0.0)
    hub.next_event()
    events: list[HubEvent] = []
    for piece in pieces:
        hub.receive_payload(piece, now=0.0)
        while (event := hub.next_event()) is not NEED_DATA:
            assert not any(isinstance(earlier, HubClosed) for earlier in events)
            assert not isinstance(event, HandshakeCompleted)
            events.append(event)
    closed = bool(events) and isinstance(events[-1], HubClosed)
    assert closed is (hub.state is HubState.CLOSED) is (hub.next_deadline() is None)
    return events


def told(events: list[HubEvent]) -> list[object]:
    """Events, with errors as what they say. A size that is a lower bound depends on the cut."""
    return [
        (type(event.error), getattr(event.error, "clause", None), event.allow_reconnect)
        if isinstance(event, HubClosed)
        else event
        for event in events
    ]


def decode_values(event: HubEvent) -> None:
    values = (
        *getattr(event, "arguments", ()),
        getattr(event, "result", 0),
        getattr(event, "item", 0),
    )
    for value in values:
        if isinstance(value, Raw):
            try:
                JSON.decode_value(value, object)
            except RemoteProtocolError:
                pass
