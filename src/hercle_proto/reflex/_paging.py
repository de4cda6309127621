"""All that a `FindInvoices` finds, page by page. Who fetches the pages, and how, is open."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime
from typing import Protocol

from attrs import define, evolve, field

from hercle_proto._errors import LocalProtocolError, RemoteProtocolError
from hercle_proto.reflex._commands import FindInvoices
from hercle_proto.reflex._documents import Part
from hercle_proto.reflex._models import FoundInvoices, ReflexInvoice
from hercle_proto.reflex._rules import check_aware

__all__ = ["AsyncCaller", "Caller", "Pages"]


class Caller(Protocol):
    """What has a search carried out, such as a session of the blocking driver."""

    def call(self, command: FindInvoices) -> FoundInvoices: ...


class AsyncCaller(Protocol):
    """What has a search carried out, such as a session of an asynchronous driver."""

    async def call(self, command: FindInvoices) -> FoundInvoices: ...


@define(eq=False)
class Pages:
    """The pages of a search, from its `offset` to the end: which to ask for, and what is new.

    `now` is the present, aware; it becomes `to` if the search has none, so that what is pushed
    meanwhile shifts no page. Should pages shift nevertheless, a row whose id was told is not told
    again; one without id always is. Only the list is asked for. A page shorter than `limit` is the
    last. Raises `InvalidArgument`.
    """

    find: FindInvoices
    now: datetime = field(kw_only=True, validator=check_aware)
    _wanted: FindInvoices = field(init=False, repr=False)
    _offset: int = field(init=False)
    _over: bool = field(default=False, init=False)
    _told: set[str] = field(factory=set, init=False, repr=False)
    _before: tuple[ReflexInvoice, ...] = field(default=(), init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        # a search from tomorrow on finds nothing, and is none that cannot be made
        to = self.find.to or max(self.now, self.find.from_ or self.now)
        self._wanted = evolve(self.find, to=to, parts=Part.LIST)
        self._offset = self.find.offset

    @property
    def command(self) -> FindInvoices | None:
        """What to ask for next, the same until its answer is taken; None when all was read.

        Raises `InvalidArgument` for rows beyond those that an offset can count.
        """
        return None if self._over else evolve(self._wanted, offset=self._offset)

    def take(self, page: FoundInvoices) -> list[ReflexInvoice]:
        """The answer to `command`: its rows that were not told before.

        Raises `RemoteProtocolError` for a full page on which nothing is new, which is a server that
        does not page (or one that got as many invoices meanwhile, and does not heed `to`);
        `LocalProtocolError` after the last page.
        """
        if self._over:
            raise LocalProtocolError("all pages were read")
        rows, before = page.list, self._before
        new = [row for row in rows if self._is_new(row)]
        if len(rows) < self.find.limit:
            self._over = True
        elif not new or rows == before:
            raise RemoteProtocolError(
                f"the page at offset {self._offset} holds nothing that was not on earlier ones"
            )
        else:
            self._before = rows
            self._offset += len(rows)
        return new

    def _is_new(self, row: ReflexInvoice) -> bool:
        if row.id is None:
            return True
        known = row.id in self._told
        self._told.add(row.id)
        return not known

    def each(self, fetch: Callable[[FindInvoices], FoundInvoices]) -> Iterator[ReflexInvoice]:
        """Every invoice. `fetch` has a command carried out, as a session's `call` does; what it
        raises leaves as it is, and iterating on asks for that page again.
        """
        return _Each(self, fetch)

    def each_async(
        self, fetch: Callable[[FindInvoices], Awaitable[FoundInvoices]]
    ) -> AsyncIterator[ReflexInvoice]:
        """Every invoice, as `each` gives them. Leaving early needs no goodbye."""
        return _EachAsync(self, fetch)


# Generators end with the first error, and iterating on would look as if all had been told;
# asynchronous ones also want to be closed.


@define(eq=False)
class _Each(Iterator[ReflexInvoice]):
    _pages: Pages
    _fetch: Callable[[FindInvoices], FoundInvoices]
    _rows: deque[ReflexInvoice] = field(factory=deque, init=False)

    def __next__(self) -> ReflexInvoice:
        while not self._rows:
            if (command := self._pages.command) is None:
                raise StopIteration
            self._rows += self._pages.take(self._fetch(command))
        return self._rows.popleft()


@define(eq=False)
class _EachAsync(AsyncIterator[ReflexInvoice]):
    _pages: Pages
    _fetch: Callable[[FindInvoices], Awaitable[FoundInvoices]]
    _rows: deque[ReflexInvoice] = field(factory=deque, init=False)

    async def __anext__(self) -> ReflexInvoice:
        while not self._rows:
            if (command := self._pages.command) is None:
                raise StopAsyncIteration
            self._rows += self._pages.take(await self._fetch(command))
        return self._rows.popleft()
