"""Reflex without a connection: requests, and what answers mean, by tables."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto import (
    ApiError,
    Command,
    CommandRefused,
    GraphQLError,
    InvalidArgument,
    LocalProtocolError,
    RemoteProtocolError,
    Unauthorized,
)
from hercle_proto.client import Answered, Outcome, Refused, Unclear
from hercle_proto.http import Response, Url
from hercle_proto.reflex import (
    FindInvoices,
    FoundInvoices,
    GetHello,
    PushedInvoice,
    PushInvoice,
    ReflexApi,
    ReflexCommand,
    ReflexInvoice,
)

KEY = "s3cret"
API = ReflexApi(Url.parse("https://reflex.example/graphql"))
FIND, PUSH, HELLO = FindInvoices(), PushInvoice("lnbc1"), GetHello()
COMMANDS: list[ReflexCommand[Any]] = [FIND, PUSH, HELLO]


def outcome(command: Command[object], body: object, status: int = 200) -> Outcome:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return API.answered(command, Response(status, (), content), key=KEY, now=0)


# -- requests --------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_a_post(command: ReflexCommand[Any]) -> None:
    request = API.request(command, key=KEY)
    assert (request.method, request.target) == ("POST", "/graphql")
    assert request.headers == (
        ("User-Agent", "hercle-proto"),
        ("Accept", "application/json"),
        ("Content-Type", "application/json"),
        ("Authorization", "Bearer s3cret"),
    )
    body = json.loads(request.body)
    assert set(body) == {"query", "variables"}
    assert body["query"] == command.document


def test_a_time_zone_goes_as_a_cookie() -> None:
    api = ReflexApi(API.url, "America/New_York")
    headers = dict(api.request(FIND, key=None).headers)
    assert headers["Cookie"] == "amboss-reflex-api-timezone=America/New_York"
    assert "Authorization" not in headers


@pytest.mark.parametrize(
    "timezone", ["UTC", "Europe/Zurich", "Etc/GMT+5", "America/Argentina/Buenos_Aires", None]
)
def test_time_zones(timezone: str | None) -> None:
    assert ReflexApi(API.url, timezone).timezone == timezone


@pytest.mark.parametrize(
    "timezone", ["", "a b", "UTC;x=1", "UTC\n", "/UTC", "a//b", "\u00e4", "a" * 65, 7]
)
def test_what_is_no_time_zone(timezone: object) -> None:
    with pytest.raises(InvalidArgument, match="name of a time zone"):
        ReflexApi(API.url, timezone)


def test_other_commands_are_refused() -> None:
    with pytest.raises(LocalProtocolError, match="Command is no command of Reflex"):
        API.admit(Command())
    assert API.admit(FIND) is FIND


# -- answers ---------------------------------------------------------------------------------------

ANSWERS: list[tuple[ReflexCommand[Any], object, object]] = [
    (HELLO, {"data": {"getHello": "Hello!"}}, "Hello!"),
    (HELLO, {"data": {"getHello": "Hello!"}, "errors": None}, "Hello!"),
    (HELLO, {"data": {"getHello": "Hello!"}, "errors": [], "extensions": {}}, "Hello!"),
    (FIND, {"data": {"getInvoices": {"find_many": {}}}}, FoundInvoices()),
    (
        FIND,
        {"data": {"getInvoices": {"find_many": {"list": [{"id": "a"}]}}}},
        FoundInvoices(list=(ReflexInvoice(id="a"),)),
    ),
    (
        PUSH,
        {"data": {"pushInvoice": {"invoice": {"amount_msats": "9"}, "checks": None}}},
        PushedInvoice(invoice=ReflexInvoice(amount_msats=9)),
    ),
]


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize(("command", "body", "answer"), ANSWERS)
def test_answers(command: ReflexCommand[Any], body: object, answer: object, status: int) -> None:
    assert outcome(command, body, status) == Answered(answer)


UNREADABLE: list[tuple[ReflexCommand[Any], object, str]] = [
    (FIND, b"", "none of GraphQL"),
    (FIND, b"<html>hello</html>", "none of GraphQL"),
    (PUSH, b'{"data": {"pushInv', "none of GraphQL"),
    (PUSH, b"[" * 100_000, "none of GraphQL"),
    (PUSH, b'{"x": "\xff"}', "none of GraphQL"),
    (FIND, [], "none of GraphQL"),
    (FIND, {}, "none of GraphQL"),
    (FIND, {"data": None}, r"no object at \$\.data$"),
    (FIND, {"data": {"getInvoices": None}}, r"no object at \$\.data\.getInvoices$"),
    (FIND, {"data": {"getInvoices": {}}}, r"an object was expected at \$\.data\.getInvoices\.find"),
    (HELLO, {"data": {"getHello": {}}}, r"text was expected at \$\.data\.getHello"),
    (
        PUSH,
        {"data": {"pushInvoice": {"invoice": {"tags": [{}, {"key": {}}]}}}},
        r"text was expected at \$\.data\.pushInvoice\.invoice\.tags\[1\]\.key",
    ),
]


@pytest.mark.parametrize(("command", "body", "why"), UNREADABLE)
def test_an_unreadable_success_tells_nothing(
    command: ReflexCommand[Any], body: object, why: str
) -> None:
    unclear = outcome(command, body)
    assert isinstance(unclear, Unclear)
    with pytest.raises(RemoteProtocolError, match=why):
        raise unclear.cause


@pytest.mark.parametrize(
    ("item", "place"),
    [("7", r"list\[0\]$"), ("[]", r"list\[0\]$"), ('{"id": []}', r"list\[0\]\.id$")],
)
def test_of_a_million_bad_rows_the_first_is_told(item: str, place: str) -> None:
    """And none is looked at after it: an exception for each took a gigabyte."""
    rows = b",".join([item.encode()] * 10**6)
    unclear = outcome(FIND, b'{"data": {"getInvoices": {"find_many": {"list": [%b]}}}}' % rows)
    assert isinstance(unclear, Unclear)
    with pytest.raises(RemoteProtocolError, match=place):
        raise unclear.cause


def test_of_a_million_errors_the_first_is_told() -> None:
    refused = outcome(FIND, b'{"errors": ["a", %b]}' % b",".join([b"7"] * 10**6))
    assert isinstance(refused, Refused)
    assert str(refused.error) == "FindInvoices ended with an error: a (and 1000000 more)"


# -- errors ----------------------------------------------------------------------------------------

ONE = {"message": "m", "path": ["getInvoices", "list", 3], "extensions": {"code": "C"}}

ERRORS: list[tuple[object, tuple[object, ...], str]] = [
    # errors → message, path, code, more; the text
    ([ONE], ("m", ("getInvoices", "list", 3), "C", 0), "m (at getInvoices.list.3, C)"),
    ([{"message": "m"}, ONE], ("m", (), None, 1), "m (and 1 more)"),
    ([{"message": "m", "code": "D"}], ("m", (), "D", 0), "m (D)"),
    ([{"message": "m", "code": 7, "path": "x"}], ("m", (), None, 0), "m"),
    ([{"message": "m", "path": [None, "a"]}], ("m", ("a",), None, 0), "m (at a)"),
    ([{"message": "m", "path": [0] * 99}], ("m", (0,) * 20, None, 0), f"m (at 0{'.0' * 19})"),
    ([{"extensions": []}], ("no reason was given", (), None, 0), "no reason was given"),
    (["m"], ("m", (), None, 0), "m"),
    ([None], ("no reason was given", (), None, 0), "no reason was given"),
    ({"message": " m\n "}, ("m", (), None, 0), "m"),
    ("m", ("m", (), None, 0), "m"),
    (
        [{"message": f"not {KEY}", "path": [KEY], "extensions": {"code": KEY}}],
        ("not [key]", ("[key]",), "[key]", 0),
        "not [key] (at [key], [key])",
    ),
    ([{"message": "x" * 1001}], ("x" * 1000 + "\u2026", (), None, 0), "x" * 1000 + "\u2026"),
]


@pytest.mark.parametrize(("errors", "facts", "text"), ERRORS)
def test_errors_are_told(errors: object, facts: tuple[object, ...], text: str) -> None:
    refused = outcome(FIND, {"errors": errors, "data": {"a": 1}})
    assert isinstance(refused, Refused)
    error = refused.error
    assert isinstance(error, GraphQLError)
    assert (error.message, error.path, error.code, error.more) == facts
    assert str(error) == f"FindInvoices ended with an error: {text}"
    assert error.data == {"a": 1}
    assert error.command is FIND


CODE = {"extensions": {"code": "C"}}
PROVEN = {"message": "m", "extensions": {"code": "BAD_USER_INPUT"}}
AT_ALL = {**PROVEN, "path": ["pushInvoice"]}
BELOW = {**PROVEN, "path": ["pushInvoice", "checks"]}
NOTHING: dict[str, object] = {"pushInvoice": None}
PARTIAL = {"pushInvoice": {"invoice": {"id": "a"}, "checks": None}}

ENDINGS: list[tuple[int, dict[str, object], bool]] = [
    # status, body → whether a push surely was not carried out
    (200, {"errors": [CODE]}, True),
    (201, {"errors": "no"}, True),
    (400, {"errors": [CODE]}, True),
    (400, {"errors": [ONE]}, True),
    (429, {"errors": [CODE]}, True),
    (408, {"errors": [CODE]}, False),
    (302, {"errors": [CODE]}, False),
    (500, {"errors": [CODE]}, False),
    (503, {"errors": [CODE]}, False),
    (200, {"errors": [ONE]}, False),  # a path: it was at it, whatever became of the data
    (200, {"errors": [CODE, ONE]}, False),
    (200, {"errors": [ONE], "data": None}, False),
    (400, {"errors": [ONE], "data": None}, False),
    (400, {"errors": [CODE], "data": PARTIAL}, False),
    (200, {"errors": [ONE], "data": PARTIAL}, False),
    (200, {"errors": [PROVEN], "data": None}, True),
    (200, {"errors": [PROVEN], "data": {}}, True),
    (200, {"errors": [AT_ALL], "data": NOTHING}, True),
    (408, {"errors": [PROVEN]}, True),
    (500, {"errors": [PROVEN, PROVEN]}, True),
    (200, {"errors": [BELOW], "data": PARTIAL}, False),
    (200, {"errors": [BELOW], "data": None}, False),
    (200, {"errors": [PROVEN], "data": PARTIAL}, False),
    (200, {"errors": [PROVEN], "data": []}, False),
    (400, {"errors": [PROVEN] * 100}, True),
    (400, {"errors": [PROVEN] * 101}, False),
    (200, {"errors": [PROVEN, ONE], "data": PARTIAL}, False),
]


@pytest.mark.parametrize(("status", "body", "refused"), ENDINGS)
def test_what_an_error_proves(status: int, body: dict[str, object], refused: bool) -> None:
    ending = outcome(PUSH, body, status)
    error = ending.error if isinstance(ending, Refused) else None
    if isinstance(ending, Unclear):
        error = ending.cause
    assert isinstance(error, GraphQLError)
    assert isinstance(ending, Refused) is refused
    assert error.data == body.get("data")
    assert isinstance(outcome(FIND, body, status), Refused)


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "C"), (403, None), (200, "UNAUTHENTICATED"), (400, "UNAUTHENTICATED")],
)
def test_a_refused_key_is_told_as_such(status: int, code: str | None) -> None:
    ending = outcome(PUSH, {"errors": [{"message": "m", "extensions": {"code": code}}]}, status)
    assert isinstance(ending, Refused)
    assert isinstance(ending.error.__cause__, Unauthorized)


@pytest.mark.parametrize(
    ("status", "body", "kind", "error"),
    [
        (401, b"no", Refused, CommandRefused),
        (404, b"<html>", Refused, CommandRefused),
        (429, {"message": "slow"}, Refused, CommandRefused),
        (400, {"data": None}, Refused, CommandRefused),
        (400, {"data": PARTIAL}, Unclear, ApiError),  # it says no, and that it did
        (502, b"<html>", Unclear, ApiError),
        (500, {"data": {"pushInvoice": {}}}, Unclear, ApiError),
        (302, b"", Unclear, RemoteProtocolError),
    ],
)
def test_other_answers_end_as_anywhere(
    status: int, body: object, kind: type[Outcome], error: type[Exception]
) -> None:
    ending = outcome(PUSH, body, status)
    assert type(ending) is kind
    assert isinstance(ending.error if isinstance(ending, Refused) else ending.cause, error)


@given(
    st.integers(200, 599),
    st.binary()
    | st.fixed_dictionaries(
        {},
        optional={
            "data": st.none() | st.dictionaries(st.just("pushInvoice"), st.none() | st.text()),
            "errors": st.lists(st.dictionaries(st.sampled_from(["message", "path"]), st.text())),
        },
    ).map(lambda body: json.dumps(body).encode()),
)
def test_any_answer_is_an_ending(status: int, body: bytes) -> None:
    for command in COMMANDS:
        ending = outcome(command, body, status)
        assert not isinstance(ending, Answered) or status < 300
        assert KEY not in repr(ending)
