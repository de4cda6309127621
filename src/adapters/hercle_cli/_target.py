"""Which server is meant, and the key to it."""

from __future__ import annotations

import os
import sys
from getpass import getpass

from attrs import field, frozen

from hercle_cli._exits import Exit, Failed
from hercle_proto.hercle import PRODUCTION_URL, SANDBOX_URL

__all__ = ["Target", "find_target"]


@frozen
class Target:
    """A server, and the key that it takes."""

    url: str
    key: str = field(repr=False)


def find_target(*, production: bool) -> Target:
    """What the environment says; the key is asked for, unseen, where it says nothing of it."""
    url = os.environ.get("HERCLE_URL", "")
    if production and url:
        raise Failed(Exit.USAGE, "--production and HERCLE_URL name two servers; unset one of them")
    return Target(url or (PRODUCTION_URL if production else SANDBOX_URL), _key())


def _key() -> str:
    key = os.environ.get("HERCLE_API_KEY", "")
    if not key and sys.stdin.isatty():
        key = getpass("Hercle API key: ", stream=sys.stderr)
    if not key:
        raise Failed(Exit.CONNECTION, "there is no API key; set HERCLE_API_KEY")
    return key
