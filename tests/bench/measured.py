"""One measured run, alone in its process: prints what it cost as JSON.

    python measured.py LIBRARY RUN URL COUNT

Costs are this process's own: CPU in seconds, user and system, and how far the peak of its memory
rose, in bytes. Measuring begins when the client is connected (or, for events, has got one).
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

import payloads

MOST = 1 << 30
"""Bytes of a message: pysignalr's own limit is 1 MiB, about a thousand invoices."""
IN_FLIGHT = 100

Call = Callable[[], Awaitable[None]]
Handler = Callable[[Any], Awaitable[None]]


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


class Meter:
    """What was spent since it was made."""

    def __init__(self) -> None:
        self._peak = peak()
        self._cpu = cpu()

    def read(self) -> dict[str, float]:
        return {"cpu": cpu() - self._cpu, "peak": peak() - self._peak}


# -- ours: the asyncio driver ----------------------------------------------------------------------


async def our_events(url: str, count: int) -> dict[str, float]:
    from hercle_adapters.asyncio import open_hercle
    from hercle_proto.hercle import CreatedInvoice, UnmatchedAnswer

    async with open_hercle("key", url=url) as session:
        await anext(session)  # Connected
        await anext(session)
        meter = Meter()
        left = count
        async for event in session:
            assert isinstance(event, UnmatchedAnswer)
            assert isinstance(event.answer, CreatedInvoice)
            left -= 1
            if not left:
                break
        return meter.read()


async def our_snapshot(url: str, count: int) -> dict[str, float]:
    from hercle_adapters.asyncio import open_hercle
    from hercle_proto.hercle import GetLightningInvoices

    async with open_hercle("key", url=url, max_message_bytes=MOST) as session:
        meter = Meter()
        snapshot = await session.call(GetLightningInvoices(client_id=payloads.CLIENT_ID))
        cost = meter.read()
    assert (len(snapshot.invoices), len(snapshot.unreadable)) == (count, 0)
    return cost


@asynccontextmanager
async def our_calls(url: str) -> AsyncIterator[Call]:
    from hercle_adapters.asyncio import open_signalr
    from hercle_proto.client import Invoke

    async with open_signalr(url) as session:

        async def call() -> None:
            answer = await session.call(Invoke("Calculate", ("text", 1), returns=dict[str, object]))
            assert answer["value"] == 1

        yield call


# -- pysignalr -------------------------------------------------------------------------------------


@asynccontextmanager
async def pysignalr_client(url: str, handlers: Mapping[str, Handler]) -> AsyncIterator[Any]:
    from pysignalr.client import SignalRClient

    client = SignalRClient(url, max_size=MOST)
    opened = asyncio.Event()

    async def on_open() -> None:
        opened.set()

    client.on_open(on_open)
    for target, handler in handlers.items():
        client.on(target, handler)
    running = asyncio.create_task(client.run())
    await opened.wait()
    try:
        yield client
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def pysignalr_events(url: str, count: int) -> dict[str, float]:
    done = asyncio.Event()
    meter: Meter | None = None
    left = count

    async def received(arguments: list[Any]) -> None:
        nonlocal meter, left
        if meter is None:
            meter = Meter()
            return
        assert arguments[0]["data"]["id"]
        left -= 1
        if not left:
            done.set()

    async with pysignalr_client(url, {payloads.TARGET: received}):
        await done.wait()
        assert meter is not None
        return meter.read()


async def pysignalr_snapshot(url: str, count: int) -> dict[str, float]:
    answered: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()

    async def received(arguments: list[Any]) -> None:
        answered.set_result(arguments)

    async def completed(_: Any) -> None:
        pass

    async with pysignalr_client(url, {payloads.TARGET: received}) as client:
        meter = Meter()
        await client.send("GetLightningInvoices", [payloads.CLIENT_ID], completed)
        rows = (await answered)[0]["data"]
        cost = meter.read()
    assert len(rows) == count
    return cost


@asynccontextmanager
async def pysignalr_calls(url: str) -> AsyncIterator[Call]:
    async with pysignalr_client(url, {}) as client:

        async def call() -> None:
            answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

            async def completed(message: Any) -> None:
                answered.set_result(message)

            await client.send("Calculate", ["text", 1], completed)
            assert (await answered).result["value"] == 1

        yield call


# -- either ----------------------------------------------------------------------------------------

CALLS: Mapping[str, Callable[[str], AbstractAsyncContextManager[Call]]] = {
    "ours": our_calls,
    "pysignalr": pysignalr_calls,
}


async def sequential(library: str, url: str, count: int) -> dict[str, float]:
    async with CALLS[library](url) as call:
        await call()
        meter = Meter()
        for _ in range(count):
            await call()
        return meter.read()


async def in_flight(library: str, url: str, count: int) -> dict[str, float]:
    async with CALLS[library](url) as call:

        async def caller() -> None:
            for _ in range(count // IN_FLIGHT):
                await call()

        await call()
        meter = Meter()
        await asyncio.gather(*(caller() for _ in range(IN_FLIGHT)))
        return meter.read()


async def connecting(library: str, url: str, count: int) -> dict[str, float]:
    """Negotiate, upgrade, handshake, and one call."""
    meter: Meter | None = None
    for _ in range(count + 1):
        async with CALLS[library](url) as call:
            await call()
        meter = meter or Meter()  # without what is made at first use
    assert meter is not None
    return meter.read()


async def importing(library: str, _url: str, _count: int) -> dict[str, float]:
    """Beside asyncio, which both need."""
    meter = Meter()
    if library == "ours":
        from hercle_adapters.asyncio import open_hercle  # noqa: F401
    else:
        from pysignalr.client import SignalRClient  # noqa: F401
    return meter.read()


async def events(library: str, url: str, count: int) -> dict[str, float]:
    return await (our_events if library == "ours" else pysignalr_events)(url, count)


async def snapshot(library: str, url: str, count: int) -> dict[str, float]:
    return await (our_snapshot if library == "ours" else pysignalr_snapshot)(url, count)


RUNS: dict[str, Callable[[str, str, int], Coroutine[Any, Any, dict[str, float]]]] = {
    run.__name__: run for run in (connecting, events, importing, in_flight, sequential, snapshot)
}


if __name__ == "__main__":
    library, run, url, count = sys.argv[1:]
    print(json.dumps(asyncio.run(RUNS[run](library, url, int(count)))))
