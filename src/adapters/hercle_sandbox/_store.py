"""What the sandbox remembers: its node key, its invoices, and what was pushed to Reflex.

What `add` returned from is on the disk.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from attrs import astuple, field, frozen

from hercle_sandbox._database import Database
from hercle_sandbox._pushed import PushedInvoices

__all__ = ["AlreadyClosed", "Invoice", "Store", "moment", "to_ms", "to_ms_up"]

_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def moment(milliseconds: int) -> datetime:
    """Milliseconds since 1970 as aware UTC."""
    return _EPOCH + milliseconds * _MILLISECOND


def to_ms(when: datetime) -> int:
    """The other way round; rounded down."""
    return (when - _EPOCH) // _MILLISECOND


def to_ms_up(when: datetime) -> int:
    """Likewise, rounded up."""
    return -((_EPOCH - when) // _MILLISECOND)


class AlreadyClosed(Exception):
    """The invoice was closed before, or is over."""


@frozen
class Invoice:
    """An invoice as it is kept. Times are milliseconds since 1970, amounts millisatoshi."""

    id: str
    payment_request: str
    memo: str
    payment_hash: bytes
    preimage: bytes = field(repr=False)
    amount_msat: int
    created_ms: int
    expiry_seconds: int
    closed_ms: int | None = None
    """When somebody closed it. One that ran out is not marked: the clock tells."""

    @property
    def created_at(self) -> datetime:
        """When it was made."""
        return moment(self.created_ms)

    @property
    def expires_at(self) -> datetime:
        """When it can no longer be paid."""
        return self.created_at + timedelta(seconds=self.expiry_seconds)

    def ended_at(self, now: datetime) -> datetime | None:
        """When it was closed or ran out; None while it is open."""
        if self.closed_ms is not None:
            return moment(self.closed_ms)
        return self.expires_at if now >= self.expires_at else None


class Store:
    """One database, for any thread. Without a path it lives in memory."""

    def __init__(self, path: Path | None) -> None:
        self._database = Database(path)
        self.pushed = PushedInvoices(self._database)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def node_key(self, fresh: bytes) -> bytes:
        """The private key invoices are signed with: `fresh`, unless there is one already."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO node SELECT ? WHERE NOT EXISTS (SELECT 1 FROM node)", (fresh,)
            )
            (key,) = connection.execute("SELECT key FROM node").fetchone()
        assert isinstance(key, bytes)
        return key

    def add(self, invoice: Invoice) -> None:
        """Keep an invoice; it is safe when this returns."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO invoices VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", astuple(invoice)
            )

    def invoices(self) -> list[Invoice]:
        """All of them, oldest first."""
        with self._database.transaction() as connection:
            rows = connection.execute("SELECT * FROM invoices ORDER BY rowid").fetchall()
        return [Invoice(*row) for row in rows]

    def mark_closed(self, invoice_id: str, now: datetime) -> None:
        """Close an invoice. Raises `KeyError` for one that is not there, and `AlreadyClosed`."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT * FROM invoices WHERE id = ?", (invoice_id,)
            ).fetchone()
            if row is None:
                raise KeyError(invoice_id)
            if Invoice(*row).ended_at(now) is not None:
                raise AlreadyClosed(invoice_id)
            connection.execute(
                "UPDATE invoices SET closed_ms = ? WHERE id = ?", (to_ms(now), invoice_id)
            )
