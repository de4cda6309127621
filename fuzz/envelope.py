"""The argument of an event on Hercle's hub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

from hercle_proto import Call
from hercle_proto.client import Answered, Refused, Settlement
from hercle_proto.hercle import (
    CreatedInvoice,
    CreateLightningInvoice,
    GetLightningInvoices,
    HercleDialect,
    InvoiceSnapshot,
)
from hercle_proto.hercle._envelope import open_envelope
from hercle_proto.hub import Invocation, Raw

CREATE = CreateLightningInvoice.for_sats(1000, client_id="c")
GET = GetLightningInvoices("g")
DIALECT = HercleDialect(entropy=Random(0).randbytes)


class InFlight:
    """Calls that were sent and are unanswered."""

    def __init__(self, *commands: Any) -> None:
        self.calls = [Call(command, number) for number, command in enumerate(commands)]

    def __iter__(self) -> Iterator[Call[Any]]:
        return iter(self.calls)

    def __len__(self) -> int:
        return len(self.calls)

    def correlated(self, correlation_id: str) -> Call[Any] | None:
        """The call with this ClientId."""
        return next((c for c in self.calls if c.command.correlation_id == correlation_id), None)


def target(data: bytes) -> None:
    """Any event is one settlement or one event, and raises nothing. A create is answered by an id
    only, and a list by a snapshot. The same as JSON text in a JSON string means the same.
    """
    for commands in ((), (GET,), (CREATE,), (GET, CREATE), (CREATE, CREATE)):
        (what,) = DIALECT.received(
            Invocation("executionEvents", (Raw(data),)), InFlight(*commands), now=0.0
        )
        assert isinstance(repr(what), str)
        if isinstance(what, Settlement):
            check(what)
    if shallow(data):
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return
        assert open_envelope(data) == open_envelope(json.dumps(text))


def check(settlement: Settlement) -> None:
    """What ends a call is of its kind."""
    command, outcome = settlement.call.command, settlement.outcome
    if isinstance(outcome, Answered):
        kind = InvoiceSnapshot if command is GET else CreatedInvoice
        assert isinstance(outcome.value, kind)
        assert command is GET or outcome.value.id
    if isinstance(outcome, Refused):
        assert outcome.error.command is command
        assert len(str(outcome.error)) < 2500


def shallow(data: bytes) -> bool:
    """Whether the stack surely holds it: at its edge one frame more or less decides."""
    return data.count(b"[") + data.count(b"{") < 300
