"""Sessions with a genuine ASP.NET Core server: what is asked, and how what came of it is told.

`record` holds one and keeps the bytes of both sides; `replay` lives it again, with nobody at the
other end. What differs each time is left out of comparisons: masks, the nonce of the upgrade (and
its answer), and delays.

Long because it is one format, written and read.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from attrs import field, frozen

import sources
from hercle_adapters.blocking import drive
from hercle_proto import (
    NEED_DATA,
    Call,
    Close,
    Command,
    CommandRefused,
    Disconnected,
    Entropy,
    HercleProtoError,
    InvocationFailed,
    Open,
    OutcomeUnknown,
)
from hercle_proto.client import (
    ClientSettings,
    Connected,
    HubClient,
    InvocationReceived,
    Invoke,
    PlainDialect,
    Reconnecting,
    ReconnectPolicy,
)
from hercle_proto.hercle import (
    CreatedInvoice,
    CreateLightningInvoice,
    ErrorAnswer,
    GetLightningInvoices,
    InvoiceSnapshot,
    UnmatchedAnswer,
    hercle_session,
    to_vendor,
)
from relays import Passed, relay

__all__ = ["FOLDER", "SESSIONS", "Lived", "Session", "Transcript", "record", "replay"]

FOLDER = sources.ROOT / "tests" / "data" / "transcripts"

_KEY = "good-token"
_HUB = "/ExecutionLiveServer/v1"
_AT_ONCE = ReconnectPolicy(first_delay=0, delays=(0.05,))
_TIMEOUT = 0.2
"""Seconds, for calls that the server leaves without an answer."""


# -- what is asked ---------------------------------------------------------------------------------


@frozen
class Session:
    """A machine, given the server's URL and a source of chance, what it is asked for, and what of
    that ends only by its time.
    """

    machine: Callable[[str, Entropy], HubClient]
    commands: Sequence[Command[Any]]
    unanswered: Sequence[Command[Any]] = ()

    def timeout(self, command: Command[Any]) -> float | None:
        """How long to wait for its end."""
        return _TIMEOUT if command in self.unanswered else None


def _hercle(
    query: str, *commands: Command[Any], unanswered: Sequence[Command[Any]] = ()
) -> Session:
    def machine(url: str, entropy: Entropy) -> HubClient:
        url = f"{url}{_HUB}{query}"
        return hercle_session(_KEY, url=url, entropy=entropy, reconnect=_AT_ONCE)

    return Session(machine, commands, unanswered)


def _plain(path: str, key: str | None, *commands: Command[Any]) -> Session:
    def machine(url: str, entropy: Entropy) -> HubClient:
        settings = ClientSettings(url=f"{url}{path}", key=key, reconnect=_AT_ONCE)
        return HubClient(settings, PlainDialect(), entropy=entropy)

    return Session(machine, commands)


def _create(memo: str | None, btc: str = "0.001", hours: int | None = None) -> Command[Any]:
    return CreateLightningInvoice(Decimal(btc), memo, hours, client_id=f"create {memo}"[:36])


def _list(number: int) -> Command[Any]:
    return GetLightningInvoices(f"list {number}")


_SILENT, _STATUS = _create("fault:silent"), _create("fault:status")
_FAULTS = ("refuse", "status", "throw", "twice", "foreign", "silent")

SESSIONS: Mapping[str, Session] = {
    "create-and-list": _hercle(
        "", _list(1), _create("Payment for services"), _create("Grüße ⚡", "1e-8", 720), _list(2)
    ),
    "data-as-text": _hercle("?data=string", _create("Grüße ⚡"), _create("fault:refuse"), _list(1)),
    "bare-envelope": _hercle(
        "?envelope=bare", _create(None), _STATUS, _list(1), unanswered=[_STATUS]
    ),
    "no-client-id": _hercle("?clientid=omit", _create("x"), _create("fault:refuse"), _list(1)),
    "faults": _hercle(
        "",
        *(_create(f"fault:{fault}") for fault in _FAULTS),
        _list(1),
        unanswered=[_SILENT],
    ),
    "drop": _hercle("", _create("fault:drop"), _list(1)),
    "plain": _plain(
        "/plain",
        None,
        Invoke("Add", (20, 22), returns=int),
        Invoke("Fail", ("on purpose",), returns=str),
        Invoke("NoSuchMethod", (), returns=str),
        Invoke("Add", (1,), returns=int),
        Invoke("PushEvents", (3,), returns=type(None)),
        Invoke("AskClientError", ("who?",), returns=str),
        Invoke("Big", (20_000,), returns=str),
    ),
    "abort": _plain("/plain", None, Invoke("AbortMe", (), returns=type(None))),
    "redirect": _plain("/redirect", _KEY, Invoke("WhoAmI", (), returns=str)),
    "wrong-key": _plain("/auth", "wrong-key"),
    "no-hub": _plain("/nothing-here", None),
}


# -- how it is told --------------------------------------------------------------------------------


def describe(value: object) -> Any:
    """An answer, an error or an event, as JSON that is the same each time."""
    match value:
        case InvoiceSnapshot(invoices, unreadable):
            return {"invoices": [_vendor(row) for row in invoices], "unreadable": len(unreadable)}
        case CreatedInvoice():
            return _vendor(value)
        case ErrorAnswer(reason=reason, code=code, status=status):
            return {"ErrorAnswer": [reason, code, status]}
        case CommandRefused(reason=reason, code=code, status=status):
            return {"CommandRefused": [reason, code, status]}
        case InvocationFailed(reason=reason):
            return {"InvocationFailed": reason}
        case OutcomeUnknown(cause=cause):
            return {"OutcomeUnknown": type(cause).__name__}
        case HercleProtoError():
            return type(value).__name__
        case Connected(connection_id):
            return {"Connected": connection_id}
        case Reconnecting(attempt, _, cause):
            return {"Reconnecting": [attempt, type(cause).__name__]}
        case Disconnected(_, error):
            return {"Disconnected": describe(error)}
        case UnmatchedAnswer(subject, client_id, answer):
            return {"UnmatchedAnswer": [subject, client_id, describe(answer)]}
        case InvocationReceived(target, arguments):
            return {target: [msgspec.json.decode(argument) for argument in arguments]}
        case _:
            return value


def _vendor(value: Any) -> Any:
    """What a caller may show of it, with numbers as text, so that none is rounded."""
    plain = to_vendor(value).items()
    return {name: str(each) if isinstance(each, Decimal) else each for name, each in plain}


@frozen
class Lived:
    """What came of a session: how it began, the calls' ends, and the events."""

    ready: Any
    outcomes: list[Any]
    events: list[Any]


