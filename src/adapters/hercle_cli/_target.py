"""Which server is meant, and the key to it."""

from __future__ import annotations

import os
import sys
from getpass import getpass

from attrs import field, frozen

from hercle_cli._exits import Exit, Failed
from hercle_proto.hercle import PRODUCTION_URL, SANDBOX_URL
from hercle_proto.http import Url
from hercle_proto.reflex import REFLEX_URL

__all__ = ["Target", "find_reflex", "find_sandbox", "find_target"]


@frozen
class Target:
    """A server, and the key that it takes."""

    url: str
    key: str = field(repr=False)


def find_target(*, production: bool) -> Target:
    """What the environment says; the key is asked for, unseen, where it says nothing of it.

    Raises `Failed`, and `InvalidArgument` with the variable's name.
    """
    url = _url("HERCLE_URL")
    if production and url:
        raise Failed(Exit.USAGE, "--production and HERCLE_URL name two servers; unset one of them")
    return Target(url or (PRODUCTION_URL if production else SANDBOX_URL), _hercle_key())


def find_sandbox() -> Target:
    """A sandbox of `hercle sandbox`. The vendor's, which is meant elsewhere, is none."""
    url = _url("HERCLE_URL")
    if not url:
        raise Failed(Exit.USAGE, "set HERCLE_URL to what 'hercle sandbox' tells; nothing was sent")
    return Target(url, _hercle_key())


def find_reflex() -> Target:
    """The same for Amboss Reflex."""
    return Target(_url("REFLEX_URL") or REFLEX_URL, _key("REFLEX_API_KEY", "Reflex"))


def _url(variable: str) -> str:
    """What it says, if that may be sent a key. The core's advice is for who writes programs."""
    text = os.environ.get(variable, "")
    if text and not (url := Url.parse(text, argument=variable)).is_private:
        line = f"{variable}: a key goes over https, or to loopback, only; use https"
        raise Failed(Exit.USAGE, f"{line}; got plain http to {url.host}")
    return text


def _hercle_key() -> str:
    return _key("HERCLE_API_KEY", "Hercle")


def _key(variable: str, whose: str) -> str:
    key = os.environ.get(variable, "")
    if not key and sys.stdin.isatty():
        try:
            key = getpass(f"{whose} API key: ", stream=sys.stderr)
        except EOFError:
            print(file=sys.stderr)  # the prompt's line is over, too
    if not key:
        raise Failed(Exit.CONNECTION, f"there is no API key; set {variable}")
    return key
