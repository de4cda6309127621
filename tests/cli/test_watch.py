"""`hercle invoice watch`, in processes of its own and event by event."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn, Self

import pytest
from msgspec.structs import replace

from hercle_adapters.blocking import open_hercle
from hercle_cli import _watch
from hercle_cli._news import News, as_line, as_object
from hercle_proto.hercle import (
    CreateLightningInvoice,
    InvoiceAppeared,
    InvoiceChanged,
    InvoiceClosed,
    InvoiceSnapshot,
    LightningInvoice,
    WaitClosed,
)
from hercle_sandbox import Running, running_sandbox
from programs import Program
from vendor import SECRETS

Hercle = Callable[..., Any]

HOSTILE = "\x1b]0;owned\x07\u202e[red]\r\npaid"
SHOWN = r"\u001b]0;owned\u0007\u202e[red]\u000d\u000apaid"
ID = "inv_0011223344"
AT = datetime(2024, 3, 28, 18, 3, 12, tzinfo=UTC)

SEEN = LightningInvoice(
    id=ID,
    status="OPEN",
    memo=HOSTILE,
    payment_preimage=SECRETS[0],
    email=SECRETS[1],
    user_id=SECRETS[2],
)


def watching(sandbox: Running, *options: str) -> Program:
    return Program(
        *(sys.executable, "-m", "hercle_cli", "invoice", "watch", *options),
        environment={"HERCLE_URL": sandbox.url, "HERCLE_API_KEY": sandbox.api_key},
    )


# -- lines ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("news", "line", "told"),
    [
        (InvoiceAppeared(SEEN), rf"appeared  {ID}  OPEN  {SHOWN}", {}),
        (
            InvoiceChanged(replace(SEEN, memo="m", payment_preimage="00"), SEEN),
            rf"changed   {ID}  OPEN  memo, paymentPreimage  {SHOWN}",
            {"changed": ["memo", "paymentPreimage"]},
        ),
        (
            InvoiceClosed(replace(SEEN, status="CLOSED"), True),
            rf"closed    {ID}  CLOSED  before its expiry  {SHOWN}",
            {"before_expiry": True},
        ),
        (
            InvoiceClosed(SEEN, False),
            rf"closed    {ID}  OPEN  after its expiry  {SHOWN}",
            {"before_expiry": False},
        ),
        (InvoiceClosed(SEEN, None), rf"closed    {ID}  OPEN  {SHOWN}", {"before_expiry": None}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_lines(news: News, line: str, told: dict[str, object]) -> None:
    """What a stranger wrote stays in its line, and no secret is told unless asked for."""
    at = AT.astimezone(UTC)
    assert as_line(news, at=at) == f"2024-03-28 18:03:12 UTC  {line}"
    assert not any(secret in line for secret in SECRETS)

    shown = as_object(news, show_secrets=False)
    row = shown.pop("invoice")
    assert shown == {"event": type(news).__name__, **told}
    assert isinstance(row, dict)
    assert [row[name] for name in ("paymentPreimage", "email", "userId")] == ["***"] * 3
    row = as_object(news, show_secrets=True)["invoice"]
    assert isinstance(row, dict)
    assert tuple(row[name] for name in ("paymentPreimage", "email", "userId")) == SECRETS


# -- processes ------------------------------------------------------------------------------------


def test_an_invoice_s_life(sandbox: Running) -> None:
    """Over both roads, for people and programs, until Ctrl-C or SIGTERM, or until it is closed."""
    with ExitStack() as ours:
        lines = ours.enter_context(watching(sandbox))
        objects = ours.enter_context(watching(sandbox, "--rest", "--json"))
        for program in (lines, objects):
            program.expect(r"^hercle: watching; \d+ invoices? listed now$")
        session = ours.enter_context(open_hercle(sandbox.api_key, url=sandbox.url))
        made = session.call(CreateLightningInvoice.for_sats(1000, HOSTILE)).id
        waiting = ours.enter_context(watching(sandbox, "--id", made))
        waiting.expect("waiting")

        line = lines.expect("appeared")
        assert re.search(rf"appeared  {made}  OPEN  1,000 satoshi  ", line.string)
        assert line.string.endswith(SHOWN)
        told = json.loads(objects.expect("InvoiceAppeared").string)
        assert told["event"] == "InvoiceAppeared"
        assert told["invoice"]["id"] == made
        assert told["invoice"]["memo"] == HOSTILE
        assert told["invoice"]["paymentPreimage"] == "***"

        sandbox.close_invoice(made)
        line = lines.expect(" closed ")
        assert f"{made}  CLOSED  1,000 satoshi  before its expiry  " in line.string
        told = json.loads(objects.expect("InvoiceClosed").string)
        assert (told["event"], told["before_expiry"]) == ("InvoiceClosed", True)
        assert told["invoice"]["status"] == "CLOSED"
        assert waiting.end(within=10) == 0
        assert re.fullmatch(rf"hercle: waiting .*\n.* UTC  closed    {made} .*", waiting.output)

        lines.signal(signal.SIGINT)
        objects.signal(signal.SIGTERM)
        assert (lines.end(), objects.end()) == (130, 130)
        for program in (lines, objects):  # nothing bad, and each line once
            assert len(program.output.splitlines()) == 3
            ours_alone = program.output.replace(SHOWN, "").replace(json.dumps(HOSTILE), "")
            assert not re.search("paid|settled|Traceback|interrupted", ours_alone)


def test_not_in_time(hercle: Hercle) -> None:
    ended = hercle("invoice", "watch", "--id", "inv_\x1b[31m", "--timeout", "0.5")
    assert (ended.code, ended.out) == (7, "")
    waiting, line = ended.err.splitlines()
    assert waiting == r"hercle: waiting for invoice inv_\u001b[31m to be closed"
    assert line == r"hercle: invoice inv_\u001b[31m was not closed within 0.5 s"


@pytest.mark.parametrize("road", [(), ("--rest",)])
def test_closed_already(hercle: Hercle, sandbox: Running, road: Sequence[str]) -> None:
    made = json.loads(hercle("invoice", "create", "0.001", "--json").out)["id"]
    sandbox.close_invoice(made)
    ended = hercle("invoice", "watch", "--id", made, "--json", *road)
    assert (ended.code, ended.line) == (0, f"waiting for invoice {made} to be closed")
    told = json.loads(ended.out)
    assert (told["invoice"]["id"], told["invoice"]["status"]) == (made, "CLOSED")


@pytest.mark.parametrize("road", [(), ("--rest",)])
def test_for_a_while(hercle: Hercle, road: Sequence[str]) -> None:
    ended = hercle("invoice", "watch", "--timeout", "0.5", *road)
    assert (ended.code, ended.out) == (0, "")
    assert re.fullmatch(r"watching; \d+ invoices? listed now", ended.line)


@pytest.mark.parametrize("road", [(), ("--rest",)])
@pytest.mark.parametrize(
    ("options", "code", "line"),
    [
        ((), 6, "nothing was listed within 0.05 s"),
        (("--id", "inv_\x1b"), 7, r"invoice inv_\u001b was not closed within 0.05 s"),
    ],
)
def test_a_server_that_says_nothing(
    hercle: Hercle,
    monkeypatch: pytest.MonkeyPatch,
    road: Sequence[str],
    options: Sequence[str],
    code: int,
    line: str,
) -> None:
    """Connecting and the first listing are part of the time."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("HERCLE_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        ended = hercle("invoice", "watch", "--timeout", "0.05", *road, *options)
    assert (ended.code, ended.out, ended.line) == (code, "", line)


