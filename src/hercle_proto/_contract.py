"""The contract between machines and drivers.

A *machine* is one connection, or several, without I/O: bytes, commands and time go in; bytes,
actions, settled calls, events and one deadline come out. A *driver* carries the actions out on some
event loop. Everything here is plain values; nothing reads a clock, draws at random or calls back.

Long because whoever writes a driver reads the contract once, from top to bottom.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Final,
    Generic,
    Literal,
    Protocol,
    TypeAlias,
    TypeVar,
)

from attrs import field, frozen

from hercle_proto._errors import HercleProtoError, LocalProtocolError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "NEED_DATA",
    "Action",
    "AnsweredLate",
    "Buffer",
    "Call",
    "Close",
    "Command",
    "Disconnected",
    "Endpoint",
    "Entropy",
    "Event",
    "EventsDropped",
    "Failure",
    "KeySource",
    "Machine",
    "NeedData",
    "Open",
    "Why",
]

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

Buffer: TypeAlias = bytes | bytearray | memoryview
"""What `receive_data` takes. Valid during the call only."""

Entropy: TypeAlias = Callable[[int], bytes]
"""The only source of chance: n random bytes. Drivers pass `os.urandom`, tests a seeded one."""

KeySource: TypeAlias = str | Callable[[], str]
"""An API key, or what gives the present one.

It is called in the middle of an input: it must not block or call back.
"""


class NeedData(Enum):
    """`next_event` has nothing. An Enum member, so type checkers narrow on `is NEED_DATA`."""

    NEED_DATA = "NEED_DATA"


NEED_DATA: Final[Literal[NeedData.NEED_DATA]] = NeedData.NEED_DATA


# -- what a machine asks of a driver ---------------------------------------------------------------


@frozen
class Endpoint:
    """Where to connect: a host name or literal address, a TCP port, and whether TLS is spoken
    there.
    """

    host: str
    port: int
    tls: bool = False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@frozen
class Open:
    """Connect `stream` to `endpoint`; answer with `stream_opened` or `stream_failed`."""

    stream: int
    endpoint: Endpoint


@frozen
class Close:
    """Close `stream` at once and forget the number; bytes not taken yet are never sent."""

    stream: int


Action: TypeAlias = Open | Close


class Why(Enum):
    """Why a stream failed."""

    UNRESOLVED = "the name could not be resolved"
    UNREACHABLE = "no connection could be made"
    UNTRUSTED = "the certificate is not trusted"
    LOST = "the connection was lost"


@frozen
class Failure:
    """How a stream failed: a kind that machines decide by, and a detail for people."""

    why: Why
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.why.value}: {self.detail}" if self.detail else self.why.value


# -- commands and calls ----------------------------------------------------------------------------


class Command(Generic[R_co]):
    """A value that asks for something; its type parameter is the type of the answer."""

    __slots__ = ()

    repeatable: ClassVar[bool] = False
    """Whether sending it twice is the same as sending it once.

    Only such a command survives a reconnect.
    """

    late_is_news: ClassVar[bool] = True
    """Whether its end is an event, `AnsweredLate`, where nobody waits for it any more."""

    @property
    def name(self) -> str:
        """The command's name in errors and logs."""
        return type(self).__name__

    @property
    def correlation_id(self) -> str | None:
        """What an answer that comes as an event names this command by; None where only the
        Completion tells.
        """
        return None


class Call(Generic[R]):
    """A command on its way. It ends exactly once, with an answer or an error; no callbacks."""

    __slots__ = (
        "_error",
        "_value",
        "abandoned",
        "command",
        "done",
        "id",
        "last_sent_at",
        "late",
        "sent_at",
    )

    def __init__(self, command: Command[R], id: int) -> None:
        self.command = command
        self.id = id
        self.sent_at: float | None = None
        """When it was sent the first time."""
        self.last_sent_at: float | None = None
        """When it was sent the last time: `sent_at`, unless it was repeated."""
        self.abandoned = False
        self.done = False
        self.late: object = None
        """What it ended with after its caller had given up, by a time-out or by `abandon`: its
        value or an error, as `AnsweredLate.answer` tells it, whether that was taken or not. None
        as long as nothing new is known. A call that was not sent ends at once, and is never late.
        """
        self._value: Any = None
        self._error: HercleProtoError | None = None

    @property
    def sent(self) -> bool:
        """Whether a byte of it left (its first one was pulled by the driver)."""
        return self.sent_at is not None

    @property
    def error(self) -> HercleProtoError | None:
        """What it ended with, if not with an answer."""
        return self._error

    def leaves(self, *, now: float) -> None:
        """It becomes bytes, for the first time or again. For machines."""
        if self.sent_at is None:
            self.sent_at = now
        self.last_sent_at = now

    def answer(self, value: R) -> None:
        """End with an answer. For machines."""
        self._end()
        self._value = value

    def fail(self, error: HercleProtoError) -> None:
        """End with an error. For machines."""
        self._end()
        self._error = error

    def _end(self) -> None:
        if self.done:
            raise LocalProtocolError(f"call {self.id} has ended already")
        self.done = True

    def result(self) -> R:
        """The answer; raises the error it ended with, or `LocalProtocolError` while it has not
        ended.
        """
        if not self.done:
            raise LocalProtocolError(f"call {self.id} has not ended yet")
        if self._error is not None:
            raise self._error.with_traceback(None)  # it may be raised often, and would grow
        value: R = self._value
        return value

    def __repr__(self) -> str:
        state = (
            "failed"
            if self._error
            else "answered"
            if self.done
            else "sent"
            if self.sent
            else "waiting"
        )
        return f"<Call {self.id} {self.command.name} {state}>"


