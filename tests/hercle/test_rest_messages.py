"""REST without a connection: commands as requests, answers as endings, by tables."""

from __future__ import annotations

import json
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto import (
    ApiError,
    CommandRefused,
    InvalidArgument,
    RemoteProtocolError,
    Unauthorized,
)
from hercle_proto.client import Answered, Refused, Unclear
from hercle_proto.hercle import (
    CreatedInvoice,
    CreateLightningInvoice,
    GetLightningInvoices,
    InvoiceSnapshot,
)
from hercle_proto.hercle._rest_api import HercleRest
from hercle_proto.hercle._urls import hub_url, invoices_url
from hercle_proto.http import Headers, Response

API = HercleRest(invoices_url("https://api.example"), Random(1).randbytes)
GET = GetLightningInvoices(client_id="c")
CREATE = CreateLightningInvoice(Decimal("0.001"), "Payment for services", client_id="c")
KEY = "s3cret"


# -- requests --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "hub", "invoices"),
    [
        ("https://a", "/ExecutionLiveServer/v1", "/api/v1/invoices"),
        ("https://a/", "/ExecutionLiveServer/v1", "/api/v1/invoices"),
        ("https://a/ExecutionLiveServer/v1?x=1", "/ExecutionLiveServer/v1?x=1", "/api/v1/invoices"),
        ("https://a/api/v1/invoices?x=1", "/ExecutionLiveServer/v1", "/api/v1/invoices?x=1"),
        ("https://a/proxy/invoices", "/proxy/invoices", "/proxy/invoices"),
    ],
)
def test_an_origin_is_enough_for_both_roads(url: str, hub: str, invoices: str) -> None:
    assert hub_url(url).target == hub
    assert invoices_url(url).target == invoices


def test_listing_is_a_get() -> None:
    request = API.request(GET, key=KEY)
    assert (request.method, request.target, request.body) == ("GET", "/api/v1/invoices", b"")
    assert request.headers == (
        ("User-Agent", "hercle-proto"),
        ("Accept", "application/json"),
        ("Content-Type", "application/json"),
        ("Authorization", "Bearer s3cret"),
    )
    assert "Authorization" not in dict(API.request(GET, key=None).headers)


BODIES = [
    (CREATE, b'{"amountBtc":0.001,"expiryHours":24,"memo":"Payment for services"}'),
    (CreateLightningInvoice.for_sats(1), b'{"amountBtc":0.00000001,"expiryHours":24}'),
    (
        CreateLightningInvoice(Decimal("2.1E+7"), "", 720),
        b'{"amountBtc":21000000,"expiryHours":720,"memo":""}',
    ),
    (
        CreateLightningInvoice(Decimal("1.00"), '"\u20bf\n', 1),
        '{"amountBtc":1,"expiryHours":1,"memo":"\\"\u20bf\\n"}'.encode(),
    ),
]


@pytest.mark.parametrize(("command", "body"), BODIES)
def test_creating_is_a_post_of_plain_numbers(command: CreateLightningInvoice, body: bytes) -> None:
    request = API.request(command, key=KEY)
    assert (request.method, request.body) == ("POST", body)


@given(st.integers(1, 21_000_000 * 10**8))
def test_every_amount_arrives_exactly(sats: int) -> None:
    body = API.request(CreateLightningInvoice.for_sats(sats), key=None).body
    assert b"e" not in body.lower().replace(b"expiryhours", b"")
    assert json.loads(body, parse_float=Decimal)["amountBtc"] * 10**8 == sats


# -- answers ---------------------------------------------------------------------------------------


def said(status: int, body: object = b"", headers: Headers = ()) -> Response:
    return Response(status, headers, body if isinstance(body, bytes) else json.dumps(body).encode())


def test_a_snapshot_is_read_row_by_row_if_need_be() -> None:
    rows = [{"id": "a", "domainEvents": [{"x": 1}]}, {"id": 1}, {"id": "b", "expirySecs": 3600.0}]
    outcome = API.answered(GET, said(200, {"invoices": rows, "more": 1}), key=KEY, now=0.0)
    assert isinstance(outcome, Answered)
    assert isinstance(outcome.value, InvoiceSnapshot)
    assert [invoice.id for invoice in outcome.value.invoices] == ["a", "b"]
    assert [(row.index, row.path) for row in outcome.value.unreadable] == [(1, "$.id")]


@pytest.mark.parametrize("status", [200, 201])
def test_a_creation_is_read(status: int) -> None:
    body = {"id": "a", "encodedPaymentRequest": "lnbc1", "expiresAt": None, "new": [1]}
    outcome = API.answered(CREATE, said(status, body), key=KEY, now=0.0)
    assert outcome == Answered(CreatedInvoice("a", encoded_payment_request="lnbc1"))


