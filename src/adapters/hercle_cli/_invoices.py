"""Creating and listing invoices, with every ending told apart."""

from __future__ import annotations

from hercle_adapters.blocking import Session, open_hercle, open_hercle_rest
from hercle_cli._exits import Exit, Failed
from hercle_cli._target import Target
from hercle_proto import AnsweredLate, HercleProtoError, InvoiceMismatch, OutcomeUnknown
from hercle_proto.hercle import (
    CreatedInvoice,
    CreateLightningInvoice,
    GetLightningInvoices,
    InvoiceSnapshot,
)

__all__ = ["create_invoice", "list_invoices"]


def list_invoices(target: Target, *, rest: bool) -> InvoiceSnapshot:
    """All invoices, over SignalR or REST."""
    opening = open_hercle_rest if rest else open_hercle
    with opening(target.key, url=target.url) as session:
        return session.call(GetLightningInvoices())


def create_invoice(target: Target, command: CreateLightningInvoice) -> CreatedInvoice:
    """The new invoice, whatever its verification says.

    Raises `Failed` when interrupted, and what the command ended with.
    """
    session: Session | None = None
    created: CreatedInvoice | None = None
    try:
        with open_hercle(target.key, url=target.url) as session:
            created = session.call(command)
    except KeyboardInterrupt:
        if created is None:
            raise Failed(Exit.INTERRUPTED, _interrupted(session)) from None
    except InvoiceMismatch as mismatch:
        created = mismatch.created
    except HercleProtoError:
        if created is None:  # else only the goodbye went wrong
            raise
    return created


def _interrupted(session: Session | None) -> str:
    """What is known of a create that nobody waited for to the end."""
    if session is None:
        return "interrupted before anything was sent"
    for event in session:
        match event:
            case AnsweredLate(answer=OutcomeUnknown() | InvoiceMismatch() as error):
                return f"interrupted: {error}"
            case AnsweredLate(answer=CreatedInvoice(id=invoice_id)):
                return f"interrupted: invoice {invoice_id} was created; do not create it again"
            case _:
                pass
    return "interrupted: see 'hercle invoice list' before you create the invoice again"
