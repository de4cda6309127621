"""A TCP relay on loopback that counts connections and keeps what passed."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

from attrs import frozen

__all__ = ["Passed", "Relay", "relay"]


@frozen
class Passed:
    """Bytes that passed on connection number `stream`, in one read; none at its end."""

    stream: int
    from_client: bool
    data: bytes


class Relay:
    """Listens at `url`; every connection there is passed on to the target's host and port."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"{parts.scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self.passed: list[Passed] = []
        self.connections = 0
        self.closed = False
        """Whether connections end as soon as they begin."""
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._spawn(self._accept)

    def _spawn(self, run: object, *args: object) -> None:
        thread = threading.Thread(target=run, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            self.connections += 1
            if self.closed:
                client.close()
                continue
            server = socket.create_connection(self._target)
            self._sockets += [client, server]
            self._spawn(self._pass_on, self.connections, client, server, True)
            self._spawn(self._pass_on, self.connections, server, client, False)

    def _pass_on(
        self, stream: int, source: socket.socket, target: socket.socket, from_client: bool
    ) -> None:
        data = b"begin"
        while data:
            try:
                data = source.recv(64 * 1024)
            except OSError:
                data = b""
            with self._lock:
                self.passed.append(Passed(stream, from_client, data))
            with contextlib.suppress(OSError):
                if data:
                    target.sendall(data)
                else:
                    target.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Break all connections, and take no more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join()
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for sock in self._sockets:
            sock.close()


@contextlib.contextmanager
def relay(target: str) -> Iterator[Relay]:
    """A relay to the host and port of a URL, for as long as the block lasts."""
    opened = Relay(target)
    try:
        yield opened
    finally:
        opened.close()
