"""Reflex as its page has it, over a socket: with the vendor's own documents, and with httpx."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import frozen
from graphql import build_client_schema, get_introspection_query, print_schema

import hercle_sandbox
from graphql_peer import DATA
from hercle_adapters.blocking import open_reflex
from hercle_proto import GraphQLError, Unauthorized
from hercle_proto.bolt11 import Hop, Network, encode, node_id
from hercle_proto.reflex import FindInvoices, GetHello, PushInvoice, Tag
from hercle_sandbox import Running, running_sandbox
from hercle_sandbox._graphql import SCHEMA
from hercle_sandbox._pushed import PushedInvoices

EXAMPLE: Any = httpx.Response(200, content=(DATA / "push-invoice.json").read_bytes()).json()
SEED = EXAMPLE["invoice"]["payment_request"]
PUSH = (DATA / "push-invoice.graphql").read_text("utf-8")
FIND = (DATA / "get-invoices.graphql").read_text("utf-8")
FIRST, SECOND = ((number).to_bytes(32) for number in (1, 2))
NOW = datetime.now(UTC).replace(microsecond=0)


def payment_request(
    amount_msat: int | None = 1000, *, key: bytes = FIRST, hops: tuple[bytes, ...] = ()
) -> str:
    return encode(
        key,
        network=Network.REGTEST,
        amount_msat=amount_msat,
        created_at=NOW,
        payment_hash=b"\1" * 32,
        payment_secret=b"\2" * 32,
        description="of its own",
        route_hints=[[Hop(node_id(hop), 1, 2, 3, 4)] for hop in hops],
    )


class Client:
    """Asks a sandbox; what comes back must be without errors, unless they are asked for."""

    def __init__(self, sandbox: Running, **cookies: str) -> None:
        self._http = httpx.Client(
            base_url=sandbox.url,
            headers={"Authorization": f"Bearer {sandbox.api_key}"},
            cookies=cookies,
        )

    def post(self, query: object, variables: object = None, **more: object) -> httpx.Response:
        return self._http.post("/graphql", json={"query": query, "variables": variables, **more})

    def ask(self, query: str, variables: object = None) -> Any:
        answer = self.post(query, variables)
        told = answer.json()
        assert (answer.status_code, list(told)) == (200, ["data"]), told
        return told["data"]

    def push(self, request: str, *tags: dict[str, object], **more: object) -> Any:
        invoice = {"payment_request": request, "tags": tags, **more}
        return self.ask(PUSH, {"invoice": invoice})["pushInvoice"]

    def find(self, **variables: object) -> Any:
        return self.ask(FIND, variables)["getInvoices"]["find_many"]

    def close(self) -> None:
        self._http.close()

    def count(self) -> int:
        query = "{ getInvoices { find_many { aggregated { total { count } } } } }"
        count = self.ask(query)["getInvoices"]["find_many"]["aggregated"]["total"]["count"]
        assert isinstance(count, int)
        return count


@pytest.fixture
def fresh() -> Iterator[Running]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def client(fresh: Running) -> Iterator[Client]:
    """Of a sandbox to which nothing was pushed."""
    client = Client(fresh)
    yield client
    client.close()


@pytest.fixture
def shared(sandbox: Running) -> Iterator[Client]:
    """Of a sandbox to which others pushed, too."""
    client = Client(sandbox)
    yield client
    client.close()


def test_the_schema_is_part_of_the_package() -> None:
    assert (Path(hercle_sandbox.__file__).parent / "schema.graphql").is_file()


# -- the vendor's examples -------------------------------------------------------------------------


def nulls(told: object, path: str = "") -> set[str]:
    """Where an answer is null."""
    match told:
        case None:
            return {path}
        case dict():
            return {found for key in told for found in nulls(told[key], f"{path}.{key}")}
        case list():
            assert told, path
            return {found for each in told for found in nulls(each, path)}
        case _:
            return set()


def test_the_vendors_example(client: Client) -> None:
    pushed = client.ask(PUSH, EXAMPLE)["pushInvoice"]
    assert nulls(pushed["checks"]) == {".destinations.checks.ips.list.vpn_service_name"}
    invoice = pushed["invoice"]
    assert invoice.pop("id")
    made = datetime.fromisoformat(invoice.pop("created_at"))
    assert abs(datetime.now(UTC) - made) < timedelta(minutes=1)
    assert invoice == {
        "account_id": "user_sandbox",
        "amount_msats": "100000",
        "amount_sats": "100",
        "description": "User withdrawal",
        "destination": "0203b0c014663194aa8988e088ddcdf23ddb47e9d19757cb4c8caa003c076440c1",
        "invoice_created_at": "2018-12-31T15:54:47.000Z",
        "invoice_expiry_at": "2018-12-31T16:54:47.000Z",
        "payment_hash": "c9dc7c0e988bcc2740aa64750b56829de53794e35e2a1cf7591ae7b671549a23",
        "payment_request": SEED,
        "routing_info": [],
        "tags": [
            {
                "key": tag["key"],
                "boolean_value": tag.get("boolean_value"),
                "number_value": tag.get("number_value"),
                "string_value": tag.get("string_value"),
            }
            for tag in EXAMPLE["invoice"]["tags"]
        ],
    }
    found = client.find()
    assert [row["payment_request"] for row in found["list"]] == [SEED]
    asked = httpx.Response(200, content=(DATA / "get-invoices.json").read_bytes()).json()
    asked["filter"]["to"] = "2999-01-01T00:00:00Z"
    assert client.find(**asked)["list"] == found["list"]
    asked["filter"]["to"] = "2023-11-01T14:18:33Z"
    assert client.find(**asked)["list"] == []


def test_every_field_has_a_value(client: Client) -> None:
    client.push(
        payment_request(hops=(SECOND,)),
        {"key": "a", "string_value": "x"},
        {"key": "b", "number_value": 1},
        {"key": "c", "boolean_value": False},
    )
    (row,) = client.find()["list"]
    assert nulls(client.find()) == {
        ".list.tags.boolean_value",
        ".list.tags.number_value",
        ".list.tags.string_value",
    }
    assert row["description"] == "of its own"
    assert row["routing_info"] == [{"pubkey": node_id(SECOND).hex()}]


@pytest.mark.parametrize("request_", [SEED, payment_request(None)], ids=["seed", "no amount"])
def test_with_the_library(fresh: Running, request_: str) -> None:
    tags = [Tag.of("product-id", 534271), Tag.of("ratio", Decimal("0.5")), Tag.of("is-it", True)]
    with open_reflex(fresh.api_key, url=fresh.url) as session:
        assert session.call(GetHello())
        pushed = session.call(PushInvoice(request_, tags=tags))
        found = session.call(FindInvoices(tags=tags[:1]))
    assert pushed.invoice is not None
    assert found.list == (pushed.invoice,)
    assert found.aggregated is not None
    assert found.aggregated.total is not None
    assert found.aggregated.total.amount_msat == (pushed.invoice.amount_msats or 0)


# -- pushing ---------------------------------------------------------------------------------------


def test_checks_say_what_they_are(shared: Client) -> None:
    """Made up, the same for the same node, and not the same for another."""
    request = payment_request(hops=(SECOND, FIRST, SECOND))
    one, other = shared.push(request), shared.push(request)
    assert one["checks"] == other["checks"]
    payee, hop = one["checks"]["destinations"]
    assert (payee["pubkey"], payee["field_location"]) == (node_id(FIRST).hex(), "DESTINATION")
    assert (hop["pubkey"], hop["field_location"]) == (node_id(SECOND).hex(), "ROUTING_INFO")
    assert payee["checks"] != hop["checks"]
    (alone,) = shared.push(payment_request(key=SECOND))["checks"]["destinations"]
    assert alone["checks"] == hop["checks"]
    for ip in payee["checks"]["ips"]["list"]:
        assert "Synthetic" in ip["isp"]
        assert ip["flags"] == ["synthetic"]
    shares = payee["checks"]["ips"]["statistics"]
    for kind in ("country", "types"):
        assert sum(share["amount"] for share in shares[kind]) == 2
        assert sum(share["percent"] for share in shares[kind]) == 100


@pytest.mark.parametrize(
    ("options", "saved"),
    [
        (None, True),
        ({}, True),
        ({"invoice": None}, True),
        ({"invoice": {}}, True),
        ({"invoice": {"do_not_save": None}}, True),
        ({"invoice": {"do_not_save": False}}, True),
        ({"invoice": {"do_not_save": True}}, False),
    ],
)
def test_do_not_save(shared: Client, options: object, saved: bool) -> None:
    variables = {"invoice": {"payment_request": SEED}, "options": options}
    before = shared.count()
    assert shared.ask(PUSH, variables)["pushInvoice"]["invoice"]["payment_request"] == SEED
    assert shared.count() == before + saved


def test_it_outlives_the_sandbox(tmp_path: Path) -> None:
    with running_sandbox(db=tmp_path / "db", api_key="key") as sandbox:
        client = Client(sandbox)
        pushed = client.push(SEED, {"key": "a", "boolean_value": False})["invoice"]
        client.close()
    with running_sandbox(db=tmp_path / "db", api_key="key") as sandbox:
        client = Client(sandbox)
        assert client.find()["list"] == [pushed]
        client.close()


def tag(key: str, **values: object) -> dict[str, object]:
    return {"key": key, **values}


GOOD = [tag(key, string_value="") for key in ("a", "a-b", "abc-def-ghi", "z", "a")]
BAD_TAGS = [
    [*GOOD, GOOD[0]],
    *([tag(key, string_value="x")] for key in ("", "A", "-a", "a-", "a--b", "user_id", "a\n", "ä")),
    [tag("a")],
    [tag("a", string_value=None)],
    [tag("a", string_value="x", number_value=1)],
    [tag("a", number_value=1, boolean_value=True)],
]


def refused(client: Client, query: str, variables: object) -> Any:
    """The one error of an answer in which a resolver said no."""
    answer = client.post(query, variables)
    told = answer.json()
    assert answer.status_code == 200
    assert set(told) == {"data", "errors"}
    (error,) = told["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    return error


@pytest.mark.parametrize("tags", BAD_TAGS, ids=str)
def test_bad_tags(shared: Client, tags: list[object]) -> None:
    before = shared.count()
    error = refused(shared, PUSH, {"invoice": {"payment_request": SEED, "tags": tags}})
    assert error["path"] == ["pushInvoice"]
    assert "tag" in error["message"]
    error = refused(shared, FIND, {"filter": {"tags": tags}})
    assert error["path"] == ["getInvoices", "find_many"]
    assert shared.count() == before


def test_a_number_that_is_infinite(shared: Client) -> None:
    """It can only be written into a query."""
    tags = 'tags: [{key: "a", number_value: -1e400}]'
    invoice = f'{{payment_request: "{SEED}", {tags}}}'
    for query in (
        f"mutation {{ pushInvoice(invoice: {invoice}) {{ invoice {{ id }} }} }}",
        f"{{ getInvoices {{ find_many(filter: {{{tags}}}) {{ list {{ id }} }} }} }}",
    ):
        assert "too large" in refused(shared, query, None)["message"]
    assert shared.find()["list"] is not None


def test_good_tags(client: Client) -> None:
    client.push(SEED, *GOOD)
    (row,) = client.find(filter={"tags": GOOD})["list"]
    assert [found["key"] for found in row["tags"]] == [each["key"] for each in GOOD]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "separator"),
        ("lnbc1", "too short"),
        (SEED[:-1] + "9", "checksum"),
        (payment_request().replace("lnbcrt", "lnxx"), ""),
        ("x" * 8000, "longer than 7089"),
    ],
)
def test_bad_payment_requests(shared: Client, text: str, why: str) -> None:
    error = refused(shared, PUSH, {"invoice": {"payment_request": text}})
    assert error["message"].startswith("payment_request: ")
    assert why in error["message"]


# -- finding ---------------------------------------------------------------------------------------


def test_pages(client: Client) -> None:
    push = f'pushInvoice(invoice: {{ payment_request: "{SEED}" }}) {{ invoice {{ id }} }}'
    pushes = " ".join(f"p{n}: {push}" for n in range(52))
    told = client.ask(f"mutation {{ {pushes} }}")
    ids = [told[f"p{n}"]["invoice"]["id"] for n in range(52)][::-1]

    def page(**page: object) -> list[str]:
        return [row["id"] for row in client.find(page=page)["list"]]

    assert page() == page(limit=None, offset=None) == ids[:50]
    assert page(limit=3) == ids[:3]
    assert page(limit=3, offset=2) == ids[2:5]
    assert page(offset=50) == ids[50:]
    assert page(offset=52) == page(offset=2**31 - 1) == []
    found = client.find(page={"limit": 1, "offset": 51})
    assert found["aggregated"]["total"] == {"amount_msat": "5200000", "count": 52}


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({"page": {"limit": 51}}, "page/limit must be from 1 to 50"),
        ({"page": {"limit": 0}}, "page/limit must be from 1 to 50"),
        ({"page": {"limit": -1}}, "page/limit must be from 1 to 50"),
        ({"page": {"offset": -1}}, "page/offset"),
        ({"sort": {"column": "description"}}, "sort/column must be one of"),
        ({"sort": {"column": "created_at; DROP TABLE pushed"}}, "sort/column must be one of"),
        ({"sort": {"direction": "desc"}}, "sort/direction must be one of ASC, DESC"),
        ({"filter": {"from": "yesterday"}}, "from must be"),
        ({"filter": {"to": ""}}, "to must be"),
    ],
)
def test_bad_questions(shared: Client, variables: object, why: str) -> None:
    error = refused(shared, FIND, variables)
    assert error["path"] == ["getInvoices", "find_many"]
    assert why in error["message"]


@frozen
class Three:
    """Pushed a day apart, with 3, no and 2 msat; the last one is another node's."""

    sandbox: Running
    client: Client
    ids: list[str]

    def numbers(self, **variables: object) -> list[int]:
        """Which of them are found, in order."""
        return [self.ids.index(row["id"]) for row in self.client.find(**variables)["list"]]


