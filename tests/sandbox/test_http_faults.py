"""Faults that were armed: what comes over the wire, what was carried out, what the library says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from graphql_peer import DATA
from hercle_adapters.blocking import open_hercle, open_hercle_rest, open_reflex
from hercle_proto import ApiError, CommandRefused, GraphQLError, NegotiationFailed, OutcomeUnknown
from hercle_proto.hercle import CreateLightningInvoice, GetLightningInvoices
from hercle_proto.reflex import FindInvoices, PushInvoice
from hercle_sandbox import Running, _http_faults, close_invoice, running_sandbox

REST, GRAPHQL, NEGOTIATE = "/api/v1/invoices", "/graphql", "/ExecutionLiveServer/v1/negotiate"
EXAMPLE: Any = httpx.Response(200, content=(DATA / "push-invoice.json").read_bytes()).json()
SEED = EXAMPLE["invoice"]["payment_request"]
CREATE = CreateLightningInvoice.for_sats(1)
PUSH = PushInvoice(SEED)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    """One of its own: what a failing test leaves armed, only this module's others meet."""
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def http(sandbox: Running) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.api_key}"}
    with httpx.Client(base_url=sandbox.url, headers=headers) as client:
        yield client


def created(http: httpx.Client) -> int:
    return len(http.get(REST).json()["invoices"])


def pushed(http: httpx.Client) -> int:
    query = "{ getInvoices { find_many { aggregated { total { count } } } } }"
    told = http.post(GRAPHQL, json={"query": query}).json()["data"]
    count = told["getInvoices"]["find_many"]["aggregated"]["total"]["count"]
    assert isinstance(count, int)
    return count


def create(http: httpx.Client) -> httpx.Response:
    return http.post(REST, json={"amountBtc": 1})


def push(http: httpx.Client) -> httpx.Response:
    query = (DATA / "push-invoice.graphql").read_text("utf-8")
    return http.post(GRAPHQL, json={"query": query, "variables": EXAMPLE})


ROADS = pytest.mark.parametrize(
    ("path", "act", "count"), [(REST, create, created), (GRAPHQL, push, pushed)]
)
Act = Callable[[httpx.Client], httpx.Response]
Count = Callable[[httpx.Client], int]


# -- what comes ------------------------------------------------------------------------------------


@ROADS
@pytest.mark.parametrize(
    ("fault", "status", "retry_after"),
    [
        ("status:300", 300, None),
        ("status:401", 401, None),
        ("status:429:retry-after=7", 429, "7"),
        ("status:503", 503, None),
        ("status:599:retry-after=0", 599, "0"),
    ],
)
def test_status(
    sandbox: Running,
    http: httpx.Client,
    path: str,
    act: Act,
    count: Count,
    fault: str,
    status: int,
    retry_after: str | None,
) -> None:
    before = count(http)
    sandbox.arm(fault, path=path)
    answer = act(http)
    assert (answer.status_code, answer.headers.get("retry-after")) == (status, retry_after)
    assert answer.json()["error"]["code"] == "fault"
    assert count(http) == before


@ROADS
@pytest.mark.parametrize(
    ("fault", "kind", "body"),
    [
        ("malformed", "application/json", '{"id": "inv_'),
        ("html", "text/html; charset=utf-8", "<!DOCTYPE html><title>Sign in</title>"),
        ("empty", "application/json", ""),
    ],
)
def test_bodies(
    sandbox: Running,
    http: httpx.Client,
    path: str,
    act: Act,
    count: Count,
    fault: str,
    kind: str,
    body: str,
) -> None:
    before = count(http)
    sandbox.arm(fault, path=path)
    answer = act(http)
    assert (answer.status_code, answer.headers["content-type"], answer.text) == (200, kind, body)
    assert "date" in answer.headers
    assert count(http) == before + 1


@ROADS
def test_cut(sandbox: Running, http: httpx.Client, path: str, act: Act, count: Count) -> None:
    before = count(http)
    sandbox.arm("cut", path=path)
    with pytest.raises(httpx.RemoteProtocolError) as caught:
        act(http)
    got, asked = map(int, re.findall(r"\d+", str(caught.value)))
    assert got == asked // 2 > 0
    assert count(http) == before + 1


@ROADS
def test_delay(sandbox: Running, http: httpx.Client, path: str, act: Act, count: Count) -> None:
    before = count(http)
    sandbox.arm("delay:60", path=path)
    answer = act(http)
    assert answer.status_code in {200, 201}
    assert answer.json()
    assert count(http) == before + 1


