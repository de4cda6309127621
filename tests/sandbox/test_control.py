"""What tests may do to a sandbox: close an invoice, and move its clock. Both ways."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from hercle_adapters.blocking import open_hercle, open_hercle_rest
from hercle_proto import CommandRefused, InvalidArgument, NotSent, Unauthorized
from hercle_proto.bolt11 import PaymentRequest
from hercle_proto.hercle import Agrees, CreateLightningInvoice, GetLightningInvoices
from hercle_sandbox import AlreadyClosed, Running, close_invoice, running_sandbox
from raw_client import Answer, RawClient, request

INVOICES = "/api/v1/invoices"
HUB = "/ExecutionLiveServer/v1"
NEGOTIATE = f"{HUB}/negotiate"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def right_clock(sandbox: Running) -> Iterator[None]:
    yield
    sandbox.set_clock_offset(timedelta(0))


def create(sandbox: Running) -> str:
    with open_hercle_rest(sandbox.api_key, url=sandbox.url) as session:
        return session.call(CreateLightningInvoice.for_sats(1)).id


def listed(sandbox: Running, invoice_id: str) -> Any:
    """As REST lists it, which is as the hub does."""
    headers = {"Authorization": f"Bearer {sandbox.api_key}"}
    rows = request("GET", f"{sandbox.url}{INVOICES}", headers=headers).json["invoices"]
    with RawClient(f"{sandbox.url}{HUB}?access_token={sandbox.api_key}") as hub:
        assert [
            {**row, "domainEvents": []}
            for row in hub.invoke("GetLightningInvoices", "c")["arguments"][0]["data"]
        ] == rows
    (row,) = (row for row in rows if row["id"] == invoice_id)
    return row


def post_close(sandbox: Running, invoice_id: str) -> None:
    answer = request(
        "POST",
        f"{sandbox.url}/sandbox/invoices/{invoice_id}/close",
        headers={"Authorization": f"Bearer {sandbox.api_key}"},
    )
    assert (answer.status, answer.body) == (204, b"")


def put_offset(sandbox: Running, offset: timedelta) -> None:
    answer = request(
        "PUT",
        f"{sandbox.url}/sandbox/clock",
        headers={"Authorization": f"Bearer {sandbox.api_key}"},
        body=b'{"offset_seconds": %a}' % offset.total_seconds(),
    )
    assert (answer.status, answer.body) == (204, b"")


# -- closing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "close",
    [
        Running.close_invoice,
        post_close,
        lambda sandbox, which: close_invoice(sandbox.url, sandbox.api_key, which),
        lambda sandbox, which: close_invoice(
            f"{sandbox.url}{INVOICES}?x=y", sandbox.api_key, which
        ),
    ],
    ids=["method", "http", "client", "another url"],
)
def test_closing(sandbox: Running, close: Callable[[Running, str], None]) -> None:
    invoice_id, other = create(sandbox), create(sandbox)
    assert (listed(sandbox, invoice_id)["status"], listed(sandbox, other)["updatedAt"]) == (
        "OPEN",
        None,
    )
    close(sandbox, invoice_id)
    row = listed(sandbox, invoice_id)
    assert row["status"] == "CLOSED"
    age = datetime.now(UTC) - datetime.fromisoformat(row["updatedAt"])
    assert timedelta(0) <= age < timedelta(minutes=1)
    assert listed(sandbox, other)["status"] == "OPEN"


def over(sandbox: Running, invoice_id: str) -> None:
    sandbox.set_clock_offset(DAY)


@pytest.mark.parametrize("end", [Running.close_invoice, over])
def test_closing_what_is_closed(sandbox: Running, end: Callable[[Running, str], None]) -> None:
    invoice_id = create(sandbox)
    end(sandbox, invoice_id)
    before = listed(sandbox, invoice_id)
    with pytest.raises(AlreadyClosed):
        sandbox.close_invoice(invoice_id)
    with pytest.raises(CommandRefused) as caught:
        close_invoice(sandbox.url, sandbox.api_key, invoice_id)
    assert (caught.value.status, caught.value.code) == (409, "invoice_closed")
    assert listed(sandbox, invoice_id) == before


@pytest.mark.parametrize("invoice_id", ["inv_1", "", "a/b", "..", "ü", "?x#y"])
def test_closing_what_is_not_there(sandbox: Running, invoice_id: str) -> None:
    with pytest.raises(KeyError):
        sandbox.close_invoice(invoice_id)
    with pytest.raises(CommandRefused) as caught:
        close_invoice(sandbox.url, sandbox.api_key, invoice_id)
    assert caught.value.status == 404


def test_closing_what_no_text_can_be(sandbox: Running) -> None:
    with pytest.raises(CommandRefused):
        close_invoice(sandbox.url, sandbox.api_key, "\ud800")


def test_closing_with_another_key(sandbox: Running) -> None:
    invoice_id = create(sandbox)
    with pytest.raises(CommandRefused) as caught:
        close_invoice(sandbox.url, "another", invoice_id)
    assert isinstance(caught.value.__cause__, Unauthorized)
    assert listed(sandbox, invoice_id)["status"] == "OPEN"


def test_closing_nowhere() -> None:
    with pytest.raises(InvalidArgument, match="url"):
        close_invoice("http://user@127.0.0.1", "key", "inv_1")
    with pytest.raises(InvalidArgument, match="a key goes over https"):
        close_invoice("http://sandbox.example", "key", "inv_1")
    with running_sandbox() as gone:
        pass
    with pytest.raises(NotSent):
        close_invoice(gone.url, "key", "inv_1")


def test_closed_for_the_library(sandbox: Running) -> None:
    invoice_id = create(sandbox)
    sandbox.close_invoice(invoice_id)
    with open_hercle(sandbox.api_key, url=sandbox.url) as session:
        snapshot = session.call(GetLightningInvoices())
    (invoice,) = (invoice for invoice in snapshot.invoices if invoice.id == invoice_id)
    assert invoice.status == "CLOSED"
    assert invoice.updated_at is not None


# -- the clock -------------------------------------------------------------------------------------


@pytest.mark.parametrize("set_offset", [Running.set_clock_offset, put_offset])
def test_the_clock(sandbox: Running, set_offset: Callable[[Running, timedelta], None]) -> None:
    """Invoices are over when it says so, and open again where it is set back."""
    invoice_id = create(sandbox)
    early = listed(sandbox, invoice_id)
    set_offset(sandbox, DAY)
    late = listed(sandbox, invoice_id)
    assert late == {**early, "status": "CLOSED", "updatedAt": early["expiresAt"]}
    made = listed(sandbox, create(sandbox))
    payment = PaymentRequest.parse(made["encodedPaymentRequest"])
    ahead = payment.created_at - datetime.now(UTC)
    assert abs(ahead - DAY) < timedelta(minutes=1)
    assert abs(datetime.fromisoformat(made["createdAt"]) - payment.created_at) <= timedelta(
        seconds=1
    )
    sandbox.set_clock_offset(timedelta(seconds=-0.5))
    assert listed(sandbox, invoice_id) == early


UPGRADE = [
    (b"Connection", b"Upgrade"),
    (b"Upgrade", b"websocket"),
    (b"Sec-WebSocket-Version", b"13"),
    (b"Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=="),
]


def upgrade(sandbox: Running) -> Answer:
    """The refusal of an upgrade, as an answer."""
    headers = {name.decode(): value.decode() for name, value in UPGRADE}
    return request("GET", f"{sandbox.url}{HUB}", headers=headers)


@pytest.mark.parametrize(
    ("ask", "status"),
    [
        (lambda s: request("GET", f"{s.url}/"), 404),
        (lambda s: request("GET", f"{s.url}{INVOICES}"), 401),
        (lambda s: request("GET", s.url, headers={"Host": "evil.example"}), 403),
        (lambda s: request("POST", f"{s.url}{NEGOTIATE}?access_token={s.api_key}"), 200),
        (upgrade, 401),
    ],
)
def test_dates(sandbox: Running, ask: Callable[[Running], Answer], status: int) -> None:
    """Every answer has one, by the sandbox's clock."""
    sandbox.set_clock_offset(-DAY)
    answer = ask(sandbox)
    assert answer.status == status
    behind = parsedate_to_datetime(answer.headers["date"]) - datetime.now(UTC)
    assert abs(behind + DAY) < timedelta(minutes=1)
    assert "," not in answer.headers["date"][5:]  # one header


