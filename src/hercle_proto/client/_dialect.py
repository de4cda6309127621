"""What a protocol on top of SignalR adds to the client machine: which calls there are, and what
answers them.

The machine owns streams, time and calls; a dialect is pure look-up: it turns a command into an
invocation, and what came in into settlements and events. It keeps no state about calls: `InFlight`
is the machine's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from attrs import field, frozen

from hercle_proto._contract import Call, Command, Event
from hercle_proto._errors import CommandError, HercleProtoError
from hercle_proto.hub import Completion, Invocation

__all__ = [
    "Answered",
    "Dialect",
    "InFlight",
    "Outcome",
    "Refused",
    "Rejected",
    "Settlement",
    "Unclear",
]

R = TypeVar("R")


@frozen
class Answered:
    """The call's answer."""

    value: object = field(repr=False)


@frozen
class Refused:
    """The server's own word that it ended with an error."""

    error: CommandError


@frozen
class Rejected:
    """It was carried out and answered, and the answer is not what was asked for."""

    error: CommandError


@frozen
class Unclear:
    """It ended, and whether it was carried out is not told:

    `OutcomeUnknown`, or `NoAnswer` if it is repeatable.
    """

    cause: HercleProtoError


Outcome: TypeAlias = Answered | Refused | Rejected | Unclear


@frozen
class Settlement:
    """An outcome for one of the calls in flight."""

    call: Call[Any]
    outcome: Outcome


class InFlight(Protocol):
    """Calls of this connection that were sent and have no answer, given-up ones included
    (`call.done`, `call.abandoned`).
    """

    def __iter__(self) -> Iterator[Call[Any]]: ...

    def __len__(self) -> int: ...

    def correlated(self, correlation_id: str) -> Call[Any] | None:
        """The call whose command has this `correlation_id`."""
        ...


class Dialect(Protocol):
    """The rules of one hub's API."""

    def admit(self, command: Command[R]) -> Command[R]:
        """The command as it will be sent, with what the caller left open filled in (such as a fresh
        correlation id).

        Raises `LocalProtocolError` for one that this hub does not have; nothing is queued then. The
        machine itself refuses a `correlation_id` that a call queued or in flight has already.
        """
        ...

    def invocation(self, command: Command[Any]) -> tuple[str, Sequence[object]]:
        """Target and positional arguments, asked for when the command is pulled."""
        ...

    def completed(self, call: Call[Any], completion: Completion) -> Outcome | None:
        """What a Completion means for its call.

        None: taken by the server, the answer comes as an event.
        """
        ...

    def received(
        self, invocation: Invocation, in_flight: InFlight, *, now: float
    ) -> Iterable[Settlement | Event]:
        """What an invocation from the server means. Never raises."""
        ...
