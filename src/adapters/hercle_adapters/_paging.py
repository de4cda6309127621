"""All that a search at Reflex finds: `hercle_proto.reflex.Pages`, with the system's calendar."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

from hercle_proto.reflex import AsyncCaller, Caller, FindInvoices, Pages, ReflexInvoice

__all__ = ["iter_blocking", "iter_invoices"]


def iter_invoices(session: AsyncCaller, find: FindInvoices) -> AsyncIterator[ReflexInvoice]:
    """Every invoice that `find` finds, from its `offset` to the end, each once; see `Pages`.

    What is pushed from now on is left out, by this machine's clock, unless `find` has a `to`. A
    page is fetched when it is needed, and its `call` raises what it ended with; iterating on asks
    for it again. Raises `RemoteProtocolError` if the server does not page.
    """
    return Pages(find, now=datetime.now(UTC)).each_async(session.call)


def iter_blocking(session: Caller, find: FindInvoices) -> Iterator[ReflexInvoice]:
    """Every invoice that `find` finds, from its `offset` to the end, each once; see `Pages`.

    What is pushed from now on is left out, by this machine's clock, unless `find` has a `to`. A
    page is fetched when it is needed, and its `call` raises what it ended with; iterating on asks
    for it again. Raises `RemoteProtocolError` if the server does not page.
    """
    return Pages(find, now=datetime.now(UTC)).each(session.call)
