"""Every driver against every bad answer over HTTP, on loopback: one ending, no hang, no key."""

from __future__ import annotations

import logging
import socket
import socketserver
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

import pytest
from attrs import Factory, define

from bad_answers import BAD, KEY, LIMIT, Bad, texts
from drivers import Driver
from hercle_proto import Command, NoAnswer, OutcomeUnknown, TimedOut
from hercle_proto.hercle import CreateLightningInvoice, GetLightningInvoices
from hercle_proto.reflex import FindInvoices, PushInvoice

pytestmark = pytest.mark.usefixtures("nothing_left")

APIS: dict[str, tuple[Callable[[], Command[object]], Callable[[], Command[object]]]] = {
    "open_hercle_rest": (
        GetLightningInvoices,
        lambda: CreateLightningInvoice.for_sats(1, "m"),
    ),
    "open_reflex": (FindInvoices, lambda: PushInvoice("lnbc1")),
}


@define
class Script:
    """What the server says to each request."""

    answer: Bad = BAD["nothing"]
    asked: int = 0
    connections: list[socket.socket] = Factory(list)

    def hang_up(self) -> None:
        for connection in self.connections:
            with suppress(OSError):  # it is closed already
                connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def serving(script: Script) -> Generator[str]:
    """A server on loopback that writes bytes as they are; gives its origin."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            script.connections.append(self.connection)
            while self.answer():
                pass

        def answer(self) -> bool:
            length = 0
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                name, _, value = line.lower().partition(b":")
                length = int(value) if name == b"content-length" else length
            if not line:
                return False
            self.rfile.read(length)
            script.asked += 1
            self.wfile.write(script.answer.wire)
            return not script.answer.ends

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = False  # so that closing it waits for them

        def handle_error(self, *_: object) -> None:
            """A client that does not want the rest is none of a test's business."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("api", APIS)
def test_bad_answers(driver: Driver, api: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "hercle_proto")
    script = Script()
    with (
        serving(script) as url,
        driver.open(lambda by: getattr(by, api)(KEY, url=url, max_answer_bytes=LIMIT)) as client,
    ):
        for name, script.answer in BAD.items():
            patience = 0.05 if script.answer.cause is TimedOut else None
            for make, ending in zip(APIS[api], (NoAnswer, OutcomeUnknown), strict=True):
                before = script.asked
                error = client.start(make(), patience).error()
                assert type(error) is ending
                assert isinstance(error, NoAnswer | OutcomeUnknown)
                assert type(error.cause) is script.answer.cause
                again = name == "no byte" and error.command.repeatable
                assert script.asked - before == (2 if again else 1)
                assert caplog.messages
                assert all(KEY not in text for text in (*texts(error), *caplog.messages))
                caplog.clear()
        script.hang_up()  # else the session waits a while for answers that came too late
