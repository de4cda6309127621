"""Where callers, the dialect and the hub's messages meet."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeVar

from hercle_proto._contract import Call, Command
from hercle_proto._errors import RemoteProtocolError
from hercle_proto.client._calls import Calls
from hercle_proto.client._dialect import (
    Dialect,
    Settlement,
)
from hercle_proto.client._queue import EventQueue
from hercle_proto.hub import Completion, Invocation, StreamItem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hercle_proto.client._settings import ClientSettings

__all__ = ["Desk"]

R = TypeVar("R")

_log = logging.getLogger("hercle_proto.client")


class Desk:
    """The calls and the events of a session. It outlives its connections and knows none of them."""

    def __init__(self, dialect: Dialect, settings: ClientSettings) -> None:
        self._dialect = dialect
        self._call_timeout = settings.call_timeout
        self.events = EventQueue(settings.event_limit, lambda: self.calls.callers > 0)
        self.calls = Calls(most_waiting=settings.most_waiting, events=self.events)

    def submit(self, command: Command[R], *, now: float, timeout: float | None) -> Call[R]:
        """Queue a command, as the dialect completes it. Raises `LocalProtocolError`."""
        limit = self._call_timeout if timeout is None else timeout
        return self.calls.submit(self._dialect.admit(command), now=now, timeout=limit)

    def next_invocation(self) -> Invocation | None:
        """What to send next, if there is anything; then say `sent`."""
        call = self.calls.first_waiting
        if call is None:
            return None
        target, arguments = self._dialect.invocation(call.command)
        return Invocation(target, arguments, invocation_id=str(call.id))

    def sent(self, *, now: float) -> None:
        """The invocation that was given last became bytes."""
        call = self.calls.sent(now=now)
        _log.debug("> %s, call %d", call.command.name, call.id)

    def received(self, invocation: Invocation, *, now: float) -> Sequence[Call[Any]]:
        """The server invoked something on us. Gives the calls that it ended."""
        ended: Sequence[Call[Any]] = ()
        for what in self._dialect.received(invocation, self.calls, now=now):
            if isinstance(what, Settlement):
                self.calls.settle(what.call, what.outcome, now=now)
                ended = (*ended, what.call)
            else:
                self.events.put(what)
        return ended

    def completed(self, completion: Completion, *, now: float) -> None:
        """The server completed an invocation. One for nobody is dropped (P-22)."""
        call = self.calls.numbered(completion.invocation_id)
        outcome = self._dialect.completed(call, completion) if call is not None else None
        if call is not None and outcome is not None:
            self.calls.settle(call, outcome, now=now)

    def streamed(self, item: StreamItem, *, now: float) -> None:
        """An item came for what was no stream (P-19)."""
        call = self.calls.numbered(item.invocation_id)
        if call is not None:
            wrong = "a stream item came for a plain invocation"
            self.calls.unclear(call, RemoteProtocolError(wrong, clause="P-19"), now=now)
