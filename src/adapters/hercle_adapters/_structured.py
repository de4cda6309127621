"""What the drivers for trio and anyio share: nurseries, cancel scopes and streams of two names."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from math import inf
from typing import Any, Protocol

from attrs import frozen

from hercle_adapters._session import AsyncBell, AsyncSession
from hercle_adapters._tcp import CONNECT_ERRORS, lost, unopened
from hercle_proto import Endpoint, Machine

__all__ = ["Library", "StructuredSession", "Tcp", "driven"]


class Scope(AbstractContextManager[object, bool | None], Protocol):
    @property
    def shield(self) -> bool: ...
    @shield.setter
    def shield(self, shield: bool, /) -> None: ...
    def cancel(self) -> object: ...


class Nursery(Protocol):
    @property
    def cancel_scope(self) -> Scope: ...
    def start_soon(
        self, run: Callable[..., Coroutine[Any, Any, None]], /, *args: Any
    ) -> object: ...


@frozen
class Tcp:
    """A connection. `read` gives b"" at the peer's orderly end; `write` returns when all is out."""

    read: Callable[[], Awaitable[bytes]]
    write: Callable[[bytes], Awaitable[None]]
    close: Callable[[], Awaitable[None]]


@frozen
class Library:
    """An event loop's words."""

    clock: Callable[[], float]
    bell: Callable[[], AsyncBell]
    scope_until: Callable[[float], Scope]
    nursery: Callable[[], AbstractAsyncContextManager[Nursery]]
    connect: Callable[[str, int], Awaitable[Tcp]]
    broken: type[Exception]


@asynccontextmanager
async def driven(machine: Machine, library: Library) -> AsyncGenerator[StructuredSession]:
    failure: BaseException | None = None
    async with library.nursery() as nursery:
        session = StructuredSession(machine, library, nursery)
        nursery.start_soon(session._keep_time)
        try:
            await session._begin()
            yield session
            await session._leave()
        except BaseException as error:  # noqa: BLE001 - raised below: a nursery makes groups
            failure = error
        session._finish()
        nursery.cancel_scope.shield = (
            True  # what is left ends at once: nothing needs to come between
        )
        nursery.cancel_scope.cancel()
    try:
        if failure is not None:
            raise failure
    finally:
        del failure  # it holds this frame


class StructuredSession(AsyncSession):
    def __init__(self, machine: Machine, library: Library, nursery: Nursery) -> None:
        super().__init__(machine, clock=library.clock, bell=library.bell)
        self._library = library
        self._nursery = nursery
        self._alarm_moved = library.bell()

    def _line(self, stream: int) -> _Line:
        return _Line(self, stream)

    def _arm(self, deadline: float) -> None:
        self._alarm_moved.set()

    async def _keep_time(self) -> None:
        while True:
            self._alarm_moved = self._library.bell()
            with self._library.scope_until(self._alarm_at):
                await self._alarm_moved.wait()
            if self._clock() >= self._alarm_at:
                self._fire()


class _Line:
    """A task that connects and reads, and a task that writes."""

    def __init__(self, session: StructuredSession, stream: int) -> None:
        self._session = session
        self._library = session._library
        self._stream = stream
        self._scope = self._library.scope_until(inf)
        self._bell = self._library.bell()
        self._broken: Exception | None = None
        self._wanted = self._ended = False

    def open(self, endpoint: Endpoint) -> None:
        self._session._nursery.start_soon(self._run, endpoint)

    def look(self, *, wanted: bool) -> None:
        self._wanted = wanted
        self._bell.set()
        self._bell = self._library.bell()

    def drop(self) -> None:
        self._scope.cancel()

    async def _run(self, endpoint: Endpoint) -> None:
        with self._scope:
            try:
                tcp = await self._library.connect(endpoint.host, endpoint.port)
            except CONNECT_ERRORS as error:
                self._session._failed(self._stream, unopened(error))
                return
            try:
                async with self._library.nursery() as nursery:
                    self._session._opened(self._stream)
                    nursery.start_soon(self._write, tcp)
                    await self._read(tcp)
            finally:
                await tcp.close()

    async def _read(self, tcp: Tcp) -> None:
        try:
            while not self._ended:
                while not self._wanted and self._broken is None:
                    await self._bell.wait()
                data = await tcp.read()
                if not data and self._broken is not None:  # the end that a reset leaves behind
                    raise self._broken
                self._ended = not data
                self._session._received(self._stream, data)
        except self._library.broken as error:
            self._session._failed(self._stream, lost(error))

    async def _write(self, tcp: Tcp) -> None:
        try:
            while True:
                bell = self._bell
                while data := self._session._pull(self._stream):
                    await tcp.write(data)
                await bell.wait()
        except self._library.broken as error:
            self._broken = error
            self.look(wanted=True)  # what the peer said last is still there to be read
            if self._ended:
                self._session._failed(self._stream, lost(error))
