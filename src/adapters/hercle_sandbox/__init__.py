"""An embedded server that behaves as Hercle's documents say, for tests and first steps.

    with running_sandbox() as sandbox:
        ...  # connect to sandbox.url with sandbox.api_key

A SignalR hub, REST, a bearer key, real BOLT 11 invoices on regtest, SQLite, faults on demand.
It listens on loopback only.
"""

from hercle_sandbox._app import sandbox_app
from hercle_sandbox._book import Book
from hercle_sandbox._guard import Key
from hercle_sandbox._server import Running, running_sandbox, serve_sandbox
from hercle_sandbox._store import NotADatabase, Store

__all__ = [
    "Book",
    "Key",
    "NotADatabase",
    "Running",
    "Store",
    "running_sandbox",
    "sandbox_app",
    "serve_sandbox",
]
