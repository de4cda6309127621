"""`hercle invoice watch`: what happens to invoices from now on, until somebody ends it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from attrs import frozen

from hercle_adapters.asyncio import Session, open_hercle, open_hercle_rest
from hercle_cli._exits import Exit, Failed, tell
from hercle_cli._news import News
from hercle_cli._target import Target
from hercle_cli._text import counted
from hercle_proto.client import Connected, Reconnecting
from hercle_proto.hercle import (
    InvoiceAppeared,
    InvoiceChanged,
    InvoiceClosed,
    InvoiceSnapshot,
    ListingFailed,
    StopWatching,
    WaitClosed,
    Watch,
)

__all__ = ["Watching", "wait_closed", "watch_all"]


@frozen
class Watching:
    """Whom to ask, for how many seconds (None is without end), and where news goes."""

    target: Target
    rest: bool
    timeout: float | None
    show: Callable[[News], None]


def watch_all(watching: Watching) -> None:
    """Show all that happens. Raises `KeyboardInterrupt` for Ctrl-C and SIGTERM, `Failed` if nothing
    is listed in time, and why the session ended."""
    try:
        _run(_watch(watching))
    except TimeoutError:
        line = f"nothing was listed within {watching.timeout:g} s"
        raise Failed(Exit.CONNECTION, line) from None


def wait_closed(watching: Watching, invoice_id: str) -> None:
    """Show the closing of one invoice. Raises `Failed` if it does not come in time, and what
    `watch_all` raises."""
    try:
        _run(_wait(watching, invoice_id))
    except TimeoutError:
        line = f"invoice {invoice_id} was not closed within {watching.timeout:g} s"
        raise Failed(Exit.NOT_IN_TIME, line) from None


def _run(work: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(work)
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


@asynccontextmanager
async def _listed(
    watching: Watching,
) -> AsyncGenerator[tuple[Session, InvoiceSnapshot, float | None]]:
    """A session, what is listed at first, and when the time is over by the loop's clock.

    Raises `TimeoutError` if nothing is listed by then.
    """
    task = asyncio.current_task()
    assert task is not None
    with suppress(NotImplementedError):  # Windows, where nobody sends it
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    opening = open_hercle_rest if watching.rest else open_hercle
    async with (
        asyncio.timeout(watching.timeout) as limit,
        opening(watching.target.key, url=watching.target.url) as session,
    ):
        snapshot = await session.call(Watch())
        end = limit.when()
        limit.reschedule(None)  # the block minds it; the goodbye is not to be cut short
        for row in snapshot.unreadable:
            tell(f"row {row.index} could not be read at {row.path}: {row.problem}")
        yield session, snapshot, end


async def _watch(watching: Watching) -> None:
    async with _listed(watching) as (session, snapshot, end):
        tell(f"watching; {counted(len(snapshot.invoices))} listed now")
        with suppress(TimeoutError):
            async with asyncio.timeout_at(end):
                await _tell_all(session, watching.show)


async def _wait(watching: Watching, invoice_id: str) -> None:
    async with _listed(watching) as (session, _, end):
        tell(f"waiting for invoice {invoice_id} to be closed")
        telling = asyncio.create_task(_tell_all(session, lambda _: None))
        try:
            async with asyncio.timeout_at(end):
                closing = await session.call(WaitClosed(invoice_id))
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        watching.show(closing)


async def _tell_all(session: Session, show: Callable[[News], None]) -> None:
    """Until the session ends, and then raise why."""
    connected = True
    async for event in session:
        match event:
            case InvoiceAppeared() | InvoiceChanged() | InvoiceClosed():
                show(event)
            case Reconnecting(attempt=attempt, delay=delay, cause=cause):
                connected = False
                tell(f"not connected: {cause}; attempt {attempt} follows in {delay:.0f} s")
            case ListingFailed(error=error, delay=delay):
                tell(f"no listing: {error}; asked again in {delay:.0f} s")
            case Connected() if not connected:
                connected = True
                tell("connected again")
            case _:
                pass
    await session.call(StopWatching())
