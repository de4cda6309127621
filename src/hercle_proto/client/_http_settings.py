"""What a session over HTTP exchanges is told before it starts."""

from __future__ import annotations

from attrs import field, frozen

from hercle_proto._bounds import at_least, positive
from hercle_proto._contract import KeySource
from hercle_proto.http import DEFAULT_MAX_BODY_BYTES

__all__ = ["HttpSettings"]


@frozen(kw_only=True)
class HttpSettings:
    """With which key to ask, and every limit of a session. Times are seconds.

    `key` is an API key, or a function that gives the present one: it is asked once, and once more
    when the server refuses what it gave. `allow_insecure` lets a key travel over plain http to a
    host that is not loopback.
    """

    key: KeySource | None = field(default=None, repr=False)
    allow_insecure: bool = False
    connect_timeout: float = field(default=15.0, validator=positive)
    call_timeout: float = field(default=30.0, validator=positive)
    """How long a call waits for its end unless it says otherwise; infinity waits for ever."""
    linger: float = field(default=2.0, validator=at_least(0))
    """How long a closing session waits for the answer to what was sent."""
    max_answer_bytes: int = field(default=DEFAULT_MAX_BODY_BYTES, validator=at_least(1))
    event_limit: int = field(default=1024, validator=at_least(1))
    most_waiting: int = field(default=4096, validator=at_least(1))
    """How many commands may wait to be sent."""
