"""Our caller's arguments, checked before h11 and wsproto, whose errors print what they refuse."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hercle_proto._errors import InvalidArgument

__all__ = ["check_close", "check_host", "check_status", "check_target", "encode_headers"]

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?")
_VISIBLE = re.compile(r"[\x21-\x7e]+")

_OURS = frozenset(
    {"connection", "content-length", "host", "transfer-encoding", "upgrade"}
    | {f"sec-websocket-{part}" for part in ("accept", "extensions", "key", "protocol", "version")}
)

_CLOSE_CODES = {*range(1000, 1004), *range(1007, 1014), *range(3000, 5000)}
_CLOSE_REASON_BYTES = 123


def check_host(host: str) -> None:
    """The `Host` header: a name, a literal address in brackets, or either with a port."""
    labels = host.removesuffix(".").split(".")
    if not _VISIBLE.fullmatch(host) or not all(0 < len(label) < 64 for label in labels):
        rule = "visible ASCII, labels of 1 to 63 characters between its dots"
        raise InvalidArgument("host", rule, f"{len(host)} characters")


def check_target(target: str) -> None:
    """The path with its query."""
    if not target.startswith("/") or not _VISIBLE.fullmatch(target):
        rule = "must begin with '/' and be visible ASCII (percent-encode the rest)"
        raise InvalidArgument("target", rule, f"{len(target)} characters")


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
    """The caller's headers, as h11 takes them. No text here holds a value."""
    encoded: list[tuple[bytes, bytes]] = []
    for index, (name, value) in enumerate(headers):
        if not _TOKEN.fullmatch(name):
            raise InvalidArgument(
                f"headers[{index}]", "its name must be a token", f"{len(name)} characters"
            )
        if name.lower() in _OURS:
            raise InvalidArgument("headers", "the upgrade sets this one itself", repr(name))
        if not _VALUE.fullmatch(value):
            rule = f"the value of {name!r} must be visible ASCII, spaces only inside"
            raise InvalidArgument("headers", rule, f"{len(value)} characters")
        encoded.append((name.encode(), value.encode()))
    return encoded
