"""An open WebSocket: messages, pings, goodbyes, limits and what is kept."""

from __future__ import annotations

import random
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto import LocalProtocolError, MessageTooLarge, RemoteProtocolError
from hercle_proto.hub import Role
from hercle_proto.transport import Closed, Message, WebSocket, WebSocketState
from websocket_reference import KEY, events, frame, upgraded


def pair(limit: int = 1 << 20) -> tuple[WebSocket, WebSocket]:
    return upgraded(Role.CLIENT, limit=limit), upgraded(Role.SERVER, limit=limit)


def key_of(peer: Role) -> bytes:
    return KEY if peer is Role.CLIENT else b""


# -- messages -------------------------------------------------------------------------------------


@given(
    st.sampled_from(Role),
    st.lists(st.tuples(st.booleans(), st.integers(0, 70_000)), max_size=4),
    st.integers(1, 70_000),
)
def test_what_is_sent_arrives(role: Role, sent: list[tuple[bool, int]], size: int) -> None:
    client, server = pair()
    sender, receiver = (client, server) if role is Role.CLIENT else (server, client)
    expected = []
    for binary, length in sent:
        payload = random.Random(length).randbytes(length) if binary else b"x" * length
        sender.send(payload, binary=binary)
        expected.append(Message(payload, binary))
    wire = sender.data_to_send()
    assert sender.data_to_send() == b""
    for start in range(0, len(wire), size):
        receiver.receive_data(wire[start : start + size])
    assert events(receiver) == expected


@pytest.mark.parametrize("end", [b"x" * 9000, b"\xc3", b"x" * 4095 + "ü".encode()])
@pytest.mark.parametrize(
    "middle", [b"", b"x" * 9000, "ü".encode() * 5000, b"x" + "🐢".encode() * 3000]
)
def test_long_text_is_checked_in_slices(middle: bytes, end: bytes) -> None:
    payload = "ü".encode() + middle + end
    for first, size in ((0x81, len(payload)), (0x01, 5001)):
        client = upgraded(Role.CLIENT)
        client.receive_data(frame(first, payload[:size]))
        for start in range(size, len(payload), size):
            client.receive_data(frame(0x00, payload[start : start + size]))
        client.receive_data(frame(0x80) if first == 0x01 else b"")
        told = events(client)[0]
        if end == b"\xc3":
            assert isinstance(told, Closed)
            assert told.code == 1007
        else:
            assert told == Message(payload, False)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_what_was_read_may_be_overwritten(kind: type) -> None:
    client, _ = pair()
    buffer = bytearray(frame(0x81, b"hi") + frame(0x01, b"a"))
    client.receive_data(kind(buffer))
    buffer[:] = b"\0" * len(buffer)
    client.receive_data(kind(bytearray(frame(0x80, b"b"))))
    assert events(client) == [Message(b"hi", False), Message(b"ab", False)]


def test_a_message_is_handed_over() -> None:
    client, _ = pair()
    client.receive_data(frame(0x01, b"a") + frame(0x80, b"b") + frame(0x01, b"c"))
    (first,) = events(client)
    assert isinstance(first, Message)
    assert isinstance(first.payload, bytearray)
    first.payload.clear()
    client.receive_data(frame(0x80, b"d"))
    assert events(client) == [Message(b"cd", False)]


def test_reprs_show_sizes() -> None:
    assert repr(Message(b"secret", True)) == "Message(payload=<6>, binary=True)"
    assert repr(Closed(1000, "secret", None)) == "Closed(code=1000, reason=<6>, error=None)"


# -- pings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_a_ping_is_answered(role: Role) -> None:
    client, server = pair()
    end, other = (client, server) if role is Role.CLIENT else (server, client)
    end.receive_data(frame(0x89, b"?", key=key_of(other._role)))
    pong = end.data_to_send()
    assert pong[0] == 0x8A
    assert end.data_to_send() == b""
    other.receive_data(pong)
    assert events(other) == [], "an answer to no ping is harmless"
    assert other.state is WebSocketState.OPEN


def test_only_the_newest_ping_is_answered() -> None:
    server = upgraded(Role.SERVER)
    for number in range(100):
        server.receive_data(frame(0x89, str(number).encode(), key=KEY))
    assert server.data_to_send() == frame(0x8A, b"99")


def test_a_flood_of_pings_takes_no_memory() -> None:
    server = upgraded(Role.SERVER)
    flood = frame(0x89, b"x" * 125, key=KEY) * 400
    server.receive_data(flood)
    tracemalloc.start()
    for _ in range(5):
        server.receive_data(flood)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 10_000
    assert len(server.data_to_send()) == 127


def test_a_ping_is_answered_before_goodbye() -> None:
    server = upgraded(Role.SERVER)
    server.receive_data(frame(0x89, b"?", key=KEY))
    server.close()
    assert server.data_to_send() == frame(0x8A, b"?") + frame(0x88, b"\x03\xe8")


def test_nothing_is_sent_after_goodbye() -> None:
    server = upgraded(Role.SERVER)
    server.close()
    server.data_to_send()
    server.receive_data(frame(0x89, b"?", key=KEY))
    server.close(1001)
    assert server.data_to_send() == b""
    with pytest.raises(LocalProtocolError, match="is closing"):
        server.send(b"hi")


