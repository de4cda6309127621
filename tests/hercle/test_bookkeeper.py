"""Creates that are lost, found and watched, on the simulated network."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

import vendor
from hercle_proto import (
    NEED_DATA,
    AnsweredLate,
    CommandRefused,
    ConnectionFailed,
    Disconnected,
    Failure,
    HercleProtoError,
    LocalProtocolError,
    NoAnswer,
    NotSent,
    OutcomeUnknown,
    SessionClosed,
    TimedOut,
    Unauthorized,
    Why,
)
from hercle_proto.client import ReconnectPolicy
from hercle_proto.hercle import (
    Bookkeeper,
    Candidates,
    CreatedInvoice,
    CreateLightningInvoice,
    GetLightningInvoices,
    InvoiceAppeared,
    InvoiceChanged,
    InvoiceClosed,
    InvoiceSnapshot,
    ListingFailed,
    NotSeenYet,
    Reconcile,
    StopWatching,
    Unique,
    WaitClosed,
    Watch,
    hercle_rest,
    hercle_session,
)
from hercle_proto.hub import Invocation
from hercle_proto.testing import Fate, HubPeer, Simulated
from rest_peer import Reaction, RestPeer

NOON = datetime(2026, 5, 7, 12, tzinfo=UTC)
START = 1000.0
DOWN = Fate(failure=Failure(Why.UNREACHABLE, "refused"))


class World:
    """A session of Hercle's hub, what the vendor has in its books, and what it does next."""

    def __init__(self, *, seed: int = 0, fate=None, road=hercle_session, **options) -> None:
        self.chance = Random(seed)
        self.rows: dict[str, dict[str, object]] = {}
        self.manner = "answer"
        self.lists = "answer"
        self.listed: list[float] = []
        self.peers: list[HubPeer] = []
        inside = road(
            "key",
            url="http://127.0.0.1:5000",
            entropy=self.chance.randbytes,
            utc_now=NOON,
            **options,
        )
        self.books = Bookkeeper(inside, entropy=self.chance.randbytes)
        serve = self._serve if road is hercle_session else self._serve_rest
        self.sim = Simulated(self.books, serve, fate, start_at=START)
        self.sim.start()

    def _serve(self, _endpoint, _number) -> HubPeer:
        self.peers.append(HubPeer(self._behave, entropy=self.chance.randbytes))
        return self.peers[-1]

    def _serve_rest(self, _endpoint, _number) -> RestPeer:
        return RestPeer(lambda _: self._react())

    def _react(self) -> Reaction:
        self.listed.append(self.sim.now)
        if self.lists == "answer":
            return Reaction(200, json.dumps({"invoices": [*self.rows.values()]}).encode())
        assert self.lists == "refuse"
        return Reaction(401, b"")

    def _behave(self, peer: HubPeer, invocation) -> None:
        client_id = peer.argument(invocation, 0, str)
        if invocation.target == "GetLightningInvoices":
            self.listed.append(self.sim.now)
            rows = [dict(row) for row in self.rows.values()]
            event = vendor.envelope(vendor.SNAPSHOT, client_id, rows)
            self._do(self.lists, peer, event)
            return
        amount = peer.argument(invocation, 1, float)
        memo = peer.argument(invocation, 2, str | None)
        manner = self.manner
        if manner == "never made":
            return
        each = self.make(round(amount * 10**8), memo)
        data = {"id": each, "encodedPaymentRequest": self.rows[each]["encodedPaymentRequest"]}
        self._do(manner, peer, vendor.envelope(vendor.CREATED, client_id, data))

    def _do(self, manner: str, peer: HubPeer, event: object) -> None:
        answer = Invocation("executionEvents", (event,))
        match manner:
            case "answer":
                peer.send(answer)
            case "late":
                peer.later(20.0, lambda: peer.send(answer))
            case "slow":
                peer.later(1.0, lambda: peer.send(answer))
            case "drop":
                peer.hang_up()
            case "goodbye":
                peer.send(answer)
                peer.close()
            case _:
                assert manner == "silent"

    def make(self, sats: int = 1, memo: str | None = None, *, hours: float = 1.0) -> str:
        """An invoice, by whomever."""
        each = f"inv_{len(self.rows)}"
        now = NOON + timedelta(seconds=self.sim.now - START)
        self.rows[each] = {
            "id": each,
            "status": "OPEN",
            "memo": memo,
            "createdAt": now.isoformat(),
            "expiresAt": (now + timedelta(hours=hours)).isoformat(),
            "encodedPaymentRequest": f"lnbc{sats * 10}n1pvjluezpp5qqqsyq",
        }
        return each

    def close_invoice(self, each: str) -> None:
        self.rows[each]["status"] = "CLOSED"

    def lose(self, command: CreateLightningInvoice, manner: str = "silent") -> OutcomeUnknown:
        """A create whose end is not known."""
        self.manner = manner
        with pytest.raises(OutcomeUnknown) as unknown:
            self.sim.call(command, timeout=5.0)
        self.manner = "answer"
        return unknown.value

    def told(self, *kinds: type) -> list[object]:
        return [event for event in self.sim.events if isinstance(event, kinds)]


