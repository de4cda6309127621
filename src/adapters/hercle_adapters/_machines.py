"""The machines that drivers open: ours, with the system's randomness and calendar, in TLS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import wraps
from os import urandom
from ssl import SSLContext
from typing import ParamSpec, TypeAlias, TypedDict, TypeVar, Unpack

from hercle_adapters._tls import Tls
from hercle_proto import KeySource, Machine
from hercle_proto import hercle as vendor
from hercle_proto.client import ClientSettings, HubClient, PlainDialect, ReconnectPolicy
from hercle_proto.hub import HubSettings

__all__ = ["hercle", "hercle_rest", "opener", "signalr"]

P = ParamSpec("P")
S = TypeVar("S")
Ssl: TypeAlias = SSLContext | None


class _Options(TypedDict, total=False):
    allow_insecure: bool
    connect_timeout: float
    call_timeout: float
    event_limit: int


class _Vendor(_Options, total=False):
    url: str
    verification: vendor.VerificationPolicy


class _Rest(_Vendor, total=False):
    max_answer_bytes: int


class _Hub(_Options, total=False):
    reconnect: ReconnectPolicy | None
    skip_negotiation: bool


class _Hercle(_Hub, _Vendor, total=False):
    max_message_bytes: int


class _SignalR(_Hub, total=False):
    key: KeySource | None
    headers: Sequence[tuple[str, str]]
    hub: HubSettings
    linger: float
    most_waiting: int


def hercle(api_key: KeySource, *, ssl_context: Ssl = None, **options: Unpack[_Hercle]) -> Tls:
    """Hercle's invoices over SignalR, at the vendor's sandbox unless `url` says otherwise.

    `ssl_context` replaces the default one, which verifies certificates and host names. The other
    options, and what they raise, are those of `hercle_proto.hercle.hercle_session`.
    """
    now = datetime.now(UTC)
    return Tls(vendor.hercle_session(api_key, entropy=urandom, utc_now=now, **options), ssl_context)


def hercle_rest(api_key: KeySource, *, ssl_context: Ssl = None, **options: Unpack[_Rest]) -> Tls:
    """Hercle's invoices over REST, at the vendor's sandbox unless `url` says otherwise.

    `ssl_context` replaces the default one, which verifies certificates and host names. The other
    options, and what they raise, are those of `hercle_proto.hercle.hercle_rest`.
    """
    now = datetime.now(UTC)
    return Tls(vendor.hercle_rest(api_key, entropy=urandom, utc_now=now, **options), ssl_context)


def signalr(url: str, *, ssl_context: Ssl = None, **options: Unpack[_SignalR]) -> Tls:
    """Any SignalR hub: `Invoke` calls its methods, `InvocationReceived` is what it calls on us.

    `ssl_context` replaces the default one, which verifies certificates and host names. The other
    options are those of `hercle_proto.client.ClientSettings`.
    """
    settings = ClientSettings(url=url, **options)
    return Tls(HubClient(settings, PlainDialect(), entropy=urandom), ssl_context)


def opener(drive: Callable[[Machine], S], build: Callable[P, Machine]) -> Callable[P, S]:
    """What builds a machine and drives it."""

    @wraps(build)
    def opens(*args: P.args, **kwargs: P.kwargs) -> S:
        return drive(build(*args, **kwargs))

    return opens
