"""Hercle's REST API as a session, or exchange by exchange for an HTTP client of one's own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, TypeVar

from attrs import field, frozen

from hercle_proto._bounds import at_least
from hercle_proto._contract import Entropy, KeySource
from hercle_proto.client import HttpExchange, HttpSession, HttpSettings, ServerClock, exchange_for
from hercle_proto.hercle._commands import HercleCommand
from hercle_proto.hercle._rest_api import HercleRest
from hercle_proto.hercle._urls import SANDBOX_URL, invoices_url, is_production
from hercle_proto.hercle._verification import VerificationPolicy
from hercle_proto.hercle._verifier import Verifier
from hercle_proto.http import without_query

__all__ = ["MAX_ANSWER_BYTES", "RestSession", "RestSettings", "hercle_rest", "rest_exchange"]

R = TypeVar("R")

_VERIFICATION: Final = VerificationPolicy()

MAX_ANSWER_BYTES: Final = 256 * 2**20
"""The largest answer taken: the API has no paging, and an invoice is about a kilobyte."""


@frozen(kw_only=True)
class RestSettings(HttpSettings):
    """Where to ask, and all that `HttpSettings` has.

    `url` is an origin, a hub's URL on it, or the URL of the invoices. `verification` is what
    follows when a created invoice is not what was asked for. `memo_mark` marks the memo of every
    create. `utc_now` is the calendar at the start, for servers that do not tell theirs.
    """

    url: str = field(default=SANDBOX_URL, repr=without_query)
    max_answer_bytes: int = field(default=MAX_ANSWER_BYTES, validator=at_least(1))
    verification: VerificationPolicy = field(factory=VerificationPolicy)
    memo_mark: bool = False
    utc_now: datetime | None = None


class RestSession(HttpSession):
    """Hercle over REST: `HttpSession` with `HercleRest`."""

    def __init__(self, settings: RestSettings, *, entropy: Entropy) -> None:
        url = invoices_url(settings.url)
        self.clock = ServerClock(settings.utc_now)
        verifier = Verifier(settings.verification, clock=self.clock, production=is_production(url))
        api = HercleRest(url, entropy, verifier, settings.memo_mark)
        super().__init__(settings, api, entropy=entropy)

    @property
    def error(self) -> None:
        """What ended the session, if it was not closed on our side: nothing does."""

    @property
    def server_clock_offset(self) -> timedelta | None:
        """How far the server's clock is ahead of ours; None where one of them is not known."""
        return self.clock.offset

    def start(self, *, now: float) -> None:
        """Begin. Raises `LocalProtocolError` the second time."""
        super().start(now=now)
        self.clock.start(now=now)


def hercle_rest(
    api_key: KeySource,
    *,
    url: str = SANDBOX_URL,
    entropy: Entropy,
    allow_insecure: bool = False,
    call_timeout: float = 30.0,
    connect_timeout: float = 15.0,
    event_limit: int = 1024,
    max_answer_bytes: int = MAX_ANSWER_BYTES,
    verification: VerificationPolicy = _VERIFICATION,
    memo_mark: bool = False,
    utc_now: datetime | None = None,
) -> RestSession:
    """A machine that takes `GetLightningInvoices` and `CreateLightningInvoice`, over REST.

    `url` is an origin (`SANDBOX_URL`, `PRODUCTION_URL`, your own server's), a hub's URL on it, or
    the URL of the invoices. `api_key` is the key, or a function that gives the present one. Times
    are seconds, sizes bytes; what the rest means says `RestSettings`. Raises `InvalidArgument` for
    a URL or key that cannot be one, and `MissingExtra` where a payee is expected and the extra
    `bolt11` is not installed.
    """
    settings = RestSettings(
        url=url,
        key=api_key,
        allow_insecure=allow_insecure,
        call_timeout=call_timeout,
        connect_timeout=connect_timeout,
        event_limit=event_limit,
        max_answer_bytes=max_answer_bytes,
        verification=verification,
        memo_mark=memo_mark,
        utc_now=utc_now,
    )
    return RestSession(settings, entropy=entropy)


def rest_exchange(
    command: HercleCommand[R],
    api_key: str | None,
    *,
    url: str = SANDBOX_URL,
    allow_insecure: bool = False,
    verification: VerificationPolicy = _VERIFICATION,
) -> HttpExchange[R]:
    """A command as an HTTP request for a client of your own, and what an answer to it means.

    `url` and `verification` are what `hercle_rest` takes, though an exchange knows of no invoice
    before its own. Raises `InvalidArgument` for a URL or key that cannot be one, and for a key that
    would travel over plain http to a host that is not loopback.
    """
    invoices = invoices_url(url)
    api = HercleRest(invoices, verifier=Verifier(verification, production=is_production(invoices)))
    return exchange_for(command, api, key=api_key, allow_insecure=allow_insecure)
