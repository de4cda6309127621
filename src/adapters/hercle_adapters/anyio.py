"""The driver for anyio, on asyncio or on trio."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Final

import anyio
from anyio.abc import SocketAttribute

from hercle_adapters import _machines
from hercle_adapters._structured import Library, StructuredSession, Tcp, driven
from hercle_adapters._tcp import READ_SIZE, tune
from hercle_proto import Machine

__all__ = ["Session", "drive", "open_hercle", "open_hercle_rest", "open_signalr"]

Session = StructuredSession


def drive(machine: Machine) -> AbstractAsyncContextManager[Session]:
    """Drive a machine for as long as the block lasts.

    Entering waits for its first connection and raises why there never will be one. Leaving in order
    says goodbye; an error or a cancellation drops everything at once. What the block raises leaves
    as itself, not in a group.
    """
    return driven(machine, _LIBRARY)


open_hercle = _machines.opener(drive, _machines.hercle)
open_hercle_rest = _machines.opener(drive, _machines.hercle_rest)
open_signalr = _machines.opener(drive, _machines.signalr)


async def _connect(host: str, port: int) -> Tcp:
    stream = await anyio.connect_tcp(host, port)
    tune(stream.extra(SocketAttribute.raw_socket))

    async def read() -> bytes:
        try:
            return await stream.receive(READ_SIZE)
        except anyio.EndOfStream:
            return b""

    return Tcp(read, stream.send, partial(anyio.aclose_forcefully, stream))


_LIBRARY: Final = Library(
    clock=anyio.current_time,
    bell=anyio.Event,
    scope_until=lambda deadline: anyio.CancelScope(deadline=deadline),
    nursery=anyio.create_task_group,
    connect=_connect,
    broken=anyio.BrokenResourceError,
)
