"""The driver for trio."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio

from hercle_adapters import _machines, _paging, _tcp
from hercle_adapters._session import AsyncSession
from hercle_proto import Endpoint, Machine

__all__ = ["Session", "drive", "iter_invoices", "open_hercle", "open_hercle_rest"]
__all__ += ["open_reflex", "open_signalr"]


@asynccontextmanager
async def drive(machine: Machine) -> AsyncGenerator[Session]:
    """Drive a machine for as long as the block lasts.

    Entering waits for its first connection and raises why there never will be one. Leaving in order
    says goodbye; an error or a cancellation drops everything at once. What the block raises leaves
    as itself, not in a group.
    """
    failures: list[BaseException] = []
    async with trio.open_nursery() as nursery:
        session = Session(machine, nursery)
        nursery.start_soon(session._keep_time)
        try:
            await session._begin()
            yield session
            await session._leave()
        except BaseException as error:  # noqa: BLE001 - raised below: a nursery makes groups
            failures.append(error)
        session._finish()
        nursery.cancel_scope.shield = True  # what is left ends at once, and nothing comes between
        nursery.cancel_scope.cancel()
    while failures:
        raise failures.pop()


open_hercle = _machines.opener(drive, _machines.hercle)
open_hercle_rest = _machines.opener(drive, _machines.hercle_rest)
open_reflex = _machines.opener(drive, _machines.reflex)
open_signalr = _machines.opener(drive, _machines.signalr)
iter_invoices = _paging.iter_invoices


class Session(AsyncSession):
    """A machine at work on trio. Iterate over it for what nobody asked for."""

    def __init__(self, machine: Machine, nursery: trio.Nursery) -> None:
        super().__init__(machine, trio.current_time, trio.Event, _Line)
        self._nursery = nursery
        self._alarm = trio.CancelScope()

    def _arm(self, deadline: float) -> None:
        self._alarm.deadline = deadline

    async def _keep_time(self) -> None:
        while True:
            with trio.CancelScope(deadline=self._alarm_at) as self._alarm:
                await trio.sleep_forever()
            self._fire()


class _Line:
    """A task that connects and reads, and a task that writes."""

    def __init__(self, session: Session, stream: int) -> None:
        self._session = session
        self._stream = stream
        self._scope = trio.CancelScope()
        self._bell = trio.Event()
        self._broken: Exception | None = None
        self._wanted = self._ended = False

    def open(self, endpoint: Endpoint) -> None:
        self._session._nursery.start_soon(self._run, endpoint)

    def look(self, *, wanted: bool) -> None:
        self._wanted = wanted
        self._bell.set()
        self._bell = trio.Event()

    def drop(self) -> None:
        self._scope.cancel()

    async def _run(self, endpoint: Endpoint) -> None:
        with self._scope:
            try:
                tcp = await trio.open_tcp_stream(endpoint.host, endpoint.port)
            except _tcp.CONNECT_ERRORS as error:
                self._session._failed(self._stream, _tcp.unopened(error))
                return
            async with tcp, trio.open_nursery() as nursery:
                _tcp.tune(tcp.socket)
                self._session._opened(self._stream)
                nursery.start_soon(self._write, tcp)
                await self._read(tcp)

    async def _read(self, tcp: trio.SocketStream) -> None:
        try:
            while not self._ended:
                while not self._wanted and self._broken is None:
                    await self._bell.wait()
                data = await tcp.receive_some(_tcp.READ_SIZE)
                if not data and self._broken is not None:  # the end that a reset leaves behind
                    raise self._broken
                self._ended = not data
                self._session._received(self._stream, data)
        except trio.BrokenResourceError as error:
            self._session._failed(self._stream, _tcp.lost(error))

    async def _write(self, tcp: trio.SocketStream) -> None:
        try:
            while True:
                bell = self._bell
                while data := self._session._pull(self._stream):
                    await tcp.send_all(data)
                await bell.wait()
        except trio.BrokenResourceError as error:
            self._broken = error
            self.look(wanted=True)  # what the peer said last is still there to be read
            if self._ended:
                self._session._failed(self._stream, _tcp.lost(error))
