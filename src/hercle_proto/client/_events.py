"""What a session tells unasked about its connections."""

from __future__ import annotations

from attrs import frozen

from hercle_proto._contract import Event
from hercle_proto._errors import HercleProtoError

__all__ = ["Connected", "Reconnecting"]


@frozen
class Connected(Event):
    """A connection stands. `connection_id` is its public id (N-15), None where negotiation was
    skipped (N-31)."""

    connection_id: str | None


@frozen
class Reconnecting(Event):
    """The connection, or an attempt at one, was lost; attempt number `attempt` follows after
    `delay` seconds."""

    attempt: int
    delay: float
    cause: HercleProtoError
