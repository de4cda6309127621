"""One stream of a session over HTTP, and the exchange on it."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

from attrs import frozen

from hercle_proto._contract import Buffer, Call, Failure
from hercle_proto._errors import ConnectionFailed, HercleProtoError, TimedOut
from hercle_proto.client._dialect import Outcome
from hercle_proto.http import HttpConnection, Request

__all__ = ["Exchange", "Lane"]


@frozen
class Exchange:
    """A call that became a request."""

    call: Call[Any]
    otherwise: Outcome | None = None
    """None the first time; the second time, how the call ends if it comes to no second sending."""

    @property
    def wanted(self) -> bool:
        """Whether its caller still waits."""
        return not (self.call.done or self.call.abandoned)


class Lane:
    """Owner of a stream: opened for a command, then one exchange after another.

    `supply` is asked for the next request whenever one could be written. What came of it all, the
    session looks up in `http`, `exchange` and `lost`.
    """

    def __init__(
        self, http: HttpConnection, *, supply: Callable[[Lane, float], Request | None]
    ) -> None:
        self._supply = supply
        self._deadline: tuple[float, TimedOut] | None = None
        self._open = False
        self.http = http
        self.stream = 0
        self.exchange: Exchange | None = None
        self.asked = False
        """Whether the exchange became bytes here."""
        self.proven = False
        """Whether an answer ever came over it."""
        self.idle_since = inf
        """Since when nothing was asked on it; it is not idle until it is open."""
        self.lost: HercleProtoError | None = None

    def wait_at_most(self, seconds: float, what: str, *, now: float) -> None:
        """Count the stream as lost unless what it waits for comes in time."""
        if self._deadline is None:
            self._deadline = (now + seconds, TimedOut(what, seconds))

    def rest(self, *, now: float) -> None:
        """There is nothing to do on it for the moment."""
        self.exchange = None
        self.asked = False
        self.idle_since = now
        self._deadline = None

    # -- an owner of streams -----------------------------------------------------------------------

    def opened(self, *, now: float) -> None:
        self._open = True
        self._deadline = None
        self.idle_since = now

    def failed(self, failure: Failure, *, now: float) -> None:
        self.lost = ConnectionFailed(failure)

    def received(self, data: Buffer, *, now: float) -> None:
        self.http.receive_data(data)

    def data_to_send(self, *, now: float) -> bytes:
        if self._open and self.http.idle and (request := self._supply(self, now)) is not None:
            self.http.send(request)
            self.asked = True
        return self.http.data_to_send()

    def next_deadline(self) -> float | None:
        return self._deadline and self._deadline[0]

    def handle_timer(self, *, now: float) -> None:
        if self._deadline is not None and now >= self._deadline[0]:
            self.lost = self._deadline[1]
