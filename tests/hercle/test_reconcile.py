"""Which row of a listing an unknown create made."""

from __future__ import annotations

import copy
import gc
import weakref
from datetime import UTC, datetime, timedelta
from math import inf, nan

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hercle_proto import (
    CommandRefused,
    InvalidArgument,
    InvoiceMismatch,
    NotSent,
    OutcomeUnknown,
    SessionClosed,
)
from hercle_proto._contract import Call
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
START = 1000.0

TEA = CreateLightningInvoice.for_sats(1000, "tea", client_id="a")
MARKED = attrs.evolve(TEA, memo="tea #abcdefgh", memo_mark=True, mark="abcdefgh")
AGREE = "amount, memo and time agree, and no mark in the memo tells whose it is"


def row(id: str = "r1", memo: str | None = "tea", sats: int = 1000, at: float = 5.0, **fields):
    """Made so many seconds after the start; the prefix says how much."""
    text = f"lnbc{sats * 10}n1pvjluezpp5qqqsyq"
    assert unverified_amount(text).amount_msat == sats * 1000
    made = {"encoded_payment_request": text, "created_at": NOON + timedelta(seconds=at)}
    return LightningInvoice(id=id, memo=memo, **made | fields)


class Story:
    """Creates, listings and look-ups of one session; times are seconds after the start."""

    def __init__(self, clock: ServerClock | None = None) -> None:
        if clock is None:
            clock = ServerClock()
            clock.heed(NOON, now=START)
        self.clock = clock
        self.books = Reconciler(clock)
        self.last_id = 0

    def submits(self, command=TEA) -> Call:
        self.last_id += 1
        call = Call(command, self.last_id)
        self.books.sends(call)
        return call

    def sends(self, command=TEA, *, at: float = 0.0) -> Call:
        call = self.submits(command)
        call.leaves(now=START + at)
        return call

    def ends(self, call: Call, error, *, at: float = 30.0) -> None:
        call.fail(error)
        self.books.ended(call, now=START + at)

    def loses(self, call: Call, *, at: float = 30.0) -> OutcomeUnknown:
        error = OutcomeUnknown(
            call.command, sent_at=call.sent_at, ended_at=START + at, cause=SessionClosed()
        )
        self.ends(call, error, at=at)
        return error

    def lost(self, command=TEA, *, at: float = 0.0, for_seconds: float = 30.0) -> OutcomeUnknown:
        return self.loses(self.sends(command, at=at), at=at + for_seconds)

    def abandons(self, call: Call, *, at: float = 30.0) -> None:
        call.abandoned = True
        self.books.ended(call, now=START + at)

    def lists(self, *rows: LightningInvoice, at: float) -> None:
        self.books.saw(InvoiceSnapshot(rows), now=START + at)

    def looks(self, unknown: OutcomeUnknown, *rows, at: float = 40.0, unreadable=()):
        snapshot = InvoiceSnapshot(rows, unreadable)
        self.books.saw(snapshot, now=START + at)
        return self.books.look_up(unknown, snapshot, asked_at=START + at)

    def shows(self, unknown: OutcomeUnknown, *rows, at: float = 40.0) -> list[str]:
        """The ids of what may be its invoice."""
        return ids(self.looks(unknown, *rows, at=at))


def ids(found) -> list[str]:
    match found:
        case Candidates(rows):
            return [each.id for each in rows]
        case Unique(invoice):
            return [invoice.id]
        case _:
            return []


def refused(call: Call) -> CommandRefused:
    return CommandRefused(call.command, "no")


def mismatch(id: str) -> InvoiceMismatch:
    return InvoiceMismatch(CreatedInvoice(id), None, {}, command=TEA)


# -- one row and one create ------------------------------------------------------------------------

FITS = {
    "as asked": row(),
    "a memo that looks the same": row(memo=" tea"),
    "at the earliest": row(at=-120.0),
    "at the latest": row(at=30.0 + 600.0),
    "no time": row(created_at=None),
}
FITS_NOT = {
    "another amount": row(sats=1001),
    "another memo": row(memo="tee"),
    "no memo": row(memo=None),
    "too early": row(at=-121.0),
    "too late": row(at=631.0),
}


