"""The answer to negotiate: parsing, and where a redirect leads."""

from __future__ import annotations

from hercle_proto import InvalidArgument, NegotiationFailed, RemoteProtocolError
from hercle_proto.client._negotiate import (
    Negotiated,
    Redirect,
    parse_negotiate,
    redirected,
    websocket_target,
)
from hercle_proto.http import Request, Url

HERE = Url.parse("https://127.0.0.1/hub?x=1")
KEY = "the-users-own-key"


def target(data: bytes) -> None:
    """Any body is a connection, a redirect, `NegotiationFailed` or `RemoteProtocolError`.

    A connection's token makes a request target that can be sent. A redirect is followed or not; the
    user's key stays with its origin, and no error holds it, nor drags a decoder's error along.
    """
    try:
        match parse_negotiate(data):
            case Negotiated() as negotiated:
                Request("GET", websocket_target(HERE, negotiated))
            case Redirect() as redirect:
                url, token = redirected(HERE, redirect, token=KEY)
                assert token != KEY or url.origin == HERE.origin
                assert url.scheme == "https"
    except (NegotiationFailed, RemoteProtocolError) as error:
        check(error)


def check(error: NegotiationFailed | RemoteProtocolError) -> None:
    """It tells no secret, itself or by what it drags along."""
    assert KEY not in str(error)
    assert error.__context__ is None or isinstance(error.__context__, InvalidArgument)