@pytest.fixture(scope="module")
def three() -> Iterator[Three]:
    with running_sandbox() as sandbox:
        client, ids = Client(sandbox), []
        for day, (msat, key) in enumerate([(3, FIRST), (None, FIRST), (2, SECOND)]):
            sandbox.set_clock_offset(timedelta(days=day))
            pushed = client.push(
                payment_request(msat, key=key),
                tag("day", number_value=day),
                tag("even", boolean_value=day % 2 == 0),
                tag("word", string_value=str(day)),
            )
            ids.append(pushed["invoice"]["id"])
        yield Three(sandbox, client, ids)
        client.close()


@pytest.mark.parametrize(
    ("column", "direction", "order"),
    [
        ("created_at", "DESC", [2, 1, 0]),
        ("created_at", "ASC", [0, 1, 2]),
        ("amount_msats", "ASC", [1, 2, 0]),
        ("amount_msats", "DESC", [0, 2, 1]),
        ("invoice_created_at", "ASC", [0, 1, 2]),
        ("invoice_created_at", "DESC", [2, 1, 0]),
        ("invoice_expiry_at", None, [2, 1, 0]),
        (None, None, [2, 1, 0]),
    ],
)
def test_sorting(three: Three, column: str, direction: str, order: list[int]) -> None:
    assert three.numbers(sort={"column": column, "direction": direction}) == order


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([], [0, 1, 2]),
        ([tag("day", number_value=1)], [1]),
        ([tag("day", number_value=1.5)], []),
        ([tag("even", boolean_value=True)], [0, 2]),
        ([tag("even", boolean_value=False)], [1]),
        ([tag("word", string_value="2")], [2]),
        ([tag("word", string_value="2"), tag("even", boolean_value=True)], [2]),
        ([tag("word", string_value="2"), tag("even", boolean_value=False)], []),
        # by value and type
        ([tag("day", string_value="1")], []),
        ([tag("even", number_value=1)], []),
        ([tag("word", number_value=1)], []),
        ([tag("other", number_value=1)], []),
    ],
    ids=str,
)
def test_filtering_by_tags(three: Three, filters: list[object], expected: list[int]) -> None:
    where = {"tags": filters}
    assert sorted(three.numbers(filter=where)) == expected
    found = three.client.find(filter=where, page={"limit": 1})
    assert found["aggregated"]["total"]["count"] == len(expected)


