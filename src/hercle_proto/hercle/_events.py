"""What came over Hercle's hub and answers no call."""

from __future__ import annotations

import msgspec
from attrs import field, frozen

from hercle_proto._contract import Event
from hercle_proto.hercle._answers import Answer

__all__ = ["ExecutionEvent", "UnmatchedAnswer"]


class UnmatchedAnswer(Event, msgspec.Struct, frozen=True):
    """An answer that surely belongs to no call in flight: a second one, another client's, or one
    that names nobody.

    It may be the answer to a command of yours whose outcome is unknown: compare before you create
    again.
    """

    # A Struct, for events come by the thousand: frozen attrs cost six times as much to make.

    subject: str | None
    client_id: str | None
    answer: Answer


@frozen
class ExecutionEvent(Event):
    """An event of another kind. `data` is its `data` (or, without one, all of it) as plain values
    with `Decimal`.
    """

    target: str
    subject: str | None
    client_id: str | None
    data: object = field(repr=False)
