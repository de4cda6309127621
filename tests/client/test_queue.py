"""The queue of events: nothing lost while somebody keeps up, bounded whatever happens."""

from __future__ import annotations

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto._contract import NEED_DATA, AnsweredLate, Command, Event, EventsDropped
from hercle_proto.client._queue import EventQueue


@frozen
class Tick(Event):
    number: int


@frozen
class Read(Command[int]):
    repeatable = True


@frozen
class Write(Command[int]):
    number: int


def drain(queue):
    events = []
    while (event := queue.take()) is not NEED_DATA:
        events.append(event)
    return events


@pytest.mark.parametrize(
    ("listened", "calls_wait", "waits"),
    [(False, False, False), (False, True, False), (True, True, False), (True, False, True)],
)
def test_a_full_queue_stops_reading_only_if_that_hurts_nobody(listened, calls_wait, waits):
    queue = EventQueue(2, lambda: calls_wait)
    if listened:
        queue.take()
    for n in range(5):
        queue.put(Tick(n))
    assert queue.must_wait() is waits
    kept = 4 if waits else 2
    assert drain(queue) == [*(Tick(n) for n in range(kept)), EventsDropped(5 - kept)]
    assert not queue.must_wait()


def test_drops_are_counted_where_they_happened():
    queue = EventQueue(2, lambda: True)
    for n in range(4):
        queue.put(Tick(n))
    assert queue.take() == Tick(0)
    queue.put(Tick(4))
    queue.put_last(Tick(5))
    assert drain(queue) == [Tick(1), EventsDropped(2), Tick(4), Tick(5)]


@pytest.mark.parametrize("calls_wait", [False, True])
def test_the_late_end_of_a_command_is_not_dropped_unless_it_can_be_repeated(calls_wait):
    queue = EventQueue(2, lambda: calls_wait)
    for n in range(3):
        queue.put(Tick(n))
        queue.put(AnsweredLate(Read(), n))
        queue.put(AnsweredLate(Write(n), n))
    queue.put(Tick(3))
    ends = [AnsweredLate(Write(n), n) for n in range(3)]
    assert drain(queue) == [
        *(Tick(0), AnsweredLate(Read(), 0), ends[0]),
        *(EventsDropped(2), ends[1]),
        *(EventsDropped(2), ends[2]),
        EventsDropped(1),
    ]


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 5))
def test_every_event_is_taken_or_counted_in_order(puts, limit):
    queue, put, seen = EventQueue(limit, lambda: True), 0, []
    for is_put in puts:
        if is_put:
            queue.put(Tick(put))
            put += 1
        elif (event := queue.take()) is not NEED_DATA:
            seen.append(event)
    seen += drain(queue)
    number = 0
    for event in seen:
        if isinstance(event, EventsDropped):
            number += event.count
        else:
            assert event == Tick(number)
            number += 1
    assert number == put
