"""The driver for asyncio: one `Protocol` a stream, and no task but while it opens."""

from __future__ import annotations

import asyncio
import socket
import threading
from asyncio import FIRST_COMPLETED
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from math import inf
from typing import Final, cast

from hercle_adapters import _machines, _paging, _tcp
from hercle_adapters._session import AsyncSession
from hercle_proto import Endpoint, Machine

__all__ = ["Session", "drive", "iter_invoices", "open_hercle", "open_hercle_rest"]
__all__ += ["open_reflex", "open_signalr"]

# Seconds until the next address is tried beside the one before (RFC 8305, section 5).
_NEXT_ATTEMPT: Final = 0.25


@asynccontextmanager
async def drive(machine: Machine) -> AsyncGenerator[Session]:
    """Drive a machine for as long as the block lasts.

    Entering waits for its first connection and raises why there never will be one. Leaving in order
    says goodbye; an error or a cancellation drops everything at once.
    """
    session = Session(machine, asyncio.get_running_loop())
    try:
        await session._begin()
        yield session
        await session._leave()
    finally:
        session._finish()
        while session._living:
            await session._listen().wait()


open_hercle = _machines.opener(drive, _machines.hercle)
open_hercle_rest = _machines.opener(drive, _machines.hercle_rest)
open_reflex = _machines.opener(drive, _machines.reflex)
open_signalr = _machines.opener(drive, _machines.signalr)
iter_invoices = _paging.iter_invoices


class Session(AsyncSession):
    """A machine at work on asyncio. Iterate over it for what nobody asked for."""

    def __init__(self, machine: Machine, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(machine, loop.time, asyncio.Event, _Line)
        self._loop = loop
        self._alarm: asyncio.TimerHandle | None = None
        self._living: set[_Line] = set()

    def _arm(self, deadline: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._loop.call_at(deadline, self._fire) if deadline < inf else None

    def _schedule(self) -> None:
        self._loop.call_soon(self._pump)


class _ReceiveBuffer(threading.local):
    """One for all streams of a loop: it is filled and emptied within one callback."""

    def __init__(self) -> None:
        self.view = memoryview(bytearray(4 * _tcp.READ_SIZE))


_BUFFER: Final = _ReceiveBuffer()


class _Line(asyncio.BufferedProtocol):
    """A transport's protocol; among the session's `_living` from its opening to its very end."""

    def __init__(self, session: Session, stream: int) -> None:
        self._session = session
        self._stream = stream
        self._opening: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._reading = True
        self._ended = self._full = False

    # -- for the session ---------------------------------------------------------------------------

    def open(self, endpoint: Endpoint) -> None:
        self._session._living.add(self)
        self._opening = self._session._loop.create_task(self._connect(endpoint))
        self._opening.add_done_callback(self._conclude)

    def look(self, *, wanted: bool) -> None:
        if self._transport is None:
            return
        if wanted is not self._reading and not self._ended:
            self._reading = wanted
            (self._transport.resume_reading if wanted else self._transport.pause_reading)()
        self._write(self._transport)

    def drop(self) -> None:
        if self._transport is not None:
            self._transport.abort()
        elif self._opening is not None:
            self._opening.cancel()

    async def _connect(self, endpoint: Endpoint) -> None:
        try:
            loop = self._session._loop
            found = _tcp.literal(endpoint) or await asyncio.to_thread(_tcp.resolve, endpoint)
            await loop.create_connection(lambda: self, sock=await _first_to_connect(found))
        except _tcp.CONNECT_ERRORS as error:
            self._session._failed(self._stream, _tcp.unopened(error))

    def _conclude(self, _: object) -> None:
        if self._transport is None:
            self._session._living.discard(self)
            self._session._ring(None)

    def _write(self, transport: asyncio.Transport) -> None:
        while not self._full and not transport.is_closing():  # which would swallow it
            if not (data := self._session._pull(self._stream)):
                break
            transport.write(data)

    # -- for asyncio -------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=0)  # not with the system yet: that is full
        _tcp.tune(transport.get_extra_info("socket"))
        self._session._opened(self._stream)

    def get_buffer(self, sizehint: int) -> memoryview:
        return _BUFFER.view

    def buffer_updated(self, nbytes: int) -> None:
        self._session._received(self._stream, _BUFFER.view[:nbytes])

    def eof_received(self) -> bool:
        self._ended = True
        self._session._received(self._stream, b"")
        return True  # it stays open until the machine closes it

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._session._pump_soon()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport and exc and not self._ended and self._stream in self._session._lines:
            self._read_last_words(self._transport)
        self._session._failed(self._stream, _tcp.lost(exc))
        self._transport = None
        self._conclude(None)

    def _read_last_words(self, transport: asyncio.Transport) -> None:
        """A transport that failed to write reads no more; but what the peer said last is there."""
        sock = transport.get_extra_info("socket")
        with suppress(OSError), socket.fromfd(sock.fileno(), sock.family, sock.type) as rest:
            rest.setblocking(False)
            while data := rest.recv(_tcp.READ_SIZE):  # its end would be that of the reset
                self._session._received(self._stream, data)


async def _first_to_connect(addresses: list[_tcp.Address]) -> socket.socket:
    """Happy eyeballs (RFC 8305). The library's own leak a socket if cancelled as it connects."""
    attempts: set[asyncio.Task[socket.socket]] = set()
    failure: BaseException = OSError("no address")
    try:
        while addresses or attempts:
            if addresses:
                attempts.add(asyncio.create_task(_attempt(addresses.pop(0))))
            delay = _NEXT_ATTEMPT if addresses else None
            done, _ = await asyncio.wait(attempts, timeout=delay, return_when=FIRST_COMPLETED)
            for attempt in done:
                attempts.remove(attempt)
                if (error := attempt.exception()) is None:
                    return attempt.result()
                failure = error
        raise failure
    finally:
        for attempt in attempts:
            attempt.cancel()
            attempt.add_done_callback(_hang_up)


async def _attempt(address: _tcp.Address) -> socket.socket:
    sock = socket.socket(*address[:3])
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, address[4])
    except BaseException:
        sock.close()
        raise
    return sock


def _hang_up(attempt: asyncio.Task[socket.socket]) -> None:
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().close()
