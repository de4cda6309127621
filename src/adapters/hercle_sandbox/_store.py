"""What the sandbox remembers: its node key and its invoices, in SQLite.

What `add` returned from is on the disk (WAL, synced at every commit): it outlives kill -9.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from attrs import astuple, field, frozen

__all__ = ["Invoice", "NotADatabase", "Store"]

_APPLICATION_ID: Final = 0x48455243  # "HERC": tells our files from anybody else's

_SCHEMA: Final = f"""
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS node (key BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS invoices (
        id TEXT PRIMARY KEY,
        payment_request TEXT NOT NULL,
        memo TEXT NOT NULL,
        payment_hash BLOB NOT NULL,
        preimage BLOB NOT NULL,
        amount_msat INTEGER NOT NULL,
        created_ms INTEGER NOT NULL,
        expiry_seconds INTEGER NOT NULL
    );
    PRAGMA application_id = {_APPLICATION_ID};
    COMMIT;
"""


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

    @property
    def created_at(self) -> datetime:
        """When it was made."""
        return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=self.created_ms)

    @property
    def expires_at(self) -> datetime:
        """When it can no longer be paid."""
        return self.created_at + timedelta(seconds=self.expiry_seconds)


class NotADatabase(Exception):
    """The file holds something else; it is left as it was."""


class Store:
    """One database, for any thread. Without a path it lives in memory."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            _create(path)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(
            path or ":memory:", isolation_level=None, check_same_thread=False
        )
        try:
            self._prepare(path)
        except sqlite3.DatabaseError as error:
            self.close()
            raise NotADatabase(f"{path} cannot be used as a database: {error}") from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def node_key(self, fresh: bytes) -> bytes:
        """The private key invoices are signed with: `fresh`, unless there is one already."""
        with self._lock:
            self._database.execute(
                "INSERT INTO node SELECT ? WHERE NOT EXISTS (SELECT 1 FROM node)", (fresh,)
            )
            (key,) = self._database.execute("SELECT key FROM node").fetchone()
        assert isinstance(key, bytes)
        return key

    def add(self, invoice: Invoice) -> None:
        """Keep an invoice; it is safe when this returns."""
        with self._lock:
            self._database.execute(
                "INSERT INTO invoices VALUES (?, ?, ?, ?, ?, ?, ?, ?)", astuple(invoice)
            )

    def invoices(self) -> list[Invoice]:
        """All of them, oldest first."""
        with self._lock:
            rows = self._database.execute("SELECT * FROM invoices ORDER BY rowid").fetchall()
        return [Invoice(*row) for row in rows]

    def _prepare(self, path: Path | None) -> None:
        (application,) = self._database.execute("PRAGMA application_id").fetchone()
        (tables,) = self._database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if tables and application != _APPLICATION_ID:
            raise NotADatabase(f"{path} is another program's database; it was left as it was")
        if path is not None:
            path.chmod(0o600)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.executescript(_SCHEMA)


def _create(path: Path) -> None:
    """Make the file before SQLite does, which would let others read it. An old one stays."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        if not stat.S_ISREG(path.stat().st_mode):
            raise NotADatabase(f"{path} is not a regular file") from None
