"""A client and a server, wired in memory, through whatever order of things Hypothesis thinks of.

However payloads are cut and delayed, time jumps and either end closes: each invocation is completed
at most once, and exactly once if the connection lived; each end says `HubClosed` once and last; a
deadline is only ever asked for, never moved by the question.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from hercle_proto import RemoteProtocolError
from hercle_proto.hub import (
    JSON,
    CancelInvocation,
    Completion,
    HandshakeCompleted,
    HubClosed,
    HubConnection,
    HubEvent,
    HubState,
    Invocation,
    Ping,
    Role,
    StreamItem,
)
from hubs import events

ENDS = st.sampled_from([0, 1])


class End:
    """One end, with what it has sent and what it was told."""

    def __init__(self, role: Role) -> None:
        self.hub = HubConnection(role)
        self.wire = bytearray()  # what the peer has sent and this end has not read
        self.invoked: Counter[str] = Counter()
        self.completed: Counter[str] = Counter()
        self.owed: list[str] = []
        self.told: list[HubEvent] = []
        self.cut_off = False  # the transport has ended


class Pair(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.ends = [End(Role.CLIENT), End(Role.SERVER)]
        for end in self.ends:
            end.hub.start(now=self.now)

    @initialize(completed=st.sampled_from([True, True, True, False]))
    def shake_hands(self, completed: bool) -> None:
        if completed:
            for index in (0, 1, 0, 1):
                self.flush(index)
                self.deliver(1 - index, 100_000)
            assert [end.hub.state for end in self.ends] == [HubState.CONNECTED] * 2

    def take(self, end: End) -> None:
        for event in events(end.hub):
            assert not end.told or not isinstance(end.told[-1], HubClosed)
            assert isinstance(event, HandshakeCompleted | HubClosed) or end.told
            end.told.append(event)
            match event:
                case Invocation(invocation_id=str(key)):
                    end.owed.append(key)
                case Completion(invocation_id=key):
                    end.completed[key] += 1
                    assert end.completed[key] == end.invoked[key] == 1
                case StreamItem() | CancelInvocation():
                    raise AssertionError("nobody sent one")
                case HubClosed(error=RemoteProtocolError()):
                    assert end.cut_off, "nobody broke a rule"
                case _:
                    pass

    def cut_off_at(self, end: End) -> None:
        end.cut_off = True
        end.wire.clear()
        end.hub.receive_end(now=self.now)
        self.take(end)

    def flush(self, index: int) -> None:
        end, peer = self.ends[index], self.ends[1 - index]
        payload = end.hub.payload_to_send(now=self.now)
        assert payload == b"" or payload.endswith(b"\x1e")
        if not peer.cut_off:
            peer.wire += payload

    def deliver(self, index: int, size: int) -> None:
        end = self.ends[index]
        piece = bytes(end.wire[:size])
        del end.wire[:size]
        end.hub.receive_payload(piece, now=self.now)
        self.take(end)

    @rule(index=ENDS, answered=st.booleans())
    def invoke(self, index: int, answered: bool) -> None:
        end = self.ends[index]
        if end.hub.state is HubState.CONNECTED:
            key = end.hub.next_invocation_id() if answered else None
            end.hub.send(Invocation("Method", (Decimal("1e-8"),), key), now=self.now)
            if key is not None:
                end.invoked[key] += 1

    @precondition(lambda self: any(end.owed for end in self.ends))
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        end = data.draw(st.sampled_from([end for end in self.ends if end.owed]))
        key = end.owed.pop(data.draw(st.integers(0, len(end.owed) - 1)))
        if end.hub.state is HubState.CONNECTED:
            end.hub.send(Completion(key, 1), now=self.now)

    @precondition(lambda self: any(end.completed for end in self.ends))
    @rule(data=st.data())
    def answer_twice(self, data: st.DataObject) -> None:
        """A peer that breaks P-21."""
        end = data.draw(st.sampled_from([end for end in self.ends if end.completed]))
        key = data.draw(st.sampled_from(sorted(end.completed)))
        end.wire += JSON.encode(Completion(key, "again"))

    @rule(index=ENDS)
    def ping(self, index: int) -> None:
        if self.ends[index].hub.state is HubState.CONNECTED:
            self.ends[index].hub.send(Ping(), now=self.now)

    @rule(index=ENDS)
    def write(self, index: int) -> None:
        self.flush(index)

    @rule(index=ENDS, size=st.integers(1, 60) | st.just(100_000))
    def read(self, index: int, size: int) -> None:
        self.deliver(index, size)

    @rule(seconds=st.floats(0, 20))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        for end in self.ends:
            deadline = end.hub.next_deadline()
            if deadline is not None and deadline <= self.now:
                end.hub.handle_timer(now=self.now)
                later = end.hub.next_deadline()
                assert later is None or later > deadline
            else:
                end.hub.handle_timer(now=self.now)
                assert end.hub.next_deadline() == deadline
            self.take(end)

    @rule(index=ENDS, seconds=st.floats(0, 1000))
    def sleep_without_reading(self, index: int, seconds: float) -> None:
        end = self.ends[index]
        if end.hub.state is not HubState.CONNECTED:
            return
        end.hub.pause_reading(now=self.now)
        end.hub.handle_timer(now=self.now + seconds)
        self.take(end)
        assert end.hub.state is HubState.CONNECTED
        self.now += seconds
        end.hub.resume_reading(now=self.now)

    @precondition(lambda self: self.now > 5)
    @rule(index=ENDS, allow_reconnect=st.booleans())
    def close(self, index: int, allow_reconnect: bool) -> None:
        end = self.ends[index]
        end.hub.close(allow_reconnect=allow_reconnect, now=self.now)
        self.take(end)

    @precondition(lambda self: self.now > 5)
    @rule(index=ENDS)
    def cut_off(self, index: int) -> None:
        self.cut_off_at(self.ends[index])

    @invariant()
    def the_deadline_is_pure_and_stops_at_the_end(self) -> None:
        for end in self.ends:
            assert end.hub.next_deadline() == end.hub.next_deadline()
            if end.hub.state is HubState.CLOSED:
                assert end.hub.next_deadline() is None
                assert isinstance(end.told[-1], HubClosed)

    def teardown(self) -> None:
        alive = all(end.hub.state is HubState.CONNECTED for end in self.ends)
        for _ in range(4):  # there and back: invocations, then their answers
            for index, end in enumerate(self.ends):
                self.flush(index)
                self.deliver(index, len(end.wire))
                while end.owed and end.hub.state is HubState.CONNECTED:
                    end.hub.send(Completion(end.owed.pop(), 1), now=self.now)
        for end in self.ends:
            if alive:
                assert end.completed == end.invoked
            self.cut_off_at(end)
            assert [type(event) for event in end.told].count(HubClosed) == 1
            assert isinstance(end.told[-1], HubClosed)
            assert end.completed <= end.invoked
            assert JSON.encode(Ping()) not in end.hub.payload_to_send(now=self.now)


TestPair = Pair.TestCase
