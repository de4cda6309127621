"""The bookkeeping of calls: who waits, what was sent, how each one ends."""

from __future__ import annotations

import math

import pytest
from attrs import frozen

from hercle_proto._contract import NEED_DATA, AnsweredLate, Call, Command
from hercle_proto._errors import (
    InvocationFailed,
    LocalProtocolError,
    NoAnswer,
    NotSent,
    OutcomeUnknown,
    SessionClosed,
    TimedOut,
)
from hercle_proto.client import Answered, Refused, _calls, _correlation
from hercle_proto.client._calls import Calls
from hercle_proto.client._queue import EventQueue


@frozen
class Create(Command[str]):
    key: str | None = None

    @property
    def correlation_id(self) -> str | None:
        return self.key


@frozen
class Read(Command[str]):
    repeatable = True
    key: str | None = None

    @property
    def correlation_id(self) -> str | None:
        return self.key


@frozen
class Peek(Read):
    late_is_news = False


LOST = SessionClosed("lost")


@pytest.fixture
def events():
    return EventQueue(100, lambda: False)


@pytest.fixture
def calls(events):
    return Calls(most_waiting=3, events=events)


def send(calls, command, *, timeout=10.0):
    call = calls.submit(command, now=0.0, timeout=timeout)
    assert calls.sent(now=1.0) is call
    return call


def test_a_call_waits_is_sent_and_answered(calls):
    call = calls.submit(Create(), now=0.0, timeout=10.0)
    assert (calls.first_waiting, len(calls), calls.callers) == (call, 0, 1)
    assert calls.next_deadline() == 10.0
    calls.sent(now=1.0)
    assert (calls.first_waiting, list(calls)) == (None, [call])
    assert calls.numbered(str(call.id)) is call
    assert (call.sent_at, call.last_sent_at) == (1.0, 1.0)
    calls.settle(call, Answered("done"), now=1.0)
    assert (call.result(), calls.settled(), calls.settled()) == ("done", [call], [])
    assert (len(calls), calls.callers, calls.next_deadline()) == (0, 0, None)
    assert calls.numbered(str(call.id)) is None
    assert call.late is None


def test_an_endless_call_has_no_deadline(calls):
    send(calls, Create(), timeout=math.inf)
    assert calls.next_deadline() is None


@pytest.mark.parametrize("timeout", [0, -1, math.nan])
def test_a_time_out_is_positive(calls, timeout):
    with pytest.raises(LocalProtocolError, match="time-out"):
        calls.submit(Create(), now=0.0, timeout=timeout)


def test_only_so_many_may_wait(calls):
    for _ in range(3):
        calls.submit(Create(), now=0.0, timeout=1.0)
    with pytest.raises(LocalProtocolError, match="3 commands wait"):
        calls.submit(Create(), now=0.0, timeout=1.0)


def test_a_correlation_id_is_one_calls_own(calls):
    call = calls.submit(Create("a"), now=0.0, timeout=1.0)
    assert calls.correlated("a") is None, "not in flight yet"
    with pytest.raises(LocalProtocolError, match="correlation id"):
        calls.submit(Create("a"), now=0.0, timeout=1.0)
    calls.sent(now=0.5)
    assert calls.correlated("a") is call
    calls.expire(now=2.0)
    assert call.done
    with pytest.raises(LocalProtocolError, match="correlation id"):
        calls.submit(Create("a"), now=2.0, timeout=1.0)  # a late answer would be taken for its own
    calls.settle(call, Answered("late"), now=1.0)
    with pytest.raises(LocalProtocolError, match="correlation id"):
        calls.submit(Create("a"), now=3.0, timeout=1.0)  # a second answer would be, too


def test_an_id_that_was_not_sent_is_free_again(calls):
    call = calls.submit(Create("a"), now=0.0, timeout=1.0)
    calls.abandon(call, now=0.5)
    calls.submit(Create("a"), now=1.0, timeout=1.0)


