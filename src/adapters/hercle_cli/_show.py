"""Invoices for people. All text is escaped; rich is never given markup."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import segno
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hercle_cli._text import visible
from hercle_proto.hercle import CreatedInvoice, CreateLightningInvoice, LightningInvoice

__all__ = ["console", "moment", "show_created", "show_fields", "show_list", "show_qr"]

_LABEL_WIDTH: Final = 17
_UNBOUNDED: Final = 10_000
"""Columns of what is no terminal: nothing is cut that a program reads."""


def console() -> Console:
    """A console that takes text as text."""
    width = None if sys.stdout.isatty() else _UNBOUNDED
    return _Console(width=width, markup=False, emoji=False, highlight=False)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError("nobody reads the output")  # rich would exit


def show_created(command: CreateLightningInvoice, created: CreatedInvoice) -> None:
    """The new invoice, its payment request and a QR code of that, where there is room."""
    console().print(Text(f"Invoice {visible(created.id)} was created.", style="bold"))
    request = created.encoded_payment_request
    show_fields(
        ("Amount", f"{command.amount_btc:f} BTC ({command.amount_sats:,} sat)"),
        ("Memo", command.memo),
        ("Expires", moment(created.expires_at)),
        ("Message", created.message),
        ("Payment request", request),
    )
    if request:
        show_qr(request)


def show_fields(*fields: tuple[str, str | None]) -> None:
    """Labels and values, a line each; those without value are left out."""
    out = console()
    for label, value in fields:
        if value:
            line = Text.assemble((f"  {label:{_LABEL_WIDTH}}", "dim"), visible(value))
            out.print(line, soft_wrap=True)


def show_qr(payment_request: str) -> None:
    """A QR code on a terminal that is wide enough; nothing elsewhere."""
    out = console()
    if not (out.is_terminal and re.fullmatch(r"[a-z0-9]+", payment_request)):
        return
    code = segno.make(f"LIGHTNING:{payment_request.upper()}", error="l", micro=False)
    columns, _ = code.symbol_size(border=_QUIET)
    if columns <= out.width and "utf" in out.encoding:
        code.terminal(sys.stdout, border=_QUIET, compact=True)


_QUIET: Final = 2
"""Modules of border; readers do with half of what the standard asks for."""


def show_list(invoices: Sequence[LightningInvoice]) -> None:
    """A table, oldest first."""
    if not invoices:
        console().print("There are no invoices.")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("ID", "Status", "Amount", "Memo", "Created", "Expires"):
        table.add_column(heading, justify="right" if heading == "Amount" else "left")
    for invoice in invoices:
        cells = (
            invoice.id,
            invoice.status,
            _amount(invoice.amount_original_value, invoice.amount_original_unit),
            invoice.memo,
            moment(invoice.created_at),
            moment(invoice.expires_at),
        )
        table.add_row(*(Text(visible(cell or "")) for cell in cells))
    console().print(table)


def _amount(value: Decimal | None, unit: str | None) -> str:
    return "" if value is None else f"{value:,f} {unit or ''}".rstrip()


def moment(at: datetime | None) -> str:
    """To the minute; empty for None."""
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
