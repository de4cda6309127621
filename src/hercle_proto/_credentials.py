"""API keys: where they come from and how they are sent.

A key never enters an error, a repr or a log. It is checked here, before an HTTP library sees it:
h11 and wsproto print a header value they refuse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hercle_proto._errors import HercleProtoError, InvalidArgument, KeyUnavailable
from hercle_proto._headers import is_visible

if TYPE_CHECKING:
    from hercle_proto._contract import KeySource

__all__ = ["bearer", "clean_key", "current_key"]


def clean_key(key: str, *, argument: str = "api_key") -> str:
    """The key without the white space round it that comes from files and clipboards.

    Raises `InvalidArgument`, without echoing it, for one that is empty or holds anything but
    visible ASCII.
    """
    stripped = key.strip()
    if not is_visible(stripped):
        got = "another character (the key is not shown)" if stripped else "an empty key"
        raise InvalidArgument(
            argument, "must be visible ASCII characters, without spaces inside", got
        )
    return stripped


def bearer(key: str) -> str:
    """The value of the Authorization header (A-01). Raises like `clean_key`."""
    return f"Bearer {clean_key(key)}"


def current_key(source: KeySource | None) -> str | None:
    """The key to send now; None where there is none, or the function gives an empty one (A-06).

    Raises like `clean_key`, and `KeyUnavailable` for whatever the function raises.
    """
    if source is None or isinstance(source, str):
        return None if source is None else clean_key(source)
    try:
        key: object = source()
    except HercleProtoError:
        raise
    except Exception as error:  # noqa: BLE001 - a stranger's function; its error's text may hold the key
        failure = KeyUnavailable(f"raised {type(error).__name__}")
    else:
        if key is None or isinstance(key, str):
            return clean_key(key) if key else None
        failure = KeyUnavailable(f"gave a {type(key).__name__}")
    raise failure  # out here, so that theirs is not its context
