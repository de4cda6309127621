"""What an API over HTTP adds to the machine: which commands it has, their requests, and what the
answers mean.

The session owns streams, time, keys and calls; an API is pure look-up and keeps no state about
calls, as a `Dialect` is for a hub.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from hercle_proto._contract import Command
from hercle_proto.client._dialect import Outcome
from hercle_proto.http import Request, Response, Url

__all__ = ["HttpApi"]

R = TypeVar("R")


class HttpApi(Protocol):
    """The rules of one API: each command is one exchange."""

    @property
    def url(self) -> Url:
        """Where it is. All requests go to this origin."""
        ...

    def admit(self, command: Command[R]) -> Command[R]:
        """The command as it will be sent, with what the caller left open filled in.

        Raises `LocalProtocolError` for one that this API does not have; nothing is queued then.
        """
        ...

    def request(self, command: Command[Any], *, key: str | None) -> Request:
        """The request for a command, asked for when it is pulled."""
        ...

    def answered(
        self, command: Command[Any], response: Response, *, key: str | None, now: float
    ) -> Outcome:
        """What an answer means for its command. Never raises.

        `key` is what the request went with; it is blotted out of what the server says.
        """
        ...
