"""A genuine ASP.NET Core server is killed, shut down, frozen, silent: what becomes of calls."""

from __future__ import annotations

import pytest

from aspnetcore import AspNetCore
from hercle_proto import (
    AnsweredLate,
    ConnectionFailed,
    Disconnected,
    GaveUp,
    OutcomeUnknown,
    RemoteProtocolError,
    ServerClosed,
    TimedOut,
    Why,
)
from hercle_proto.client import (
    Connected,
    InvocationReceived,
    Invoke,
    InvokeRepeatable,
    Reconnecting,
    ReconnectPolicy,
)
from hercle_proto.hercle import CreatedInvoice, CreateLightningInvoice, GetLightningInvoices
from hercle_proto.hub import HubSettings
from interop import AT_ONCE, Opens, events_until, never_opens
from relays import relay

NOTHING = type(None)


def test_killed_and_started_again(open_hercle: Opens, mortal: AspNetCore, key: str) -> None:
    """A create in flight ends unknown; what was not sent waits for the next connection."""
    with open_hercle(key, url=mortal.url, reconnect=AT_ONCE) as hercle:
        in_flight = hercle.start(CreateLightningInvoice.for_sats(1, "fault:silent"))
        while not hercle.call(GetLightningInvoices()).invoices:
            pass  # it has not arrived yet
        mortal.kill()
        unknown = in_flight.error()
        assert isinstance(unknown, OutcomeUnknown)
        assert isinstance(unknown.cause, ConnectionFailed | RemoteProtocolError)  # reset, or ended
        listing = hercle.start(GetLightningInvoices())
        creating = hercle.start(CreateLightningInvoice.for_sats(2, "waits"))
        mortal.start()
        listing.result()
        created = creating.result()
        [row] = hercle.call(GetLightningInvoices()).invoices  # it has forgotten the first
        assert (row.id, row.memo) == (created.id, "waits")
        [first, *losses, _] = events_until(hercle, Connected) + events_until(hercle, Connected)
        assert isinstance(first, Connected)
        assert losses
        assert all(isinstance(loss, Reconnecting) for loss in losses)


def test_killed_while_a_repeatable_call_is_in_flight(
    open_signalr: Opens, mortal: AspNetCore
) -> None:
    with open_signalr(f"{mortal.url}/plain", reconnect=AT_ONCE) as hub:
        calling = hub.start(InvokeRepeatable("PushEventsLater", (3, 100), returns=NOTHING))
        events_until(hub, InvocationReceived)
        mortal.kill()
        mortal.start()
        assert calling.result() is None
        [*_, first_again] = events_until(hub, Connected) + events_until(hub, InvocationReceived)
        assert isinstance(first_again, InvocationReceived)
        assert first_again.argument(0, int) == 0


def test_killed_for_good(open_signalr: Opens, mortal: AspNetCore) -> None:
    twice = ReconnectPolicy(first_delay=0, delays=(0.01,), max_attempts=2)
    url = f"{mortal.url}/plain"
    with open_signalr(url, reconnect=twice) as hub:
        mortal.kill()
        [*_, disconnected] = hub.events()
        assert isinstance(disconnected, Disconnected)
        assert isinstance(disconnected.error, GaveUp)
        assert len(disconnected.error.causes) == 3
        with pytest.raises(GaveUp):
            hub.call(Invoke("Nothing", (), returns=NOTHING))
    unreachable = never_opens(open_signalr(url, reconnect=AT_ONCE), ConnectionFailed)
    assert unreachable.failure.why is Why.UNREACHABLE


def test_shut_down_and_started_again(open_hercle: Opens, mortal: AspNetCore, key: str) -> None:
    """Kestrel is quicker than SignalR's goodbye: it resets connections, and goes on answering for
    a moment. Who comes back then would keep it from ending, hence the closed relay."""
    with relay(mortal.url) as way, open_hercle(key, url=way.url, reconnect=AT_ONCE) as hercle:
        in_flight = hercle.start(CreateLightningInvoice.for_sats(1, "fault:silent"))
        while not hercle.call(GetLightningInvoices()).invoices:
            pass  # it has not arrived yet
        way.closed = True
        mortal.shut_down()
        unknown = in_flight.error()
        assert isinstance(unknown, OutcomeUnknown)
        assert isinstance(unknown.cause, ServerClosed | ConnectionFailed | RemoteProtocolError)
        mortal.start()
        way.closed = False
        created = hercle.call(CreateLightningInvoice.for_sats(2))
        [row] = hercle.call(GetLightningInvoices()).invoices
        assert row.id == created.id
        [_, *losses, _] = events_until(hercle, Connected) + events_until(hercle, Connected)
        assert all(isinstance(loss, Reconnecting) for loss in losses)


def test_frozen(open_hercle: Opens, mortal: AspNetCore, key: str) -> None:
    """What it took while it was frozen is carried out when it thaws: unknown was the truth."""
    with open_hercle(key, url=mortal.url) as hercle:
        mortal.freeze()
        try:
            with pytest.raises(OutcomeUnknown):
                hercle.call(CreateLightningInvoice.for_sats(1, "frozen"), timeout=0.1)
        finally:
            mortal.thaw()
        [*_, late] = events_until(hercle, AnsweredLate)
        assert isinstance(late, AnsweredLate)
        assert isinstance(late.answer, CreatedInvoice)
        [row] = hercle.call(GetLightningInvoices()).invoices
        assert row.id == late.answer.id


# -- silence ---------------------------------------------------------------------------------------


def test_our_pings_keep_the_connection(open_signalr: Opens, impatient: AspNetCore) -> None:
    often = HubSettings(ping_interval=0.1)
    with open_signalr(f"{impatient.url}/plain", hub=often) as hub:
        before = hub.call(Invoke("ConnectionId", (), returns=str))
        assert hub.call(Invoke("Slow", (1200,), returns=str)) == "slow 1200"
        assert hub.call(Invoke("ConnectionId", (), returns=str)) == before


def test_our_silence_is_noticed(open_signalr: Opens, impatient: AspNetCore) -> None:
    with open_signalr(f"{impatient.url}/plain", reconnect=AT_ONCE) as hub:
        [_, lost] = events_until(hub, Reconnecting)
        assert isinstance(lost, Reconnecting)
        assert isinstance(lost.cause, ServerClosed)
        assert lost.cause.allow_reconnect
        assert hub.call(InvokeRepeatable("Add", (1, 1), returns=int)) == 2


def test_its_silence_is_noticed(open_signalr: Opens, peer: AspNetCore) -> None:
    hub_settings = HubSettings(ping_interval=0.1, silence_timeout=0.3)
    with open_signalr(f"{peer.url}/plain", hub=hub_settings, reconnect=AT_ONCE) as hub:
        [_, lost] = events_until(hub, Reconnecting)
        assert isinstance(lost, Reconnecting)
        assert isinstance(lost.cause, TimedOut)
        assert hub.call(InvokeRepeatable("Add", (1, 1), returns=int)) == 2