def test_a_creation_is_read_tolerantly() -> None:
    outcome = API.answered(
        CREATE, said(201, {"id": "a", "httpStatusCode": 201.0}), key=KEY, now=0.0
    )
    assert outcome == Answered(CreatedInvoice("a", http_status_code=201))


UNREADABLE = [
    (GET, b"", "truncated"),
    (GET, b"<html>", "malformed"),
    (GET, {}, "missing required field `invoices`"),
    (GET, {"invoices": None}, "Expected `array`, got `null`"),
    (GET, {"invoices": {}}, "Expected `array`"),
    (GET, [], "Expected `object`"),
    (CREATE, b"", "truncated"),
    (CREATE, b"\xff", "malformed"),
    (CREATE, b'"\xff"', "UTF-8|Expected"),
    (CREATE, [], "Expected `object`"),
    (CREATE, {}, "no invoice"),
    (CREATE, {"id": None, "encodedPaymentRequest": "lnbc1"}, "no invoice"),
    (CREATE, {"id": 1}, r"\$\.id"),
    (CREATE, {"httpStatusCode": 422, "message": "checks failed"}, "no invoice"),
]


@pytest.mark.parametrize(("command", "body", "why"), UNREADABLE)
def test_an_unreadable_success_tells_nothing(
    command: GetLightningInvoices | CreateLightningInvoice, body: object, why: str
) -> None:
    outcome = API.answered(command, said(200, body), key=KEY, now=0.0)
    assert isinstance(outcome, Unclear)
    with pytest.raises(RemoteProtocolError, match=why):
        raise outcome.cause


REFUSALS = [
    # status, body → reason, code
    (400, {"error": {"code": "c", "message": "m", "type": "t"}}, "m", "c"),
    (400, {"error": {"code": 7, "message": "m", "param": "memo"}}, "m (memo)", "7"),
    (400, {"error": {"message": "memo is bad", "param": "memo"}}, "memo is bad", None),
    (400, {"error": {"param": "memo"}}, "memo", None),
    (404, {"error": {}}, "nothing is at this URL; check it", None),
    (400, {"error": "invalid"}, "invalid", "invalid"),
    (400, {"error": "invalid_token", "error_description": "too old"}, "too old", "invalid_token"),
    (422, {"httpStatusCode": 422, "message": "m"}, "m", None),
    (400, {"statusError": "m", "code": "c"}, "m", "c"),
    (400, {"title": "t", "status": 400, "detail": "d"}, "d", None),
    (
        400,
        {"title": "t", "errors": {"amountBtc": ["too much", 1], "memo": "odd"}},
        "t: amountBtc: too much; memo: odd",
        None,
    ),
    (400, {"errors": {"$": []}}, "$: ", None),
    (400, {"message": None, "title": True, "detail": {}}, "no reason was given", None),
    (400, {"message": ["a", ["b"], "c"]}, "a, c", None),
    (429, [], "too many requests", None),
    (429, "slow\r\n down", "slow down", None),
    (409, b"plain\ttext \xff", "plain text \ufffd", None),
    (403, b"<html>forbidden</html>", "the key may not do this; check it and its environment", None),
    (401, b"", "the key is not accepted; check it and its environment", None),
    (400, b"x" * 1001, "x" * 1000 + "\u2026", None),
    (
        400,
        {"message": "your key s3cret is bad", "code": "s3cret"},
        "your key [key] is bad",
        "[key]",
    ),
]


@pytest.mark.parametrize("command", [GET, CREATE])
@pytest.mark.parametrize(("status", "body", "reason", "code"), REFUSALS)
def test_a_4xx_refuses_in_the_servers_words(
    command: GetLightningInvoices | CreateLightningInvoice,
    status: int,
    body: object,
    reason: str,
    code: str | None,
) -> None:
    outcome = API.answered(command, said(status, body), key=KEY, now=0.0)
    assert isinstance(outcome, Refused)
    error = outcome.error
    assert (error.reason, error.code, error.status) == (reason.rstrip(), code, status)
    assert error.param == ("memo" if "memo" in reason and ":" not in reason else None)
    assert isinstance(error.__cause__, Unauthorized) is (status in (401, 403))


@pytest.mark.parametrize("status", [408, 500, 502, 503, 600])
@pytest.mark.parametrize("body", [{"error": {"code": "c", "message": "m"}}, b"<html>", b""])
def test_other_errors_tell_nothing(status: int, body: object) -> None:
    outcome = API.answered(CREATE, said(status, body), key=None, now=0.0)
    assert isinstance(outcome, Unclear)
    assert isinstance(outcome.cause, ApiError)
    assert outcome.cause.status == status


