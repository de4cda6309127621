"""One HTTP/1.1 connection: exchanges as data, cut anywhere; every ending that is no answer."""

from __future__ import annotations

from itertools import pairwise

import h11
import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto import (
    NEED_DATA,
    ConnectionFailed,
    InvalidArgument,
    LocalProtocolError,
    MessageTooLarge,
    RemoteProtocolError,
)
from hercle_proto.http import ExchangeFailed, HttpConnection, Request, Response

GET = Request("GET", "/x?y=1", [("Authorization", "Bearer s3cret")])
HEAD = Request("HEAD", "/")
LIMIT = 1000
END = b""


def sent(request: Request = GET) -> HttpConnection:
    http = HttpConnection(host="a:8080", max_body_bytes=LIMIT, parameter="max_answer_bytes")
    http.send(request)
    assert http.data_to_send()
    assert not http.idle
    return http


def pieces(wire: bytes, size: int) -> list[bytes]:
    return [wire[start : start + size] for start in range(0, len(wire), size)]


# -- requests --------------------------------------------------------------------------------------

WRITTEN = [
    (Request("GET", "/"), b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    (Request("POST", "/n"), b"POST /n HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"),
    (
        Request("POST", "/n?m=1", [("A", "b c")], b"{}"),
        b"POST /n?m=1 HTTP/1.1\r\nHost: a\r\nA: b c\r\nContent-Length: 2\r\n\r\n{}",
    ),
    (
        Request("DELETE", "/n", [("A", "")], b"x"),
        b"DELETE /n HTTP/1.1\r\nHost: a\r\nA: \r\nContent-Length: 1\r\n\r\nx",
    ),
]


@pytest.mark.parametrize(("request_", "wire"), WRITTEN)
def test_a_request_is_written(request_: Request, wire: bytes) -> None:
    http = HttpConnection(host="a")
    http.send(request_)
    assert http.data_to_send() == wire
    assert http.data_to_send() == b""
    server = h11.Connection(h11.SERVER)
    server.receive_data(wire)
    assert isinstance(server.next_event(), h11.Request)


def test_one_exchange_at_a_time() -> None:
    http = sent()
    with pytest.raises(LocalProtocolError, match="exchanging"):
        http.send(GET)
    http.receive_data(END)
    with pytest.raises(LocalProtocolError, match="ended"):
        http.send(GET)
    assert http.data_to_send() == b""


@pytest.mark.parametrize("host", ["", "a b", "a\r\nX: y", "ä", "a/b"])
def test_a_bad_host_is_refused(host: str) -> None:
    with pytest.raises(InvalidArgument, match="host"):
        HttpConnection(host=host)


# -- answers ---------------------------------------------------------------------------------------


@frozen
class Answer:
    wire: bytes
    status: int
    body: bytes
    reusable: bool = True
    ends: bool = False
    request: Request = GET


ANSWERS = [
    Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi"),
    Answer(b"HTTP/1.1 200\r\ncontent-length:0\r\n\r\n", 200, b""),
    Answer(b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
    Answer(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99999999\r\n\r\n", 304, b""),
    Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", 200, b"", request=HEAD),
    Answer(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2;x=y\r\nhi\r\n1\r\n!\r\n0\r\nT: u\r\n\r\n",
        200,
        b"hi!",
    ),
    Answer(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
        b"HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx",
        201,
        b"x",
    ),
    Answer(b"HTTP/1.1 500 \xe4\r\nContent-Length: 1\r\nX: \xe4\r\n\r\nx", 500, b"x"),
    Answer(
        b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nhi",
        200,
        b"hi",
        reusable=False,
    ),
    Answer(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi", reusable=False),
    Answer(
        b"HTTP/1.1 200 OK\r\n\r\nuntil the end", 200, b"until the end", reusable=False, ends=True
    ),
    Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * LIMIT, 200, b"x" * LIMIT),
]


@pytest.mark.parametrize("cut", [1, 2, 7, 10**6])
@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_is_read_in_any_cut(answer: Answer, cut: int) -> None:
    http = sent(answer.request)
    assert not http.answer_begun
    for piece in pieces(answer.wire, cut):
        assert http.next_event() is NEED_DATA
        http.receive_data(memoryview(bytearray(piece)))
        assert http.answer_begun
    if answer.ends:
        http.receive_data(END)
    response = http.next_event()
    assert isinstance(response, Response)
    assert (response.status, response.body) == (answer.status, answer.body)
    assert http.next_event() is NEED_DATA
    assert http.idle is http.reusable is answer.reusable


@pytest.mark.parametrize("answer", [answer for answer in ANSWERS if answer.reusable])
def test_the_connection_is_used_again(answer: Answer) -> None:
    http = sent(answer.request)
    http.receive_data(answer.wire)
    http.next_event()
    http.send(GET)
    assert not http.answer_begun
    assert http.data_to_send().startswith(b"GET /x?y=1 ")
    http.receive_data(ANSWERS[0].wire)
    assert http.next_event() == Response(200, (("content-length", "2"),), b"hi")


@pytest.mark.parametrize("answer", [each for each in ANSWERS if each.reusable])
def test_bytes_behind_an_answer_end_the_connection(answer: Answer) -> None:
    http = sent(answer.request)
    http.receive_data(answer.wire + b"H")
    assert isinstance(http.next_event(), Response)
    assert not http.reusable
    http.receive_data(b"more")
    assert http.next_event() is NEED_DATA


@pytest.mark.parametrize("data", [b"H", END])
def test_whatever_comes_to_an_idle_connection_ends_it(data: bytes) -> None:
    http = HttpConnection(host="a")
    assert http.idle
    http.receive_data(data)
    assert not http.idle
    assert not http.reusable
    assert http.next_event() is NEED_DATA


def test_headers_are_kept_in_order() -> None:
    http = sent()
    http.receive_data(b"HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 0\r\nX: \xe4\r\nX:\r\n\r\n")
    response = http.next_event()
    assert isinstance(response, Response)
    assert response.headers == (("date", "x"), ("content-length", "0"), ("x", "ä"), ("x", ""))


# -- endings without an answer ---------------------------------------------------------------------

SECRET_LINE = b"HTTP/1.1 200 OK\r\nX: s3cret\x00\r\n\r\n"

MALFORMED = [
    (b"\x15\x03\x01\x00\x02\x02\x0a", "is not HTTP/1.1"),
    (b"SSH-2.0-x\r\n\r\n", "is not HTTP/1.1"),
    (b"\r\n", "is not HTTP/1.1"),
    (b"HTTP/1.1 2000 OK\r\n\r\n", "is not HTTP/1.1"),
    (SECRET_LINE, "is not HTTP/1.1"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "is not HTTP/1.1"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx", "is not HTTP/1.1"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx", "is not HTTP/1.1"),
    (b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n", "is not HTTP/1.1"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ns3cret\r\n", "body .* malformed"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxs3cret\r\n", "body .* malformed"),
    (b"HTTP/1.1 200 OK\r\nX: " + b"s3cret" * 11_000, "longer than 65,536 bytes"),
]


@pytest.mark.parametrize(("wire", "why"), MALFORMED)
def test_nonsense_is_an_error_without_its_text(wire: bytes, why: str) -> None:
    http = sent()
    for piece in pieces(wire, 1000):
        http.receive_data(piece)
    failed = http.next_event()
    assert isinstance(failed, ExchangeFailed)
    assert isinstance(failed.error, RemoteProtocolError)
    with pytest.raises(RemoteProtocolError, match=why) as caught:
        raise failed.error
    assert "s3cret" not in repr(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert not http.reusable
    http.receive_data(ANSWERS[0].wire)
    assert http.next_event() is NEED_DATA


TOO_LONG = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", 1001),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", 2**30),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + b"x" * 1001, 1001),
    (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1001, 1001),
]


@pytest.mark.parametrize("cut", [1, 10**6])
@pytest.mark.parametrize(("wire", "size"), TOO_LONG)
def test_a_body_beyond_the_limit_is_refused(wire: bytes, size: int, cut: int) -> None:
    http = sent()
    for piece in pieces(wire, cut):
        assert http.next_event() is NEED_DATA
        http.receive_data(piece)
    failed = http.next_event()
    assert isinstance(failed, ExchangeFailed)
    assert isinstance(failed.error, MessageTooLarge)
    assert (failed.error.size, failed.error.limit) == (size, LIMIT)
    assert "'max_answer_bytes'" in str(failed.error)


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_end_anywhere_else_is_a_lost_connection(answer: Answer) -> None:
    head = answer.wire.rindex(b"\r\n\r\n") if answer.ends else len(answer.wire) - 1
    for length in range(0, head, 7):
        http = sent(answer.request)
        http.receive_data(answer.wire[:length] or b"")
        http.receive_data(END)
        failed = http.next_event()
        assert isinstance(failed, ExchangeFailed)
        assert isinstance(failed.error, ConnectionFailed)
        assert http.answer_begun is (length > 0)
        assert ("in the middle of" if length else "before") in str(failed.error)
        assert failed.error.__context__ is None


@given(st.data())
def test_any_bytes_in_any_cut_end_the_same(data: st.DataObject) -> None:
    template = data.draw(
        st.sampled_from([*(each.wire for each in ANSWERS), *(w for w, _ in MALFORMED[:-1])])
    )
    wire = bytearray(template)
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(wire)))
        wire[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))

    def run(cuts: list[int]) -> tuple[str, bool]:
        http = sent()
        bounds = [0, *sorted(cuts), len(wire)]
        events: list[object] = []
        for start, stop in pairwise(bounds):
            if start < stop:
                http.receive_data(wire[start:stop])
        http.receive_data(END)
        while (event := http.next_event()) is not NEED_DATA:
            events.append(event)
        [only] = events
        shown = repr(only.error) if isinstance(only, ExchangeFailed) else f"{only!r} {only}"
        return shown, http.reusable

    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=10))
    assert run([]) == run(cuts) == run(list(range(len(wire))))
