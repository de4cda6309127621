"""What our caller may ask for; refusals name the rule and never the value."""

from __future__ import annotations

import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto import InvalidArgument
from hercle_proto.hub import Role
from hercle_proto.transport import WebSocket, WebSocketState
from websocket_reference import upgraded

SECRET = "s3cret"

HEADERS = {
    "a name that is no token": ("X Y", SECRET),
    "an empty name": ("", SECRET),
    "a newline in a name": (f"X\n{SECRET}", "1"),
    "a newline in a value": ("Authorization", f"Bearer {SECRET}\r\nX: 1"),
    "a newline at the end of a value": ("Authorization", f"Bearer {SECRET}\n"),
    "a space before a value": ("Authorization", f" Bearer {SECRET}"),
    "not ASCII": ("Authorization", f"Bearer {SECRET}ü"),
    "NUL": ("Authorization", f"Bearer {SECRET}\0"),
    "Host": ("HOST", SECRET),
    "what the upgrade sets": ("Sec-WebSocket-Key", SECRET),
    "what would announce a body": ("Content-Length", "5"),
}


def client() -> WebSocket:
    return WebSocket(Role.CLIENT, entropy=bytes, max_message_bytes=1)


def says_nothing(error: BaseException) -> None:
    assert error.__cause__ is None
    assert error.__context__ is None
    assert SECRET not in repr(error)
    assert SECRET not in str(error)
    assert SECRET not in "".join(traceback.format_exception_only(error))


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_headers(header: tuple[str, str]) -> None:
    websocket = client()
    with pytest.raises(InvalidArgument, match="headers") as caught:
        websocket.connect(host="localhost", target="/", headers=[("X-Good", "1"), header])
    says_nothing(caught.value)
    assert websocket.state is WebSocketState.IDLE
    assert websocket.data_to_send() == b""


@pytest.mark.parametrize(
    "target",
    ["", "hub", f"/hub?id={SECRET} x", f"/{SECRET}\r\n", f"/{SECRET}ü", f"http://{SECRET}/"],
)
def test_targets(target: str) -> None:
    with pytest.raises(InvalidArgument, match="target") as caught:
        client().connect(host="localhost", target=target)
    says_nothing(caught.value)


@pytest.mark.parametrize("host", ["", "a b", "ü", "a\n", "a..b", ".a", "a." + "b" * 64, "[::1]\0"])
def test_bad_hosts(host: str) -> None:
    with pytest.raises(InvalidArgument, match="host"):
        client().connect(host=host, target="/")


@pytest.mark.parametrize("host", ["a", "a.", "a.b:80", "[::1]:5000", "127.0.0.1:1", "b" * 63])
def test_good_hosts(host: str) -> None:
    websocket = client()
    websocket.connect(host=host, target="/")
    assert f"\r\nHost: {host}\r\n".encode() in websocket.data_to_send()


@given(
    st.text(max_size=8),
    st.text(max_size=8),
    st.lists(st.tuples(st.text(max_size=4), st.text(max_size=6)), max_size=2),
)
def test_it_is_refused_or_it_is_sent(host: str, path: str, headers: list[tuple[str, str]]) -> None:
    websocket = client()
    try:
        websocket.connect(host=host, target=f"/{path}", headers=headers)
    except InvalidArgument:
        assert websocket.data_to_send() == b""
    else:
        request = websocket.data_to_send().decode("ascii")
        assert request.startswith(f"GET /{path} HTTP/1.1\r\nHost: {host}\r\n")
        assert all(f"\r\n{name}: {value}\r\n" in request for name, value in headers)


@pytest.mark.parametrize("code", [-1, 0, 999, 1004, 1005, 1006, 1014, 1015, 2999, 5000, 70_000])
def test_close_codes(code: int) -> None:
    websocket = upgraded(Role.CLIENT)
    with pytest.raises(InvalidArgument, match="code"):
        websocket.close(code)
    assert websocket.state is WebSocketState.OPEN


@pytest.mark.parametrize("reason", ["x" * 124, "ü" * 62, "\ud800"])
def test_close_reasons(reason: str) -> None:
    websocket = upgraded(Role.CLIENT)
    with pytest.raises(InvalidArgument, match="123 bytes"):
        websocket.close(1000, reason)
    assert websocket.state is WebSocketState.OPEN


@pytest.mark.parametrize("status", [101, 200, 302, 399, 600])
def test_statuses(status: int) -> None:
    server = WebSocket(Role.SERVER, entropy=bytes, max_message_bytes=1)
    peer = client()
    peer.connect(host="localhost", target="/")
    server.receive_data(peer.data_to_send())
    with pytest.raises(InvalidArgument, match="400 to 599"):
        server.reject(status)
    assert server.state is WebSocketState.CONNECTING
