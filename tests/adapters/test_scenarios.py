"""What every driver must do, written once. The test itself is the peer, step by step."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest

from drivers import AsyncDriver, Client, Driver
from echo_machine import Bug, Echo, EchoMachine, Heard
from hercle_proto import (
    AnsweredLate,
    Command,
    ConnectionFailed,
    Disconnected,
    Endpoint,
    LocalProtocolError,
    NotSent,
    OutcomeUnknown,
    SessionClosed,
    TimedOut,
    Why,
)
from peers import Listener, Peer, echoing, refused_endpoint

pytestmark = pytest.mark.usefixtures("nothing_left")


class BlockError(Exception):
    """What the user's block raises."""


class Other(Command[None]):
    pass


def driving(machine: EchoMachine) -> Callable[[Any], Any]:
    return lambda adapter: adapter.drive(machine)


@contextmanager
def connected(
    driver: Driver, machine: EchoMachine, listener: Listener
) -> Generator[tuple[Client, Peer]]:
    """A session and its peer, which closes when it has read ``bye``."""
    with ExitStack() as after, driver.open(driving(machine)) as client:
        peer = after.enter_context(listener.accept())
        yield client, peer
        peer.close_after_goodbye()


@pytest.fixture
def listener() -> Generator[Listener]:
    with Listener() as listener:
        yield listener


@pytest.fixture
def machine(listener: Listener) -> EchoMachine:
    return EchoMachine([listener.endpoint])


# -- calls and events ------------------------------------------------------------------------------


def test_a_call_is_answered(driver: Driver, listener: Listener, machine: EchoMachine) -> None:
    with connected(driver, machine, listener) as (client, peer):
        call = client.start(Echo("hello"))
        assert peer.line() == "1 hello"
        peer.send("1 hello yourself")
        assert call.result() == "hello yourself"
        assert client.machine is machine
    assert machine.closed


def test_events_come_in_order_and_end(
    driver: Driver, listener: Listener, machine: EchoMachine
) -> None:
    with connected(driver, machine, listener) as (client, peer):
        waiting = client.start_next_event()
        peer.send("! one", "! two")
        assert waiting.result() == Heard("one")
        assert client.next_event() == Heard("two")
        waiting = client.start_next_event()
        peer.close()
        assert isinstance(waiting.result(), Disconnected)
        assert client.next_event() is None
        assert client.next_event() is None
        with pytest.raises(SessionClosed):
            client.call(Echo("too late"))


def test_two_iterations_compete(driver: Driver, listener: Listener, machine: EchoMachine) -> None:
    with connected(driver, machine, listener) as (client, peer):
        waiting = [client.start_next_event(), client.start_next_event()]
        peer.send("! one")
        peer.send("! two")
        assert {pending.result() for pending in waiting} == {Heard("one"), Heard("two")}


def test_calls_submitted_together_leave_in_few_writes(
    driver: Driver, listener: Listener, machine: EchoMachine
) -> None:
    with connected(driver, machine, listener) as (client, peer):
        calls = client.start_together(*(Echo(f"text {i}") for i in range(100)))
        for _ in calls:
            peer.send(str(peer.line()))
        assert sorted(call.result() for call in calls) == sorted(f"text {i}" for i in range(100))
        assert sum(machine.pulls) == sum(len(f"{i} text {i - 1}\n") for i in range(1, 101))
        assert len(machine.pulls) <= client.most_pulls_of_100


