"""TLS over every driver, with certificates of an authority of the test's own."""

from __future__ import annotations

import ssl
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import trustme

from drivers import Client, Driver
from echo_machine import Echo, EchoMachine, Heard
from hercle_adapters import Tls
from hercle_adapters._tls import _default_context
from hercle_proto import (
    NEED_DATA,
    Close,
    ConnectionFailed,
    Disconnected,
    Endpoint,
    Open,
    OutcomeUnknown,
    SessionClosed,
    TimedOut,
    Why,
)
from peers import Listener, Peer

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def server(authority: trustme.CA) -> ssl.SSLContext:
    return serving(authority, "127.0.0.1")


def serving(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names).configure_cert(context)
    return context


@contextmanager
def connected(
    driver: Driver, machine: EchoMachine, listener: Listener, trusting: ssl.SSLContext
) -> Generator[tuple[Client, Peer]]:
    accepted = listener.accept_soon()
    driving = driver.open(lambda adapter: adapter.drive(Tls(machine, trusting)))
    with ExitStack() as after, driving as client:
        peer = after.enter_context(accepted.result())
        yield client, peer
        peer.close_after_goodbye()


def refusal(driver: Driver, endpoint: Endpoint, context: ssl.SSLContext | None) -> Any:
    machine = EchoMachine([endpoint])
    with (
        pytest.raises(ConnectionFailed) as caught,
        driver.open(lambda adapter: adapter.drive(Tls(machine, context))),
    ):
        raise AssertionError("must not be entered")
    return caught.value.failure


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_call(
    driver: Driver, server: ssl.SSLContext, trusting: ssl.SSLContext, version: ssl.TLSVersion
) -> None:
    server.minimum_version = server.maximum_version = version
    with Listener(tls=server) as listener:
        machine = EchoMachine([listener.endpoint])
        with connected(driver, machine, listener, trusting) as (client, peer):
            large = "x" * 300_000
            call = client.start(Echo(large))
            peer.send(str(peer.line()), "! news")
            assert call.result() == large
            assert client.next_event() == Heard("news")
        assert machine.closed


def test_clear_streams_stay_clear(driver: Driver, trusting: ssl.SSLContext) -> None:
    with Listener() as listener:
        machine = EchoMachine([listener.endpoint])
        with connected(driver, machine, listener, trusting) as (client, peer):
            call = client.start(Echo("hello"))
            assert peer.line() == "1 hello"
            peer.send("1 hello")
            assert call.result() == "hello"
            peer.reset()
            assert isinstance(client.next_event(), Disconnected)


def test_an_unknown_authority(driver: Driver, server: ssl.SSLContext) -> None:
    with Listener(tls=server) as listener:
        accepted = listener.accept_soon()
        failure = refusal(driver, listener.endpoint, None)
        assert failure.why is Why.UNTRUSTED
        assert "certificate" in failure.detail
        assert isinstance(accepted.exception(), OSError)


def test_a_wrong_host(driver: Driver, authority: trustme.CA, trusting: ssl.SSLContext) -> None:
    with Listener(tls=serving(authority, "elsewhere.example")) as listener:
        accepted = listener.accept_soon()
        failure = refusal(driver, listener.endpoint, trusting)
        assert failure.why is Why.UNTRUSTED
        assert "127.0.0.1" in failure.detail
        assert isinstance(accepted.exception(), OSError)


