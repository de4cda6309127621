"""What happened to an invoice, as one line for people or as one object of JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, TypeAlias

from hercle_cli._show import original_amount
from hercle_cli._text import visible
from hercle_proto.hercle import (
    InvoiceAppeared,
    InvoiceChanged,
    InvoiceClosed,
    LightningInvoice,
    to_vendor,
)

__all__ = ["News", "as_line", "as_object"]

News: TypeAlias = InvoiceAppeared | InvoiceChanged | InvoiceClosed


def as_line(news: News, *, at: datetime) -> str:
    """When it was seen, what it is, and the row; a stranger's text is made visible and ends it."""
    invoice = news.invoice
    what, more = _told(news)
    seen = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    row = (invoice.id, invoice.status, original_amount(invoice), more, invoice.memo)
    return "  ".join((seen, f"{what:8}", *(visible(part) for part in row if part)))


def _told(news: News) -> tuple[str, str]:
    match news:
        case InvoiceAppeared():
            return "appeared", ""
        case InvoiceChanged(before=before, invoice=after):
            return "changed", ", ".join(_changed(before, after))
        case InvoiceClosed(before_expiry=before_expiry):
            return "closed", _EXPIRY[before_expiry]


_EXPIRY: Final = {True: "before its expiry", False: "after its expiry", None: ""}


def as_object(news: News, *, show_secrets: bool) -> dict[str, object]:
    """The event's name, the row under the vendor's names, and what the event tells besides."""
    told: dict[str, object] = {"event": type(news).__name__}
    match news:
        case InvoiceAppeared():
            pass
        case InvoiceChanged(before=before):
            told["changed"] = _changed(before, news.invoice)
        case InvoiceClosed(before_expiry=before_expiry):
            told["before_expiry"] = before_expiry
    return {**told, "invoice": to_vendor(news.invoice, show_secrets=show_secrets)}


def _changed(before: LightningInvoice, after: LightningInvoice) -> list[str]:
    """The vendor's names of what differs: no values, for some are secret."""
    names = zip(after.__struct_fields__, after.__struct_encode_fields__, strict=True)
    return [theirs for ours, theirs in names if getattr(before, ours) != getattr(after, ours)]
