"""A list of invoices."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from hercle_proto.hercle import LightningInvoice
from hercle_proto.hercle._json import Unreadable
from hercle_proto.hercle._rows import read_row_by_row, read_rows


def target(data: bytes) -> None:
    """A list is read, each row as an invoice or as unreadable, or it is no list; read together or
    row by row it is the same. Times are aware UTC, and numbers have a measure.
    """
    try:
        snapshot = read_rows(data)
    except Unreadable:
        return
    if data.count(b"[") + data.count(b"{") < 300:  # at the stack's edge one frame decides
        assert snapshot == read_row_by_row(data)
    for invoice in snapshot.invoices:
        check(invoice)
    for row in snapshot.unreadable:
        alone = read_rows(b"[" + row.raw + b"]")
        assert [each.path for each in alone.unreadable] == [row.path]


def check(invoice: LightningInvoice) -> None:
    """What every invoice promises."""
    for name in invoice.__struct_fields__:
        match getattr(invoice, name):
            case datetime(tzinfo=zone):
                assert zone is UTC
            case Decimal() as number:
                assert number.is_finite()
                assert len(number.as_tuple().digits) <= 40
            case float():
                raise AssertionError(f"{name} is a float")
            case _:
                pass