@pytest.mark.parametrize("which", FITS)
def test_a_candidate(which: str) -> None:
    story = Story()
    assert story.looks(story.lost(), FITS[which]) == Candidates((FITS[which],), AGREE)


@pytest.mark.parametrize("which", FITS_NOT)
def test_no_candidate(which: str) -> None:
    story = Story()
    found = story.looks(story.lost(), FITS_NOT[which])
    assert found == NotSeenYet(NOON + timedelta(seconds=40))


def test_an_amount_that_cannot_be_read_may_be_it() -> None:
    story = Story()
    unreadable = row(encoded_payment_request=None)
    found = story.looks(story.lost(), unreadable)
    assert found == Candidates(
        (unreadable,), AGREE.replace(" agree", " (where it can be read) agree")
    )
    marked = row(memo=MARKED.memo, encoded_payment_request=None)
    story = Story()
    found = story.looks(story.lost(MARKED), marked)
    assert found == Candidates((marked,), "its mark is on an amount that cannot be read")


def test_candidates_come_oldest_first() -> None:
    story = Story()
    rows = row("new", at=9.0), row("old", at=1.0), row("unknown", created_at=None)
    assert story.shows(story.lost(), *rows) == ["unknown", "old", "new"]


def test_rows_that_cannot_be_read_are_told() -> None:
    story = Story()
    odd = UnreadableRow(0, "$", "?", b"1")
    assert story.looks(story.lost(), unreadable=(odd,)).unreadable == 1


def test_what_was_seen_before_the_send_is_not_it() -> None:
    story = Story()
    story.lists(row(), at=-1.0)
    assert story.shows(story.lost(), row()) == []


def test_a_row_listed_twice_is_one_and_closed() -> None:
    story = Story()
    closed = row(memo=MARKED.memo, status="CLOSED")
    opened = row(memo=MARKED.memo, status="OPEN")
    assert story.looks(story.lost(MARKED), opened, closed, opened) == Unique(closed)


# -- clocks ----------------------------------------------------------------------------------------


def test_nobodys_clock_means_any_time() -> None:
    story = Story(ServerClock())
    found = story.looks(story.lost(), row(at=99999.0))
    assert found.why.startswith("amount and memo agree")
    assert story.looks(story.lost()) == NotSeenYet(None)


@pytest.mark.parametrize("jump", [-3600.0, -900.0, 900.0, 3600.0, 3 * 3600.0])
@pytest.mark.parametrize("known_again_at", ["loss", "look-up"])
def test_a_clock_that_jumps_hides_nothing(jump: float, known_again_at: str) -> None:
    story = Story()
    call = story.sends()
    if known_again_at == "look-up":
        unknown = story.loses(call)
    story.clock.heed(NOON + timedelta(seconds=30.0 + jump), now=START + 30.0)
    if known_again_at == "loss":
        unknown = story.loses(call)
    assert story.shows(unknown, row()) == ["r1"], "made before the jump"
    assert story.shows(unknown, row(), row("r2", at=20.0 + jump)) == (
        ["r1", "r2"] if jump > 0 else ["r2", "r1"]
    ), "made after it"


def test_a_clock_that_was_right_for_a_while() -> None:
    story = Story()
    call = story.sends()
    story.clock.heed(NOON + timedelta(hours=2), now=START)
    unknown = story.loses(call)
    story.clock.heed(NOON, now=START)
    assert story.shows(unknown, row(at=2 * 3600.0 + 25.0)) == ["r1"]


def test_a_row_once_shown_stays_shown() -> None:
    story = Story()
    unknown = story.lost()
    story.clock.heed(NOON + timedelta(hours=9), now=START)
    late = row("r2", at=9 * 3600.0)
    assert story.shows(unknown, late) == ["r2"]
    story.clock.heed(NOON, now=START)
    assert story.shows(unknown, late) == ["r2"]


# -- marks -----------------------------------------------------------------------------------------

HOLDS = row(memo=MARKED.memo, at=99999.0)


@pytest.mark.parametrize("memo", ["tea #abcdefgh", " tea  #abcdefgh\n", "t&amp;a #abcdefgh"])
def test_a_mark_tells(memo: str) -> None:
    story = Story()
    marked = row(memo=memo, at=99999.0)
    assert story.looks(story.lost(MARKED), row("other"), marked) == Unique(marked)


