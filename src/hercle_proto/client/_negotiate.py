"""Negotiate: what is asked, what is answered, and where a redirect may lead with which token.

Pure functions over values; the clauses are N-01 to N-31, and the design's rules for keys.
"""

from __future__ import annotations

from typing import Final

import msgspec
from attrs import field, frozen

from hercle_proto._border import decode_json
from hercle_proto._credentials import clean_key
from hercle_proto._errors import (
    HercleProtoError,
    InvalidArgument,
    NegotiationFailed,
    RemoteProtocolError,
    Unauthorized,
)
from hercle_proto._statuses import KEY_REFUSED
from hercle_proto._texts import presentable
from hercle_proto.http import USER_AGENT, Headers, Request, Response, Url

__all__ = [
    "MAX_REDIRECTS",
    "Negotiated",
    "OfferedTransport",
    "Redirect",
    "negotiate_request",
    "parse_negotiate",
    "read_negotiate",
    "redirected",
    "refusal",
    "websocket_target",
]

MAX_REDIRECTS: Final = 100
"""The answer with this number that is a redirect still ends the attempt (N-26)."""

_VERSION: Final = "1"
_HINTS: Final = {
    404: "there is no SignalR hub at this path; check the URL",
    405: "this path takes no POST, so it is hardly a SignalR hub; check the URL",
}


@frozen
class OfferedTransport:
    """A way to connect that the server offers, with the formats it takes there (N-17)."""

    name: str
    formats: tuple[str, ...]


@frozen
class Negotiated:
    """A connection was made; what follows goes by `connection_token` (N-13).

    `connection_id` is the public id. In version 0 it is the token too (N-14): the repr has neither.
    """

    connection_id: str = field(repr=False)
    connection_token: str = field(repr=False)
    transports: tuple[OfferedTransport, ...]
    version: int = 0

    def require_websockets(self, transfer_format: str = "Text") -> None:
        """Raise `NegotiationFailed` unless WebSockets are offered in this format (N-18, N-20)."""
        if any(
            each.name == "WebSockets" and transfer_format in each.formats
            for each in self.transports
        ):
            return
        offered = ", ".join(f"{each.name} ({'/'.join(each.formats)})" for each in self.transports)
        raise NegotiationFailed(
            f"the server offers no WebSockets with {transfer_format} messages; it offers: "
            f"{presentable(offered) or 'nothing'}",
            retriable=False,
        )


@frozen
class Redirect:
    """Negotiate again elsewhere (N-24), with this token if there is one (N-25)."""

    url: str = field(repr=False)
    access_token: str | None = field(default=None, repr=False)


# -- requests --------------------------------------------------------------------------------------


def negotiate_request(url: Url, *, headers: Headers = ()) -> Request:
    """POST to `{url}/negotiate`, for version 1 unless the URL asks for one itself (N-01…N-04)."""
    target = url.with_segment("negotiate")
    if not target.has_query("negotiateVersion"):
        target = target.with_query("negotiateVersion", _VERSION)
    # With X-Requested-With, ASP.NET's cookie authentication answers 401 where it would redirect to
    # a page.
    ours = (USER_AGENT, ("X-Requested-With", "XMLHttpRequest"))
    theirs = {name.lower() for name, _ in headers}
    return Request(
        "POST", target.target, [*(each for each in ours if each[0].lower() not in theirs), *headers]
    )


def websocket_target(url: Url, negotiated: Negotiated | None) -> str:
    """The upgrade's target: with the connection's token as `id` (T-13), or without one (N-31)."""
    return (
        url.target
        if negotiated is None
        else url.with_query("id", negotiated.connection_token).target
    )


# -- answers ---------------------------------------------------------------------------------------


class _Transport(msgspec.Struct, rename="camel"):
    transport: str
    transfer_formats: list[str]