# -- events ----------------------------------------------------------------------------------------


class Event:
    """What nobody asked for. Subclasses are frozen attrs classes named in the past tense."""

    __slots__ = ()


@frozen
class AnsweredLate(Event):
    """A command ended after its caller had given up on it. Not told if `late_is_news` is False.

    `answer` is its value, or the error it ended with.
    """

    command: Command[Any]
    answer: object = field(repr=False)


@frozen
class EventsDropped(Event):
    """So many events found no room at this place of the queue."""

    count: int


@frozen
class Disconnected(Event):
    """The last event of a session. `error` is None after an orderly close on our side."""

    reason: str
    error: HercleProtoError | None = None


# -- the machine -----------------------------------------------------------------------------------


class Machine(Protocol):
    """One connection, or several, without I/O.

    Stream numbers are the machine's, grow from 1 and are never used again. `now` is seconds on one
    monotonic clock. None of the inputs raises because of the peer, nor because it comes too late or
    for a stream that is gone.
    """

    @property
    def ready(self) -> Call[None]:
        """Ends when the first connection stands, or with why it never will."""
        ...

    @property
    def closed(self) -> bool:
        """Nothing will come again but the events left: every call ended, every stream closed, no
        deadline.
        """
        ...

    def start(self, *, now: float) -> None:
        """The first of all inputs: a machine is made before anybody knows whose clock it will live
        by.
        """
        ...

    def close(self, *, now: float, at_once: bool = False) -> None:
        """Say goodbye for a bounded time, or not at all. Nothing is opened after this."""
        ...

    def actions(self) -> Sequence[Action]:
        """Drained: what to open and close, in order."""
        ...

    def data_to_send(self, stream: int, *, now: float) -> bytes:
        """Take up to about 64 KiB for a stream that can write now; empty if there is nothing.

        Commands become bytes here, and a command that became bytes counts as sent. Changes nothing
        else a driver looks at.
        """
        ...

    def wants_data(self, stream: int) -> bool:
        """Whether to read from it. Pure."""
        ...

    def next_deadline(self) -> float | None:
        """When to call `handle_timer`. Pure. May be in the past."""
        ...

    def stream_opened(self, stream: int, *, now: float) -> None: ...

    def stream_failed(self, stream: int, failure: Failure, *, now: float) -> None:
        """It could not be opened, or broke. The driver has forgotten it: no `Close` follows."""
        ...

    def receive_data(self, stream: int, data: Buffer, *, now: float) -> None:
        """Any cut; valid during the call only.

        Empty is the peer's orderly end: read no more, keep it until `Close`.
        """
        ...

    def handle_timer(self, *, now: float) -> None:
        """Early is harmless."""
        ...

    def submit(self, command: Command[R], *, now: float, timeout: float | None = None) -> Call[R]:
        """Queue a command. Raises `LocalProtocolError`, or what ended the session if it is closed.

        `timeout` is in seconds; None is the machine's own limit.
        """
        ...

    def abandon(self, call: Call[Any], *, now: float) -> None:
        """Nobody waits any more.

        Not sent: taken back. Sent: its end will be the event `AnsweredLate`. Ended: nothing.
        """
        ...

    def settled(self) -> Sequence[Call[Any]]:
        """Drained: calls that ended since; wake who waits for them."""
        ...

    def next_event(self) -> Event | Literal[NeedData.NEED_DATA]:
        """What nobody asked for, oldest first. Makes room: look at `wants_data` again."""
        ...
