"""A fifth driver, on virtual time and a network that cuts, delays, swallows and breaks.

It drives a real machine against peers that are machines too, so a year of reconnects takes a
second, and the same seed gives the same story. It follows the rules for drivers to the letter and
asserts what machines promise them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

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
)
from hercle_proto.client._streams import earliest
from hercle_proto.testing._network import Clock, Fate, Peer, Wire

__all__ = ["Simulated"]

R = TypeVar("R")

_MOST_TIMERS = 1000
"""Timers that may be due at one instant; more is a loop."""


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
        self.events: list[Event] = []
        self.listening = True
        """Whether events are taken as they come."""
        self.transcripts: dict[int, bytearray] = {}
        """Every byte that the machine gave for each stream, whether it arrived or not."""
        self.opened: list[tuple[float, int]] = []
        self._serve = serve
        self._fate = fate or _untroubled
        self._wires: dict[int, Wire] = {}
        self._clock = Clock(start_at)

    @property
    def now(self) -> float:
        """Virtual seconds."""
        return self._clock.now

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
        self._clock.now += seconds
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
        self._clock.now = limit

    # -- time -------------------------------------------------------------------------------- -----

    def _step(self, limit: float) -> bool:
        """Go to the next thing that happens, unless that is after `limit`."""
        due = earliest(
            self._clock.next_due(),
            self.machine.next_deadline(),
            *(wire.peer.next_deadline() for wire in self._talking()),
        )
        if due is None or due > limit:
            return False
        self._clock.now = max(self.now, due)
        while (happens := self._clock.take_due()) is not None:
            happens()
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

    def _talking(self) -> list[Wire]:
        return [wire for wire in self._wires.values() if wire.talks]

    # -- the pump ----------------------------------------------------------------------------------

    def _settle(self) -> None:
        """After every input: carry out actions, let writers pull, deliver what is wanted, take
        events."""
        moved = True
        while moved:
            moved = self._carry_out()
            self.machine.settled()
            for wire in [*self._wires.values()]:
                moved |= self._pull(wire) or wire.download() or self._deliver(wire)
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
        number = len(self.opened)
        peer, fate = self._serve(action.endpoint, number), self._fate(number)
        wire = Wire(action.stream, peer, fate, self._clock, self._fail)
        self._wires[action.stream] = wire
        self._clock.after(fate.opens_after, partial(self._opened, wire))

    def _close(self, action: Close) -> None:
        self._wires.pop(action.stream).close()

    def _opened(self, wire: Wire) -> None:
        if wire.gone:
            return
        if wire.fate.failure is not None:
            self._fail(wire, wire.fate.failure)
        else:
            wire.open = True
            self.machine.stream_opened(wire.number, now=self.now)

    def _fail(self, wire: Wire, failure: Failure) -> None:
        wire.gone = True
        del self._wires[wire.number]
        self.machine.stream_failed(wire.number, failure, now=self.now)

    def _listen(self) -> bool:
        heard = False
        while self.listening and (event := self.machine.next_event()) is not NEED_DATA:
            assert not (self.events and isinstance(self.events[-1], Disconnected)), "after the last"
            self.events.append(event)
            heard = True
        return heard

    def _pull(self, wire: Wire) -> bool:
        """Let a stream's writer pull, and see that nothing a driver looks at has changed by it."""
        if not wire.may_pull:
            return False
        wanted = {number: self.machine.wants_data(number) for number in self._wires}
        deadline = self.machine.next_deadline()
        data = self.machine.data_to_send(wire.number, now=self.now)
        assert wanted == {n: self.machine.wants_data(n) for n in wanted}, "a pull changed who reads"
        later = self.machine.next_deadline()
        assert deadline is None or later is None or later >= deadline, "a pull hurried a deadline"
        if data:
            self.transcripts[wire.number] += data
            wire.upload(data)
        return bool(data)

    def _deliver(self, wire: Wire) -> bool:
        """Read while it is wanted, up to the orderly end."""
        if wire.gone or not wire.arrived or not self.machine.wants_data(wire.number):
            return False
        segment = wire.arrived.popleft()
        self.machine.receive_data(wire.number, segment, now=self.now)
        return True


def _untroubled(_: int) -> Fate:
    return Fate()


def _is_due(deadline: float | None, now: float) -> bool:
    return deadline is not None and deadline <= now