@frozen
class Transcript:
    """A session as it was held: with whom, what passed in both directions, what came of it."""

    url: str
    passed: Sequence[Passed] = field(repr=False)
    lived: Lived

    @classmethod
    def read(cls, path: Path) -> Transcript:
        """From a file."""
        data = json.loads(path.read_text("utf-8"))
        passed = [
            Passed(stream, who == "client", text.encode("latin-1"))
            for who, stream, text in data["passed"]
        ]
        lived = Lived(data["ready"], data["outcomes"], data["events"])
        return cls(data["url"], passed, lived)

    def write(self, path: Path) -> None:
        """To a file: a line for each read, each byte as the character of its number."""
        parts: dict[str, Any] = {
            "url": self.url,
            "ready": self.lived.ready,
            "outcomes": self.lived.outcomes,
            "events": self.lived.events,
            "passed": [_line(each) for each in self.passed],
        }
        lines = [f" {json.dumps(name)}: {_lines(part)}" for name, part in parts.items()]
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")

    def said(self) -> dict[int, list[str]]:
        """What the client said on each stream."""
        streams: dict[int, bytes] = {}
        for each in self.passed:
            if each.from_client:
                streams[each.stream] = streams.get(each.stream, b"") + each.data
        return {stream: _said(data) for stream, data in streams.items()}


def _line(passed: Passed) -> tuple[str, int, str]:
    who = "client" if passed.from_client else "server"
    return who, passed.stream, passed.data.decode("latin-1")


def _lines(part: object) -> str:
    if not isinstance(part, list) or not part:
        return json.dumps(part)
    return "[\n  " + ",\n  ".join(json.dumps(each) for each in part) + "\n ]"


_NONCE = re.compile(rb"(Sec-WebSocket-Key: )(\S+)")
_ACCEPT = re.compile(rb"(Sec-WebSocket-Accept: )\S+")


