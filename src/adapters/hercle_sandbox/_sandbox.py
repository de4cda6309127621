"""All that is behind the sandbox's doors, and what tests may do to it."""

from __future__ import annotations

from datetime import timedelta

from hercle_sandbox._book import Book
from hercle_sandbox._clock import Clock
from hercle_sandbox._graphql import GRAPHQL_PATH
from hercle_sandbox._http_faults import HttpFaults
from hercle_sandbox._hub import HUB_PATH
from hercle_sandbox._reflex import Reflex
from hercle_sandbox._rest import REST_PATH
from hercle_sandbox._store import Store

__all__ = ["Sandbox"]


class Sandbox:
    """One account with its clock. For any thread, though the disk takes milliseconds."""

    def __init__(self, store: Store) -> None:
        self.clock = Clock()
        self.book = Book(store, self.clock)
        self.reflex = Reflex(store.pushed, self.clock)
        self.faults = HttpFaults(
            {REST_PATH: False, GRAPHQL_PATH: True, f"{HUB_PATH}/negotiate": False}
        )

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

    def arm(self, fault: str, *, path: str, times: int = 1) -> None:
        """Let the next requests for a path end with a fault (see `_http_faults`).

        Raises `ValueError` for a fault or a path that there is not, and beyond 1000 times.
        """
        self.faults.arm(fault, path=path, times=times)
