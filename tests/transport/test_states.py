"""Every state with every input: it moves as the table says, or is refused and nothing changes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hercle_proto import LocalProtocolError
from hercle_proto.hub import Role
from hercle_proto.transport import (
    TRANSITIONS,
    Closed,
    UpgradeRefused,
    WebSocket,
    WebSocketState,
    WebSocketStep,
)
from websocket_reference import KEY, accepted, events, frame

State, Step = WebSocketState, WebSocketStep


def requested() -> bytes:
    client = WebSocket(Role.CLIENT, entropy=bytes, max_message_bytes=9)
    client.connect(host="localhost", target="/")
    return client.data_to_send()


def in_state(role: Role, state: State) -> tuple[WebSocket, bytes]:
    """One in that state, and what it has sent."""
    websocket = WebSocket(role, entropy=bytes, max_message_bytes=9)
    sent = b""
    if state is not State.IDLE:
        if role is Role.CLIENT:
            websocket.connect(host="localhost", target="/")
            sent = websocket.data_to_send()
        else:
            websocket.receive_data(requested())
    if state in (State.OPEN, State.CLOSING, State.CLOSED):
        if role is Role.CLIENT:
            websocket.receive_data(accepted(sent))
        else:
            websocket.accept()
    if state in (State.CLOSING, State.CLOSED):
        websocket.close()
    if state is State.CLOSED:
        websocket.receive_data(b"")
    events(websocket)
    websocket.data_to_send()
    assert websocket.state is state
    return websocket, sent


OURS: dict[Step, Callable[[WebSocket], None]] = {
    Step.CONNECT: lambda websocket: websocket.connect(host="localhost", target="/"),
    Step.ACCEPT: lambda websocket: websocket.accept(),
    Step.REJECT: lambda websocket: websocket.reject(404),
    Step.SEND: lambda websocket: websocket.send(b"hi"),
    Step.CLOSE: lambda websocket: websocket.close(),
}

# The peer's; where the state does not list one, these bytes are something else to it.
PEERS: dict[Step, Callable[[Role, bytes], bytes]] = {
    Step.REQUESTED: lambda role, sent: requested(),
    Step.UPGRADED: lambda role, sent: accepted(sent),
    Step.REFUSED: lambda role, sent: b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    Step.CLOSED_BY_PEER: lambda role, sent: frame(0x88, key=KEY if role is Role.SERVER else b""),
    Step.FAILED: lambda role, sent: b"",
}

EVERY = [(role, state) for role in Role for state in State]
IDS = [f"{role.value}, {state.value}" for role, state in EVERY]


def test_the_table_is_whole() -> None:
    assert set(OURS) | set(PEERS) == set(Step)
    for table in TRANSITIONS.values():
        assert set(table) == set(State)
        listed = {step for moves in table.values() for step in moves}
        assert len(listed) == len(Step) - 3, "one end asks, the other answers"


@pytest.mark.parametrize("step", OURS)
@pytest.mark.parametrize(("role", "state"), EVERY, ids=IDS)
def test_our_steps(role: Role, state: State, step: Step) -> None:
    websocket, _ = in_state(role, state)
    expected = TRANSITIONS[role][state].get(step)
    if expected is None:
        message = f"'{step.value}' is not possible: this {role.value}'s WebSocket is {state.value}"
        with pytest.raises(LocalProtocolError, match=message):
            OURS[step](websocket)
        assert events(websocket) == []
        assert websocket.data_to_send() == b""
        expected = state
    else:
        OURS[step](websocket)
        finals = [event for event in events(websocket) if isinstance(event, Closed)]
        assert len(finals) == (expected is State.CLOSED is not state)
    assert websocket.state is expected


@pytest.mark.parametrize("step", PEERS)
@pytest.mark.parametrize(("role", "state"), EVERY, ids=IDS)
def test_steps_of_the_peer(role: Role, state: State, step: Step) -> None:
    websocket, sent = in_state(role, state)
    if step is Step.UPGRADED and not sent:
        sent = requested()
    expected = TRANSITIONS[role][state].get(step)
    websocket.receive_data(PEERS[step](role, sent))
    told = events(websocket)
    if expected is not None:
        assert websocket.state is expected
    if state is State.CLOSED:
        assert told == []
    websocket.receive_data(b"")
    told += events(websocket)
    assert websocket.state is State.CLOSED
    finals = [event for event in told if isinstance(event, Closed | UpgradeRefused)]
    assert finals == told[-1:], "one final event, the last"


@pytest.mark.parametrize(("role", "state"), EVERY, ids=IDS)
def test_reprs_say_where_it_is(role: Role, state: State) -> None:
    websocket, _ = in_state(role, state)
    assert repr(websocket) == f"<WebSocket {role.value} {state.value}>"
