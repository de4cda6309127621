"""An invoice's life in every driver and on both roads, against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from drivers import PATIENCE, Client, Driver
from hercle_proto import NoAnswer, OutcomeUnknown
from hercle_proto.client import Connected, Reconnecting
from hercle_proto.hercle import (
    Candidates,
    CreateLightningInvoice,
    GetLightningInvoices,
    InvoiceAppeared,
    InvoiceClosed,
    NotSeenYet,
    Reconcile,
    StopWatching,
    Unique,
    WaitClosed,
    Watch,
)
from hercle_proto.hercle._polls import Pace
from hercle_sandbox import Running, running_sandbox

ROADS = ("open_hercle", "open_hercle_rest")
WATCHED = (InvoiceAppeared, InvoiceClosed)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with running_sandbox() as running:
        yield running


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Listings come every twentieth of a second; how often they should is tried on virtual time."""
    monkeypatch.setattr(Pace, "LEAST", 0.05)
    monkeypatch.setattr(Pace, "SHARE", 1)


def watched(session: Client, count: int) -> list[object]:
    """So many events of what is watched; others are passed over."""
    found: list[object] = []
    for event in session.events():
        if isinstance(event, WATCHED):
            found.append(event)
            if len(found) == count:
                break
    return found


@pytest.mark.parametrize("road", ROADS)
def test_watching(driver: Driver, sandbox: Running, road: str) -> None:
    with driver.open(lambda by: getattr(by, road)(sandbox.api_key, url=sandbox.url)) as session:
        known = {row.id for row in session.call(Watch()).invoices}
        created = session.call(CreateLightningInvoice.for_sats(21, "watched"))
        assert created.id not in known
        (appeared,) = watched(session, 1)
        sandbox.close_invoice(created.id)
        (closed,) = watched(session, 1)
        session.call(StopWatching())
    assert isinstance(appeared, InvoiceAppeared)
    assert isinstance(closed, InvoiceClosed)
    assert appeared.invoice.id == closed.invoice.id == created.id
    assert appeared.invoice.status == "OPEN"
    assert closed.invoice.status == "CLOSED"
    assert closed.invoice.updated_at is not None
    assert closed.before_expiry is True


def test_watching_across_a_reconnect(driver: Driver, sandbox: Running) -> None:
    with driver.open(lambda by: by.open_hercle(sandbox.api_key, url=sandbox.url)) as session:
        first = session.call(CreateLightningInvoice.for_sats(21, "before"))
        session.call(Watch())
        with pytest.raises(OutcomeUnknown):
            session.call(CreateLightningInvoice.for_sats(22, "fault:drop"))
        sandbox.close_invoice(first.id)
        seen: dict[type, object] = {}
        for event in session.events():
            assert type(event) is Connected or type(event) not in seen, "told twice"
            seen[type(event)] = event
            if {*WATCHED} <= seen.keys():
                break
    appeared, closed = seen[InvoiceAppeared], seen[InvoiceClosed]
    assert Reconnecting in seen
    assert isinstance(appeared, InvoiceAppeared)
    assert isinstance(closed, InvoiceClosed)
    assert appeared.invoice.memo == "fault:drop"
    assert closed.invoice.id == first.id


@pytest.mark.parametrize("road", ROADS)
def test_waiting(driver: Driver, sandbox: Running, road: str) -> None:
    with driver.open(lambda by: getattr(by, road)(sandbox.api_key, url=sandbox.url)) as session:
        created = session.call(CreateLightningInvoice.for_sats(21, "waited for"))
        with pytest.raises(NoAnswer):
            session.call(WaitClosed(created.id), timeout=0.2)
        waiting = session.start(WaitClosed(created.id), timeout=PATIENCE)
        sandbox.close_invoice(created.id)
        assert waiting.result().invoice.id == created.id


def test_finding_what_was_lost(driver: Driver, sandbox: Running) -> None:
    with driver.open(lambda by: by.open_hercle(sandbox.api_key, url=sandbox.url)) as session:
        before = session.call(GetLightningInvoices()).invoices
        for memo_mark, kind in ((True, Unique), (False, Candidates)):
            silent = CreateLightningInvoice.for_sats(23, "fault:silent", memo_mark=memo_mark)
            with pytest.raises(OutcomeUnknown) as unknown:
                session.call(silent, timeout=0.2)
            found = session.call(Reconcile(unknown.value))
            assert isinstance(found, kind)
            assert session.call(Reconcile(unknown.value)) == found
        with pytest.raises(OutcomeUnknown) as unknown:
            session.call(CreateLightningInvoice.for_sats(23, "fault:throw"))
        assert isinstance(session.call(Reconcile(unknown.value)), NotSeenYet)
        after = session.call(GetLightningInvoices()).invoices
    assert len(after) == len(before) + 2, "a look-up creates nothing"
