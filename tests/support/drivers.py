"""One way to use every driver: clients that look blocking, so that a scenario is written once.

    with driver.open(lambda adapter: adapter.open_hercle("key", url=url)) as client:
        client.call(GetLightningInvoices())

`DRIVERS` has one for each loop. The asynchronous ones run in a thread of their own, and after each
block it is checked that no task of theirs is left.
"""

from __future__ import annotations

import asyncio
import importlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from typing import Any, Generic, Protocol, TypeVar

import anyio
import anyio.lowlevel
import trio
from anyio.from_thread import BlockingPortal, start_blocking_portal
from attrs import frozen

from hercle_proto import Command, Event, Machine

R = TypeVar("R")

PATIENCE = 20.0
"""Seconds after which a scenario has failed. Nothing waits as long that works."""


class Pending(Generic[R]):
    """Something under way in the background."""

    def __init__(self, future: Future[R], ended: threading.Event | None = None) -> None:
        self._future = future
        self._ended = ended

    def result(self) -> R:
        return self._future.result(PATIENCE)

    def error(self) -> BaseException | None:
        return self._future.exception(PATIENCE)

    @property
    def done(self) -> bool:
        return self._future.done()

    def cancel(self) -> None:
        """Cancel it, and wait until it is gone. For asynchronous drivers only."""
        assert self._ended is not None
        self._future.cancel()
        assert self._ended.wait(PATIENCE)


class Client(ABC):
    """A session, used from a plain thread."""

    @property
    @abstractmethod
    def machine(self) -> Machine: ...

    @abstractmethod
    def start(self, command: Command[R], timeout: float | None = None) -> Pending[R]:
        """Call in the background."""

    @abstractmethod
    def start_together(self, *commands: Command[R]) -> list[Pending[R]]:
        """Call in the background, as close together as the driver can."""

    most_pulls_of_100: int
    """How many pulls 100 such calls may take."""

    @abstractmethod
    def start_next_event(self) -> Pending[Event | None]:
        """The next event, in the background. None: there will be no more."""

    def next_event(self) -> Event | None:
        return self.start_next_event().result()

    def call(self, command: Command[R], timeout: float | None = None) -> R:
        return self.start(command, timeout).result()

    def events(self) -> Iterator[Event]:
        while (event := self.next_event()) is not None:
            yield event


Opened = Callable[[Any], Any]
"""Given a driver's module, what opens a session: ``lambda adapter: adapter.drive(machine)``."""


class Driver(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def can_cancel(self) -> bool: ...

    def open(self, opened: Opened) -> AbstractContextManager[Client]: ...


# -- asynchronous ----------------------------------------------------------------------------------


class AsyncClient(Client):
    most_pulls_of_100 = 2

    def __init__(self, portal: BlockingPortal, session: Any) -> None:
        self._portal = portal
        self._session = session

    @property
    def machine(self) -> Machine:
        machine: Machine = self._session.machine
        return machine

    def start(self, command: Command[R], timeout: float | None = None) -> Pending[R]:
        return _start(self._portal, self._session.call, command, timeout)

    def start_together(self, *commands: Command[R]) -> list[Pending[R]]:
        futures: list[Future[R]] = [Future() for _ in commands]

        async def call(command: Command[R], future: Future[R]) -> None:
            try:
                future.set_result(await self._session.call(command))
            except Exception as error:  # noqa: BLE001 - the scenario's
                future.set_exception(error)

        async def call_all() -> None:
            async with anyio.create_task_group() as group:
                for command, future in zip(commands, futures, strict=True):
                    group.start_soon(call, command, future)

        self._portal.start_task_soon(call_all)
        return [Pending(future) for future in futures]

    def start_next_event(self) -> Pending[Event | None]:
        async def take() -> Event | None:
            async for event in self._session:
                found: Event = event
                return found
            return None

        return _start(self._portal, take)


@frozen
class AsyncDriver:
    name: str
    module: str
    backend: str
    can_cancel = True

    @contextmanager
    def open(self, opened: Opened) -> Generator[Client]:
        adapter = importlib.import_module(self.module)
        with start_blocking_portal(self.backend) as portal:
            before = portal.call(_tasks)
            try:
                with portal.wrap_async_context_manager(opened(adapter)) as session:
                    yield AsyncClient(portal, session)
            finally:
                portal.call(_settle, before)

    @contextmanager
    def hold(self, opened: Opened, *, stay: bool = True) -> Generator[Pending[None]]:
        """Enter the block in the background, and stay there until cancelled, or leave at once."""
        adapter = importlib.import_module(self.module)

        async def enter(block: AbstractAsyncContextManager[Any]) -> None:
            async with block:
                if stay:
                    await anyio.sleep_forever()

        with start_blocking_portal(self.backend) as portal:
            before = portal.call(_tasks)
            yield _start(portal, enter, opened(adapter))
            portal.call(_settle, before)


def _start(portal: BlockingPortal, work: Callable[..., Awaitable[R]], *args: object) -> Pending[R]:
    ended = threading.Event()

    async def run() -> R:
        try:
            return await work(*args)
        finally:
            ended.set()

    return Pending(portal.start_task_soon(run), ended)


async def _tasks() -> int:
    try:
        return trio.lowlevel.current_statistics().tasks_living
    except RuntimeError:
        return len(asyncio.all_tasks())


async def _settle(tasks: int) -> None:
    """Wait until as many tasks are left, which takes some turns of the loop."""
    for _ in range(20):
        if await _tasks() == tasks:
            return
        await anyio.lowlevel.checkpoint()
    raise AssertionError(f"{await _tasks()} tasks are left of {tasks}")


# -- blocking --------------------------------------------------------------------------------------


class BlockingClient(Client):
    most_pulls_of_100 = 100

    def __init__(self, session: Any) -> None:
        self._session = session

    @property
    def machine(self) -> Machine:
        machine: Machine = self._session.machine
        return machine

    def start(self, command: Command[R], timeout: float | None = None) -> Pending[R]:
        return _in_thread(lambda: self._session.call(command, timeout))

    def start_together(self, *commands: Command[R]) -> list[Pending[R]]:
        return [self.start(command) for command in commands]

    def start_next_event(self) -> Pending[Event | None]:
        return _in_thread(lambda: next(self._session, None))


@frozen
class BlockingDriver:
    name = "blocking"
    can_cancel = False

    @contextmanager
    def open(self, opened: Opened) -> Generator[Client]:
        with opened(importlib.import_module("hercle_adapters.blocking")) as session:
            yield BlockingClient(session)


def _in_thread(work: Callable[[], Any]) -> Pending[Any]:
    future: Future[Any] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - the scenario's
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return Pending(future)


DRIVERS: tuple[Driver, ...] = (
    AsyncDriver("trio", "hercle_adapters.trio", "trio"),
    AsyncDriver("asyncio", "hercle_adapters.asyncio", "asyncio"),
    AsyncDriver("anyio-asyncio", "hercle_adapters.anyio", "asyncio"),
    AsyncDriver("anyio-trio", "hercle_adapters.anyio", "trio"),
    BlockingDriver(),
)
