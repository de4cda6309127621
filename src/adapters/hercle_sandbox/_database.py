"""The SQLite file: private, recognised, and brought up to date when it is opened.

What a transaction ended with is on the disk (WAL, synced at every commit): it outlives kill -9.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

__all__ = ["Database", "NotADatabase"]

_APPLICATION_ID: Final = 0x48455243  # "HERC": tells our files from anybody else's

_STEPS: Final[tuple[tuple[str, ...], ...]] = (
    (
        # the first files were not numbered: they have these tables, and version 0
        "CREATE TABLE IF NOT EXISTS node (key BLOB NOT NULL)",
        """
        CREATE TABLE IF NOT EXISTS invoices (
            id TEXT PRIMARY KEY,
            payment_request TEXT NOT NULL,
            memo TEXT NOT NULL,
            payment_hash BLOB NOT NULL,
            preimage BLOB NOT NULL,
            amount_msat INTEGER NOT NULL,
            created_ms INTEGER NOT NULL,
            expiry_seconds INTEGER NOT NULL
        )
        """,
    ),
    ("ALTER TABLE invoices ADD COLUMN closed_ms INTEGER",),
    (
        """
        CREATE TABLE pushed (
            id TEXT PRIMARY KEY,
            payment_request TEXT NOT NULL,
            description TEXT,
            destination TEXT NOT NULL,
            routing TEXT NOT NULL,
            payment_hash TEXT NOT NULL,
            amount_msat INTEGER,
            created_ms INTEGER NOT NULL,
            invoice_created_ms INTEGER NOT NULL,
            invoice_expiry_ms INTEGER NOT NULL
        )
        """,
        """
        CREATE TABLE pushed_tags (
            invoice_id TEXT NOT NULL REFERENCES pushed,
            place INTEGER NOT NULL,
            key TEXT NOT NULL,
            string_value TEXT,
            number_value REAL,
            boolean_value INTEGER,
            PRIMARY KEY (invoice_id, place)
        )
        """,
    ),
)
"""What makes each version out of the one before. Steps are added, never changed."""


class NotADatabase(Exception):
    """The file holds something else, or what a later version wrote; it is left as it was."""


class Database:
    """One file, for any thread. Without a path it lives in memory.

    Raises `NotADatabase`, and `OSError` where the file cannot be made.
    """

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            _create(path)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            # absolute, for SQLite reads more than a name out of some, such as :memory:
            ":memory:" if path is None else path.absolute(),
            isolation_level=None,
            check_same_thread=False,
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
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything in the block or, where it raises, nothing. One thread at a time."""
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection

    def _prepare(self, path: Path | None) -> None:
        application, version = map(self._pragma, ("application_id", "user_version"))
        (tables,) = self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if tables and application != _APPLICATION_ID:
            raise NotADatabase(f"{path} is another program's database; it was left as it was")
        if version > len(_STEPS):
            raise NotADatabase(f"{path} was written by a later version; it was left as it was")
        if path is not None:
            path.chmod(0o600)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        with self.transaction() as connection:
            version = self._pragma("user_version")  # another process may have been here
            for step in _STEPS[version:]:
                for statement in step:
                    connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {len(_STEPS)}")

    def _pragma(self, name: str) -> int:
        (value,) = self._connection.execute(f"PRAGMA {name}").fetchone()
        assert isinstance(value, int)
        return value


def _create(path: Path) -> None:
    """Make the file before SQLite does, which would let others read it. An old one stays."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        if not stat.S_ISREG(path.stat().st_mode):
            raise NotADatabase(f"{path} is not a regular file") from None
