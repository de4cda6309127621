"""Microsoft's own client, on node, against `hercle sandbox`: the vendor's samples, and more."""

from __future__ import annotations

import json
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

import caches
import microsoft_client
from hercle_proto.bolt11 import PaymentRequest
from hercle_proto.hercle import LightningInvoice
from programs import Program

HUB = "/ExecutionLiveServer/v1"
KEY = "sandbox-key"
VENDOR_URL = "https://publicapi.sandbox.hercle.financial"
VENDOR_KEY = "YOUR_API_KEY_HERE"
SESSION = (Path(__file__).parent / "microsoft" / "session.js").read_text("utf-8")


# -- programs --------------------------------------------------------------------------------------


class Sandbox:
    """`hercle sandbox` as a program, which can be ended and started again where it was."""

    def __init__(self, folder: Path) -> None:
        self._db = folder / "invoices.db"
        self._program: Program | None = None
        self._port = "0"
        self.url = ""

    def start(self) -> None:
        options = ("--port", self._port, "--db", self._db, "--api-key", KEY)
        self._program = Program(sys.executable, "-m", "hercle_cli", "sandbox", *options)
        self.url = self._program.expect("^READY (http://127.0.0.1:[0-9]+)$")[1]
        self._port = self.url.rpartition(":")[2]

    def end(self, number: int = signal.SIGTERM) -> int:
        assert self._program is not None
        program, self._program = self._program, None
        program.signal(number)
        return program.end()

    @property
    def running(self) -> bool:
        return self._program is not None


