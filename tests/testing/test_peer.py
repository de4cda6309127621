"""What a behaviour of the simulated server may do."""

from __future__ import annotations

import random

import pytest

from hercle_proto import InvocationFailed, RemoteProtocolError
from hercle_proto.client import ClientSettings, HubClient, Invoke, PlainDialect
from hercle_proto.hub import Invocation
from hercle_proto.testing import Behaviour, HubPeer, Simulated


def hub(behave: Behaviour) -> Simulated:
    chance = random.Random(1)
    settings = ClientSettings(url="http://127.0.0.1:5000/hub")
    machine = HubClient(settings, PlainDialect(), entropy=chance.randbytes)
    return Simulated(machine, lambda endpoint, number: HubPeer(behave, entropy=chance.randbytes))


def double(peer: HubPeer, invocation: Invocation) -> None:
    try:
        peer.complete(invocation, 2 * peer.argument(invocation, 0, int))
    except RemoteProtocolError as error:
        peer.complete(invocation, error=str(error))


def test_it_decodes_and_completes() -> None:
    sim = hub(double)
    sim.start()
    assert sim.call(Invoke("Double", (21,), returns=int)) == 42
    with pytest.raises(InvocationFailed, match="hub value"):
        sim.call(Invoke("Double", ("21",), returns=int))
    sim.close()


def test_nothing_completes_what_wants_no_completion() -> None:
    peer = HubPeer(double, entropy=random.Random(1).randbytes)
    peer.complete(Invocation("Notify"), 1)
    assert peer.data_to_send(now=0.0) == b""
