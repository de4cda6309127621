"""Negotiate: requests, answers as data, and where a redirect may lead."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto import NegotiationFailed, RemoteProtocolError, Unauthorized
from hercle_proto.client._negotiate import (
    MAX_REDIRECTS,
    Negotiated,
    OfferedTransport,
    Redirect,
    negotiate_request,
    parse_negotiate,
    read_negotiate,
    redirected,
    refusal,
    websocket_target,
)
from hercle_proto.http import Response, Url

VECTORS = json.loads(
    (Path(__file__).parents[1] / "data" / "signalr-vectors.json").read_text("utf-8")
)["negotiate"]
WEBSOCKETS = OfferedTransport("WebSockets", ("Text", "Binary"))
SECRET = "s3cret"


# -- requests --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://a/hub", "/hub/negotiate?negotiateVersion=1"),
        ("http://a", "/negotiate?negotiateVersion=1"),
        ("http://a/hub/?x=1", "/hub/negotiate?x=1&negotiateVersion=1"),
        ("http://a/hub?NegotiateVersion=0&x", "/hub/negotiate?NegotiateVersion=0&x"),
    ],
)
def test_negotiate_is_a_post_beside_the_hub(url: str, target: str) -> None:
    request = negotiate_request(Url.parse(url), headers=[("A", "b")])
    assert (request.method, request.target, request.body) == ("POST", target, b"")
    assert request.headers == (
        ("User-Agent", "hercle-proto"),
        ("X-Requested-With", "XMLHttpRequest"),
        ("A", "b"),
    )


def test_a_callers_header_comes_instead_of_ours() -> None:
    request = negotiate_request(Url.parse("http://a"), headers=[("user-agent", "mine")])
    assert request.headers == (("X-Requested-With", "XMLHttpRequest"), ("user-agent", "mine"))


def test_the_upgrade_goes_by_the_token() -> None:
    negotiated = Negotiated("id", "a+b/c==", (WEBSOCKETS,), 1)
    url = Url.parse("https://a/hub?x=1")
    assert websocket_target(url, negotiated) == "/hub?x=1&id=a%2Bb%2Fc%3D%3D"
    assert websocket_target(url, None) == "/hub?x=1"


# -- answers ---------------------------------------------------------------------------------------


def answer(**properties: object) -> bytes:
    return json.dumps({"connectionId": "i", "availableTransports": [], **properties}).encode()


READ: list[tuple[bytes, Negotiated | Redirect]] = [
    (answer(), Negotiated("i", "i", (), 0)),
    (answer(connectionId=""), Negotiated("", "", (), 0)),
    (answer(connectionToken="t"), Negotiated("i", "i", (), 0)),
    (answer(negotiateVersion=1, connectionToken="t"), Negotiated("i", "t", (), 1)),
    (answer(negotiateVersion=7, connectionToken=""), Negotiated("i", "", (), 7)),
    (answer(error=None, url=None, accessToken=None), Negotiated("i", "i", (), 0)),
    (answer(useStatefulReconnect=False), Negotiated("i", "i", (), 0)),
    (answer(tokenLifetimeSeconds=1, x=[{"y": None}]), Negotiated("i", "i", (), 0)),
    (answer(connectionID="other", protocolVersion="1.5"), Negotiated("i", "i", (), 0)),
    (
        answer(
            availableTransports=[
                {"transport": "WebSockets", "transferFormats": ["Text", "Binary"], "x": 1},
                {"transport": "Pigeons", "transferFormats": []},
            ]
        ),
        Negotiated("i", "i", (WEBSOCKETS, OfferedTransport("Pigeons", ())), 0),
    ),
    (b'{"url":"http://x/y"}', Redirect("http://x/y")),
    (b'{"url":"u","accessToken":""}', Redirect("u")),
    (answer(url="u", accessToken="t", negotiateVersion=1), Redirect("u", "t")),
    (b' \r\n{"url":"u"}\n', Redirect("u")),
]


@pytest.mark.parametrize(("body", "expected"), READ)
def test_an_answer_is_read(body: bytes, expected: Negotiated | Redirect) -> None:
    assert parse_negotiate(body) == expected
    assert read_negotiate(Response(200, (), body)) == expected


@pytest.mark.parametrize("body", VECTORS["ok"])
def test_what_dotnet_takes_is_taken(body: str) -> None:
    parse_negotiate(body.encode())


@pytest.mark.parametrize("body", VECTORS["bad"])
def test_what_dotnet_refuses_is_refused(body: str) -> None:
    with pytest.raises(RemoteProtocolError, match="N-21"):
        parse_negotiate(body.encode())


NONSENSE = [
    (b"", "truncated"),
    (b"<html>", "malformed"),
    (b"[]", "Expected `object`"),
    (b'{"a":1} x', "trailing"),
    (b'\xef\xbb\xbf{"url":"u"}', "malformed"),
    (b'{"url":"s3cret\xff"}', "not UTF-8"),
    (b'{"url":' + b"[" * 10_000, "deep|Expected"),
    (b'{"x":' + b"[" * 100_000, "deep"),
    (answer(connectionId=1), r"Expected `str \| null`, got `int` - at `\$.connectionId`"),
    (answer(connectionId=None), "no 'connectionId'"),
    (answer(availableTransports={}), r"at `\$.availableTransports`"),
    (answer(availableTransports=[None]), r"at `\$.availableTransports\[0\]`"),
    (answer(availableTransports=[{"transferFormats": []}]), "missing required field `transport`"),
    (
        answer(availableTransports=[{"transport": "x", "transferFormats": ["Text", 1]}]),
        r"at `\$.availableTransports\[0\].transferFormats\[1\]`",
    ),
    (answer(negotiateVersion="1"), r"at `\$.negotiateVersion`"),
    (answer(negotiateVersion=1), "no 'connectionToken'"),
    (answer(negotiateVersion=1, connectionToken=None), "no 'connectionToken'"),
    (answer(url=1), r"at `\$.url`"),
    (answer(error={}), r"at `\$.error`"),
]


@pytest.mark.parametrize(("body", "why"), NONSENSE)
def test_nonsense_names_its_place(body: bytes, why: str) -> None:
    with pytest.raises(RemoteProtocolError, match=why) as caught:
        parse_negotiate(body)
    assert caught.value.clause == "N-21"
    assert caught.value.__context__ is None
    assert SECRET not in str(caught.value)


REFUSED = [
    (b'{"error":"no room"}', "no room", True),
    (answer(error="no room", url="u"), "no room", True),
    (b'{"error":""}', "refused", True),
    (b'{"error":"' + b"x" * 10_000 + b'"}', " x{1000}…$", True),
    (b'{"error":"no\\r\\nroom\\u001b"}', "no room\ufffd$", True),
    (b'{"ProtocolVersion":"1.5","ConnectionId":"x"}', "2.x", False),
    (answer(ProtocolVersion=None, error="x"), "2.x", False),
    (answer(useStatefulReconnect=True), "N-29", False),
]


@pytest.mark.parametrize(("body", "why", "retriable"), REFUSED)
def test_a_refusal_is_told(body: bytes, why: str, retriable: bool) -> None:
    with pytest.raises(NegotiationFailed, match=why) as caught:
        parse_negotiate(body)
    assert caught.value.retriable is retriable


STATUSES = [
    (301, "HTTP 301: it redirects"),
    (400, "HTTP 400$"),
    (404, "no SignalR hub"),
    (405, "no POST"),
    (408, "HTTP 408$"),
    (429, "HTTP 429$"),
    (500, "HTTP 500$"),
    (503, "HTTP 503$"),
    (204, "HTTP 204$"),
]


@pytest.mark.parametrize(("status", "why"), STATUSES)
def test_any_status_but_200_is_a_failure(status: int, why: str) -> None:
    with pytest.raises(NegotiationFailed, match=why) as caught:
        read_negotiate(Response(status, (), b"<html>"))
    assert caught.value.status == status
    assert caught.value.retriable


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_told_as_such(status: int) -> None:
    error = refusal(status, "the upgrade")
    assert isinstance(error, Unauthorized)
    assert (error.status, error.where) == (status, "the upgrade")


@pytest.mark.parametrize(
    ("transports", "format_", "why"),
    [
        ((), "Text", "nothing"),
        ((OfferedTransport("LongPolling", ("Text", "Binary")),), "Text", "LongPolling"),
        ((OfferedTransport("webSockets", ("Text",)),), "Text", "webSockets"),
        ((OfferedTransport("WebSockets", ("Text",)),), "Binary", r"WebSockets \(Text\)"),
    ],
)
def test_without_websockets_it_fails(
    transports: tuple[OfferedTransport, ...], format_: str, why: str
) -> None:
    Negotiated("i", "t", (*transports, WEBSOCKETS)).require_websockets(format_)
    with pytest.raises(NegotiationFailed, match=why) as caught:
        Negotiated("i", "t", transports).require_websockets(format_)
    assert not caught.value.retriable


def test_tokens_are_in_no_repr() -> None:
    assert SECRET not in repr(Negotiated(SECRET, SECRET, ()))
    assert SECRET not in repr(Redirect(f"https://a?t={SECRET}", SECRET))


# -- redirects -------------------------------------------------------------------------------------

HERE = "https://a/hub"

FOLLOWED = [
    # from, redirect, token before → where, token after
    (HERE, Redirect("https://a/other?x=1"), "k", "/other?x=1", "k"),
    (HERE, Redirect("https://A:443/other"), "k", "/other", "k"),
    (HERE, Redirect("https://a/other", "t"), "k", "/other", "t"),
    (HERE, Redirect("https://b/other", "t"), "k", "/other", "t"),
    (HERE, Redirect("wss://b/other", "t "), None, "/other", "t"),
    (HERE, Redirect("https://b"), None, "/", None),
    ("http://localhost/hub", Redirect("https://b", "t"), "k", "/", "t"),
    ("http://localhost/hub", Redirect("http://[::1]:1", "t"), "k", "/", "t"),
    ("http://b/hub", Redirect("http://c/x"), None, "/x", None),
]


@pytest.mark.parametrize(("here", "redirect", "token", "target", "token_after"), FOLLOWED)
def test_a_redirect_is_followed(
    here: str, redirect: Redirect, token: str | None, target: str, token_after: str | None
) -> None:
    url, after = redirected(Url.parse(here), redirect, token=token)
    assert (url.target, after) == (target, token_after)


NOT_FOLLOWED = [
    (HERE, Redirect("https://b/x"), SECRET, "https://b:443, without a token"),
    (HERE, Redirect("https://a:444/x"), SECRET, "https://a:444, without a token"),
    (HERE, Redirect("http://a/x"), SECRET, "plain http, at a"),
    (HERE, Redirect("http://localhost/x", SECRET), None, "plain http, at localhost"),
    (HERE, Redirect("http://b/x"), None, "plain http, at b"),
    ("http://localhost", Redirect("https://localhost/x"), SECRET, "without a token"),
    ("http://localhost", Redirect("http://b/x", SECRET), None, "b:80, where its token is sent in"),
    (HERE, Redirect("/relative"), None, "url: must look like"),
    (HERE, Redirect(f"https://a/?{SECRET}#"), None, "fragment"),
    (HERE, Redirect("https://b", f"{SECRET} x"), None, "accessToken: must be"),
]


@pytest.mark.parametrize(("here", "redirect", "token", "why"), NOT_FOLLOWED)
def test_a_redirect_is_not_followed(
    here: str, redirect: Redirect, token: str | None, why: str
) -> None:
    with pytest.raises(NegotiationFailed, match=why) as caught:
        redirected(Url.parse(here), redirect, token=token)
    assert not caught.value.retriable
    assert SECRET not in f"{caught.value!r} {caught.value.__context__!r}"


def test_plain_http_needs_leave() -> None:
    here, there = Url.parse("http://b/hub"), Redirect("http://c/x", "t")
    url, token = redirected(here, there, token=SECRET, allow_insecure=True)
    assert (url.host, token) == ("c", "t")


def test_the_limit_of_redirects_is_that_of_dotnet() -> None:
    assert MAX_REDIRECTS == 100


HOSTS = st.sampled_from(["a", "b", "localhost", "127.0.0.1", "[::1]"])
URLS = st.builds(
    "{}://{}{}/x".format, st.sampled_from(["http", "https"]), HOSTS, st.sampled_from(["", ":81"])
)


@given(URLS, URLS | st.text(), st.none() | st.just("t") | st.text(), st.none() | st.just(SECRET))
def test_the_key_stays_with_its_origin(
    here: str, there: str, brought: str | None, token: str | None
) -> None:
    url = Url.parse(here)
    try:
        target, after = redirected(url, Redirect(there, brought or None), token=token)
    except NegotiationFailed:
        return
    assert after != SECRET or target.origin == url.origin
    assert after in {None, token, (brought or "").strip()}
    assert target.scheme == "https" or url.scheme == "http"
    assert after is None or after == token or target.is_private


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
NAMES = st.sampled_from(
    ["connectionId", "connectionToken", "negotiateVersion", "availableTransports", "url", "error"]
)


@given(st.binary() | st.dictionaries(NAMES, JSON).map(lambda body: json.dumps(body).encode()))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    url = Url.parse("http://a")
    try:
        read = parse_negotiate(body)
    except (NegotiationFailed, RemoteProtocolError):
        return
    if isinstance(read, Negotiated):
        assert websocket_target(url, read).startswith("/?id=")
