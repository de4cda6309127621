"""The hub handshake: texts as data, and what either end makes of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cuts import CUTS
from hercle_proto import (
    HercleProtoError,
    MessageTooLarge,
    NegotiationFailed,
    RemoteProtocolError,
    TimedOut,
)
from hercle_proto.hub import (
    HandshakeCompleted,
    HubClosed,
    HubConnection,
    HubSettings,
    HubState,
    Invocation,
    Role,
)
from hercle_proto.hub._handshake import HandshakeRequest, parse_request, parse_response
from hubs import ACCEPTED, REQUEST, events

VECTORS = json.loads(
    (Path(__file__).parents[1] / "data" / "signalr-vectors.json").read_text("utf-8")
)
MESSAGE = b'{"type":1,"target":"t","arguments":[]}\x1e'
COMPLETED = HandshakeCompleted("json", 1)
CANCELED = b'{"error":"Handshake was canceled."}\x1e'
FAILED = b'{"error":"An unexpected error occurred during connection handshake."}\x1e'


def started(role: Role, settings: HubSettings | None = None) -> HubConnection:
    hub = HubConnection(role, settings=settings or HubSettings())
    hub.start(now=0.0)
    return hub


def closed(hub: HubConnection) -> HubClosed:
    """Its only event, which ended it."""
    (event,) = events(hub)
    assert isinstance(event, HubClosed)
    assert hub.state is HubState.CLOSED
    assert hub.next_deadline() is None
    return event


# -- texts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "protocol", "version"), VECTORS["handshake_request_ok"])
def test_requests(text: str, protocol: str, version: int) -> None:
    assert parse_request(text.encode()) == HandshakeRequest(protocol, version)


@pytest.mark.parametrize(
    "text",
    [
        *VECTORS["handshake_request_bad"],
        "",
        "{}",
        '{"protocol":"json"}',
        '{"protocol":null,"version":1}',
        '{"protocol":"json","version":"1"}',
        '{"protocol":"json","version":1.0}',
        '{"protocol":"json","version":true}',
        '{"protocol":"json","version":1}{}',
        '{"Protocol":"json","version":1}',
    ],
)
def test_requests_that_are_none(text: str) -> None:
    with pytest.raises(RemoteProtocolError, match="handshake request") as caught:
        parse_request(text.encode())
    assert caught.value.clause == "H-03"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        *VECTORS["handshake_response_ok"],
        ('{"error":"a","error":"b"}', "b"),
        (' {"minorVersion":"x"} ', None),
    ],
)
def test_responses(text: str, error: str | None) -> None:
    assert parse_response(text.encode()) == error


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        *((text, "H-11") for text in VECTORS["handshake_response_bad"]),
        ("", "H-11"),
        ("[]", "H-11"),
        ('{"error":1}', "H-11"),
        ('{"type":6}', "H-12"),
        ('{"type":0}', "H-12"),
        ('{"type":null}', "H-12"),
    ],
)
def test_responses_that_are_none(text: str, clause: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        parse_response(text.encode())
    assert caught.value.clause == clause


# -- a client --------------------------------------------------------------------------------------


def test_a_client_asks_and_pings_once_it_is_answered() -> None:
    client = started(Role.CLIENT)
    assert client.payload_to_send(now=0.0) == REQUEST
    assert client.payload_to_send(now=0.0) == b""
    client.receive_payload(ACCEPTED, now=1.0)
    assert events(client) == [COMPLETED]
    assert client.state is HubState.CONNECTED
    assert client.payload_to_send(now=1.0) == b'{"type":6}\x1e'


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_messages_may_come_with_the_answer(cut: Callable[[bytes], list[bytes]]) -> None:
    client = started(Role.CLIENT)
    for piece in cut(ACCEPTED + MESSAGE):
        client.receive_payload(piece, now=0.0)
    assert events(client) == [COMPLETED, Invocation("t")]


def test_an_empty_error_is_none() -> None:
    client = started(Role.CLIENT)
    client.receive_payload(b'{"error":""}\x1e', now=0.0)
    assert events(client) == [COMPLETED]


@pytest.mark.parametrize(
    ("answer", "retriable"),
    [
        (b'{"error":"The protocol \'json\' is not supported."}\x1e', False),
        (b'{"error":"go away"}\x1e', False),
        (CANCELED, True),
        (FAILED, True),
    ],
)
def test_a_refusal_ends_a_client(answer: bytes, retriable: bool) -> None:
    client = started(Role.CLIENT)
    client.receive_payload(answer + MESSAGE, now=0.0)
    end = closed(client)
    assert isinstance(end.error, NegotiationFailed)
    assert json.loads(answer[:-1])["error"] in str(end.error)
    assert end.error.retriable is end.allow_reconnect is retriable


def test_a_refusals_text_is_made_presentable() -> None:
    client = started(Role.CLIENT)
    client.receive_payload(b'{"error":"go\\r\\naway\\u001b"}\x1e', now=0.0)
    assert str(closed(client).error) == "the hub handshake was refused: go away\ufffd"


@pytest.mark.parametrize("answer", [MESSAGE, b"<html>\x1e", b"\x1e", b"null\x1e"])
def test_nonsense_ends_a_client(answer: bytes) -> None:
    client = started(Role.CLIENT)
    client.payload_to_send(now=0.0)
    client.receive_payload(answer, now=0.0)
    assert isinstance(closed(client).error, RemoteProtocolError)
    assert client.payload_to_send(now=0.0) == b""


# -- a server --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "version"),
    [
        (REQUEST, 1),
        (b'{"version":2,"protocol":"JSON"}\x1e', 2),
        (b'{"protocol":"json","version":0}\x1e', 0),
    ],
)
@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_a_server_answers(
    request_: bytes, version: int, cut: Callable[[bytes], list[bytes]]
) -> None:
    server = started(Role.SERVER)
    assert server.payload_to_send(now=0.0) == b""
    for piece in cut(request_ + MESSAGE):
        server.receive_payload(piece, now=0.0)
    assert events(server) == [HandshakeCompleted("json", version), Invocation("t")]
    assert server.payload_to_send(now=0.0) == ACCEPTED


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (
            b'{"protocol":"messagepack","version":1}',
            "The protocol 'messagepack' is not supported.",
        ),
        (
            b'{"protocol":"json","version":3}',
            "The server does not support version 3 of the 'json' protocol.",
        ),
        (
            b'{"protocol":"%b","version":3}' % (b"x" * 1000),
            f"The protocol '{'x' * 64}' is not supported.",
        ),
        (
            b'{"type":6}',
            "An unexpected error occurred during connection handshake.",
        ),
        (
            b"GET / HTTP/1.1",
            "An unexpected error occurred during connection handshake.",
        ),
    ],
)
def test_a_server_refuses(request_: bytes, error: str) -> None:
    server = started(Role.SERVER)
    server.receive_payload(request_ + b"\x1e" + MESSAGE, now=0.0)
    assert isinstance(closed(server).error, RemoteProtocolError)
    assert json.loads(server.payload_to_send(now=0.0)[:-1]) == {"error": error}


def test_a_request_over_the_limit_gets_the_same_answer() -> None:
    server = started(Role.SERVER, HubSettings(max_message_bytes=len(REQUEST) - 1))
    server.receive_payload(REQUEST, now=0.0)
    end = closed(server)
    assert isinstance(end.error, MessageTooLarge)
    assert not end.allow_reconnect
    assert server.payload_to_send(now=0.0) == FAILED


# -- both ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "last_words"), [(Role.CLIENT, REQUEST), (Role.SERVER, CANCELED)], ids=str
)
def test_nobody_waits_for_ever(role: Role, last_words: bytes) -> None:
    hub = HubConnection(role)
    assert hub.next_deadline() is None
    hub.start(now=100.0)
    assert hub.next_deadline() == 115.0
    hub.receive_payload(b"{", now=114.0)
    hub.handle_timer(now=114.9)
    assert events(hub) == []
    hub.handle_timer(now=115.0)
    end = closed(hub)
    assert isinstance(end.error, TimedOut)
    assert str(end.error) == "the hub handshake took longer than 15 s"
    assert end.allow_reconnect
    assert hub.payload_to_send(now=115.0) == last_words


@pytest.mark.parametrize("role", Role, ids=str)
@pytest.mark.parametrize("cause", [None, HercleProtoError("reset by peer")], ids=str)
def test_the_transport_may_end_first(role: Role, cause: HercleProtoError | None) -> None:
    hub = started(role)
    hub.receive_end(cause, now=0.0)
    end = closed(hub)
    assert end.allow_reconnect
    assert end.error is cause or "without a goodbye" in str(end.error)
    assert hub.payload_to_send(now=0.0) == b""


@pytest.mark.parametrize("role", Role, ids=str)
def test_closing_during_the_handshake_says_nothing(role: Role) -> None:
    hub = started(role)
    hub.close(now=0.0)
    assert closed(hub) == HubClosed()
    assert hub.payload_to_send(now=0.0) == b""
