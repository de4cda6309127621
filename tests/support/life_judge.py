"""What a session with Hercle says of invoices, overheard and compared with the vendor's books.

What must hold stands where it is looked at, as assertions.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from math import inf
from random import Random
from typing import Any, Final

from hercle_proto import (
    NEED_DATA,
    AnsweredLate,
    Call,
    Event,
    NoAnswer,
    NotSent,
    OutcomeUnknown,
    TimedOut,
)
from hercle_proto.hercle import (
    Bookkeeper,
    Candidates,
    CreateLightningInvoice,
    GetLightningInvoices,
    InvoiceAppeared,
    InvoiceChanged,
    InvoiceClosed,
    LightningInvoice,
    NotSeenYet,
    Reconcile,
    StopWatching,
    Unique,
    WaitClosed,
    Watch,
)
from hercle_proto.hercle._listings import Listing
from life_world import NOON, START, Row, Vendor

__all__ = ["SEEN", "Judge", "Session"]

SEEN: Final[Counter[str]] = Counter()
"""How often what the model is for came about."""


class Inside:
    """The session inside, with what the one around it asks for by itself."""

    def __init__(self, session: Any, judge: Judge) -> None:
        self._session, self._judge = session, judge

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def submit(self, command: Any, *, now: float, timeout: float | None = None) -> Call[Any]:
        call: Call[Any] = self._session.submit(command, now=now, timeout=timeout)
        if isinstance(command, Listing):
            self._judge.asks(now)
        return call


class Session(Bookkeeper):
    """The machine, overheard."""

    def __init__(self, inside: Any, judge: Judge, random: Random) -> None:
        super().__init__(Inside(inside, judge), entropy=random.randbytes)
        self._judge = judge

    def submit(self, command: Any, *, now: float, timeout: float | None = None) -> Call[Any]:
        self._judge.explained = isinstance(command, Watch | Reconcile)
        try:
            call = super().submit(command, now=now, timeout=timeout)
        finally:
            self._judge.explained = False
        self._judge.submitted(call)
        return call

    def settled(self) -> list[Call[Any]]:
        calls = super().settled()
        self._judge.ended(calls)
        return calls

    def next_event(self) -> Any:
        event = super().next_event()
        if event is not NEED_DATA:
            self._judge.hears(event)
        return event


class Judge:
    """What was asked, told and shown so far, and whether all of it may be."""

    def __init__(self, vendor: Vendor, *, rest: bool) -> None:
        self.vendor = vendor
        self.creates = vendor.creates
        self.others: list[Call[Any]] = []
        self.patience: dict[Call[Any], float] = {}  # of waits: when it ends
        self.explained = False
        self.slack = 2.0 if rest else 301.0  # how well the server's clock is known
        self.in_order = True
        """Whether times tell which of two listings is older."""
        self._asked_at = -inf
        self._ended: set[Call[Any]] = set()
        self._owners: dict[Call[Any], Call[Any]] = {}  # whose unknown is looked up
        self._looks_at: dict[Call[Any], float] = {}
        self._there: dict[Call[Any], set[str]] = {}  # what was made when it was asked for
        self._named: dict[str, Call[Any]] = {}  # by answers that came in earlier inputs
        self._shown: dict[str, Call[Any]] = {}
        self._under_way: list[Call[Any]] = []  # as of the input before
        self._first_seen: dict[str, float] = {}
        self.late: Counter[Call[Any]] = Counter()
        self.watching: Call[Any] | None = None
        self.known: dict[str, LightningInvoice] | None = None
        self.closed: set[str] = set()

    # -- calls -------------------------------------------------------------------------------------

    def asks(self, now: float) -> None:
        """The session asks for a listing; by itself it does so every 5 seconds, less a tenth."""
        if not self.explained:
            assert now - self._asked_at >= 4.5 - 1e-6, "listings too near to one another"
            self._asked_at = now

    def submitted(self, call: Call[Any]) -> None:
        match call.command:
            case CreateLightningInvoice(mark=mark):
                assert mark is None or all(mark != each.command.mark for each in self.creates)
                self.creates.append(call)
                return
            case Reconcile(unknown):
                self._there[call] = {*self.vendor.rows}
                self._looks_at[call] = self.vendor.sim.now
                self._owners[call] = next(
                    each for each in self.creates if unknown in (each.error, each.late)
                )
            case Watch():
                self.watching = call
            case StopWatching():
                self.watching = self.known = None
        self.others.append(call)

    def ended(self, calls: list[Call[Any]]) -> None:
        for call in calls:
            if call.command.name == "_Ready":
                continue
            assert call not in self._ended, "a call ended twice"
            self._ended.add(call)
            match call.command:
                case Reconcile() if call.error is None:
                    self._judge(call, self._owners[call], call.result())
                case WaitClosed(id):
                    self._judge_wait(call, id)
                case Watch() | GetLightningInvoices() if call.error is None:
                    for row in call.result().invoices:
                        self._first_seen.setdefault(row.id, self.vendor.sim.now)
                case CreateLightningInvoice():
                    assert call.sent or isinstance(call.error, NotSent)
        self._watched()
        self._under_way = [
            each for each in self.creates if each.sent and not (each.done or each.abandoned)
        ]
        for call in self.creates:
            for answer in (call.late, call.result() if call.done and not call.error else None):
                if (row_id := getattr(answer, "id", None)) is not None:
                    assert self.vendor.rows[row_id].maker is call, "another's answer"
                    if row_id not in self._named and self._shown.get(row_id, call) is not call:
                        SEEN["shown to one, then named for another"] += 1
                    self._named[row_id] = call

    def _judge_wait(self, call: Call[Any], id: str) -> None:
        if call.error is None:
            assert call.result().invoice.id == id
            assert call.result().invoice.status == "CLOSED"
            assert self.vendor.rows[id].closed
            SEEN["waited for a closing"] += 1
        elif isinstance(getattr(call.error, "cause", None), TimedOut):
            assert abs(self.vendor.sim.now - self.patience[call]) < 1e-6
            SEEN["waited in vain"] += 1
        else:
            assert isinstance(call.error, NoAnswer)

    # -- look-ups ----------------------------------------------------------------------------------

    def _judge(self, look: Call[Any], owner: Call[Any], found: object) -> None:
        command, rows = owner.command, self.vendor.rows
        SEEN[type(found).__name__] += 1
        own = [each for each in self._there[look] if rows[each].maker is owner]
        forged = command.mark and any(
            each.memo == command.memo and each.maker is None for each in rows.values()
        )
        if own and self._named.get(own[0]) is owner:
            assert isinstance(found, Unique), "a late answer named it"
            SEEN["named by a late answer"] += 1
        match found:
            case Unique(invoice):
                assert rows[invoice.id].maker is owner, "somebody else's"
                assert command.mark or owner.late is not None, "nothing tells"
            case Candidates(shown):
                assert forged or not command.mark
                self._judge_rows(owner, [rows[each.id] for each in shown])
            case NotSeenYet(as_of):
                assert as_of is not None
                late = (as_of - NOON).total_seconds() + START - self._looks_at[look]
                assert self.vendor.skew or late > -2.0, "it was asked for before"
                assert not own or not command.mark, "it was there"
                if own and self._holder(own[0]) in (None, owner):
                    SEEN["left to one under way"] += 1
                    others = {_kind(each) for each in self._under_way if each is not owner}
                    assert _kind(owner) in others, "it was there, and nobody else's"

    def _judge_rows(self, owner: Call[Any], shown: list[Row]) -> None:
        known = (owner.sent_at - 120.0, _unknown(owner).ended_at + 600.0)
        for row in shown:
            assert (row.sats, row.memo or "") == _kind(owner) or owner.command.mark
            assert self._named.get(row.id, owner) is owner, "an answer named it for another"
            assert self._holder(row.id) in (None, owner), "it was shown to another"
            assert self._first_seen.get(row.id, inf) >= owner.sent_at, "it was there before"
            if not self.vendor.skew and not owner.command.mark:
                assert known[0] - self.slack <= row.made_at <= known[1] + self.slack
        if not owner.command.mark:
            self._judge_share(owner, {row.id for row in shown})
        self._shown.update((row.id, owner) for row in shown)

    def _judge_share(self, owner: Call[Any], shown: set[str]) -> None:
        """Whether enough is left for creates that have made a row, and were shown none."""
        mine = {each for each, to in self._shown.items() if to is owner}
        before = {each for each in mine if self._free(each, owner)}
        free = {each for each in self.vendor.rows if self._free(each, owner)} - before
        new = len(shown - before)
        under_way = lost = 0
        for each in self.creates:
            made = any(self.vendor.rows[row_id].maker is each for row_id in free)
            if made and each is not owner and not _answered(each):
                if each.done or each.abandoned:
                    lost += each not in self._shown.values()
                else:
                    under_way += 1
        SEEN["with others lost"] += bool(lost)
        SEEN["with others under way"] += bool(under_way)
        assert new <= max(0, len(free) - under_way), "nothing is left for what is under way"
        assert new <= max(not before, len(free) - under_way - lost), "nothing is left for the lost"

    def _free(self, id: str, owner: Call[Any]) -> bool:
        row = self.vendor.rows[id]
        return (
            (row.sats, row.memo or "") == _kind(owner)
            and self._named.get(id, owner) is owner
            and self._holder(id) in (None, owner)
        )

    def _holder(self, id: str) -> Call[Any] | None:
        """Whom it was shown to, who still does not know what came of it."""
        holder = self._shown.get(id)
        return None if holder is None or _answered(holder) else holder

    # -- events ------------------------------------------------------------------------------------

    def _watched(self) -> None:
        """Whether there is somebody who knows a listing by now."""
        call = self.watching
        if self.known is None and call is not None and call.done:
            if call.error is not None:
                self.watching = None
                return
            self.known = {row.id: row for row in call.result().invoices}
            self.closed = {row.id for row in call.result().invoices if row.status == "CLOSED"}

    def hears(self, event: Event) -> None:
        SEEN[type(event).__name__] += 1
        if isinstance(event, AnsweredLate):
            (call,) = [each for each in self.creates + self.others if each.command is event.command]
            assert call.late is event.answer
            self.late[call] += 1
            assert self.late[call] == 1, "told twice"
        if not isinstance(event, InvoiceAppeared | InvoiceChanged | InvoiceClosed):
            return
        self._watched()
        assert self.known is not None, "nobody watches"
        told, row = self.known.get(event.invoice.id), event.invoice
        match event:
            case InvoiceAppeared():
                assert told is None, "it had appeared"
            case InvoiceChanged(before):
                assert told is not None
                assert before.updated_at == told.updated_at
                assert before.updated_at != row.updated_at, "nothing that matters changed"
                assert row.status == "CLOSED" or row.id not in self.closed, "open again"
                back = before.updated_at > row.updated_at
                assert not (back and self.in_order), "it was told of a newer one"
            case InvoiceClosed(_, before_expiry):
                assert told is not None
                assert row.id not in self.closed, "it was closed"
                if before_expiry is not None and not self.vendor.skew:
                    SEEN[f"closed before it was over: {before_expiry}"] += 1
                    its = self.vendor.rows[row.id]
                    assert before_expiry == (its.closed_at < its.made_at + 3600.0 * its.hours)
                self.closed.add(row.id)
        self.known[row.id] = row

    def all_told(self) -> bool:
        """Whether who watches knows the vendor's books, and who waits for a closing was told."""
        rows = self.vendor.rows.values()
        if any(self._waits_in_vain(call) for call in self.others):
            return False
        if self.watching is None:
            return True
        return self.known is not None and (
            {row.id for row in rows} == {*self.known}
            and {row.id for row in rows if row.closed} == self.closed
            and all(
                self.known[row.id].updated_at == NOON + timedelta(seconds=row.version)
                for row in rows
            )
        )

    def _waits_in_vain(self, call: Call[Any]) -> bool:
        row = self.vendor.rows.get(getattr(call.command, "id", ""))
        return not call.done and row is not None and row.closed

    def check_endings(self) -> None:
        """Each create ended, its end was told once, and nothing that it made is hidden."""
        for call in self.creates:
            assert call.done
            lost = isinstance(call.error, OutcomeUnknown)
            assert (call.late is not None) <= (lost or call.abandoned)
            assert not (call.abandoned and call.sent) or call.late is not None
            assert self.late[call] == (call.late is not None), "not told, or twice"
            made = [row for row in self.vendor.rows.values() if row.maker is call]
            if made and lost and not _answered(call) and not call.command.mark:
                assert made[0].id in self._shown, "nobody was shown it"
                SEEN["found in the end"] += 1


def _kind(call: Call[Any]) -> tuple[int, str]:
    return call.command.amount_sats, call.command.memo or ""


def _unknown(call: Call[Any]) -> OutcomeUnknown:
    unknown = call.late if isinstance(call.late, OutcomeUnknown) else call.error
    assert isinstance(unknown, OutcomeUnknown)
    return unknown


def _answered(call: Call[Any]) -> bool:
    return call.late is not None and not isinstance(call.late, OutcomeUnknown)
