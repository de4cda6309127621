"""Whose correlation id is whose, so that no answer finds another command's call."""

from __future__ import annotations

from typing import Any

from hercle_proto._contract import Call, Command
from hercle_proto._errors import LocalProtocolError

__all__ = ["CorrelationIds"]

_MOST_SPENT = 1024
"""Ids of commands sent that are remembered after their end; the oldest goes first."""


class CorrelationIds:
    """The ids of a session's commands.

    While a command may still be answered its id is its own, but for a repeatable one whose caller
    gave up: whichever answer comes is as good. The id of a command that is not repeatable is spent
    once it was sent, because a server may answer it twice.
    """

    def __init__(self) -> None:
        self._calls: dict[str, Call[Any]] = {}
        self._spent: dict[str, None] = {}

    def get(self, correlation_id: str) -> Call[Any] | None:
        """Whose it is now."""
        return self._calls.get(correlation_id)

    def check(self, command: Command[Any]) -> None:
        """Raise `LocalProtocolError` for a command whose id may still be answered to another."""
        correlation_id = command.correlation_id
        if correlation_id is None:
            return
        holder = self._calls.get(correlation_id)
        held = holder is not None and not (
            holder.command.repeatable and (holder.done or holder.abandoned)
        )
        if held or correlation_id in self._spent:
            raise LocalProtocolError(
                f"{command.name}: an answer to an earlier command with this correlation id may "
                "still come and would be taken for its own; give each command an id of its own"
            )

    def take(self, call: Call[Any]) -> None:
        """The call is the one with its command's id from now on."""
        if call.command.correlation_id is not None:
            self._calls[call.command.correlation_id] = call

    def spend(self, call: Call[Any]) -> None:
        """The call was sent."""
        correlation_id = call.command.correlation_id
        if correlation_id is not None and not call.command.repeatable:
            self._spent[correlation_id] = None
            if len(self._spent) > _MOST_SPENT:
                del self._spent[next(iter(self._spent))]

    def release(self, call: Call[Any]) -> None:
        """The call ended, and no answer to it is waited for."""
        correlation_id = call.command.correlation_id
        if correlation_id is not None and self._calls.get(correlation_id) is call:
            del self._calls[correlation_id]