TEA = CreateLightningInvoice.for_sats(1000, "tea")
MARKED = CreateLightningInvoice.for_sats(1000, "tea", memo_mark=True)
WATCHED = (InvoiceAppeared, InvoiceChanged, InvoiceClosed)

# -- reconcile -------------------------------------------------------------------------------------


@pytest.mark.parametrize("manner", ["silent", "drop", "late"])
def test_a_marked_create_is_found(manner: str) -> None:
    world = World()
    world.make(1000, "tea")
    found = world.sim.call(Reconcile(world.lose(MARKED, manner)))
    assert isinstance(found, Unique)
    assert found.invoice.id == "inv_1"
    assert found.invoice.amount_msat == 1_000_000


def test_what_was_never_made_is_not_seen() -> None:
    world = World()
    found = world.sim.call(Reconcile(world.lose(TEA, "never made")))
    assert found == NotSeenYet(NOON + timedelta(seconds=5))
    assert world.rows == {}, "it never creates"


def test_what_was_listed_before_the_send_is_not_it() -> None:
    world = World()
    world.make(1000, "tea")
    world.sim.call(GetLightningInvoices())
    world.sim.run(1.0)
    unknown = world.lose(TEA)
    assert [row.id for row in world.sim.call(Reconcile(unknown)).rows] == ["inv_1"]


def test_a_late_answer_tells_which_it_is() -> None:
    world = World()
    unknown = world.lose(TEA, "late")
    assert isinstance(world.sim.call(Reconcile(unknown)), Candidates)
    world.sim.run(20.0)
    assert isinstance(world.told(AnsweredLate)[0].answer, CreatedInvoice)
    assert isinstance(world.sim.call(Reconcile(unknown)), Unique)


def test_a_reconcile_whose_listing_fails() -> None:
    world = World()
    unknown = world.lose(TEA)
    world.lists = "late"
    with pytest.raises(NoAnswer):
        world.sim.call(Reconcile(unknown), timeout=5.0)
    world.sim.run(60.0)
    assert world.told(AnsweredLate) == [], "its listing is nobody's business"
    world.lists = "answer"
    assert isinstance(world.sim.call(Reconcile(unknown)), Candidates)


def test_a_reconcile_whose_caller_goes_away() -> None:
    world = World()
    unknown = world.lose(TEA)
    world.lists = "late"
    call = world.sim.submit(Reconcile(unknown))
    world.sim.abandon(call)
    assert isinstance(call.error, NoAnswer)
    world.sim.run(60.0)
    assert world.told(AnsweredLate) == []


def test_a_reconcile_that_was_not_sent_and_whose_caller_goes_away() -> None:
    world = World(fate=lambda n: Fate() if n == 1 else DOWN)
    unknown = world.lose(TEA)
    world.peers[-1].hang_up()
    world.sim.run(0.0)
    call = world.sim.submit(Reconcile(unknown))
    world.sim.abandon(call)
    assert isinstance(call.error, NoAnswer)
    world.sim.run(10.0)


def test_reconcile_over_rest() -> None:
    world = World(road=hercle_rest)
    world.make(1000, "tea")
    unknown = OutcomeUnknown(TEA, sent_at=START, ended_at=START, cause=SessionClosed())
    assert isinstance(world.sim.call(Reconcile(unknown)), Candidates)
    world.sim.close()


