"""The hub as the vendor documents it, over a socket: envelopes, rules, faults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from hercle_proto.bolt11 import PaymentRequest
from hercle_sandbox import Running
from raw_client import RawClient, invocation
from vendor import CREATED, CREATION, ROW

HUB = "/ExecutionLiveServer/v1"
DONE = {"type": 3, "invocationId": "1", "result": None}


def hub(sandbox: Running, query: str = "") -> RawClient:
    return RawClient(f"{sandbox.url}{HUB}?access_token={sandbox.api_key}{query}")


@pytest.fixture
def client(sandbox: Running) -> Iterator[RawClient]:
    with hub(sandbox) as found:
        yield found


def create(client: RawClient, memo: object = "x", amount: object = 0.001) -> Any:
    """The next record after the command."""
    return client.invoke("CreateLightningInvoice", "c-1", amount, memo, None)


def envelope(record: Any) -> Any:
    assert (record["type"], record["target"]) == (1, "executionEvents")
    (argument,) = record["arguments"]
    return argument


def test_create_and_list(client: RawClient) -> None:
    record = client.invoke(
        "CreateLightningInvoice", "my-invoice-123", 0.001, "Payment for services", 24
    )
    event = envelope(record)
    data = event.pop("data")
    assert event == {
        "channel": "executionEvents",
        "topic": "execution",
        "subject": CREATED,
        "type": "message",
        "clientId": "my-invoice-123",
    }
    assert list(data) == list(CREATION)
    assert data["httpStatusCode"] == 201
    assert data["message"] == "Lightning invoice created successfully"
    payment = PaymentRequest.parse(data["encodedPaymentRequest"])
    assert payment.description == "Payment for services"
    assert payment.amount_msat == 100_000_000
    assert client.receive() == DONE

    event = envelope(client.invoke("GetLightningInvoices", "my-request-123"))
    rows = event.pop("data")
    assert event == {
        "channel": "executionEvents",
        "topic": "lightspark",
        "subject": "lightspark.invoices.snapshot",
        "type": "message",
        "clientId": "my-request-123",
    }
    assert list(rows[-1]) == list(ROW)
    assert rows[-1]["id"] == data["id"]
    assert client.receive() == DONE


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("&clientid=omit", ["channel", "topic", "subject", "type", "data"]),
        ("&envelope=bare", ["data"]),
        ("&data=string", ["channel", "topic", "subject", "type", "clientId", "data"]),
        ("&data=object", ["channel", "topic", "subject", "type", "clientId", "data"]),
    ],
)
def test_options(sandbox: Running, query: str, keys: list[str]) -> None:
    with hub(sandbox, query) as client:
        for record in (
            create(client),
            client.receive() and client.invoke("GetLightningInvoices", "c"),
        ):
            event = envelope(record)
            assert list(event) == keys
            data = event["data"]
            assert isinstance(data, str) is (query == "&data=string")
            if isinstance(data, str):
                data = json.loads(data)
            assert data


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None, 1, None, None), "ClientId is required"),
        (("", 1, None, None), "ClientId is required"),
        (("c" * 37, 1, None, None), "ClientId must not exceed 36 characters"),
        (("c", 0, None, None), "AmountBtc must be greater than 0"),
        (("c", -0.1, None, None), "AmountBtc must be greater than 0"),
        (("c", 1e-9, None, None), "AmountBtc must be a whole number of satoshi"),
        (("c", 22_000_000, None, None), "AmountBtc must not exceed 21000000"),
        (("c", 1, None, 0), "ExpiryHours must be between 1 and 720"),
        (("c", 1, None, 721), "ExpiryHours must be between 1 and 720"),
        (("c", 1, "x" * 640, None), "Memo must not exceed 639 bytes of UTF-8"),
        (("c" * 37,), "ClientId must not exceed 36 characters"),
    ],
)
def test_pre_checks(client: RawClient, arguments: tuple[object, ...], message: str) -> None:
    target = "CreateLightningInvoice" if len(arguments) > 1 else "GetLightningInvoices"
    event = envelope(client.invoke(target, *arguments))
    assert event == {
        "channel": "executionEvents",
        "topic": "preChecksError",
        "subject": "preChecksError",
        "type": "message",
        "clientId": arguments[0],
        "data": {"message": message},
    }
    assert client.receive() == DONE


@pytest.mark.parametrize(
    "arguments",
    [("c", "0.1", None, None), ("c", 0.1, None, 1.5), ("c", 0.1), (["c", 0.1, None, 24],)],
)
def test_arguments_that_do_not_bind(client: RawClient, arguments: tuple[object, ...]) -> None:
    """As on a genuine ASP.NET Core hub: a Completion with an error, no event."""
    record = client.invoke("CreateLightningInvoice", *arguments)
    assert record["type"] == 3
    assert record["error"].startswith("Failed to invoke 'CreateLightningInvoice' due to an error")


def count(client: RawClient) -> int:
    """How many invoices there are."""
    event = envelope(client.invoke("GetLightningInvoices", "count"))
    assert client.receive() == DONE
    return len(event["data"])


@pytest.mark.parametrize(
    ("memo", "subject", "keys"),
    [
        ("fault:refuse", "execution.invoice.error", {"statusError", "message"}),
        ("fault:status", CREATED, set(CREATION)),
    ],
)
def test_faults_that_refuse(client: RawClient, memo: str, subject: str, keys: set[str]) -> None:
    before = count(client)
    event = envelope(create(client, memo))
    assert (event["subject"], set(event["data"])) == (subject, keys)
    assert event["data"].get("httpStatusCode", 422) == 422
    assert client.receive() == DONE
    assert count(client) == before


def test_fault_throw(client: RawClient) -> None:
    before = count(client)
    error = (
        "An unexpected error occurred invoking 'CreateLightningInvoice' on the server. "
        "HubException: the hub method failed"
    )
    assert create(client, "fault:throw") == {"type": 3, "invocationId": "1", "error": error}
    assert count(client) == before


@pytest.mark.parametrize(
    ("memo", "subjects"),
    [
        ("fault:silent", [None]),
        ("fault:silent #abcdefg2", [None]),
        ("fault:silent #no-mark", ["c-1", None]),
        ("fault:twice", ["c-1", "c-1", None]),
        ("fault:foreign", ["somebody-else", "c-1", None]),
        ("fault:late:20", [None, "c-1"]),
        ("fault:early", ["c-1", None]),
        ("fault:late:x", ["c-1", None]),
        ("fault:other", ["c-1", None]),
    ],
)
def test_faults_in_the_answer(client: RawClient, memo: str, subjects: list[str | None]) -> None:
    """What comes, in order: events by ClientId, and the Completion as None."""
    before = count(client)
    records = [create(client, memo)] + [client.receive() for _ in subjects[1:]]
    assert [None if r == DONE else envelope(r)["clientId"] for r in records] == subjects
    assert count(client) == before + 1


def test_fault_drop(sandbox: Running) -> None:
    """The invoice is there; nothing said so, not even goodbye."""
    with hub(sandbox) as client:
        before = count(client)
        assert create(client, "fault:drop") is None
        assert client.closed is None
    with hub(sandbox) as client:
        assert count(client) == before + 1


def test_fault_amount(client: RawClient) -> None:
    data = envelope(create(client, "fault:amount"))["data"]
    assert PaymentRequest.parse(data["encodedPaymentRequest"]).amount_msat == 1_000_000_000


@pytest.mark.parametrize("key", ["other", None])
def test_wrong_keys(sandbox: Running, key: str | None) -> None:
    headers = [] if key is None else [("Authorization", f"Bearer {key}")]
    with RawClient(f"{sandbox.url}{HUB}", headers=headers) as client:
        assert client.status == 401


def test_foreign_origins(sandbox: Running) -> None:
    url = f"{sandbox.url}{HUB}?access_token={sandbox.api_key}"
    with RawClient(url, headers=[("Origin", "http://evil.example")]) as client:
        assert client.status == 403
        assert b"Origin" in client.body


def test_many_at_once(sandbox: Running) -> None:
    """In order, each with its own invoice."""
    with hub(sandbox) as client:
        client.send(
            *(
                invocation("CreateLightningInvoice", f"c-{i}", 0.001, None, None, key=None)
                for i in range(20)
            )
        )
        events = [envelope(client.receive()) for _ in range(20)]
    assert [event["clientId"] for event in events] == [f"c-{i}" for i in range(20)]
    assert len({event["data"]["id"] for event in events}) == 20