def test_filtering_by_time(three: Three) -> None:
    """Both ends belong to it. `to` is now by the sandbox's clock, unless it is given."""
    rows = three.client.find(sort={"direction": "ASC"})["list"]
    first, second, third = (row["created_at"] for row in rows)

    def found(**filter: object) -> list[int]:
        return three.numbers(filter=filter, sort={"direction": "ASC"})

    assert found(**{"from": second}) == [1, 2]
    assert found(to=second) == [0, 1]
    assert found(**{"from": second, "to": second}) == [1]
    assert found(**{"from": second.replace("Z", "9Z")}) == [2]  # 0.9 ms later
    assert found(**{"from": third, "to": first}) == []
    assert found(**{"from": None, "to": None}) == [0, 1, 2]
    assert found(**{"from": first.replace("Z", "+00:00")}) == [0, 1, 2]
    three.sandbox.set_clock_offset(timedelta(days=1, hours=1))
    assert found() == [0, 1]
    assert found(to="9999-12-31T23:59:59.9999999Z") == [0, 1, 2]
    three.sandbox.set_clock_offset(timedelta(days=2))


def test_totals(three: Three) -> None:
    """Of all that was found, not of the page; no amount counts 0."""
    told = three.client.find(page={"limit": 1})["aggregated"]
    assert told["aggregation_interval"] == "MONTH"
    assert told["total"] == {"amount_msat": "5", "count": 3}
    first, second = node_id(FIRST).hex(), node_id(SECOND).hex()
    assert told["stats"]["destinations"] == [
        {"amount_msat": "3", "count": 2, "pubkey": first},
        {"amount_msat": "2", "count": 1, "pubkey": second},
    ]
    countries = told["stats"]["countries"]
    assert sum(int(country["amount_msat"]) for country in countries) == 5
    pubkeys = [pubkey for country in countries for pubkey in country["pubkeys"]]
    assert sorted(pubkeys) == sorted([first, second])


