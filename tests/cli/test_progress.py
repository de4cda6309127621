"""What is told of a long wait, and where not."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from hercle_cli import _progress


def until(condition: Callable[[], object]) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it never came")


def test_a_long_wait(monkeypatch: pytest.MonkeyPatch, terminal: Callable[..., Any]) -> None:
    """On a terminal, and only on standard error; nothing of it stays."""
    err, out = terminal(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(_progress, "AFTER", 0.0)
    with _progress.waiting("Listing invoices") as progress:
        sys.stdout.write("a row\n")
        until(lambda: "Listing invoices: 0 s" in err.text)
        progress.rows = 1_200
        until(lambda: "1,200 rows" in err.text)
    assert out.getvalue() == "a row\n"
    assert err.text.endswith("\x1b[2K")  # the line is erased


def test_a_short_wait(monkeypatch: pytest.MonkeyPatch, terminal: Callable[..., Any]) -> None:
    err = terminal()
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(_progress, "AFTER", 60.0)
    with _progress.waiting("Listing invoices"):
        pass
    assert err.text == ""


def test_no_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(_progress, "AFTER", 0.0)
    with _progress.waiting("Listing invoices"):
        time.sleep(0.02)
    assert capsys.readouterr() == ("", "")


def test_an_error_within(monkeypatch: pytest.MonkeyPatch, terminal: Callable[..., Any]) -> None:
    """Leaves as itself."""
    monkeypatch.setattr(sys, "stderr", terminal())
    with pytest.raises(KeyboardInterrupt), _progress.waiting("Listing invoices"):
        raise KeyboardInterrupt
