"""What a frame costs: `WebSocket` beside wsproto's public API. Prints; asserts nothing.

    python tests/bench/websocket_frames.py [ROUNDS]

Each round runs both in turn and the ratio is taken within it; printed are medians of client CPU.
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Callable, Iterator
from time import process_time

from wsproto.connection import Connection, ConnectionType
from wsproto.events import TextMessage

from hercle_proto._contract import NEED_DATA
from hercle_proto.hub import Role
from hercle_proto.transport import Message, WebSocket

CHUNK = 64 * 1024
SNAPSHOT = 9_300_000


def chunks(wire: bytes) -> list[bytes]:
    return [wire[start : start + CHUNK] for start in range(0, len(wire), CHUNK)]


def frame(first: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 1 << 16:
        return bytes((first, 126)) + size.to_bytes(2, "big") + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload


def fragments(payload: bytes, size: int) -> bytes:
    pieces = [payload[start : start + size] for start in range(0, len(payload), size)]
    last = len(pieces) - 1
    return b"".join(
        frame((0x80 if index == last else 0) | (0x01 if index == 0 else 0), piece)
        for index, piece in enumerate(pieces)
    )


def upgraded() -> tuple[WebSocket, WebSocket]:
    client = WebSocket(Role.CLIENT, entropy=os.urandom, max_message_bytes=1 << 28)
    server = WebSocket(Role.SERVER, entropy=os.urandom, max_message_bytes=1 << 28)
    client.connect(host="localhost", target="/")
    server.receive_data(client.data_to_send())
    server.next_event()
    server.accept()
    client.receive_data(server.data_to_send())
    client.next_event()
    return client, server


def receive(role: Role, wire: list[bytes]) -> Callable[[], int]:
    """Our way: messages."""

    def run() -> int:
        client, server = upgraded()
        end = client if role is Role.CLIENT else server
        messages = 0
        for chunk in wire:
            end.receive_data(chunk)
            while (event := end.next_event()) is not NEED_DATA:
                assert isinstance(event, Message)
                messages += 1
        return messages

    return run


def receive_wsproto(role: Role, wire: list[bytes]) -> Callable[[], int]:
    """wsproto's way: pieces of messages, to be joined."""
    kind = ConnectionType.CLIENT if role is Role.CLIENT else ConnectionType.SERVER

    def run() -> int:
        end = Connection(kind)
        messages = 0
        pieces: list[str] = []
        for chunk in wire:
            end.receive_data(chunk)
            for event in end.events():
                assert isinstance(event, TextMessage)
                pieces.append(event.data)
                if event.message_finished:
                    "".join(pieces)
                    pieces.clear()
                    messages += 1
        return messages

    return run


def send(payload: bytes, count: int) -> Callable[[], int]:
    def run() -> int:
        client, _ = upgraded()
        for _ in range(count):
            client.send(payload)
        return len(client.data_to_send())

    return run


def send_wsproto(payload: bytes, count: int) -> Callable[[], int]:
    def run() -> int:
        client = Connection(ConnectionType.CLIENT)
        text = payload.decode()
        return sum(len(client.send(TextMessage(text))) for _ in range(count))

    return run


def masked(wire_of: WebSocket, payload: bytes, count: int) -> bytes:
    for _ in range(count):
        wire_of.send(payload)
    return wire_of.data_to_send()


def cases() -> Iterator[tuple[str, int, Callable[[], int], Callable[[], int]]]:
    """Name, frames, ours, wsproto's."""
    client, server = Role.CLIENT, Role.SERVER
    for size, count in ((50, 20_000), (417, 10_000), (4096, 2_000)):
        wire = chunks(frame(0x81, b"x" * size) * count)
        yield f"receive, {size:,} B", count, receive(client, wire), receive_wsproto(client, wire)
    for name, text in (("ASCII", b"x" * 100), ("emoji", "🐢".encode() + b"x" * 96)):
        snapshot = text * (SNAPSHOT // 100)
        for size in (1800, 4096):
            wire = chunks(fragments(snapshot, size))
            count = len(snapshot) // size
            name_ = f"receive, snapshot in {size:,} B, {name}"
            yield name_, count, receive(client, wire), receive_wsproto(client, wire)
        wire = chunks(frame(0x81, snapshot))
        name_ = f"receive, snapshot in one frame, {name}"
        yield name_, 1, receive(client, wire), receive_wsproto(client, wire)
    wire = chunks(masked(upgraded()[0], b"x" * 100, 10_000))
    yield "receive, 100 B, masked", 10_000, receive(server, wire), receive_wsproto(server, wire)
    for size, count in ((100, 10_000), (1024, 5_000), (4096, 2_000), (65_536, 100)):
        payload = b"x" * size
        yield f"send, {size:,} B, masked", count, send(payload, count), send_wsproto(payload, count)


def cpu(run: Callable[[], int]) -> float:
    begin = process_time()
    run()
    return process_time() - begin


def main(rounds: int) -> None:
    print(f"{'':<44}{'µs a frame':>12}{'wsproto':>12}{'ratio':>8}")
    for name, count, ours, theirs in cases():
        pairs = [(cpu(ours), cpu(theirs)) for _ in range(rounds)]
        mine = statistics.median(pair[0] for pair in pairs) / count * 1e6
        other = statistics.median(pair[1] for pair in pairs) / count * 1e6
        ratio = statistics.median(pair[0] / pair[1] for pair in pairs)
        print(f"{name:<44}{mine:>12.2f}{other:>12.2f}{ratio:>8.2f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
