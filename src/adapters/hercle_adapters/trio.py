"""The driver for trio."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Final

import trio

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
    stream = await trio.open_tcp_stream(host, port)
    tune(stream.socket)
    return Tcp(partial(stream.receive_some, READ_SIZE), stream.send_all, stream.aclose)


_LIBRARY: Final = Library(
    clock=trio.current_time,
    bell=trio.Event,
    scope_until=lambda deadline: trio.CancelScope(deadline=deadline),
    nursery=trio.open_nursery,
    connect=_connect,
    broken=trio.BrokenResourceError,
)
