"""Bodies in gzip: inflated at any cut, never beyond the limit."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto import MessageTooLarge, RemoteProtocolError
from hercle_proto.http import ExchangeFailed, HttpConnection, Request, Response
from hercle_proto.http._body import Body

LIMIT = 1000
GZIP = "Content-Encoding: gzip\r\n"


def exchanged(
    body: bytes, headers: str = GZIP, *, size: int = 2**16, method: str = "GET", status: int = 200
) -> Response | ExchangeFailed:
    http = HttpConnection(host="a", max_body_bytes=LIMIT, parameter="max_answer_bytes")
    http.send(Request(method, "/"))
    http.data_to_send()
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    wire = head.encode() + body
    for start in range(0, len(wire), size):
        http.receive_data(wire[start : start + size])
    event = http.next_event()
    assert isinstance(event, Response | ExchangeFailed)
    assert http.reusable is isinstance(event, Response)
    return event


def failed(event: Response | ExchangeFailed) -> Exception:
    assert isinstance(event, ExchangeFailed)
    assert event.error.__context__ is None or isinstance(event.error.__context__, zlib.error)
    return event.error


@pytest.mark.parametrize("size", [1, 7, 2**16])
@given(st.binary(max_size=LIMIT - 50))
def test_any_body_at_any_cut(size: int, body: bytes) -> None:
    response = exchanged(gzip.compress(body), size=size)
    assert isinstance(response, Response)
    assert response.body == body


@pytest.mark.parametrize(
    "coding", ["gzip", "GZIP", " x-gzip ", "identity", "", "Gzip", "content-encoding-is-absent"]
)
def test_codings_that_are_known(coding: str) -> None:
    body = gzip.compress(b"hi") if "gzip" in coding.lower() else b"hi"
    headers = "" if "absent" in coding else f"Content-Encoding: {coding}\r\n"
    response = exchanged(body, headers)
    assert isinstance(response, Response)
    assert response.body == b"hi"


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Encoding: br\r\n",
        "Content-Encoding: deflate\r\n",
        "Content-Encoding: gzip, gzip\r\n",
        GZIP + GZIP,
        "Content-Encoding: \xe4\r\n",
    ],
)
def test_other_codings_are_refused(headers: str) -> None:
    error = failed(exchanged(b"hi", headers))
    assert str(error) == "the HTTP answer is encoded in another way than gzip"


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 304)])
def test_where_there_is_no_body_none_is_inflated(method: str, status: int) -> None:
    response = exchanged(b"", GZIP + "Content-Encoding: br\r\n", method=method, status=status)
    assert isinstance(response, Response)
    assert response.body == b""


def test_an_empty_body_is_empty() -> None:
    response = exchanged(b"")
    assert isinstance(response, Response)
    assert response.body == b""


WHOLE = gzip.compress(b"hello")


@pytest.mark.parametrize("size", [1, 2**16])
@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"hello", "malformed"),
        (WHOLE[:-1], "ends in its middle"),
        (WHOLE[:5], "ends in its middle"),
        (WHOLE[:-8] + bytes(8), "malformed"),
        (WHOLE + b"x", "more follows"),
        (WHOLE + WHOLE, "more follows"),
        (zlib.compress(b"hello"), "malformed"),
    ],
)
def test_what_is_no_gzip(body: bytes, why: str, size: int) -> None:
    error = failed(exchanged(body, size=size))
    assert isinstance(error, RemoteProtocolError)
    assert why in str(error)


@pytest.mark.parametrize("size", [1, 2**16])
def test_the_limit_counts_what_comes_out(size: int) -> None:
    response = exchanged(gzip.compress(bytes(LIMIT)), size=size)
    assert isinstance(response, Response)
    assert len(response.body) == LIMIT
    error = failed(exchanged(gzip.compress(bytes(LIMIT + 1)), size=size))
    assert isinstance(error, MessageTooLarge)
    assert (error.size, error.limit, error.parameter) == (LIMIT + 1, LIMIT, "max_answer_bytes")


def test_the_limit_counts_what_comes_in() -> None:
    body = Body("gzip", limit=19, parameter="p")
    empty = gzip.compress(b"")  # as many as one likes hold nothing
    body.add(empty[:-1])
    with pytest.raises(MessageTooLarge):
        body.add(empty[-1:])


def test_chunks_of_one_byte_take_no_more_than_whole_ones() -> None:
    body = Body("", limit=2**16, parameter="p")
    tracemalloc.start()
    try:
        for _ in range(2**16):
            body.add(bytearray(1))
        assert body.finish() == bytes(2**16)
        assert tracemalloc.get_traced_memory()[1] < 2**18
    finally:
        tracemalloc.stop()


def test_a_bomb_takes_no_memory() -> None:
    bomb = gzip.compress(bytes(2**26))
    body = Body("gzip", limit=2**16, parameter="p")
    tracemalloc.start()
    try:
        with pytest.raises(MessageTooLarge):
            body.add(bomb)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
