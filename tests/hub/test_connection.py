"""A hub connection past its handshake: who may say what, and how it ends."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable

import pytest

from cuts import CUTS
from hercle_proto import (
    NEED_DATA,
    ClientClosed,
    HercleProtoError,
    InvalidArgument,
    LocalProtocolError,
    MessageTooLarge,
    RemoteProtocolError,
    ServerClosed,
)
from hercle_proto.hub import (
    JSON,
    Ack,
    CancelInvocation,
    Close,
    Completion,
    HubClosed,
    HubConnection,
    HubSettings,
    HubState,
    Invocation,
    Message,
    Ping,
    Raw,
    Role,
    Sequence,
    StreamInvocation,
    StreamItem,
)
from hubs import connected, connected_pair, events, pass_on

BOTH = pytest.mark.parametrize("role", Role, ids=str)
CLOSE = b'{"type":7}\x1e'
ERROR_CLOSE = b'{"type":7,"error":"Connection closed with an error.","allowReconnect":true}\x1e'


def receive(hub: HubConnection, *messages: Message) -> None:
    hub.receive_payload(b"".join(map(JSON.encode, messages)), now=0.0)


def end_of(hub: HubConnection) -> HubClosed:
    (event,) = events(hub)
    assert isinstance(event, HubClosed)
    assert hub.state is HubState.CLOSED
    return event


# -- invocations, both ways ------------------------------------------------------------------------


@pytest.mark.parametrize("swap", [False, True], ids=["client calls", "server calls"])
def test_a_call_and_its_answer(swap: bool) -> None:
    client, server = connected_pair()
    caller, callee = (server, client) if swap else (client, server)
    key = caller.next_invocation_id()
    caller.send(Invocation("Add", (1, 2), key), now=0.0)
    assert pass_on(caller, callee) == [Invocation("Add", (Raw(b"1"), Raw(b"2")), "1")]
    callee.send(Completion(key, 3), now=0.0)
    assert pass_on(callee, caller) == [Completion("1", Raw(b"3"))]


def test_ids_of_the_two_ends_are_apart() -> None:
    client, server = connected_pair()
    client.send(Invocation("a", (), "1"), now=0.0)
    server.send(Invocation("b", (), "1"), now=0.0)
    pass_on(client, server)
    pass_on(server, client)
    client.send(Completion("1", "from client"), now=0.0)
    server.send(Completion("1", "from server"), now=0.0)
    assert pass_on(client, server) == [Completion("1", Raw(b'"from client"'))]
    assert pass_on(server, client) == [Completion("1", Raw(b'"from server"'))]


def test_ids_go_on_where_they_are_told_to() -> None:
    hub = HubConnection(Role.CLIENT, first_invocation_id=41)
    assert [hub.next_invocation_id(), hub.next_invocation_id()] == ["41", "42"]


@BOTH
def test_an_id_in_use_is_not_used_again(role: Role) -> None:
    hub = connected(role)
    hub.send(Invocation("a", (), "1"), now=0.0)
    with pytest.raises(LocalProtocolError, match="'1' is in use"):
        hub.send(Invocation("b", (), "1"), now=0.0)
    receive(hub, Completion("1"))
    assert events(hub) == [Completion("1")]
    hub.send(Invocation("b", (), "1"), now=0.0)
    assert hub.payload_to_send(now=0.0).count(b"\x1e") == 2


@BOTH
def test_the_peer_must_not_use_an_id_in_use(role: Role) -> None:
    hub = connected(role)
    receive(hub, Invocation("a", (), "1"), Invocation("b", (), "1"))
    assert hub.next_event() == Invocation("a", (), "1")
    error = end_of(hub).error
    assert isinstance(error, RemoteProtocolError)
    assert error.clause == "P-06"


@BOTH
def test_what_nobody_invoked_is_not_completed(role: Role) -> None:
    hub = connected(role)
    receive(hub, Invocation("a"), Invocation("b", (), "1"))
    assert len(events(hub)) == 2
    with pytest.raises(LocalProtocolError, match="waits for no Completion of '2'"):
        hub.send(Completion("2"), now=0.0)
    hub.send(Completion("1"), now=0.0)
    with pytest.raises(LocalProtocolError, match="waits for no Completion of '1'"):
        hub.send(Completion("1"), now=0.0)
    assert hub.payload_to_send(now=0.0) == JSON.encode(Completion("1"))


@BOTH
def test_what_we_did_not_invoke_is_dropped(role: Role) -> None:
    hub = connected(role)
    hub.send(Invocation("a", (), "1"), now=0.0)
    receive(hub, Completion("2"), StreamItem("2", 0), StreamItem("1", 0), Completion("1"))
    receive(hub, Completion("1"), StreamItem("1", 0))
    assert events(hub) == [StreamItem("1", Raw(b"0")), Completion("1")]


@BOTH
def test_a_refused_send_changes_nothing(role: Role) -> None:
    hub = connected(role)
    receive(hub, Invocation("a", (), "1"))
    events(hub)
    with pytest.raises(InvalidArgument):
        hub.send(Invocation("a", (float("nan"),), "7"), now=0.0)
    with pytest.raises(InvalidArgument):
        hub.send(Completion("1", float("nan")), now=0.0)
    with pytest.raises(InvalidArgument, match="invocation_id"):
        hub.send(Invocation("a", (), ""), now=0.0)
    assert hub.payload_to_send(now=0.0) == b""
    hub.send(Invocation("a", (), "7"), now=0.0)
    hub.send(Completion("1"), now=0.0)


@pytest.mark.parametrize(
    "message",
    [Close(), StreamInvocation("t", (), "1"), StreamItem("1", 1), Ack(1), Sequence(1)],
    ids=lambda message: type(message).__name__,
)
@BOTH
def test_messages_that_are_not_sent(role: Role, message: Message) -> None:
    hub = connected(role)
    with pytest.raises(LocalProtocolError):
        hub.send(message, now=0.0)
    assert hub.payload_to_send(now=0.0) == b""
    assert hub.state is HubState.CONNECTED


@BOTH
def test_what_is_sent_together_leaves_together(role: Role) -> None:
    hub = connected(role)
    messages: list[Message] = [Ping(), CancelInvocation("5"), Invocation("a")]
    for message in messages:
        hub.send(message, now=0.0)
    assert hub.payload_to_send(now=0.0) == b"".join(map(JSON.encode, messages))
    assert hub.payload_to_send(now=0.0) == b""


# -- what later features will change ---------------------------------------------------------------


def test_a_server_answers_a_stream_invocation_with_an_error() -> None:
    server = connected(Role.SERVER)
    receive(server, StreamInvocation("Counter", (), "1"))
    assert events(server) == []
    answer = server.payload_to_send(now=0.0)
    expected = Completion("1", error="Streaming invocations are not supported.")
    assert answer == JSON.encode(expected)


def test_a_client_ignores_a_stream_invocation() -> None:
    client = connected(Role.CLIENT)
    receive(client, StreamInvocation("Counter", (), "1"))
    assert events(client) == []
    assert client.payload_to_send(now=0.0) == b""


@BOTH
def test_only_what_runs_can_be_cancelled(role: Role) -> None:
    hub = connected(role)
    receive(hub, Invocation("a", (), "1"), CancelInvocation("2"), CancelInvocation("1"))
    assert events(hub) == [Invocation("a", (), "1"), CancelInvocation("1")]
    hub.send(Completion("1"), now=0.0)  # still owed (P-38)
    receive(hub, CancelInvocation("1"))
    assert events(hub) == []


@pytest.mark.parametrize("message", [Ack(1), Sequence(1)], ids=lambda m: type(m).__name__)
@BOTH
def test_there_is_no_stateful_reconnect(role: Role, message: Message) -> None:
    hub = connected(role)
    receive(hub, message)
    error = end_of(hub).error
    assert isinstance(error, RemoteProtocolError)
    assert error.clause == "R-10"


# -- what is let pass ------------------------------------------------------------------------------


@BOTH
def test_pings_and_unknown_types_are_no_events(role: Role) -> None:
    hub = connected(role)
    hub.receive_payload(b'{"type":6}\x1e{"type":99}\x1e{"type":6}\x1e', now=0.0)
    assert events(hub) == []
    assert hub.state is HubState.CONNECTED


def test_a_memoryview_is_copied() -> None:
    hub = connected(Role.CLIENT)
    memory = bytearray(JSON.encode(Invocation("a", (1,))))
    hub.receive_payload(memoryview(memory), now=0.0)
    memory[:] = b"x" * len(memory)
    assert events(hub) == [Invocation("a", (Raw(b"1"),))]


@BOTH
def test_records_are_read_only_as_events_are_taken(role: Role) -> None:
    hub = connected(role)
    receive(hub, Invocation("a"), Close(), Invocation("b"))
    assert hub.next_event() == Invocation("a")
    assert hub.state is HubState.CONNECTED
    end_of(hub)


# -- endings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("allow_reconnect", [False, True])
@pytest.mark.parametrize("text", [None, "shutting down"])
def test_a_servers_goodbye(text: str | None, allow_reconnect: bool) -> None:
    client, server = connected_pair()
    server.close(text, allow_reconnect=allow_reconnect, now=0.0)
    (end,) = pass_on(server, client)
    assert isinstance(end, HubClosed)
    assert isinstance(end.error, ServerClosed)
    assert end.error.server_message == text
    assert end.allow_reconnect is end.error.allow_reconnect is allow_reconnect
    assert client.payload_to_send(now=0.0) == b""


@pytest.mark.parametrize("text", [None, "crashed"])
def test_a_clients_goodbye_is_answered(text: str | None) -> None:
    client, server = connected_pair()
    client.close(text, now=0.0)
    (end,) = pass_on(client, server)
    assert isinstance(end, HubClosed)
    assert not end.allow_reconnect
    if text is None:
        assert end.error is None
    else:
        assert isinstance(end.error, ClientClosed)
        assert end.error.client_message == text
    assert server.payload_to_send(now=0.0) == CLOSE
    receive(client, Close())
    assert end_of(client) == HubClosed()


@BOTH
def test_a_goodbyes_text_is_made_presentable(role: Role) -> None:
    hub = connected(role)
    receive(hub, Close(error="shut\r\ndown\x1b" + "x" * 10_000))
    assert str(end_of(hub).error).endswith(": shut down\ufffd" + "x" * 989 + "…")


@BOTH
def test_what_follows_a_goodbye_is_not_processed(role: Role) -> None:
    hub = connected(role)
    receive(hub, Invocation("a"), Close(), Invocation("b"))
    receive(hub, Invocation("c"))
    taken = events(hub)
    assert taken[0] == Invocation("a")
    assert isinstance(taken[1], HubClosed)
    assert len(taken) == 2
    receive(hub, Invocation("d"))
    assert hub.next_event() is NEED_DATA


@BOTH
def test_after_our_goodbye_answers_are_still_taken(role: Role) -> None:
    hub = connected(role)
    hub.send(Invocation("a", (), "1"), now=0.0)
    hub.close(now=0.0)
    hub.close("again", now=0.0)
    assert hub.state is HubState.CLOSING
    assert hub.payload_to_send(now=0.0) == JSON.encode(Invocation("a", (), "1")) + CLOSE
    with pytest.raises(LocalProtocolError, match="closing"):
        hub.send(Ping(), now=0.0)
    receive(hub, Invocation("event"), Invocation("call", (), "9"), Completion("1"))
    receive(hub, StreamInvocation("s", (), "8"))
    assert events(hub) == [Invocation("event"), Completion("1")]
    assert hub.payload_to_send(now=0.0) == b""
    hub.receive_end(HercleProtoError("reset"), now=0.0)
    assert end_of(hub) == HubClosed()
    assert hub.payload_to_send(now=0.0) == b""


@BOTH
def test_an_error_in_the_answer_to_our_goodbye_is_told(role: Role) -> None:
    hub = connected(role)
    hub.close(now=0.0)
    receive(hub, Close(error="crashed"))
    kind = ServerClosed if role is Role.CLIENT else ClientClosed
    assert isinstance(end_of(hub).error, kind)
    assert hub.payload_to_send(now=0.0) == CLOSE  # ours, and no second one


@BOTH
def test_a_reconnection_is_no_answer_to_our_goodbye(role: Role) -> None:
    hub = connected(role)
    hub.close(now=0.0)
    receive(hub, Close(allow_reconnect=True))
    assert end_of(hub) == HubClosed()


@BOTH
def test_a_transport_that_refused_a_large_message_is_not_tried_again(role: Role) -> None:
    hub = connected(role)
    cause = MessageTooLarge(size=2, limit=1, parameter="max_message_bytes")
    hub.receive_end(cause, now=0.0)
    assert end_of(hub) == HubClosed(cause, allow_reconnect=False)


@pytest.mark.parametrize("cause", [None, HercleProtoError("reset by peer")], ids=str)
@BOTH
def test_the_transport_ends_without_a_goodbye(role: Role, cause: HercleProtoError | None) -> None:
    hub = connected(role)
    receive(hub, Invocation("a"))
    hub.send(Ping(), now=0.0)
    hub.receive_end(cause, now=0.0)
    assert hub.next_event() == Invocation("a")
    end = end_of(hub)
    assert end.allow_reconnect
    assert end.error is cause or "without a goodbye [C-07]" in str(end.error)
    assert hub.payload_to_send(now=0.0) == b""


@BOTH
def test_the_transport_ends_inside_a_message(role: Role) -> None:
    hub = connected(role)
    hub.receive_payload(b'{"type":6}\x1e{"type"', now=0.0)
    hub.receive_end(now=0.0)
    assert "Connection terminated while reading a message. [L-05]" in str(end_of(hub).error)


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize(
    ("record", "clause"),
    [
        (b"{", "J-01"),
        (b'{"type":1,"target":"t"}', "J-05"),
        (b'{"type":1,"target":"\xff","arguments":[]}', "J-01"),
        (b"[" * 200_000, "J-01"),
    ],
    ids=["truncated", "incomplete", "not UTF-8", "deep"],
)
@BOTH
def test_a_broken_record_ends_the_connection(
    role: Role, record: bytes, clause: str, cut: Callable[[bytes], list[bytes]]
) -> None:
    hub = connected(role)
    for piece in cut(JSON.encode(Invocation("a")) + record + b"\x1e"):
        hub.receive_payload(piece, now=0.0)
    assert hub.next_event() == Invocation("a")
    end = end_of(hub)
    assert isinstance(end.error, RemoteProtocolError)
    assert end.error.clause == clause
    assert end.error.__traceback__ is None
    assert end.allow_reconnect
    assert hub.payload_to_send(now=0.0) == (ERROR_CLOSE if role is Role.SERVER else b"")


@BOTH
def test_an_error_does_not_keep_the_payload_alive(role: Role) -> None:
    class Payload(bytearray):
        pass

    hub = connected(role)
    payload = Payload(b"x" * 10_000 + b"\x1e")
    gone = weakref.ref(payload)
    hub.receive_payload(payload, now=0.0)
    del payload
    end = end_of(hub)
    gc.collect()
    assert gone() is None
    assert end.error is not None


@BOTH
def test_a_message_over_the_limit_ends_the_connection_for_good(role: Role) -> None:
    hub = connected(role, HubSettings(max_message_bytes=64))
    hub.receive_payload(b"x" * 63, now=0.0)
    assert events(hub) == []
    hub.receive_payload(b"x", now=0.0)
    end = end_of(hub)
    assert isinstance(end.error, MessageTooLarge)
    assert end.error.parameter == "max_message_bytes"
    assert not end.allow_reconnect


def test_a_fault_while_we_close_is_told_and_nothing_is_sent() -> None:
    server = connected(Role.SERVER)
    server.close(now=0.0)
    assert server.payload_to_send(now=0.0) == CLOSE
    server.receive_payload(b"?\x1e", now=0.0)
    assert isinstance(end_of(server).error, RemoteProtocolError)
    assert server.payload_to_send(now=0.0) == b""


# -- misuse ----------------------------------------------------------------------------------------


@BOTH
def test_before_the_start(role: Role) -> None:
    hub = HubConnection(role)
    with pytest.raises(LocalProtocolError, match="start"):
        hub.receive_payload(b"{}", now=0.0)
    with pytest.raises(LocalProtocolError, match="while the hub is new"):
        hub.send(Ping(), now=0.0)
    assert hub.next_event() is NEED_DATA
    assert hub.role is role


@BOTH
def test_a_transport_that_ends_before_the_start(role: Role) -> None:
    hub = HubConnection(role)
    hub.receive_end(now=0.0)
    assert end_of(hub).allow_reconnect


@pytest.mark.parametrize("setting", ["ping_interval", "silence_timeout", "handshake_timeout"])
@pytest.mark.parametrize("value", [0, -1.0, float("nan")])
def test_settings_are_positive(setting: str, value: float) -> None:
    with pytest.raises(InvalidArgument, match=f"{setting}: must be greater than 0"):
        HubSettings(**{setting: value})  # type: ignore[arg-type]  # a name from the table