@pytest.fixture(scope="module")
def _one_to_end(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    server = Sandbox(tmp_path_factory.mktemp("sandbox"))
    yield server
    if server.running:
        server.end()


@pytest.fixture
def sandbox(_one_to_end: Sandbox) -> Sandbox:
    """The same for all tests: what one of them creates the next ones find there."""
    if not _one_to_end.running:
        _one_to_end.start()
    return _one_to_end


@pytest.fixture(scope="session")
def client() -> Path:
    """The installed client."""
    try:
        return microsoft_client.installed()
    except caches.Missing as missing:
        pytest.skip(str(missing))


class Session:
    """`session.js`, told what to do and heard."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def do(self, *words: object) -> None:
        self._program.write(json.dumps(words))

    def hear_any(self) -> list[Any]:
        """What it says next: a name, and maybe more."""
        said: list[Any] = json.loads(self._program.expect("^.*$")[0])
        return said

    def hear(self, name: str) -> Any:
        """The rest of what it says next, which has this name."""
        said = self.hear_any()
        assert said[0] == name, said
        return said[1] if len(said) > 1 else None

    def listed(self) -> list[dict[str, Any]]:
        """All invoices."""
        self.do("invoke", "GetLightningInvoices", "list")
        rows: list[dict[str, Any]] = self.hear("event")["data"]
        self.hear("returned")
        return rows


Connects = Callable[..., AbstractContextManager[Session]]


@pytest.fixture
def connect(client: Path, sandbox: Sandbox) -> Connects:
    """Runs `session.js`; its options are those that begin with HUB_ there."""

    @contextmanager
    def connected(*, url: str = "", key: str = KEY, **options: str) -> Iterator[Session]:
        environment = {f"HUB_{name.upper()}": value for name, value in options.items()}
        hub = f"{sandbox.url}{HUB}{url}"
        with microsoft_client.running(
            SESSION, client, HUB_URL=hub, HUB_KEY=key, **environment
        ) as program:
            yield Session(program)

    return connected


# -- the vendor's samples --------------------------------------------------------------------------


def sample(page: str) -> str:
    """The JavaScript of one of the vendor's pages, as it stands there."""
    found = sorted((caches.SHARED / "seeds").glob(f"{page}*.txt"))
    if not found:
        pytest.skip("no seeds in the shared folder (HERCLE_PROTO_SHARED)")
    text = found[0].read_text("utf-8")
    code = re.search(r"Code Examples\n(.*?)SignalR API Tester", text, re.DOTALL)
    assert code is not None
    assert VENDOR_URL in code[1]
    assert VENDOR_KEY in code[1]
    return code[1]


@pytest.mark.parametrize("query", ["", "?data=string"])
def test_the_vendors_samples(client: Path, sandbox: Sandbox, query: str) -> None:
    """Unchanged but for URL and key. They never disconnect."""

    def run(page: str) -> Program:
        script = sample(page).replace(VENDOR_URL, sandbox.url).replace(VENDOR_KEY, KEY)
        script = script.replace(HUB, HUB + query)
        with microsoft_client.running(script, client) as program:
            program.expect("^Connected to WebSocket$")
            program.expect("^Received event: {$", anywhere=True)
            program.expect("^Command sent successfully$", anywhere=True)
            program.expect("^}$", anywhere=True)
        return program

    created = run("001_").output
    request = found_in(created, "encodedPaymentRequest")
    assert found_in(created, "subject") == "execution.invoice.created"
    assert found_in(created, "clientId") == "my-invoice-123"
    assert found_in(created, "message") == "Lightning invoice created successfully"
    parsed = PaymentRequest.parse(request)
    assert parsed.amount_msat == 100_000_000
    assert parsed.description == "Payment for services"
    listed = run("000_").output
    assert found_in(listed, "subject") == "lightspark.invoices.snapshot"
    assert found_in(listed, "clientId") == "my-request-123"
    assert found_in(listed, "encodedPaymentRequest") == request
    assert found_in(listed, "id") == found_in(created, "id")
    assert found_in(listed, "memo") == "Payment for services"


def found_in(output: str, field: str) -> str:
    """A field of an event, the newest, as node shows it: in an object, or in JSON in a string."""
    shown = re.findall(rf"""(?<![A-Za-z])"?{field}"?: ?["']([^"']*)["']""", output)
    assert shown, f"no {field} in:\n{output}"
    newest: str = shown[-1]
    return newest


# -- calls -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"skip_negotiation": "yes"}], ids=["", "skip negotiation"])
def test_create_and_list(connect: Connects, options: dict[str, str]) -> None:
    with connect(**options) as session:
        assert (session.hear("connected") is None) == bool(options)
        session.do("invoke", "CreateLightningInvoice", "b", 1e-8, "Grüße ⚡", None)
        event = session.hear("event")
        created = event.pop("data")
        assert event == {
            "channel": "executionEvents",
            "topic": "execution",
            "subject": "execution.invoice.created",
            "type": "message",
            "clientId": "b",
        }
        assert session.hear("returned") is None
        session.do("send", "GetLightningInvoices", "c")
        [*_, row] = session.hear("event")["data"]
        assert row["id"] == created["id"]
        assert (row["memo"], row["amountOriginalValue"]) == ("Grüße ⚡", 1)
        names = set(LightningInvoice.__struct_encode_fields__) - {"domainEvents"}
        assert row.keys() == names  # null included
        session.do("stop")
        assert session.hear("closed") is None


REFUSED: list[tuple[list[object], str]] = [
    (["Nope"], "HubException: Method does not exist."),
    (["GetLightningInvoices"], "Invocation provides 0 argument(s) but target expects 1."),
    (["GetLightningInvoices", "a", "b"], "Invocation provides 2 argument(s) but target expects 1."),
    (["GetLightningInvoices", ["a"]], "Error binding arguments."),
    (["CreateLightningInvoice", ["a", 0.001, "memo", 24]], "Invocation provides 1 argument(s)"),
    (["CreateLightningInvoice", "a", "0.001", "memo", 24], "Error binding arguments."),
    (["CreateLightningInvoice", "a", 0.001, "memo", 1.5], "Error binding arguments."),
    (["CreateLightningInvoice", "a", 0.001, 5, 24], "Error binding arguments."),
    (["CreateLightningInvoice", "a", None, "memo", 24], "Error binding arguments."),
]

BROKEN: list[list[object]] = [
    ["x" * 37, 0.001, "memo", 24],
    ["", 0.001, "memo", 24],
    ["a", 0, "memo", 24],
    ["a", -1, "memo", 24],
    ["a", 0.001, "memo", 0],
    ["a", 0.001, "memo", 721],
]


def test_what_is_refused(connect: Connects) -> None:
    with connect() as session:
        session.hear("connected")
        before = session.listed()
        for call, why in REFUSED:
            session.do("invoke", *call)
            message = session.hear("rejected")
            assert str(call[0]) in message
            assert why in message
        for arguments in BROKEN:
            session.do("invoke", "CreateLightningInvoice", *arguments)
            event = session.hear("event")
            assert event["subject"] == "preChecksError"
            assert event["data"]["message"]
            session.hear("returned")
        session.do("stream", "GetLightningInvoices", "a")
        assert "not supported" in session.hear("rejected")
        assert session.listed() == before


def test_faults(connect: Connects) -> None:
    created = "execution.invoice.created"
    events = {
        "fault:refuse": [("execution.invoice.error", "me")],
        "fault:status": [(created, "me")],
        "fault:silent": [],
        "fault:twice": [(created, "me"), (created, "me")],
        "fault:foreign": [(created, "somebody-else"), (created, "me")],
        "fault:early": [(created, "me")],
    }
    with connect() as session:
        session.hear("connected")
        for memo, expected in events.items():
            session.do("invoke", "CreateLightningInvoice", "me", 0.001, memo, None)
            for subject, client_id in expected:
                event = session.hear("event")
                assert (event["subject"], event["clientId"]) == (subject, client_id)
            session.hear("returned")
        session.do("invoke", "CreateLightningInvoice", "me", 0.001, "fault:throw", None)
        assert session.hear("rejected").endswith("HubException: the hub method failed")
        session.do("invoke", "CreateLightningInvoice", "me", 0.001, "fault:late:100", None)
        session.hear("returned")
        assert session.hear("event")["subject"] == created


@pytest.mark.parametrize("url", ["?envelope=bare", "?clientid=omit"])
def test_envelopes(connect: Connects, url: str) -> None:
    with connect(url=url) as session:
        session.hear("connected")
        session.do("send", "GetLightningInvoices", "a")
        event = session.hear("event")
        assert isinstance(event["data"], list)
        assert "clientId" not in event
        assert ("subject" in event) == (url == "?clientid=omit")


# -- how connections end ---------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"skip_negotiation": "yes"}], ids=["", "skip negotiation"])
def test_a_wrong_key(connect: Connects, options: dict[str, str]) -> None:
    with connect(key="wrong-key", **options) as session:
        refused = session.hear("refused")
    if not options:
        assert "401" in refused


def test_a_message_that_is_too_large(connect: Connects) -> None:
    with connect() as session:
        session.hear("connected")
        session.do("invoke", "CreateLightningInvoice", "a", 0.001, "x" * 70_000, None)
        assert "1009" in session.hear("closed")
        session.hear("rejected")


def test_the_sandbox_ends(connect: Connects, sandbox: Sandbox) -> None:
    with connect() as session:
        session.hear("connected")
        assert sandbox.end() == 0
        session.hear("closed")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_it_comes_back(connect: Connects, sandbox: Sandbox, number: int) -> None:
    """By automatic reconnect; and what was acknowledged is still there."""
    with connect(reconnect="yes") as session:
        first = session.hear("connected")
        session.do("invoke", "CreateLightningInvoice", "a", 0.001, "lasts", None)
        created = session.hear("event")["data"]
        session.hear("returned")
        sandbox.end(number)
        session.hear("reconnecting")
        sandbox.start()
        assert session.hear("reconnected") not in {first, None}
        [*_, row] = session.listed()
        assert (row["id"], row["memo"]) == (created["id"], "lasts")


def test_a_drop(connect: Connects) -> None:
    with connect(reconnect="yes") as session:
        session.hear("connected")
        session.do("invoke", "CreateLightningInvoice", "a", 0.001, "fault:drop", None)
        heard = [session.hear_any()[0] for _ in range(3)]
        assert sorted(heard) == ["reconnected", "reconnecting", "rejected"]
        [*_, row] = session.listed()
        assert row["memo"] == "fault:drop"
