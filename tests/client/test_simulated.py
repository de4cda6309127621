"""The machine on a network that does its worst: what holds whatever happens."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hercle_proto import _errors as errors
from hercle_proto._contract import Call, Disconnected, EventsDropped, Failure, Why
from hercle_proto.client import (
    ClientSettings,
    HubClient,
    Invoke,
    InvokeRepeatable,
    PlainDialect,
    ReconnectPolicy,
    State,
)
from hercle_proto.hub import JSON, Completion, HubSettings, Invocation
from hercle_proto.testing import Fate, HubPeer, Simulated
from hercle_proto.transport import WebSocketState
from wire import invocations_sent

URL = "http://127.0.0.1:5000/hub"
LIMIT = 4


class World:
    """A client, the peers it met, and what they did."""

    def __init__(
        self, fates=(), *, seed=0, answers=("at once",), hang_up=(), server=None, **options
    ):
        rng = random.Random(seed)
        self.peers: list[HubPeer] = []
        self._answers = answers
        self._rng = rng
        self._hang_up = hang_up
        self._server = server
        self.client = HubClient(
            ClientSettings(url=URL, **options), PlainDialect(), entropy=rng.randbytes
        )
        self.sim = Simulated(
            self.client, self._serve, lambda n: fates[n - 1] if n <= len(fates) else Fate()
        )

    def _serve(self, endpoint, number):
        peer = HubPeer(
            self._behave,
            entropy=self._rng.randbytes,
            settings=self._server,
            hangs_up_after_negotiate=number in self._hang_up,
        )
        self.peers.append(peer)
        return peer

    def _behave(self, peer: HubPeer, invocation: Invocation) -> None:
        taken = sum(len(p.invocations) for p in self.peers)
        match self._answers[taken % len(self._answers)]:
            case "at once":
                self._complete(peer, invocation)
            case "late":
                peer.later(3.0, lambda: self._complete(peer, invocation))
            case "twice":
                self._complete(peer, invocation)
                self._complete_again(peer, invocation)
                peer.later(0.1, lambda: self._complete_again(peer, invocation))
            case "never":
                pass
            case "close":
                peer.close(allow_reconnect=True)
            case "hang up":
                peer.hang_up()
            case "flood":
                for n in range(50):
                    peer.send(Invocation("tick", (n,)))
                self._complete(peer, invocation)

    def _complete(self, peer, invocation):
        value = msgspec.json.decode(invocation.arguments[0])
        peer.send(Completion(invocation.invocation_id, value))

    def _complete_again(self, peer, invocation):
        """As no hub of ours would: past the one that `peer` speaks through."""
        peer._flush_hub()
        if not peer.hung_up and peer._websocket.state is WebSocketState.OPEN:
            again = Completion(invocation.invocation_id, error="and another thing")
            peer._websocket.send(JSON.encode(again))

    def invocations_on_the_wire(self) -> list[str]:
        """The targets of all Invocations that left the client, whole or in part, in order."""
        return [
            name for bytes_ in self.sim.transcripts.values() for name in invocations_sent(bytes_)
        ]


FATES = st.builds(
    Fate,
    opens_after=st.sampled_from([0.0, 0.5, 20.0]),
    failure=st.sampled_from([None, None, None, Failure(Why.UNREACHABLE, "refused")]),
    latency=st.sampled_from([0.0, 0.01, 1.0]),
    cuts=st.sampled_from([(65536,), (1,), (7, 300), (2, 1, 40)]),
    breaks_after=st.none() | st.integers(0, 2500),
    swallows_after=st.none() | st.integers(0, 2500),
    stops_reading_after=st.none() | st.integers(0, 2500),
)
ANSWERS = st.lists(
    st.sampled_from(["at once", "late", "twice", "never", "close", "hang up", "flood"]),
    min_size=1,
    max_size=4,
)
STEPS = st.lists(
    st.sampled_from(
        ["call", "call", "read", "abandon", "wait", "long wait", "jump", "deaf", "hear"]
    ),
    max_size=12,
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    fates=st.lists(FATES, max_size=5),
    answers=ANSWERS,
    steps=STEPS,
    hang_up=st.sets(st.integers(1, 4)),
    seed=st.integers(0, 2**16),
    listening=st.booleans(),
)
def test_whatever_happens_each_call_ends_once_and_is_sent_at_most_once(
    fates, answers, steps, hang_up, seed, listening
):
    world = World([Fate(), *fates], seed=seed, answers=answers, hang_up=hang_up, event_limit=LIMIT)
    sim, client = world.sim, world.client
    calls: list[Call[str]] = []
    sim.listening = listening
    sim.start()
    for step in steps:
        if client.state in (State.CLOSING, State.CLOSED):
            with pytest.raises(errors.HercleProtoError):
                sim.submit(Invoke("too late", returns=str))
            break
        match step:
            case "call":
                name = f"create-{len(calls)}"
                calls.append(sim.submit(Invoke(name, ("x",), returns=str), timeout=10.0))
            case "read":
                name = f"read-{len(calls)}"
                calls.append(sim.submit(InvokeRepeatable(name, ("x",), returns=str), timeout=10.0))
            case "abandon":
                for call in calls[-1:]:
                    sim.abandon(call)
            case "wait":
                sim.run(1.0)
            case "long wait":
                sim.run(60.0)
            case "jump":
                sim.jump(40.0)
            case "deaf":
                sim.listening = False
            case "hear":
                sim.listening = True
        kept = len(client._desk.events._events)
        assert kept <= 2 * LIMIT + 2, "more events are kept than what was under way explains"
    opened = len(sim.opened)
    sim.close()
    assert len(sim.opened) == opened, "a stream was opened after close"
    sim.listening = True
    sim.run(0)
    assert isinstance(sim.events[-1], Disconnected)
    on_the_wire = world.invocations_on_the_wire()
    for call in calls:
        assert call.done
        name = call.command.name
        times = on_the_wire.count(name)
        if not call.command.repeatable:
            assert times <= 1, f"{name} was sent {times} times"
        match call.error:
            case None:
                assert times >= 1
            case errors.NotSent():
                assert times == 0, f"{name} was told not sent, but left"
            case errors.OutcomeUnknown() | errors.NoAnswer() | errors.InvocationFailed():
                assert times >= 1, f"{name}: {call.error!r}, but no byte of it left"
            case other:
                pytest.fail(f"{name} ended with {other!r}")
    for peer in world.peers:
        assert peer.goodbyes <= 1


@settings(max_examples=60, deadline=None)
@given(
    cuts=st.sampled_from([(65536,), (1,), (3, 50)]),
    latency=st.sampled_from([0.0, 0.2]),
    hang_up=st.sets(st.integers(1, 1)),
    answers=st.lists(
        st.sampled_from(["at once", "late", "twice", "flood"]), min_size=1, max_size=3
    ),
    count=st.integers(1, 8),
)
def test_without_faults_every_call_is_answered(cuts, latency, hang_up, answers, count):
    """A kept-alive stream that the server closes between negotiate and upgrade is no fault."""
    fate = Fate(cuts=cuts, latency=latency)
    world = World([fate] * 3, answers=answers, hang_up=hang_up)
    world.sim.start()
    world.sim.run_until(lambda: world.client.ready.done)
    world.client.ready.result()
    calls = [world.sim.submit(Invoke(f"call-{n}", (str(n),), returns=str)) for n in range(count)]
    world.sim.run_until(lambda: all(call.done for call in calls))
    assert [call.result() for call in calls] == [str(n) for n in range(count)]
    world.sim.close()


def test_answers_come_although_nobody_takes_100_000_events():
    world = World(answers=["flood"], hub=HubSettings())
    world.sim.listening = False
    world.sim.start()
    for n in range(2000):
        assert world.sim.call(Invoke("flood", (n,), returns=int)) == n
    world.sim.close()
    world.sim.listening = True
    world.sim.run(0)
    dropped = [event for event in world.sim.events if isinstance(event, EventsDropped)]
    assert len(world.sim.events) <= 1024 + 3
    assert sum(event.count for event in dropped) + len(world.sim.events) >= 100_000


def test_a_minute_of_not_reading_is_not_the_servers_silence():
    world = World(answers=["flood"], event_limit=10)
    sim = world.sim
    sim.start()
    sim.run(1)  # somebody has listened
    sim.listening = False
    sim.submit(Invoke("flood", (1,), returns=int))
    sim.run(60)
    sim.listening = True
    sim.run(5)
    assert not any(isinstance(event, Disconnected) for event in sim.events)
    assert world.client.state.value == "connected"
    assert len(sim.opened) == 1
    sim.close()


def test_a_year_of_reconnects():
    """A server that hangs up twice a day, for a year, in a second."""
    rare = HubSettings(ping_interval=86400, silence_timeout=172800)
    world = World(answers=["at once"], hub=rare, server=rare)
    world.sim.start()
    for _ in range(2 * 365):
        world.sim.run(43200)
        world.peers[-1].hang_up()
    world.sim.run(60)
    assert world.sim.call(Invoke("Echo", ("still here",), returns=str)) == "still here"
    assert len(world.peers) == 2 * 365 + 1
    world.sim.close()


def test_it_gives_up_when_told_to():
    policy = ReconnectPolicy(max_attempts=3)
    refused = Fate(failure=Failure(Why.UNREACHABLE, "refused"))
    world = World([Fate(), *[refused] * 9], reconnect=policy)
    world.sim.start()
    world.peers[0].hang_up()
    world.sim.run_until(lambda: world.client.closed)
    error = world.client.error
    assert isinstance(error, errors.GaveUp)
    assert len(error.causes) == 4
    assert len(world.sim.opened) == 4
