"""How the command line ends: an exit code, and one line for what went wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from typing import Final

from hercle_cli._text import visible
from hercle_proto import (
    CommandRefused,
    GraphQLError,
    HercleProtoError,
    InvalidArgument,
    InvalidInvoice,
    InvoiceMismatch,
    LocalProtocolError,
    OutcomeUnknown,
    Unauthorized,
)

__all__ = [
    "Exit",
    "Failed",
    "before_sending",
    "drop_output",
    "exit_code",
    "must_be_shown",
    "tell",
    "to_be_shown",
]


class Exit(IntEnum):
    """Exit codes; docs/cli.md promises them."""

    OK = 0
    BUG = 1
    USAGE = 2
    REFUSED = 3
    UNKNOWN = 4
    DISAGREES = 5
    CONNECTION = 6
    NOT_IN_TIME = 7
    INTERRUPTED = 130


class Failed(Exception):
    """Ends the command line with this code and this line."""

    def __init__(self, code: Exit, line: str) -> None:
        super().__init__(line)
        self.code = code


def tell(line: str) -> None:
    """A line on standard error."""
    print(f"hercle: {visible(line)}", file=sys.stderr, flush=True)


def drop_output() -> None:
    """What could not be written is not tried again when Python ends."""
    with suppress(OSError, ValueError):  # no stream of the system's: nothing is tried again
        output = sys.stdout.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, output)
        os.close(nowhere)


@contextmanager
def before_sending() -> Iterator[None]:
    """Nothing is sent in this block: an interrupt leaves no doubt. Raises `Failed`."""
    try:
        yield
    except KeyboardInterrupt:
        line = "interrupted before anything was sent"
        raise Failed(Exit.INTERRUPTED, line) from None


@contextmanager
def to_be_shown() -> Iterator[None]:
    """Print an answer in this block. A reader that has gone has seen enough: `BrokenPipeError`.

    Raises `Failed` for any other output that takes nothing.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        drop_output()
        raise Failed(Exit.BUG, f"the answer could not be shown: {error}") from None
    except KeyboardInterrupt:  # perhaps of a reader that does not read on
        drop_output()
        raise


@contextmanager
def must_be_shown(what: str) -> Iterator[None]:
    """Print in this block what was done and cannot be undone: `what`. If that fails, or is
    interrupted, it is told.

    Raises `Failed`.
    """
    try:
        yield
        sys.stdout.flush()
    except Exception as error:  # noqa: BLE001 - whatever it is, what was done is told
        drop_output()
        raise Failed(Exit.BUG, f"{what}, but could not be shown: {error}") from None
    except KeyboardInterrupt:
        drop_output()
        raise Failed(Exit.INTERRUPTED, f"interrupted: {what}") from None


_CODES: Final[tuple[tuple[type[Exception], Exit], ...]] = (
    (CommandRefused, Exit.REFUSED),
    (GraphQLError, Exit.REFUSED),
    (OutcomeUnknown, Exit.UNKNOWN),
    (InvoiceMismatch, Exit.DISAGREES),
    (InvalidInvoice, Exit.USAGE),
    (LocalProtocolError, Exit.USAGE),
    (HercleProtoError, Exit.CONNECTION),
    (OSError, Exit.CONNECTION),
)
"""The first that fits counts."""


def exit_code(error: Exception) -> Exit:
    """The code for an error that a command ended with."""
    match error:
        case Failed():
            return error.code
        case InvalidArgument(argument="api_key" | "key"):
            return Exit.CONNECTION
        case CommandRefused(status=401 | 403) | GraphQLError(__cause__=Unauthorized()):
            return Exit.CONNECTION
        case CommandRefused(status=404 | 405) if error.command.repeatable:
            return Exit.CONNECTION  # nothing that lists is at this address
        case OSError() if error.filename is not None:  # --db, not a port
            return Exit.USAGE
        case _:
            return next((code for kind, code in _CODES if isinstance(error, kind)), Exit.BUG)
