"""The command line in this process, against a sandbox of its own."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import pytest
from attrs import frozen

from hercle_cli import main
from hercle_sandbox import Running, running_sandbox


@frozen
class Ended:
    """How a command line ended."""

    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """What was told, which is one line."""
        (line,) = self.err.splitlines()
        assert line.startswith("hercle: ")
        return line.removeprefix("hercle: ")


class Terminal(io.TextIOWrapper):
    """A terminal, and all that was written to it."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding)

    def isatty(self) -> bool:
        return True

    @property
    def text(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode(self.encoding)  # type: ignore[attr-defined] # BytesIO


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Terminal]:
    """Make one; rich takes it for one that can do what terminals can."""
    monkeypatch.setenv("TERM", "xterm")
    return Terminal


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def hercle(
    sandbox: Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Call it with arguments; the environment names the sandbox."""
    for vendor in ("HERCLE", "REFLEX"):
        monkeypatch.setenv(f"{vendor}_URL", sandbox.url)
        monkeypatch.setenv(f"{vendor}_API_KEY", sandbox.api_key)

    def call(*arguments: str) -> Ended:
        code = main(arguments)
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return call
