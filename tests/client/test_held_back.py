"""What happens to a connection whose events find no room."""

from __future__ import annotations

import random

from hercle_proto._contract import Disconnected, EventsDropped, Failure, Why
from hercle_proto.client import (
    ClientSettings,
    Connected,
    HubClient,
    InvocationReceived,
    Invoke,
    PlainDialect,
    Reconnecting,
    State,
)
from hercle_proto.hub import Completion, Invocation
from hercle_proto.testing import HubPeer, Simulated


class Scene:
    """A session with room for four events, and a server that floods it when told to."""

    def __init__(self) -> None:
        rng = random.Random(1)
        self.peers: list[HubPeer] = []
        settings = ClientSettings(url="http://127.0.0.1:5000/hub", event_limit=4)
        self.client = HubClient(settings, PlainDialect(), entropy=rng.randbytes)

        def behave(peer: HubPeer, invocation: Invocation) -> None:
            peer.send(Completion(invocation.invocation_id, None))

        def serve(endpoint: object, number: int) -> HubPeer:
            self.peers.append(HubPeer(behave, entropy=rng.randbytes))
            return self.peers[-1]

        self.sim = Simulated(self.client, serve)
        self.sim.start()
        self.sim.run(1)

    def flood(self, count: int) -> None:
        """So many events in one message, while nobody takes them."""
        self.sim.listening = False
        for number in range(count):
            self.peers[-1].send(Invocation("tick", (number,)))
        self.sim.run(0)

    def numbers(self) -> list[int]:
        """The events that were taken, a dropped one as -1."""
        seen: list[int] = []
        for event in self.sim.events:
            if isinstance(event, InvocationReceived):
                seen.append(event.argument(0, int))
            elif isinstance(event, EventsDropped):
                seen += [-1] * event.count
        return seen


def test_one_message_does_not_defeat_the_limit():
    scene = Scene()
    scene.flood(1000)
    assert scene.client._desk.events._events.__len__() == 4
    scene.sim.listening = True
    scene.sim.run(0)
    assert scene.numbers() == list(range(1000)), "nothing is lost for who listens"
    scene.sim.close()


def test_a_call_gets_its_answer_past_the_flood():
    scene = Scene()
    scene.flood(1000)
    assert scene.sim.call(Invoke("Echo", returns=type(None))) is None
    scene.sim.listening = True
    scene.sim.run(0)
    numbers = scene.numbers()
    assert len(numbers) == 1000
    assert numbers.count(-1) == 996
    scene.sim.close()


def test_a_slow_listener_does_not_cost_the_next_connection():
    scene = Scene()
    scene.flood(4)
    (wire,) = scene.sim._wires.values()
    scene.sim._fail(wire, Failure(Why.LOST))  # an orderly end would wait to be read
    scene.sim.run(120)
    assert scene.client.state is State.CONNECTED
    assert len(scene.peers) == 2
    scene.sim.listening = True
    scene.sim.run(0)
    assert scene.numbers() == [0, 1, 2, 3]
    kinds = [type(event) for event in scene.sim.events if not isinstance(event, InvocationReceived)]
    assert kinds == [Connected, Reconnecting, Connected]
    scene.sim.close()


def test_what_waits_at_the_end_is_kept_within_bounds():
    scene = Scene()
    scene.flood(1000)
    scene.client.close(now=scene.sim.now)
    scene.sim.run(10)
    scene.sim.listening = True
    scene.sim.run(0)
    numbers = scene.numbers()
    assert numbers[:8] == list(range(8))
    assert numbers[8:] == [-1] * 992
    assert isinstance(scene.sim.events[-1], Disconnected)
