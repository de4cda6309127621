"""What a REST session is told before it starts."""

from __future__ import annotations

from typing import Final

from attrs import field, frozen, validators

from hercle_proto._contract import KeySource
from hercle_proto.hercle._urls import SANDBOX_URL
from hercle_proto.http import without_query

__all__ = ["MAX_ANSWER_BYTES", "RestSettings"]

MAX_ANSWER_BYTES: Final = 256 * 2**20
"""The largest answer taken: the API has no paging, and an invoice is about a kilobyte."""


@frozen(kw_only=True)
class RestSettings:
    """Where to ask, with which key, and every limit of a session. Times are seconds.

    `url` is an origin, a hub's URL on it, or the URL of the invoices. `key` is an API key, or a
    function that gives the present one: it is asked once, and once more when the server refuses
    what it gave. `allow_insecure` lets a key travel over plain http to a host that is not loopback.
    """

    url: str = field(default=SANDBOX_URL, repr=without_query)
    key: KeySource | None = field(default=None, repr=False)
    allow_insecure: bool = False
    connect_timeout: float = field(default=15.0, validator=validators.gt(0))
    call_timeout: float = field(default=30.0, validator=validators.gt(0))
    """How long a call waits for its end unless it says otherwise; infinity waits for ever."""
    linger: float = field(default=2.0, validator=validators.ge(0))
    """How long a closing session waits for the answer to what was sent."""
    max_answer_bytes: int = field(default=MAX_ANSWER_BYTES, validator=validators.ge(1))
    event_limit: int = field(default=1024, validator=validators.ge(1))
    most_waiting: int = field(default=4096, validator=validators.ge(1))
    """How many commands may wait to be sent."""
