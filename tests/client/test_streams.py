"""The streams of a machine: numbers never come again, and what is gone stays gone."""

from __future__ import annotations

from hercle_proto._contract import Close, Endpoint, Open
from hercle_proto.client._streams import Streams, earliest

HERE = Endpoint("here", 1)


def test_numbers_grow_and_each_open_has_one_close():
    streams = Streams()
    assert [streams.open(HERE, owner=object()) for _ in range(3)] == [1, 2, 3]
    streams.close(2)
    streams.close(2)
    assert streams.lost(3) is not None
    streams.close(3)
    assert not streams.drained
    assert streams.actions() == [Open(1, HERE), Open(2, HERE), Open(3, HERE), Close(2)]
    assert streams.drained
    assert streams
    streams.close_all()
    assert (streams.actions(), bool(streams)) == ([Close(1)], False)


def test_a_stream_that_is_gone_is_not_handed_over():
    streams = Streams()
    number = streams.open(HERE, owner=object())
    streams.close(number)
    streams.hand_over(number, owner=object())
    assert not streams
    assert streams.owners() == []


def test_the_earliest_of_deadlines_that_may_be_missing():
    assert earliest(None, 3.0, 2.0, None) == 2.0
    assert earliest(None) is None