@pytest.mark.parametrize("memo", ["tea", "tea #abcdefgi", "#abcdefgh tea", "tea abcdefgh", None])
def test_a_mark_that_is_not_there(memo: str | None) -> None:
    story = Story()
    assert story.shows(story.lost(MARKED), row(memo=memo)) == []


def test_a_mark_on_another_amount() -> None:
    story = Story()
    other = row(memo=MARKED.memo, sats=1)
    found = story.looks(story.lost(MARKED), other)
    assert found == Candidates((other,), "its mark is on another amount")


def test_a_mark_on_several_rows() -> None:
    story = Story()
    found = story.looks(story.lost(MARKED), HOLDS, row("r2", memo=MARKED.memo))
    assert found.why == "several rows hold its mark"


SAME_MEMO = {
    "the same command again": attrs.evolve(MARKED, client_id="b"),
    "its memo copied": attrs.evolve(MARKED, client_id="b", memo_mark=False, mark=None),
}


@pytest.mark.parametrize("which", SAME_MEMO)
def test_a_mark_that_two_commands_hold_tells_nothing(which: str) -> None:
    story = Story()
    first, second = story.lost(MARKED), story.lost(SAME_MEMO[which])
    marked = row(memo=MARKED.memo)
    found = story.looks(first, marked)
    assert found.why == (
        "another command may have made the row that holds its mark; "
        "1 more unknown commands ask for the same"
    )
    assert story.shows(second, marked) == []
    later = row("r2", memo=MARKED.memo)
    found = story.looks(second, marked, later)
    assert isinstance(found, Candidates), "r1 may be the second one's, and r2 the first one's"
    assert ids(found) == ["r2"]


def test_a_mark_that_was_seen_before_a_second_command_held_it() -> None:
    story = Story()
    first = story.lost(MARKED)
    marked = row(memo=MARKED.memo)
    story.lists(marked, at=40.0)
    second = story.lost(SAME_MEMO["the same command again"], at=50.0)
    assert story.shows(second, marked, at=90.0) == []
    assert story.looks(first, marked, at=90.0) == Unique(marked)


# -- what others are surely not, and what they may be ----------------------------------------------


def answered_late(story: Story) -> None:
    call = story.sends()
    story.loses(call)
    call.late = CreatedInvoice("r9")


def refused_late(story: Story) -> None:
    call = story.sends()
    story.loses(call)
    call.late = refused(call)


def abandoned_and_refused(story: Story) -> None:
    call = story.sends()
    story.abandons(call)
    call.fail(refused(call))
    call.late = call.error


def not_sent(story: Story) -> None:
    call = story.submits()
    story.ends(call, NotSent(TEA, cause=SessionClosed()))


def abandoned_before_it_was_sent(story: Story) -> None:
    call = story.submits()
    call.abandoned = True
    story.ends(call, NotSent(TEA, cause=SessionClosed()))


def refused_at_once(story: Story) -> None:
    call = story.sends()
    story.ends(call, refused(call))


def sent_after_all_was_seen(story: Story) -> None:
    story.lists(row(), row("r2"), at=35.0)
    story.sends(at=36.0)


def lost_after_all_was_seen(story: Story) -> None:
    story.lists(row(), row("r2"), at=35.0)
    story.lost(at=36.0)


MAKES_NONE = {
    "a listing": lambda story: story.ends(story.sends(GetLightningInvoices()), SessionClosed()),
    "another amount": lambda story: story.lost(attrs.evolve(TEA, amount_btc=TEA.amount_btc * 2)),
    "another memo": lambda story: story.lost(attrs.evolve(TEA, memo="tee")),
    "a mark": lambda story: story.lost(MARKED),
    "not sent yet": Story.submits,
    "not sent": not_sent,
    "abandoned before it was sent": abandoned_before_it_was_sent,
    "refused": refused_at_once,
    "refused late": refused_late,
    "abandoned, refused late": abandoned_and_refused,
    "answered late": answered_late,
    "lost four days ago": lambda story: story.lost(at=-4 * 86400.0),
    "abandoned four days ago": lambda story: story.abandons(
        story.sends(at=-4 * 86400.0), at=-4 * 86400.0 + 30.0
    ),
    "sent after all was seen": sent_after_all_was_seen,
    "lost after all was seen": lost_after_all_was_seen,
}