class _Answer(msgspec.Struct, rename="camel"):
    """The answer as it comes. Unknown properties are ignored at every level (N-11)."""

    connection_id: str | None = None
    connection_token: str | None = None
    negotiate_version: int = 0
    available_transports: list[_Transport] | None = None
    url: str | None = None
    access_token: str | None = None
    error: str | None = None
    use_stateful_reconnect: bool | None = None
    protocol_version: msgspec.Raw | msgspec.UnsetType = msgspec.field(
        default=msgspec.UNSET, name="ProtocolVersion"
    )


def read_negotiate(response: Response) -> Negotiated | Redirect:
    """What the server answered, by status and body. Raises like `parse_negotiate` and `refusal`."""
    if response.status != 200:
        raise refusal(response.status, "negotiate")
    return parse_negotiate(response.body)


def refusal(status: int, what: str) -> HercleProtoError:
    """The error for an HTTP status that is not what `what` should be answered with (N-10)."""
    if status in KEY_REFUSED:
        return Unauthorized(status, what)
    hint = (
        "it redirects, which is not followed; use the URL it leads to"
        if 300 <= status < 400
        else _HINTS.get(status)
    )
    return NegotiationFailed(
        f"{what} was answered with HTTP {status}" + (f": {hint}" if hint else ""),
        status=status,  # another try may help, whatever it is: a server that restarts answers 404
    )


def parse_negotiate(body: bytes) -> Negotiated | Redirect:
    """Read the body of an answer with status 200, of version 0 or 1.

    Raises `NegotiationFailed` where the server refuses (N-23, N-27, N-29), `RemoteProtocolError`
    for anything that is no answer to negotiate (N-21).
    """
    answer = decode_json(body, _Answer, what="the answer to negotiate", clause="N-21")
    if answer.protocol_version is not msgspec.UNSET:
        raise NegotiationFailed(
            "this is ASP.NET SignalR 2.x, which speaks another protocol than ASP.NET Core's",
            retriable=False,
        )
    if answer.error is not None:
        raise NegotiationFailed(f"the server refused to negotiate: {presentable(answer.error)}")
    if answer.url is not None:
        return Redirect(answer.url, answer.access_token or None)
    if answer.use_stateful_reconnect:
        raise NegotiationFailed(
            "the server turned stateful reconnect on unasked [N-29]", retriable=False
        )
    if answer.connection_id is None:
        raise _missing("connectionId")
    if answer.available_transports is None:
        raise _missing("availableTransports")
    token = answer.connection_id if answer.negotiate_version < 1 else answer.connection_token
    if token is None:
        raise _missing("connectionToken")
    transports = tuple(
        OfferedTransport(each.transport, tuple(each.transfer_formats))
        for each in answer.available_transports
    )
    return Negotiated(answer.connection_id, token, transports, answer.negotiate_version)


def _missing(name: str) -> RemoteProtocolError:
    return RemoteProtocolError(f"the answer to negotiate has no {name!r}", clause="N-21")


# -- redirects -------------------------------------------------------------------------------------


def redirected(
    url: Url, redirect: Redirect, *, token: str | None, allow_insecure: bool = False
) -> tuple[Url, str | None]:
    """Where to negotiate next and with which token (N-24, N-25), or `NegotiationFailed`.

    `token` is what `url` was asked with. It never leaves that origin: elsewhere only the token
    that the redirect brought is sent. From https to http nothing leads.
    """
    try:
        target = Url.parse(redirect.url)
        brought = redirect.access_token
        brought = None if brought is None else clean_key(brought, argument="accessToken")
    except InvalidArgument as error:
        raise _not_followed(str(error)) from None
    if url.scheme == "https" and target.scheme == "http":
        raise _not_followed(f"it leads from https to plain http, at {target.host}")
    if brought is None and token is not None and target.origin != url.origin:
        raise _not_followed(f"it leads to {target.origin}, without a token; the key stays here")
    if brought is not None and not (target.is_private or allow_insecure):
        raise _not_followed(f"it leads to {target.origin}, where its token is sent in the clear")
    return target, brought or token


def _not_followed(why: str) -> NegotiationFailed:
    return NegotiationFailed(f"negotiate's redirect is not followed: {why}", retriable=False)
