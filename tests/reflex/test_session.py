"""Reflex on virtual time, against a small Reflex; and exchange by exchange, with httpx."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random

import httpx
import pytest

from graphql_peer import DATA, GraphQLServer
from hercle_proto import (
    CommandRefused,
    Endpoint,
    GraphQLError,
    HercleProtoError,
    InvalidArgument,
    LocalProtocolError,
    NoAnswer,
    Open,
    OutcomeUnknown,
    RemoteProtocolError,
    TimedOut,
)
from hercle_proto.hercle import GetLightningInvoices
from hercle_proto.http import Response
from hercle_proto.reflex import (
    FindInvoices,
    GetHello,
    Pages,
    Part,
    PushInvoice,
    ReflexCommand,
    ReflexInvoice,
    Tag,
    reflex_exchange,
    reflex_session,
)
from hercle_proto.testing import Simulated
from http_servers import serving
from rest_peer import Asked, Reaction, RestPeer

KEY = "s3cret"
INVOICE = json.loads((DATA / "push-invoice.json").read_text("utf-8"))["invoice"]
PAYMENT_REQUEST = INVOICE["payment_request"]
TAGS = [Tag.of("product-id", 534271), Tag.of("user-id", "61274095"), Tag.of("is-withdrawal", True)]
PUSH = PushInvoice(PAYMENT_REQUEST, "User withdrawal", TAGS)


def simulated(
    react: Callable[[Asked], Reaction] | None = None, **options: object
) -> tuple[Simulated, GraphQLServer]:
    server = GraphQLServer()
    session = reflex_session(
        KEY, url="http://localhost:8000", entropy=Random(1).randbytes, **options
    )
    sim = Simulated(session, lambda _, __: RestPeer(react or server))
    sim.start()
    return sim, server


def always(reaction: Reaction) -> Callable[[Asked], Reaction]:
    return lambda _: reaction


# -- a session -------------------------------------------------------------------------------------


def test_its_address() -> None:
    session = reflex_session(KEY, entropy=Random(1).randbytes)
    session.start(now=0)
    session.submit(GetHello(), now=0)
    assert session.actions() == [Open(1, Endpoint("reflex.amboss.tech", 443, tls=True))]
    with pytest.raises(LocalProtocolError, match="no command of Reflex"):
        session.submit(GetLightningInvoices(), now=0)
    with pytest.raises(InvalidArgument, match="time zone"):
        reflex_session(KEY, entropy=Random(1).randbytes, timezone="; a=b")


def test_the_vendors_example_is_pushed_and_found() -> None:
    sim, server = simulated(timezone="Europe/Zurich")
    assert sim.call(GetHello()) == "Hello!"
    pushed = sim.call(PUSH)
    assert pushed.invoice is not None
    assert pushed.invoice.payment_request == PAYMENT_REQUEST
    assert pushed.invoice.amount_msats == 100_000
    assert [tag.key for tag in pushed.invoice.tags] == [tag.key for tag in TAGS]
    assert pushed.checks is not None
    [destination] = pushed.checks.destinations
    assert destination.checks is not None
    assert destination.checks.channels is not None
    assert destination.checks.channels.list[0].chan_id == 878742812000321537
    found = sim.call(FindInvoices())
    assert [row.id for row in found.list] == ["r1"]
    assert found.aggregated is not None
    assert found.aggregated.total is not None
    assert found.aggregated.total.amount_msat == 100_000
    [only] = {asked.target for asked in server.asked}
    assert only == "/graphql"
    assert server.asked[0].headers["cookie"] == "amboss-reflex-api-timezone=Europe/Zurich"
    assert len(sim.opened) == 1


def test_do_not_save() -> None:
    sim, server = simulated()
    assert sim.call(PushInvoice(PAYMENT_REQUEST, do_not_save=True)).invoice is not None
    assert server.invoices == []


def test_a_null_row_ends_no_page() -> None:
    """It is told as an invoice of which nothing is known, and what follows is found."""
    rows = [{"id": "a"}, None, {"id": "b"}, {"id": "c"}, None]

    def react(asked: Asked) -> Reaction:
        page = json.loads(asked.body)["variables"]["page"]
        told = rows[page["offset"] :][: page["limit"]]
        body = {"data": {"getInvoices": {"find_many": {"list": told}}}}
        return Reaction(200, json.dumps(body).encode())

    sim, _ = simulated(react)
    pages = Pages(FindInvoices(limit=2), now=datetime(2023, 11, 1, tzinfo=UTC))
    found = list(pages.each(sim.call))
    assert [row.id for row in found] == ["a", None, "b", "c", None]
    assert found[1] == ReflexInvoice()


def test_a_page_is_as_long_as_asked() -> None:
    sim, _ = simulated()
    for _ in range(3):
        sim.call(PUSH)
    found = sim.call(FindInvoices(limit=2, offset=1, parts=Part.LIST))
    assert [row.id for row in found.list] == ["r2", "r3"]
    assert found.aggregated is None


ENDINGS: list[tuple[Reaction, type[HercleProtoError], type[HercleProtoError]]] = [
    (Reaction(200, b"<html>"), NoAnswer, OutcomeUnknown),
    (Reaction(200), NoAnswer, OutcomeUnknown),
    (Reaction(200, b'{"errors": [{"message": "m"}]}'), GraphQLError, GraphQLError),
    (
        Reaction(200, b'{"errors": [{"message": "m"}], "data": null}'),
        GraphQLError,
        OutcomeUnknown,
    ),
    (Reaction(401), CommandRefused, CommandRefused),
    (Reaction(500), NoAnswer, OutcomeUnknown),
    (Reaction(silent=True), NoAnswer, OutcomeUnknown),
    (Reaction(raw=b"", hang_up=True), NoAnswer, OutcomeUnknown),
    (
        Reaction(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        NoAnswer,
        OutcomeUnknown,
    ),
    (
        Reaction(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n"),
        NoAnswer,
        OutcomeUnknown,
    ),
]


@pytest.mark.parametrize(("reaction", "of_find", "of_push"), ENDINGS)
def test_endings(
    reaction: Reaction, of_find: type[HercleProtoError], of_push: type[HercleProtoError]
) -> None:
    commands: list[tuple[ReflexCommand[object], type[HercleProtoError]]] = [
        (FindInvoices(), of_find),
        (PUSH, of_push),
    ]
    for command, ending in commands:
        sim, _ = simulated(always(reaction))
        call = sim.submit(command)
        sim.run_until(lambda call=call: call.done)
        assert type(call.error) is ending


def test_partial_data_comes_with_the_unknown_outcome() -> None:
    told = {"errors": [{"message": "m", "path": ["pushInvoice", "checks"]}]}
    partial = {"pushInvoice": {"invoice": {"id": "a"}, "checks": None}}
    body = json.dumps({**told, "data": partial}).encode()
    sim, _ = simulated(always(Reaction(200, body)))
    with pytest.raises(OutcomeUnknown) as caught:
        sim.call(PUSH)
    assert isinstance(caught.value.cause, GraphQLError)
    assert caught.value.cause.data == partial
    assert caught.value.cause.path == ("pushInvoice", "checks")


def test_only_what_is_repeatable_waits_for_a_busy_server() -> None:
    busy = Reaction(503, headers=(("Retry-After", "2"),))
    reactions = [busy, busy]
    server = GraphQLServer()
    sim, _ = simulated(lambda asked: reactions.pop() if reactions else server(asked))
    assert sim.call(GetHello()) == "Hello!"
    assert 1004 <= sim.now <= 1006
    reactions.append(busy)
    with pytest.raises(OutcomeUnknown):
        sim.call(PUSH)


def test_a_time_out() -> None:
    sim, _ = simulated(always(Reaction(silent=True)), call_timeout=3)
    with pytest.raises(NoAnswer) as caught:
        sim.call(FindInvoices())
    assert isinstance(caught.value.cause, TimedOut)
    assert sim.now == 1003


def test_the_key_is_told_to_nobody(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    sim, _ = simulated(always(Reaction(200, json.dumps({"errors": f"who is {KEY}?"}).encode())))
    call = sim.submit(FindInvoices())
    told = [*caplog.messages, repr(call), repr(call.error), str(call.error)]
    assert caplog.messages
    assert all(KEY not in text for text in told)


# -- exchanges as values ---------------------------------------------------------------------------


def test_with_an_http_client_of_ones_own() -> None:
    server = GraphQLServer()
    with serving(server) as url:
        for command in (GetHello(), PUSH, FindInvoices()):
            exchange = reflex_exchange(command, KEY, url=url, timezone="UTC")
            response = httpx.request(
                exchange.method, exchange.url, headers=exchange.headers, content=exchange.body
            )
            answer = exchange.answer(
                Response(response.status_code, response.headers.multi_items(), response.content),
                sent_at=1,
                now=2,
            )
            assert answer
    assert [asked.headers["cookie"] for asked in server.asked] == [
        "amboss-reflex-api-timezone=UTC"
    ] * 3


def test_an_unreadable_answer_to_ones_own_client() -> None:
    exchange = reflex_exchange(PUSH, None)
    assert exchange.url == "https://reflex.amboss.tech/graphql"
    with pytest.raises(OutcomeUnknown) as caught:
        exchange.answer(Response(200, (), b"<html>"), sent_at=1, now=2)
    assert isinstance(caught.value.cause, RemoteProtocolError)
