"""Plain SignalR against a genuine ASP.NET Core server: calls, events, keys, transports, endings."""

from __future__ import annotations

import ssl
from contextlib import suppress
from typing import Any

import pytest
import trustme

from aspnetcore import AspNetCore
from hercle_proto import (
    NEED_DATA,
    ConnectionFailed,
    Disconnected,
    InvocationFailed,
    MessageTooLarge,
    NegotiationFailed,
    OutcomeUnknown,
    ServerClosed,
    Unauthorized,
    Why,
)
from hercle_proto.client import (
    Connected,
    InvocationReceived,
    Invoke,
    Reconnecting,
)
from hercle_proto.hub import HubSettings
from interop import AT_ONCE, Opens, events_until, never_opens, nothing
from relays import relay

NESTED = {"a": [1, None, {"b": True}]}

RESULTS: list[tuple[Invoke[Any], object]] = [
    (Invoke("Echo", ("Grüße, ⚡ \x1e\n",), returns=str), "Grüße, ⚡ \x1e\n"),
    (nothing("Echo", None), None),
    (Invoke("Add", (20, 22), returns=int), 42),
    (Invoke("AddLong", (2**62, -1), returns=int), 2**62 - 1),
    (nothing("Nothing"), None),
    (nothing("Null"), None),
    (
        Invoke("EchoMap", ({"a": [1, None, {"b": True}]},), returns=dict),
        {"a": [1, None, {"b": True}]},
    ),
    (Invoke("Slow", (50,), returns=str), "slow 50"),
    (Invoke("Transport", (), returns=str), "WebSockets"),
    (Invoke("StatefulReconnectEnabled", (), returns=bool), False),
    (Invoke("WhoAmI", (), returns=str), "(anonymous)"),
]

FAILURES: list[tuple[Invoke[Any], str]] = [
    (Invoke("Fail", ("on purpose",), returns=str), "HubException: on purpose"),
    (Invoke("FailPlain", ("a secret",), returns=str), "'FailPlain' on the server."),
    (Invoke("NoSuchMethod", (), returns=str), "HubException: Method does not exist."),
    (Invoke("Add", (1,), returns=int), "Failed to invoke 'Add' due to an error on the server."),
    (Invoke("Add", (1, 2, 3), returns=int), "Failed to invoke 'Add' due to"),
    (Invoke("Add", ("1", 2), returns=int), "Failed to invoke 'Add' due to"),
    (Invoke("NeedsUser", (), returns=str), "because user is unauthorized"),
]


def test_results(open_signalr: Opens, peer: AspNetCore) -> None:
    with open_signalr(f"{peer.url}/plain") as hub:
        for command, result in RESULTS:
            assert hub.call(command) == result, command


def test_errors_of_methods(open_signalr: Opens, peer: AspNetCore) -> None:
    with open_signalr(f"{peer.url}/plain") as hub:
        for command, reason in FAILURES:
            with pytest.raises(InvocationFailed) as failure:
                hub.call(command)
            assert reason in failure.value.reason
            assert "a secret" not in failure.value.reason
        assert hub.call(Invoke("Add", (1, 2), returns=int)) == 3


def test_calls_at_the_same_time(open_signalr: Opens, peer: AspNetCore) -> None:
    with open_signalr(f"{peer.url}/plain") as hub:
        texts = [f"number {number}" for number in range(200)]
        calls = hub.start_together(*(Invoke("Echo", (text,), returns=str) for text in texts))
        assert [call.result() for call in calls] == texts


def test_events(open_signalr: Opens, peer: AspNetCore) -> None:
    with open_signalr(f"{peer.url}/plain") as hub:
        connected = hub.next_event()
        assert isinstance(connected, Connected)
        me = hub.call(Invoke("ConnectionId", (), returns=str))
        assert me == connected.connection_id
        hub.call(nothing("PushEvents", 100))
        for number in range(100):
            event = hub.next_event()
            assert isinstance(event, InvocationReceived)
            assert event.target == "executionEvents"
            assert event.argument(0, int) == number
            assert event.argument(1, str) == f"event {number}"


def test_a_broadcast_reaches_everybody(open_signalr: Opens, peer: AspNetCore) -> None:
    url = f"{peer.url}/plain"
    with open_signalr(url) as sender, open_signalr(url) as other:
        sender.call(nothing("Broadcast", "hello"))
        for hub in (sender, other):
            [_, event] = events_until(hub, InvocationReceived)
            assert isinstance(event, InvocationReceived)
            assert (event.target, event.argument(1, str)) == ("broadcast", "hello")


def test_the_servers_questions_are_answered_with_an_error(
    open_signalr: Opens, peer: AspNetCore
) -> None:
    with open_signalr(f"{peer.url}/plain") as hub:
        said = hub.call(Invoke("AskClientError", ("who?",), returns=str))
        assert said == "HubException: Client didn't provide a result."
        [_, event] = events_until(hub, InvocationReceived)
        assert isinstance(event, InvocationReceived)
        assert (event.target, event.argument(0, str)) == ("question", "who?")
        with pytest.raises(InvocationFailed, match="Client didn't provide a result"):
            hub.call(Invoke("AskClient", ("who?",), returns=str))


