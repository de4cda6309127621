"""What the sandbox remembers of Reflex: the invoices pushed there, and their tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from sqlite3 import Connection
from types import MappingProxyType
from typing import Any, Final

from attrs import astuple, evolve, frozen

from hercle_sandbox._database import Database

__all__ = ["SORT_COLUMNS", "Filter", "Order", "Payment", "PushedInvoice", "PushedInvoices", "Tag"]


@frozen
class Tag:
    """A tag with the one value it has, and None for the others."""

    key: str
    string_value: str | None = None
    number_value: float | None = None
    boolean_value: bool | None = None


@frozen
class PushedInvoice:
    """An invoice as it is kept. Times are milliseconds since 1970, keys and hashes hex."""

    id: str
    payment_request: str
    description: str | None
    destination: str
    routing: str
    """The nodes of its route hints, with spaces between them."""

    payment_hash: str
    amount_msat: int | None
    """None where the payer is to choose."""

    created_ms: int
    """When it was pushed."""

    invoice_created_ms: int
    invoice_expiry_ms: int
    tags: tuple[Tag, ...] = ()


@frozen
class Payment:
    """What totals are made of. `amount_msat` is 0 where the payer is to choose."""

    destination: str
    created_ms: int
    amount_msat: int


@frozen
class Filter:
    """Which invoices: pushed between two moments, ends included, and with all of some tags."""

    to_ms: int
    from_ms: int | None = None
    tags: tuple[Tag, ...] = ()


SORT_COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "amount_msats": "coalesce(amount_msat, 0)",
        "created_at": "created_ms",
        "invoice_created_at": "invoice_created_ms",
        "invoice_expiry_at": "invoice_expiry_ms",
    }
)
"""What can be sorted by, under the vendor's names."""


@frozen
class Order:
    """By one of `SORT_COLUMNS`; equal ones in the order in which they were pushed."""

    column: str
    descending: bool


class PushedInvoices:
    """A part of one database, for any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, invoice: PushedInvoice) -> None:
        """Keep an invoice; it is safe when this returns."""
        *row, _ = astuple(invoice, recurse=False)
        tags = [(invoice.id, place, *astuple(tag)) for place, tag in enumerate(invoice.tags)]
        with self._database.transaction() as connection:
            connection.execute("INSERT INTO pushed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            connection.executemany("INSERT INTO pushed_tags VALUES (?, ?, ?, ?, ?, ?)", tags)

    def find(self, where: Filter, order: Order, *, limit: int, offset: int) -> list[PushedInvoice]:
        """One page."""
        condition, values = _condition(where)
        direction = "DESC" if order.descending else "ASC"
        column = SORT_COLUMNS[order.column]
        query = (
            f"SELECT * FROM pushed WHERE {condition}"  # noqa: S608 - only texts of this module's
            f" ORDER BY {column} {direction}, rowid {direction} LIMIT ? OFFSET ?"
        )
        with self._database.transaction() as connection:
            rows = connection.execute(query, [*values, limit, offset]).fetchall()
            return [_invoice(connection, row) for row in rows]

    def payments(self, where: Filter) -> list[Payment]:
        """What counts of every one, oldest first."""
        condition, values = _condition(where)
        query = (
            "SELECT destination, created_ms, coalesce(amount_msat, 0)"  # noqa: S608 - likewise
            f" FROM pushed WHERE {condition} ORDER BY created_ms, rowid"
        )
        with self._database.transaction() as connection:
            return [Payment(*row) for row in connection.execute(query, values)]


def _condition(where: Filter) -> tuple[str, Sequence[object]]:
    conditions = ["created_ms <= ?"]
    values: list[object] = [where.to_ms]
    if where.from_ms is not None:
        conditions.append("created_ms >= ?")
        values.append(where.from_ms)
    for tag in where.tags:
        conditions.append(
            "EXISTS (SELECT 1 FROM pushed_tags WHERE invoice_id = pushed.id AND key = ?"
            " AND string_value IS ? AND number_value IS ? AND boolean_value IS ?)"
        )
        values.extend(astuple(tag))
    return " AND ".join(conditions), values


def _invoice(connection: Connection, row: Sequence[Any]) -> PushedInvoice:
    invoice = PushedInvoice(*row)
    tags = connection.execute(
        "SELECT key, string_value, number_value, boolean_value FROM pushed_tags"
        " WHERE invoice_id = ? ORDER BY place",
        (invoice.id,),
    )
    return evolve(invoice, tags=tuple(_tag(*tag) for tag in tags))


def _tag(key: str, string: str | None, number: float | None, boolean: int | None) -> Tag:
    return Tag(key, string, number, None if boolean is None else bool(boolean))
