"""Whatever a server answers, and however it is cut: one documented ending, in time, sent once, and
not a word of the key. For all APIs over HTTP."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from random import Random
from typing import Any
from urllib.parse import quote

import pytest
from attrs import field, frozen

from bad_answers import BAD, ECHO, HTML, KEY, LIMIT, said, texts
from cuts import CUTS
from hercle_proto import (
    NEED_DATA,
    ApiError,
    Call,
    Close,
    Command,
    CommandRefused,
    GraphQLError,
    NoAnswer,
    Open,
    OutcomeUnknown,
    TimedOut,
)
from hercle_proto.client import HttpExchange, HttpSession
from hercle_proto.hercle import (
    CreateLightningInvoice,
    GetLightningInvoices,
    hercle_rest,
    rest_exchange,
)
from hercle_proto.http import HttpConnection, Request, Response
from hercle_proto.reflex import FindInvoices, PushInvoice, reflex_exchange, reflex_session

CALL_TIMEOUT = 30.0
NOT_FOR_EVER = 20
"""Turns after which a call that has not ended never will."""


@frozen(eq=False)
class Api:
    """An API over HTTP, with a command that may be repeated and one that may not."""

    name: str
    machine: Callable[..., HttpSession]
    exchange: Callable[..., HttpExchange[Any]]
    repeatable: Command[object]
    once: Command[object]
    fine: dict[str, object] = field(repr=False)
    """What answers the repeatable one."""

    def session(self) -> HttpSession:
        return self.machine(
            KEY,
            url="http://127.0.0.1:5000",
            entropy=Random(1).randbytes,
            max_answer_bytes=LIMIT,
            call_timeout=CALL_TIMEOUT,
        )


REST = Api(
    "rest",
    hercle_rest,
    rest_exchange,
    GetLightningInvoices(),
    CreateLightningInvoice.for_sats(1, "m"),
    {"invoices": [{"id": "a"}]},
)
REFLEX = Api(
    "reflex",
    reflex_session,
    reflex_exchange,
    FindInvoices(),
    PushInvoice("lnbc1"),
    {"data": {"getInvoices": {"find_many": {"list": [{"id": "a"}]}}}},
)
APIS = [REST, REFLEX]


@frozen
class Run:
    """What became of a command."""

    session: HttpSession
    call: Call[object]
    sent: int
    now: float


def run(api: Api, command: Command[object], pieces: list[bytes], *, ends: bool = False) -> Run:
    """A command, on streams that all answer these pieces as soon as they were asked something."""
    session = api.session()
    session.start(now=0.0)
    call = session.submit(command, now=0.0)
    now, sent = 0.0, 0
    for _ in range(NOT_FOR_EVER):
        actions = session.actions()
        for action in actions:
            if isinstance(action, Open):
                session.stream_opened(action.stream, now=now)
                sent += bool(session.data_to_send(action.stream, now=now))
                for piece in filter(None, pieces):  # an empty one would be the end
                    session.receive_data(action.stream, piece, now=now)
                if ends:
                    session.receive_data(action.stream, b"", now=now)
        if call.done:
            return Run(session, call, sent, now)
        if not actions:
            deadline = session.next_deadline()
            assert deadline is not None, "it would wait for ever"
            now = deadline
            session.handle_timer(now=now)
    raise AssertionError("it does not end")


NEXT = said(200, {**REST.fine, **REFLEX.fine})
"""What may follow an answer, and must never be taken for the next one."""

KINDS = pytest.mark.parametrize(
    ("api", "command"),
    [(api, command) for api in APIS for command in (api.repeatable, api.once)],
    ids=lambda value: value.name,
)


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[Run], None]]:
    """What checks that neither an error nor a record holds the key."""
    caplog.set_level(logging.DEBUG)

    def check(run: Run) -> None:
        told = [*texts(run.call.error), repr(run.call), repr(run.session), *caplog.messages]
        told += [repr(vars(record)) for record in caplog.records]
        assert caplog.messages
        for text in told:
            assert KEY not in text
            assert quote(KEY, safe="") not in text
            assert len(text) < 3000
        caplog.clear()

    return check


@KINDS
@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("bad", BAD)
def test_an_answer_that_is_none(
    api: Api, command: Command[object], bad: str, cut: str, quiet: Callable[[Run], None]
) -> None:
    answer = BAD[bad]
    for more in (b"", NEXT) if answer.whole and not answer.ends else (b"",):
        ended = run(api, command, [*CUTS[cut](answer.wire), more], ends=answer.ends)
        error = ended.call.error
        assert type(error) is (NoAnswer if command.repeatable else OutcomeUnknown)
        assert isinstance(error, NoAnswer | OutcomeUnknown)
        assert type(error.cause) is answer.cause
        assert ended.sent == (2 if command.repeatable and bad == "no byte" else 1)
        assert ended.now == (CALL_TIMEOUT if answer.cause is TimedOut else 0)
        quiet(ended)


@frozen
class Refusal:
    """An error's body → what is told of it, if the status does not say something else."""

    body: object
    told: str
    code: str | None = None


