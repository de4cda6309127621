"""Exchanges as values, sent with somebody else's HTTP client."""

from __future__ import annotations

import gzip
from collections.abc import Generator
from decimal import Decimal

import httpx
import pytest
from attrs import frozen

from hercle_proto import (
    ApiError,
    CommandRefused,
    InvalidArgument,
    LocalProtocolError,
    NoAnswer,
    OutcomeUnknown,
    Unauthorized,
)
from hercle_proto.client import Answered, HttpExchange, Unclear
from hercle_proto.hercle import (
    CreateLightningInvoice,
    GetLightningInvoices,
    HercleCommand,
    rest_exchange,
)
from hercle_proto.http import Response
from http_servers import serving
from rest_peer import Asked, Reaction, created, error, invoices

KEY = "s3cret"
GET = GetLightningInvoices()
CREATE = CreateLightningInvoice(Decimal("0.00000001"), "m", 1)


@frozen
class Server:
    url: str
    asked: list[Asked]
    reactions: list[Reaction]


@pytest.fixture
def server() -> Generator[Server]:
    asked: list[Asked] = []
    reactions: list[Reaction] = []

    def react(request: Asked) -> Reaction:
        asked.append(request)
        return reactions.pop(0)

    with serving(react) as url:
        yield Server(url, asked, reactions)


def sent(exchange: HttpExchange[object]) -> Response:
    """With httpx."""
    response = httpx.request(
        exchange.method, exchange.url, headers=exchange.headers, content=exchange.body
    )
    return Response(response.status_code, response.headers.multi_items(), response.content)


def test_listing(server: Server) -> None:
    rows = invoices("a", "b").body
    server.reactions.append(Reaction(200, gzip.compress(rows), (("Content-Encoding", "gzip"),)))
    exchange = rest_exchange(GET, KEY, url=server.url)
    snapshot = exchange.answer(sent(exchange), sent_at=1, now=2)
    assert [invoice.id for invoice in snapshot.invoices] == ["a", "b"]
    [asked] = server.asked
    assert (asked.method, asked.target) == ("GET", "/api/v1/invoices")
    assert asked.headers["authorization"] == f"Bearer {KEY}"


def test_creating(server: Server) -> None:
    server.reactions.append(created("a"))
    exchange = rest_exchange(CREATE, KEY, url=f"{server.url}/api/v1/invoices?v=1")
    assert exchange.answer(sent(exchange), sent_at=1, now=2).id == "a"
    [asked] = server.asked
    assert (asked.method, asked.target) == ("POST", "/api/v1/invoices?v=1")
    assert asked.body == b'{"amountBtc":0.00000001,"expiryHours":1,"memo":"m"}'


ENDINGS = [
    (Reaction(200, b"<html>"), NoAnswer, OutcomeUnknown),
    (Reaction(200), NoAnswer, OutcomeUnknown),
    (error(500, f"not for {KEY}"), NoAnswer, OutcomeUnknown),
    (error(400), CommandRefused, CommandRefused),
    (error(401), CommandRefused, CommandRefused),
]


@pytest.mark.parametrize(("reaction", "of_get", "of_create"), ENDINGS)
def test_endings(
    server: Server, reaction: Reaction, of_get: type[Exception], of_create: type[Exception]
) -> None:
    commands: list[tuple[HercleCommand[object], type[Exception]]] = [
        (GET, of_get),
        (CREATE, of_create),
    ]
    for command, ending in commands:
        server.reactions.append(reaction)
        exchange = rest_exchange(command, KEY, url=server.url)
        with pytest.raises(ending) as caught:
            exchange.answer(sent(exchange), sent_at=1, now=2)
        failure = caught.value
        assert KEY not in f"{failure!r} {failure} {failure.__cause__!r} {failure.__context__!r}"
        if isinstance(failure, OutcomeUnknown):
            assert (failure.sent_at, failure.ended_at) == (1, 2)
        if isinstance(failure, CommandRefused) and failure.status == 401:
            assert isinstance(failure.__cause__, Unauthorized)


def test_an_outcome_is_a_value() -> None:
    exchange = rest_exchange(CREATE, KEY, url="https://a")
    assert isinstance(exchange.outcome(Response(201, (), b'{"id": "a"}')), Answered)
    unclear = exchange.outcome(Response(503, (), b"later"))
    assert isinstance(unclear, Unclear)
    assert isinstance(unclear.cause, ApiError)


def test_its_repr_shows_no_secret() -> None:
    exchange = rest_exchange(CREATE, KEY, url=f"https://a/b?key={KEY}")
    assert exchange.url == f"https://a/b?key={KEY}"
    assert KEY not in repr(exchange)


def test_the_clientid_stays_as_it_is() -> None:
    assert rest_exchange(GET, None).command == GET
    assert "Authorization" not in dict(rest_exchange(GET, None).headers)


@pytest.mark.parametrize(
    ("key", "url", "why"),
    [
        (KEY, "http://api.example", "allow_insecure"),
        ("a b", "https://a", "visible ASCII"),
        (KEY, "a", "must look like"),
    ],
)
def test_what_cannot_work_is_refused_at_once(key: str, url: str, why: str) -> None:
    with pytest.raises(InvalidArgument, match=why):
        rest_exchange(GET, key, url=url)
    assert rest_exchange(GET, KEY, url="http://api.example", allow_insecure=True)


def test_other_commands_have_no_exchange() -> None:
    with pytest.raises(LocalProtocolError, match="no command of Hercle's REST API"):
        rest_exchange(HercleCommand(), KEY)