def _said(data: bytes) -> list[str]:
    """Requests without the nonce, hub records, and close frames: what is the same each time."""
    said = []
    while re.match(rb"[A-Z]+ /", data):
        head, _, data = data.partition(b"\r\n\r\n")
        said.append(_NONCE.sub(rb"\1", head).decode())
    while len(data) >= 6:
        length, mask = data[1] & 0x7F, 2
        if length == 126:
            length, mask = int.from_bytes(data[2:4]), 4
        key, begin = data[mask : mask + 4], mask + 4
        payload = bytes(a ^ b for a, b in zip(data[begin:], itertools.cycle(key)))[:length]
        if data[0] == 0x88:
            said.append(f"close {payload.hex()}")
        said += payload.decode().split("\x1e")[:-1] if data[0] == 0x81 else []
        data = data[begin + length :]
    return said


# -- holding a session -----------------------------------------------------------------------------


def record(session: Session, url: str) -> Transcript:
    """Hold a session with the server at `url`, through a relay."""
    outcomes: list[Any] = []
    with relay(url) as way:
        machine = session.machine(way.url, os.urandom)
        with suppress(HercleProtoError), drive(machine) as client:
            for command in session.commands:
                try:
                    answer = client.call(command, session.timeout(command))
                except HercleProtoError as error:
                    outcomes.append(describe(error))
                else:
                    outcomes.append(describe(answer))
    lived = Lived(describe(machine.ready.error), outcomes, _events(machine))
    return Transcript(way.url, way.passed, lived)


def _events(machine: HubClient) -> list[Any]:
    events = []
    while (event := machine.next_event()) is not NEED_DATA:
        events.append(describe(event))
    return events


# -- living it again -------------------------------------------------------------------------------


class _Replay:
    """A machine with the recorded server at its other end. Time passes only where it must."""

    def __init__(self, session: Session, transcript: Transcript, cuts: Iterator[int]) -> None:
        self._session = session
        self._commands = list(session.commands)
        self._cuts = cuts
        self._now = 0.0
        self._calls: list[Call[Any]] = []
        self._open: set[int] = set()
        self.sent: dict[int, bytes] = {}
        self.machine = session.machine(transcript.url, random.Random(0).randbytes)
        self.machine.start(now=0.0)
        self._pump()

    def hear(self, stream: int, data: bytes) -> None:
        """The server said this."""
        if nonce := _NONCE.search(self.sent.get(stream, b"")):
            digest = hashlib.sha1(nonce[2] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
            data = _ACCEPT.sub(rb"\g<1>" + base64.b64encode(digest), data)
        pieces: list[bytes] = [] if data else [b""]
        while data:
            cut = next(self._cuts)
            pieces.append(data[:cut])
            data = data[cut:]
        for piece in pieces:
            if stream in self._open:
                self.machine.receive_data(stream, piece, now=self._now)
                self._pump()

    def say(self, stream: int, count: int) -> None:
        """Go on until the client has said so much."""
        for _ in range(100):
            if len(_said(self.sent.get(stream, b""))) >= count or self.machine.closed:
                return
            self._go_on()

    def _go_on(self) -> None:
        if not self.machine.ready.done or not all(call.done for call in self._calls):
            deadline = self.machine.next_deadline()
            assert deadline is not None
            self._now = max(self._now, deadline)
            self.machine.handle_timer(now=self._now)
        elif self._commands:
            command = self._commands.pop(0)
            timeout = self._session.timeout(command)
            self._calls.append(self.machine.submit(command, now=self._now, timeout=timeout))
        else:
            self.machine.close(now=self._now)
        self._pump()

    def _pump(self) -> None:
        for action in self.machine.actions():
            match action:
                case Open(stream):
                    self._open.add(stream)
                    self.machine.stream_opened(stream, now=self._now)
                case Close(stream):
                    self._open.discard(stream)
        for stream in self._open:
            while data := self.machine.data_to_send(stream, now=self._now):
                self.sent[stream] = self.sent.get(stream, b"") + data

    def lived(self) -> Lived:
        """What came of it."""
        outcomes = [describe(call.error or call.result()) for call in self._calls]
        return Lived(describe(self.machine.ready.error), outcomes, _events(self.machine))


def replay(
    session: Session, transcript: Transcript, cuts: Sequence[int]
) -> tuple[Lived, dict[int, list[str]]]:
    """What comes of a session when the server says what it said, and what the client then says.

    What the server says is cut into pieces of these sizes, over and over.
    """
    again = _Replay(session, transcript, itertools.cycle(cuts))
    heard: dict[int, bytes] = {}
    for each in transcript.passed:
        if each.from_client:
            heard[each.stream] = heard.get(each.stream, b"") + each.data
            again.say(each.stream, len(_said(heard[each.stream])))
        else:
            again.hear(each.stream, each.data)
    return again.lived(), {stream: _said(data) for stream, data in again.sent.items()}