def test_an_abandoned_create_is_unknown() -> None:
    world = World()
    world.manner = "silent"
    world.sim.abandon(world.sim.submit(TEA))
    found = world.sim.call(Reconcile(world.lose(TEA)))
    assert found.why.endswith("; 1 more unknown commands ask for the same")


# -- watch -----------------------------------------------------------------------------------------


def test_watching() -> None:
    world = World()
    first = world.make()
    assert [row.id for row in world.sim.call(Watch()).invoices] == [first]
    second = world.make(hours=0.01)
    world.sim.run(6.0)
    world.close_invoice(first)
    world.sim.run(60.0)
    world.close_invoice(second)
    world.sim.run(6.0)
    told = world.told(*WATCHED)
    assert [(type(event), event.invoice.id) for event in told] == [
        (InvoiceAppeared, second),
        (InvoiceClosed, first),
        (InvoiceClosed, second),
    ]
    assert told[1].before_expiry is True
    world.sim.call(StopWatching())
    count = len(world.listed)
    world.make()
    world.sim.run(600.0)
    assert len(world.listed) == count
    assert world.told(*WATCHED) == told
    world.sim.call(Watch())


def test_an_invoice_that_was_open_after_its_end() -> None:
    world = World()
    each = world.make(hours=0.01)
    world.sim.call(Watch())
    world.sim.run(600.0)  # our calendar is off by five minutes at most
    world.close_invoice(each)
    world.sim.run(10.0)
    assert world.told(InvoiceClosed)[0].before_expiry is False


def test_listings_come_one_at_a_time_and_not_too_often() -> None:
    world = World()
    world.sim.call(Watch())
    world.sim.run(60.0)
    gaps = [b - a for a, b in zip(world.listed, world.listed[1:], strict=False)]
    assert all(4.5 <= gap <= 5.5 for gap in gaps)
    world.lists = "slow"
    world.sim.run(6.0)
    world.listed.clear()
    world.sim.run(100.0)
    gaps = [b - a for a, b in zip(world.listed, world.listed[1:], strict=False)]
    assert gaps
    assert all(1 + 18 <= gap <= 1 + 22 for gap in gaps)


def test_failing_listings_come_less_and_less_often() -> None:
    world = World(call_timeout=1.0)
    world.sim.call(Watch())
    world.lists = "silent"
    world.sim.run(3600.0)
    gaps = [b - a for a, b in zip(world.listed, world.listed[1:], strict=False)]
    assert max(gaps) <= 330 + 1
    assert min(gaps[-3:]) >= 270
    each = world.make()
    world.lists = "answer"
    world.sim.run(400.0)
    assert world.told(InvoiceAppeared)[0].invoice.id == each


def test_of_failed_listings_the_last_is_told() -> None:
    world = World(call_timeout=1.0)
    first = world.make()
    world.sim.call(Watch())
    world.sim.listening = False
    world.close_invoice(first)
    world.sim.run(10.0)
    world.lists = "silent"
    world.sim.run(60.0)
    world.sim.listening = True
    world.sim.run(0.0)
    (failed,) = world.told(ListingFailed)
    assert isinstance(failed.error, NoAnswer)
    assert failed.delay > 5.5, "it was not the first"
    assert world.sim.events.index(failed) < world.sim.events.index(world.told(InvoiceClosed)[0])
    world.lists = "answer"
    world.sim.run(400.0)
    assert world.told(ListingFailed) == [failed]


def test_a_refused_key_ends_the_waiting() -> None:
    world = World(road=hercle_rest)
    each = world.make()
    call = world.sim.submit(WaitClosed(each))
    world.sim.run(20.0)
    world.lists = "refuse"
    world.sim.run(20.0)
    assert isinstance(call.error, NoAnswer)
    assert isinstance(call.error.cause, Unauthorized)
    assert [type(event.error) for event in world.told(ListingFailed)] == [CommandRefused]
    count = len(world.listed)
    world.sim.run(100.0)
    assert len(world.listed) == count, "nobody waits any more"


def test_it_is_watched_once() -> None:
    world = World()
    world.sim.call(Watch())
    with pytest.raises(LocalProtocolError, match="StopWatching"):
        world.sim.submit(Watch())


