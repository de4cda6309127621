"""A fifth driver, on virtual time and a network that cuts, delays, swallows and breaks.

It drives a real machine against peers that are machines too, so a year of reconnects takes a
second, and the same seed gives the same story. It follows the rules for drivers to the letter and
asserts what machines promise them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush
from itertools import count, cycle
from typing import Any, Protocol, TypeVar

from attrs import define, field, frozen

from hercle_proto._contract import (
    NEED_DATA,
    Call,
    Close,
    Command,
    Disconnected,
    Endpoint,
    Event,
    Failure,
    Machine,
    Open,
    Why,
)
from hercle_proto.client._streams import earliest

__all__ = ["Fate", "Peer", "Simulated"]

R = TypeVar("R")

_MOST_TIMERS = 1000
"""Timers that may be due at one instant; more is a loop."""


class Peer(Protocol):
    """The other side of one stream, without I/O."""

    def receive_data(self, data: bytes, *, now: float) -> None:
        """Empty: the client's end."""
        ...

    def data_to_send(self, *, now: float) -> bytes: ...

    def next_deadline(self) -> float | None: ...

    def handle_timer(self, *, now: float) -> None: ...

    @property
    def hung_up(self) -> bool:
        """Nothing more will come: the client is to see an orderly end."""
        ...


@frozen(kw_only=True)
class Fate:
    """What the network does to one stream. Times are seconds; bytes are counted over both
    directions."""

    opens_after: float = 0.0
    failure: Failure | None = None
    """Instead of opening."""
    latency: float = 0.0
    cuts: tuple[int, ...] = (65536,)
    """Sizes of the segments, over and over."""
    breaks_after: int | None = None
    """Then both sides see it broken."""
    swallows_after: int | None = None
    """Then nothing arrives any more, and nobody is told."""
    stops_reading_after: int | None = None
    """Then the peer reads no more; what it says still arrives."""


@define(eq=False)
class _Wire:
    """One stream as the network sees it."""

    number: int
    peer: Peer
    fate: Fate
    cuts: cycle[int]
    open: bool = False
    ended: bool = False  # the machine was told of the orderly end
    carried: int = 0
    uploading: int = 0  # bytes pulled and not yet with the peer
    arrived: deque[bytes] = field(factory=deque)  # waits until the machine wants it
    peer_done: bool = False