class Session:
    """One in which an invoice was closed, and nothing else happens."""

    async def call(self, command: object) -> object:
        if isinstance(command, WaitClosed):
            return InvoiceClosed(SEEN, None)
        return InvoiceSnapshot((SEEN,))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> NoReturn:
        await asyncio.Event().wait()
        raise AssertionError


@pytest.mark.parametrize("options", [(), ("--id", ID)])
def test_a_goodbye_takes_its_time(
    hercle: Hercle, monkeypatch: pytest.MonkeyPatch, options: Sequence[str]
) -> None:
    """What was seen in time counts, though the time is over by then."""

    @asynccontextmanager
    async def opening(*_: object, **__: object) -> AsyncIterator[Session]:
        yield Session()
        await asyncio.sleep(0.1)

    monkeypatch.setattr(_watch, "open_hercle", opening)
    ended = hercle("invoice", "watch", "--timeout", "0.05", *options)
    assert ended.code == 0
    assert bool(ended.out) is bool(options)


def test_over_by_the_server_s_clock() -> None:
    """Is closed, too: the vendor does not tell why."""
    with running_sandbox() as sandbox, open_hercle(sandbox.api_key, url=sandbox.url) as session:
        made = session.call(CreateLightningInvoice.for_sats(1000)).id
        sandbox.set_clock_offset(timedelta(hours=25))
        with watching(sandbox, "--id", made) as program:
            assert program.end(within=15) == 0
            assert f"closed    {made}  CLOSED  1,000 satoshi" in program.output
            assert "before" not in program.output


