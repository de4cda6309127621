"""Invoices for people. All text is escaped; rich is never given markup."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

import segno
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hercle_cli._text import counted, visible
from hercle_proto.hercle import CreatedInvoice, CreateLightningInvoice, LightningInvoice

__all__ = [
    "console",
    "moment",
    "original_amount",
    "sats",
    "show_created",
    "show_fields",
    "show_list",
    "show_qr",
    "show_table",
]

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


def show_list(invoices: Sequence[LightningInvoice], *, of: int) -> None:
    """A table, in the order of the listing, which held `of` invoices."""
    if not invoices:
        none = f"None of {counted(of)} fits." if of else "There are no invoices."
        console().print(none)
        return
    show_table(
        ("ID", "Status", "Amount", "Memo", "Created", "Expires"),
        (
            (
                invoice.id,
                invoice.status,
                original_amount(invoice),
                invoice.memo,
                moment(invoice.created_at),
                moment(invoice.expires_at),
            )
            for invoice in invoices
        ),
    )


def show_table(headings: Sequence[str], rows: Iterable[Sequence[str | None]]) -> None:
    """A table of texts. Numbers are set to the right, and keys are cut short on a terminal.

    Ids are whole, for other commands take them: in one line each, unless that took over two thirds
    of the screen.
    """
    out = console()
    texts = [[Text(visible(cell or "")) for cell in row] for row in rows]
    table = Table(box=None, pad_edge=False, header_style="dim")
    for place, heading in enumerate(headings):
        longest = max((row[place].cell_len for row in texts), default=0)
        if heading == _ID and longest <= out.width * 2 // 3:
            table.add_column(heading, min_width=longest, no_wrap=True)
        elif heading == _ID:
            table.add_column(heading, overflow="fold")
        elif heading in _KEYS and out.width < _UNBOUNDED:
            table.add_column(heading, max_width=_KEY_WIDTH, overflow="ellipsis", no_wrap=True)
        else:
            table.add_column(heading, justify="right" if heading in _NUMBERS else "left")
    for row in texts:
        table.add_row(*row)
    out.print(table)


_ID: Final = "ID"
_KEYS: Final = ("Destination", "Node")
_KEY_WIDTH: Final = 16
_NUMBERS: Final = ("Amount", "Invoices")


def original_amount(invoice: LightningInvoice) -> str:
    """The listing's own amount, whose unit is open; empty where there is none."""
    value, unit = invoice.amount_original_value, invoice.amount_original_unit
    return "" if value is None else f"{value:,f} {unit or ''}".rstrip()


def sats(msat: int) -> str:
    """An amount in satoshi, exactly."""
    whole, part = divmod(abs(msat), 1000)
    fraction = f".{part:03}".rstrip("0").rstrip(".")
    return f"{'-' if msat < 0 else ''}{whole:,}{fraction} sat"


def moment(at: datetime | None) -> str:
    """To the minute; empty for None."""
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
