"""What is the blocking driver's own: threads, and interrupts of the main thread."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import coverage
import pytest

from echo_machine import Echo, EchoMachine, Heard
from hercle_adapters import blocking as adapter
from hercle_proto import AnsweredLate, ConnectionFailed, Endpoint, OutcomeUnknown, Why
from peers import Listener, echoing

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.fixture
def listener() -> Generator[Listener]:
    with Listener() as listener:
        yield listener


def interrupt_soon() -> None:
    """Ctrl-C, in a moment. It comes to the main thread."""
    main = threading.main_thread().ident
    assert main is not None
    threading.Timer(0.02, signal.pthread_kill, [main, signal.SIGINT]).start()


def test_interrupted_while_opening(listener: Listener) -> None:
    with pytest.raises(KeyboardInterrupt):
        open_nowhere()


def open_nowhere() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as silent:
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(silent.getsockname())
        interrupt_soon()
        try:
            with adapter.drive(EchoMachine([Endpoint("127.0.0.1", silent.getsockname()[1])])):
                raise AssertionError("must not be entered")
        finally:
            for filler in fillers:
                filler.close()


def test_interrupted_while_calling(listener: Listener) -> None:
    """The session is sound afterwards, if the program goes on."""
    machine = EchoMachine([listener.endpoint], linger=0.01)
    with adapter.drive(machine) as session, listener.accept() as peer:
        interrupt_soon()
        with pytest.raises(KeyboardInterrupt):
            session.call(Echo("interrupted"))
        assert peer.line() == "1 interrupted"
        peer.send("1 late", "2 in time")
        assert next(session) == AnsweredLate(Echo("interrupted"), "late")


def test_interrupted_while_iterating(listener: Listener) -> None:
    with adapter.drive(EchoMachine([listener.endpoint], linger=0.01)) as session:
        interrupt_soon()
        with pytest.raises(KeyboardInterrupt):
            next(session)
        with listener.accept() as peer:
            peer.send("! news")
            assert next(session) == Heard("news")


def test_interrupted_while_leaving(listener: Listener) -> None:
    machine = EchoMachine([listener.endpoint], linger=60.0)
    with pytest.raises(KeyboardInterrupt), adapter.drive(machine):
        interrupt_soon()
    assert machine.closed


@pytest.mark.skipif(
    coverage.Coverage.current() is not None,
    reason="an interrupt within coverage's own lock would never let go of it",
)
def test_interrupted_at_any_moment() -> None:
    """In the middle of anything: the block ends, its thread and its sockets with it."""
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with echoing() as endpoint:
            for microseconds in range(20, 4000, 20):
                with suppress(KeyboardInterrupt):
                    use_until_interrupted(EchoMachine([endpoint], linger=0.001), microseconds)
    finally:
        signal.signal(signal.SIGALRM, previous)


def use_until_interrupted(machine: EchoMachine, microseconds: int) -> None:
    signal.setitimer(signal.ITIMER_REAL, microseconds / 1e6)
    with adapter.drive(machine) as session:
        while True:
            session.call(Echo("hello"))


@pytest.mark.parametrize("broken", [(socket, "socketpair"), (threading.Thread, "start")])
def test_no_thread_can_be_had(
    listener: Listener, broken: tuple[object, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limits of the system: nobody waits for a thread that is not there."""

    def refuse(*_: object) -> None:
        raise OSError("no more of them")

    monkeypatch.setattr(*broken, refuse)
    with (
        pytest.raises(OSError, match="no more of them"),
        adapter.drive(EchoMachine([listener.endpoint])),
    ):
        raise AssertionError("must not be entered")


def test_the_last_words_before_a_failed_write(listener: Listener) -> None:
    """The peer answers and resets while we do not read; then a write fails."""
    machine = EchoMachine([listener.endpoint])
    with adapter.drive(machine) as session, ThreadPoolExecutor() as threads:
        peer = listener.accept()
        first = threads.submit(session.call, Echo("first"))
        assert peer.line() == "1 first"
        peer.send(*(f"! {i}" for i in range(8)))  # as many as there is room for
        while machine.wants_data(1):
            time.sleep(0.001)
        peer.send("1 answered")
        peer.reset()
        with pytest.raises(OutcomeUnknown) as caught:
            session.call(Echo("second"))
        assert first.result() == "answered"
        assert isinstance(caught.value.cause, ConnectionFailed)
        assert caught.value.cause.failure.why is Why.LOST
        assert next(session) == Heard("0")
