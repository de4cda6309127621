"""Calls that wait until an invoice is closed."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from math import inf
from typing import TypeAlias, cast

from hercle_proto._contract import Call
from hercle_proto._errors import HercleProtoError, LocalProtocolError, NoAnswer, TimedOut
from hercle_proto.hercle._watching import InvoiceClosed, WaitClosed

__all__ = ["Waiting"]

_Calls: TypeAlias = list[Call[InvoiceClosed]]


class Waiting:
    """Who waits, for what, and until when. The calls that a method ended are its result."""

    def __init__(self) -> None:
        self._calls: dict[Call[InvoiceClosed], str] = {}  # with ids of invoices
        self._deadlines: list[tuple[float, int, Call[InvoiceClosed], float]] = []
        """A heap, with time-outs; calls behind the first may have ended."""

    def __bool__(self) -> bool:
        return bool(self._calls)

    def __contains__(self, call: object) -> bool:
        return call in self._calls

    def add(
        self,
        call: Call[InvoiceClosed],
        *,
        closed: InvoiceClosed | None,
        now: float,
        timeout: float,
    ) -> _Calls:
        """A `WaitClosed` waits from now on, for so many seconds; infinity is without end. `closed`
        ends it.

        Raises `LocalProtocolError` for a time-out that is none.
        """
        if not timeout > 0:
            raise LocalProtocolError(f"a time-out must be more than 0 seconds; got {timeout!r}")
        if closed is not None:
            call.answer(closed)
            return [call]
        self._calls[call] = cast("WaitClosed", call.command).id
        if timeout != inf:
            heappush(self._deadlines, (now + timeout, call.id, call, timeout))
        return []

    def next_deadline(self) -> float:
        """When the first one has waited long enough."""
        return self._deadlines[0][0] if self._deadlines else inf

    def time_out(self, *, now: float) -> _Calls:
        """Those that have waited long enough."""
        late = []
        while self._deadlines and self._deadlines[0][0] <= now:
            _, _, call, timeout = self._deadlines[0]
            late += self.give_up(call, TimedOut(call.command.name, timeout))
        return late

    def tell(self, closing: Callable[[str], InvoiceClosed | None]) -> _Calls:
        """Those whose invoice was closed."""
        ended = []
        for call, invoice_id in self._calls.items():
            if (closed := closing(invoice_id)) is not None:
                call.answer(closed)
                ended.append(call)
        for call in ended:
            del self._calls[call]
        self._sweep()
        return ended

    def give_up(self, call: Call[InvoiceClosed], cause: HercleProtoError) -> _Calls:
        """This one, without an answer."""
        call.fail(NoAnswer(call.command, cause=cause))
        del self._calls[call]
        self._sweep()
        return [call]

    def give_up_all(self, cause: HercleProtoError) -> _Calls:
        """All of them, without an answer."""
        return [ended for call in [*self._calls] for ended in self.give_up(call, cause)]

    def _sweep(self) -> None:
        """Keep an ended call from being the next deadline."""
        while self._deadlines and self._deadlines[0][2] not in self._calls:
            heappop(self._deadlines)