def test_leaving_says_goodbye(open_signalr: Opens, peer: AspNetCore) -> None:
    before = int(str(peer.stats()["disconnected"]))
    with open_signalr(f"{peer.url}/plain") as hub:
        hub.call(nothing("Nothing"))
    while int(str(peer.stats()["disconnected"])) == before:
        pass  # the server is done with it a moment later
    assert peer.stats()["lastDisconnectError"] == ": "  # how it writes that there was none
    [connected, disconnected] = [hub.machine.next_event() for _ in range(2)]
    assert isinstance(connected, Connected)
    assert disconnected == Disconnected("closed")
    assert hub.machine.next_event() is NEED_DATA


# -- how connections end ---------------------------------------------------------------------------


def test_a_close_without_allow_reconnect_ends_the_session(
    open_signalr: Opens, peer: AspNetCore
) -> None:
    with open_signalr(f"{peer.url}/plain", reconnect=AT_ONCE) as hub:
        with suppress(OutcomeUnknown):  # whether the Completion comes before the Close is open
            hub.call(nothing("AbortMe"))
        [_, disconnected] = events_until(hub, Disconnected)
        assert isinstance(disconnected, Disconnected)
        assert isinstance(disconnected.error, ServerClosed)
        assert not disconnected.error.allow_reconnect
        with pytest.raises(ServerClosed):
            hub.call(nothing("Nothing"))


def test_a_dropped_transport_is_replaced(open_signalr: Opens, peer: AspNetCore) -> None:
    with open_signalr(f"{peer.url}/plain", reconnect=AT_ONCE) as hub:
        first = hub.call(Invoke("ConnectionId", (), returns=str))
        with pytest.raises(OutcomeUnknown):
            hub.call(nothing("DropTransport"))
        second = hub.call(Invoke("ConnectionId", (), returns=str))
        assert first != second
        [begun, lost, again] = [hub.next_event() for _ in range(3)]
        assert begun == Connected(first)
        assert isinstance(lost, Reconnecting)
        assert again == Connected(second)


def test_without_reconnecting_a_dropped_transport_ends_the_session(
    open_signalr: Opens, peer: AspNetCore
) -> None:
    with open_signalr(f"{peer.url}/plain", reconnect=None) as hub:
        with pytest.raises(OutcomeUnknown):
            hub.call(nothing("DropTransport"))
        [_, disconnected] = hub.events()
        assert isinstance(disconnected, Disconnected)
        assert disconnected.error is not None


def test_an_argument_over_the_servers_limit_ends_the_connection(
    open_signalr: Opens, peer: AspNetCore
) -> None:
    with open_signalr(f"{peer.url}/plain", reconnect=AT_ONCE) as hub:
        assert hub.call(Invoke("Len", ("x" * 32_000,), returns=int)) == 32_000
        with pytest.raises(OutcomeUnknown) as unknown:
            hub.call(Invoke("Len", ("x" * 32_768,), returns=int))
        assert isinstance(unknown.value.cause, ServerClosed)
        assert unknown.value.cause.allow_reconnect  # so says the server; the call is not repeated
        [_, lost, _] = [hub.next_event() for _ in range(3)]
        assert isinstance(lost, Reconnecting)
        assert hub.call(Invoke("Add", (1, 1), returns=int)) == 2


def test_a_large_result_comes_in_thousands_of_frames(open_signalr: Opens, peer: AspNetCore) -> None:
    size = 12_000_000
    with open_signalr(f"{peer.url}/plain") as hub:
        text = hub.call(Invoke("Big", (size,), returns=str))
        assert len(text) == size
        assert text.count("x") == size


def test_a_result_over_our_limit_ends_the_session(open_signalr: Opens, peer: AspNetCore) -> None:
    limit = HubSettings(max_message_bytes=100_000)
    with open_signalr(f"{peer.url}/plain", hub=limit, reconnect=AT_ONCE) as hub:
        with pytest.raises(OutcomeUnknown) as unknown:
            hub.call(Invoke("Big", (100_000,), returns=str))
        assert isinstance(unknown.value.cause, MessageTooLarge)
        assert "max_message_bytes" in str(unknown.value.cause)
        [_, disconnected] = hub.events()
        assert isinstance(disconnected, Disconnected)
        assert isinstance(disconnected.error, MessageTooLarge)


# -- keys ------------------------------------------------------------------------------------------