def test_a_watch_that_is_asked_for_twice_or_taken_back() -> None:
    world = World()
    world.lists = "slow"
    first = world.sim.submit(Watch())
    with pytest.raises(LocalProtocolError, match="StopWatching"):
        world.sim.submit(Watch())
    world.sim.call(StopWatching())
    second = world.sim.submit(Watch())
    world.sim.abandon(second)
    world.sim.run(3.0)
    assert first.error is None, "it has its answer, and is not listened to"
    world.make()
    world.sim.run(60.0)
    assert world.told(*WATCHED) == []
    assert isinstance(world.sim.call(Watch()), InvoiceSnapshot)


def test_the_pace_lasts_from_wait_to_wait() -> None:
    world = World()
    each = world.make()
    for _ in range(40):
        with pytest.raises(NoAnswer):
            world.sim.call(WaitClosed(each), timeout=0.5)
    assert len(world.listed) <= 5


def test_a_baseline_while_a_listing_is_under_way() -> None:
    world = World()
    world.lists = "silent"
    world.sim.submit(WaitClosed("x"))
    world.lists = "answer"
    world.sim.call(Watch())
    world.sim.run(60.0)  # raises for a deadline that stands still


def test_an_outage_is_no_slow_listing() -> None:
    down = False
    policy = ReconnectPolicy(max_attempts=None)
    world = World(fate=lambda _: DOWN if down else Fate(), reconnect=policy)
    world.sim.call(Watch())
    world.lists = "silent"
    world.sim.run(6.0)
    world.lists = "answer"
    down = True
    world.peers[-1].hang_up()
    world.sim.run(1500.0)
    count, peers, down = len(world.listed), len(world.peers), False
    world.sim.run_until(lambda: len(world.peers) > peers)
    world.sim.run(6.0)
    assert len(world.listed) > count


def test_a_listing_that_takes_for_ever() -> None:
    world = World(call_timeout=float("inf"))
    world.sim.call(Watch())
    world.lists = "silent"
    world.sim.run(6.0)
    world.lists = "answer"
    each = world.make()
    world.sim.run(330.0)
    assert isinstance(world.told(ListingFailed)[0].error.cause, TimedOut)
    assert world.told(InvoiceAppeared)[0].invoice.id == each
    assert world.told(AnsweredLate) == []


def test_listings_may_take_as_long_as_the_watch() -> None:
    world = World(call_timeout=0.5)
    each = world.make()
    world.lists = "slow"
    world.sim.call(Watch(), timeout=60.0)
    world.close_invoice(each)
    world.sim.run(60.0)
    assert world.told(ListingFailed) == []
    assert world.told(InvoiceClosed)[0].invoice.id == each


def test_a_server_that_is_down_is_asked_less_and_less_often() -> None:
    world = World(road=hercle_rest, fate=lambda _: DOWN)
    world.sim.submit(WaitClosed("x"))
    world.sim.run(3600.0)
    delays = [event.delay for event in world.told(ListingFailed)]
    assert len(delays) < 25
    assert max(delays) > 270.0


def test_waits_that_ended_set_no_alarm() -> None:
    world = World()
    each = world.make()
    calls = [world.sim.submit(WaitClosed(each), timeout=86400.0) for _ in range(9)]
    world.sim.abandon(calls[0])
    world.close_invoice(each)
    world.sim.run(6.0)
    assert all(call.done for call in calls)
    assert world.books.next_deadline() < world.sim.now + 3600.0


def test_what_is_watched_holds_up_nothing_else() -> None:
    world = World()
    world.sim.call(Watch())
    world.sim.listening = False
    for _ in range(20):
        world.make()
    unknown = world.lose(TEA, "late")
    world.sim.run(60.0)
    assert isinstance(unknown, OutcomeUnknown)
    kinds = []
    while (event := world.books.next_event()) is not NEED_DATA:
        kinds.append(type(event))
    assert kinds.index(AnsweredLate) <= 3
    assert kinds.count(InvoiceAppeared) == 21


def test_the_last_event_is_the_last() -> None:
    world = World()
    world.sim.call(Watch())
    world.sim.listening = False
    for _ in range(5):
        world.make()
    world.sim.run(6.0)
    world.sim.close()
    world.sim.listening = True
    world.sim.run(60.0)
    assert len(world.told(InvoiceAppeared)) == 5
    assert isinstance(world.sim.events[-1], Disconnected)


