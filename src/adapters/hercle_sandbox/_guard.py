"""Who may speak to the sandbox: programs of this machine that know the key.

A web page could make a browser on this machine speak to it: it would be known by its `Origin`, or,
where its name was made to resolve to 127.0.0.1, by its `Host`. Both are refused.
"""

from __future__ import annotations

import hmac
import re
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from hercle_proto._credentials import clean_key

__all__ = ["Key", "LoopbackOnly"]

_LOOPBACK: Final = re.compile(r"(?i:127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?")


class Key:
    """The account's API key. Raises `InvalidArgument` for a text that cannot be one."""

    def __init__(self, text: str) -> None:
        self.text = clean_key(text)

    def opens(self, token: str | None) -> bool:
        """Whether the token is the key, found out in constant time."""
        return token is not None and hmac.compare_digest(token.encode(), self.text.encode())


class LoopbackOnly:
    """ASGI middleware: 403 for a foreign Host or Origin."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        complaint = _complaint(scope)
        if complaint is None:
            await self._app(scope, receive, send)
        else:
            await PlainTextResponse(f"{complaint}\n", status_code=403)(scope, receive, send)


def _complaint(scope: Scope) -> str | None:
    hosts, origins = (_values(scope, name) for name in (b"host", b"origin"))
    host = _LOOPBACK.fullmatch(hosts[0]) if len(hosts) == 1 else None
    if host is None:
        return (
            "The sandbox answers only to the Host names 127.0.0.1, localhost and [::1]; "
            "this request was for another one."
        )
    for origin in origins:
        scheme, _, name = origin.partition("://")
        match = _LOOPBACK.fullmatch(name)
        if scheme != "http" or match is None or match[1] != host[1]:
            return (
                "The sandbox does not answer to pages of other origins; "
                "this request names another one in Origin."
            )
    return None


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]
