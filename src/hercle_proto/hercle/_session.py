"""A session with Hercle's hub: the hub client with Hercle's dialect."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from hercle_proto._contract import Entropy, KeySource
from hercle_proto.client import ClientSettings, HubClient, ReconnectPolicy, ServerClock
from hercle_proto.hercle._codec import HERCLE_JSON
from hercle_proto.hercle._dialect import HercleDialect
from hercle_proto.hercle._urls import SANDBOX_URL, hub_url, is_production
from hercle_proto.hercle._verification import VerificationPolicy
from hercle_proto.hercle._verifier import Verifier
from hercle_proto.hub import HubSettings

__all__ = ["MAX_MESSAGE_BYTES", "hercle_session"]

_RECONNECT: Final = ReconnectPolicy()
_VERIFICATION: Final = VerificationPolicy()

MAX_MESSAGE_BYTES: Final = 256 * 2**20
"""The largest message taken: the API has no paging, and an invoice is about a kilobyte."""


def hercle_session(
    api_key: KeySource,
    *,
    url: str = SANDBOX_URL,
    entropy: Entropy,
    reconnect: ReconnectPolicy | None = _RECONNECT,
    call_timeout: float = 30.0,
    connect_timeout: float = 15.0,
    event_limit: int = 1024,
    max_message_bytes: int = MAX_MESSAGE_BYTES,
    skip_negotiation: bool = False,
    allow_insecure: bool = False,
    verification: VerificationPolicy = _VERIFICATION,
    memo_mark: bool = False,
    utc_now: datetime | None = None,
) -> HubClient:
    """A machine that takes `GetLightningInvoices` and `CreateLightningInvoice`.

    `url` is an origin (`SANDBOX_URL`, `PRODUCTION_URL`, your own server's) or a whole hub URL.
    `api_key` is the key, or a function that gives the present one. Times are seconds, sizes bytes;
    what the rest means says `ClientSettings`. `verification` is what follows when a created invoice
    is not what was asked for. `memo_mark` marks the memo of every create. `utc_now` is the calendar
    at the start, for servers that do not tell theirs. Raises `InvalidArgument` for a URL or key
    that cannot be one, and `MissingExtra` where a payee is expected and the extra `bolt11` is not
    installed.
    """
    hub = hub_url(url)
    settings = ClientSettings(
        url=f"{hub.origin}{hub.target}",
        key=api_key,
        skip_negotiation=skip_negotiation,
        allow_insecure=allow_insecure,
        reconnect=reconnect,
        codec=HERCLE_JSON,
        hub=HubSettings(max_message_bytes=max_message_bytes),
        connect_timeout=connect_timeout,
        call_timeout=call_timeout,
        event_limit=event_limit,
    )
    clock = ServerClock(utc_now)
    verifier = Verifier(verification, clock=clock, production=is_production(hub))
    dialect = HercleDialect(entropy=entropy, verifier=verifier, memo_mark=memo_mark)
    return HubClient(settings, dialect, entropy=entropy, clock=clock)
