"""Paging: whatever the pages hold and whatever is pushed between them, nothing is lost or told
twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
from attrs import define, evolve
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto import InvalidArgument, LocalProtocolError, RemoteProtocolError
from hercle_proto.reflex import FindInvoices, FoundInvoices, Pages, Part, ReflexInvoice, Tag

NOW = datetime(2023, 11, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def row(number: int) -> ReflexInvoice:
    return ReflexInvoice(id=f"r{number}")


def page(*rows: ReflexInvoice) -> FoundInvoices:
    return FoundInvoices(list=rows)


def pages(find: FindInvoices, now: datetime = NOW) -> Pages:
    return Pages(find, now=now)


# -- what is asked ---------------------------------------------------------------------------------

ASKED: list[tuple[FindInvoices, datetime, FindInvoices]] = [
    # a search, the present → the first command
    (FindInvoices(), NOW, FindInvoices(to=NOW, parts=Part.LIST)),
    (FindInvoices(to=NOW - SECOND), NOW, FindInvoices(to=NOW - SECOND, parts=Part.LIST)),
    (FindInvoices(to=NOW + SECOND), NOW, FindInvoices(to=NOW + SECOND, parts=Part.LIST)),
    (
        FindInvoices(from_=NOW + SECOND),
        NOW,
        FindInvoices(from_=NOW + SECOND, to=NOW + SECOND, parts=Part.LIST),
    ),
    (
        FindInvoices(
            from_=NOW - SECOND,
            tags=(Tag.of("a", 1),),
            limit=7,
            offset=9,
            sort_column="x",
            sort_direction="ASC",
            parts=Part.STATS,
        ),
        NOW,
        FindInvoices(
            from_=NOW - SECOND,
            to=NOW,
            tags=(Tag.of("a", 1),),
            limit=7,
            offset=9,
            sort_column="x",
            sort_direction="ASC",
            parts=Part.LIST,
        ),
    ),
]


@pytest.mark.parametrize(("find", "now", "first"), ASKED)
def test_what_is_asked_first(find: FindInvoices, now: datetime, first: FindInvoices) -> None:
    assert pages(find, now).command == first


def test_only_the_offset_moves() -> None:
    search = pages(FindInvoices(limit=2, offset=5))
    first = search.command
    assert first is not None
    assert search.take(page(row(1), row(2))) == [row(1), row(2)]
    assert search.command == evolve(first, offset=7)
    assert search.command == evolve(first, offset=7)  # asking for it changes nothing
    assert search.take(page(row(3))) == [row(3)]
    assert search.command is None


@pytest.mark.parametrize(
    ("now", "got"),
    [(datetime(2023, 11, 1), "one without"), ("2023-11-01", "str"), (None, "NoneType")],  # noqa: DTZ001
)
def test_a_present_without_time_zone_is_refused(now: datetime, got: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        pages(FindInvoices(), now)
    assert (caught.value.argument, caught.value.got) == ("now", got)


def test_any_time_zone_will_do() -> None:
    command = pages(FindInvoices(), NOW.astimezone(timezone(timedelta(hours=-5)))).command
    assert command is not None
    assert command.variables["filter"] == {"to": "2023-11-01T00:00:00Z"}


# -- where it ends ---------------------------------------------------------------------------------

A, B, C = (row(number) for number in range(3))
ANON, OTHER = ReflexInvoice(description="x"), ReflexInvoice(description="y")

TOLD: list[tuple[list[FoundInvoices], list[ReflexInvoice]]] = [
    # pages of two → what is told
    ([page()], []),
    ([page(A)], [A]),
    ([page(A, B), page()], [A, B]),
    ([page(A, B), page(C)], [A, B, C]),
    ([page(A, B), page(B, C), page(C)], [A, B, C]),
    ([page(A, A), page(A)], [A]),
    ([page(A, B, C), page()], [A, B, C]),  # more than asked for
    ([page(ANON)], [ANON]),
    ([page(ANON, ANON), page(ANON)], [ANON, ANON, ANON]),
    ([page(ANON, ANON), page(ANON, OTHER), page()], [ANON, ANON, ANON, OTHER]),
    ([page(A, ANON), page(A, OTHER), page()], [A, ANON, OTHER]),
    ([page(A, B), page(evolve(A, description="changed"))], [A, B]),
]


@pytest.mark.parametrize(("answers", "told"), TOLD)
def test_what_is_told(answers: Sequence[FoundInvoices], told: list[ReflexInvoice]) -> None:
    search = pages(FindInvoices(limit=2))
    found = [invoice for answer in answers for invoice in search.take(answer)]
    assert found == told
    assert search.command is None
    with pytest.raises(LocalProtocolError, match="all pages were read"):
        search.take(page(C))


STUCK: list[list[FoundInvoices]] = [
    # the last of these pages of two is one too many
    [page(A, B), page(A, B)],
    [page(A, B), page(B, A)],
    [page(A, B), page(B, C), page(C, A)],
    [page(A, A), page(A, A)],
    [page(ANON, ANON), page(ANON, ANON)],
    [page(A, ANON), page(A, ANON)],
    [page(A, B, C), page(A, B, C)],
]


@pytest.mark.parametrize("answers", STUCK)
def test_a_server_that_does_not_page_is_told_as_such(answers: list[FoundInvoices]) -> None:
    search = pages(FindInvoices(limit=2))
    for answer in answers[:-1]:
        search.take(answer)
    before = search.command
    with pytest.raises(RemoteProtocolError, match="nothing that was not on earlier ones"):
        search.take(answers[-1])
    assert search.command == before
    assert search.take(page(row(9))) == [row(9)]  # asked again, it came to its senses


def test_rows_beyond_what_an_offset_can_count() -> None:
    search = pages(FindInvoices(limit=2, offset=2**31 - 2))
    assert search.take(page(A, B)) == [A, B]
    with pytest.raises(InvalidArgument, match="offset"):
        search.command  # noqa: B018


# -- whatever happens ------------------------------------------------------------------------------


@define
class Server:
    """Keeps invoices, the newest first. `pushes` says how many come before each of its pages."""

    rows: list[tuple[datetime, ReflexInvoice]]
    pushes: list[int]
    heeds_to: bool

    def find(self, command: FindInvoices) -> FoundInvoices:
        assert command.to is not None
        for _ in range(self.pushes.pop() if self.pushes else 0):
            self.rows.insert(0, (NOW + SECOND, row(len(self.rows))))
        found = [each for at, each in self.rows if not self.heeds_to or at <= command.to]
        return page(*found[command.offset :][: command.limit])


ROWS = st.lists(st.booleans(), max_size=30).map(
    lambda named: [
        row(number) if name else ReflexInvoice(description=f"{number}")
        for number, name in enumerate(named)
    ]
)
SEARCHES = st.builds(FindInvoices, limit=st.integers(1, 7), offset=st.integers(0, 5))


def ids(rows: Iterable[ReflexInvoice]) -> list[str]:
    return [each.id for each in rows if each.id is not None]


def unnamed(rows: Iterable[ReflexInvoice]) -> set[str | None]:
    return {each.description for each in rows if each.id is None}


@given(ROWS, SEARCHES, st.lists(st.integers(0, 20), max_size=9))
def test_what_is_pushed_meanwhile_changes_nothing(
    rows: list[ReflexInvoice], search: FindInvoices, pushes: list[int]
) -> None:
    server = Server([(NOW, each) for each in rows], pushes, heeds_to=True)
    assert list(pages(search).each(server.find)) == rows[search.offset :]


@given(ROWS, SEARCHES, st.lists(st.integers(0, 20), max_size=9))
def test_nothing_is_lost_where_the_server_does_not_heed_to(
    rows: list[ReflexInvoice], search: FindInvoices, pushes: list[int]
) -> None:
    fewer = [each % search.limit for each in pushes]  # else the page is that from before
    server = Server([(NOW, each) for each in rows], fewer, heeds_to=False)
    told = list(pages(search).each(server.find))
    assert len(ids(told)) == len(set(ids(told)))
    assert set(ids(told)) >= set(ids(rows[search.offset :]))
    assert unnamed(told) >= unnamed(rows[search.offset :])


ANY_ROW = st.builds(
    ReflexInvoice, id=st.none() | st.sampled_from("abcdefgh"), description=st.sampled_from("xy")
)


@given(st.lists(st.lists(ANY_ROW, max_size=5).map(lambda rows: page(*rows))), st.integers(1, 4))
def test_any_pages(answers: list[FoundInvoices], limit: int) -> None:
    search = pages(FindInvoices(limit=limit))
    taken: list[ReflexInvoice] = []
    told: list[ReflexInvoice] = []
    for answer in answers:
        if search.command is None:
            break
        assert search.command.offset == len(taken)
        try:
            told += search.take(answer)
        except RemoteProtocolError:
            assert len(answer.list) >= limit
            assert set(ids(answer.list)) <= set(ids(told))
            assert unnamed(answer.list) <= unnamed(told)
            break
        taken += answer.list
        assert (search.command is None) is (len(answer.list) < limit)
    assert ids(told) == list(dict.fromkeys(ids(taken)))
    assert [each for each in told if each.id is None] == [each for each in taken if each.id is None]


# -- fetching --------------------------------------------------------------------------------------


def test_an_error_leaves_as_it_is_and_costs_no_place() -> None:
    server = Server([(NOW, row(number)) for number in range(5)], [], heeds_to=True)
    failures = [OSError("lost")]

    def fails_once(command: FindInvoices) -> FoundInvoices:
        if command.offset == 2 and failures:
            raise failures.pop()
        return server.find(command)

    search = pages(FindInvoices(limit=2))
    each = search.each(fails_once)
    told: list[ReflexInvoice] = []
    with pytest.raises(OSError, match="lost"):
        told.extend(each)
    assert told == [row(0), row(1)]
    assert list(each) == [row(2), row(3), row(4)]
    assert list(each) == list(search.each(fails_once)) == []


@given(ROWS, SEARCHES)
def test_asynchronously(rows: list[ReflexInvoice], search: FindInvoices) -> None:
    server = Server([(NOW, each) for each in rows], [], heeds_to=True)

    async def fetch(command: FindInvoices) -> FoundInvoices:
        return server.find(command)

    async def collect() -> list[ReflexInvoice]:
        return [invoice async for invoice in pages(search).each_async(fetch)]

    # nothing in it waits, so no event loop is needed
    with pytest.raises(StopIteration) as returned:
        collect().send(None)
    assert returned.value.value == rows[search.offset :]


def test_an_error_costs_no_place_asynchronously() -> None:
    server = Server([(NOW, row(number)) for number in range(5)], [], heeds_to=True)
    failures = [OSError("lost")]

    async def fails_once(command: FindInvoices) -> FoundInvoices:
        if command.offset == 2 and failures:
            raise failures.pop()
        return server.find(command)

    async def collect() -> list[ReflexInvoice]:
        each = pages(FindInvoices(limit=2)).each_async(fails_once)
        told = [await anext(each), await anext(each)]
        with pytest.raises(OSError, match="lost"):
            await anext(each)
        return told + [invoice async for invoice in each]

    with pytest.raises(StopIteration) as returned:
        collect().send(None)
    assert returned.value.value == [row(number) for number in range(5)]


def test_only_what_is_wanted_is_fetched() -> None:
    server = Server([(NOW, row(number)) for number in range(9)], [], heeds_to=True)
    fetched: list[int] = []

    def fetch(command: FindInvoices) -> FoundInvoices:
        fetched.append(command.offset)
        return server.find(command)

    each = pages(FindInvoices(limit=2)).each(fetch)
    assert [next(each), next(each), next(each)] == [row(0), row(1), row(2)]
    assert fetched == [0, 2]
