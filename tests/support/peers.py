"""Servers of tests: a listening socket, and the test itself as the peer, step by step."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress

from hercle_proto import Endpoint

PATIENCE = 20.0


class Peer:
    """The server's side of one connection."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(PATIENCE)
        self.sock = sock
        self._received = bytearray()
        self._waiting: threading.Thread | None = None

    def line(self) -> str | None:
        """The next line, None at the end."""
        seen = 0
        while (end := self._received.find(b"\n", seen)) < 0:
            seen = len(self._received)
            data = self.sock.recv(1 << 20)
            if not data:
                return None
            self._received += data
        line = self._received[:end].decode()
        del self._received[: end + 1]
        return line

    def lines(self) -> Iterator[str]:
        while (line := self.line()) is not None:
            yield line

    def send(self, *lines: str) -> None:
        self.sock.sendall("".join(f"{line}\n" for line in lines).encode())

    def close(self) -> None:
        self.sock.close()

    def say_tls_goodbye(self) -> None:
        """Send a close_notify, and close."""
        assert isinstance(self.sock, ssl.SSLSocket)
        with suppress(OSError):
            self.sock.unwrap()
        self.sock.close()

    def close_after_goodbye(self) -> None:
        """Read on in the background, and close at ``bye``."""

        def wait() -> None:
            with suppress(OSError):
                while self.line() not in {"bye", None}:
                    pass
            self.sock.close()

        self._waiting = threading.Thread(target=wait)
        self._waiting.start()

    def reset(self) -> None:
        """Close by a reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        if self._waiting is not None:
            self._waiting.join()
        self.close()


class Listener:
    """Clients can connect before anybody accepts."""

    def __init__(self, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.sock = socket.create_server((host, 0), family=family)
        self.sock.settimeout(PATIENCE)
        self.host = host
        self.port: int = self.sock.getsockname()[1]
        self._tls = tls

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(self.host, self.port, tls=self._tls is not None)

    def accept(self) -> Peer:
        sock, _ = self.sock.accept()
        sock.settimeout(PATIENCE)
        if self._tls is not None:
            with ExitStack() as stack:
                stack.push(sock.__exit__)
                sock = self._tls.wrap_socket(sock, server_side=True, suppress_ragged_eofs=False)
                stack.pop_all()
        return Peer(sock)

    def accept_soon(self) -> Future[Peer]:
        """Accept in the background: a TLS client waits for the server's part."""
        return _soon(self.accept)

    def answer_soon(self, answer: bytes) -> None:
        """Accept in the background, read something, answer it and hang up."""

        def answer_and_close() -> Peer:
            with self.accept() as peer:
                peer.sock.recv(65536)
                peer.sock.sendall(answer)
            return peer

        _soon(answer_and_close)

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()


def _soon(work: Callable[[], Peer]) -> Future[Peer]:
    future: Future[Peer] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - the scenario's
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


@contextmanager
def echoing() -> Generator[Endpoint]:
    """A server that sends back every line of every connection."""
    with Listener() as listener:
        peers: list[Peer] = []

        def echo(peer: Peer) -> None:
            with suppress(OSError):
                while data := peer.sock.recv(65536):
                    peer.sock.sendall(data)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    peers.append(peer := listener.accept())
                    threads.append(threading.Thread(target=echo, args=(peer,)))
                    threads[-1].start()

        threads = [threading.Thread(target=serve)]
        threads[0].start()
        try:
            yield listener.endpoint
        finally:
            with suppress(OSError):
                listener.sock.shutdown(socket.SHUT_RDWR)
            threads[0].join()
            for peer in peers:
                with suppress(OSError):
                    peer.sock.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()
            for peer in peers:
                peer.close()


def refused_endpoint() -> Endpoint:
    """A port where nobody listens."""
    with Listener() as listener:
        return listener.endpoint
