"""What is asyncio's own: cancelling once, tasks that start at once, a second loop's buffer."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Generator

import pytest

from echo_machine import Bug, Echo, EchoMachine, Heard
from hercle_adapters import asyncio as adapter
from hercle_proto import AnsweredLate, ConnectionFailed, Endpoint, OutcomeUnknown, Why
from peers import Listener, echoing, refused_endpoint

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.fixture
def listener() -> Generator[Listener]:
    with Listener() as listener:
        yield listener


def test_cancelled_at_every_turn() -> None:
    """Opening, calling and leaving, cancelled one turn of the loop later each time."""

    async def session(endpoint: Endpoint) -> None:
        machine = EchoMachine([endpoint], linger=0.01)
        async with adapter.drive(machine) as session:
            await session.call(Echo("hello"))

    async def main(endpoint: Endpoint) -> None:
        turns = 0
        while True:
            task = asyncio.create_task(session(endpoint))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            assert len(asyncio.all_tasks()) == 1
            if not task.cancelled():
                break
            turns += 1

    with echoing() as endpoint:
        asyncio.run(main(endpoint))


def test_a_cancelled_block_leaves_no_socket(listener: Listener) -> None:
    async def main() -> None:
        async def stay() -> None:
            async with adapter.drive(EchoMachine([listener.endpoint])):
                await asyncio.sleep(60)

        for _ in range(20):
            task = asyncio.create_task(stay())
            peer = await asyncio.to_thread(listener.accept)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(peer.line) is None
            peer.close()

    asyncio.run(main())


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are newer")
@pytest.mark.parametrize("refused", [False, True])
def test_eager_tasks(*, refused: bool) -> None:
    async def main(endpoint: Endpoint) -> None:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        async with adapter.drive(EchoMachine([endpoint], linger=0.01)) as session:
            assert await session.call(Echo("hello")) == "hello"

    with echoing() as endpoint:
        if refused:
            with pytest.raises(ConnectionFailed):
                asyncio.run(main(refused_endpoint()))
        else:
            asyncio.run(main(endpoint))


def test_the_next_address_does_not_wait_for_the_one_before(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as silent:
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(silent.getsockname())
        addresses = [
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", address)
            for address in (
                silent.getsockname(),
                ("127.0.0.1", refused_endpoint().port),
                listener.sock.getsockname(),
            )
        ]
        monkeypatch.setattr(adapter._tcp, "literal", lambda endpoint: addresses)
        monkeypatch.setattr(adapter, "_NEXT_ATTEMPT", 0.01)

        async def main() -> None:
            async with adapter.drive(EchoMachine([listener.endpoint], linger=0.0)):
                (await asyncio.to_thread(listener.accept)).close()

        asyncio.run(main())
        for filler in fillers:
            filler.close()


def test_the_last_words_before_a_failed_write(listener: Listener) -> None:
    """The peer answers and resets while we do not read; then a write fails."""

    async def main() -> None:
        machine = EchoMachine([listener.endpoint])
        async with adapter.drive(machine) as session:
            peer = listener.accept()
            first = asyncio.create_task(session.call(Echo("first")))
            await asyncio.sleep(0.01)
            assert peer.line() == "1 first"
            peer.send(*(f"! {i}" for i in range(8)))  # as many as there is room for
            await asyncio.sleep(0.01)
            assert not machine.wants_data(1)
            peer.send("1 answered")
            peer.reset()
            second = asyncio.create_task(session.call(Echo("second")))
            assert await first == "answered"
            with pytest.raises(OutcomeUnknown) as caught:
                await second
            assert isinstance(caught.value.cause, ConnectionFailed)
            assert caught.value.cause.failure.why is Why.LOST
            assert await anext(session) == Heard("0")

    asyncio.run(main())


def test_an_answer_that_comes_just_as_its_caller_is_cancelled(listener: Listener) -> None:
    async def main() -> None:
        machine = EchoMachine([listener.endpoint], linger=0.0)
        async with adapter.drive(machine) as session:
            with listener.accept() as peer:
                call = asyncio.create_task(session.call(Echo("hello")))
                while not machine._in_flight:  # noqa: ASYNC110 - turn by turn
                    await asyncio.sleep(0)
                peer.send("1 answered")
                while machine._in_flight:  # noqa: ASYNC110 - turn by turn
                    await asyncio.sleep(0)
                call.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await call
                assert await anext(session) == AnsweredLate(Echo("hello"), "answered")

    asyncio.run(main())


def test_a_bug_does_not_vanish_in_a_callback(listener: Listener) -> None:
    async def main() -> None:
        async with adapter.drive(EchoMachine([listener.endpoint])) as session:
            with listener.accept() as peer:
                peer.send("boom")
                with pytest.raises(Bug):
                    await anext(session)

    with pytest.raises(Bug):
        asyncio.run(main())
