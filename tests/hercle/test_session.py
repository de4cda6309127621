"""A session is the hub client with Hercle's rules and limits."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest

from hercle_proto import Endpoint, InvalidArgument, LocalProtocolError, Open
from hercle_proto.hercle import (
    MAX_MESSAGE_BYTES,
    PRODUCTION_URL,
    CreateLightningInvoice,
    GetLightningInvoices,
    hercle_session,
)

ENTROPY = Random(7).randbytes
SANDBOX = "publicapi.sandbox.hercle.financial"

URLS = [
    (None, SANDBOX, 443, "/ExecutionLiveServer/v1/negotiate"),
    (PRODUCTION_URL, "publicapi.hercle.financial", 443, "/ExecutionLiveServer/v1/negotiate"),
    ("http://127.0.0.1:5000", "127.0.0.1", 5000, "/ExecutionLiveServer/v1/negotiate"),
    ("http://[::1]:5000/", "::1", 5000, "/ExecutionLiveServer/v1/negotiate"),
    (
        "http://localhost:1/ExecutionLiveServer/v1?data=string",
        "localhost",
        1,
        "/ExecutionLiveServer/v1/negotiate?data=string",
    ),
    ("https://example.com/elsewhere", "example.com", 443, "/elsewhere/negotiate"),
]


@pytest.mark.parametrize(("url", "host", "port", "target"), URLS)
def test_it_goes_to_the_hub_of_its_url(url: str | None, host: str, port: int, target: str) -> None:
    session = (
        hercle_session("good-token", entropy=ENTROPY)
        if url is None
        else hercle_session("good-token", url=url, entropy=ENTROPY)
    )
    session.start(now=0.0)
    (action,) = session.actions()
    assert isinstance(action, Open)
    assert action.endpoint == Endpoint(host, port, tls=port == 443)
    session.stream_opened(action.stream, now=0.0)
    request = session.data_to_send(action.stream, now=0.0)
    line, _, headers = request.partition(b"\r\n")
    assert line.startswith(f"POST {target}".encode())
    assert b"bearer good-token" in headers.lower()


def test_a_url_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="url"):
        hercle_session("key", url="hercle", entropy=ENTROPY)


def test_commands_get_their_client_ids_and_no_other_command_is_taken() -> None:
    session = hercle_session("key", entropy=ENTROPY)
    session.start(now=0.0)
    create = session.submit(CreateLightningInvoice(Decimal("0.001")), now=0.0)
    assert create.command.correlation_id is not None
    session.submit(GetLightningInvoices("mine"), now=0.0)
    with pytest.raises(LocalProtocolError, match="correlation id"):
        session.submit(GetLightningInvoices("mine"), now=0.0)


def test_a_hundred_thousand_invoices_fit_into_a_message() -> None:
    assert MAX_MESSAGE_BYTES == 256 * 2**20
