"""What a session is told before it starts."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import field, frozen

from hercle_proto._bounds import at_least, positive
from hercle_proto._contract import KeySource
from hercle_proto._credentials import clean_key
from hercle_proto.client._backoff import ReconnectPolicy
from hercle_proto.http import Url, check_key_transport, without_query
from hercle_proto.hub import JSON, Codec, HubSettings

__all__ = ["ClientSettings"]


@frozen(kw_only=True)
class ClientSettings:
    """Where to connect, with which key, and every limit of a session. Times are seconds.

    `url` is the hub's address (http or https; SignalR finds the WebSocket itself). `key` is an API
    key, or a function that gives the present one: it is asked for each connection, and once more
    when the server refuses the key. `reconnect` None ends the session with its first connection.
    `allow_insecure` lets a key travel over plain http to a host that is not loopback.
    """

    url: str = field(repr=without_query)
    key: KeySource | None = field(default=None, repr=False)
    headers: Sequence[tuple[str, str]] = field(default=(), repr=False)
    skip_negotiation: bool = False
    allow_insecure: bool = False
    reconnect: ReconnectPolicy | None = field(factory=ReconnectPolicy)
    codec: Codec = JSON
    """The hub protocol, of those that write text."""
    hub: HubSettings = field(factory=HubSettings)
    connect_timeout: float = field(default=15.0, validator=positive)
    """From the first stream of an attempt until the WebSocket is open."""
    call_timeout: float = field(default=30.0, validator=positive)
    """How long a call waits for its end unless it says otherwise; infinity waits for ever."""
    linger: float = field(default=2.0, validator=at_least(0))
    """How long a goodbye may take."""
    event_limit: int = field(default=1024, validator=at_least(1))
    most_waiting: int = field(default=4096, validator=at_least(1))
    """How many commands may wait to be sent."""

    def checked_url(self) -> Url:
        """The URL. Raises `InvalidArgument` for one, or a key, that cannot be, and for a key that
        would travel in the clear."""
        url = Url.parse(self.url)
        if isinstance(self.key, str):
            clean_key(self.key)
            check_key_transport(url, allow_insecure=self.allow_insecure)
        return url
