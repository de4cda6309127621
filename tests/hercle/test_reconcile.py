"""Which row of a listing an unknown create made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from hercle_proto import InvalidArgument, InvoiceMismatch, OutcomeUnknown, SessionClosed
from hercle_proto.bolt11 import unverified_amount
from hercle_proto.client import ServerClock
from hercle_proto.hercle import (
    Candidates,
    CreatedInvoice,
    CreateLightningInvoice,
    GetLightningInvoices,
    InvoiceSnapshot,
    LightningInvoice,
    NotSeenYet,
    Reconcile,
    Unique,
    UnreadableRow,
)
from hercle_proto.hercle._reconcile import Reconciler

NOON = datetime(2026, 5, 7, 12, tzinfo=UTC)
SENT, LOST, ASKED = 1000.0, 1030.0, 1040.0

TEA = CreateLightningInvoice.for_sats(1000, "tea", client_id="a")
TEA_TOO = attrs.evolve(TEA, client_id="b")
MARKED = attrs.evolve(TEA, memo="tea #abcdefgh", memo_mark=True, mark="abcdefgh")


def unknown(command: CreateLightningInvoice = TEA) -> OutcomeUnknown:
    return OutcomeUnknown(command, sent_at=SENT, ended_at=LOST, cause=SessionClosed())


def row(id: str = "r1", memo: str | None = "tea", sats: int = 1000, at: float = 5.0, **how):
    """Made so many seconds after the send; the prefix says how much."""
    made = None if at is None else NOON + timedelta(seconds=at)
    text = f"lnbc{sats * 10}n1pvjluezpp5qqqsyq"
    assert unverified_amount(text).amount_msat == sats * 1000
    return LightningInvoice(
        id=id, memo=memo, encoded_payment_request=text, created_at=how.get("made", made)
    )


def reconciler(clock: ServerClock | None = None) -> Reconciler:
    if clock is None:
        clock = ServerClock()
        clock.heed(NOON, now=SENT)
    return Reconciler(clock)


def look(books: Reconciler, *rows: LightningInvoice, command=TEA, unreadable=()):
    snapshot = InvoiceSnapshot(rows, unreadable)
    books.note(GetLightningInvoices(), snapshot, now=ASKED)
    return books.look_up(unknown(command), snapshot, asked_at=ASKED)


FITS = {
    "as asked": row(),
    "a memo that looks the same": row(memo=" tea"),
    "at the earliest": row(at=-120.0),
    "at the latest": row(at=30.0 + 600.0),
    "no time": row(made=None),
}
FITS_NOT = {
    "another amount": row(sats=1001),
    "another memo": row(memo="tee"),
    "no memo": row(memo=None),
    "too early": row(at=-121.0),
    "too late": row(at=631.0),
    "no payment request": LightningInvoice(id="x", memo="tea", created_at=NOON),
}


@pytest.mark.parametrize("which", FITS)
def test_a_candidate(which: str) -> None:
    found = look(reconciler(), FITS[which])
    assert found == Candidates(
        (FITS[which],), "amount, memo and time agree, and no mark in the memo tells whose it is"
    )


@pytest.mark.parametrize("which", FITS_NOT)
def test_no_candidate(which: str) -> None:
    found = look(reconciler(), FITS_NOT[which])
    assert found == NotSeenYet(NOON + timedelta(seconds=ASKED - SENT))


def test_candidates_come_oldest_first() -> None:
    found = look(reconciler(), row("new", at=9.0), row("old", at=1.0), row("unknown", made=None))
    assert [each.id for each in found.rows] == ["unknown", "old", "new"]


def test_nobodys_clock_means_any_time() -> None:
    books = reconciler(ServerClock())
    found = look(books, row(at=99999.0))
    assert found.why.startswith("amount and memo agree")
    assert look(books, command=TEA_TOO) == NotSeenYet(None)


def test_rows_that_cannot_be_read_are_told() -> None:
    odd = UnreadableRow(0, "$", "?", b"1")
    assert look(reconciler(), unreadable=(odd,)).unreadable == 1


def test_what_was_seen_before_the_send_is_not_it() -> None:
    books = reconciler()
    books.note(GetLightningInvoices(), InvoiceSnapshot((row(),)), now=SENT - 1)
    assert isinstance(look(books, row()), NotSeenYet)


# -- marks -----------------------------------------------------------------------------------------

HOLDS = row(memo=MARKED.memo, at=99999.0)


def test_a_mark_tells() -> None:
    assert look(reconciler(), row("other"), HOLDS, command=MARKED) == Unique(HOLDS)


def test_a_mark_that_is_not_there() -> None:
    assert isinstance(look(reconciler(), row(), command=MARKED), NotSeenYet)


def test_a_mark_on_another_amount() -> None:
    other = row(memo=MARKED.memo, sats=1)
    found = look(reconciler(), other, command=MARKED)
    assert found == Candidates((other,), "its mark is on another amount")


def test_a_mark_on_several_rows() -> None:
    found = look(reconciler(), HOLDS, row("r2", memo=MARKED.memo), command=MARKED)
    assert found.why == "several rows hold its mark"


# -- nothing is counted twice ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        CreatedInvoice("r1"),
        InvoiceMismatch(CreatedInvoice("r1"), None, {}, command=TEA),
    ],
    ids=["created", "mismatch"],
)
def test_a_late_answer_tells(answer: object) -> None:
    books = reconciler()
    books.note(TEA, answer, now=ASKED)
    assert look(books, row(), row("r2")) == Unique(row())
    assert look(books, row(), command=TEA_TOO) == NotSeenYet(NOON + timedelta(seconds=40))


def test_one_row_for_two_unknown_commands() -> None:
    books = reconciler()
    for command in (TEA, TEA_TOO):
        books.note(command, unknown(command), now=LOST)
    assert look(books, row()).rows == (row(),)
    assert isinstance(look(books, row(), command=TEA_TOO), NotSeenYet)
    assert look(books, row()).rows == (row(),), "asked again"


def test_two_rows_for_two_unknown_commands() -> None:
    books = reconciler()
    for command in (TEA, TEA_TOO):
        books.note(command, unknown(command), now=LOST)
    first = look(books, row("r1", at=1.0), row("r2", at=2.0))
    assert [each.id for each in first.rows] == ["r1"]
    assert first.why.endswith("; 1 more unknown commands ask for the same")
    second = look(books, row("r1", at=1.0), row("r2", at=2.0), command=TEA_TOO)
    assert [each.id for each in second.rows] == ["r2"]
    third = look(books, row("r1", at=1.0), row("r2", at=2.0), row("r3", at=3.0))
    assert [each.id for each in third.rows] == ["r1", "r3"], "what nobody else may want"


def test_a_command_under_way_comes_first() -> None:
    books = reconciler()
    books.sends(TEA_TOO)
    books.sends(GetLightningInvoices())
    assert isinstance(look(books, row()), NotSeenYet)
    books.gave_up(GetLightningInvoices())
    books.gave_up(TEA_TOO)
    books.gave_up(TEA_TOO)
    assert look(books, row()).rows == (row(),)


def test_a_command_that_was_refused_wants_nothing() -> None:
    books = reconciler()
    books.sends(TEA_TOO)
    books.note(TEA_TOO, SessionClosed(), now=ASKED)
    assert look(books, row()).rows == (row(),)


def test_only_creates_are_looked_up() -> None:
    other = OutcomeUnknown(GetLightningInvoices(), sent_at=0.0, ended_at=1.0, cause=SessionClosed())
    with pytest.raises(InvalidArgument, match="CreateLightningInvoice"):
        Reconcile(other)