def test_a_closing_in_the_last_listing() -> None:
    world = World(reconnect=None)
    each = world.make()
    call = world.sim.submit(WaitClosed(each))
    world.sim.run(1.0)
    world.close_invoice(each)
    world.lists = "goodbye"
    world.sim.run(10.0)
    assert call.result().invoice.id == each
    assert world.books.closed


def test_errors_name_the_command_that_was_asked() -> None:
    world = World(road=hercle_rest)
    world.lists = "refuse"
    unknown = OutcomeUnknown(TEA, sent_at=START, ended_at=START, cause=SessionClosed())
    for command in (Reconcile(unknown), Watch()):
        with pytest.raises(CommandRefused) as refused:
            world.sim.call(command)
        assert refused.value.command is command
        assert isinstance(refused.value.__cause__, Unauthorized)
        assert str(refused.value).startswith(f"{command.name} was refused")
    world = World(fate=lambda n: Fate() if n == 1 else DOWN)
    world.peers[-1].hang_up()
    world.sim.run(0.0)
    with pytest.raises(NotSent) as not_sent:
        world.sim.call(Watch(), timeout=1.0)
    assert not_sent.value.command == Watch()
    assert "GetLightningInvoices" not in str(not_sent.value)


def test_a_queue_that_is_full_is_a_failed_listing() -> None:
    world = World(fate=lambda n: Fate() if n == 1 else DOWN, call_timeout=float("inf"))
    world.sim.call(Watch())
    world.peers[-1].hang_up()
    world.sim.run(1.0)
    for _ in range(4096):
        world.books.submit(GetLightningInvoices(), now=world.sim.now)
    world.sim.run(30.0)
    assert len(world.listed) == 1
    world.sim.close()


# -- waiting for one -------------------------------------------------------------------------------


def test_waiting_for_a_closing() -> None:
    world = World()
    each = world.make()
    call = world.sim.submit(WaitClosed(each))
    world.sim.run(100.0)
    assert not call.done
    world.close_invoice(each)
    world.sim.run(6.0)
    assert call.result().invoice.id == each
    assert world.told(*WATCHED) == [], "nobody watches"
    count = len(world.listed)
    world.sim.run(100.0)
    assert len(world.listed) == count
    assert world.sim.submit(WaitClosed(each)).result() == call.result(), "known already"


def test_waiting_in_vain() -> None:
    world = World()
    with pytest.raises(NoAnswer) as error:
        world.sim.call(WaitClosed("nobody's"), timeout=7.0)
    assert isinstance(error.value.cause, TimedOut)
    with pytest.raises(LocalProtocolError, match="time-out"):
        world.sim.submit(WaitClosed("x"), timeout=0.0)


def test_waiting_no_more() -> None:
    world = World()
    call = world.sim.submit(WaitClosed("x"))
    world.sim.abandon(call)
    assert isinstance(call.error, NoAnswer)
    world.sim.abandon(call)
    world.sim.run(100.0)
    assert len(world.listed) == 1


def test_the_end_ends_all() -> None:
    world = World()
    world.lists = "silent"
    calls = [world.sim.submit(command) for command in (WaitClosed("x"), Watch())]
    world.sim.close()
    assert all(isinstance(call.error, NoAnswer) for call in calls)
    for command in (WaitClosed("x"), StopWatching(), Watch()):
        with pytest.raises(SessionClosed):
            world.sim.submit(command)


def test_an_end_that_came_by_itself_ends_all() -> None:
    world = World(fate=lambda n: Fate() if n == 1 else DOWN, reconnect=None)
    call = world.sim.submit(WaitClosed("x"))
    world.peers[-1].hang_up()
    world.sim.run_until(lambda: world.books.closed)
    assert isinstance(call.error, NoAnswer)
    assert isinstance(world.sim.events[-1], Disconnected)
    with pytest.raises(HercleProtoError):
        world.sim.submit(StopWatching())


def test_a_session_that_never_stood() -> None:
    world = World(fate=lambda _: DOWN)
    world.sim.run(1.0)
    with pytest.raises(ConnectionFailed):
        world.books.ready.result()
