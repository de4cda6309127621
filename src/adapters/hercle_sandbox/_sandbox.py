"""All that is behind the sandbox's doors."""

from __future__ import annotations

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
