"""Test a machine of yours, or ours, on virtual time: a driver, a network with faults, a SignalR
server."""

from hercle_proto.testing._network import Fate, Peer
from hercle_proto.testing._peer import Behaviour, HubPeer
from hercle_proto.testing._simulated import Simulated

__all__ = ["Behaviour", "Fate", "HubPeer", "Peer", "Simulated"]
