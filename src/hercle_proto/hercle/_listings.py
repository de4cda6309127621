"""Listings of invoices that a session asks for by itself."""

from __future__ import annotations

from typing import Any, Protocol

from attrs import frozen

from hercle_proto._contract import Call, Machine
from hercle_proto._errors import HercleProtoError
from hercle_proto.client import ServerClock
from hercle_proto.hercle._commands import GetLightningInvoices

__all__ = ["HercleMachine", "Listing", "sent_at"]


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

    @property
    def name(self) -> str:
        return GetLightningInvoices.__name__


def sent_at(call: Call[Any]) -> float:
    assert call.sent_at is not None
    return call.sent_at
