"""The driver for anyio: that of the loop which anyio runs on.

anyio's cancellation, time-outs and task groups work with any code of that loop, so nothing else is
needed; anyio's streams would cost two thirds of the speed on asyncio, and drop what the peer said
last when a write fails.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module

from sniffio import current_async_library

from hercle_adapters import _machines, _paging
from hercle_adapters._session import AsyncSession as Session
from hercle_proto import Machine

__all__ = ["Session", "drive", "iter_invoices", "open_hercle", "open_hercle_rest"]
__all__ += ["open_reflex", "open_signalr"]


@asynccontextmanager
async def drive(machine: Machine) -> AsyncGenerator[Session]:
    """Drive a machine for as long as the block lasts.

    Entering waits for its first connection and raises why there never will be one. Leaving in order
    says goodbye; an error or a cancellation drops everything at once. What the block raises leaves
    as itself, not in a group.
    """
    native = import_module(f"hercle_adapters.{current_async_library()}")
    async with native.drive(machine) as session:
        yield session


open_hercle = _machines.opener(drive, _machines.hercle)
open_hercle_rest = _machines.opener(drive, _machines.hercle_rest)
open_reflex = _machines.opener(drive, _machines.reflex)
open_signalr = _machines.opener(drive, _machines.signalr)
iter_invoices = _paging.iter_invoices
