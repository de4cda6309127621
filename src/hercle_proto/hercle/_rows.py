"""Invoices out of JSON: all rows at once, or row by row where one of them is odd."""

from __future__ import annotations

from typing import Final

from msgspec import Raw
from msgspec.json import Decoder

from hercle_proto._numbers import number_from_wire
from hercle_proto.hercle._json import Json, Unreadable, decode, decode_tolerantly
from hercle_proto.hercle._models import InvoiceSnapshot, LightningInvoice, UnreadableRow

__all__ = ["read_row_by_row", "read_rows"]

_ROWS: Final = Decoder(tuple[LightningInvoice, ...], float_hook=number_from_wire)
_ROW: Final = Decoder(LightningInvoice, float_hook=number_from_wire)
_RAW_ROWS: Final = Decoder(list[Raw])


def read_rows(raw: Json) -> InvoiceSnapshot:
    """A list of invoices. A row that is none ends in `unreadable`. Raises `Unreadable` where there
    is no list.
    """
    try:
        return InvoiceSnapshot(decode(_ROWS, raw))
    except Unreadable:
        return read_row_by_row(raw)


def read_row_by_row(raw: Json) -> InvoiceSnapshot:
    """The slow way to the same."""
    invoices: list[LightningInvoice] = []
    unreadable: list[UnreadableRow] = []
    rows = decode(_RAW_ROWS, raw)
    for index, row in enumerate(rows):
        try:
            invoices.append(_read_row(row))
        except Unreadable as error:
            unreadable.append(UnreadableRow(index, error.path, error.problem, bytes(row)))
    return InvoiceSnapshot(tuple(invoices), tuple(unreadable))


def _read_row(raw: Raw) -> LightningInvoice:
    try:
        return decode(_ROW, raw)
    except Unreadable:
        return decode_tolerantly(raw, LightningInvoice)