def test_countries_are_those_of_the_checks(client: Client) -> None:
    (node,) = client.push(SEED)["checks"]["destinations"]
    present = next(ip for ip in node["checks"]["ips"]["list"] if ip["is_current"])
    (country,) = client.find()["aggregated"]["stats"]["countries"]
    assert country == {
        "amount_msat": "100000",
        "count": 1,
        "country": present["locations"][0]["country"],
        "pubkeys": [node["pubkey"]],
    }


def test_nothing_found(client: Client) -> None:
    assert client.find() == {
        "aggregated": {
            "aggregation_interval": "MONTH",
            "list": [],
            "stats": {"countries": [], "destinations": []},
            "total": {"amount_msat": "0", "count": 0},
        },
        "list": [],
    }


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (None, [("2030-01-01", 1), ("2030-03-01", 2)]),
        ("UTC", [("2030-01-01", 1), ("2030-03-01", 2)]),
        ("America/New_York", [("2029-12-01", 1), ("2030-02-01", 1), ("2030-03-01", 1)]),
        ("Pacific/Auckland", [("2030-01-01", 1), ("2030-03-01", 2)]),
        ("No/Where", [("2030-01-01", 1), ("2030-03-01", 2)]),
        ("America", [("2030-01-01", 1), ("2030-03-01", 2)]),
        ("../../etc/passwd", [("2030-01-01", 1), ("2030-03-01", 2)]),
        ("", [("2030-01-01", 1), ("2030-03-01", 2)]),
    ],
)
def test_months(fresh: Running, zone: str | None, expected: list[tuple[str, int]]) -> None:
    cookies = {} if zone is None else {"amboss-reflex-api-timezone": zone}
    client = Client(fresh, **cookies)
    for moment in ("2030-01-01T00:30:00Z", "2030-03-01T02:00:00Z", "2030-03-05T12:00:00Z"):
        fresh.set_clock_offset(datetime.fromisoformat(moment) - datetime.now(UTC))
        client.push(payment_request(7))
    assert client.find()["aggregated"]["list"] == [
        {"amount_msat": str(7 * count), "count": count, "date": month} for month, count in expected
    ]
    client.close()


