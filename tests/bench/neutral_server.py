"""A SignalR server that parses next to nothing: what it sends was made before.

Prints its port, then serves until its input ends. The path of a hub says what it does:

    /events/COUNT                             one event, a pause, then COUNT of them, one a frame
    /snapshot/INVOICES/FRAGMENT/EMOJI         answers each invocation with a snapshot
    /calls                                    completes each invocation with a small result
"""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from functools import cache

import payloads

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_NEGOTIATED = (
    b'{"negotiateVersion":1,"connectionId":"id","connectionToken":"token","availableTransports":'
    b'[{"transport":"WebSockets","transferFormats":["Text","Binary"]}]}'
)
_ID = re.compile(rb'"invocationId":\s?"([^"]*)"')
_BURST = 1 << 20
_PAUSE = 0.05


class Connection:
    """One TCP connection: HTTP requests, then a WebSocket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._stream = sock.makefile("rb")

    def serve(self) -> None:
        try:
            while request := self._request():
                path, headers = request
                if b"upgrade" not in headers:
                    self._sock.sendall(
                        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                        b"content-length: %d\r\n\r\n%b" % (len(_NEGOTIATED), _NEGOTIATED)
                    )
                    continue
                self._upgrade(headers[b"sec-websocket-key"])
                next(self._messages())  # the hub's handshake
                self._sock.sendall(payloads.frame(0x81, b"{}\x1e"))
                self._hub(*path.split("?")[0].strip("/").split("/"))
                return
        except (OSError, StopIteration):
            pass
        finally:
            self._stream.close()
            self._sock.close()

    def _request(self) -> tuple[str, dict[bytes, bytes]] | None:
        lines: list[bytes] = []
        while (line := self._stream.readline()).strip():
            lines.append(line)
        if not lines:
            return None
        pairs = (line.partition(b":") for line in lines[1:])
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        self._stream.read(int(headers.get(b"content-length", b"0")))
        return lines[0].split()[1].decode(), headers

    def _upgrade(self, key: bytes) -> None:
        accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())
        self._sock.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            b"sec-websocket-accept: %b\r\n\r\n" % accept
        )

    def _messages(self) -> Iterator[bytes]:
        """Payloads of data frames, until the client says goodbye."""
        while len(head := self._stream.read(2)) == 2:
            size = head[1] & 0x7F
            if size >= 126:
                size = int.from_bytes(self._stream.read(2 if size == 126 else 8), "big")
            key = int.from_bytes(self._stream.read(4) * (size // 4 + 1), "little")
            payload = int.from_bytes(self._stream.read(size), "little")
            payload ^= key & ((1 << 8 * size) - 1)
            if head[0] & 0x0F == 8:
                return
            if head[0] & 0x0F <= 2:
                yield payload.to_bytes(size, "little")

    def _hub(self, kind: str, *arguments: str) -> None:
        numbers = [int(argument) for argument in arguments]
        match kind:
            case "events":
                self._sock.sendall(payloads.frame(0x81, payloads.event(0)))
                wire = events(*numbers)
                time.sleep(_PAUSE)
                self._sock.sendall(wire)
                next(self._messages())
            case "snapshot":
                wire = payloads.snapshot_frames(*numbers)
                for message in self._messages():
                    if self._complete(message, b""):
                        self._sock.sendall(wire)
            case "calls":
                for message in self._messages():
                    self._complete(message, b',"result":{"value":1,"text":"done"}')
            case _:
                raise ValueError(kind)

    def _complete(self, message: bytes, result: bytes) -> int:
        ids = _ID.findall(message)
        records = b"".join(
            b'{"type":3,"invocationId":"%b"%b}\x1e' % (invocation_id, result)
            for invocation_id in ids
        )
        if records:
            self._sock.sendall(payloads.frame(0x81, records))
        return len(ids)


@cache
def events(count: int) -> bytes:
    """Distinct events, repeated."""
    some = b"".join(payloads.frame(0x81, payloads.event(index)) for index in range(1000))
    return some * (count // 1000)


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)

    def accept() -> None:
        while True:
            sock, _ = listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=Connection(sock).serve, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