def test_spent_ids_are_not_remembered_for_ever(calls, monkeypatch):
    monkeypatch.setattr(_correlation, "_MOST_SPENT", 2)
    for key in "abc":
        calls.settle(send(calls, Create(key)), Answered("done"), now=1.0)
    calls.submit(Create("a"), now=2.0, timeout=1.0)
    with pytest.raises(LocalProtocolError, match="correlation id"):
        calls.submit(Create("b"), now=2.0, timeout=1.0)


def test_the_id_of_a_read_that_was_given_up_goes_to_the_next_one(calls):
    first = send(calls, Read("a"), timeout=1.0)
    with pytest.raises(LocalProtocolError, match="correlation id"):
        calls.submit(Read("a"), now=0.5, timeout=1.0)
    calls.expire(now=2.0)
    second = send(calls, Read("a"))
    assert calls.correlated("a") is second
    calls.settle(first, Answered("late"), now=1.0)
    assert calls.correlated("a") is second
    calls.settle(second, Answered("done"), now=1.0)
    assert calls.correlated("a") is None
    calls.submit(Read("a"), now=3.0, timeout=1.0)


def test_somebody_elses_call_is_not_abandoned(calls):
    calls.submit(Create(), now=0.0, timeout=1.0)
    calls.abandon(Call(Create(), 0), now=0.5)
    calls.abandon(Call(Create(), 1), now=0.5)
    assert calls.callers == 1


@pytest.mark.parametrize(
    ("command", "sent", "ending"),
    [
        (Create(), False, NotSent),
        (Create(), True, OutcomeUnknown),
        (Read(), False, NotSent),
        (Read(), True, NoAnswer),
    ],
)
def test_how_a_call_ends_that_nobody_answers(calls, command, sent, ending):
    calls.stand()
    calls.settled()
    for end in (
        lambda: calls.expire(now=10.0),
        lambda: calls.end_all(LOST, now=10.0),
        lambda: (calls.connection_lost(LOST, now=10.0, again=False), calls.expire(now=10.0)),
    ):
        call = send(calls, command) if sent else calls.submit(command, now=0.0, timeout=10.0)
        end()
        assert type(call.error) is ending
        assert calls.settled() == [call]
        assert (calls.callers, calls.next_deadline()) == (0, None)
        if ending is OutcomeUnknown:
            assert (call.error.sent_at, call.error.ended_at) == (1.0, 10.0)


def test_a_repeatable_call_outlives_its_connection_in_its_old_place(calls):
    first, create, second = send(calls, Read()), send(calls, Create()), send(calls, Read())
    third = calls.submit(Read(), now=2.0, timeout=10.0)
    calls.connection_lost(LOST, now=3.0, again=True)
    assert type(create.error) is OutcomeUnknown
    assert [calls.sent(now=4.0) for _ in range(3)] == [first, second, third]
    assert (first.sent_at, first.last_sent_at) == (1.0, 4.0)


def test_waiting_to_be_repeated_is_not_the_same_as_not_sent(calls):
    call = send(calls, Read())
    calls.connection_lost(LOST, now=3.0, again=True)
    calls.expire(now=10.0)
    assert type(call.error) is NoAnswer
    assert isinstance(call.error.cause, TimedOut)


def test_what_was_not_sent_can_be_taken_back(calls, events):
    call = calls.submit(Create("a"), now=0.0, timeout=10.0)
    calls.abandon(call, now=1.0)
    calls.abandon(call, now=1.0)
    assert type(call.error) is NotSent
    assert call.late is None, "it ended at once"
    assert (calls.first_waiting, calls.callers, calls.next_deadline()) == (None, 0, None)
    assert events.take() is NEED_DATA
    calls.submit(Create("a"), now=1.0, timeout=10.0)


