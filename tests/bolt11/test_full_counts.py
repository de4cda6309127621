"""What `test_any_input.py` tries, as often as `make bench ARGS=bolt11` does."""

from __future__ import annotations

import subprocess
import sys

import pytest

import sources

TOLD = {
    "bolt11-mutated": "100,000 mutated requests",
    "bolt11-round-trips": "10,000 written, read, written",
}


@pytest.mark.timeout(600)
def test_full_counts() -> None:
    """In processes of their own: at the same time, and out of sight of a tracer, which would take
    as long again.
    """
    command = [sys.executable, sources.ROOT / "tests" / "bench", "--check"]
    pipe = subprocess.PIPE
    running = {
        run: subprocess.Popen([*command, run], stdout=pipe, stderr=subprocess.STDOUT, text=True)
        for run in TOLD
    }
    said = {run: process.communicate()[0] for run, process in running.items()}
    assert [process.returncode for process in running.values()] == [0, 0], said
    assert all(told in said[run] for run, told in TOLD.items()), said
