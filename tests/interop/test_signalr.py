"""Plain SignalR against a genuine ASP.NET Core server: calls, events, keys, transports, endings."""

from __future__ import annotations

import ssl
from contextlib import suppress
from typing import Any

import pytest
import trustme

from aspnetcore import AspNetCore
from every_driver import Driver, Session
from hercle_proto import (
    ConnectionFailed,
    Disconnected,
    Event,
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
    ReconnectPolicy,
)
from hercle_proto.hub import HubSettings
from relays import relay

AT_ONCE = ReconnectPolicy(first_delay=0, delays=(0.05,))

NESTED = {"a": [1, None, {"b": True}]}

RESULTS: list[tuple[Invoke[Any], object]] = [
    (Invoke("Echo", ("Grüße, ⚡ \x1e\n",), returns=str), "Grüße, ⚡ \x1e\n"),
    (Invoke("Echo", (None,), returns=type(None)), None),
    (Invoke("Add", (20, 22), returns=int), 42),
    (Invoke("AddLong", (2**62, -1), returns=int), 2**62 - 1),
    (Invoke("Nothing", (), returns=type(None)), None),
    (Invoke("Null", (), returns=type(None)), None),
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


async def events_until(session: Session, last: type[Event]) -> list[Event]:
    """Events up to the next one of a kind."""
    events = []
    async for event in session:
        events.append(event)
        if isinstance(event, last):
            break
    return events


async def test_results(driver: Driver, peer: AspNetCore) -> None:
    async with driver.open_signalr(f"{peer.url}/plain") as hub:
        for command, result in RESULTS:
            assert await hub.call(command) == result, command


async def test_errors_of_methods(driver: Driver, peer: AspNetCore) -> None:
    async with driver.open_signalr(f"{peer.url}/plain") as hub:
        for command, reason in FAILURES:
            with pytest.raises(InvocationFailed) as failure:
                await hub.call(command)
            assert reason in failure.value.reason
            assert "a secret" not in failure.value.reason
        assert await hub.call(Invoke("Add", (1, 2), returns=int)) == 3


async def test_calls_at_the_same_time(driver: Driver, peer: AspNetCore) -> None:
    async with driver.open_signalr(f"{peer.url}/plain") as hub:

        async def echoes(name: str) -> list[str]:
            texts = [f"{name} {number}" for number in range(20)]
            return [await hub.call(Invoke("Echo", (text,), returns=str)) for text in texts]

        results = await driver.together(*(lambda n=n: echoes(f"caller {n}") for n in range(8)))
        for caller, texts in enumerate(results):
            assert texts == [f"caller {caller} {number}" for number in range(20)]


async def test_events(driver: Driver, peer: AspNetCore) -> None:
    async with driver.open_signalr(f"{peer.url}/plain") as hub:
        connected = await anext(hub)
        assert isinstance(connected, Connected)
        me = await hub.call(Invoke("ConnectionId", (), returns=str))
        assert me == connected.connection_id
        await hub.call(Invoke("PushEvents", (100,), returns=type(None)))
        for number in range(100):
            event = await anext(hub)
            assert isinstance(event, InvocationReceived)
            assert event.target == "executionEvents"
            assert event.argument(0, int) == number
            assert event.argument(1, str) == f"event {number}"


async def test_a_broadcast_reaches_everybody(driver: Driver, peer: AspNetCore) -> None:
    url = f"{peer.url}/plain"
    async with driver.open_signalr(url) as sender, driver.open_signalr(url) as other:
        await sender.call(Invoke("Broadcast", ("hello",), returns=type(None)))
        for hub in (sender, other):
            [_, event] = await events_until(hub, InvocationReceived)
            assert isinstance(event, InvocationReceived)
            assert (event.target, event.argument(1, str)) == ("broadcast", "hello")


async def test_the_servers_questions_are_answered_with_an_error(
    driver: Driver, peer: AspNetCore
) -> None:
    async with driver.open_signalr(f"{peer.url}/plain") as hub:
        said = await hub.call(Invoke("AskClientError", ("who?",), returns=str))
        assert said == "HubException: Client didn't provide a result."
        [_, event] = await events_until(hub, InvocationReceived)
        assert isinstance(event, InvocationReceived)
        assert (event.target, event.argument(0, str)) == ("question", "who?")
        with pytest.raises(InvocationFailed, match="Client didn't provide a result"):
            await hub.call(Invoke("AskClient", ("who?",), returns=str))


async def test_leaving_says_goodbye(driver: Driver, peer: AspNetCore) -> None:
    before = int(str(peer.stats()["disconnected"]))
    async with driver.open_signalr(f"{peer.url}/plain") as hub:
        await hub.call(Invoke("Nothing", (), returns=type(None)))
    while int(str(peer.stats()["disconnected"])) == before:
        pass  # the server is done with it a moment later
    assert peer.stats()["lastDisconnectError"] == ": "  # how it writes that there was none
    [connected, disconnected] = [event async for event in hub]
    assert isinstance(connected, Connected)
    assert disconnected == Disconnected("closed")


# -- how connections end ---------------------------------------------------------------------------


async def test_a_close_without_allow_reconnect_ends_the_session(
    driver: Driver, peer: AspNetCore
) -> None:
    async with driver.open_signalr(f"{peer.url}/plain", reconnect=AT_ONCE) as hub:
        with suppress(OutcomeUnknown):  # whether the Completion comes before the Close is open
            await hub.call(Invoke("AbortMe", (), returns=type(None)))
        [_, disconnected] = await events_until(hub, Disconnected)
        assert isinstance(disconnected, Disconnected)
        assert isinstance(disconnected.error, ServerClosed)
        assert not disconnected.error.allow_reconnect
        with pytest.raises(ServerClosed):
            await hub.call(Invoke("Nothing", (), returns=type(None)))


async def test_a_dropped_transport_is_replaced(driver: Driver, peer: AspNetCore) -> None:
    async with driver.open_signalr(f"{peer.url}/plain", reconnect=AT_ONCE) as hub:
        first = await hub.call(Invoke("ConnectionId", (), returns=str))
        with pytest.raises(OutcomeUnknown):
            await hub.call(Invoke("DropTransport", (), returns=type(None)))
        second = await hub.call(Invoke("ConnectionId", (), returns=str))
        assert first != second
        [begun, lost, again] = [await anext(hub) for _ in range(3)]
        assert begun == Connected(first)
        assert isinstance(lost, Reconnecting)
        assert again == Connected(second)


async def test_without_reconnecting_a_dropped_transport_ends_the_session(
    driver: Driver, peer: AspNetCore
) -> None:
    async with driver.open_signalr(f"{peer.url}/plain", reconnect=None) as hub:
        with pytest.raises(OutcomeUnknown):
            await hub.call(Invoke("DropTransport", (), returns=type(None)))
        [_, disconnected] = [event async for event in hub]
        assert isinstance(disconnected, Disconnected)
        assert disconnected.error is not None


async def test_an_argument_over_the_servers_limit_ends_the_connection(
    driver: Driver, peer: AspNetCore
) -> None:
    async with driver.open_signalr(f"{peer.url}/plain", reconnect=AT_ONCE) as hub:
        assert await hub.call(Invoke("Len", ("x" * 32_000,), returns=int)) == 32_000
        with pytest.raises(OutcomeUnknown) as unknown:
            await hub.call(Invoke("Len", ("x" * 32_768,), returns=int))
        assert isinstance(unknown.value.cause, ServerClosed)
        assert unknown.value.cause.allow_reconnect  # so says the server; the call is not repeated
        [_, lost, _] = [await anext(hub) for _ in range(3)]
        assert isinstance(lost, Reconnecting)
        assert await hub.call(Invoke("Add", (1, 1), returns=int)) == 2


async def test_a_large_result_comes_in_thousands_of_frames(
    driver: Driver, peer: AspNetCore
) -> None:
    size = 12_000_000
    async with driver.open_signalr(f"{peer.url}/plain") as hub:
        text = await hub.call(Invoke("Big", (size,), returns=str))
        assert len(text) == size
        assert text.count("x") == size


async def test_a_result_over_our_limit_ends_the_session(driver: Driver, peer: AspNetCore) -> None:
    limit = HubSettings(max_message_bytes=100_000)
    async with driver.open_signalr(f"{peer.url}/plain", hub=limit, reconnect=AT_ONCE) as hub:
        with pytest.raises(OutcomeUnknown) as unknown:
            await hub.call(Invoke("Big", (100_000,), returns=str))
        assert isinstance(unknown.value.cause, MessageTooLarge)
        assert "max_message_bytes" in str(unknown.value.cause)
        [_, disconnected] = [event async for event in hub]
        assert isinstance(disconnected, Disconnected)
        assert isinstance(disconnected.error, MessageTooLarge)


# -- keys ------------------------------------------------------------------------------------------


async def test_a_good_key(driver: Driver, peer: AspNetCore, key: str) -> None:
    async with driver.open_signalr(f"{peer.url}/auth", key=f" {key}\n") as hub:
        assert await hub.call(Invoke("WhoAmI", (), returns=str)) == key.partition(":")[2]
        header = await hub.call(Invoke("Header", ("Authorization",), returns=str))
        assert header == f"Bearer {key}"
        assert await hub.call(Invoke("Query", ("access_token",), returns=str)) == ""


@pytest.mark.parametrize("skip_negotiation", [False, True])
async def test_a_wrong_key_is_tried_once(
    driver: Driver, peer: AspNetCore, skip_negotiation: bool
) -> None:
    with relay(peer.url) as counting:
        with pytest.raises(Unauthorized) as refused:
            async with driver.open_signalr(
                f"{counting.url}/auth",
                key="wrong-key",
                skip_negotiation=skip_negotiation,
                reconnect=AT_ONCE,
            ):
                pytest.fail("a wrong key opened the hub")
        assert refused.value.status == 401
        assert "wrong-key" not in str(refused.value)
    assert counting.connections == 1


@pytest.mark.parametrize("skip_negotiation", [False, True])
async def test_who_gives_keys_is_asked_once_more(
    driver: Driver, peer: AspNetCore, skip_negotiation: bool
) -> None:
    keys = iter(["expired", "user:fresh"])
    async with driver.open_signalr(
        f"{peer.url}/auth", key=lambda: next(keys), skip_negotiation=skip_negotiation
    ) as hub:
        assert await hub.call(Invoke("WhoAmI", (), returns=str)) == "fresh"
    assert next(keys, None) is None


async def test_who_gives_wrong_keys_is_asked_twice(driver: Driver, peer: AspNetCore) -> None:
    keys = ["wrong", "wrong-too", "never-asked-for"]
    with relay(peer.url) as counting, pytest.raises(Unauthorized):
        async with driver.open_signalr(f"{counting.url}/auth", key=lambda: keys.pop(0)):
            pytest.fail("a wrong key opened the hub")
    assert keys == ["never-asked-for"]
    assert counting.connections == 2


async def test_a_redirect_is_followed_with_its_token(driver: Driver, peer: AspNetCore) -> None:
    async with driver.open_signalr(f"{peer.url}/redirect", key="user:not-me") as hub:
        assert await hub.call(Invoke("WhoAmI", (), returns=str)) == "redirected"


# -- transports ------------------------------------------------------------------------------------


async def test_a_hub_with_web_sockets_only(driver: Driver, peer: AspNetCore) -> None:
    async with driver.open_signalr(f"{peer.url}/ws") as hub:
        assert await hub.call(Invoke("Add", (1, 1), returns=int)) == 2


@pytest.mark.parametrize("path", ["sse", "lp"])
async def test_a_hub_without_web_sockets(driver: Driver, peer: AspNetCore, path: str) -> None:
    with pytest.raises(NegotiationFailed, match="no WebSockets"):
        async with driver.open_signalr(f"{peer.url}/{path}"):
            pytest.fail("it opened")


async def test_no_hub_at_all(driver: Driver, peer: AspNetCore) -> None:
    with pytest.raises(NegotiationFailed) as failure:
        async with driver.open_signalr(f"{peer.url}/nothing-here"):
            pytest.fail("it opened")
    assert failure.value.status == 404


async def test_without_negotiation(driver: Driver, peer: AspNetCore) -> None:
    with relay(peer.url) as passing:
        async with driver.open_signalr(f"{passing.url}/plain?a=b", skip_negotiation=True) as hub:
            assert await anext(hub) == Connected(None)
            assert await hub.call(Invoke("Query", ("a",), returns=str)) == "b"
    assert not any(passed.data.startswith(b"POST") for passed in passing.passed)


async def test_negotiation_and_upgrade_share_a_connection(driver: Driver, peer: AspNetCore) -> None:
    with relay(peer.url) as counting:
        async with driver.open_signalr(f"{counting.url}/plain") as hub:
            assert await hub.call(Invoke("Add", (1, 1), returns=int)) == 2
    assert counting.connections == 1


# -- TLS -------------------------------------------------------------------------------------------


async def test_https(driver: Driver, peer: AspNetCore, authority: trustme.CA, key: str) -> None:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    url = f"{peer.https_url}/auth"
    async with driver.open_signalr(url, key=key, ssl_context=context) as hub:
        text = await hub.call(Invoke("Big", (1_000_000,), returns=str))
        assert len(text) == 1_000_000
        for _ in range(20):
            assert await hub.call(Invoke("Len", ("x" * 30_000,), returns=int)) == 30_000


async def test_a_certificate_that_nobody_vouches_for(driver: Driver, peer: AspNetCore) -> None:
    with pytest.raises(ConnectionFailed) as failure:
        async with driver.open_signalr(f"{peer.https_url}/plain"):
            pytest.fail("it was trusted")
    assert failure.value.failure.why is Why.UNTRUSTED


async def test_a_certificate_for_another_host(
    driver: Driver, peer: AspNetCore, authority: trustme.CA
) -> None:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    url = peer.https_url.replace("127.0.0.1", "localhost")
    with pytest.raises(ConnectionFailed) as failure:
        async with driver.open_signalr(f"{url}/plain", ssl_context=context):
            pytest.fail("it was trusted")
    assert failure.value.failure.why is Why.UNTRUSTED
