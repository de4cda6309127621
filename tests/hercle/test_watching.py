"""What changed between listings, and how often to ask for one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hercle_proto import InvalidArgument, SessionClosed
from hercle_proto.bolt11 import PaymentRequest
from hercle_proto.client import Moment
from hercle_proto.hercle import (
    InvoiceAppeared,
    InvoiceChanged,
    InvoiceClosed,
    InvoiceSnapshot,
    LightningInvoice,
    ListingFailed,
    WaitClosed,
)
from hercle_proto.hercle._polls import Pace
from hercle_proto.hercle._watching import Watcher
from payment_requests import VECTORS, build

NOON = datetime(2026, 5, 7, 12, tzinfo=UTC)


def row(id: str = "a", status: str = "OPEN", **how) -> LightningInvoice:
    return LightningInvoice(id=id, status=status, **{"expires_at": NOON, **how})


def moment(minutes: float | None) -> Moment | None:
    if minutes is None:
        return None
    return Moment(NOON + timedelta(minutes=minutes), timedelta(0))


class Story:
    """A watcher, and listings that come one a second."""

    def __init__(self, *baseline: LightningInvoice) -> None:
        self.watcher = Watcher()
        self.at = 0.0
        self.see(*baseline)
        self.watcher.listen(InvoiceSnapshot(baseline))

    def see(self, *rows: LightningInvoice, asked=None, came=None, at=None) -> None:
        self.at += 1.0
        self.watcher.take(
            InvoiceSnapshot(rows),
            asked_at=self.at if at is None else at,
            asked=moment(asked),
            came=moment(came),
        )

    def news(self) -> list[object]:
        told = []
        while self.watcher.has_news:
            told.append(self.watcher.next_event())
        return told


def test_what_is_there_at_first_is_no_news() -> None:
    story = Story(row(), row("b", "CLOSED"))
    assert story.news() == []
    story.see(row(), row("b", "CLOSED"))
    assert story.news() == []


def test_each_thing_is_told_once() -> None:
    story = Story(row())
    story.see(row(memo="tea"), row("b"))
    assert story.news() == [InvoiceChanged(row(), row(memo="tea")), InvoiceAppeared(row("b"))]
    story.see(row(status="CLOSED"), row("b"))
    assert story.news() == [InvoiceClosed(row(status="CLOSED"), None)]
    story.see(row(status="CLOSED"), row("b"))
    assert story.news() == []


def test_one_that_came_closed_is_told_both() -> None:
    story = Story()
    story.see(row(status="CLOSED"))
    assert story.news() == [
        InvoiceAppeared(row(status="CLOSED")),
        InvoiceClosed(row(status="CLOSED"), None),
    ]


def test_a_listener_that_lags_misses_no_closing() -> None:
    story = Story()
    story.see(row(memo="1"))
    story.see(row(memo="2", status="CLOSED"))
    assert story.watcher.next_event() == InvoiceAppeared(row(memo="2", status="CLOSED"))
    story.see(row(memo="3", status="CLOSED"))
    assert story.news() == [InvoiceClosed(row(memo="3", status="CLOSED"), None)]


def test_one_that_opens_again_is_closed_once_all_the_same() -> None:
    closed = row(status="CLOSED")
    story = Story(closed)
    story.see(row())
    assert story.news() == [InvoiceChanged(closed, row())]
    story.see(closed)
    assert story.news() == [InvoiceChanged(row(), closed)]


def test_one_that_is_missing_for_a_while_is_no_news() -> None:
    story = Story(row())
    story.see()
    story.see(row())
    assert story.news() == []


def test_estimates_are_no_news() -> None:
    story = Story(row())
    story.see(row(amount_preferred_currency_unit="USD"))
    assert story.news() == []


def test_an_older_listing_is_no_news() -> None:
    story = Story(row())
    story.see(row(status="CLOSED"))
    story.see(row(), at=0.5)
    assert story.news() == [InvoiceClosed(row(status="CLOSED"), None)]


def test_nobody_listens() -> None:
    story = Story()
    story.see(row())
    story.watcher.stop()
    assert not story.watcher.listened_to
    story.see(row(), row("b"))
    assert story.news() == []
    assert story.watcher.closing("a") is None


@pytest.mark.parametrize(
    ("open_at", "closed_at", "before_expiry"),
    [
        (-9, -1, True),
        (None, -1, True),
        (-9, -0.5, None),
        (-9, 1, None),
        (1, 2, False),
        (0.4, 2, None),
        (None, None, None),
        (1, None, False),
    ],
)
def test_whether_it_was_before_its_expiry(open_at, closed_at, before_expiry) -> None:
    story = Story()
    story.see(row(), asked=open_at)
    story.see(row(status="CLOSED"), came=closed_at)
    assert story.news()[-1] == InvoiceClosed(row(status="CLOSED"), before_expiry)


def test_one_without_an_end() -> None:
    story = Story()
    story.see(row(status="CLOSED", expires_at=None), came=-1)
    assert story.news()[-1].before_expiry is None


# -- expiry ----------------------------------------------------------------------------------------


def test_expired() -> None:
    assert row().is_expired(at=NOON) is True
    assert row().is_expired(at=NOON - timedelta(seconds=1)) is False
    with pytest.raises(InvalidArgument, match="zone"):
        row().is_expired(at=datetime(2026, 1, 1))  # noqa: DTZ001


def test_what_the_payment_request_tells() -> None:
    text = build(VECTORS["valid"][1])
    request = PaymentRequest.parse(text, require_secret=False)
    told = LightningInvoice(id="a", encoded_payment_request=text)
    assert told.amount_msat == request.amount_msat == 250_000_000
    assert told.is_expired(at=request.expires_at) is True
    assert told.is_expired(at=request.created_at) is False
    nothing = LightningInvoice(id="a", encoded_payment_request="nonsense")
    assert nothing.amount_msat is None
    assert nothing.is_expired(at=NOON) is None


# -- how often -------------------------------------------------------------------------------------

EVEN = b"\x80\0\0\0"


def test_each_row_is_told_before_any_again() -> None:
    story = Story()
    story.see(row("a"), row("b"))
    told = []
    for memo in range(6):
        story.see(row("a", memo=str(memo)), row("b", "CLOSED"))
        told.append(story.watcher.next_event())
    assert [type(event) for event in told[:4]] == [
        InvoiceAppeared,
        InvoiceAppeared,
        InvoiceClosed,
        InvoiceChanged,
    ]


def test_a_change_that_was_taken_back_is_no_news() -> None:
    story = Story(row())
    story.see(row(memo="m"))
    assert story.watcher.has_news
    story.see(row())
    assert not story.watcher.has_news


@pytest.mark.parametrize("first", ["OPEN", "CLOSED"])
def test_of_rows_with_one_id_the_closed_one_counts(first: str) -> None:
    story = Story(row())
    second = "OPEN" if first == "CLOSED" else "CLOSED"
    story.see(row(status=first), row(status=second))
    assert story.news() == [InvoiceClosed(row(status="CLOSED"), None)]


def test_listings_that_were_asked_for_together_may_come_in_any_order() -> None:
    story = Story(row())
    story.see(row(status="CLOSED"), at=5.0)
    story.see(row(), at=5.0)
    assert story.news() == [InvoiceClosed(row(status="CLOSED"), None)]
    story.see(row(), at=6.0)
    assert story.news() == [InvoiceChanged(row(status="CLOSED"), row())], "it was opened again"
    assert story.watcher.closing("a") == InvoiceClosed(row(status="CLOSED"), None)


def test_a_closing_in_an_older_listing_counts() -> None:
    story = Story(row("a"))
    story.see(row("a"), at=5.0)
    story.see(row("a", "CLOSED"), row("b"), at=4.0)
    assert story.news() == [InvoiceClosed(row("a", "CLOSED"), None)]
    assert story.watcher.closing("a") is not None


def test_who_stops_hears_of_no_failure() -> None:
    story = Story()
    story.watcher.failed(ListingFailed(SessionClosed(), 5.0))
    story.watcher.stop()
    assert not story.watcher.has_news


def test_a_baseline_with_one_id_twice() -> None:
    rows = row("a", "CLOSED"), row("a")
    story = Story(*rows)
    story.see(*rows)
    assert story.news() == []


def test_what_came_after_the_baseline_was_asked_for_is_news() -> None:
    story = Story()
    story.watcher.stop()
    story.see(row("a"))
    story.see(row("a", "CLOSED"), row("b"))
    story.watcher.listen(InvoiceSnapshot((row("a"),)))
    assert story.news() == [InvoiceClosed(row("a", "CLOSED"), None), InvoiceAppeared(row("b"))]


@pytest.mark.parametrize("wrong", [None, 5, "", b"a"])
def test_who_waits_names_an_invoice(wrong: object) -> None:
    with pytest.raises(InvalidArgument):
        WaitClosed(wrong)


def test_pace() -> None:
    pace = Pace(lambda n: EVEN[:n])
    assert pace.answered(0.01) == pytest.approx(5.0)
    assert pace.answered(2.0) == pytest.approx(40.0)
    assert [pace.failed() for _ in range(4)] == pytest.approx([80.0, 160.0, 300.0, 300.0])
    assert pace.answered(0.01) == pytest.approx(5.0)
    assert pace.answered(30.0) == pytest.approx(600.0)
    assert pace.not_sent() == pytest.approx(5.0)
    assert pace.failed() == pytest.approx(600.0)


@pytest.mark.parametrize(("drawn", "delay"), [(b"\0" * 4, 4.5), (b"\xff" * 4, 5.5)])
def test_pace_by_chance(drawn: bytes, delay: float) -> None:
    assert Pace(lambda n: drawn).answered(0.0) == pytest.approx(delay)