# -- GraphQL over HTTP -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "variables", "more", "code"),
    [
        ("{", None, {}, "GRAPHQL_PARSE_FAILED"),
        ("", None, {}, "GRAPHQL_PARSE_FAILED"),
        ("{a" * 5000, None, {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", None, {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ getInvoices }", None, {}, "GRAPHQL_VALIDATION_FAILED"),
        (PUSH, None, {}, "BAD_USER_INPUT"),
        (PUSH, {"invoice": {"payment_request": 5}}, {}, "BAD_USER_INPUT"),
        (PUSH, {"invoice": {"payment_request": SEED, "x": 1}}, {}, "BAD_USER_INPUT"),
        (FIND, {"page": {"limit": "50"}}, {}, "BAD_USER_INPUT"),
        (FIND, {"page": {"limit": 2**31}}, {}, "BAD_USER_INPUT"),
        (FIND, {"filter": {"tags": [{"key": "a", "number_value": True}]}}, {}, "BAD_USER_INPUT"),
        ("query A { getHello }", None, {"operationName": "B"}, "OPERATION_RESOLUTION_FAILURE"),
        ("query A {getHello} query B {getHello}", None, {}, "OPERATION_RESOLUTION_FAILURE"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_cannot_be_carried_out(
    shared: Client, query: str, variables: object, more: dict[str, object], code: str
) -> None:
    answer = shared.post(query, variables, **more)
    assert answer.status_code == 400
    told = answer.json()
    assert list(told) == ["errors"]
    assert {error["extensions"]["code"] for error in told["errors"]} == {code}
    assert all(error["message"] for error in told["errors"])


def test_operations_and_introspection(shared: Client) -> None:
    two = "query A { a: getHello } query B { b: getHello }"
    answer = shared.post(two, operationName="B")
    assert list(answer.json()["data"]) == ["b"]
    told = build_client_schema(shared.ask(get_introspection_query()))
    assert print_schema(told) == print_schema(SCHEMA)


def test_one_part_may_fail(shared: Client) -> None:
    query = "{ getHello getInvoices { find_many(page: {limit: 51}) { list { id } } } }"
    told = shared.post(query).json()
    assert told["data"]["getHello"]
    assert told["data"]["getInvoices"] == {"find_many": None}
    assert told["errors"][0]["path"] == ["getInvoices", "find_many"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"{}", 400),
        (b'{"query": 5}', 400),
        (b'{"query": "{ getHello }", "variables": []}', 400),
        (b'{"query": "{ getHello }", "operationName": 5}', 400),
        (b'{"query": "\\ud800"}', 400),
        (b"\xff", 400),
        (b" " * 70_000, 413),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bodies_that_are_none(sandbox: Running, body: bytes, status: int) -> None:
    answer = post(sandbox, body)
    assert answer.status_code == status
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "BAD_REQUEST"}


def post(
    sandbox: Running, body: bytes, content_type: str = "application/json", **headers: str
) -> httpx.Response:
    headers = {
        "Authorization": f"Bearer {sandbox.api_key}",
        "Content-Type": content_type,
        **headers,
    }
    return httpx.post(f"{sandbox.url}/graphql", content=body, headers=headers)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("Application/JSON; charset=utf-8", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
    ],
)
def test_content_types(sandbox: Running, content_type: str, status: int) -> None:
    answer = post(sandbox, b'{"query": "{ getHello }"}', content_type)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("authorization", ["", "Bearer other", "Basic x"])
def test_keys(sandbox: Running, authorization: str) -> None:
    answer = post(sandbox, b'{"query": "{ getHello }"}', Authorization=authorization)
    assert answer.status_code == 401
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "UNAUTHENTICATED"}