@pytest.mark.parametrize("which", MAKES_NONE)
def test_a_create_that_surely_made_neither_hides_neither(which: str) -> None:
    story = Story()
    unknown = story.lost()
    MAKES_NONE[which](story)
    assert story.looks(unknown, row(), row("r2")) == Candidates((row(), row("r2")), AGREE)


MAY_HAVE_MADE = {
    "lost": (Story.lost, ["r1"]),
    "abandoned": (lambda story: story.abandons(story.sends()), ["r1"]),
    "under way": (Story.sends, ["r1"]),
}


@pytest.mark.parametrize("which", MAY_HAVE_MADE)
def test_a_create_that_may_have_made_one_is_left_one(which: str) -> None:
    happens, shown = MAY_HAVE_MADE[which]
    story = Story()
    unknown = story.lost()
    happens(story)
    assert story.shows(unknown, row(), row("r2")) == shown


def test_a_command_under_way_comes_first() -> None:
    story = Story()
    unknown, call = story.lost(), story.sends()
    assert story.shows(unknown, row()) == []
    story.abandons(call)
    assert story.shows(unknown, row()) == ["r1"]


# -- nothing is counted twice ----------------------------------------------------------------------


def test_an_answered_creates_row_is_its_own() -> None:
    story = Story()
    unknown, call = story.lost(), story.sends()
    call.answer(CreatedInvoice("r1"))
    story.books.ended(call, now=START + 30.0)
    assert story.shows(unknown, row()) == []


def test_equal_commands_may_make_two_invoices() -> None:
    story = Story()
    call = story.sends(at=-500.0)
    call.answer(CreatedInvoice("r1"))
    story.books.ended(call, now=START - 499.0)
    assert story.shows(story.lost(), row()) == []
    first, second = story.lost(), story.lost(at=1.0)
    assert story.shows(first, row("r2")) == ["r2"]
    assert story.shows(second, row("r2")) == []


def test_one_row_for_two_unknown_commands() -> None:
    story = Story()
    first, second = story.lost(), story.lost()
    assert story.shows(first, row()) == ["r1"]
    assert story.shows(second, row()) == []
    assert story.shows(first, row()) == ["r1"], "asked again"


def test_two_rows_for_two_unknown_commands() -> None:
    story = Story()
    first, second = story.lost(), story.lost(at=1.0)
    rows = row("r1", at=1.0), row("r2", at=2.0)
    found = story.looks(first, *rows)
    assert ids(found) == ["r1"]
    assert found.why == f"{AGREE}; 1 more unknown commands ask for the same"
    assert story.looks(second, *rows) == Candidates((rows[1],), AGREE)
    assert story.shows(first, *rows, row("r3", at=3.0)) == ["r1", "r3"], "nobody else may want it"


def test_rows_go_to_whom_they_suit() -> None:
    """The earlier one can have made only the first row, the later one both."""
    story = Story()
    early, late = story.lost(at=0.0), story.lost(at=660.0)
    rows = row("r1", at=600.0), row("r2", at=700.0)
    assert story.shows(late, *rows, at=800.0) == ["r2"]
    assert story.shows(early, *rows, at=800.0) == ["r1"]


def test_who_was_shown_one_leaves_the_others_theirs() -> None:
    """Of the two others the first can have made both rows, the second only the newer."""
    story = Story()
    unknown = story.lost(for_seconds=60.0)
    assert story.shows(unknown, row(), at=61.0) == ["r1"]
    story.lost(at=65.0)
    story.lost(at=740.0)
    rows = row(), row("r2", at=610.0), row("r3", at=630.0)
    assert story.shows(unknown, *rows, at=800.0) == ["r1"]
    assert story.shows(unknown, *rows, row("r4", at=620.0), at=800.0) == ["r1", "r2"]


def test_who_lost_what_was_shown_is_left_another() -> None:
    story = Story()
    call = story.sends()
    story.loses(call)
    other, unknown = story.lost(), story.lost()
    assert story.shows(other, row()) == ["r1"]
    call.late = CreatedInvoice("r1")
    rows = row(), row("r2"), row("r3")
    assert story.shows(unknown, *rows) == ["r2"]
    assert story.shows(other, *rows) == ["r3"]


