"""Commands and their endings: what is printed where, and the exit code."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

import pytest
import typer

import payment_requests
from hercle_cli import _show, _target, main
from hercle_proto.bolt11 import Network, PaymentRequest, encode
from hercle_sandbox import Running, running_sandbox
from programs import Program
from vendor import CREATION, ROW

UNKNOWN = "the outcome of CreateLightningInvoice is unknown, it may have been carried out"


Hercle = Callable[..., Any]
"""The fixture: `main` with arguments; how it ended."""


def one_line(text: str) -> str:
    """What was told, which is one line."""
    (line,) = text.splitlines()
    assert line.startswith("hercle: ")
    return line.removeprefix("hercle: ")


# -- what goes well ------------------------------------------------------------------------------


def test_create(hercle: Hercle) -> None:
    ended = hercle("invoice", "create", "0.00100000", "--memo", "Payment for services")
    assert (ended.code, ended.err) == (0, "")
    assert re.search(r"Invoice inv_\w+ was created", ended.out)
    assert "0.001 BTC (100,000 sat)" in ended.out
    assert "Payment for services" in ended.out
    request = re.search(r"lnbcrt\w+", ended.out)
    assert request is not None
    assert PaymentRequest.parse(request[0]).amount_msat == 100_000_000


def test_create_as_json(hercle: Hercle) -> None:
    ended = hercle("invoice", "create", "1e-8", "--expiry-hours", "720", "--json")
    assert (ended.code, ended.err) == (0, "")
    created = json.loads(ended.out)
    assert list(created) == list(CREATION)
    payment = PaymentRequest.parse(created["encodedPaymentRequest"])
    assert (payment.amount_msat, payment.expiry_seconds) == (1000, 720 * 3600)


@pytest.mark.parametrize("rest", [False, True])
def test_list(hercle: Hercle, rest: bool) -> None:
    options = ("--rest",) if rest else ()
    created = json.loads(hercle("invoice", "create", "0.25", "--memo", "m", "--json").out)
    ended = hercle("invoice", "list", *options)
    assert (ended.code, ended.err) == (0, "")
    assert re.search(rf"^{created['id']} +OPEN +25,000,000 satoshi +m +20", ended.out, re.MULTILINE)

    for secrets in (False, True):
        more = ("--show-secrets",) if secrets else ()
        ended = hercle("invoice", "list", "--json", *options, *more)
        assert (ended.code, ended.err) == (0, "")
        row = json.loads(ended.out)[-1]
        assert list(row) == [*ROW, *(("domainEvents",) if rest else ())]
        assert row["id"] == created["id"]
        shown = [row[name] for name in ("paymentPreimage", "email", "userId")]
        assert (shown == ["***"] * 3) is not secrets


def test_a_hub_url_will_do(
    hercle: Hercle, sandbox: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HERCLE_URL", f"{sandbox.url}/ExecutionLiveServer/v1")
    for options in ((), ("--rest",)):
        assert hercle("invoice", "list", *options).code == 0


def test_no_invoices(hercle: Hercle) -> None:
    _show.show_list([], of=0)


def test_demo(tmp_path: Path) -> None:
    """The whole story, in a process of its own, which leaves nothing."""
    done = run("demo", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    opening, *steps = re.split(r"\n\n(?=\d\. )", done.stdout)
    assert re.fullmatch("A sandbox of .+ runs at http://127.0.0.1:.+", opening)
    create, verify, listed, over_rest, push, totals, close, watch = steps
    invoice = re.search(r"Invoice (inv_\w+) was created", create)
    assert invoice is not None
    request = re.search(r"lnbcrt\w+", create)
    assert request is not None
    assert PaymentRequest.parse(request[0]).description == "Payment for services"
    for check in ("amount", "memo", "signature", "unexpired"):
        assert re.search(rf"\n  {check} +agrees", verify)
    assert "disagrees" not in verify
    for road, table in (("SignalR", listed), ("REST", over_rest)):
        assert f"over {road}\n" in table
        assert re.search(rf"\n{invoice[1]} +OPEN +100,000 satoshi +Payment for services", table)
    assert " was pushed.\n" in push
    assert re.search(r"Tags +product-id=534271, is-withdrawal=true\n", push)
    assert "All together: 1 invoice, 100,000 sat" in totals
    assert close
    assert re.search(rf"closed +{invoice[1]} +CLOSED +100,000 satoshi +before its expiry", watch)
    assert not re.search("paid|settled", done.stdout)
    assert list(tmp_path.iterdir()) == []


def test_help_is_quick() -> None:
    """It loads no server and no driver."""
    code = "import sys, hercle_cli; hercle_cli.main(['--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()[-1].split()
    assert "hercle_cli._commands" in loaded
    assert {"uvicorn", "anyio", "ssl", "segno", "hercle_sandbox"}.isdisjoint(loaded)


def test_without_its_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "hercle_cli._commands", raising=False)
    monkeypatch.setitem(sys.modules, "typer", None)
    assert main(["demo"]) == 2
    assert "hercle-proto[cli]" in one_line(capsys.readouterr().err)


# -- what does not -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "Missing command"),
        (("frobnicate",), "No such command"),
        (("invoice",), "Missing command"),
        (("invoice", "create"), "AMOUNT_BTC"),
        (("invoice", "create", "abc"), "AMOUNT_BTC must be a number such as 0.001; got 'abc'"),
        (("invoice", "create", "1_0"), "AMOUNT_BTC"),
        (("invoice", "create", "\u0661"), "AMOUNT_BTC must be a number"),
        (("invoice", "create", "0.\uff11"), "AMOUNT_BTC must be a number"),
        (("invoice", "create", "0"), "amount_btc"),
        (("invoice", "create", "NaN"), "amount_btc"),
        (("invoice", "create", "Infinity"), "amount_btc"),
        (("invoice", "create", "1e-9"), "amount_btc"),
        (("invoice", "create", "22000000"), "amount_btc"),
        (("invoice", "create", "-1"), "amount_btc: must be more than 0"),
        (("invoice", "create", "--memo", "x", "-.5", "--json"), "amount_btc"),
        (("invoice", "create", "--foo"), "no option '--foo'"),
        (("invoice", "create", "1", "--foo"), "--foo"),
        (("invoice", "create", "1", "--expiry-hours", "0"), "expiry_hours"),
        (("invoice", "create", "1", "--expiry-hours", "1.5"), "--expiry-hours"),
        (("invoice", "create", "1", "--memo", "ü" * 320), "memo"),
        (("invoice", "create", "1", "--memo", "\ud800"), "memo"),
        (("invoice", "list", "--key", "x"), "No such option"),
        (("invoice", "list", "--production"), "--production and HERCLE_URL"),
        (("sandbox", "--port", "65536"), "--port"),
        (("sandbox", "--db", "/dev/null"), "not a regular file"),
        (("sandbox", "--db", "/no/such/file"), "No such file"),
    ],
    ids=lambda value: " ".join(value)[:60].encode("ascii", "replace").decode(),
)
def test_usage(hercle: Hercle, arguments: Sequence[str], text: str) -> None:
    ended = hercle(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert text in one_line(ended.err)


@pytest.mark.parametrize(
    ("memo", "code", "text"),
    [
        ("fault:refuse", 3, "Lightning is not enabled for this account"),
        ("fault:status", 3, "checks failed"),
        ("fault:throw", 4, UNKNOWN),
        ("fault:drop", 4, UNKNOWN),
        ("fault:amount", 5, "amount: asked for 100,000,000 msat, got 1,000,000,000 msat"),
        ("fault:memo", 5, "memo: asked for 'fault:memo', got 'something else'"),
        ("fault:expiry", 5, "duration: asked for 86,400 s, got 1,440 s"),
        ("fault:old", 5, "unexpired: asked for what ends after 20"),
        ("fault:signature", 5, "signature: asked for a signature by its payee, got none"),
        ("fault:cut", 5, "it begins as 1,000,000 msat on bc"),
        ("fault:other-node", 0, ""),  # who knows which node is meant
    ],
)
def test_endings(hercle: Hercle, memo: str, code: int, text: str) -> None:
    ended = hercle("invoice", "create", "0.001", "--memo", memo, "--json")
    assert ended.code == code
    assert (code in {0, 5}) is bool(ended.out)
    if code:
        assert text in one_line(ended.err)
    if code == 5:
        made = json.loads(ended.out)["id"]
        assert one_line(ended.err).startswith(f"Invoice {made} exists; do not create it again: ")
        ended = hercle("invoice", "create", "0.001", "--memo", memo)
        assert ended.code == 5
        assert re.search(r"^Invoice inv_\w+ was created\.", ended.out)
        assert "ln" in ended.out


VALID, INVALID = payment_requests.VECTORS["valid"], payment_requests.VECTORS["invalid"]


def named(example: Mapping[str, object]) -> str:
    return str(example["name"])


@pytest.mark.parametrize("example", VALID, ids=named)
def test_decode(hercle: Hercle, example: Mapping[str, object]) -> None:
    text = payment_requests.build(example)
    request = PaymentRequest.parse(text)
    ended = hercle("decode", f" lightning:{text} ")
    assert (ended.code, ended.err) == (0, "")
    assert request.payment_hash.hex() in ended.out
    assert request.payee.hex() in ended.out

    ended = hercle("decode", text, "--json")
    assert (ended.code, ended.err) == (0, "")
    fields = json.loads(ended.out)
    assert fields["amount_msat"] == request.amount_msat
    assert fields["description"] == request.description
    assert fields["payee"] == request.payee.hex()
    assert fields["fallbacks"] == list(request.fallbacks)
    assert [[hop["short_channel_id"] for hop in hops] for hops in fields["route_hints"]] == [
        [hop.short_channel_id for hop in hops] for hops in request.route_hints
    ]


@pytest.mark.parametrize("example", INVALID, ids=named)
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_decode_what_is_invalid(
    hercle: Hercle, example: Mapping[str, object], options: Sequence[str]
) -> None:
    ended = hercle("decode", payment_requests.build(example), *options)
    assert (ended.code, ended.out) == (2, "")
    assert re.fullmatch(
        r"not a valid payment request: .+ \(at character \d+\)", one_line(ended.err)
    )


def test_decode_shows_amounts_and_strangers_texts(hercle: Hercle) -> None:
    text = encode(
        bytes(31) + b"\x01",
        network=Network.BITCOIN,
        amount_msat=1,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        payment_hash=bytes(32),
        payment_secret=bytes(32),
        description="\x1b[31m\u202eevil",
    )
    ended = hercle("decode", text)
    assert re.search(r"Amount +0\.001 sat\n", ended.out)
    assert "\\u001b[31m\\u202eevil" in ended.out
    assert hercle("decode", "").code == 2


@pytest.mark.parametrize("arguments", [("list",), ("list", "--rest"), ("create", "0.001")])
@pytest.mark.parametrize("key", ["wrong", "", "with space", "new\nline", "ключ"])
def test_keys(
    hercle: Hercle, monkeypatch: pytest.MonkeyPatch, key: str, arguments: Sequence[str]
) -> None:
    monkeypatch.setenv("HERCLE_API_KEY", key)
    ended = hercle("invoice", *arguments)
    assert (ended.code, ended.out) == (6, "")
    assert "key" in one_line(ended.err)
    assert not key or key not in ended.err


def test_the_key_is_asked_for(
    hercle: Hercle, sandbox: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HERCLE_API_KEY")
    monkeypatch.setattr(_target.sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(_target, "getpass", lambda *_, **__: sandbox.api_key)
    assert hercle("invoice", "list").code == 0


def test_no_key_is_given(hercle: Hercle, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-D where one is asked for."""

    def end(*_: object, **__: object) -> str:
        raise EOFError

    monkeypatch.delenv("HERCLE_API_KEY")
    monkeypatch.setattr(_target.sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(_target, "getpass", end)
    ended = hercle("invoice", "list")
    assert (ended.code, ended.out) == (6, "")
    assert one_line(ended.err.lstrip("\n")) == "there is no API key; set HERCLE_API_KEY"


@pytest.mark.parametrize("arguments", [("list",), ("list", "--rest"), ("create", "0.001")])
def test_nobody_listens(
    hercle: Hercle, monkeypatch: pytest.MonkeyPatch, arguments: Sequence[str]
) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HERCLE_URL", f"http://127.0.0.1:{bound.getsockname()[1]}")
        ended = hercle("invoice", *arguments)
    assert (ended.code, ended.out) == (6, "")
    assert "no connection could be made" in one_line(ended.err)


@pytest.mark.parametrize(
    "url", ["nonsense", "ftp://host", "http://user@host", "http://api.example"]
)
def test_urls(hercle: Hercle, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """A key goes over plain http to loopback only."""
    monkeypatch.setenv("HERCLE_URL", url)
    ended = hercle("invoice", "list")
    assert (ended.code, ended.out) == (2, "")
    assert one_line(ended.err).startswith("HERCLE_URL: ")
    assert "allow_insecure" not in ended.err


def test_large_amounts_in_production(hercle: Hercle, monkeypatch: pytest.MonkeyPatch) -> None:
    """Are confirmed, or not sent."""
    monkeypatch.delenv("HERCLE_URL")
    ended = hercle("invoice", "create", "1.00000001", "--production")
    assert (ended.code, ended.out) == (2, "")
    assert "--yes" in one_line(ended.err)
    monkeypatch.setattr(_target.sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    ended = hercle("invoice", "create", "1.00000001", "--production")
    assert (ended.code, ended.out) == (2, "")
    assert one_line(ended.err) == "not confirmed; nothing was sent"


def test_a_stranger_s_text(hercle: Hercle) -> None:
    """Escapes, bidi and markup are shown, not obeyed."""
    memo = "[bold red]x[/] \x1b[31m \u202e :boom: \r\n"
    shown = r"[bold red]x[/] \u001b[31m \u202e :boom: \u000d\u000a"
    ended = hercle("invoice", "create", "0.001", "--memo", memo)
    assert shown in ended.out
    assert shown in hercle("invoice", "list").out
    ended = hercle("invoice", "list", "--json")
    assert json.loads(ended.out)[-1]["memo"] == memo
    assert ended.out.isascii()


# -- QR codes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "encoding", "request_", "shown"),
    [
        (120, "utf-8", "lnbcrt1m1" + "q" * 300, True),
        (61, "utf-8", "lnbcrt1m1" + "q" * 300, True),
        (40, "utf-8", "lnbcrt1m1" + "q" * 300, False),
        (120, "ascii", "lnbcrt1m1" + "q" * 300, False),
        (120, "utf-8", "\x1b[31m", False),
    ],
)
def test_qr_codes(
    monkeypatch: pytest.MonkeyPatch,
    terminal: Callable[..., Any],
    columns: int,
    encoding: str,
    request_: str,
    shown: bool,
) -> None:
    """Where there is room; black and white by characters alone."""
    screen = terminal(encoding)
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", str(columns))
    _show.show_qr(request_)
    lines = screen.text.splitlines()
    assert bool(lines) is shown
    assert all(set(line) <= set(" ▀▄█") and len(line) <= columns for line in lines)


# -- processes -----------------------------------------------------------------------------------


def run(
    *arguments: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdout: int | None = None,
    closed: int | None = None,
) -> subprocess.CompletedProcess[str]:
    """Call it in a process of its own. A descriptor for its output is closed afterwards,
    and its own `closed` one before it starts."""
    shell = () if closed is None else ("sh", "-c", f'exec "$0" "$@" {closed}>&-')
    try:
        return subprocess.run(
            [*shell, sys.executable, "-m", "hercle_cli", *arguments],
            env={**os.environ, **(env or {})},
            cwd=cwd,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if stdout is None else stdout,
            stderr=subprocess.PIPE,
        )
    finally:
        if stdout is not None:
            os.close(stdout)


def environment(sandbox: Running) -> dict[str, str]:
    """Where both vendors are, and the key."""
    names = (f"{vendor}_{what}" for vendor in ("HERCLE", "REFLEX") for what in ("URL", "API_KEY"))
    return dict(zip(names, (sandbox.url, sandbox.api_key) * 2, strict=True))


def closed_pipe() -> int:
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def full_device() -> int:
    if not Path("/dev/full").exists():
        pytest.skip("no device that is full")
    return os.open("/dev/full", os.O_WRONLY)


REQUEST = payment_requests.build(VALID[0])
CREATE = ("invoice", "create", "0.001")
PUSH = ("reflex", "push", REQUEST)


def test_a_reader_that_has_seen_enough(sandbox: Running) -> None:
    done = run("invoice", "list", env=environment(sandbox), stdout=closed_pipe())
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("output", [closed_pipe, full_device])
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_an_invoice_that_cannot_be_shown(
    sandbox: Running, output: Callable[[], int], options: Sequence[str]
) -> None:
    """Its id is told all the same: it exists."""
    command = ("invoice", "create", "0.001", *options)
    done = run(*command, env=environment(sandbox), stdout=output())
    assert done.returncode == 1
    assert re.search(r"invoice inv_\w+ was created, but could not be shown", one_line(done.stderr))


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_no_output(sandbox: Running, options: Sequence[str]) -> None:
    """What was done is told all the same."""
    done = run(*CREATE, *options, env=environment(sandbox), closed=1)
    assert done.returncode == 1
    assert re.search(r"invoice inv_\w+ was created, but could not be shown", one_line(done.stderr))
    done = run(*PUSH, *options, env=environment(sandbox), closed=1)
    assert done.returncode == 1
    assert "the invoice was pushed, but could not be shown" in one_line(done.stderr)


@pytest.mark.parametrize("closed", [0, 2])
def test_no_input_and_nobody_to_tell(sandbox: Running, closed: int) -> None:
    """What works goes on working."""
    done = run("invoice", "list", env=environment(sandbox), closed=closed)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
    done = run("invoice", "list", env={"HERCLE_API_KEY": ""}, closed=closed)
    assert (done.returncode, done.stdout) == (6, "")


class Broken(io.StringIO):
    """An output that ends as it is told to."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self._error = error

    def write(self, text: str) -> int:
        raise self._error


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (KeyboardInterrupt(), 130, "interrupted: {}"),
        (ValueError("closed"), 1, "{}, but could not be shown: closed"),
        (OSError("full"), 1, "{}, but could not be shown: full"),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize(
    ("arguments", "done"),
    [
        (CREATE, r"invoice inv_\w+ was created"),
        ((*CREATE, "--json"), r"invoice inv_\w+ was created"),
        (PUSH, "the invoice was pushed"),
        ((*PUSH, "--do-not-save", "--json"), "the invoice was looked at"),
        (("sandbox", "pay"), r"invoice inv_\w+ was closed"),
    ],
)
def test_what_was_done_is_told_whatever_ends_the_output(
    hercle: Hercle,
    monkeypatch: pytest.MonkeyPatch,
    arguments: Sequence[str],
    done: str,
    error: BaseException,
    code: int,
    told: str,
) -> None:
    if arguments == ("sandbox", "pay"):
        arguments = (*arguments, json.loads(hercle(*CREATE, "--json").out)["id"])
    monkeypatch.setattr(sys, "stdout", Broken(error))
    ended = hercle(*arguments)
    assert ended.code == code
    assert re.fullmatch(told.format(done), one_line(ended.err))


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (OSError(28, "full"), 1, "hercle: the answer could not be shown: [Errno 28] full\n"),
        (KeyboardInterrupt(), 130, "hercle: interrupted\n"),
        (BrokenPipeError(), 0, ""),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize(
    "arguments",
    [
        ("decode", REQUEST),
        ("decode", REQUEST, "--json"),
        ("invoice", "list"),
        ("invoice", "list", "--rest", "--json"),
        ("reflex", "hello"),
        ("reflex", "list"),
        ("reflex", "list", "--aggregates", "--all", "--json"),
        ("demo",),
    ],
    ids=lambda value: " ".join(value)[:40],
)
def test_an_answer_that_cannot_be_shown(
    hercle: Hercle,
    monkeypatch: pytest.MonkeyPatch,
    arguments: Sequence[str],
    error: BaseException,
    code: int,
    line: str,
) -> None:
    """Is no failure of the connection."""
    monkeypatch.setattr(sys, "stdout", Broken(error))
    ended = hercle(*arguments)
    assert (ended.code, ended.err) == (code, line)


def test_more_that_cannot_be_shown(sandbox: Running) -> None:
    """The first lines of what goes on and on."""
    created = json.loads(run(*CREATE, "--json", env=environment(sandbox)).stdout)["id"]
    sandbox.close_invoice(created)
    for command in (("sandbox",), ("invoice", "watch", "--id", created), ("invoice", "list")):
        done = run(*command, env=environment(sandbox), stdout=full_device())
        assert done.returncode == 1
        assert "the answer could not be shown: " in done.stderr.splitlines()[-1]


INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


@pytest.mark.parametrize("number", INTERRUPTS)
def test_interrupted_after_sending(number: int) -> None:
    """130, with the line of an unknown outcome."""
    command = (sys.executable, "-m", "hercle_cli", *CREATE, "--memo", "fault:silent")
    with (
        running_sandbox() as sandbox,
        Program(*command, environment=environment(sandbox)) as program,
    ):
        until_listed(sandbox, "fault:silent")
        program.signal(number)
        assert program.end() == 130
        line = one_line(program.output)
        assert line.startswith(f"interrupted: {UNKNOWN}")


def until_listed(sandbox: Running, memo: str) -> None:
    for _ in range(200):
        listed = run("invoice", "list", "--json", env=environment(sandbox))
        if any(row["memo"] == memo for row in json.loads(listed.stdout)):
            return
    raise AssertionError("it never came")


@pytest.mark.parametrize("number", INTERRUPTS)
def test_interrupted_before_sending(number: int) -> None:
    """130, and no doubt."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with Program(
            *(sys.executable, "-m", "hercle_cli", "invoice", "create", "0.001"),
            environment={"HERCLE_URL": f"http://127.0.0.1:{port}", "HERCLE_API_KEY": "k"},
        ) as program:
            connection, _ = silent.accept()
            with connection:
                assert connection.recv(1)
                program.signal(number)
                assert program.end() == 130
                assert one_line(program.output) == "interrupted before anything was sent"


class Interrupting(MetaPathFinder):
    """Ctrl-C while a module is imported."""

    def __init__(self, module: str) -> None:
        self._module = module

    def find_spec(self, fullname: str, *_: object) -> None:
        if fullname == self._module:
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("module", "arguments"),
    [("_commands", CREATE), ("_commands", ("--help",)), ("_target", CREATE), ("_target", PUSH)],
)
def test_interrupted_while_it_starts(
    hercle: Hercle, monkeypatch: pytest.MonkeyPatch, module: str, arguments: Sequence[str]
) -> None:
    monkeypatch.delitem(sys.modules, f"hercle_cli.{module}")
    monkeypatch.setattr(sys, "meta_path", [Interrupting(f"hercle_cli.{module}"), *sys.meta_path])
    ended = hercle(*arguments)
    assert (ended.code, ended.out) == (130, "")
    assert one_line(ended.err) == "interrupted before anything was sent"


def test_interrupted_while_it_is_read(hercle: Hercle, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line, that is."""

    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("typer.main.get_command", interrupt)
    ended = hercle(*CREATE)
    assert (ended.code, ended.out) == (130, "")
    assert one_line(ended.err) == "interrupted before anything was sent"


def test_interrupted_at_a_question(hercle: Hercle, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise typer.Abort

    monkeypatch.delenv("HERCLE_URL")
    monkeypatch.setattr(_target.sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("typer.confirm", interrupt)
    ended = hercle("invoice", "create", "1.1", "--production")
    assert (ended.code, ended.out) == (130, "")
    assert one_line(ended.err) == "interrupted before anything was sent"


def test_handlers_of_others_stay(hercle: Hercle) -> None:
    """The program around it gets its handler back, or keeps it."""
    for handler in (signal.SIG_DFL, signal.SIG_IGN, lambda *_: None):
        before = signal.signal(signal.SIGTERM, handler)
        try:
            assert hercle("invoice", "list").code == 0
            assert signal.getsignal(signal.SIGTERM) is handler
        finally:
            signal.signal(signal.SIGTERM, before)
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(main(["decode", REQUEST])))
    thread.start()
    thread.join()
    assert codes == [0]
