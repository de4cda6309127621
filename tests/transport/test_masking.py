"""Masks, and where their keys come from."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto.hub import Role
from hercle_proto.transport import Message, WebSocket
from hercle_proto.transport._masking import MaskKeys, apply_mask
from websocket_reference import events, upgraded


def slowly(payload: bytes, key: bytes) -> bytes:
    return bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 125, 511, 512, 513, 514, 515, 516, 70_000])
def test_every_size(size: int) -> None:
    payload = random.Random(size).randbytes(size)
    assert apply_mask(payload, b"\x01\xff\x80\x7e") == slowly(payload, b"\x01\xff\x80\x7e")


@given(st.binary(max_size=2000), st.binary(min_size=4, max_size=4))
def test_masking_twice_is_nothing(payload: bytes, key: bytes) -> None:
    masked = apply_mask(payload, key)
    assert masked == slowly(payload, key)
    assert apply_mask(masked, key) == payload


def test_keys_come_in_blocks() -> None:
    drawn: list[int] = []

    def entropy(size: int) -> bytes:
        drawn.append(size)
        return random.Random(len(drawn)).randbytes(size)

    keys = MaskKeys(entropy)
    assert drawn == [], "nothing is drawn before it is needed"
    seen = [keys.next() for _ in range(1025)]
    assert drawn == [4096, 4096]
    assert b"".join(seen[:1024]) == random.Random(1).randbytes(4096)
    assert seen[1024] == random.Random(2).randbytes(4)
    assert len(set(seen)) == 1025


def test_the_same_entropy_sends_the_same_bytes() -> None:
    def sent(seed: int) -> bytes:
        client, server = upgraded(Role.CLIENT), upgraded(Role.SERVER)
        client._keys = MaskKeys(random.Random(seed).randbytes)
        for size in (0, 5, 125, 126, 600, 65_535, 65_536):
            client.send(b"x" * size)
        wire = client.data_to_send()
        server.receive_data(wire)
        assert [len(message.payload) for message in events(server)] == [
            0, 5, 125, 126, 600, 65_535, 65_536
        ]  # fmt: skip
        return wire

    assert sent(1) == sent(1)
    assert sent(1) != sent(2)


def test_a_server_draws_nothing() -> None:
    def entropy(size: int) -> bytes:
        raise AssertionError

    server, client = upgraded(Role.SERVER), upgraded(Role.CLIENT)
    server._keys = MaskKeys(entropy)
    server.send(b"hi")
    client.receive_data(server.data_to_send())
    assert events(client) == [Message(b"hi", False)]


def test_the_first_draw_is_the_first_message() -> None:
    def entropy(size: int) -> bytes:
        raise AssertionError

    client = WebSocket(Role.CLIENT, entropy=entropy, max_message_bytes=1)
    client.connect(host="localhost", target="/")
    assert client.data_to_send()