def test_keys_with_the_library(sandbox: Running) -> None:
    with (
        open_reflex("other", url=sandbox.url) as session,
        pytest.raises(GraphQLError, match="not valid") as caught,
    ):
        session.call(GetHello())
    assert isinstance(caught.value.__cause__, Unauthorized)


def test_only_post(sandbox: Running, bearer: dict[str, str]) -> None:
    answer = httpx.get(f"{sandbox.url}/graphql?query={{getHello}}", headers=bearer)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    (error,) = answer.json()["errors"]
    assert error == {"message": "Method Not Allowed", "extensions": {"code": "BAD_REQUEST"}}


@pytest.mark.parametrize("name", ["payments", "find"])
def test_a_bug_of_ours(
    shared: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """Told with its path and without what broke, which is in the log; the rest is answered."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(PushedInvoices, name, broken)
    answer = shared.post(FIND)
    told = answer.json()
    part = {"payments": "aggregated", "find": "list"}[name]
    assert told["errors"] == [
        {
            "message": "The sandbox failed; its log says why",
            "path": ["getInvoices", "find_many", part],
            "extensions": {"code": "INTERNAL_SERVER_ERROR"},
        }
    ]
    assert told["data"]["getInvoices"]["find_many"][part] is None
    assert "secret" not in answer.text
    assert "a secret" in caplog.text
    assert caplog.records[0].levelno == logging.ERROR