def test_many_callers_at_once(driver: Driver) -> None:
    with echoing() as endpoint:
        machine = EchoMachine([endpoint], linger=0.01)
        with driver.open(driving(machine)) as client:

            def call(caller: int) -> None:
                for i in range(20):
                    text = f"{caller} {i}"
                    assert client.call(Echo(text)) == text
                finished.append(caller)

            finished: list[int] = []
            threads = [threading.Thread(target=call, args=(caller,)) for caller in range(20)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(finished) == list(range(20))


def test_a_large_command_is_written_whole(
    driver: Driver, listener: Listener, machine: EchoMachine
) -> None:
    text = "x" * 5_000_000
    with connected(driver, machine, listener) as (client, peer):
        call = client.start(Echo(text))
        line = peer.line()
        assert line == f"1 {text}"
        peer.send(line)
        assert call.result() == text


def test_misuse_changes_nothing(driver: Driver, listener: Listener, machine: EchoMachine) -> None:
    with connected(driver, machine, listener) as (client, peer):
        with pytest.raises(LocalProtocolError):
            client.call(Other())
        call = client.start(Echo("still here"))
        peer.send(str(peer.line()))
        assert call.result() == "still here"


# -- time ------------------------------------------------------------------------------------------


def test_a_call_times_out(driver: Driver, listener: Listener, machine: EchoMachine) -> None:
    with connected(driver, machine, listener) as (client, peer):
        with pytest.raises(OutcomeUnknown) as caught:
            client.call(Echo("hello"), timeout=0.02)
        assert isinstance(caught.value.cause, TimedOut)
        assert peer.line() == "1 hello"
        call = client.start(Echo("again"), timeout=10)  # a later deadline, then an earlier one
        with pytest.raises(OutcomeUnknown):
            client.call(Echo("sooner"), timeout=0.02)
        peer.line()
        peer.send("2 again")
        assert call.result() == "again"


def test_a_connection_times_out(driver: Driver) -> None:
    with unanswering() as endpoint:
        machine = EchoMachine([endpoint], connect_timeout=0.05)
        with pytest.raises(TimedOut), driver.open(driving(machine)):
            raise AssertionError("must not be entered")


@contextmanager
def unanswering() -> Generator[Endpoint]:
    """Where connections are neither made nor refused: the backlog is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as sock:
        full = [socket.socket() for _ in range(3)]
        for filler in full:
            filler.setblocking(False)
            filler.connect_ex(sock.getsockname())
        yield Endpoint("127.0.0.1", sock.getsockname()[1])
        for filler in full:
            filler.close()


def test_the_goodbye_is_bounded(driver: Driver, listener: Listener, machine: EchoMachine) -> None:
    machine.linger = 0.02
    with driver.open(driving(machine)):
        peer = listener.accept()
    with peer:
        assert list(peer.lines()) == ["bye"]


# -- losses ----------------------------------------------------------------------------------------


def test_the_peer_closes(driver: Driver, listener: Listener, machine: EchoMachine) -> None:
    with driver.open(driving(machine)) as client:
        with listener.accept() as peer:
            call = client.start(Echo("hello"))
            peer.line()
        with pytest.raises(OutcomeUnknown, match="the peer ended"):
            call.result()


def test_the_peer_resets(driver: Driver, listener: Listener, machine: EchoMachine) -> None:
    with driver.open(driving(machine)) as client:
        with listener.accept() as peer:
            call = client.start(Echo("hello"))
            peer.line()
            peer.reset()
        with pytest.raises(OutcomeUnknown) as caught:
            call.result()
        assert isinstance(caught.value.cause, ConnectionFailed)
        assert caught.value.cause.failure.why is Why.LOST


@pytest.mark.parametrize(
    ("endpoint", "why"),
    [
        (Endpoint("name.invalid", 1), Why.UNRESOLVED),
        (Endpoint("a" * 64 + ".example", 1), Why.UNRESOLVED),
        (refused_endpoint(), Why.UNREACHABLE),
        (Endpoint("localhost", refused_endpoint().port), Why.UNREACHABLE),
    ],
    ids=["unknown name", "impossible name", "refused", "refused by all addresses"],
)
def test_no_connection(driver: Driver, endpoint: Endpoint, why: Why) -> None:
    machine = EchoMachine([endpoint])
    with pytest.raises(ConnectionFailed) as caught, driver.open(driving(machine)):
        raise AssertionError("must not be entered")
    assert caught.value.failure.why is why
    assert caught.value.failure.detail


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_names_and_addresses(driver: Driver, host: str) -> None:
    with Listener("::1" if ":" in host else "127.0.0.1") as listener:
        machine = EchoMachine([Endpoint(host, listener.port)])
        with connected(driver, machine, listener):
            assert machine.ready.done


def test_streams_that_are_not_needed_any_more(driver: Driver, listener: Listener) -> None:
    with unanswering() as nowhere:
        endpoints = [nowhere, listener.endpoint, Endpoint("localhost", nowhere.port)]
        machine = EchoMachine(endpoints)
        with connected(driver, machine, listener) as (client, peer):
            assert machine.opened == 2
            call = client.start(Echo("hello"))
            peer.send(str(peer.line()))
            assert call.result() == "hello"


# -- back-pressure ---------------------------------------------------------------------------------


def test_nothing_is_read_that_has_no_room(
    driver: Driver, listener: Listener, machine: EchoMachine
) -> None:
    events = [f"{i:04} {'x' * 1000}" for i in range(10_000)]
    with connected(driver, machine, listener) as (client, peer):
        sending = threading.Thread(target=peer.send, args=[f"! {text}" for text in events])
        sending.start()
        call = client.start(Echo("hello"))
        sending.join(0.1)
        assert sending.is_alive()  # 10 MB are more than sockets hold
        assert not call.done
        assert [client.next_event() for _ in events] == [Heard(text) for text in events]
        sending.join()
        assert max(machine.reads) <= 256 * 1024
        peer.send(str(peer.line()))
        assert call.result() == "hello"


def test_a_flood_that_nobody_listens_to(
    driver: Driver, listener: Listener, machine: EchoMachine
) -> None:
    machine.event_limit = 10**9
    with connected(driver, machine, listener) as (client, peer):
        peer.send(*(f"! {i}" for i in range(100_000)))
        call = client.start(Echo("hello"))
        peer.send(str(peer.line()))
        assert call.result() == "hello"
        assert client.next_event() == Heard("0")


def test_a_peer_that_reads_nothing(
    driver: Driver, listener: Listener, machine: EchoMachine
) -> None:
    """What was not pulled because nobody reads was not sent, and can be told so."""
    text = "x" * 30_000
    with driver.open(driving(machine)) as client:
        with listener.accept() as peer:
            calls = client.start_together(*(Echo(text) for _ in range(400)))
            endings = [client.start(Echo("last"), timeout=0.1).error()]
            peer.reset()
        endings += [call.error() for call in calls]
    unsent = sum(isinstance(ending, NotSent) for ending in endings)
    assert unsent > 200
    assert sum(isinstance(ending, OutcomeUnknown) for ending in endings) == 401 - unsent
    assert isinstance(endings[0], NotSent)


def test_last_words_before_a_reset(
    driver: Driver, listener: Listener, machine: EchoMachine
) -> None:
    """A write may fail while there is something to be read: it ends in one way or the other."""
    with driver.open(driving(machine)) as client:
        with listener.accept() as peer:
            call = client.start(Echo("hello"))
            assert peer.line() == "1 hello"
            peer.send(*(f"! {i}" for i in range(20)), "1 last words")
            peer.reset()
        assert call.error() is None or isinstance(call.error(), OutcomeUnknown)
        while client.next_event() is not None:
            pass
        with pytest.raises(ConnectionFailed):
            client.call(Echo("more"))


# -- leaving ---------------------------------------------------------------------------------------


def test_what_the_block_raises_leaves_as_itself(
    driver: Driver, listener: Listener, machine: EchoMachine
) -> None:
    error = BlockError()
    with (  # noqa: PT012 - the block is what is tried
        pytest.raises(BlockError) as caught,
        driver.open(driving(machine)) as client,
    ):
        peer = listener.accept()
        call = client.start(Echo("hello"))
        assert peer.line() == "1 hello"
        raise error
    assert caught.value is error
    assert caught.value.__cause__ is None
    with peer:
        assert peer.line() is None  # dropped without a goodbye
    assert isinstance(call.error(), OutcomeUnknown)
    assert machine.closed


def test_leaving_with_calls_open(driver: Driver, listener: Listener, machine: EchoMachine) -> None:
    with connected(driver, machine, listener) as (client, peer):
        call = client.start(Echo("hello"))
        assert peer.line() == "1 hello"
    assert isinstance(call.error(), OutcomeUnknown)


def test_leaving_after_the_end(driver: Driver, listener: Listener, machine: EchoMachine) -> None:
    with driver.open(driving(machine)) as client:
        listener.accept().close()
        assert isinstance(client.next_event(), Disconnected)
    assert machine.closed


def test_events_that_are_left(driver: Driver, listener: Listener, machine: EchoMachine) -> None:
    with driver.open(driving(machine)) as client:
        with listener.accept() as peer:
            peer.send("! one")
        with suppress(OutcomeUnknown, NotSent, SessionClosed):
            client.call(Echo("until it is over"))
        with pytest.raises(SessionClosed):
            client.call(Echo("too late"))
        assert isinstance(list(client.events())[-1], Disconnected)


# -- bugs ------------------------------------------------------------------------------------------


def bug_on_submit(client: Client, peer: Peer) -> None:
    with pytest.raises(Bug):
        client.call(Echo("boom"))


def bug_on_pull(client: Client, peer: Peer) -> None:
    with pytest.raises(Bug):
        client.call(Echo("boom when pulled"))


def bug_on_receive(client: Client, peer: Peer) -> None:
    peer.send("boom")


@pytest.mark.parametrize("provoke", [bug_on_submit, bug_on_pull, bug_on_receive])
def test_a_bug_of_the_machine_ends_everything(
    driver: Driver,
    listener: Listener,
    machine: EchoMachine,
    provoke: Callable[[Client, Peer], None],
) -> None:
    with (  # noqa: PT012 - the block is what is tried
        pytest.raises(Bug),
        driver.open(driving(machine)) as client,
        listener.accept() as peer,
    ):
        call = client.start(Echo("hello"))
        event = client.start_next_event()
        assert peer.line() == "1 hello"
        provoke(client, peer)
        assert isinstance(call.error(), Bug)
        assert isinstance(event.error(), Bug)
        assert peer.line() is None
        with pytest.raises(Bug):
            client.call(Echo("again"))


def test_tls_that_nobody_does(driver: Driver, listener: Listener) -> None:
    """A driver knows TCP only, and must not speak in clear where TLS is asked for."""
    machine = EchoMachine([Endpoint("127.0.0.1", listener.port, tls=True)])
    with pytest.raises(ValueError, match="TLS"), driver.open(driving(machine)):
        raise AssertionError("must not be entered")


# -- cancelling ------------------------------------------------------------------------------------


def test_cancelling_a_caller(
    cancelling: AsyncDriver, listener: Listener, machine: EchoMachine
) -> None:
    with connected(cancelling, machine, listener) as (client, peer):
        call = client.start(Echo("cancelled"))
        assert peer.line() == "1 cancelled"
        call.cancel()
        other = client.start(Echo("other"))
        assert peer.line() == "2 other"
        peer.send("1 too late", "2 in time")
        assert other.result() == "in time"
        assert client.next_event() == AnsweredLate(Echo("cancelled"), "too late")


def test_cancelling_a_caller_before_it_is_sent(
    cancelling: AsyncDriver, listener: Listener, machine: EchoMachine
) -> None:
    large = "x" * 8_000_000  # more than sockets hold
    with connected(cancelling, machine, listener) as (client, peer):
        first = client.start(Echo(large))
        peer.sock.recv(1, socket.MSG_PEEK)
        call = client.start(Echo("cancelled"))
        call.cancel()
        other = client.start(Echo("other"))
        peer.send(str(peer.line()))
        assert first.result() == large
        line = str(peer.line())
        assert line.endswith(" other")
        peer.send(line)
        assert other.result() == "other"


def test_cancelling_an_iteration(
    cancelling: AsyncDriver, listener: Listener, machine: EchoMachine
) -> None:
    with connected(cancelling, machine, listener) as (client, peer):
        waiting = client.start_next_event()
        waiting.cancel()
        peer.send("! one")
        assert client.next_event() == Heard("one")


@pytest.mark.parametrize("to", ["nowhere", "somewhere", "a name"])
def test_cancelling_on_the_way_in(cancelling: AsyncDriver, listener: Listener, to: str) -> None:
    with unanswering() as nowhere:
        endpoint = {
            "nowhere": nowhere,
            "somewhere": listener.endpoint,
            "a name": Endpoint("localhost", nowhere.port),
        }[to]
        for _ in range(5):
            machine = EchoMachine([endpoint])
            with cancelling.hold(driving(machine)) as holding:
                holding.cancel()
            assert machine.closed or machine.next_deadline() is None


def test_cancelling_the_block(
    cancelling: AsyncDriver, listener: Listener, machine: EchoMachine
) -> None:
    with cancelling.hold(driving(machine)) as holding, listener.accept() as peer:
        holding.cancel()
        assert peer.line() is None
    assert machine.closed


def test_cancelling_the_goodbye(
    cancelling: AsyncDriver, listener: Listener, machine: EchoMachine
) -> None:
    machine.linger = 60.0
    with cancelling.hold(driving(machine), stay=False) as holding, listener.accept() as peer:
        assert peer.line() == "bye"
        holding.cancel()
        assert peer.line() is None
    assert machine.closed