def test_reconnects_are_told() -> None:
    with running_sandbox() as sandbox:
        port, key = int(sandbox.url.rpartition(":")[2]), sandbox.api_key
        program = watching(sandbox)
        program.expect("watching")
    with program:
        program.expect(r"^hercle: not connected: .+; attempt 1 follows in \d s$")
        with running_sandbox(port=port, api_key=key):
            program.expect("^hercle: connected again$")
            program.signal(signal.SIGINT)
            assert program.end() == 130


@pytest.mark.parametrize("options", [(), ("--id", "inv_1")])
def test_listings_that_fail_are_told(options: Sequence[str]) -> None:
    with running_sandbox() as sandbox, watching(sandbox, "--rest", *options) as program:
        program.expect("waiting" if options else "watching")
        sandbox.arm("status:500", path="/api/v1/invoices", times=2)
        program.expect(r"^hercle: no listing: .+ HTTP 500.+; asked again in \d+ s$")
        program.signal(signal.SIGTERM)
        assert program.end() == 130


@pytest.mark.parametrize("options", [(), ("--id", "inv_1")])
def test_a_session_that_ends(options: Sequence[str]) -> None:
    """Tells why: here, another key is asked for when it comes back."""
    with running_sandbox() as sandbox, open_hercle(sandbox.api_key, url=sandbox.url) as session:
        session.call(CreateLightningInvoice.for_sats(1000))
        port = int(sandbox.url.rpartition(":")[2])
        program = watching(sandbox, *options)
        program.expect("waiting" if options else "watching")
    with program:
        program.expect("^hercle: not connected: ")
        with running_sandbox(port=port, api_key="another"):
            program.expect("^hercle: .*the server refused the key")
            assert program.end() == 6
            assert "Traceback" not in program.output


@pytest.mark.parametrize("options", [(), ("--rest",), ("--id", "inv_1"), ("--id", "x", "--rest")])
@pytest.mark.parametrize(
    ("environment", "text"),
    [
        ({"HERCLE_API_KEY": "wrong"}, "key"),
        ({"HERCLE_API_KEY": ""}, "HERCLE_API_KEY"),
        ({"HERCLE_URL": "http://127.0.0.1:1"}, "no connection could be made"),
    ],
)
def test_what_cannot_be_watched(
    hercle: Hercle,
    monkeypatch: pytest.MonkeyPatch,
    options: Sequence[str],
    environment: dict[str, str],
    text: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    ended = hercle("invoice", "watch", "--timeout", "5", *options)
    assert (ended.code, ended.out) == (6, "")
    assert text in ended.line


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "soon"])
def test_time_limits(hercle: Hercle, seconds: str) -> None:
    for options in ((), ("--id", "x")):
        ended = hercle("invoice", "watch", f"--timeout={seconds}", *options)
        assert (ended.code, ended.out) == (2, "")
        assert "--timeout" in ended.line


def test_a_reader_that_has_seen_enough(sandbox: Running) -> None:
    """Ends it, and is no failure."""
    command = (sys.executable, "-m", "hercle_cli", "invoice", "watch")
    environment = {"HERCLE_URL": sandbox.url, "HERCLE_API_KEY": sandbox.api_key}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "watching" in process.stderr.readline()
        process.stdout.close()
        with open_hercle(sandbox.api_key, url=sandbox.url) as session:
            session.call(CreateLightningInvoice.for_sats(1000))
        assert process.wait(15) == 0
        assert process.stderr.read() == ""
