"""What every driver does alike, whatever it waits with.

A turn is one input to the machine and then, at once or a little later, the *pump*: ring the bells
of the calls that ended, open and close lines, let every line look again, set the alarm, ring for
news. Nothing here waits. A *bell* is the event object of the driver's library; a *line* is what a
driver keeps of a stream.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import inf
from typing import Any, Generic, Protocol, Self, TypeAlias, TypeVar

from hercle_proto import NEED_DATA, Call, Close, Command, Endpoint, Event, Failure, Machine, Open
from hercle_proto._contract import AnsweredLate
from hercle_proto._errors import HercleProtoError

__all__ = ["AsyncBell", "AsyncSession", "Line", "SessionBase"]

Clock: TypeAlias = Callable[[], float]
R = TypeVar("R")


class Bell(Protocol):
    def set(self) -> object: ...


class AsyncBell(Bell, Protocol):
    async def wait(self) -> object: ...


BellT = TypeVar("BellT", bound=Bell)


class Line(Protocol):
    """A stream, as a driver keeps it from `Open` until `Close` or its failure."""

    def open(self, endpoint: Endpoint) -> None:
        """Begin to connect; unless dropped, end in the session's `_opened` or `_failed`."""

    def look(self, *, wanted: bool) -> None:
        """Something may have changed: pull what can be written, and read if `wanted`."""

    def drop(self) -> None:
        """Close at once, connected or not. Nothing of what was pulled is waited for."""