class Simulated:
    """Drives `machine`; `serve(endpoint, n)` makes the peer of the n-th stream, `fate(n)` its
    fate."""

    def __init__(
        self,
        machine: Machine,
        serve: Callable[[Endpoint, int], Peer],
        fate: Callable[[int], Fate] | None = None,
        *,
        start_at: float = 1000.0,
    ) -> None:
        self.machine = machine
        self.now = start_at
        self.events: list[Event] = []
        self.listening = True
        """Whether events are taken as they come."""
        self.transcripts: dict[int, bytearray] = {}
        """Every byte that the machine gave for each stream, whether it arrived or not."""
        self.opened: list[tuple[float, int]] = []
        self._serve = serve
        self._fate = fate or _untroubled
        self._wires: dict[int, _Wire] = {}
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    # -- what people do ----------------------------------------------------------------------------

    def start(self) -> None:
        """Start the machine and let what is due now happen."""
        self.machine.start(now=self.now)
        self.run(0)

    def submit(self, command: Command[R], *, timeout: float | None = None) -> Call[R]:
        """Queue a command."""
        call = self.machine.submit(command, now=self.now, timeout=timeout)
        self.run(0)
        return call

    def call(self, command: Command[R], *, timeout: float | None = None) -> R:
        """Queue a command and run until it has ended."""
        call = self.submit(command, timeout=timeout)
        self.run_until(lambda: call.done)
        return call.result()

    def abandon(self, call: Call[Any]) -> None:
        """Give a call up."""
        self.machine.abandon(call, now=self.now)
        self.run(0)

    def close(self, *, at_once: bool = False) -> None:
        """Say goodbye, and run until nothing is left."""
        self.machine.close(now=self.now, at_once=at_once)
        self.run_until(lambda: self.machine.closed)

    def jump(self, seconds: float) -> None:
        """Time passes while nobody runs, as when a computer sleeps."""
        self.now += seconds
        self.run(0)

    def run_until(self, done: Callable[[], bool], *, within: float = 3600.0) -> None:
        """Run until `done`; an AssertionError when that is not so `within` seconds of virtual
        time."""
        limit = self.now + within
        self._settle()
        while not done():
            assert self._step(limit), f"not done within {within:g} virtual seconds"

    def run(self, seconds: float) -> None:
        """Run for so many seconds of virtual time."""
        limit = self.now + seconds
        self._settle()
        while self._step(limit):
            pass
        self.now = limit

    # -- time -------------------------------------------------------------------------------- -----

    def _at(self, when: float, what: Callable[[], None]) -> None:
        heappush(self._agenda, (when, next(self._order), what))

    def _step(self, limit: float) -> bool:
        """Go to the next thing that happens, unless that is after `limit`."""
        due = earliest(
            self._agenda[0][0] if self._agenda else None,
            self.machine.next_deadline(),
            *(wire.peer.next_deadline() for wire in self._talking()),
        )
        if due is None or due > limit:
            return False
        self.now = max(self.now, due)
        while self._agenda and self._agenda[0][0] <= self.now:
            heappop(self._agenda)[2]()
            self._settle()
        for wire in self._talking():
            if _is_due(wire.peer.next_deadline(), self.now):
                wire.peer.handle_timer(now=self.now)
        for _ in range(_MOST_TIMERS):
            if not _is_due(self.machine.next_deadline(), self.now):
                break
            self.machine.handle_timer(now=self.now)
            self._settle()
        else:
            raise AssertionError("the machine's deadline does not move on")
        self._settle()
        return True

    def _talking(self) -> list[_Wire]:
        return [wire for wire in self._wires.values() if wire.open and not wire.peer_done]

    # -- the pump ----------------------------------------------------------------------------------

    def _settle(self) -> None:
        """After every input: carry out actions, let writers pull, deliver what is wanted, take
        events."""
        moved = True
        while moved:
            moved = self._carry_out()
            self.machine.settled()
            for wire in [*self._wires.values()]:
                moved |= self._upload(wire) or self._download(wire) or self._deliver(wire)
            moved |= self._listen()
            assert not (self.machine.closed and self._wires), "closed with streams left"

    def _carry_out(self) -> bool:
        actions = self.machine.actions()
        for action in actions:
            if isinstance(action, Open):
                self._open(action)
            else:
                self._close(action)
        return bool(actions)

    def _open(self, action: Open) -> None:
        assert action.stream not in self.transcripts, "a stream's number came again"
        self.opened.append((self.now, action.stream))
        self.transcripts[action.stream] = bytearray()
        fate = self._fate(len(self.opened))
        peer = self._serve(action.endpoint, len(self.opened))
        wire = _Wire(action.stream, peer, fate, cycle(fate.cuts))
        self._wires[action.stream] = wire
        self._at(self.now + fate.opens_after, lambda: self._opened(wire))

    def _close(self, action: Close) -> None:
        wire = self._wires.pop(action.stream)
        if wire.open and not wire.peer_done:
            wire.peer.receive_data(b"", now=self.now)

    def _opened(self, wire: _Wire) -> None:
        if wire.number not in self._wires:
            return
        if wire.fate.failure is not None:
            self._fail(wire, wire.fate.failure)
        else:
            wire.open = True
            self.machine.stream_opened(wire.number, now=self.now)

    def _fail(self, wire: _Wire, failure: Failure) -> None:
        if self._wires.pop(wire.number, None) is not None:
            self.machine.stream_failed(wire.number, failure, now=self.now)

    def _listen(self) -> bool:
        heard = False
        while self.listening and (event := self.machine.next_event()) is not NEED_DATA:
            assert not (self.events and isinstance(self.events[-1], Disconnected)), "after the last"
            self.events.append(event)
            heard = True
        return heard

    # -- the network -------------------------------------------------------------------------------

    def _upload(self, wire: _Wire) -> bool:
        """A writer pulls when all it pulled before is with the peer."""
        if not wire.open or wire.uploading or wire.number not in self._wires:
            return False
        wanted = {number: self.machine.wants_data(number) for number in self._wires}
        deadline = self.machine.next_deadline()
        data = self.machine.data_to_send(wire.number, now=self.now)
        assert wanted == {n: self.machine.wants_data(n) for n in wanted}, "a pull changed who reads"
        later = self.machine.next_deadline()
        assert deadline is None or later is None or later >= deadline, "a pull hurried a deadline"
        if not data:
            return False
        self.transcripts[wire.number] += data
        wire.uploading = len(data)
        for segment in _segments(data, wire.cuts):
            self._at(self.now + wire.fate.latency, partial(self._uploaded, wire, segment))
        return True

    def _uploaded(self, wire: _Wire, segment: bytes) -> None:
        if wire.number not in self._wires or not self._carry(wire, len(segment)):
            return
        stop = wire.fate.stops_reading_after
        if stop is not None and wire.carried > stop:
            return
        wire.uploading -= len(segment)
        if not wire.peer_done:
            wire.peer.receive_data(segment, now=self.now)

    def _download(self, wire: _Wire) -> bool:
        """The peer writes when it likes; it hangs up at most once."""
        if not wire.open or wire.peer_done:
            return False
        data = wire.peer.data_to_send(now=self.now)
        for segment in _segments(data, wire.cuts):
            self._at(self.now + wire.fate.latency, partial(self._downloaded, wire, segment))
        if wire.peer.hung_up:
            wire.peer_done = True
            self._at(self.now + wire.fate.latency, partial(self._downloaded, wire, b""))
        return bool(data) or wire.peer_done

    def _downloaded(self, wire: _Wire, segment: bytes) -> None:
        if wire.number in self._wires and self._carry(wire, len(segment)):
            wire.arrived.append(segment)

    def _deliver(self, wire: _Wire) -> bool:
        delivered = False
        while (
            wire.arrived
            and not wire.ended
            and wire.number in self._wires
            and self.machine.wants_data(wire.number)
        ):
            segment = wire.arrived.popleft()
            wire.ended = not segment
            self.machine.receive_data(wire.number, segment, now=self.now)
            delivered = True
            self._carry_out()
        return delivered

    def _carry(self, wire: _Wire, size: int) -> bool:
        """Whether the network still carries; breaks the stream when its time has come."""
        wire.carried += size
        if wire.fate.breaks_after is not None and wire.carried > wire.fate.breaks_after:
            if not wire.peer_done:
                wire.peer_done = True
                wire.peer.receive_data(b"", now=self.now)
            self._fail(wire, Failure(Why.LOST, "the network broke it"))
            return False
        swallow = wire.fate.swallows_after
        return swallow is None or wire.carried <= swallow


def _untroubled(_: int) -> Fate:
    return Fate()


def _is_due(deadline: float | None, now: float) -> bool:
    return deadline is not None and deadline <= now


def _segments(data: bytes, cuts: cycle[int]) -> list[bytes]:
    segments = []
    while data:
        size = next(cuts)
        segments.append(data[:size])
        data = data[size:]
    return segments
