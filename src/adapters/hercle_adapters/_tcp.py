"""What drivers say and ask of TCP: options of a socket, and failures in the machine's words."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any, Final, Protocol, TypeAlias

from hercle_proto._contract import Failure, Why

__all__ = ["CONNECT_ERRORS", "READ_SIZE", "Address", "lost", "tune", "unopened"]

Address: TypeAlias = tuple[Any, ...]
"""Family, type, protocol, name and address, as `getaddrinfo` gives them."""

READ_SIZE: Final = 64 * 1024
"""Larger reads gained nothing when measured."""

CONNECT_ERRORS: Final = (OSError, ValueError)
"""What resolving and connecting raise: `ValueError` for names that cannot even be encoded."""

_UNSENT: Final = 16 * 1024


class _Tunable(Protocol):
    def setsockopt(self, level: int, option: int, value: int, /) -> None: ...


def tune(sock: _Tunable) -> None:
    """Send small writes at once; leave what cannot be sent yet where it can be taken back."""
    with suppress(OSError):  # reset already: reading will tell
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT)


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
