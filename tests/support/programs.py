"""Programs beside the tests: started, listened to line by line, gone at the end of the block."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

__all__ = ["Program"]

_ENDING = 5.0
"""Seconds that a program has to end by itself."""


class Program:
    """A running program. `expect` waits for a line that it writes, to either of its outputs.

    Its standard input stays open until it has ended: by its end a program sees that we are gone.
    """

    def __init__(self, *command: object, environment: Mapping[str, object] | None = None) -> None:
        added = {name: str(value) for name, value in (environment or {}).items()}
        self._process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **added},
        )
        self._lines: list[str] = []
        self._read = 0
        self._ended = False
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    @property
    def output(self) -> str:
        """All that it has written."""
        return "\n".join(self._lines)

    def expect(
        self, pattern: str, *, within: float = 15.0, anywhere: bool = False
    ) -> re.Match[str]:
        """The next line with `pattern` in it, or one `anywhere`. Raises `TimeoutError` if none
        comes in time."""
        position = 0 if anywhere else self._read
        found: list[re.Match[str]] = []

        def look() -> bool:
            nonlocal position
            while position < len(self._lines) and not found:
                if match := re.search(pattern, self._lines[position]):
                    found.append(match)
                position += 1
            return bool(found) or self._ended

        with self._news:
            self._news.wait_for(look, within)
        self._read = max(self._read, position)
        if not found:
            raise TimeoutError(f"no line with {pattern!r} within {within} s in:\n{self.output}")
        return found[0]

    def write(self, line: str) -> None:
        """Give it a line on its standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def end(self, *, within: float = _ENDING) -> int:
        """Wait until it has ended; return its exit code. What takes longer is killed."""
        try:
            code = self._process.wait(within)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._reader.join()
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        self.end()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                with self._news:
                    self._lines.append(line.decode(errors="replace").rstrip("\n"))
                    self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()
