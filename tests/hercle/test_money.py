"""Money on a hostile network: what is told about a create, and what left on the wire."""

from __future__ import annotations

import random
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hercle_proto import _errors as errors
from hercle_proto._contract import AnsweredLate, Disconnected, Failure, Why
from hercle_proto.hercle import (
    CreateLightningInvoice,
    GetLightningInvoices,
    UnmatchedAnswer,
    hercle_session,
)
from hercle_proto.hub import Completion, Invocation
from hercle_proto.testing import Fate, HubPeer, Simulated
from wire import invocations_sent

ORIGIN = "http://127.0.0.1:5000"


class Book:
    """A server that keeps invoices, and answers as it is told for each create."""

    def __init__(self, ways=("answer",), fates=(), seed=0):
        self.created: list[str] = []
        self.peers: list[HubPeer] = []
        self._ways = ways
        self._taken = 0
        self._rng = random.Random(seed)
        self.client = hercle_session("key", url=ORIGIN, entropy=self._rng.randbytes)
        self.sim = Simulated(
            self.client, self._serve, lambda n: fates[n - 1] if n <= len(fates) else Fate()
        )

    def _serve(self, endpoint, number):
        peer = HubPeer(self._behave, entropy=self._rng.randbytes)
        self.peers.append(peer)
        return peer

    def _behave(self, peer: HubPeer, invocation: Invocation) -> None:
        arguments = [msgspec.json.decode(argument) for argument in invocation.arguments]
        way = self._ways[self._taken % len(self._ways)]
        self._taken += 1
        if way == "hang up first":
            peer.hang_up()
            return
        if way == "refuse":
            self._complete(peer, invocation)
            data = {"statusError": "NO", "message": "not enabled"}
            self._event(peer, "execution.invoice.error", arguments[0], data)
            return
        if way == "throw":
            peer.send(Completion(invocation.invocation_id, error="the hub method failed"))
            return
        subject, data = "lightspark.invoices.snapshot", [{"id": key} for key in self.created]
        if invocation.target == "CreateLightningInvoice":
            self.created.append(arguments[0])
            subject = "execution.invoice.created"
            data = {"httpStatusCode": 201, "id": f"inv_{arguments[0]}", "message": "ok"}
            data["encodedPaymentRequest"] = "lnbcrt1..."
        answer = lambda: self._event(peer, subject, arguments[0], data)  # noqa: E731
        match way:
            case "answer" | "twice":
                self._complete(peer, invocation)
                answer()
                if way == "twice":
                    answer()
            case "late":
                self._complete(peer, invocation)
                peer.later(12.0, answer)
            case "silent":
                self._complete(peer, invocation)
            case "hang up after":
                peer.hang_up()
            case "close after":
                self._complete(peer, invocation)
                answer()
                peer.close(allow_reconnect=True)

    def _complete(self, peer, invocation):
        peer.send(Completion(invocation.invocation_id))

    def _event(self, peer, subject, client_id, data):
        envelope = {"channel": "executionEvents", "topic": "execution", "type": "message"}
        envelope |= {"subject": subject, "clientId": client_id, "data": data}
        peer.send(Invocation("executionEvents", (envelope,)))

    def creates_on_the_wire(self) -> int:
        """How many creates left, whole or in part, by the bytes alone."""
        sent = [name for out in self.sim.transcripts.values() for name in invocations_sent(out)]
        return sent.count("CreateLightningInvoice")


WAYS = st.lists(
    st.sampled_from(
        [
            *["answer", "twice", "late", "silent", "refuse", "throw"],
            *["hang up first", "hang up after", "close after"],
        ]
    ),
    min_size=1,
    max_size=5,
)
FATES = st.builds(
    Fate,
    failure=st.sampled_from([None, None, Failure(Why.UNREACHABLE)]),
    latency=st.sampled_from([0.0, 0.3]),
    cuts=st.sampled_from([(65536,), (1,), (90, 3)]),
    breaks_after=st.none() | st.integers(900, 3500),
    swallows_after=st.none() | st.integers(900, 3500),
    stops_reading_after=st.none() | st.integers(900, 3500),
)
STEPS = st.lists(
    st.sampled_from(["create", "create", "list", "give up", "wait", "long wait", "sleep"]),
    min_size=1,
    max_size=10,
)


@settings(max_examples=300)
@given(ways=WAYS, fates=st.lists(FATES, max_size=4), steps=STEPS, seed=st.integers(0, 2**16))
def test_no_create_is_sent_twice_and_none_is_told_wrong(ways, fates, steps, seed):
    book = Book(ways, [Fate(), *fates], seed)
    sim, calls = book.sim, []
    sim.start()
    for number, step in enumerate(steps):
        if book.client.state.value in ("closing", "closed"):
            break
        match step:
            case "create":
                command = CreateLightningInvoice.for_sats(number + 1, client_id=f"create-{number}")
                calls.append(sim.submit(command, timeout=10.0))
            case "list":
                calls.append(sim.submit(GetLightningInvoices(), timeout=10.0))
            case "give up" if calls:
                sim.abandon(calls[-1])
            case "wait":
                sim.run(2.0)
            case "long wait":
                sim.run(45.0)
            case "sleep":
                sim.jump(40.0)
    sim.close()
    creates = [call for call in calls if isinstance(call.command, CreateLightningInvoice)]
    kinds = [type(call.error) for call in creates]
    never_left = kinds.count(errors.NotSent)
    assert book.creates_on_the_wire() == len(creates) - never_left
    assert len(book.created) == len(set(book.created)), "one create was carried out twice"
    for call in creates:
        happened = call.command.client_id in book.created
        match call.error:
            case None:
                assert happened
                assert call.result().id == f"inv_{call.command.client_id}"
            case errors.NotSent() | errors.CommandRefused():
                assert not happened
            case errors.OutcomeUnknown():
                assert call.sent
            case other:
                pytest.fail(f"a create ended with {other!r}")
    assert isinstance(sim.events[-1], Disconnected)


def test_a_server_that_never_completes_leaves_nothing_behind():
    book = Book(["answer"])
    book._complete = lambda peer, invocation: None
    book.sim.start()
    for number in range(20):
        book.sim.call(CreateLightningInvoice.for_sats(number + 1))
    assert not book.client._link.hub._invocations._ours


def test_an_answer_that_comes_twice_is_an_event_the_second_time():
    book = Book(["twice"])
    book.sim.start()
    created = book.sim.call(CreateLightningInvoice(Decimal("0.001"), "Payment for services"))
    (unmatched,) = [event for event in book.sim.events if isinstance(event, UnmatchedAnswer)]
    assert unmatched.answer == created


def test_a_late_answer_names_its_command():
    book = Book(["late"])
    book.sim.start()
    with pytest.raises(errors.OutcomeUnknown, match="may have been carried out") as caught:
        book.sim.call(CreateLightningInvoice.for_sats(1000), timeout=10.0)
    book.sim.run(5)
    late = book.sim.events[-1]
    assert isinstance(late, AnsweredLate)
    assert late.command is caught.value.command


def test_a_client_id_stays_taken_while_its_answer_may_come():
    book = Book(["late"])
    book.sim.start()
    command = CreateLightningInvoice.for_sats(1000, client_id="mine")
    call = book.sim.submit(command, timeout=1.0)
    for seconds in (2.0, 20.0, 0.0):
        with pytest.raises(errors.LocalProtocolError, match="correlation id"):
            book.sim.submit(command)
        book.sim.run(seconds)
    assert isinstance(call.error, errors.OutcomeUnknown)
