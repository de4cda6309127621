"""A small HTTP server on loopback, in a thread: a function says what it does about a request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from rest_peer import Asked, Reaction

__all__ = ["serving"]


@contextmanager
def serving(react: Callable[[Asked], Reaction]) -> Generator[str]:
    """Answer what `react` says; gives the server's origin."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", "0")))
            reaction = react(Asked(self.command, self.path, headers, body))
            self.send_response(reaction.status)
            self.send_header("Content-Length", str(len(reaction.body)))
            for name, value in reaction.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reaction.body)

        do_GET = do_POST = handle_one  # noqa: N815 - the names that the standard library calls

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = False  # so that closing it waits for them

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
