"""An embedded server that behaves as Hercle's documents say, for tests and first steps.

    with running_sandbox() as sandbox:
        ...  # connect to sandbox.url with sandbox.api_key

A SignalR hub, REST, a bearer key, real BOLT 11 invoices on regtest, SQLite, faults on demand. What
tests may do to it, such as closing an invoice, they do on `sandbox` or over HTTP (`_control_api`).
It listens on loopback only.
"""

from hercle_sandbox._app import sandbox_app
from hercle_sandbox._book import Book
from hercle_sandbox._client import close_invoice
from hercle_sandbox._database import NotADatabase
from hercle_sandbox._guard import Key
from hercle_sandbox._sandbox import Sandbox
from hercle_sandbox._server import Running, running_sandbox, serve_sandbox
from hercle_sandbox._store import AlreadyClosed, Store

__all__ = [
    "AlreadyClosed",
    "Book",
    "Key",
    "NotADatabase",
    "Running",
    "Sandbox",
    "Store",
    "close_invoice",
    "running_sandbox",
    "sandbox_app",
    "serve_sandbox",
]
