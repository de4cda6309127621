"""Hub connections past their handshake, and what can be got out of one."""

from __future__ import annotations

from hercle_proto import NEED_DATA
from hercle_proto.hub import HubConnection, HubEvent, HubSettings, Role

__all__ = ["connected", "connected_pair", "events", "pass_on"]

REQUEST = b'{"protocol":"json","version":1}\x1e'
ACCEPTED = b"{}\x1e"


def events(hub: HubConnection) -> list[HubEvent]:
    """All that it has now."""
    taken = []
    while (event := hub.next_event()) is not NEED_DATA:
        taken.append(event)
    return taken


def connected(
    role: Role, settings: HubSettings | None = None, *, now: float = 0.0
) -> HubConnection:
    """Just past the handshake, with nothing left to send, not even a client's first ping."""
    hub = HubConnection(role, settings=settings or HubSettings())
    hub.start(now=now)
    hub.receive_payload(ACCEPTED if role is Role.CLIENT else REQUEST, now=now)
    assert len(events(hub)) == 1
    hub.payload_to_send(now=now)
    return hub


def connected_pair(settings: HubSettings | None = None) -> tuple[HubConnection, HubConnection]:
    """A client and a server that know each other."""
    return connected(Role.CLIENT, settings), connected(Role.SERVER, settings)


def pass_on(source: HubConnection, target: HubConnection, *, now: float = 0.0) -> list[HubEvent]:
    """What `target` makes of what `source` has to send."""
    if payload := source.payload_to_send(now=now):
        target.receive_payload(payload, now=now)
    return events(target)
