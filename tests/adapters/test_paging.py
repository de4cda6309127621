"""Paging by every driver, from a small Reflex on loopback."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice

import httpx
import pytest

from drivers import AsyncDriver, Driver
from graphql_peer import DATA, GraphQLServer
from hercle_proto import GraphQLError, RemoteProtocolError
from hercle_proto.reflex import FindInvoices, Part, PushInvoice, reflex_exchange
from hercle_sandbox import running_sandbox
from http_servers import serving
from rest_peer import Asked, Reaction

pytestmark = pytest.mark.usefixtures("nothing_left")

EXAMPLE = json.loads((DATA / "push-invoice.json").read_text("utf-8"))
PUSH = PushInvoice(EXAMPLE["invoice"]["payment_request"])

Listed = Callable[..., list[str | None]]


def nothing() -> None:
    """What happens in between, usually."""


@contextmanager
def searching(driver: Driver, url: str, key: str = "s3cret") -> Generator[Listed]:
    """What gives the ids of all invoices, or of the first few, that a search finds. After the first
    it lets something happen.
    """
    with driver.open(lambda by: by.open_reflex(key, url=url)) as client:
        match driver:
            case AsyncDriver(module=module):
                by = importlib.import_module(module)

                async def collect(
                    find: FindInvoices, most: int, then: Callable[[], None]
                ) -> list[str | None]:
                    found = by.iter_invoices(client._session, find)
                    ids: list[str | None] = []
                    while len(ids) < most and (row := await anext(found, None)):
                        ids.append(row.id)
                        (then if len(ids) == 1 else nothing)()
                    return ids

                yield lambda find, most=99, then=nothing: client._portal.call(
                    collect, find, most, then
                )
            case _:
                by = importlib.import_module("hercle_adapters.blocking")

                def listed(
                    find: FindInvoices, most: int = 99, then: Callable[[], None] = nothing
                ) -> list[str | None]:
                    found = by.iter_invoices(client._session, find)
                    first = [row.id for row in islice(found, 1)]
                    then()
                    return first + [row.id for row in islice(found, most - 1)]

                yield listed


@pytest.fixture
def server() -> GraphQLServer:
    server = GraphQLServer()
    server.invoices += [{"id": f"r{number}", "payment_request": "x"} for number in range(5)]
    return server


def test_all_pages(driver: Driver, server: GraphQLServer) -> None:
    before = datetime.now(UTC)
    with serving(server) as url, searching(driver, url) as listed:
        assert listed(FindInvoices(limit=2, offset=1)) == ["r1", "r2", "r3", "r4"]
    asked = [asked.fields for asked in server.asked]
    assert [each["variables"]["page"]["offset"] for each in asked] == [1, 3, 5]
    [to] = {each["variables"]["filter"]["to"] for each in asked}
    assert before <= datetime.fromisoformat(to) <= datetime.now(UTC)
    assert {each["query"] for each in asked} == {FindInvoices(parts=Part.LIST).document}


def test_only_what_is_taken_is_fetched(driver: Driver, server: GraphQLServer) -> None:
    with serving(server) as url, searching(driver, url) as listed:
        assert listed(FindInvoices(limit=2), 3) == ["r0", "r1", "r2"]
        assert len(server.asked) == 2
        assert listed(FindInvoices()) == ["r0", "r1", "r2", "r3", "r4"]


def test_a_server_that_does_not_page(driver: Driver, server: GraphQLServer) -> None:
    rows = {"data": {"getInvoices": {"find_many": {"list": [{"id": "a"}, {"id": "b"}]}}}}
    with (
        serving(lambda _: Reaction(200, json.dumps(rows).encode())) as url,
        searching(driver, url) as listed,
        pytest.raises(RemoteProtocolError, match="offset 2 holds nothing that was not"),
    ):
        listed(FindInvoices(limit=2))


def test_an_error_between_pages(driver: Driver, server: GraphQLServer) -> None:
    def react(asked: Asked) -> Reaction:
        if asked.fields["variables"]["page"]["offset"]:
            return Reaction(200, b'{"errors": [{"message": "tired"}], "data": null}')
        return server(asked)

    with serving(react) as url, searching(driver, url) as listed:
        with pytest.raises(GraphQLError, match="tired"):
            listed(FindInvoices(limit=2))
        assert listed(FindInvoices(limit=2), 2) == ["r0", "r1"]


def test_a_search_from_tomorrow_on_can_be_made(driver: Driver, server: GraphQLServer) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with serving(server) as url, searching(driver, url) as listed:
        listed(FindInvoices(from_=tomorrow))
    [asked] = server.asked
    chosen = asked.fields["variables"]["filter"]
    assert chosen["from"] == chosen["to"]


def test_a_push_between_pages(driver: Driver) -> None:
    """Against the sandbox, which heeds `to`."""
    with running_sandbox() as sandbox:

        def push() -> None:
            exchange = reflex_exchange(PUSH, sandbox.api_key, url=sandbox.url)
            httpx.post(
                exchange.url, headers=exchange.headers, content=exchange.body
            ).raise_for_status()

        def push_later() -> None:
            sandbox.set_clock_offset(timedelta(hours=1))
            push()

        for _ in range(5):
            push()
        with searching(driver, sandbox.url, sandbox.api_key) as listed:
            before = listed(FindInvoices())
            assert len(set(before)) == 5
            assert listed(FindInvoices(limit=2), then=push_later) == before
            later = datetime.now(UTC) + timedelta(hours=2)
            assert listed(FindInvoices(limit=4, to=later))[1:] == before
