"""What is trio's own."""

from __future__ import annotations

from collections.abc import Generator

import pytest
import trio

from echo_machine import Echo, EchoMachine, Heard
from hercle_adapters import trio as adapter
from hercle_proto import ConnectionFailed, Endpoint, OutcomeUnknown, Why
from peers import Listener, echoing

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.fixture
def listener() -> Generator[Listener]:
    with Listener() as listener:
        yield listener


def test_cancelled_at_every_turn() -> None:
    """Opening, calling and leaving, cancelled some turns of the loop later each time."""

    async def session(endpoint: Endpoint, scope: trio.CancelScope) -> None:
        with scope:
            async with adapter.drive(EchoMachine([endpoint], linger=0.01)) as session:
                await session.call(Echo("hello"))

    async def main(endpoint: Endpoint) -> None:
        turns = 0
        while True:
            scope = trio.CancelScope()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(session, endpoint, scope)
                for _ in range(turns):
                    await trio.lowlevel.checkpoint()
                scope.cancel()
            if not scope.cancelled_caught:
                break
            turns += 1

    with echoing() as endpoint:
        trio.run(main, endpoint)


def test_the_last_words_before_a_failed_write(listener: Listener) -> None:
    """The peer answers and resets while we do not read; then a write fails."""

    async def main() -> None:
        machine = EchoMachine([listener.endpoint])
        answers = []
        async with adapter.drive(machine) as session, trio.open_nursery() as nursery:

            async def first() -> None:
                answers.append(await session.call(Echo("first")))

            peer = listener.accept()
            nursery.start_soon(first)
            await trio.sleep(0.01)
            assert peer.line() == "1 first"
            peer.send(*(f"! {i}" for i in range(8)))  # as many as there is room for
            await trio.sleep(0.01)
            assert not machine.wants_data(1)
            peer.send("1 answered")
            peer.reset()
            with pytest.raises(OutcomeUnknown) as caught:
                await session.call(Echo("second"))
            assert isinstance(caught.value.cause, ConnectionFailed)
            assert caught.value.cause.failure.why is Why.LOST
            assert await anext(session) == Heard("0")
        assert answers == ["answered"]

    trio.run(main)


def test_an_error_of_the_block_is_not_lost_in_a_cancellation(listener: Listener) -> None:
    async def main() -> None:
        with trio.CancelScope() as scope:
            async with adapter.drive(EchoMachine([listener.endpoint])):
                scope.cancel()
                raise KeyError("of the block")

    with pytest.raises(KeyError, match="of the block"):
        trio.run(main)
