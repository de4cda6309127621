"""Requests are valid by construction, and nothing secret is in a repr."""

from __future__ import annotations

import pytest

from hercle_proto import InvalidArgument
from hercle_proto.http import Headers, Request, Response

SECRET = "s3cret"

BAD_REQUESTS: list[tuple[str, str, Headers]] = [
    ("", "/", ()),
    ("GE T", "/", ()),
    ("GET\r\n", "/", ()),
    ("GET", "", ()),
    ("GET", "x", ()),
    ("GET", "/ä", ()),
    ("GET", "/a b", ()),
    ("GET", "/\r\n", ()),
    ("GET", "/", [("", "x")]),
    ("GET", "/", [(f"Authorization: {SECRET}", "x")]),
    ("GET", "/", [("Authorization", f"{SECRET}\r\nX: y")]),
    ("GET", "/", [("Authorization", f"{SECRET} ")]),
    ("GET", "/", [("Authorization", f"{SECRET}ä")]),
    ("GET", "/", [("Authorization", f"{SECRET}\x00")]),
    ("GET", "/", [("A", "b"), ("content-length", SECRET)]),
    ("GET", "/", [("Host", SECRET)]),
    ("GET", "/", [("Transfer-Encoding", "chunked")]),
    ("GET", "/", [("Upgrade", "websocket")]),
]


@pytest.mark.parametrize(("method", "target", "headers"), BAD_REQUESTS)
def test_a_bad_request_is_refused_and_not_echoed(
    method: str, target: str, headers: Headers
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Request(method, target, headers)
    assert SECRET not in repr(caught.value)
    assert caught.value.__context__ is None


def test_reprs_show_sizes_only() -> None:
    request = Request("POST", f"/x?id={SECRET}", [("A", SECRET)], SECRET.encode())
    assert repr(request) == "<Request POST /x?…, 1 headers, 6 bytes>"
    assert repr(Request("GET", "/x")) == "<Request GET /x, 0 headers, 0 bytes>"
    response = Response(200, (("Set-Cookie", SECRET),), SECRET.encode())
    assert repr(response) == "<Response 200, 1 headers, 6 bytes>"


def test_a_header_is_found_without_letter_case() -> None:
    response = Response(200, (("Retry-After", "1"), ("retry-after", "2")), b"")
    assert response.header("RETRY-AFTER") == "1"
    assert response.header("Date") is None
