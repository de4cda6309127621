"""REST as the vendor documents it, over a socket."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta

import pytest

from hercle_proto.bolt11 import Network, PaymentRequest
from hercle_sandbox import Book, Running
from raw_client import request
from vendor import ROW

PATH = "/api/v1/invoices"


def test_create_and_list(sandbox: Running, bearer: dict[str, str]) -> None:
    body = '{"amountBtc": 0.00100000, "expiryHours": 2, "memo": "Grüße ⚡", "more": [1]}'.encode()
    answer = request("POST", f"{sandbox.url}{PATH}", headers=bearer, body=body)
    assert answer.status == 201
    assert answer.headers["content-type"] == "application/json"
    created = answer.json
    assert list(created) == ["id", "encodedPaymentRequest", "expiresAt"]

    listed = request("GET", f"{sandbox.url}{PATH}", headers=bearer)
    assert listed.status == 200
    row = listed.json["invoices"][-1]
    assert list(row) == [*ROW, "domainEvents"]
    assert {name: row[name] for name in created} == created
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row["createdAt"])
    made = datetime.fromisoformat(row["createdAt"])
    assert datetime.fromisoformat(row["expiresAt"]) - made == timedelta(hours=2)
    assert abs(datetime.now(UTC) - made) < timedelta(minutes=1)
    preimage = bytes.fromhex(row["paymentPreimage"])
    assert hashlib.sha256(preimage).hexdigest() == row["paymentHash"]
    told = (*created, "createdAt", "paymentHash", "paymentPreimage", "nodeId")
    assert {name: value for name, value in row.items() if name not in told} == {
        "userId": "user_sandbox",
        "email": "sandbox@example.com",
        "status": "OPEN",
        "updatedAt": None,
        "memo": "Grüße ⚡",
        "invoiceType": "STANDARD",
        "expirySecs": 7200,
        "metadata": "{}",
        "umaPostTransactionData": "",
        "bitcoinNetwork": "regtest",
        "amountOriginalValue": 100_000,
        "amountOriginalUnit": "satoshi",
        "amountPreferredCurrencyUnit": "USD",
        "amountPreferredCurrencyValueRounded": 65,
        "amountPreferredCurrencyValueApprox": 65.0,
        "domainEvents": [],
    }

    payment = PaymentRequest.parse(created["encodedPaymentRequest"])
    assert payment.network is Network.REGTEST
    assert payment.amount_msat == 100_000_000
    assert payment.description == "Grüße ⚡"
    assert payment.payment_hash.hex() == row["paymentHash"]
    assert payment.payee.hex() == row["nodeId"]
    assert payment.expiry_seconds == 7200
    assert payment.created_at == made.replace(microsecond=0)


@pytest.mark.parametrize(
    ("body", "seconds", "satoshi"),
    [
        ('{"amountBtc": 1e-8}', 86_400, 1),
        ('{"amountBtc": 0.1, "expiryHours": null, "memo": null}', 86_400, 10_000_000),
        ('{"amountBtc": 21000000, "expiryHours": 720}', 2_592_000, 2_100_000_000_000_000),
        ('{"amountBtc": 1.000000000000000000000000000000000000000}', 86_400, 100_000_000),
    ],
)
def test_defaults_and_exact_amounts(
    sandbox: Running, bearer: dict[str, str], body: str, seconds: int, satoshi: int
) -> None:
    """expiryHours may be left out, though the vendor marks it as required."""
    answer = request("POST", f"{sandbox.url}{PATH}", headers=bearer, body=body.encode())
    payment = PaymentRequest.parse(answer.json["encodedPaymentRequest"])
    assert (payment.expiry_seconds, payment.amount_msat) == (seconds, satoshi * 1000)
    row = request("GET", f"{sandbox.url}{PATH}", headers=bearer).json["invoices"][-1]
    assert (row["memo"], row["amountOriginalValue"]) == ("", satoshi)


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        ("{}", 400, "missing_parameter", "amountBtc"),
        ('{"memo": "x"}', 400, "missing_parameter", "amountBtc"),
        ("", 400, "invalid_request", None),
        ("[]", 400, "invalid_request", None),
        ('{"amountBtc": 1', 400, "invalid_request", None),
        ('{"amountBtc": "1"}', 400, "invalid_request", None),
        ('{"amountBtc": null}', 400, "invalid_request", None),
        ('{"amountBtc": true}', 400, "invalid_request", None),
        ('{"amountBtc": NaN}', 400, "invalid_request", None),
        ('{"amountBtc": 1, "expiryHours": 1.5}', 400, "invalid_request", None),
        ('{"amountBtc": 1, "expiryHours": "24"}', 400, "invalid_request", None),
        ('{"amountBtc": 1, "expiryHours": true}', 400, "invalid_request", None),
        ('{"amountBtc": 1, "memo": 5}', 400, "invalid_request", None),
        ('{"amountBtc": 1, "memo": "\\ud800"}', 400, "invalid_request", None),
        ('{"amountBtc": 1, "x": ' + "[" * 5000 + "}", 400, "invalid_request", None),
        ('{"amountBtc": 0}', 422, "invalid_request", "amountBtc"),
        ('{"amountBtc": -1}', 422, "invalid_request", "amountBtc"),
        ('{"amountBtc": 1e-9}', 422, "invalid_request", "amountBtc"),
        ('{"amountBtc": 1e-999999}', 422, "invalid_request", "amountBtc"),
        ('{"amountBtc": 1e999999}', 422, "invalid_request", "amountBtc"),
        ('{"amountBtc": 21000000.00000001}', 422, "invalid_request", "amountBtc"),
        ('{"amountBtc": 1, "expiryHours": 0}', 422, "invalid_request", "expiryHours"),
        ('{"amountBtc": 1, "expiryHours": 721}', 422, "invalid_request", "expiryHours"),
        (f'{{"amountBtc": 1, "memo": "{"ü" * 320}"}}', 422, "invalid_request", "memo"),
        (" " * 70_000, 413, "invalid_request", None),
    ],
    ids=lambda value: str(value)[:50],
)
def test_errors(
    sandbox: Running,
    bearer: dict[str, str],
    body: str,
    status: int,
    code: str,
    param: str | None,
) -> None:
    answer = request("POST", f"{sandbox.url}{PATH}", headers=bearer, body=body.encode())
    assert answer.status == status
    error = answer.json["error"]
    assert error.pop("message")
    assert error == {"code": code, "param": param, "type": "invalid_request_error"}


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "authentication_required"),
        ("Basic x", "authentication_required"),
        ("Bearer", "invalid_api_key"),
        ("Bearer other", "invalid_api_key"),
        ("Bearer \xe9\xff", "invalid_api_key"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_keys(sandbox: Running, method: str, authorization: str | None, code: str) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    url = f"{sandbox.url}{PATH}?access_token={sandbox.api_key}"  # for upgrades only
    answer = request(method, url, headers=headers, body=b'{"amountBtc": 1}')
    assert answer.status == 401
    error = answer.json["error"]
    assert error.pop("message")
    assert error == {"code": code, "param": None, "type": "authentication_error"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("DELETE", PATH, 405), ("GET", f"{PATH}/inv_1", 404)],
)
def test_elsewhere(sandbox: Running, method: str, path: str, status: int) -> None:
    answer = request(method, f"{sandbox.url}{path}")
    assert (answer.status, list(answer.json)) == (status, ["error"])
    allowed = set(answer.headers.get("allow", "").split(", "))
    assert allowed == ({"GET", "HEAD", "POST"} if status == 405 else {""})


def test_a_bug_of_ours(
    sandbox: Running, bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told as the vendor tells errors, and without what broke."""

    def broken(_: Book) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(Book, "invoices", broken)
    answer = request("GET", f"{sandbox.url}{PATH}", headers=bearer)
    assert (answer.status, answer.json["error"]["code"]) == (500, "api_error")
    assert b"secret" not in answer.body


