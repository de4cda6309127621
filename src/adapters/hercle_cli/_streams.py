"""The three streams, which a caller may have closed: Python has None in their place then."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper

__all__ = ["prepare"]


def prepare() -> None:
    """Have all three, and write what an encoding lacks as escapes.

    An input that was closed is empty, and nobody reads an error output that was. Output fails as it
    would on the closed descriptor, so that what cannot be shown is told.
    """
    sys.stdin = sys.stdin or _null(os.O_RDONLY, "r")
    sys.stdout = sys.stdout or _null(os.O_RDONLY, "w")
    sys.stderr = sys.stderr or _null(os.O_WRONLY, "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _null(flags: int, mode: str) -> TextIOWrapper:
    stream = open(os.open(os.devnull, flags), mode)  # noqa: PTH123, SIM115 - for good
    assert isinstance(stream, TextIOWrapper)
    return stream
