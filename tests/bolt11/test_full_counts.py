"""10,000 round trips and 100,000 mutated requests, as `make bench ARGS=bolt11` runs them."""

from __future__ import annotations

import subprocess
import sys

import pytest

import sources

RUNS = ("bolt11-mutated", "bolt11-round-trips")


@pytest.mark.timeout(600)
def test_nothing_but_what_was_written_and_refusals() -> None:
    """In processes of their own: at the same time, and out of the tracer's sight, which would take
    as long again.
    """
    command = [sys.executable, sources.ROOT / "tests" / "bench", "--check"]
    pipe = subprocess.PIPE
    running = [
        subprocess.Popen([*command, run], stdout=pipe, stderr=subprocess.STDOUT, text=True)
        for run in RUNS
    ]
    said = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0] * len(RUNS), "\n".join(said)
    assert "100,000 mutated requests" in said[0]
    assert "10,000 round trips" in said[1]
