"""Every step in every state: what `TRANSITIONS` says is what happens."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hercle_proto import LocalProtocolError
from hercle_proto.hub import (
    JSON,
    TRANSITIONS,
    Close,
    HubConnection,
    HubState,
    HubStep,
    Invocation,
    Ping,
    Role,
)
from hubs import ACCEPTED, REQUEST, connected, events


def new(role: Role) -> HubConnection:
    return HubConnection(role)


def handshaking(role: Role) -> HubConnection:
    hub = HubConnection(role)
    hub.start(now=0.0)
    return hub


def closing(role: Role) -> HubConnection:
    hub = connected(role)
    hub.close(now=0.0)
    return hub


def closed(role: Role) -> HubConnection:
    hub = connected(role)
    hub.receive_end(now=0.0)
    events(hub)
    return hub


IN_STATE: dict[HubState, Callable[[Role], HubConnection]] = {
    HubState.NEW: new,
    HubState.HANDSHAKING: handshaking,
    HubState.CONNECTED: connected,
    HubState.CLOSING: closing,
    HubState.CLOSED: closed,
}


def start(hub: HubConnection) -> None:
    hub.start(now=1.0)


def handshake(hub: HubConnection) -> None:
    hub.receive_payload(ACCEPTED if hub.role is Role.CLIENT else REQUEST, now=1.0)


def refusal(hub: HubConnection) -> None:
    refused = (
        b'{"error":"no"}\x1e' if hub.role is Role.CLIENT else b'{"protocol":"x","version":1}\x1e'
    )
    hub.receive_payload(refused, now=1.0)


def receive(hub: HubConnection) -> None:
    hub.receive_payload(JSON.encode(Invocation("t")), now=1.0)


def send(hub: HubConnection) -> None:
    hub.send(Ping(), now=1.0)


def close(hub: HubConnection) -> None:
    hub.close(now=1.0)


def goodbye(hub: HubConnection) -> None:
    hub.receive_payload(JSON.encode(Close()), now=1.0)


def end(hub: HubConnection) -> None:
    hub.receive_end(now=1.0)


def fault(hub: HubConnection) -> None:
    hub.receive_payload(b"?\x1e", now=1.0)


STEPS: dict[HubStep, Callable[[HubConnection], None]] = {
    HubStep.START: start,
    HubStep.HANDSHAKE: handshake,
    HubStep.REFUSAL: refusal,
    HubStep.RECEIVE: receive,
    HubStep.SEND: send,
    HubStep.CLOSE: close,
    HubStep.GOODBYE: goodbye,
    HubStep.END: end,
    HubStep.FAULT: fault,
}
OURS = {HubStep.START, HubStep.SEND}
"""Steps that are a mistake of the caller's where the table has none. Others do nothing there."""

PAYLOADS = {HubStep.HANDSHAKE, HubStep.REFUSAL, HubStep.RECEIVE, HubStep.GOODBYE, HubStep.FAULT}


def expected(state: HubState, step: HubStep) -> HubState | None:
    """The next state; None for a mistake of the caller's."""
    if step in TRANSITIONS[state]:
        return TRANSITIONS[state][step]
    if step in OURS or (state is HubState.NEW and step in PAYLOADS):
        return None
    if step in PAYLOADS and HubStep.FAULT in TRANSITIONS[state]:
        return TRANSITIONS[state][HubStep.FAULT]  # the right thing at the wrong time
    return state


@pytest.mark.parametrize("role", Role, ids=str)
@pytest.mark.parametrize("step", HubStep, ids=str)
@pytest.mark.parametrize("state", HubState, ids=str)
def test_each_step_in_each_state(state: HubState, step: HubStep, role: Role) -> None:
    hub = IN_STATE[state](role)
    hub.payload_to_send(now=0.0)
    assert hub.state is state
    following = expected(state, step)
    if following is None:
        with pytest.raises(LocalProtocolError):
            STEPS[step](hub)
        assert hub.payload_to_send(now=1.0) == b""
        following = state
    else:
        STEPS[step](hub)
        events(hub)
    assert hub.state is following


def test_the_table_is_complete_and_every_state_leads_to_the_end() -> None:
    assert set(TRANSITIONS) == set(HubState)
    assert TRANSITIONS[HubState.CLOSED] == {}
    for state in set(HubState) - {HubState.CLOSED}:
        assert TRANSITIONS[state][HubStep.END] is HubState.CLOSED
    assert {step for row in TRANSITIONS.values() for step in row} == set(HubStep)
