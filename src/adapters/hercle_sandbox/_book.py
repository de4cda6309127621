"""The account's invoices: the vendor's rules, and payment requests made and signed here."""

from __future__ import annotations

import hashlib
import os
from decimal import Decimal
from typing import Final

from hercle_proto.bolt11 import node_id
from hercle_sandbox._clock import Clock
from hercle_sandbox._payment_requests import Terms, write
from hercle_sandbox._store import Invoice, Store, to_ms

__all__ = ["DEFAULT_HOURS", "Book", "RuleBroken", "check"]

_SATOSHI: Final = Decimal("1e-8")
_MOST_BTC: Final = 21_000_000
_MOST_HOURS: Final = 720
_MOST_MEMO_BYTES: Final = 639
"""What the description field of a payment request holds (BOLT 11)."""

DEFAULT_HOURS: Final = 24


class RuleBroken(Exception):
    """A value the vendor refuses. `parameter` is its name in the vendor's spelling."""

    def __init__(self, parameter: str, rule: str) -> None:
        super().__init__(f"{parameter} {rule}")
        self.parameter = parameter
        self.rule = rule


class Book:
    """Makes, lists and closes invoices.

    Signing and the disk take milliseconds: call it in a thread.
    `clock` is what counts as now; without one it is this machine's.
    """

    def __init__(self, store: Store, clock: Clock | None = None) -> None:
        self._store = store
        self.clock = clock or Clock()
        self._key = store.node_key(os.urandom(32))
        self.node_id = node_id(self._key).hex()

    def invoices(self) -> list[Invoice]:
        """All of them, oldest first."""
        return self._store.invoices()

    def close(self, invoice_id: str) -> None:
        """As if it were paid or cancelled. Raises `KeyError`, and `AlreadyClosed`."""
        self._store.mark_closed(invoice_id, self.clock.now())

    def create(self, amount_btc: Decimal, memo: str, expiry_hours: int) -> Invoice:
        """Make an invoice and keep it. Raises `RuleBroken`."""
        check(amount_btc, memo, expiry_hours)
        preimage = os.urandom(32)
        payment_hash = hashlib.sha256(preimage).digest()
        amount_msat = int(amount_btc / _SATOSHI) * 1000
        now = self.clock.now()
        terms = Terms(
            key=self._key,
            amount_msat=amount_msat,
            description=memo,
            created_at=now,
            expiry_seconds=expiry_hours * 3600,
            payment_hash=payment_hash,
        )
        invoice = Invoice(
            id=f"inv_{os.urandom(6).hex()}",
            payment_request=write(terms),
            memo=memo,
            payment_hash=payment_hash,
            preimage=preimage,
            amount_msat=amount_msat,
            created_ms=to_ms(now),
            expiry_seconds=terms.expiry_seconds,
        )
        self._store.add(invoice)
        return invoice


def check(amount_btc: Decimal, memo: str, expiry_hours: int) -> None:
    """The rules for a new invoice. Raises `RuleBroken`."""
    if not amount_btc > 0:
        raise RuleBroken("AmountBtc", "must be greater than 0")
    if amount_btc > _MOST_BTC:
        raise RuleBroken("AmountBtc", f"must not exceed {_MOST_BTC}")
    if amount_btc % _SATOSHI:
        raise RuleBroken("AmountBtc", "must be a whole number of satoshi")
    if not 1 <= expiry_hours <= _MOST_HOURS:
        raise RuleBroken("ExpiryHours", f"must be between 1 and {_MOST_HOURS}")
    if len(memo.encode()) > _MOST_MEMO_BYTES:
        raise RuleBroken("Memo", f"must not exceed {_MOST_MEMO_BYTES} bytes of UTF-8")
