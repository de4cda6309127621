"""URLs: what is read, in which spelling, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto import Endpoint, InvalidArgument
from hercle_proto.http import Origin, Url, check_key_transport, without_query

READ = [
    # text, endpoint, Host, target
    ("http://a", Endpoint("a", 80), "a", "/"),
    ("https://a", Endpoint("a", 443, tls=True), "a", "/"),
    ("ws://a:8080/x", Endpoint("a", 8080), "a:8080", "/x"),
    ("WSS://A.Example/Hub", Endpoint("a.example", 443, tls=True), "a.example", "/Hub"),
    ("  https://a:443/ \n", Endpoint("a", 443, tls=True), "a", "/"),
    ("http://a:/x", Endpoint("a", 80), "a", "/x"),
    ("http://a.:80?q", Endpoint("a.", 80), "a.", "/?q"),
    ("http://[::1]:5000/hub?x=1", Endpoint("::1", 5000), "[::1]:5000", "/hub?x=1"),
    ("https://[2001:DB8:0::1]", Endpoint("2001:db8::1", 443, tls=True), "[2001:db8::1]", "/"),
    (
        "http://bücher.example/ü?ö=1",
        Endpoint("xn--bcher-kva.example", 80),
        None,
        "/%C3%BC?%C3%B6=1",
    ),
    ("http://b%C3%BCcher.example", Endpoint("xn--bcher-kva.example", 80), None, "/"),
    ("http://localhost。example", Endpoint("localhost.example", 80), None, "/"),
    ("http://a/x y/%20?a=b c%26&d", Endpoint("a", 80), "a", "/x%20y/%20?a=b%20c%26&d"),
    (
        "http://a_b-c.d/..//x;y?u=http://e/?f",
        Endpoint("a_b-c.d", 80),
        None,
        "/..//x;y?u=http://e/?f",
    ),
]


@pytest.mark.parametrize(("text", "endpoint", "host", "target"), READ)
def test_a_url_is_read(text: str, endpoint: Endpoint, host: str | None, target: str) -> None:
    url = Url.parse(text)
    assert url.endpoint == endpoint
    assert url.host_header == (host or endpoint.host)
    assert url.target == target


REFUSED = [
    ("", "no scheme"),
    ("example.com/x", "no scheme"),
    ("//a/x", "no scheme"),
    ("http:/a", "no scheme"),
    ("ftp://a", "'ftp'"),
    ("http://", "none such"),
    ("http://:80", "none such"),
    ("http://.", "none such"),
    ("http://a..b", "none such"),
    ("http://-a", "none such"),
    ("http://a b", "none such"),
    ("http://a%2Fb", "none such"),
    ("http://a%00b", "none such"),
    ("http://a\uff0fb", "none such"),
    ("http://a\uff20b", "none such"),
    ("http://" + "ü" * 64, "none such"),
    ("http://" + "ü." * 300, "none such"),
    ("http://" + "a" * 64, "none such"),
    ("http://" + "a." * 127, "none such"),
    ("http://[::1", "neither a name"),
    ("http://::1/", "neither a name"),
    ("http://[::1]x", "neither a name"),
    ("http://[]", "none such"),
    ("http://[1.2.3.4]", "none such"),
    ("http://[fe80::1%25eth0]", "neither a name"),
    ("http://a:b", "neither a name"),
    ("http://a:-1", "neither a name"),
    ("http://a:0", "got 0"),
    ("http://a:65536", "65536"),
    ("http://a:1000000", "neither a name"),
    ("http://a/#f", "'#'"),
    ("http://a#", "'#'"),
    ("http://user@a", "'@'"),
    ("http://user:secret@a/", "'@'"),
    ("http://a\\@b/", "backslash"),
    ("http://a/\r\nHost: b", "control"),
    ("http://a/\x00", "control"),
    ("http://a/\ud800", "control"),
]


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_what_is_no_url_is_refused_and_not_echoed(text: str, why: str) -> None:
    with pytest.raises(InvalidArgument, match=r"^where: ") as caught:
        Url.parse(text, argument="where")
    assert why in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "path"), [("http://a", "/hub"), ("http://a/", "/hub"), ("http://a/x", "/x")]
)
def test_an_origin_gets_the_default_path(text: str, path: str) -> None:
    assert Url.parse(text, default_path="/hub").path == path


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://a/hub?", "https://a/hub?"),
        ("https://a/hub?id=secret\nsecret", "https://a/hub?…"),
        ("https://a/hub#secret?secret", "https://a/hub#…"),
        ("https://me:secret@a/hub?id=secret", "https://…"),
        ("https://me:sec/re?t#secret@a/hub", "https://…"),
        ("me:secret@a", "…"),
        ("me:sec\nret@a", "…"),
    ],
)
def test_nothing_secret_of_a_text_is_shown(text: str, shown: str) -> None:
    assert without_query(text) == repr(shown)


def test_the_query_is_not_shown() -> None:
    url = Url.parse("https://a:444/hub?access_token=secret&id=secret")
    assert repr(url) == "<Url https://a:444/hub?…>"
    assert str(Url.parse("https://a/hub")) == "https://a/hub"
    assert without_query("https://a/hub?id=secret") == "'https://a/hub?…'"
    assert without_query("https://a/hub") == "'https://a/hub'"


def test_an_origin_is_scheme_host_and_port() -> None:
    assert Url.parse("wss://A/x?y").origin == Url.parse("https://a:443/z").origin
    assert str(Url.parse("https://[::1]").origin) == "https://[::1]:443"
    assert Url.parse("http://a").origin == Origin("http", "a", 80)
    others = ["https://a:80", "http://a:81", "http://b", "http://a."]
    assert all(Url.parse(other).origin != Origin("http", "a", 80) for other in others)


def test_parameters_are_appended_encoded() -> None:
    url = Url.parse("http://a/hub")
    assert url.with_query("id", "a+/=&ü").target == "/hub?id=a%2B%2F%3D%26%C3%BC"
    assert Url.parse("http://a/hub?x=1").with_query("id", "").target == "/hub?x=1&id="


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("negotiateVersion=1", True),
        ("a=b&NEGOTIATEVERSION", True),
        ("negotiate%56ersion=0", True),
        ("xnegotiateVersion=1&a=negotiateVersion", False),
        ("", False),
    ],
)
def test_parameters_are_found_without_letter_case(query: str, found: bool) -> None:
    assert Url.parse(f"http://a/?{query}").has_query("negotiateVersion") is found


PRIVATE = [
    "http://localhost",
    "http://127.0.0.1",
    "http://127.9.9.9:1",
    "http://[::1]",
    "https://a",
]
OPEN = [
    "http://a",
    "http://10.0.0.1",
    "http://127.1",
    "http://2130706433",
    "http://localhost.example",
    "http://127.0.0.1.example",
    "http://[::ffff:127.0.0.1]",
    "http://[::2]",
]


@pytest.mark.parametrize("text", PRIVATE)
def test_a_key_may_go_over_tls_and_to_loopback(text: str) -> None:
    check_key_transport(Url.parse(text), allow_insecure=False)


@pytest.mark.parametrize("text", OPEN)
def test_a_key_in_the_clear_needs_leave(text: str) -> None:
    url = Url.parse(text)
    check_key_transport(url, allow_insecure=True)
    with pytest.raises(InvalidArgument, match="allow_insecure=True") as caught:
        check_key_transport(url, allow_insecure=False)
    assert url.host in str(caught.value)


@given(st.text() | st.text("htps:/[]@?#%.az1é\\ ").map(lambda tail: f"http://{tail}"))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        url = Url.parse(text)
    except InvalidArgument:
        return
    assert url.target.isascii()
    assert url.target.isprintable()
    assert " " not in url.target
    assert url.host_header.isascii()
    again = Url.parse(f"{url.origin}{url.target}")
    assert again == url


@pytest.mark.parametrize("text", ["http://a/hub", "http://a/hub/"])
def test_a_segment_is_joined_by_one_slash(text: str) -> None:
    assert Url.parse(f"{text}?x=1").with_segment("negotiate").target == "/hub/negotiate?x=1"