def test_a_good_key(open_signalr: Opens, peer: AspNetCore, key: str) -> None:
    with open_signalr(f"{peer.url}/auth", key=f" {key}\n") as hub:
        assert hub.call(Invoke("WhoAmI", (), returns=str)) == key.partition(":")[2]
        header = hub.call(Invoke("Header", ("Authorization",), returns=str))
        assert header == f"Bearer {key}"
        assert hub.call(Invoke("Query", ("access_token",), returns=str)) == ""


@pytest.mark.parametrize("skip_negotiation", [False, True])
def test_a_wrong_key_is_tried_once(
    open_signalr: Opens, peer: AspNetCore, skip_negotiation: bool
) -> None:
    with relay(peer.url) as counting:
        opening = open_signalr(
            f"{counting.url}/auth",
            key="wrong-key",
            skip_negotiation=skip_negotiation,
            reconnect=AT_ONCE,
        )
        refused = never_opens(opening, Unauthorized)
    assert refused.status == 401
    assert "wrong-key" not in str(refused)
    assert counting.connections == 1


@pytest.mark.parametrize("skip_negotiation", [False, True])
def test_who_gives_keys_is_asked_once_more(
    open_signalr: Opens, peer: AspNetCore, skip_negotiation: bool
) -> None:
    keys = iter(["expired", "user:fresh"])
    with open_signalr(
        f"{peer.url}/auth", key=lambda: next(keys), skip_negotiation=skip_negotiation
    ) as hub:
        assert hub.call(Invoke("WhoAmI", (), returns=str)) == "fresh"
    assert next(keys, None) is None


def test_who_gives_wrong_keys_is_asked_twice(open_signalr: Opens, peer: AspNetCore) -> None:
    keys = ["wrong", "wrong-too", "never-asked-for"]
    with relay(peer.url) as counting:
        opening = open_signalr(f"{counting.url}/auth", key=lambda: keys.pop(0))
        never_opens(opening, Unauthorized)
    assert keys == ["never-asked-for"]
    assert counting.connections == 2


def test_a_redirect_is_followed_with_its_token(open_signalr: Opens, peer: AspNetCore) -> None:
    with open_signalr(f"{peer.url}/redirect", key="user:not-me") as hub:
        assert hub.call(Invoke("WhoAmI", (), returns=str)) == "redirected"


# -- transports ------------------------------------------------------------------------------------


def test_a_hub_with_web_sockets_only(open_signalr: Opens, peer: AspNetCore) -> None:
    with open_signalr(f"{peer.url}/ws") as hub:
        assert hub.call(Invoke("Add", (1, 1), returns=int)) == 2


@pytest.mark.parametrize("path", ["sse", "lp"])
def test_a_hub_without_web_sockets(open_signalr: Opens, peer: AspNetCore, path: str) -> None:
    failure = never_opens(open_signalr(f"{peer.url}/{path}"), NegotiationFailed)
    assert "no WebSockets" in str(failure)


def test_no_hub_at_all(open_signalr: Opens, peer: AspNetCore) -> None:
    failure = never_opens(open_signalr(f"{peer.url}/nothing-here"), NegotiationFailed)
    assert failure.status == 404


def test_without_negotiation(open_signalr: Opens, peer: AspNetCore) -> None:
    with (
        relay(peer.url) as passing,
        open_signalr(f"{passing.url}/plain?a=b", skip_negotiation=True) as hub,
    ):
        assert hub.next_event() == Connected(None)
        assert hub.call(Invoke("Query", ("a",), returns=str)) == "b"
    assert not any(passed.data.startswith(b"POST") for passed in passing.passed)


def test_negotiation_and_upgrade_share_a_connection(open_signalr: Opens, peer: AspNetCore) -> None:
    with relay(peer.url) as counting, open_signalr(f"{counting.url}/plain") as hub:
        assert hub.call(Invoke("Add", (1, 1), returns=int)) == 2
    assert counting.connections == 1


# -- TLS -------------------------------------------------------------------------------------------


def test_https(open_signalr: Opens, peer: AspNetCore, authority: trustme.CA, key: str) -> None:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    url = f"{peer.https_url}/auth"
    with open_signalr(url, key=key, ssl_context=context) as hub:
        text = hub.call(Invoke("Big", (1_000_000,), returns=str))
        assert len(text) == 1_000_000
        for _ in range(20):
            assert hub.call(Invoke("Len", ("x" * 30_000,), returns=int)) == 30_000


def test_a_certificate_that_nobody_vouches_for(open_signalr: Opens, peer: AspNetCore) -> None:
    failure = never_opens(open_signalr(f"{peer.https_url}/plain"), ConnectionFailed)
    assert failure.failure.why is Why.UNTRUSTED


def test_a_certificate_for_another_host(
    open_signalr: Opens, peer: AspNetCore, authority: trustme.CA
) -> None:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    url = peer.https_url.replace("127.0.0.1", "localhost")
    failure = never_opens(open_signalr(f"{url}/plain", ssl_context=context), ConnectionFailed)
    assert failure.failure.why is Why.UNTRUSTED
