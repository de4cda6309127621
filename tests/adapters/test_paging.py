"""Paging by every driver, from a small Reflex on loopback."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from drivers import AsyncDriver, BlockingDriver, Driver
from graphql_peer import GraphQLServer
from hercle_proto import GraphQLError, RemoteProtocolError
from hercle_proto.reflex import FindInvoices, Part
from http_servers import serving
from rest_peer import Asked, Reaction

pytestmark = pytest.mark.usefixtures("nothing_left")

Listed = Callable[..., list[str | None]]


@contextmanager
def searching(driver: Driver, url: str) -> Generator[Listed]:
    """What gives the ids of all invoices, or of the first few, that a search finds."""
    match driver:
        case AsyncDriver(module=module):
            by = importlib.import_module(module)
            with driver.open(lambda by: by.open_reflex("s3cret", url=url)) as client:

                async def collect(find: FindInvoices, most: int) -> list[str | None]:
                    found = by.iter_invoices(client._session, find)
                    ids: list[str | None] = []
                    while len(ids) < most and (row := await anext(found, None)):
                        ids.append(row.id)
                    await found.aclose()
                    return ids

                yield lambda find, most=99: client._portal.call(collect, find, most)
        case BlockingDriver():
            by = importlib.import_module("hercle_adapters.blocking")
            with driver.open(lambda by: by.open_reflex("s3cret", url=url)) as client:
                yield lambda find, most=99: [
                    row.id for row in islice(by.iter_invoices(client._session, find), most)
                ]


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
