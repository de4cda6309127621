"""The options of sessions as keyword arguments, typed for whoever passes them on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from hercle_proto._contract import KeySource
from hercle_proto.client._backoff import ReconnectPolicy
from hercle_proto.hub import Codec, HubSettings

__all__ = ["SessionOptions", "SignalROptions"]


class SessionOptions(TypedDict, total=False):
    """What all builders of sessions take. Times are seconds; see `ClientSettings`."""

    allow_insecure: bool
    call_timeout: float
    connect_timeout: float
    event_limit: int


class SignalROptions(SessionOptions, total=False):
    """What `ClientSettings` takes besides the URL."""

    key: KeySource | None
    headers: Sequence[tuple[str, str]]
    skip_negotiation: bool
    reconnect: ReconnectPolicy | None
    codec: Codec
    hub: HubSettings
    linger: float
    most_waiting: int