def test_what_surely_ended_costs_no_memory() -> None:
    story = Story()
    command = attrs.evolve(TEA)
    still_there = weakref.ref(command)
    call = story.sends(command)
    call.answer(CreatedInvoice("r1"))
    story.books.ended(call, now=START + 30.0)
    del command, call
    gc.collect()
    assert still_there() is None


def test_a_late_answer_tells() -> None:
    story = Story()
    call = story.sends()
    unknown, other = story.loses(call), story.lost()
    assert story.shows(unknown, row(), row("r2", at=6.0)) == ["r1"]
    call.late = CreatedInvoice("r2")
    assert story.looks(unknown, row(), row("r2", at=6.0)) == Unique(row("r2", at=6.0))
    assert story.shows(other, row(), row("r2", at=6.0)) == ["r1"], "it was the other one's"


def test_a_late_answer_takes_a_row_from_whom_it_was_shown_to() -> None:
    story = Story()
    call = story.sends()
    unknown, other = story.loses(call), story.lost()
    assert story.shows(other, row()) == ["r1"]
    call.late = CreatedInvoice("r1")
    assert story.looks(unknown, row()) == Unique(row())
    assert story.shows(other, row()) == []


def test_a_late_answer_tells_of_what_is_not_listed() -> None:
    story = Story()
    call = story.sends()
    unknown = story.loses(call)
    call.late = CreatedInvoice("r1", expires_at=NOON, encoded_payment_request="lnbc1")
    assert story.looks(unknown, row("r2")) == Unique(
        LightningInvoice(id="r1", expires_at=NOON, encoded_payment_request="lnbc1")
    )


def test_a_late_mismatch_is_its_own_and_for_a_person() -> None:
    story = Story()
    call = story.sends()
    unknown = story.loses(call)
    call.late = mismatch("r1")
    found = story.looks(unknown, row(), row("r2"))
    assert ids(found) == ["r1"]
    assert found.why.startswith("Invoice r1 exists; do not create it again")


def test_a_late_refusal_frees_what_was_shown() -> None:
    story = Story()
    call = story.sends()
    unknown, other = story.loses(call), story.lost()
    assert story.shows(unknown, row()) == ["r1"]
    call.late = refused(call)
    assert story.shows(unknown, row()) == []
    assert story.shows(other, row()) == ["r1"]


def test_an_abandoned_create_whose_end_is_unknown_can_be_looked_up() -> None:
    story = Story()
    call = story.sends()
    story.abandons(call)
    unknown = OutcomeUnknown(TEA, sent_at=START, ended_at=START + 35.0, cause=SessionClosed())
    call.fail(unknown)
    call.late = unknown
    assert story.looks(unknown, row()) == Candidates((row(),), AGREE)


# -- unknowns that are not this session's ----------------------------------------------------------


def stranger(command=TEA, *, sent_at: float = START, ended_at: float = START) -> OutcomeUnknown:
    return OutcomeUnknown(command, sent_at=sent_at, ended_at=ended_at, cause=SessionClosed())


@pytest.mark.parametrize("sent_at", [1.8e9, 1.7e12, 1e300])
def test_times_of_another_clock_mean_any_time(sent_at: float) -> None:
    found = Story().looks(stranger(sent_at=sent_at, ended_at=sent_at), row(at=-99999.0))
    assert ids(found) == ["r1"]
    assert found.why.startswith("amount and memo agree")


def test_a_mark_tells_in_any_session() -> None:
    story = Story()
    story.lists(HOLDS, at=-9.0)
    assert story.looks(stranger(MARKED), HOLDS) == Unique(HOLDS)


def test_a_mark_that_another_session_sent_too_tells_nothing() -> None:
    story = Story()
    call = story.sends(MARKED)
    first, second = row("r1", memo=MARKED.memo), row("r2", memo=MARKED.memo)
    assert isinstance(story.looks(stranger(MARKED), first), NotSeenYet), "ours may come"
    unknown = story.loses(call)
    assert story.shows(stranger(MARKED), first) == ["r1"]
    assert story.looks(unknown, first, second) == Candidates(
        (second,), "another command may have made the row that holds its mark"
    )