def test_given_up_and_made(sandbox: Running, http: httpx.Client) -> None:
    """By who waits less long than the delay."""
    before = created(http)
    sandbox.arm("delay:90", path=REST)
    with pytest.raises(httpx.ReadTimeout):
        http.post(REST, json={"amountBtc": 1}, timeout=0.04)
    assert created(http) == before + 1


def test_graphql_errors(sandbox: Running, http: httpx.Client) -> None:
    before = pushed(http)
    sandbox.arm("errors", path=GRAPHQL)
    answer = push(http)
    told = answer.json()
    assert (answer.status_code, list(told)) == (200, ["errors"])
    assert told["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert pushed(http) == before


@pytest.mark.parametrize(
    ("query", "path", "data"),
    [
        ("{ getHello }", ["getHello"], {"getHello": None}),
        ("{ a: __typename b: getHello }", ["b"], {"a": "Query", "b": None}),
        (
            "{ getInvoices { find_many { list { id } } } }",
            ["getInvoices", "find_many", "list"],
            {"getInvoices": {"find_many": {"list": None}}},
        ),
        (
            "{ getInvoices { find_many { __typename aggregated { total { count } } } } }",
            ["getInvoices", "find_many", "aggregated"],
            {"getInvoices": {"find_many": {"__typename": "FoundInvoices", "aggregated": None}}},
        ),
        (
            "{ getInvoices { find_many @skip(if: true) { list { id } } } }",
            ["getInvoices"],
            {"getInvoices": None},
        ),
    ],
)
def test_partial(
    sandbox: Running, http: httpx.Client, query: str, path: list[str], data: object
) -> None:
    sandbox.arm("partial", path=GRAPHQL)
    told = http.post(GRAPHQL, json={"query": query}).json()
    (error,) = told["errors"]
    assert (error["path"], told["data"]) == (path, data)


def test_partial_of_a_push(sandbox: Running, http: httpx.Client) -> None:
    before = pushed(http)
    sandbox.arm("partial", path=GRAPHQL)
    told = push(http).json()
    assert told["data"]["pushInvoice"].pop("invoice")["payment_request"] == SEED
    assert told["data"] == {"pushInvoice": {"checks": None}}
    assert told["errors"][0]["path"] == ["pushInvoice", "checks"]
    assert pushed(http) == before + 1


@pytest.mark.parametrize(("query", "status"), [("{", 400), ("{ getHello @skip(if: true) }", 200)])
def test_partial_of_what_has_no_data(
    sandbox: Running, http: httpx.Client, query: str, status: int
) -> None:
    """It is answered as ever."""
    sandbox.arm("partial", path=GRAPHQL)
    answer = http.post(GRAPHQL, json={"query": query})
    assert answer.status_code == status
    assert answer.json() == http.post(GRAPHQL, json={"query": query}).json()


def test_negotiate(sandbox: Running, http: httpx.Client) -> None:
    sandbox.arm("status:503", path=NEGOTIATE)
    sandbox.arm("cut", path=NEGOTIATE)
    assert http.post(NEGOTIATE).status_code == 503
    with pytest.raises(httpx.RemoteProtocolError):
        http.post(NEGOTIATE)
    assert http.post(NEGOTIATE).status_code == 200


# -- arming ----------------------------------------------------------------------------------------


def armed_over_http(sandbox: Running, fault: str, *, path: str, times: int = 1) -> None:
    body = {"fault": fault, "path": path} | ({"times": times} if times > 1 else {})
    headers = {"Authorization": f"Bearer {sandbox.api_key}"}
    answer = httpx.post(f"{sandbox.url}/sandbox/faults", json=body, headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("arm", [Running.arm, armed_over_http])
def test_in_order_and_by_path(
    sandbox: Running, http: httpx.Client, arm: Callable[..., None]
) -> None:
    arm(sandbox, "status:500", path=REST, times=2)
    arm(sandbox, "status:501", path=REST)
    arm(sandbox, "status:502", path=GRAPHQL)
    assert http.get(f"{REST}/inv_1").status_code == 404
    statuses = [http.get(REST).status_code, create(http).status_code]
    assert statuses + [http.get(REST).status_code for _ in range(2)] == [500, 500, 501, 200]
    assert [push(http).status_code for _ in range(2)] == [502, 200]


def test_a_foreign_page_meets_none(sandbox: Running, http: httpx.Client) -> None:
    sandbox.arm("status:500", path=REST)
    assert http.get(REST, headers={"Origin": "http://evil.example"}).status_code == 403
    assert http.get(REST).status_code == 500


BAD = [
    ("status", REST, 1),
    ("status:200", REST, 1),
    ("status:304", REST, 1),
    ("status:600", REST, 1),
    ("status:503:retry-after=", REST, 1),
    ("status:503:retry-after=-1", REST, 1),
    ("status:503\n", REST, 1),
    ("delay", REST, 1),
    ("delay:1.5", REST, 1),
    ("delay:1000000", REST, 1),
    ("delay:٣", REST, 1),
    ("fault:cut", REST, 1),
    ("", REST, 1),
    ("errors", REST, 1),
    ("partial", NEGOTIATE, 1),
    ("cut", "/", 1),
    ("cut", "/sandbox/clock", 1),
    ("cut", REST, 0),
    ("cut", REST, 1001),
]


@pytest.mark.parametrize(("fault", "path", "times"), BAD)
def test_faults_that_there_are_not(
    sandbox: Running, http: httpx.Client, fault: str, path: str, times: int
) -> None:
    with pytest.raises(ValueError, match="must be|no fault of"):
        sandbox.arm(fault, path=path, times=times)
    body = {"path": path, "fault": fault, "times": times}
    answer = http.post("/sandbox/faults", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")
    assert http.get(REST).status_code == 200


@pytest.mark.parametrize(
    "body", [None, [], {}, {"path": REST}, {"path": REST, "fault": "cut", "times": "1"}]
)
def test_bodies_that_are_none(http: httpx.Client, body: object) -> None:
    assert http.post("/sandbox/faults", json=body).status_code == 400


def test_the_key_is_needed(sandbox: Running) -> None:
    answer = httpx.post(f"{sandbox.url}/sandbox/faults", json={"path": REST, "fault": "cut"})
    assert answer.status_code == 401


def test_every_fault_is_told() -> None:
    documented = set(re.findall(r"^    ([a-z]+)", _http_faults.__doc__ or "", re.MULTILINE))
    patterns = {re.match("[a-z]+", pattern) for pattern in _http_faults._GRAPHQL_FAULTS}
    assert documented == {match[0] for match in patterns if match}


# -- what the library says -------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["cut", "malformed", "html", "empty", "status:503", "delay:90"])
def test_a_create_is_uncertain(sandbox: Running, http: httpx.Client, fault: str) -> None:
    before = created(http)
    sandbox.arm(fault, path=REST)
    with open_hercle_rest(sandbox.api_key, url=sandbox.url) as session:
        with pytest.raises(OutcomeUnknown):
            session.call(CREATE, timeout=0.05 if "delay" in fault else None)
        assert len(session.call(GetLightningInvoices()).invoices) == before + (
            fault[:6] != "status"
        )


def test_a_create_is_refused(sandbox: Running) -> None:
    sandbox.arm("status:422", path=REST)
    with (
        open_hercle_rest(sandbox.api_key, url=sandbox.url) as session,
        pytest.raises(CommandRefused),
    ):
        session.call(CREATE)


@pytest.mark.parametrize("fault", ["cut", "malformed", "html", "empty", "partial", "status:503"])
def test_a_push_is_uncertain(sandbox: Running, fault: str) -> None:
    sandbox.arm(fault, path=GRAPHQL)
    with open_reflex(sandbox.api_key, url=sandbox.url) as session:
        with pytest.raises(OutcomeUnknown) as caught:
            session.call(PUSH)
        assert isinstance(caught.value.cause, GraphQLError) is (fault == "partial")
        assert session.call(FindInvoices())


def test_a_push_is_refused(sandbox: Running) -> None:
    sandbox.arm("errors", path=GRAPHQL)
    with (
        open_reflex(sandbox.api_key, url=sandbox.url) as session,
        pytest.raises(GraphQLError, match="asked for"),
    ):
        session.call(PUSH)


def test_a_hub_that_does_not_negotiate(sandbox: Running) -> None:
    sandbox.arm("status:503", path=NEGOTIATE)
    with (
        pytest.raises(NegotiationFailed, match="503"),
        open_hercle(sandbox.api_key, url=sandbox.url),
    ):
        pass


def test_faults_do_not_meet_the_control(sandbox: Running, http: httpx.Client) -> None:
    invoice_id = create(http).json()["id"]
    sandbox.arm("status:500", path=REST)
    close_invoice(sandbox.url, sandbox.api_key, invoice_id)
    assert http.get(REST).status_code == 500


def test_a_failure_tells_its_status(sandbox: Running) -> None:
    sandbox.arm("status:500", path=REST)
    with (
        open_hercle_rest(sandbox.api_key, url=sandbox.url) as session,
        pytest.raises(OutcomeUnknown) as caught,
    ):
        session.call(CREATE)
    assert isinstance(caught.value.cause, ApiError)
    assert caught.value.cause.status == 500
