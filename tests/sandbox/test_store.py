"""The database: private, recognised, and durable."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import astuple, evolve

from hercle_proto import InvalidArgument
from hercle_sandbox import AlreadyClosed, Book, NotADatabase, Store, running_sandbox
from hercle_sandbox._store import Invoice, to_ms

INVOICE = Invoice(
    id="inv_1",
    payment_request="lnbcrt1",
    memo="nul \0 and ⚡",
    payment_hash=b"\1" * 32,
    preimage=b"\2" * 32,
    amount_msat=2_100_000_000_000_000_000,
    created_ms=1_711_642_992_456,
    expiry_seconds=3600,
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("memory", [True, False])
def test_what_was_added_is_there(tmp_path: Path, memory: bool) -> None:
    path = None if memory else tmp_path / "db"
    store = Store(path)
    store.add(INVOICE)
    assert store.invoices() == [INVOICE]
    with pytest.raises(sqlite3.IntegrityError):
        store.add(INVOICE)
    key = store.node_key(b"k" * 32)
    assert key == store.node_key(b"l" * 32) == b"k" * 32
    store.close()
    again = Store(path)
    assert again.invoices() == ([] if memory else [INVOICE])
    assert again.node_key(b"m" * 32) == (b"m" if memory else b"k") * 32
    again.close()


@pytest.mark.parametrize("name", [":memory:", "file:x?mode=memory"])
def test_names_that_mean_more_to_sqlite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for kept in ([], [INVOICE]):
        with closing(Store(Path(name))) as store:
            assert store.invoices() == kept
            if not kept:
                store.add(INVOICE)
    assert [path.name for path in tmp_path.iterdir()] == [name]


FIRST_VERSION = """
    CREATE TABLE node (key BLOB NOT NULL);
    CREATE TABLE invoices (
        id TEXT PRIMARY KEY,
        payment_request TEXT NOT NULL,
        memo TEXT NOT NULL,
        payment_hash BLOB NOT NULL,
        preimage BLOB NOT NULL,
        amount_msat INTEGER NOT NULL,
        created_ms INTEGER NOT NULL,
        expiry_seconds INTEGER NOT NULL
    );
    PRAGMA application_id = 0x48455243;
    INSERT INTO node VALUES (x'6b6b');
"""
"""What the first version made: without a number, and without `closed_ms`."""


def test_what_the_first_version_wrote_is_there(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "db")) as database:
        database.executescript(FIRST_VERSION)
        database.execute(
            "INSERT INTO invoices VALUES (?, ?, ?, ?, ?, ?, ?, ?)", astuple(INVOICE)[:-1]
        )
        database.commit()
    for _ in range(2):
        with closing(Store(tmp_path / "db")) as store:
            assert store.invoices() == [INVOICE]
            assert store.node_key(b"other") == b"kk"
            store.add(evolve(INVOICE, id=f"inv_{id(store)}"))
            store.mark_closed(store.invoices()[-1].id, INVOICE.created_at)
        with closing(sqlite3.connect(tmp_path / "db")) as database:
            database.execute("DELETE FROM invoices WHERE rowid > 1")
            database.commit()


def test_what_a_later_version_wrote_is_left_alone(tmp_path: Path) -> None:
    Store(tmp_path / "db").close()
    with closing(sqlite3.connect(tmp_path / "db")) as database:
        database.execute("PRAGMA user_version = 99")
    before = (tmp_path / "db").read_bytes()
    with pytest.raises(NotADatabase, match="later version"):
        Store(tmp_path / "db")
    assert (tmp_path / "db").read_bytes() == before


def test_closing(tmp_path: Path) -> None:
    """Once, and it is kept."""
    now = INVOICE.created_at + timedelta(seconds=5)
    with closing(Store(tmp_path / "db")) as store:
        store.add(INVOICE)
        with pytest.raises(KeyError, match="inv_2"):
            store.mark_closed("inv_2", now)
        store.mark_closed("inv_1", now)
        with pytest.raises(AlreadyClosed):
            store.mark_closed("inv_1", now)
    with closing(Store(tmp_path / "db")) as store:
        assert [invoice.ended_at(now) for invoice in store.invoices()] == [now]


@pytest.mark.parametrize(
    ("closed", "now", "ended"),
    [(None, 3599, None), (None, 3600, 3600), (None, 9999, 3600), (7, 9999, 7), (7, 0, 7)],
)
def test_ends(closed: int | None, now: int, ended: int | None) -> None:
    """In seconds after it was made; it runs out after 3600."""

    def after(seconds: int) -> datetime:
        return INVOICE.created_at + timedelta(seconds=seconds)

    invoice = evolve(INVOICE, closed_ms=None if closed is None else to_ms(after(closed)))
    assert invoice.ended_at(after(now)) == (None if ended is None else after(ended))


def test_times_and_secrets() -> None:
    assert INVOICE.created_at.isoformat() == "2024-03-28T16:23:12.456000+00:00"
    assert INVOICE.expires_at.isoformat() == "2024-03-28T17:23:12.456000+00:00"
    assert "preimage" not in repr(INVOICE)


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    """From before SQLite opens it, and with what SQLite puts beside it."""
    mask = os.umask(0)
    try:
        store = Store(tmp_path / "db")
        store.add(INVOICE)
        assert {path.name for path in tmp_path.iterdir()} >= {"db", "db-wal"}
        assert {mode(path) for path in tmp_path.iterdir()} == {0o600}
        store.close()
        (tmp_path / "db").chmod(0o644)
        Store(tmp_path / "db").close()
        assert mode(tmp_path / "db") == 0o600
        (tmp_path / "empty").touch(0o644)
        Store(tmp_path / "empty").close()
        assert mode(tmp_path / "empty") == 0o600
    finally:
        os.umask(mask)


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    database = sqlite3.connect(foreign)
    database.execute("CREATE TABLE invoices (mine)")
    database.close()
    text = tmp_path / "text"
    text.write_text("not a database at all, and longer than a header " * 50)
    for path, why in (
        (foreign, "another program's"),
        (text, "cannot be used"),
        (tmp_path, "not a regular file"),
    ):
        before = None if path.is_dir() else (path.read_bytes(), mode(path))
        with pytest.raises(NotADatabase, match=why):
            Store(path)
        assert before == (None if path.is_dir() else (path.read_bytes(), mode(path)))
    with pytest.raises(FileNotFoundError):
        Store(tmp_path / "no" / "such")


def test_a_locked_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told, not waited for without end."""
    path = tmp_path / "db"
    Store(path).close()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, **options: connect(*args, timeout=0, **options)
    )
    with pytest.raises(NotADatabase, match="locked"):
        Store(path)
    holder.close()


def test_a_book_keeps_its_node(tmp_path: Path) -> None:
    path = tmp_path / "db"
    with running_sandbox(db=path):
        pass
    one = Store(path)
    book = Book(one)
    invoice = book.create(Decimal("0.5"), "memo", 1)
    one.close()
    other = Store(path)
    assert Book(other).node_id == book.node_id
    assert Book(other).invoices() == [invoice]
    other.close()
    with closing(Store(None)) as memory:
        assert Book(memory).node_id != book.node_id


@pytest.mark.parametrize("key", ["", "with space", "new\nline", "ключ"])
def test_keys_that_are_none(key: str) -> None:
    with (
        pytest.raises(InvalidArgument) as caught,
        running_sandbox(api_key=key),
    ):
        pass
    assert not key or key not in str(caught.value)
