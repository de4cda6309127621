"""One scenario for all drivers: a coroutine, whatever waits for it.

A scenario opens sessions by its `Driver`, uses them as the asynchronous ones are used, and has
things done `together`. With the blocking driver nothing ever waits: its coroutines run to their
end at one go, each of those that run together in a thread of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from functools import partial
from types import ModuleType
from typing import Any, Protocol, Self, TypeVar

import anyio
import anyio.to_thread
import trio

import hercle_adapters.anyio
import hercle_adapters.asyncio
import hercle_adapters.blocking
import hercle_adapters.trio
from hercle_proto import Command, Event

__all__ = ["DRIVERS", "Driver", "Session"]

R = TypeVar("R")
Job = Callable[[], Coroutine[Any, Any, R]]


class Session(Protocol):
    """What all sessions can do."""

    async def call(self, command: Command[R], timeout: float | None = None) -> R: ...

    def __aiter__(self) -> Self: ...

    async def __anext__(self) -> Event: ...


class Driver:
    """A driver, and how its loop runs a scenario."""

    def __init__(
        self,
        name: str,
        module: ModuleType,
        run: Callable[[Job[Any]], Any],
        together: Callable[[list[Job[Any]]], Awaitable[list[Any]]],
        aside: Callable[[Callable[[], Any]], Awaitable[Any]],
    ) -> None:
        self.name = name
        self.run = run
        self.aside = aside
        """Do something that blocks, in a thread, while the sessions go on."""
        self._module = module
        self._together = together

    async def together(self, *jobs: Job[Any]) -> list[Any]:
        """Do these things at the same time; give what each returned, or the error it ended with."""
        return await self._together([partial(_outcome, job) for job in jobs])

    def open_hercle(self, *args: Any, **options: Any) -> AbstractAsyncContextManager[Session]:
        return self._opened(self._module.open_hercle(*args, **options))

    def open_hercle_rest(self, *args: Any, **options: Any) -> AbstractAsyncContextManager[Session]:
        return self._opened(self._module.open_hercle_rest(*args, **options))

    def open_signalr(self, *args: Any, **options: Any) -> AbstractAsyncContextManager[Session]:
        return self._opened(self._module.open_signalr(*args, **options))

    def _opened(self, session: Any) -> AbstractAsyncContextManager[Session]:
        return _unhurried(session) if isinstance(session, AbstractContextManager) else session

    def __repr__(self) -> str:
        return self.name


async def _outcome(job: Job[Any]) -> Any:
    try:
        return await job()
    except Exception as error:  # noqa: BLE001 - a test looks at it
        return error


# -- the blocking driver, for who awaits -----------------------------------------------------------


class _Unhurried:
    def __init__(self, session: hercle_adapters.blocking.Session) -> None:
        self._session = session

    async def call(self, command: Command[R], timeout: float | None = None) -> R:
        return self._session.call(command, timeout)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        for event in self._session:
            return event
        raise StopAsyncIteration


@asynccontextmanager
async def _unhurried(
    session: AbstractContextManager[hercle_adapters.blocking.Session],
) -> AsyncIterator[_Unhurried]:
    with session as opened:
        yield _Unhurried(opened)


def _run_at_one_go(job: Job[R]) -> R:
    scenario = job()
    try:
        scenario.send(None)
    except StopIteration as end:
        result: R = end.value
        return result
    scenario.close()
    raise AssertionError("a scenario waited for something that the blocking driver does not know")


async def _here(blocks: Callable[[], Any]) -> Any:
    return blocks()


async def _threads(jobs: list[Job[Any]]) -> list[Any]:
    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(_run_at_one_go, jobs))


# -- loops -----------------------------------------------------------------------------------------


async def _gathered(jobs: list[Job[Any]]) -> list[Any]:
    return await asyncio.gather(*(job() for job in jobs))


async def _task_group(jobs: list[Job[Any]]) -> list[Any]:
    results: list[Any] = [None] * len(jobs)

    async def keep(index: int) -> None:
        results[index] = await jobs[index]()

    async with anyio.create_task_group() as tasks:
        for index in range(len(jobs)):
            tasks.start_soon(keep, index)
    return results


DRIVERS = [
    Driver("trio", hercle_adapters.trio, trio.run, _task_group, trio.to_thread.run_sync),
    Driver(
        "asyncio",
        hercle_adapters.asyncio,
        lambda job: asyncio.run(job()),
        _gathered,
        asyncio.to_thread,
    ),
    *(
        Driver(
            f"anyio-{loop}",
            hercle_adapters.anyio,
            partial(anyio.run, backend=loop),
            _task_group,
            anyio.to_thread.run_sync,
        )
        for loop in ("asyncio", "trio")
    ),
    Driver("blocking", hercle_adapters.blocking, _run_at_one_go, _threads, _here),
]
