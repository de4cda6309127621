"""The machines that drivers open: ours, with the system's randomness and calendar, in TLS."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from os import urandom
from ssl import SSLContext
from typing import ParamSpec, TypeAlias, TypeVar, Unpack

from hercle_adapters._tls import Tls
from hercle_proto import KeySource, Machine
from hercle_proto import hercle as vendor
from hercle_proto.client import ClientSettings, HubClient, PlainDialect, SignalROptions
from hercle_proto.reflex import ReflexOptions, reflex_session

__all__ = ["hercle", "hercle_rest", "opener", "reflex", "signalr"]

P = ParamSpec("P")
S = TypeVar("S")
Ssl: TypeAlias = SSLContext | None


def hercle(
    api_key: KeySource, *, ssl_context: Ssl = None, **options: Unpack[vendor.HercleOptions]
) -> Tls:
    """Hercle's invoices over SignalR, at the vendor's sandbox unless `url` says otherwise.

    `ssl_context` replaces the default one, which verifies certificates and host names. The other
    options, and what they raise, are those of `hercle_proto.hercle.hercle_session`.
    """
    session = vendor.hercle_session(api_key, entropy=urandom, utc_now=datetime.now(UTC), **options)
    return Tls(vendor.Bookkeeper(session, entropy=urandom), ssl_context)


def hercle_rest(
    api_key: KeySource, *, ssl_context: Ssl = None, **options: Unpack[vendor.RestOptions]
) -> Tls:
    """Hercle's invoices over REST, at the vendor's sandbox unless `url` says otherwise.

    `ssl_context` replaces the default one, which verifies certificates and host names. The other
    options, and what they raise, are those of `hercle_proto.hercle.hercle_rest`.
    """
    session = vendor.hercle_rest(api_key, entropy=urandom, utc_now=datetime.now(UTC), **options)
    return Tls(vendor.Bookkeeper(session, entropy=urandom), ssl_context)


def reflex(api_key: KeySource, *, ssl_context: Ssl = None, **options: Unpack[ReflexOptions]) -> Tls:
    """Amboss Reflex over GraphQL.

    `ssl_context` replaces the default one, which verifies certificates and host names. The other
    options, and what they raise, are those of `hercle_proto.reflex.reflex_session`.
    """
    return Tls(reflex_session(api_key, entropy=urandom, **options), ssl_context)


def signalr(url: str, *, ssl_context: Ssl = None, **options: Unpack[SignalROptions]) -> Tls:
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
