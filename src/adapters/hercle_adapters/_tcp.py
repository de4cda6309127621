"""What drivers say and ask of TCP: options of a socket, and failures in the machine's words."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any, Final, Protocol, TypeAlias

from hercle_proto import Endpoint, Failure, Why

# Larger reads gained nothing when measured.
READ_SIZE: Final = 64 * 1024

# What resolving and connecting raise: ValueError for names that cannot even be encoded.
CONNECT_ERRORS: Final = (OSError, ValueError)

# Family, type, protocol, name and address, as `getaddrinfo` gives them.
Address: TypeAlias = tuple[Any, ...]


class _Tunable(Protocol):
    def setsockopt(self, level: int, option: int, value: int, /) -> None: ...


def resolve(endpoint: Endpoint, flags: int = 0) -> list[Address]:
    """The addresses of a host."""
    return socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM, flags=flags)


def literal(endpoint: Endpoint) -> list[Address]:
    """The address of a host that is one; nothing for a name, which takes time to resolve."""
    with suppress(*CONNECT_ERRORS):
        return resolve(endpoint, socket.AI_NUMERICHOST)
    return []


def tune(sock: _Tunable) -> None:
    """Send small writes at once; leave what cannot be sent yet where it can be taken back."""
    with suppress(OSError, AttributeError):  # reset already, as reading will tell; or unknown here
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, 16 * 1024)


def unopened(error: BaseException) -> Failure:
    """Why a stream could not be opened."""
    unresolved = isinstance(error, socket.gaierror | ValueError)
    return Failure(Why.UNRESOLVED if unresolved else Why.UNREACHABLE, _reason(error))


def lost(error: BaseException | None) -> Failure:
    """How an open stream broke."""
    return Failure(Why.LOST, _reason(error) if error else "")


def _reason(error: BaseException) -> str:
    """The innermost of wrapped errors: who tries several addresses wraps what each ended with."""
    if isinstance(error, BaseExceptionGroup):
        return _reason(error.exceptions[0])
    return _reason(error.__cause__) if error.__cause__ else str(error) or type(error).__name__
