"""The sandbox as a program: its first words, its end, and what outlives kill -9."""

from __future__ import annotations

import re
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import frozen

from hercle_adapters.blocking import open_hercle, open_hercle_rest
from hercle_proto.hercle import CreateLightningInvoice, GetLightningInvoices
from hercle_sandbox import running_sandbox
from programs import Program
from raw_client import RawClient, request

HUB = "/ExecutionLiveServer/v1"


@frozen
class Started:
    program: Program
    url: str
    key: str


@contextmanager
def started(*options: object) -> Iterator[Started]:
    with Program(sys.executable, "-m", "hercle_cli", "sandbox", *options) as program:
        program.expect("^API key: ")
        ready, key = program.output.splitlines()[:2]
        url = re.fullmatch(r"READY (http://127\.0\.0\.1:[0-9]+)", ready)
        assert url is not None
        yield Started(program, url[1], key.removeprefix("API key: "))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_orderly_end(number: int) -> None:
    """Hub clients are told, and may come back (C-04); the exit code is 0."""
    with started("--api-key", "my-key") as sandbox:
        assert sandbox.key == "my-key"
        with RawClient(f"{sandbox.url}{HUB}?access_token=my-key") as client:
            sandbox.program.signal(number)
            assert client.receive() == {"type": 7, "allowReconnect": True}
            assert client.receive() is None
            assert client.closed == 1000
        assert sandbox.program.end() == 0
        assert len(sandbox.program.output.splitlines()) == 2


def test_kill_9_loses_nothing(tmp_path: Path) -> None:
    """What was answered, over either road, is there afterwards, and so is the node."""
    path = tmp_path / "db"
    with started("--db", path) as sandbox:
        with (
            open_hercle(sandbox.key, url=sandbox.url) as hub,
            open_hercle_rest(sandbox.key, url=sandbox.url) as rest,
        ):
            created = [
                session.call(CreateLightningInvoice(Decimal("0.1"))).id
                for session in (hub, rest, hub, rest, hub)
            ]
            sandbox.program.signal(signal.SIGKILL)
        assert sandbox.program.end() == -signal.SIGKILL
    with (
        started("--db", path) as sandbox,
        open_hercle(sandbox.key, url=sandbox.url) as hub,
    ):
        snapshot = hub.call(GetLightningInvoices())
    assert [invoice.id for invoice in snapshot.invoices] == created
    assert len({invoice.node_id for invoice in snapshot.invoices}) == 1


def test_a_port_of_ones_own() -> None:
    """It is taken again at once after a stop."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(OSError, match="in use"), running_sandbox(port=port):
            pass
    for _ in range(2):
        with running_sandbox(port=port) as sandbox:
            assert sandbox.url == f"http://127.0.0.1:{port}"
            assert sandbox.api_key not in repr(sandbox)
            assert request("GET", sandbox.url).status == 404


def test_nothing_listens_elsewhere() -> None:
    with running_sandbox() as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        with socket.socket(socket.AF_INET) as other:
            other.bind(("127.0.0.2", port))  # on all interfaces it would be taken


@pytest.mark.parametrize("path", ["/api/v1/invoices", "/graphql"])
def test_a_client_that_hangs_up_is_no_bug(path: str, caplog: pytest.LogCaptureFixture) -> None:
    with running_sandbox() as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            connection.sendall(
                b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"
                b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
                % (path.encode(), sandbox.api_key.encode())
            )
    assert [record.getMessage() for record in caplog.records] == []


def test_keys_stay_out_of_logs(caplog: pytest.LogCaptureFixture) -> None:
    """A-04: not even at the most talkative level."""
    caplog.set_level(0)
    with running_sandbox() as sandbox:
        url = f"{sandbox.url}{HUB}?access_token={sandbox.api_key}"
        with RawClient(url) as client:
            client.invoke("GetLightningInvoices", "c")
        request("POST", f"{sandbox.url}{HUB}/negotiate?access_token={sandbox.api_key}")
    assert not any(sandbox.api_key in record.getMessage() for record in caplog.records)