# -- goodbyes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_we_close(role: Role) -> None:
    client, server = pair()
    end, other = (client, server) if role is Role.CLIENT else (server, client)
    other.send(b"on its way")
    end.close(1001, "later")
    end.close()
    assert end.state is WebSocketState.CLOSING
    end.receive_data(other.data_to_send())
    other.receive_data(end.data_to_send())
    assert events(other) == [Closed(1001, "later", None)]
    end.receive_data(other.data_to_send())
    assert events(end) == [Message(b"on its way", False), Closed(1001, "later", None)]
    assert end.state is other.state is WebSocketState.CLOSED
    assert end.data_to_send() == other.data_to_send() == b""


@pytest.mark.parametrize("payload", [b"", b"\x03\xe8", b"\x03\xf3oops", b"\x0f\xa0"])
def test_the_peer_closes(payload: bytes) -> None:
    server = upgraded(Role.SERVER)
    server.receive_data(
        frame(0x81, b"hi", key=KEY)
        + frame(0x89, b"?", key=KEY)
        + frame(0x88, payload, key=KEY)
        + frame(0x81, b"ignored", key=KEY)
    )
    code = int.from_bytes(payload[:2], "big") or 1005
    assert events(server) == [Message(b"hi", False), Closed(code, payload[2:].decode(), None)]
    assert server.data_to_send() == frame(0x88, payload), "the answer, and no pong any more"
    server.receive_data(b"anything")
    server.receive_data(b"")
    assert events(server) == []


def test_both_close_at_once() -> None:
    client, server = pair()
    client.close()
    server.close(1001)
    to_server, to_client = client.data_to_send(), server.data_to_send()
    client.receive_data(to_client)
    server.receive_data(to_server)
    assert events(client) == [Closed(1001, "", None)]
    assert events(server) == [Closed(1000, "", None)]
    assert client.data_to_send() == server.data_to_send() == b""


@pytest.mark.parametrize("before", [b"", frame(0x01, b"h"), frame(0x81, b"hi")[:-1], b"\x81"])
@pytest.mark.parametrize("closing", [False, True])
def test_the_end_without_goodbye(before: bytes, closing: bool) -> None:
    client, _ = pair()
    if closing:
        client.close()
        client.data_to_send()
    if before:
        client.receive_data(before)
    client.receive_data(b"")
    (closed,) = events(client)
    assert isinstance(closed, Closed)
    assert (closed.code, closed.reason) == (None, "")
    assert str(closed.error) == "the connection ended without a close frame"
    assert client.data_to_send() == b""


def test_a_broken_rule_is_told() -> None:
    server = upgraded(Role.SERVER)
    server.receive_data(frame(0x89, b"?", key=KEY) + frame(0x80, key=KEY) + b"more")
    (closed,) = events(server)
    assert isinstance(closed, Closed)
    assert isinstance(closed.error, RemoteProtocolError)
    reason = "a continuation frame continues nothing"
    assert (closed.code, closed.reason, str(closed.error)) == (1002, reason, reason)
    assert server.data_to_send() == frame(0x8A, b"?") + frame(0x88, b"\x03\xea" + reason.encode())


@pytest.mark.parametrize("bad", [frame(0x80), frame(0xC1), frame(0x81, b"\xff"), frame(0x8B)])
def test_a_broken_rule_after_our_goodbye(bad: bytes) -> None:
    client, _ = pair()
    client.close()
    client.data_to_send()
    client.receive_data(bad)
    (closed,) = events(client)
    assert isinstance(closed, Closed)
    assert closed.error is not None
    assert client.data_to_send() == b"", "one close frame is all there is"


# -- limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stream", "size"),
    [
        (frame(0x81, length=101), 101),
        (frame(0x01, b"x" * 60) + frame(0x80, length=41), 101),
        (frame(0x82, length=1 << 40), 1 << 40),
    ],
)
def test_too_large(stream: bytes, size: int) -> None:
    client = upgraded(Role.CLIENT, limit=100)
    client.receive_data(stream)
    (closed,) = events(client)
    assert isinstance(closed, Closed)
    error = closed.error
    assert isinstance(error, MessageTooLarge)
    assert closed.code == 1009
    assert (error.size, error.limit, error.parameter) == (size, 100, "limit")
    assert "'limit'" in str(error)


def test_the_limit_is_a_message_s() -> None:
    client = upgraded(Role.CLIENT, limit=100)
    client.receive_data((frame(0x01, b"x" * 60) + frame(0x80, b"x" * 40)) * 50)
    assert len(events(client)) == 50


def test_what_is_announced_is_not_reserved() -> None:
    client = upgraded(Role.CLIENT, limit=1 << 40)
    tracemalloc.start()
    client.receive_data(frame(0x81, b"x", length=1 << 39))
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used < 10_000


def test_a_long_message_byte_by_byte() -> None:
    client = upgraded(Role.CLIENT)
    payload = "🐢".encode() * 25_000
    for byte in frame(0x01, payload) + frame(0x80):
        client.receive_data(bytes((byte,)))
    (message,) = events(client)
    assert message == Message(bytearray(payload), False)


@pytest.mark.parametrize("unit", [frame(0x81), frame(0x01) + frame(0x80), frame(0x8A)])
def test_tiny_frames_in_one_big_read(unit: bytes) -> None:
    client = upgraded(Role.CLIENT)
    client.receive_data(unit * 20_000)
    assert len(events(client)) == (0 if unit[0] == 0x8A else 20_000)


def test_fragments_without_end_take_no_memory() -> None:
    client = upgraded(Role.CLIENT)
    client.receive_data(frame(0x01))
    tracemalloc.start()
    for _ in range(5):
        client.receive_data(frame(0x00) * 2000)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used < 10_000
    assert client.state is WebSocketState.OPEN
