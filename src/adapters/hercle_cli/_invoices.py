"""Creating and listing invoices, with every ending told apart."""

from __future__ import annotations

from hercle_adapters.blocking import Session, open_hercle, open_hercle_rest
from hercle_cli._exits import Exit, Failed
from hercle_cli._target import Target
from hercle_proto import AnsweredLate, HercleProtoError, InvalidInvoice, OutcomeUnknown
from hercle_proto.bolt11 import PaymentRequest, unverified_amount
from hercle_proto.hercle import (
    CreatedInvoice,
    CreateLightningInvoice,
    GetLightningInvoices,
    InvoiceSnapshot,
)

__all__ = ["create_invoice", "disagreement", "list_invoices"]


def list_invoices(target: Target, *, rest: bool) -> InvoiceSnapshot:
    """All invoices, over SignalR or REST."""
    opening = open_hercle_rest if rest else open_hercle
    with opening(target.key, url=target.url) as session:
        return session.call(GetLightningInvoices())


def create_invoice(target: Target, command: CreateLightningInvoice) -> CreatedInvoice:
    """The new invoice. Raises `Failed` when interrupted, and what the command ended with."""
    session: Session | None = None
    created: CreatedInvoice | None = None
    try:
        with open_hercle(target.key, url=target.url) as session:
            created = session.call(command)
    except KeyboardInterrupt:
        if created is None:
            raise Failed(Exit.INTERRUPTED, _interrupted(session)) from None
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
            case AnsweredLate(answer=OutcomeUnknown() as unknown):
                return f"interrupted: {unknown}"
            case AnsweredLate(answer=CreatedInvoice(id=invoice_id)):
                return f"interrupted: invoice {invoice_id} was created; do not create it again"
            case _:
                pass
    return "interrupted: see 'hercle invoice list' before you create the invoice again"


def disagreement(command: CreateLightningInvoice, created: CreatedInvoice) -> str | None:
    """How the payment request contradicts what was asked for; None if it does not."""
    text = created.encoded_payment_request or ""
    try:
        amount_msat = PaymentRequest.parse(text, require_secret=False).amount_msat
    except InvalidInvoice:
        prefix = unverified_amount(text)
        if prefix is None:  # nothing can be said of it
            return None
        amount_msat = prefix.amount_msat
    asked_msat = command.amount_sats * 1000
    if amount_msat == asked_msat:
        return None
    found = "no amount" if amount_msat is None else f"{amount_msat:,} msat"
    return f"its payment request is for {found}, where {asked_msat:,} msat were asked for"