NO = "no reason was given"
ECHOED = "your key [key], that is [key]"
BODIES = {
    "as documented": Refusal(
        {"error": {"code": "c", "message": ECHO, "param": "memo", "type": "t"}},
        f"{ECHOED} (memo)",
        "c",
    ),
    "with the key as its code": Refusal({"error": {"code": KEY, "message": "m"}}, "m", "[key]"),
    "problem details": Refusal({"title": "t", "detail": ECHO, "status": 400}, ECHOED),
    "problems by field": Refusal({"title": "t", "errors": {"a": [ECHO]}}, f"t: a: {ECHOED}"),
    "OAuth's": Refusal({"error": "x", "error_description": ECHO}, ECHOED, "x"),
    "text": Refusal(f" {ECHO}\r\n ".encode(), ECHOED),
    "a text in JSON": Refusal(ECHO, ECHOED),
    "HTML": Refusal(HTML, NO),
    "nothing": Refusal(b"", NO),
    "an empty object": Refusal({}, NO),
    "null": Refusal(None, NO),
    "long": Refusal(b"x" * 5000, "x" * 1000 + "\u2026"),
}

STATUSES = {
    400: True,
    401: True,
    403: True,
    404: True,
    408: False,
    409: True,
    422: True,
    429: True,
    500: False,
    502: False,
    503: False,
    504: False,
}
"""Whether it proves that nothing was carried out."""


@KINDS
@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("status", STATUSES)
def test_errors_of_http(
    api: Api, command: Command[object], status: int, cut: str, quiet: Callable[[Run], None]
) -> None:
    for refusal in BODIES.values():
        if api is REFLEX and isinstance(refusal.body, dict) and "errors" in refusal.body:
            continue  # that is GraphQL's own word there
        wire = said(status, refusal.body)
        for more in (b"", NEXT):
            ended = run(api, command, [*CUTS[cut](wire), more])
            error = ended.call.error
            quiet(ended)
            assert (ended.sent, ended.now) == (1, 0)
            if STATUSES[status]:
                assert type(error) is CommandRefused
                told, known = error.reason, error
            else:
                assert type(error) is (NoAnswer if command.repeatable else OutcomeUnknown)
                assert isinstance(error, NoAnswer | OutcomeUnknown)
                assert type(error.cause) is ApiError
                told, known = error.cause.message, error.cause
            assert known.code == refusal.code
            assert known.status == status
            if refusal.told != NO:
                assert told == refusal.told


ERRORS = [{"message": ECHO, "path": ["pushInvoice", KEY], "extensions": {"code": KEY}}]
OF_GRAPHQL: dict[str, tuple[object, type[Exception]]] = {
    # body with status 200 → how a push ends; a search ends with the error
    "errors alone": ({"errors": [{"message": ECHO}]}, GraphQLError),
    "errors and null": ({"errors": ERRORS, "data": None}, OutcomeUnknown),
    "errors and data": (
        {"errors": ERRORS, "data": {"pushInvoice": {"invoice": {"id": "a"}}}},
        OutcomeUnknown,
    ),
    "an object of errors": ({"errors": ERRORS[0]}, OutcomeUnknown),
    "a text of errors": ({"errors": ECHO}, GraphQLError),
    "odd errors": ({"errors": [None, 7, [ECHO]]}, GraphQLError),
}


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("what", OF_GRAPHQL)
def test_errors_of_graphql(what: str, cut: str, quiet: Callable[[Run], None]) -> None:
    body, ending = OF_GRAPHQL[what]
    for command, expected in ((REFLEX.repeatable, GraphQLError), (REFLEX.once, ending)):
        for more in (b"", NEXT):
            ended = run(REFLEX, command, [*CUTS[cut](said(200, body)), more])
            error = ended.call.error
            assert type(error) is expected
            assert isinstance(getattr(error, "cause", error), GraphQLError)
            assert (ended.sent, ended.now) == (1, 0)
            quiet(ended)


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)
@pytest.mark.parametrize("cut", CUTS)
def test_what_follows_an_answer_is_nobodys(api: Api, cut: str) -> None:
    pieces = CUTS[cut](said(200, api.fine) + NEXT)
    ended = run(api, api.repeatable, pieces)
    assert ended.call.error is None
    other = ended.session.submit(api.once, now=0.0)
    assert not other.done
    assert [type(action) for action in ended.session.actions()] == [Close, Open]


@KINDS
@pytest.mark.parametrize("bad", [name for name, bad in BAD.items() if bad.whole])
def test_the_same_with_a_client_of_ones_own(
    api: Api, command: Command[object], bad: str, quiet: Callable[[Run], None]
) -> None:
    """Where HTTP itself is in order, what came is judged as in a session."""
    http = HttpConnection(host="a", max_body_bytes=LIMIT)
    http.send(Request("GET", "/"))
    http.receive_data(BAD[bad].wire)
    if BAD[bad].ends:
        http.receive_data(b"")
    response = http.next_event()
    assert response is not NEED_DATA
    if isinstance(response, Response):
        exchange = api.exchange(command, KEY, url="https://a.example")
        with pytest.raises(NoAnswer if command.repeatable else OutcomeUnknown) as caught:
            exchange.answer(response, sent_at=0.0, now=1.0)
        assert all(KEY not in text for text in texts(caught.value))
        assert all(KEY not in text for text in (repr(exchange), repr(response)))


@KINDS
def test_a_host_named_like_the_key_is_not_told(api: Api, command: Command[object]) -> None:
    exchange = api.exchange(command, "s3cret", url="https://a.example")
    with pytest.raises(
        (NoAnswer, OutcomeUnknown), match=r"redirects to \[key\]\.example"
    ) as caught:
        exchange.answer(
            Response(302, (("Location", "https://s3cret.example/"),), b""), sent_at=0.0, now=1.0
        )
    assert all("s3cret" not in text for text in texts(caught.value))