def test_an_upgrade_has_a_date(sandbox: Running) -> None:
    sandbox.set_clock_offset(-DAY)
    where = urlsplit(sandbox.url)
    head = b"GET %s?access_token=%s HTTP/1.1\r\nHost: %s\r\n" % (
        HUB.encode(),
        sandbox.api_key.encode(),
        where.netloc.encode(),
    )
    with socket.create_connection((where.hostname, where.port), 10) as connection:
        connection.sendall(head + b"".join(b"%s: %s\r\n" % pair for pair in UPGRADE) + b"\r\n")
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 101")
    (date,) = re.findall(rb"(?i)\r\ndate: ([^\r]*)", answer)
    behind = parsedate_to_datetime(date.decode()) - datetime.now(UTC)
    assert abs(behind + DAY) < timedelta(minutes=1)


def test_clients_learn_the_clock(sandbox: Running) -> None:
    """By their own, the invoice would be over already."""
    sandbox.set_clock_offset(-3 * DAY)
    with open_hercle(sandbox.api_key, url=sandbox.url) as session:
        created = session.call(CreateLightningInvoice.for_sats(1))
    assert created.verification.unexpired == Agrees()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"{}", 400),
        (b'{"offset_seconds": "1"}', 400),
        (b'{"offset_seconds": null}', 400),
        (b'{"offset_seconds": true}', 400),
        (b'{"offset_seconds": NaN}', 400),
        (b'{"offset_seconds": 1e999}', 400),
        (b'{"offset_seconds": 1e300}', 422),
        (b'{"offset_seconds": -700000000}', 422),
        (b" " * 70_000, 413),
    ],
    ids=lambda value: str(value)[:40],
)
def test_offsets_that_are_none(
    sandbox: Running, bearer: dict[str, str], body: bytes, status: int
) -> None:
    answer = request("PUT", f"{sandbox.url}/sandbox/clock", headers=bearer, body=body)
    error = answer.json["error"]
    assert (answer.status, error["type"]) == (status, "invalid_request_error")
    assert ("by at most 7300 days" in error["message"]) is (status == 422)


def test_offsets_that_are_too_much(sandbox: Running) -> None:
    with pytest.raises(ValueError, match="at most 7300 days"):
        sandbox.set_clock_offset(DAY * 7301)


CONTROLS = [("POST", "/sandbox/invoices/inv_1/close"), ("PUT", "/sandbox/clock")]


@pytest.mark.parametrize(("method", "path"), CONTROLS)
def test_keys(sandbox: Running, method: str, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer other"}):
        answer = request(method, f"{sandbox.url}{path}", headers=headers)
        assert answer.status == 401
        assert answer.json["error"]["type"] == "authentication_error"
    assert request("GET", f"{sandbox.url}{path}").status == 405
