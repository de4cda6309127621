"""Creating and listing invoices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

from hercle_adapters.blocking import open_hercle, open_hercle_rest
from hercle_cli._calls import Told, carry_out
from hercle_cli._target import Target
from hercle_proto import InvoiceMismatch
from hercle_proto.hercle import (
    CreatedInvoice,
    CreateLightningInvoice,
    GetLightningInvoices,
    InvoiceSnapshot,
    LightningInvoice,
)

__all__ = ["Chosen", "create_invoice", "list_invoices"]


@frozen
class Chosen:
    """Which invoices are listed; None lets all through.

    `status` is any text, in any case. `since` is when an invoice was made at the earliest; one that
    does not tell is let through, for it may fit.
    """

    status: str | None = None
    since: datetime | None = None

    def among(self, invoices: Sequence[LightningInvoice]) -> list[LightningInvoice]:
        """Those that fit."""
        return [invoice for invoice in invoices if self._fits(invoice)]

    def _fits(self, invoice: LightningInvoice) -> bool:
        if self.status is not None and self.status.casefold() != (invoice.status or "").casefold():
            return False
        made_at = invoice.created_at
        return self.since is None or made_at is None or made_at >= self.since


def list_invoices(target: Target, *, rest: bool) -> InvoiceSnapshot:
    """All invoices, over SignalR or REST."""
    opening = open_hercle_rest if rest else open_hercle
    with opening(target.key, url=target.url) as session:
        return session.call(GetLightningInvoices())


def create_invoice(target: Target, command: CreateLightningInvoice) -> CreatedInvoice:
    """The new invoice, whatever its verification says.

    Raises `Failed` when interrupted, and what the command ended with.
    """
    try:
        return carry_out(open_hercle(target.key, url=target.url), command, _INTERRUPTED)
    except InvoiceMismatch as mismatch:
        return mismatch.created


def _created(answer: object) -> str:
    assert isinstance(answer, CreatedInvoice)
    return f"invoice {answer.id} was created; do not create it again"


_INTERRUPTED = Told(
    done=_created, doubtful="see 'hercle invoice list' before you create the invoice again"
)
