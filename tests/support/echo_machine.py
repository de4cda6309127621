"""A small machine to try drivers with: lines of text over TCP, every failure in reach.

`Echo(text)` is sent as ``<id> <text>`` and answered by ``<id> <answer>``. A line ``! <text>`` is
the event `Heard(text)`. Some texts are special: a machine that sees ``boom`` raises, as a bug
would: `Echo("boom")` at once, `Echo("boom when pulled")` when it is pulled, a received ``boom``
there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Literal, TypeVar, cast

from attrs import define, field, frozen

from hercle_proto import (
    NEED_DATA,
    Action,
    AnsweredLate,
    Buffer,
    Call,
    Close,
    Command,
    ConnectionFailed,
    Disconnected,
    Endpoint,
    Event,
    Failure,
    HercleProtoError,
    LocalProtocolError,
    NeedData,
    NotSent,
    Open,
    OutcomeUnknown,
    SessionClosed,
    TimedOut,
)

R = TypeVar("R")

PULL = 64 * 1024


class Bug(Exception):
    """What comes out of a machine with a bug."""


@frozen
class Echo(Command[str]):
    text: str


@frozen
class Heard(Event):
    text: str


class _Ready(Command[None]):
    pass


@define(eq=False)
class EchoMachine:
    endpoints: Sequence[Endpoint]
    """All of them are opened; the first one that opens is used, the others are closed then."""

    connect_timeout: float = 5.0
    call_timeout: float = 30.0
    linger: float = 1.0
    event_limit: int = 8

    ready: Call[None] = field(factory=lambda: Call(_Ready(), 0), init=False)
    reads: list[int] = field(factory=list, init=False)
    pulls: list[int] = field(factory=list, init=False)
    """The sizes of what was received and pulled."""
    opened: int | None = field(default=None, init=False)
    """The stream in use."""

    _actions: list[Action] = field(factory=list, init=False)
    _opening: set[int] = field(factory=set, init=False)
    _settled: list[Call[Any]] = field(factory=list, init=False)
    _events: deque[Event] = field(factory=deque, init=False)
    _waiting: deque[Call[str]] = field(factory=deque, init=False)
    _deadlines: dict[Call[Any], float] = field(factory=dict, init=False)
    _limits: dict[Call[Any], float] = field(factory=dict, init=False)
    _in_flight: dict[int, Call[Any]] = field(factory=dict, init=False)
    _received: bytearray = field(factory=bytearray, init=False)
    _goodbye: bytes = field(default=b"", init=False)
    _deadline: float | None = field(default=None, init=False)
    _last_id: int = field(default=0, init=False)
    _closing: bool = field(default=False, init=False)
    _error: HercleProtoError | None = field(default=None, init=False)
    _closed: bool = field(default=False, init=False)

    @property
    def closed(self) -> bool:
        return self._closed

    def start(self, *, now: float) -> None:
        self._deadline = now + self.connect_timeout
        for stream, endpoint in enumerate(self.endpoints, 1):
            self._opening.add(stream)
            self._actions.append(Open(stream, endpoint))

    def close(self, *, now: float, at_once: bool = False) -> None:
        if self._closed:
            return
        if at_once or self.opened is None:
            self._end(None, now=now)
        elif not self._closing:
            self._closing = True
            self._goodbye = b"bye\n"
            self._deadline = now + self.linger

    def actions(self) -> Sequence[Action]:
        actions, self._actions = self._actions, []
        return actions

    def data_to_send(self, stream: int, *, now: float) -> bytes:
        if stream != self.opened:
            return b""
        pulled = bytearray()
        while self._waiting and len(pulled) < PULL:
            call = self._waiting.popleft()
            text = cast("Echo", call.command).text
            if text == "boom when pulled":
                raise Bug(text)
            call.sent_at = now
            self._in_flight[call.id] = call
            pulled += f"{call.id} {text}\n".encode()
        if len(pulled) < PULL:
            pulled += self._goodbye
            self._goodbye = b""
        if pulled:
            self.pulls.append(len(pulled))
        return bytes(pulled)

    def wants_data(self, stream: int) -> bool:
        return stream == self.opened and (self._closing or not self._is_full)

    @property
    def _is_full(self) -> bool:
        return len(self._events) >= self.event_limit

    def next_deadline(self) -> float | None:
        deadlines = [
            *self._deadlines.values(),
            *([] if self._deadline is None else [self._deadline]),
        ]
        return None if self._closed else min(deadlines, default=None)

    def stream_opened(self, stream: int, *, now: float) -> None:
        if stream not in self._opening:
            return
        self.opened = stream
        self._opening.remove(stream)
        self._deadline = None
        self._actions += map(Close, sorted(self._opening))
        self._opening.clear()
        self.ready.answer(None)
        self._settled.append(self.ready)

    def stream_failed(self, stream: int, failure: Failure, *, now: float) -> None:
        if stream in self._opening:
            self._opening.remove(stream)
        elif stream == self.opened:
            self.opened = None
        else:
            return
        if not self._opening and self.opened is None:
            self._end(ConnectionFailed(failure), now=now)

    def receive_data(self, stream: int, data: Buffer, *, now: float) -> None:
        if stream != self.opened:
            return
        self.reads.append(len(data))
        if not data:
            self._end(None if self._closing else SessionClosed("the peer ended"), now=now)
            return
        self._received += data
        *lines, rest = self._received.split(b"\n")
        self._received = rest
        for line in lines:
            self._line(line.decode())

    def _line(self, line: str) -> None:
        name, _, text = line.partition(" ")
        if name == "boom":
            raise Bug(line)
        if name == "!":
            self._events.append(Heard(text))
        elif name == "bye":
            pass  # of a server that sends everything back
        elif call := self._in_flight.pop(int(name), None):
            if call.abandoned:
                self._events.append(AnsweredLate(call.command, text))
            else:
                call.answer(text)
                self._settle(call)

    def handle_timer(self, *, now: float) -> None:
        for call, deadline in list(self._deadlines.items()):
            if deadline <= now:
                self._fail(call, TimedOut("echo", self._limits[call]), now=now)
                if call in self._waiting:
                    self._waiting.remove(call)
                self._in_flight.pop(call.id, None)
        if self._deadline is not None and self._deadline <= now:
            self._end(
                None if self._closing else TimedOut("connecting", self.connect_timeout), now=now
            )

    def submit(self, command: Command[R], *, now: float, timeout: float | None = None) -> Call[R]:
        if self._closed or self._closing:
            raise self._error or SessionClosed()
        if not isinstance(command, Echo):
            raise LocalProtocolError(f"{command.name} is no Echo")
        if command.text == "boom":
            raise Bug(command.text)
        self._last_id += 1
        call: Call[Any] = Call(command, self._last_id)
        self._limits[call] = self.call_timeout if timeout is None else timeout
        self._deadlines[call] = now + self._limits[call]
        self._waiting.append(call)
        return cast("Call[R]", call)

    def abandon(self, call: Call[Any], *, now: float) -> None:
        if not call.done:
            call.abandoned = True
            self._deadlines.pop(call, None)
            if call in self._waiting:
                self._waiting.remove(call)

    def settled(self) -> Sequence[Call[Any]]:
        settled, self._settled = self._settled, []
        return settled

    def next_event(self) -> Event | Literal[NeedData.NEED_DATA]:
        return self._events.popleft() if self._events else NEED_DATA

    def _settle(self, call: Call[Any]) -> None:
        self._deadlines.pop(call, None)
        self._settled.append(call)

    def _fail(self, call: Call[Any], error: HercleProtoError, *, now: float) -> None:
        if call.abandoned:
            return
        if call.sent_at is None:
            call.fail(NotSent(call.command, cause=error))
        else:
            cause = OutcomeUnknown(call.command, sent_at=call.sent_at, ended_at=now, cause=error)
            call.fail(cause)
        self._settle(call)

    def _end(self, error: HercleProtoError | None, *, now: float) -> None:
        self._closed = True
        self._error = error
        self._deadline = None
        self._actions += map(Close, sorted(self._opening))
        self._opening.clear()
        if self.opened is not None:
            self._actions.append(Close(self.opened))
            self.opened = None
        if not self.ready.done:
            self.ready.fail(error or SessionClosed())
            self._settled.append(self.ready)
        for call in (*self._waiting, *self._in_flight.values()):
            self._fail(call, error or SessionClosed(), now=now)
        self._waiting.clear()
        self._in_flight.clear()
        self._events.append(Disconnected("closed", error))
