"""How a command ends that nobody answered: what may have been carried out is never told as not
sent, nor the other way round.
"""

from __future__ import annotations

from typing import Any

from hercle_proto._contract import Call, Command
from hercle_proto._errors import CommandError, HercleProtoError, NoAnswer, NotSent, OutcomeUnknown

__all__ = ["not_answered", "unanswered", "unknown"]


def unanswered(
    command: Command[Any], cause: HercleProtoError, *, sent_at: float, now: float
) -> CommandError:
    """How a command that was sent ends when nothing tells whether it was carried out."""
    if command.repeatable:
        return NoAnswer(command, cause=cause)
    return OutcomeUnknown(command, sent_at=sent_at, ended_at=now, cause=cause)


def unknown(call: Call[Any], cause: HercleProtoError, now: float) -> HercleProtoError:
    """How a call that was sent ends then."""
    assert call.sent_at is not None
    return unanswered(call.command, cause, sent_at=call.sent_at, now=now)


def not_answered(call: Call[Any], cause: HercleProtoError, now: float) -> HercleProtoError:
    """How a waiting call ends: only one that waits to be repeated was ever sent."""
    return unknown(call, cause, now) if call.sent else NotSent(call.command, cause=cause)