def test_a_copy_is_the_same() -> None:
    story = Story()
    ours, theirs = story.lost(), stranger()
    rows = row("r1", at=1.0), row("r2", at=2.0)
    for unknown, shown in ((ours, ["r1", "r2"]), (theirs, [])):
        again = stranger(copy.copy(TEA), sent_at=unknown.sent_at, ended_at=unknown.ended_at)
        assert story.shows(unknown, *rows) == shown
        assert story.shows(again, *rows) == shown
    assert story.shows(theirs, *rows, row("r3")) == ["r3"]
    assert story.shows(stranger(), *rows, row("r3")) == ["r3"]


@pytest.mark.parametrize("seconds", [0, -1.5, 1.7e12, 10**400])
def test_what_can_be_looked_up(seconds: float) -> None:
    unknown = stranger(sent_at=seconds, ended_at=seconds)
    assert Reconcile(unknown).unknown is unknown
    assert Story().shows(unknown) == []


TIMELESS = {"not a number": (nan, 1.0), "no end": (1.0, inf), "no start": (-inf, 1.0)}


@pytest.mark.parametrize("which", TIMELESS)
def test_times_must_be_finite(which: str) -> None:
    sent_at, ended_at = TIMELESS[which]
    with pytest.raises(InvalidArgument, match="finite"):
        Reconcile(stranger(sent_at=sent_at, ended_at=ended_at))


@pytest.mark.parametrize(
    "unknown", [None, "x", TEA, SessionClosed(), stranger(GetLightningInvoices())]
)
def test_only_unknown_creates_are_looked_up(unknown) -> None:
    with pytest.raises(InvalidArgument, match="OutcomeUnknown of a CreateLightningInvoice"):
        Reconcile(unknown)


# -- any story -------------------------------------------------------------------------------------

WORDS = {
    "tea": TEA,
    "dearer tea": attrs.evolve(TEA, amount_btc=TEA.amount_btc * 2),
    "a mark": MARKED,
    "its memo": SAME_MEMO["its memo copied"],
    "another mark": attrs.evolve(MARKED, memo="tea #abcdefgh", mark="abcdefgh"),
}
FATES = {
    # whether it is made, how its caller's waiting ends, what comes late
    "answered": (True, "answer", None),
    "refused": (False, "refusal", None),
    "not sent": (False, "not sent", None),
    "lost, made": (True, "loss", None),
    "lost, not made": (False, "loss", None),
    "lost, answered late": (True, "loss", "answer"),
    "lost, refused late": (False, "loss", "refusal"),
    "abandoned, made": (True, "abandoned", None),
    "abandoned, not made": (False, "abandoned", None),
    "abandoned, answered late": (True, "abandoned", "answer"),
    "abandoned, refused late": (False, "abandoned", "refusal"),
}
THE_END = 5000.0


@attrs.frozen
class Plan:
    """What happens to a create; times are whole seconds, and follow each other."""

    words: str
    fate: str
    sent_at: int
    made_after: int
    lasts: int
    late_after: int


plans = st.builds(
    Plan,
    words=st.sampled_from([*WORDS, "tea", "tea"]),
    fate=st.sampled_from([*FATES]),
    sent_at=st.integers(0, 60) | st.integers(0, 900),
    made_after=st.integers(0, 5) | st.integers(0, 600),
    lasts=st.integers(1, 30),
    late_after=st.integers(1, 900),
)
looks = st.lists(st.tuples(st.integers(0, 1800), st.integers(0, 7)), max_size=20)


