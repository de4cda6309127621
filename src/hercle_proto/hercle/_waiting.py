"""Calls that wait until an invoice is closed."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TypeAlias

from attrs import frozen

from hercle_proto._contract import Call
from hercle_proto._errors import HercleProtoError, LocalProtocolError, NoAnswer, TimedOut
from hercle_proto.hercle._watching import InvoiceClosed

__all__ = ["Waiting"]

_Calls: TypeAlias = list[Call[InvoiceClosed]]


@frozen
class _Wait:
    invoice_id: str
    timeout: float
    due: float


class Waiting:
    """Who waits, for what, and until when. The calls that a method ended are its result."""

    def __init__(self) -> None:
        self._waits: dict[Call[InvoiceClosed], _Wait] = {}

    def __bool__(self) -> bool:
        return bool(self._waits)

    def __contains__(self, call: object) -> bool:
        return call in self._waits

    def add(
        self, call: Call[InvoiceClosed], invoice_id: str, *, now: float, timeout: float
    ) -> None:
        """It waits from now on, for so many seconds; infinity is without end.

        Raises `LocalProtocolError` for a time-out that is none.
        """
        if not timeout > 0:
            raise LocalProtocolError(f"a time-out must be more than 0 seconds; got {timeout!r}")
        self._waits[call] = _Wait(invoice_id, timeout, now + timeout)

    def next_deadline(self) -> float:
        """When the first one has waited long enough."""
        return min((wait.due for wait in self._waits.values()), default=inf)

    def time_out(self, *, now: float) -> _Calls:
        """Those that have waited long enough."""
        late = [call for call, wait in self._waits.items() if wait.due <= now]
        for call in late:
            cause = TimedOut(call.command.name, self._waits[call].timeout)
            call.fail(NoAnswer(call.command, cause=cause))
        return self._without(late)

    def tell(self, closing: Callable[[str], InvoiceClosed | None]) -> _Calls:
        """Those whose invoice was closed."""
        ended = []
        for call, wait in self._waits.items():
            if (closed := closing(wait.invoice_id)) is not None:
                call.answer(closed)
                ended.append(call)
        return self._without(ended)

    def give_up(self, call: Call[InvoiceClosed], cause: HercleProtoError) -> _Calls:
        """This one, without an answer."""
        call.fail(NoAnswer(call.command, cause=cause))
        return self._without([call])

    def give_up_all(self, cause: HercleProtoError) -> _Calls:
        """All of them, without an answer."""
        calls = [*self._waits]
        return [ended for call in calls for ended in self.give_up(call, cause)]

    def _without(self, ended: _Calls) -> _Calls:
        for call in ended:
            del self._waits[call]
        return ended
