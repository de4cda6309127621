"""Records out of payloads: any cut, the limit, and how much is looked at."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuts import CUTS, any_cut
from hercle_proto import MessageTooLarge
from hercle_proto.hub._records import RecordBuffer

RS = 0x1E


def buffer(limit: int = 100_000) -> RecordBuffer:
    return RecordBuffer(limit, "max_message_bytes")


def drain(records: RecordBuffer) -> list[bytes]:
    taken = []
    while (record := records.next()) is not None:
        taken.append(bytes(record))
    return taken


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize(
    ("data", "expected", "inside"),
    [
        (b"", [], False),
        (b"\x1e", [b""], False),
        (b"a\x1e", [b"a"], False),
        (b"a\x1eb\x1e", [b"a", b"b"], False),
        (b"a\x1e\x1e\x1eb", [b"a", b"", b""], True),
        (b"ab", [], True),
        (b"x" * 5000 + b"\x1e" + b"y" * 5000 + b"\x1ez", [b"x" * 5000, b"y" * 5000], True),
    ],
    ids=["nothing", "empty", "one", "two", "rest", "incomplete", "large"],
)
def test_records(
    data: bytes, expected: list[bytes], inside: bool, cut: Callable[[bytes], list[bytes]]
) -> None:
    eager, lazy = buffer(), buffer()
    taken = []
    for piece in cut(data):
        eager.feed(piece)
        taken += drain(eager)
        lazy.feed(bytearray(piece))
    assert taken == drain(lazy) == expected
    assert eager.inside_record is lazy.inside_record is inside


@given(st.data())
def test_any_cut_gives_the_same_records(data: st.DataObject) -> None:
    expected = data.draw(st.lists(st.text("ab", max_size=9000).map(str.encode), max_size=4))
    pieces = data.draw(any_cut(b"".join(record + b"\x1e" for record in expected)))
    records, taken = buffer(), []
    for piece in pieces:
        records.feed(piece)
        if data.draw(st.booleans()):
            taken += drain(records)
    assert taken + drain(records) == expected
    assert not records.inside_record


def test_a_large_record_in_one_payload_is_not_copied() -> None:
    payload = b"x" * 100_000 + b"\x1e"
    records = buffer(200_000)
    records.feed(payload)
    record = records.next()
    assert isinstance(record, memoryview)
    assert record.obj is payload


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_the_limit_counts_a_record_with_its_separator(
    cut: Callable[[bytes], list[bytes]],
) -> None:
    at_limit, over = b"x" * 9 + b"\x1e", b"x" * 10 + b"\x1e"
    records = buffer(10)
    for piece in cut(at_limit * 3):
        records.feed(piece)
    assert len(drain(records)) == 3
    for piece in cut(over):
        records.feed(piece)
    with pytest.raises(MessageTooLarge, match="'max_message_bytes'") as caught:
        records.next()
    assert (caught.value.size, caught.value.limit) == (11, 10)


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_a_record_that_never_ends_is_refused_at_the_limit(
    cut: Callable[[bytes], list[bytes]],
) -> None:
    records = buffer(10)
    for piece in cut(b"x" * 9):
        records.feed(piece)
    assert records.next() is None
    records.feed(b"x")
    with pytest.raises(MessageTooLarge):
        records.next()


def test_no_byte_is_searched_twice() -> None:
    """The buffer asks each payload for separators only from where it has not looked."""
    searched = 0

    class Counting(bytes):
        def find(self, needle: int, start: int = 0) -> int:  # type: ignore[override]  # one use
            nonlocal searched
            end = super().find(needle, start)
            searched += (end + 1 if end >= 0 else len(self)) - start
            return end

    data = (b"x" * 97 + b"\x1e") * 20 + b"x" * 3000
    records = buffer()
    for i in range(0, len(data), 7):
        records.feed(Counting(data[i : i + 7]))
        drain(records)
    assert searched == len(data)


def test_clear_drops_everything() -> None:
    records = buffer()
    for payload in (b"ab", b"c\x1ed", b"e"):
        records.feed(payload)
    records.next()
    records.clear()
    assert records.next() is None
    assert not records.inside_record
