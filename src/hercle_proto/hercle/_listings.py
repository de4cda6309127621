"""Listings of invoices that a session asks for by itself."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from attrs import frozen

from hercle_proto._contract import Call, Command, Machine
from hercle_proto._errors import (
    CommandError,
    CommandRefused,
    HercleProtoError,
    NoAnswer,
    NotSent,
    TimedOut,
)
from hercle_proto.client import ServerClock
from hercle_proto.hercle._commands import GetLightningInvoices

__all__ = ["HercleMachine", "Listing", "duration", "in_the_name_of", "sent_at"]


class HercleMachine(Machine, Protocol):
    """A session of Hercle's: that of `hercle_session` or of `hercle_rest`."""

    @property
    def clock(self) -> ServerClock: ...

    @property
    def error(self) -> HercleProtoError | None:
        """What ended it, if it was not closed on our side."""
        ...


@frozen
class Listing(GetLightningInvoices):
    """A listing of ours: nobody else is to hear of it when it comes late."""

    late_is_news: ClassVar[bool] = False

    @property
    def name(self) -> str:
        return GetLightningInvoices.__name__


def sent_at(call: Call[Any]) -> float:
    """When an answered call was sent for the first time."""
    assert call.sent_at is not None
    return call.sent_at


def duration(call: Call[Any], *, now: float) -> float:
    """How long an answered call took, without the time in which there was no connection."""
    assert call.last_sent_at is not None
    return now - call.last_sent_at


def in_the_name_of(command: Command[Any], error: HercleProtoError) -> CommandError:
    """What a listing ended with, for the command that needed it."""
    match error:
        case NotSent(cause=cause):
            return NotSent(command, cause=_renamed(command, cause))
        case NoAnswer(cause=cause):
            return NoAnswer(command, cause=_renamed(command, cause))
        case CommandRefused(reason=reason, code=code, status=status, param=param):
            refused = CommandRefused(command, reason, code=code, status=status, param=param)
            refused.__cause__ = error.__cause__
            return refused
        case _:
            raise AssertionError(f"no listing ends with {type(error).__name__}")


def _renamed(command: Command[Any], cause: Exception) -> Exception:
    return TimedOut(command.name, cause.seconds) if isinstance(cause, TimedOut) else cause
