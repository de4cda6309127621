"""All that is behind the sandbox's doors, and what tests may do to it."""

from __future__ import annotations

from datetime import timedelta

from hercle_sandbox._book import Book
from hercle_sandbox._clock import Clock
from hercle_sandbox._reflex import Reflex
from hercle_sandbox._store import Store

__all__ = ["Sandbox"]


class Sandbox:
    """One account with its clock. For any thread, though the disk takes milliseconds."""

    def __init__(self, store: Store) -> None:
        self.clock = Clock()
        self.book = Book(store, self.clock)
        self.reflex = Reflex(store.pushed, self.clock)

    def close_invoice(self, invoice_id: str) -> None:
        """As if it were paid or cancelled: the vendor's CLOSED does not tell which.

        Raises `KeyError` for one that is not there, and `AlreadyClosed`, also for one that is over.
        """
        self.book.close(invoice_id)

    def set_clock_offset(self, offset: timedelta) -> None:
        """Be that far ahead of this machine's clock, or behind it.

        Invoices are over by that clock, also ones made before. Raises `ValueError` for more than 20
        years.
        """
        self.clock.set_offset(offset)