def test_a_server_without_tls(driver: Driver, trusting: ssl.SSLContext) -> None:
    with Listener() as listener:
        listener.answer_soon(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        endpoint = Endpoint("127.0.0.1", listener.port, tls=True)
        failure = refusal(driver, endpoint, trusting)
        assert failure.why is Why.UNREACHABLE
        assert failure.detail == "TLS: wrong version number"


def test_a_server_that_hangs_up(driver: Driver, trusting: ssl.SSLContext) -> None:
    with Listener() as listener:
        listener.answer_soon(b"")
        endpoint = Endpoint("127.0.0.1", listener.port, tls=True)
        assert refusal(driver, endpoint, trusting).why in {Why.UNREACHABLE, Why.LOST}


def test_the_time_limit_covers_the_handshake(driver: Driver, trusting: ssl.SSLContext) -> None:
    with Listener() as listener:  # nobody answers
        machine = EchoMachine([Endpoint("127.0.0.1", listener.port, tls=True)], connect_timeout=0.1)
        with (
            pytest.raises(TimedOut),
            driver.open(lambda adapter: adapter.drive(Tls(machine, trusting))),
        ):
            raise AssertionError("must not be entered")


def test_an_orderly_end(driver: Driver, server: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    with Listener(tls=server) as listener:
        machine = EchoMachine([listener.endpoint])
        with connected(driver, machine, listener, trusting) as (client, peer):
            call = client.start(Echo("hello"))
            peer.line()
            peer.say_tls_goodbye()
            with pytest.raises(OutcomeUnknown) as caught:
                call.result()
            assert isinstance(caught.value.cause, SessionClosed)


def test_an_end_without_close_notify_may_be_a_cut(
    driver: Driver, server: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    with Listener(tls=server) as listener:
        machine = EchoMachine([listener.endpoint])
        with connected(driver, machine, listener, trusting) as (client, peer):
            call = client.start(Echo("hello"))
            peer.line()
            peer.close()
            with pytest.raises(OutcomeUnknown) as caught:
                call.result()
            assert isinstance(caught.value.cause, ConnectionFailed)
            assert caught.value.cause.failure.why is Why.LOST


# -- the machine alone -----------------------------------------------------------------------------


class Wire:
    """A machine in TLS and a server's side of it, without sockets."""

    def __init__(
        self, machine: EchoMachine, context: ssl.SSLContext, server: ssl.SSLContext
    ) -> None:
        self.machine = Tls(machine, context)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.server = server.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.machine.start(now=0.0)
        self.actions = self.machine.actions()
        self.machine.stream_opened(1, now=0.0)

    def shake_hands(self) -> None:
        while True:
            self.to_server()
            try:
                self.server.do_handshake()
            except ssl.SSLWantReadError:
                self.to_client()
            else:
                break
        self.to_client()

    def to_server(self) -> None:
        while data := self.machine.data_to_send(1, now=0.0):
            self.incoming.write(data)

    def to_client(self, size: int = 1 << 20) -> None:
        while data := self.outgoing.read(size):
            self.machine.receive_data(1, data, now=0.0)


@pytest.fixture
def wire(trusting: ssl.SSLContext, server: ssl.SSLContext) -> Wire:
    machine = EchoMachine([Endpoint("127.0.0.1", 443, tls=True)])
    return Wire(machine, trusting, server)


def test_a_driver_is_asked_for_a_clear_stream(wire: Wire) -> None:
    assert wire.actions == [Open(1, Endpoint("127.0.0.1", 443))]
    assert wire.machine.wants_data(1)
    assert not wire.machine.ready.done
    wire.shake_hands()
    assert wire.machine.ready.done
    assert wire.machine.wants_data(1)


def test_any_cut(wire: Wire) -> None:
    wire.shake_hands()
    wire.server.write(b"! one\n! two\n")
    wire.to_client(size=1)
    assert wire.machine.next_event() == Heard("one")
    assert wire.machine.next_event() == Heard("two")
    assert wire.machine.next_event() is NEED_DATA


def test_a_command_is_pulled_only_when_it_can_leave(wire: Wire) -> None:
    with pytest.raises(ssl.SSLWantReadError):
        wire.server.do_handshake()
    call = wire.machine.submit(Echo("hello"), now=0.0)
    wire.to_server()
    assert not call.sent
    wire.shake_hands()
    wire.to_server()
    assert call.sent
    assert wire.server.read(100) == b"1 hello\n"


def test_what_is_damaged_is_lost(wire: Wire) -> None:
    wire.shake_hands()
    wire.machine.receive_data(1, b"not TLS at all", now=0.0)
    assert not wire.machine.closed  # until the driver has closed the stream
    assert wire.machine.actions() == [Close(1)]
    assert wire.machine.closed
    event = wire.machine.next_event()
    assert isinstance(event, Disconnected)
    assert isinstance(event.error, ConnectionFailed)
    assert event.error.failure.why is Why.LOST
    wire.machine.receive_data(1, b"late", now=0.0)
    wire.machine.stream_opened(1, now=0.0)
    assert wire.machine.data_to_send(1, now=0.0) == b""


def test_what_comes_after_the_goodbye_is_ignored(wire: Wire) -> None:
    wire.shake_hands()
    with pytest.raises(ssl.SSLWantReadError):
        wire.server.unwrap()
    wire.to_client()
    wire.machine.receive_data(1, b"anything", now=0.0)
    wire.machine.receive_data(1, b"", now=0.0)
    event = wire.machine.next_event()
    assert isinstance(event, Disconnected)
    assert isinstance(event.error, SessionClosed)


def test_the_default_context_verifies() -> None:
    context = _default_context()
    assert context is _default_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
