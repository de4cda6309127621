"""When a server that said it is busy may be asked again."""

from __future__ import annotations

from typing import Final

from hercle_proto._contract import Entropy
from hercle_proto.http import Response, retry_after

__all__ = ["Pause"]

_BUSY: Final = frozenset({429, 503})
_LONGEST: Final = 60.0
"""Seconds. Who is told to wait for longer hears of it instead."""
_MOST: Final = 5
"""Times in a row."""


class Pause:
    """The time in which nothing is asked, because the server wishes so."""

    def __init__(self, *, entropy: Entropy) -> None:
        self._entropy = entropy
        self._in_a_row = 0
        self.until: float | None = None

    def begin(self, response: Response, *, now: float, due: float) -> bool:
        """Whether an answer asks for a pause that ends before `due`; then it has begun.

        It lasts a little longer than asked, by chance, so that a fleet does not come back at one
        instant.
        """
        asked = retry_after(response) if response.status in _BUSY else None
        if asked is None or asked > _LONGEST or self._in_a_row == _MOST:
            return False
        chance = int.from_bytes(self._entropy(4)) / 2**32
        until = now + asked + chance * max(1.0, asked / 5)
        if until >= due:
            return False
        self._in_a_row += 1
        self.until = until
        return True

    def reset(self) -> None:
        """An answer came that asks for none."""
        self._in_a_row = 0

    def holds(self, *, now: float) -> bool:
        """Whether it lasts still."""
        if self.until is not None and now >= self.until:
            self.until = None
        return self.until is not None