@pytest.mark.parametrize(
    ("body", "names_one"),
    [
        ({"message": "m", "id": "inv_1"}, True),
        ({"error": {"message": "m"}, "encodedPaymentRequest": "lnbc1"}, True),
        ({"error": {"message": "m"}, "id": "req_1"}, False),
        ({"message": "m", "id": None, "encodedPaymentRequest": ""}, False),
        ({"message": "m", "invoice": {"id": "inv_1"}}, True),
        ({"message": "m", "data": {"invoices": [{"id": "inv_1"}]}}, True),
        ({"error": {"message": "m", "invoice": {"id": "inv_1"}}}, True),
        ({"error": {"message": "m"}, "data": {"id": "inv_1"}}, True),
        ({"error": {"message": "m", "encodedPaymentRequest": "lnbc1"}}, True),
        ({"message": "m", "errors": [{"encodedPaymentRequest": "lnbc1"}]}, True),
        ({"error": {"message": "m", "id": "err_1"}}, False),
        ({"error": {"message": "m"}, "data": {"error": {"id": "e"}, "id": "req_1"}}, False),
        ({"message": "m", "errors": [{"id": "err_1"}]}, False),
        ({"message": "m", "errors": {"id": ["The id is required."]}}, False),
        ({"message": "m", "invoice": None, "invoices": [None, 1, "inv_1", {}]}, False),
        (["inv_1"], False),
    ],
)
def test_a_4xx_that_names_an_invoice_proves_nothing(body: object, names_one: bool) -> None:
    outcome = API.answered(CREATE, said(422, body), key=KEY, now=0.0)
    assert isinstance(outcome, Unclear if names_one else Refused)
    if isinstance(outcome, Unclear):
        assert isinstance(outcome.cause, ApiError)
        assert (outcome.cause.message, outcome.cause.status) == ("m", 422)
    assert isinstance(API.answered(GET, said(422, body), key=KEY, now=0.0), Refused)


ROW = b'{"id":"inv_1","encodedPaymentRequest":"lnbc1"}'


@pytest.mark.parametrize(
    ("body", "names_one"),
    [
        (b"[" + ROW + b"]", True),
        (b"[" * 100 + ROW + b"]" * 100, True),
        (b"[" * 100_000 + ROW + b"]" * 100_000, True),
        (ROW[:-1], True),
        (b'{"id": "inv_1"', True),
        (b'{"id": "inv_1", "n": ' + b"9" * 5000 + b"}", True),
        (b'{"error": {"message": "the id is', False),
        (b" " * 262_144 + b"{}", True),
        (b" " * 262_142 + b"{}", False),
        (b"[" * 100_000, False),
        (b'<script>{"id": 1}</script>' + b" " * 262_144, False),
        (b"\xff", False),
        (b"", False),
    ],
)
def test_so_does_one_that_names_it_where_it_can_hardly_be_read(
    body: bytes, names_one: bool
) -> None:
    outcome = API.answered(CREATE, said(422, body), key=KEY, now=0.0)
    assert isinstance(outcome, Unclear if names_one else Refused)


def test_the_parameter_is_told() -> None:
    body = {"error": {"code": "missing_parameter", "message": "say s3cret", "param": "memo"}}
    outcome = API.answered(CREATE, said(500, body), key=KEY, now=0.0)
    assert isinstance(outcome, Unclear)
    cause = outcome.cause
    assert isinstance(cause, ApiError)
    told = (cause.message, cause.code, cause.status, cause.param)
    assert told == ("say [key] (memo)", "missing_parameter", 500, "memo")


@pytest.mark.parametrize(
    ("location", "where"),
    [
        ("https://other.example/x?token=s3cret", "other.example"),
        ("/login?key=s3cret", "another path"),
        ("s3cret", "nowhere"),
        (None, "nowhere"),
    ],
)
def test_redirects_are_named_and_not_followed(location: str | None, where: str) -> None:
    headers = () if location is None else (("location", location),)
    outcome = API.answered(CREATE, said(302, b"", headers), key=None, now=0.0)
    assert isinstance(outcome, Unclear)
    assert isinstance(outcome.cause, RemoteProtocolError)
    assert where in str(outcome.cause)
    assert KEY not in str(outcome.cause)


@given(
    st.integers(200, 999),
    st.binary() | st.text().map(lambda text: json.dumps({"error": text}).encode()),
)
def test_any_answer_is_an_ending(status: int, body: bytes) -> None:
    for command in (GET, CREATE):
        outcome = API.answered(command, said(status, body), key=KEY, now=0.0)
        refused = 400 <= status < 500 and status != 408
        assert isinstance(outcome, Refused) is refused
        if isinstance(outcome, Refused):
            assert KEY not in str(outcome.error)
            assert isinstance(outcome.error, CommandRefused)


def test_a_bad_key_is_refused_without_echo() -> None:
    with pytest.raises(InvalidArgument) as caught:
        API.request(GET, key=f"{KEY}\n{KEY}")
    assert KEY not in str(caught.value)
