"""What goes into the head of an HTTP request, checked before h11 and wsproto see it: their errors
print what they refuse. Nothing here echoes a value: a key in the wrong place is a key still.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from hercle_proto._errors import InvalidArgument

__all__ = ["check_headers", "check_target", "is_token", "is_visible"]

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_VALUE = re.compile(r"(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?")


def is_token(text: str) -> bool:
    """Whether it is a token (RFC 9110, section 5.6.2): a method, or a header's name."""
    return _TOKEN.fullmatch(text) is not None


def is_visible(text: str) -> bool:
    """Whether it is visible ASCII, without spaces, and not empty."""
    return _VISIBLE.fullmatch(text) is not None


def check_target(target: str) -> None:
    """Raise `InvalidArgument` for anything but a path, perhaps with a query."""
    if not target.startswith("/") or not is_visible(target):
        rule = "must begin with '/' and be visible ASCII (percent-encode the rest)"
        raise InvalidArgument("target", rule, f"{len(target)} characters")


def check_headers(headers: Iterable[tuple[str, str]], *, ours: AbstractSet[str]) -> None:
    """Raise `InvalidArgument` for a header that cannot be one.

    `ours` are the names, in lower case, that the connection sets itself.
    """
    for index, (name, value) in enumerate(headers):
        argument = f"headers[{index}]"
        if not is_token(name):
            raise InvalidArgument(argument, "its name must be a token", f"{len(name)} characters")
        if name.lower() in ours:
            raise InvalidArgument(argument, "the connection sets this one itself", name.lower())
        if not _VALUE.fullmatch(value):
            rule = "its value must be visible ASCII, spaces only inside"
            raise InvalidArgument(argument, rule, f"{len(value)} characters")