# -- who may speak -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "origin", "admitted"),
    [
        ("127.0.0.1:{port}", None, True),
        ("localhost:{port}", None, True),
        ("LocalHost:9", None, True),
        ("[::1]", None, True),
        ("127.0.0.1:{port}", "http://127.0.0.1:{port}", True),
        ("127.0.0.1:{port}", "http://localhost:{port}", True),
        ("evil.example:{port}", None, False),
        ("127.0.0.1.evil.example", None, False),
        ("127.0.0.1:{port}x", None, False),
        ("user@127.0.0.1:{port}", None, False),
        ("127.0.0.1:{port}", "http://evil.example", False),
        ("127.0.0.1:{port}", "https://127.0.0.1:{port}", False),
        ("127.0.0.1:{port}", "http://127.0.0.1:1", False),
        ("127.0.0.1:{port}", "http://127.0.0.1", False),
        ("127.0.0.1:{port}", "null", False),
        ("127.0.0.1:{port}", "", False),
    ],
)
@pytest.mark.parametrize("path", [PATH, "/ExecutionLiveServer/v1/negotiate"])
def test_foreign_hosts_and_origins(
    sandbox: Running,
    bearer: dict[str, str],
    path: str,
    host: str,
    origin: str | None,
    admitted: bool,
) -> None:
    port = sandbox.url.rpartition(":")[2]
    headers = {**bearer, "Host": host.format(port=port)}
    if origin is not None:
        headers["Origin"] = origin.format(port=port)
    answer = request("POST", f"{sandbox.url}{path}", headers=headers, body=b'{"amountBtc": 1}')
    if admitted:
        assert answer.status in (200, 201)
    else:
        assert answer.status == 403
        assert b"The sandbox " in answer.body
