"""What a session tells unasked about its connections."""

from __future__ import annotations

from attrs import field, frozen

from hercle_proto._contract import Event
from hercle_proto._errors import HercleProtoError

__all__ = ["Connected", "Reconnecting"]


@frozen
class Connected(Event):
    """A connection stands. `connection_id` is its public id (N-15), None where negotiation was
    skipped (N-31). It is not in the repr: in version 0 of negotiate it is the token, too."""

    connection_id: str | None = field(repr=False)


@frozen
class Reconnecting(Event):
    """The connection, or an attempt at one, was lost; attempt number `attempt` follows after
    `delay` seconds."""

    attempt: int
    delay: float
    cause: HercleProtoError