class SessionBase(Generic[BellT]):
    """The machine's side of a session. Callers are alone: on one loop, or under one lock."""

    def __init__(
        self, machine: Machine, clock: Clock, bell: Callable[[], BellT], line: Callable[..., Line]
    ) -> None:
        self.machine = machine
        self._clock = clock
        self._bell = bell
        self._line = line
        self._lines: dict[int, Line] = {}
        self._bells: dict[Call[Any] | None, BellT] = {}  # None is for who waits for any news
        self._unheard: deque[Event] = deque(maxlen=1024)
        self._alarm_at = inf
        self._held = self._pump_due = False
        self._crash: BaseException | None = None

    # -- what the loop offers ----------------------------------------------------------------------

    def _arm(self, deadline: float) -> None:
        """Call `_fire` at `deadline`, and not when it was to be called until now."""

    def _schedule(self) -> None:
        """See that `_pump` runs soon: what is submitted until then leaves in one write."""
        self._pump()

    # -- turns -------------------------------------------------------------------------------------

    def _ask(self, question: Callable[[float], R], otherwise: R) -> R:
        """Ask the machine. An exception out of it is a bug, and ends the session for everybody."""
        if self._crash is None:
            try:
                return question(self._clock())
            except BaseException as error:
                self._end(error)
                if not isinstance(error, Exception):
                    raise
        return otherwise

    def _feed(self, event: Callable[[float], object]) -> None:
        self._ask(event, None)
        self._pump_soon()

    def _pump_soon(self) -> None:
        if not self._pump_due:
            self._pump_due = True
            self._schedule()

    def _pump(self) -> None:
        self._pump_due = False
        self._ask(self._carry_out, None)
        self._ring(None)

    def _ring(self, call: Call[Any] | None) -> None:
        if (bell := self._bells.pop(call, None)) is not None:
            bell.set()

    def _carry_out(self, _: float) -> None:
        for call in self.machine.settled():
            self._ring(call)
        for action in self.machine.actions():
            match action:
                case Open(stream, endpoint):
                    if endpoint.tls:
                        raise ValueError("TLS is a machine around this one: hercle_adapters.Tls")
                    self._lines[stream] = line = self._line(self, stream)
                    line.open(endpoint)
                case Close(stream):
                    if closed := self._lines.pop(stream, None):
                        closed.drop()
        self._held = False
        for stream, line in tuple(self._lines.items()):
            wanted = self.machine.wants_data(stream)
            self._held |= not wanted
            line.look(wanted=wanted)
        if (deadline := self.machine.next_deadline()) is not None and deadline < self._alarm_at:
            self._alarm_at = deadline
            self._arm(deadline)

    def _fire(self) -> None:
        self._alarm_at = inf
        self._feed(lambda now: self.machine.handle_timer(now=now))

    def _end(self, crash: BaseException | None) -> None:
        """Let go of everything; nobody is left waiting."""
        self._crash = self._crash or crash
        self._arm(inf)
        while self._lines:
            self._lines.popitem()[1].drop()
        for call in tuple(self._bells):
            self._ring(call)

    # -- for lines ---------------------------------------------------------------------------------

    def _opened(self, stream: int) -> None:
        self._feed(lambda now: self.machine.stream_opened(stream, now=now))

    def _failed(self, stream: int, failure: Failure) -> None:
        if line := self._lines.pop(stream, None):
            line.drop()
            self._feed(lambda now: self.machine.stream_failed(stream, failure, now=now))

    def _received(self, stream: int, data: bytes | memoryview) -> None:
        self._feed(lambda now: self.machine.receive_data(stream, data, now=now))

    def _pull(self, stream: int) -> bytes:
        return self._ask(lambda now: self.machine.data_to_send(stream, now=now), b"")

    # -- for callers -------------------------------------------------------------------------------

    def _start(self) -> BellT:
        bell = self._bells[self.machine.ready] = self._bell()
        self._feed(lambda now: self.machine.start(now=now))
        return bell

    def _submit(self, command: Command[R], timeout: float | None) -> tuple[Call[R], BellT]:
        self._raise_crash()
        try:
            call = self.machine.submit(command, now=self._clock(), timeout=timeout)
            bell = self._bells[call] = self._bell()
            self._pump_soon()
        except BaseException as error:
            if not isinstance(error, HercleProtoError):  # else the caller's doing, or a plain no
                self._end(error)
            raise
        return call, bell

    def _abandon(self, call: Call[Any]) -> None:
        if self._bells.pop(call, None) is not None:
            self._feed(lambda now: self.machine.abandon(call, now=now))
        elif call.done:  # it ended just as its caller went away
            self._unheard.append(AnsweredLate(call.command, call.error or call.result()))
            self._ring(None)

    def _result(self, call: Call[R]) -> R:
        if not call.done:
            self._raise_crash()
        return call.result()

    def _next_event(self) -> Event | None:
        if self._crash is not None:  # here, for it is asked for every event
            raise self._crash
        if self._unheard:
            return self._unheard.popleft()
        try:
            event = self.machine.next_event()
            if self._held:  # there is room again
                self._pump_soon()
        except BaseException as error:
            self._end(error)
            raise
        return None if event is NEED_DATA else event

    def _listen(self) -> BellT:
        """The bell of the next pump. Nothing is missed by who looks and waits in one turn."""
        return self._bells.setdefault(None, self._bell())

    def _finish(self) -> None:
        self._ask(lambda now: self.machine.close(now=now, at_once=True), None)
        self._pump()
        self._end(None)

    def _is_over(self) -> bool:
        return self._crash is not None or self.machine.closed

    def _raise_crash(self) -> None:
        if self._crash is not None:
            raise self._crash


class AsyncSession(SessionBase[AsyncBell]):
    """A machine at work on an event loop. Use it on that loop only.

    Iterate over it for events: what nobody asked for, oldest first. The iteration ends when the
    session is closed and nothing is left; two iterations at a time compete.
    """

    async def call(self, command: Command[R], timeout: float | None = None) -> R:
        """Have a command carried out and return its answer.

        `timeout` is in seconds; None is the machine's own limit. Raises what it ended with.
        Cancelled before it was sent, it is taken back; else its end is the event `AnsweredLate`.
        """
        call, bell = self._submit(command, timeout)
        try:
            await bell.wait()
        except BaseException:
            self._abandon(call)
            raise
        return self._result(call)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while (event := self._next_event()) is None:
            if self._is_over():
                raise StopAsyncIteration
            await self._listen().wait()
        return event

    async def _begin(self) -> None:
        await self._start().wait()
        self._result(self.machine.ready)

    async def _leave(self) -> None:
        self._feed(lambda now: self.machine.close(now=now))
        while not self._is_over():
            await self._listen().wait()
        self._raise_crash()