def test_what_was_sent_ends_in_an_event_once_nobody_waits(calls, events):
    call = send(calls, Create())
    calls.abandon(call, now=2.0)
    assert (calls.callers, calls.next_deadline(), call.done) == (0, None, False)
    calls.expire(now=20.0)
    assert not call.done, "nobody's patience ended"
    assert call.late is None
    calls.settle(call, Answered("late"), now=1.0)
    assert call.late == "late", "before anybody takes the event"
    assert events.take() == AnsweredLate(call.command, "late")
    assert (call.result(), calls.settled()) == ("late", [])


def test_an_answer_after_the_time_out_is_an_event(calls, events):
    call = send(calls, Create())
    calls.expire(now=10.0)
    refusal = InvocationFailed(call.command, "no")
    calls.settle(call, Refused(refusal), now=1.0)
    assert events.take() == AnsweredLate(call.command, refusal)
    assert type(call.error) is OutcomeUnknown, "it ends once"
    assert call.late is refusal


@pytest.mark.parametrize("give_up", ["abandon", "time out"])
def test_a_late_end_that_is_no_news_is_kept_with_its_call(calls, events, give_up):
    call = send(calls, Peek())
    if give_up == "abandon":
        calls.abandon(call, now=2.0)
    else:
        calls.expire(now=10.0)
    calls.settle(call, Answered("late"), now=11.0)
    assert (call.late, events.take()) == ("late", NEED_DATA)


def test_the_loss_of_a_given_up_call(calls, events):
    timed_out, abandoned = send(calls, Create()), send(calls, Create())
    calls.abandon(abandoned, now=2.0)
    calls.expire(now=10.0)
    calls.connection_lost(LOST, now=11.0, again=True)
    event = events.take()
    assert isinstance(event, AnsweredLate)
    assert type(event.answer) is OutcomeUnknown
    assert abandoned.error is abandoned.late is event.answer
    assert events.take() is NEED_DATA, "the other caller was told already"
    assert type(timed_out.error) is OutcomeUnknown
    assert timed_out.late is None


def test_ending_all_leaves_room_for_late_answers(calls, events):
    call = send(calls, Create())
    calls.end_all(LOST, now=2.0)
    assert type(call.error) is OutcomeUnknown
    calls.end_all(LOST, now=2.0)
    calls.settle(call, Answered("late"), now=1.0)
    assert events.take() == AnsweredLate(call.command, "late")


def test_given_up_calls_are_not_remembered_for_ever(calls, events, monkeypatch):
    monkeypatch.setattr(_calls, "_MOST_GIVEN_UP", 2)
    given_up = [send(calls, Create()) for _ in range(3)]
    for call in given_up:
        calls.abandon(call, now=2.0)
    assert [call.done for call in given_up] == [True, False, False]
    assert events.take().command is given_up[0].command


def test_an_ended_call_is_swept_from_the_deadlines(calls):
    first, second = send(calls, Create(), timeout=5.0), send(calls, Create(), timeout=6.0)
    calls.settle(second, Answered("2"), now=1.0)
    assert calls.next_deadline() == 5.0
    calls.settle(first, Answered("1"), now=1.0)
    assert calls.next_deadline() is None


def test_a_call_in_the_heap_behind_others_that_ended(calls):
    first, second = send(calls, Create(), timeout=5.0), send(calls, Create(), timeout=6.0)
    calls.settle(second, Answered("2"), now=1.0)
    calls.expire(now=7.0)
    assert type(first.error) is OutcomeUnknown
    assert second.result() == "2"


def test_ready_ends_once(calls):
    calls.stand()
    calls.stand()
    calls.end_all(LOST, now=1.0)
    assert (calls.settled(), calls.ready.result()) == ([calls.ready], None)


def test_or_with_the_session(calls):
    calls.end_all(LOST, now=1.0)
    assert (calls.settled(), calls.ready.error) == ([calls.ready], LOST)


def test_an_unclear_end(calls):
    call = send(calls, Create())
    calls.unclear(call, LOST, now=3.0)
    assert type(call.error) is OutcomeUnknown
    assert call.error.cause is LOST