class AnyStory(Story):
    """Carries plans out, and holds every look-up against the truth."""

    def __init__(self, clock: ServerClock | None) -> None:
        super().__init__(clock)
        self.rows: list[LightningInvoice] = []
        self.maker: dict[str, Call] = {}
        self.calls: list[Call] = []
        self.shown: dict[str, Call] = {}  # by the id of the row, who saw it last
        self.happenings: list[tuple[float, int, object]] = []

    def at(self, time: float, happens) -> None:
        self.happenings.append((time, len(self.happenings), happens))

    def runs(self) -> None:
        for _, _, happens in sorted(self.happenings, key=lambda each: each[:2]):
            happens()

    def plans(self, plan: Plan) -> None:
        made, ends, late = FATES[plan.fate]
        call = self.submits(attrs.evolve(WORDS[plan.words], client_id=f"c{self.last_id}"))
        self.calls.append(call)
        if ends != "not sent":
            self.at(plan.sent_at, lambda: call.leaves(now=START + plan.sent_at))
        ended_at = plan.sent_at + plan.lasts
        at_most = plan.lasts - 1 if ends == "answer" else plan.made_after
        made_at = plan.sent_at + min(plan.made_after, at_most)
        if made:
            self.at(made_at, lambda: self.makes(call, made_at))
        self.at(ended_at, lambda: self.ends_as(call, ends, ended_at))
        if late:
            self.at(max(made_at, ended_at) + plan.late_after, lambda: self.late(call, late))

    def makes(self, call: Call | None, at: float) -> None:
        command = TEA if call is None else call.command
        made = f"r{len(self.rows)}"
        self.rows.append(row(made, command.memo, command.amount_sats, at))
        if call is not None:
            self.maker[made] = call

    def made_by(self, call: Call) -> str:
        return next(made for made, maker in self.maker.items() if maker is call)

    def ends_as(self, call: Call, how: str, at: float) -> None:
        match how:
            case "answer":
                call.answer(CreatedInvoice(self.made_by(call)))
                self.books.ended(call, now=START + at)
            case "refusal":
                self.ends(call, refused(call), at=at)
            case "not sent":
                self.ends(call, NotSent(call.command, cause=SessionClosed()), at=at)
            case "loss":
                self.loses(call, at=at)
            case _:
                self.abandons(call, at=at)

    def late(self, call: Call, how: str) -> None:
        answer = CreatedInvoice(self.made_by(call)) if how == "answer" else refused(call)
        if not call.done and how == "answer":
            call.answer(answer)
        elif not call.done:
            call.fail(answer)
        call.late = answer

    def tries(self, number: int, at: float) -> None:
        """Look one up, if it is unknown; else there is a listing all the same."""
        call = self.calls[number % len(self.calls)]
        if not isinstance(call.error, OutcomeUnknown):
            self.lists(*self.rows, at=at)
            return
        found = self.looks(call.error, *self.rows, at=at)
        if isinstance(found, Unique):
            assert self.maker[found.invoice.id] is call
        for each in ids(found):
            before = self.shown.get(each, call)
            answered = self.maker.get(each) is call and call.late is not None
            assert before is call or answered or before.late is not None, "two were shown one row"
            assert not self.is_named(each) or answered, "shown what another one's answer named"
            self.shown[each] = call

    def is_named(self, id: str) -> bool:
        """Whether an answer named it."""
        maker = self.maker.get(id)
        if maker is None or not maker.done:
            return False
        return isinstance(maker.late, CreatedInvoice) or maker.error is None

    def comes_to_its_end(self) -> None:
        """The session is over, nothing is under way, and each unknown create is looked up twice."""
        for call in self.calls:
            if not call.done:
                error = stranger(call.command, sent_at=call.sent_at, ended_at=START + THE_END)
                call.fail(error)
                call.late = error
        for number in [*range(len(self.calls))] * 2:
            self.tries(number, THE_END)
        for made, maker in self.maker.items():
            if not self.is_named(made) and maker.command.mark is None:
                shown_to = self.shown[made].command
                assert (shown_to.memo, shown_to.amount_btc) == (
                    maker.command.memo,
                    maker.command.amount_btc,
                )


@settings(max_examples=500)
@given(
    st.lists(plans, min_size=1, max_size=8),
    looks,
    st.lists(st.integers(0, 1500), max_size=4),
    st.booleans(),
)
def test_any_story(
    created: list[Plan], looked: list[tuple[int, int]], others: list[int], dated: bool
) -> None:
    """A row is nobody's twice, what is sure is true, and what was made is shown in the end."""
    story = AnyStory(None if dated else ServerClock())
    for plan in created:
        story.plans(plan)
    for time in others:
        story.at(time, lambda time=time: story.makes(None, time))
    for time, number in looked:
        story.at(time, lambda time=time, number=number: story.tries(number, time))
    story.runs()
    story.comes_to_its_end()
