"""Reflex by every driver, from a small Reflex on loopback: the vendor's own example, pushed as it
stands."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from typing import Any

import pytest

from drivers import Driver
from graphql_peer import DATA, GraphQLServer
from hercle_proto import CommandRefused, GraphQLError, OutcomeUnknown, Unauthorized
from hercle_proto.reflex import FindInvoices, GetHello, Part, PushInvoice, Tag
from http_servers import serving
from rest_peer import Asked, Reaction

pytestmark = pytest.mark.usefixtures("nothing_left")

EXAMPLE: dict[str, Any] = json.loads((DATA / "push-invoice.json").read_text("utf-8"))
PUSH = PushInvoice(
    EXAMPLE["invoice"]["payment_request"],
    EXAMPLE["invoice"]["description"],
    [
        Tag.of("product-id", 534271),
        Tag.of("user-id", "61274095-7828-45dd-98e8-2daabdb39386"),
        Tag.of("is-withdrawal", True),
    ],
)


@pytest.fixture
def server() -> GraphQLServer:
    return GraphQLServer()


@pytest.fixture
def url(server: GraphQLServer) -> Generator[str]:
    with serving(server) as url:
        yield url


def test_the_vendors_example(driver: Driver, server: GraphQLServer, url: str) -> None:
    with driver.open(lambda by: by.open_reflex(server.key, url=url, timezone="UTC")) as reflex:
        assert reflex.call(GetHello()) == "Hello!"
        pushed = reflex.call(PUSH)
        assert pushed.invoice.payment_request == PUSH.payment_request
        assert pushed.checks.destinations[0].checks.ips.list[0].port == 9735
        found = reflex.call(FindInvoices(parts=Part.LIST | Part.AGGREGATED))
        assert [row.id for row in found.list] == [pushed.invoice.id]
        assert found.aggregated.total.count == 1
    sent = server.asked[1].fields
    assert sent["variables"] == EXAMPLE
    assert sent["query"] == (DATA / "push-invoice.graphql").read_text("utf-8")
    assert {asked.headers["cookie"] for asked in server.asked} == {"amboss-reflex-api-timezone=UTC"}


def test_a_refused_key(driver: Driver, url: str) -> None:
    with driver.open(lambda by: by.open_reflex("wrong", url=url)) as reflex:
        with pytest.raises(CommandRefused) as caught:
            reflex.call(PUSH)
        assert isinstance(caught.value.__cause__, Unauthorized)


def test_errors_with_and_without_data(driver: Driver) -> None:
    data = {"pushInvoice": {"invoice": {"id": "a"}, "checks": None}}
    errors = [{"message": "no", "path": ["pushInvoice", "checks"], "extensions": {"code": "C"}}]
    bodies = [{"errors": [{"message": "what?"}]}, {"errors": errors, "data": data}]

    def react(_: Asked) -> Reaction:
        return Reaction(200, json.dumps(bodies.pop(0)).encode())

    with (
        serving(react) as url,
        driver.open(lambda by: by.open_reflex("key", url=url)) as reflex,
    ):
        with pytest.raises(GraphQLError, match=re.escape("what?")):
            reflex.call(PUSH)
        with pytest.raises(
            OutcomeUnknown, match=re.escape("no (at pushInvoice.checks, C)")
        ) as caught:
            reflex.call(PUSH)
        assert isinstance(caught.value.cause, GraphQLError)
        assert caught.value.cause.data == data
