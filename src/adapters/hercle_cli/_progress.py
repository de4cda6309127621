"""What is told of a long wait: a line on the terminal's standard error, gone when it is over."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from attrs import define
from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

__all__ = ["Progress", "waiting"]

AFTER = 1.0
"""Seconds before anything is told: most waits are shorter."""


@define
class Progress:
    """How far it is; whoever waits may count rows in it."""

    rows: int | None = None


@contextmanager
def waiting(what: str) -> Iterator[Progress]:
    """Tell of `what` while the block lasts, if it lasts, and if standard error is a terminal."""
    progress = Progress()
    if not sys.stderr.isatty():
        yield progress
        return
    over = threading.Lock()  # interrupts break `threading.Event`
    over.acquire()
    teller = threading.Thread(target=_tell, args=(what, progress, over), daemon=True)
    teller.start()
    try:
        yield progress
    finally:
        over.release()
        teller.join()


def _tell(what: str, progress: Progress, over: threading.Lock) -> None:
    began = monotonic()
    if over.acquire(timeout=AFTER):
        return
    spinner = Spinner("line")

    def line() -> Spinner:
        rows = "" if progress.rows is None else f", {progress.rows:,} rows"
        spinner.update(text=Text(f"{what}: {monotonic() - began:.0f} s{rows}"))
        return spinner

    # standard output stays as it is: only what was asked for goes there
    with Live(
        console=Console(stderr=True),
        get_renderable=line,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ):
        over.acquire()
