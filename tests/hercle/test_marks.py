"""Marks in memos: who gets one, and who keeps it."""

from __future__ import annotations

from random import Random

import attrs
import pytest

from hercle_proto import InvalidArgument
from hercle_proto.hercle import (
    CreateLightningInvoice,
    GetLightningInvoices,
    HercleDialect,
    hercle_rest,
    hercle_session,
    rest_exchange,
)

PLAIN = CreateLightningInvoice.for_sats(1, "tea")
ASKS = CreateLightningInvoice.for_sats(1, "tea", memo_mark=True)


def admitted(command, **options):
    return HercleDialect(entropy=Random(1).randbytes, **options).admit(command)


def test_a_mark_is_eight_characters_at_the_memos_end() -> None:
    command = admitted(ASKS)
    assert len(command.mark) == 8
    assert command.memo == f"tea #{command.mark}"
    assert command.arguments[2] == command.memo


def test_a_mark_alone() -> None:
    command = admitted(CreateLightningInvoice.for_sats(1, memo_mark=True))
    assert command.memo == f"#{command.mark}"


def test_who_gets_one() -> None:
    assert admitted(PLAIN).mark is None
    assert admitted(PLAIN, memo_mark=True).mark
    assert admitted(GetLightningInvoices(), memo_mark=True).client_id


def test_a_command_keeps_its_mark() -> None:
    command = admitted(ASKS)
    assert admitted(command) is command


def test_two_marks_differ() -> None:
    dialect = HercleDialect(entropy=Random(1).randbytes)
    assert dialect.admit(ASKS).mark != dialect.admit(ASKS).mark


def test_a_mark_goes_with_its_memo() -> None:
    command = admitted(ASKS)
    assert attrs.evolve(command, client_id=None).mark == command.mark
    assert attrs.evolve(command, memo=f"cake #{command.mark}").mark == command.mark
    fresh = admitted(attrs.evolve(command, memo="cake", mark=None), memo_mark=True)
    assert fresh.memo == f"cake #{fresh.mark}"


@pytest.mark.parametrize("memo", ["cake", "cake #", "#{} cake", "{}", None])
def test_a_mark_in_another_memo_is_refused(memo: str | None) -> None:
    command = admitted(ASKS)
    changed = memo and memo.format(command.mark)
    with pytest.raises(InvalidArgument, match="make it None if you change the memo"):
        attrs.evolve(command, memo=changed)


def test_an_empty_mark_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="mark"):
        attrs.evolve(PLAIN, memo="tea #", mark="")


def test_a_memo_without_room() -> None:
    with pytest.raises(InvalidArgument, match="639 bytes"):
        admitted(CreateLightningInvoice.for_sats(1, "x" * 630, memo_mark=True))


@pytest.mark.parametrize("opens", [hercle_rest, hercle_session])
def test_a_session_that_marks_all(opens) -> None:
    session = opens("key", entropy=Random(1).randbytes, memo_mark=True)
    session.start(now=0.0)
    assert session.submit(PLAIN, now=0.0).command.mark


def test_an_exchange_has_nothing_to_draw_a_mark_from() -> None:
    with pytest.raises(InvalidArgument, match="memo_mark"):
        rest_exchange(ASKS, "key")
    assert rest_exchange(admitted(ASKS), "key").command == admitted(ASKS)
