"""Our caller's arguments, checked before wsproto, whose errors print what they refuse."""

from __future__ import annotations

from collections.abc import Iterable

from hercle_proto._errors import InvalidArgument
from hercle_proto._headers import check_headers, is_visible

__all__ = ["check_close", "check_host", "check_status", "encode_headers"]

_OURS = frozenset(
    {"connection", "content-length", "host", "transfer-encoding", "upgrade"}
    | {f"sec-websocket-{part}" for part in ("accept", "extensions", "key", "protocol", "version")}
)

_CLOSE_CODES = {*range(1000, 1004), *range(1007, 1014), *range(3000, 5000)}
_CLOSE_REASON_BYTES = 123


def check_host(host: str) -> None:
    """The `Host` header: a name, a literal address in brackets, or either with a port."""
    labels = host.removesuffix(".").split(".")
    if not is_visible(host) or not all(0 < len(label) < 64 for label in labels):
        rule = "visible ASCII, labels of 1 to 63 characters between its dots"
        raise InvalidArgument("host", rule, f"{len(host)} characters")


def check_status(status: int) -> None:
    """What a request can be refused with."""
    if not 400 <= status <= 599:
        raise InvalidArgument("status", "must be 400 to 599", str(status))


def check_close(code: int, reason: str) -> None:
    """RFC 6455, sections 5.5 and 7.4."""
    if code not in _CLOSE_CODES:
        raise InvalidArgument("code", "must be 1000-1003, 1007-1013 or 3000-4999", str(code))
    encoded = reason.encode(errors="replace")
    if encoded.decode() != reason or len(encoded) > _CLOSE_REASON_BYTES:
        rule = f"must be at most {_CLOSE_REASON_BYTES} bytes of UTF-8, without lone surrogates"
        raise InvalidArgument("reason", rule, f"{len(encoded)} bytes")


def encode_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """The caller's headers, as h11 takes them. Raises like `check_headers`."""
    pairs = list(headers)
    check_headers(pairs, ours=_OURS)
    return [(name.encode(), value.encode()) for name, value in pairs]
