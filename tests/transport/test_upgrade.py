"""The upgrade, both roles: every answer and every bad one, in three cuts; and nothing leaks."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto import RemoteProtocolError
from hercle_proto.hub import Role
from hercle_proto.transport import (
    Closed,
    Message,
    Upgraded,
    UpgradeRefused,
    UpgradeRequested,
    WebSocket,
    WebSocketEvent,
    WebSocketState,
)
from websocket_reference import KEY, accepted, events, frame, pieces

SECRET = "s3cret"
CUTS = {
    "whole": lambda size: [],
    "byte by byte": range,
    "in threes": lambda size: range(0, size, 3),
}


@pytest.fixture(params=CUTS.values(), ids=CUTS)
def cut(request: pytest.FixtureRequest):
    return request.param


def connecting() -> tuple[WebSocket, bytes]:
    client = WebSocket(Role.CLIENT, entropy=bytes, max_message_bytes=100)
    client.connect(
        host="localhost:5000",
        target=f"/hub?id={SECRET}",
        headers=[("Authorization", f"Bearer {SECRET}")],
    )
    return client, client.data_to_send()


def feed(websocket: WebSocket, data: bytes, cut) -> list[WebSocketEvent]:
    told = []
    for piece in pieces(data, cut(len(data))):
        websocket.receive_data(piece)
        told += events(websocket)
    return told


def says_nothing(told: list[WebSocketEvent]) -> None:
    for event in told:
        assert SECRET not in repr(event)
        if isinstance(event, Closed) and event.error is not None:
            assert SECRET not in str(event.error)
            assert event.error.__cause__ is None
            assert event.error.__context__ is None


# -- client ---------------------------------------------------------------------------------------


def test_the_request() -> None:
    _, request = connecting()
    head, _, rest = request.decode().partition("\r\n\r\n")
    first, *headers = head.split("\r\n")
    assert rest == ""
    assert first == f"GET /hub?id={SECRET} HTTP/1.1"
    fields = dict(line.split(": ", 1) for line in headers)
    assert len(fields.pop("Sec-WebSocket-Key")) == 24
    assert fields == {
        "Host": "localhost:5000",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Authorization": f"Bearer {SECRET}",
    }, "and no extension is offered"


def test_upgraded(cut) -> None:
    client, request = connecting()
    assert not client.answer_begun
    assert client.state is WebSocketState.CONNECTING
    answer = accepted(request, extra=b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n")
    told = feed(client, answer + frame(0x81, b"hi") + frame(0x89, b"?"), cut)
    assert told == [
        Upgraded((("date", "Sun, 06 Nov 1994 08:49:37 GMT"),)),
        Message(b"hi", False),
    ]
    assert client.state is WebSocketState.OPEN
    assert client.answer_begun
    assert client.data_to_send()[0] == 0x8A


def test_interim_answers_are_passed_over(cut) -> None:
    client, request = connecting()
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 3
    told = feed(client, interim + accepted(request) + frame(0x81, b"hi"), cut)
    assert told == [Upgraded(()), Message(b"hi", False)]


HTML = b"<html>no</html>"

REFUSALS = {
    "200": (b"200 OK", b"Content-Length: 15\r\n", HTML, HTML),
    "302": (b"302 Found", b"Location: /login\r\nContent-Length: 0\r\n", b"", b""),
    "401": (b"401 Unauthorized", b"Content-Length: 15\r\n", HTML, HTML),
    "404, chunked": (
        b"404 Not Found",
        b"Transfer-Encoding: chunked\r\n",
        b"5\r\n<html\r\na\r\n>no</html>\r\n0\r\n\r\n",
        HTML,
    ),
    "204": (b"204 No Content", b"", b"", b""),
    "trailing bytes": (b"409 Conflict", b"Content-Length: 3\r\n", HTML, HTML[:3]),
    "not chunked after all": (
        b"500 Oops",
        b"Transfer-Encoding: chunked\r\n",
        b"5\r\n<html\r\nzzz\r\n\r\n",
        b"<html",
    ),
    "too long": (b"403 Forbidden", b"Content-Length: 70000\r\n", b"x" * 65_537, b"x" * 65_536),
}


@pytest.mark.parametrize(("status", "headers", "body", "expected"), REFUSALS.values(), ids=REFUSALS)
def test_refusals(cut, status: bytes, headers: bytes, body: bytes, expected: bytes) -> None:
    client, _ = connecting()
    told = feed(client, b"HTTP/1.1 " + status + b"\r\n" + headers + b"\r\n" + body, cut)
    (refused,) = told
    assert isinstance(refused, UpgradeRefused)
    assert refused.status == int(status[:3])
    assert refused.body == expected
    sent = [line.split(": ") for line in headers.decode().split("\r\n")[:-1]]
    assert refused.headers == tuple((name.lower(), value) for name, value in sent)
    assert client.state is WebSocketState.CLOSED


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (b"", HTML),
        (b"Content-Length: 1000\r\n", HTML),
        (b"Content-Length: 1000\r\n", b""),
        (b"Transfer-Encoding: chunked\r\n", b"f\r\n" + HTML),
    ],
)
def test_the_end_of_a_refusal(cut, headers: bytes, body: bytes) -> None:
    client, _ = connecting()
    assert feed(client, b"HTTP/1.1 500 Oops\r\n" + headers + b"\r\n" + body, cut) == []
    assert client.state is WebSocketState.CONNECTING
    client.receive_data(b"")
    (refused,) = events(client)
    assert isinstance(refused, UpgradeRefused)
    assert (refused.status, refused.body) == (500, HTML if body else b"")


BAD_ANSWERS = {
    "TLS": (b"\x15\x03\x03\x00\x02\x02\x50", "not HTTP"),
    "SSH": (b"SSH-2.0-OpenSSH_9.9\r\n", "not HTTP"),
    "an echo": (f"GET /hub?id={SECRET} HTTP/1.1\r\n\r\n".encode(), "not HTTP"),
    "bad status": (f"HTTP/1.1 {SECRET}\r\n\r\n".encode(), "Bad HTTP message"),
    "bad header": (f"HTTP/1.1 101 X\r\n {SECRET}\r\n\r\n".encode(), "Bad HTTP message"),
    "no upgrade": (
        b"HTTP/1.1 101 X\r\nConnection: upgrade\r\n\r\n",
        "Missing header, 'Upgrade: websocket'",
    ),
    "no connection": (
        b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n",
        "Missing header, 'Connection: Upgrade'",
    ),
    "bad token": (
        f"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
        f"Sec-WebSocket-Accept: {SECRET}\r\n\r\n".encode(),
        "Bad accept token",
    ),
    "head without end": (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000, "limit of 65,536 bytes"),
}


@pytest.mark.parametrize(("answer", "why"), BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_bad_answers(cut, answer: bytes, why: str) -> None:
    client, _ = connecting()
    told = feed(client, answer, cut)
    (closed,) = told
    assert isinstance(closed, Closed)
    assert (closed.code, closed.reason) == (None, "")
    assert isinstance(closed.error, RemoteProtocolError)
    assert why in str(closed.error)
    says_nothing(told)
    assert client.state is WebSocketState.CLOSED
    assert client.data_to_send() == b""


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (f"Sec-WebSocket-Protocol: {SECRET}", "not offered"),
        (f"Sec-WebSocket-Extensions: {SECRET}", "not offered"),
        ("Sec-WebSocket-Extensions: permessage-deflate", "not offered"),
        (f"Sec-WebSocket-Protocol: \xff{SECRET}", "a header is not ASCII"),
        (f"Sec-WebSocket-Extensions: \xff{SECRET}", "a header is not ASCII"),
        (f"Connection: \xff{SECRET}", "a header is not ASCII"),
    ],
)
def test_answers_with_what_was_not_offered(cut, header: str, why: str) -> None:
    client, request = connecting()
    told = feed(client, accepted(request, extra=header.encode("latin-1") + b"\r\n"), cut)
    (closed,) = told
    assert isinstance(closed, Closed)
    assert why in str(closed.error)
    says_nothing(told)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "ended before the upgrade was answered"),
        (b"HTTP/1.1 101", "ended 12 bytes into the answer"),
        (b"HTTP/1.1 103 X\r\n\r\n", "ended before the upgrade was answered"),
    ],
)
def test_the_end_before_an_answer(cut, answer: bytes, why: str) -> None:
    client, _ = connecting()
    assert feed(client, answer, cut) == []
    client.receive_data(b"")
    (closed,) = events(client)
    assert isinstance(closed, Closed)
    assert closed.code is None
    assert why in str(closed.error)
    assert client.answer_begun is bool(answer)


def test_a_server_that_speaks_first(cut) -> None:
    client = WebSocket(Role.CLIENT, entropy=bytes, max_message_bytes=100)
    (closed,) = feed(client, b"HTTP/1.1 101 Switching Protocols\r\n\r\n", cut)
    assert isinstance(closed, Closed)
    assert "before it was asked" in str(closed.error)
    assert not client.answer_begun


# -- server ---------------------------------------------------------------------------------------


def serving() -> WebSocket:
    return WebSocket(Role.SERVER, entropy=bytes, max_message_bytes=100)


def test_requested(cut) -> None:
    _, request = connecting()
    server = serving()
    (requested,) = told = feed(server, request, cut)
    assert isinstance(requested, UpgradeRequested)
    assert requested.target == f"/hub?id={SECRET}"
    headers = dict(requested.headers)
    assert headers["host"] == "localhost:5000"
    assert headers["authorization"] == f"Bearer {SECRET}"
    says_nothing(told)
    assert server.state is WebSocketState.CONNECTING
    assert not server.answer_begun
    assert server.data_to_send() == b""


def test_frames_that_come_with_the_request(cut) -> None:
    _, request = connecting()
    server = serving()
    early = frame(0x81, b"hi", key=KEY) + frame(0x81, b"again", key=KEY)
    (requested,) = feed(server, request + early[:-1], cut)
    assert isinstance(requested, UpgradeRequested)
    server.accept([("X-Good", "1")])
    assert b"\r\nX-Good: 1\r\n" in server.data_to_send()
    assert events(server) == [Message(b"hi", False)]
    server.receive_data(early[-1:])
    assert events(server) == [Message(b"again", False)]


def test_a_client_that_does_not_wait(cut) -> None:
    _, request = connecting()
    server = serving()
    told = feed(server, request + b"x" * 65_536, cut)
    assert len(told) == 1
    server.receive_data(b"x")
    (closed,) = events(server)
    assert isinstance(closed, Closed)
    assert "does not wait" in str(closed.error)


def test_rejected(cut) -> None:
    client, request = connecting()
    server = serving()
    server.receive_data(request)
    events(server)
    server.reject(401, [("WWW-Authenticate", "Bearer")], b"who are you?")
    assert events(server) == [Closed(None, "", None)]
    (refused,) = feed(client, server.data_to_send(), cut)
    assert isinstance(refused, UpgradeRefused)
    assert (refused.status, refused.body) == (401, b"who are you?")
    assert dict(refused.headers)["www-authenticate"] == "Bearer"


GOOD = (
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)

BAD_REQUESTS = {
    "noise": (SECRET.encode() + b"\r\n\r\n", 400, "Bad HTTP message"),
    "only an empty line": (b"\r\n\r\n", 400, "Bad HTTP message"),
    "POST": (GOOD.replace(b"GET", b"POST"), 400, "method must be GET"),
    "no host": (GOOD.replace(b"Host", b"Hest"), 400, "Bad HTTP message"),
    "version 12": (GOOD.replace(b": 13", b": 12"), 426, "Sec-WebSocket-Version"),
    "no key": (GOOD.replace(b"-Key", b"-Kex"), 400, "Sec-WebSocket-Key"),
    "no upgrade": (GOOD.replace(b"websocket", b"h2c"), 400, "Upgrade: websocket"),
    "host not ASCII": (GOOD.replace(b": a", b": \xff"), 400, "not ASCII"),
    "protocol not ASCII": (
        GOOD.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Protocol: \xff\r\n\r\n"),
        400,
        "not ASCII",
    ),
}


@pytest.mark.parametrize(("request_", "status", "why"), BAD_REQUESTS.values(), ids=BAD_REQUESTS)
def test_bad_requests(cut, request_: bytes, status: int, why: str) -> None:
    server = serving()
    told = feed(server, request_, cut)
    (closed,) = told
    assert isinstance(closed, Closed)
    assert closed.code is None
    assert why in str(closed.error)
    says_nothing(told)
    assert server.data_to_send().startswith(f"HTTP/1.1 {status} ".encode())


def test_a_request_without_end(cut) -> None:
    server = serving()
    (closed,) = feed(server, b"GET / HTTP/1.1\r\n" + b"x" * 70_000, cut)
    assert isinstance(closed, Closed)
    assert "limit of 65,536 bytes" in str(closed.error)
    assert server.data_to_send() == b""


@pytest.mark.parametrize("extra", [b"Content-Length: 2\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_a_body_is_taken_for_frames(cut, extra: bytes) -> None:
    server = serving()
    (requested,) = feed(server, GOOD[:-2] + extra + b"\r\n" + b"{}", cut)
    assert isinstance(requested, UpgradeRequested)
    server.accept()
    (closed,) = events(server)
    assert isinstance(closed, Closed)
    assert closed.code == 1002


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (b"", "before an upgrade was asked for"),
        (b"GET ", "4 bytes into an upgrade request"),
        (GOOD, "before its upgrade was answered"),
    ],
)
def test_the_end_before_the_upgrade(cut, request_: bytes, why: str) -> None:
    server = serving()
    feed(server, request_, cut)
    server.receive_data(b"")
    (closed,) = events(server)
    assert isinstance(closed, Closed)
    assert why in str(closed.error)
    assert server.state is WebSocketState.CLOSED


# -- both -----------------------------------------------------------------------------------------


@given(st.sampled_from(Role), st.binary(max_size=60), st.integers(0, 200), st.integers(0, 60))
def test_no_byte_makes_it_raise(role: Role, noise: bytes, place: int, length: int) -> None:
    if role is Role.CLIENT:
        websocket, request = connecting()
        good = accepted(request)
    else:
        websocket, good = serving(), GOOD
    bad = good[:place] + noise + good[place + length :]
    for piece in pieces(bad, range(0, len(bad), 7)):
        websocket.receive_data(piece)
    websocket.receive_data(b"")
    *_, last = events(websocket)
    assert isinstance(last, Closed | UpgradeRefused)


def test_giving_up() -> None:
    client, request = connecting()
    client.close()
    assert client.state is WebSocketState.CLOSED
    client.receive_data(accepted(request))
    assert events(client) == [Closed(None, "", None)]


def test_giving_up_before_the_request_was_taken() -> None:
    client = WebSocket(Role.CLIENT, entropy=bytes, max_message_bytes=1)
    client.connect(host="localhost", target="/")
    client.close()
    assert client.data_to_send() == b""


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client, request = connecting()
    client.receive_data(accepted(request))
    client.close()
    assert caplog.records == []
