"""SIGTERM, which ends a command as Ctrl-C does: with a line that says what is known."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["sigterm_interrupts"]


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """In this block SIGTERM raises `KeyboardInterrupt`, unless somebody else deals with it."""
    ours = threading.current_thread() is threading.main_thread()  # others may set no handler
    if not ours or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
