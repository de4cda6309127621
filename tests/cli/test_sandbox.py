"""`hercle sandbox`: its server in a process of its own, and what is asked of one that runs."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from programs import Program

Hercle = Callable[..., Any]


def test_it_serves_and_closes(hercle: Hercle, monkeypatch: pytest.MonkeyPatch) -> None:
    with Program(sys.executable, "-m", "hercle_cli", "sandbox", "--port", "0") as server:
        monkeypatch.setenv("HERCLE_URL", server.expect(r"^READY (http://127\.0\.0\.1:\d+)$")[1])
        monkeypatch.setenv("HERCLE_API_KEY", server.expect("^API key: (.+)$")[1])
        made = json.loads(hercle("invoice", "create", "0.001", "--json").out)["id"]
        ended = hercle("sandbox", "pay", made)
        assert (ended.code, ended.out, ended.err) == (0, f"Invoice {made} was closed.\n", "")
        (row,) = json.loads(hercle("invoice", "list", "--json", "--status", "closed").out)
        assert row["id"] == made
        ended = hercle("sandbox", "pay", made)
        assert (ended.code, ended.out) == (3, "")
        assert "closed already" in ended.line
        server.signal(signal.SIGINT)
        assert server.end() == 0


@pytest.mark.parametrize(
    ("environment", "arguments", "code", "text"),
    [
        ({}, ("inv_nowhere",), 3, "not closed: There is no invoice inv_nowhere"),
        ({}, ("inv_\x1b[31m\u202e",), 3, "There is no invoice inv_"),
        ({}, ("a/../b?c#d",), 3, "not closed: Not Found"),
        ({}, (), 2, "Missing argument 'ID'"),
        ({}, ("a", "b"), 2, "unexpected"),
        ({"HERCLE_URL": ""}, ("inv_1",), 2, "set HERCLE_URL"),
        ({"HERCLE_API_KEY": ""}, ("inv_1",), 6, "HERCLE_API_KEY"),
        ({"HERCLE_API_KEY": "wrong"}, ("inv_1",), 6, "key"),
        ({"HERCLE_URL": "http://127.0.0.1:1"}, ("inv_1",), 6, "not sent"),
        ({"HERCLE_URL": "http://api.example"}, ("inv_1",), 2, "http"),
    ],
)
def test_what_is_not_closed(
    hercle: Hercle,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    arguments: Sequence[str],
    code: int,
    text: str,
) -> None:
    """The vendor's sandbox is never asked."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    ended = hercle("sandbox", "pay", *arguments)
    assert (ended.code, ended.out) == (code, "")
    assert text in ended.line
    assert ended.line.isprintable()


@pytest.mark.parametrize("options", [("--port", "5000"), ("--db", "x"), ("--api-key", "k")])
def test_options_of_serving(hercle: Hercle, options: Sequence[str]) -> None:
    ended = hercle("sandbox", *options, "pay", "inv_1")
    assert (ended.code, ended.out) == (2, "")
    assert "for serving only" in ended.line
