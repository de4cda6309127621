"""Pings and silence, by a clock that tests turn."""

from __future__ import annotations

import pytest

from hercle_proto import TimedOut
from hercle_proto.hub import HubClosed, HubConnection, HubSettings, HubState, Ping, Role
from hubs import connected, connected_pair, events, pass_on

PING = b'{"type":6}\x1e'
BOTH = pytest.mark.parametrize("role", Role, ids=str)
NEVER_SILENT = HubSettings(silence_timeout=1e9)


def silence_of(hub: HubConnection) -> str:
    (end,) = events(hub)
    assert isinstance(end, HubClosed)
    assert isinstance(end.error, TimedOut)
    assert end.allow_reconnect
    assert hub.next_deadline() is None
    return str(end.error)


@BOTH
def test_a_ping_goes_out_when_nothing_else_did(role: Role) -> None:
    hub = connected(role, NEVER_SILENT)
    assert hub.next_deadline() == 15.0
    hub.handle_timer(now=14.9)
    assert hub.payload_to_send(now=14.9) == b""
    hub.handle_timer(now=15.0)
    assert hub.payload_to_send(now=15.5) == PING
    assert hub.next_deadline() == 30.5


@BOTH
def test_what_is_sent_defers_the_ping(role: Role) -> None:
    hub = connected(role, NEVER_SILENT)
    hub.send(Ping(), now=9.0)
    assert hub.next_deadline() == 15.0  # it has not left yet
    hub.payload_to_send(now=10.0)
    assert hub.next_deadline() == 25.0


@BOTH
def test_one_ping_is_enough_however_late(role: Role) -> None:
    hub = connected(role, NEVER_SILENT)
    for now in (1000.0, 1000.0, 2000.0, 3000.0):
        hub.handle_timer(now=now)
    assert hub.payload_to_send(now=3000.0) == PING


def test_a_client_gives_up_a_silent_server() -> None:
    client = connected(Role.CLIENT, HubSettings(ping_interval=1e9))
    assert client.next_deadline() == 30.0
    client.receive_payload(b"", now=10.0)  # a sign of life
    assert client.next_deadline() == 40.0
    client.receive_payload(b'{"ty', now=20.0)
    client.handle_timer(now=49.9)
    assert events(client) == []
    client.handle_timer(now=50.0)
    assert silence_of(client) == "the peer's silence took longer than 30 s"
    assert client.payload_to_send(now=50.0) == b""


def test_a_server_gives_up_only_who_pinged_once() -> None:
    settings = HubSettings(ping_interval=1e9)
    client, server = connected_pair(settings)
    server.handle_timer(now=1000.0)
    assert events(server) == []
    client.send(Ping(), now=1000.0)
    pass_on(client, server, now=1000.0)
    assert server.next_deadline() == 1030.0
    server.handle_timer(now=1030.0)
    silence_of(server)
    assert b'"allowReconnect":true' in server.payload_to_send(now=1030.0)


def test_our_own_not_reading_is_no_silence() -> None:
    client = connected(Role.CLIENT, HubSettings(ping_interval=1e9))
    client.pause_reading(now=29.0)
    assert client.next_deadline() == 1e9
    client.handle_timer(now=500.0)
    assert events(client) == []
    client.resume_reading(now=500.0)
    client.resume_reading(now=501.0)
    assert client.next_deadline() == 531.0
    client.handle_timer(now=531.0)
    silence_of(client)


def test_a_server_may_pause_before_it_counts() -> None:
    server = connected(Role.SERVER, HubSettings(ping_interval=1e9))
    server.pause_reading(now=1.0)
    server.resume_reading(now=2.0)
    assert server.next_deadline() == 1e9


def test_a_peer_that_never_says_goodbye_is_not_waited_for_for_ever() -> None:
    client = connected(Role.CLIENT)
    client.close(now=5.0)
    client.payload_to_send(now=5.0)
    assert client.next_deadline() == 30.0  # no pings any more
    client.handle_timer(now=30.0)
    silence_of(client)
    assert client.payload_to_send(now=30.0) == b""


@BOTH
def test_the_deadline_is_pure(role: Role) -> None:
    hub = connected(role)
    deadlines = {hub.next_deadline() for _ in range(3)}
    assert deadlines == {15.0}
    assert hub.state is HubState.CONNECTED
