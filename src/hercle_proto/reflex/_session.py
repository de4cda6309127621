"""Reflex as a session, or exchange by exchange for an HTTP client of one's own."""

from __future__ import annotations

from typing import Final, TypeVar

from hercle_proto._contract import Entropy, KeySource
from hercle_proto.client import (
    HttpExchange,
    HttpSession,
    HttpSettings,
    SessionOptions,
    exchange_for,
)
from hercle_proto.http import DEFAULT_MAX_BODY_BYTES, Url
from hercle_proto.reflex._api import ReflexApi
from hercle_proto.reflex._commands import ReflexCommand

__all__ = ["REFLEX_URL", "ReflexOptions", "reflex_exchange", "reflex_session"]

R = TypeVar("R")

REFLEX_URL: Final = "https://reflex.amboss.tech/graphql"

_PATH: Final = "/graphql"


class ReflexOptions(SessionOptions, total=False):
    """The options of `reflex_session`."""

    url: str
    timezone: str | None
    max_answer_bytes: int


def reflex_session(
    api_key: KeySource,
    *,
    url: str = REFLEX_URL,
    entropy: Entropy,
    timezone: str | None = None,
    allow_insecure: bool = False,
    call_timeout: float = 30.0,
    connect_timeout: float = 15.0,
    event_limit: int = 1024,
    max_answer_bytes: int = DEFAULT_MAX_BODY_BYTES,
) -> HttpSession:
    """A machine that takes `FindInvoices`, `PushInvoice` and `GetHello`.

    `url` is an origin or the URL of a GraphQL endpoint. `api_key` is the key, or a function that
    gives the present one. `timezone` is that of totals by interval, such as "America/New_York".
    Times are seconds, sizes bytes; what the rest means says `HttpSettings`. Raises
    `InvalidArgument` for a URL, key or time zone that cannot be one.
    """
    settings = HttpSettings(
        key=api_key,
        allow_insecure=allow_insecure,
        call_timeout=call_timeout,
        connect_timeout=connect_timeout,
        event_limit=event_limit,
        max_answer_bytes=max_answer_bytes,
    )
    return HttpSession(settings, _api(url, timezone), entropy=entropy)


def reflex_exchange(
    command: ReflexCommand[R],
    api_key: str | None,
    *,
    url: str = REFLEX_URL,
    timezone: str | None = None,
    allow_insecure: bool = False,
) -> HttpExchange[R]:
    """A command as an HTTP request for a client of your own, and what an answer to it means.

    The arguments are those of `reflex_session`, and so is what they raise.
    """
    api = _api(url, timezone)
    return exchange_for(command, api, key=api_key, allow_insecure=allow_insecure)


def _api(url: str, timezone: str | None) -> ReflexApi:
    return ReflexApi(Url.parse(url, default_path=_PATH), timezone)
