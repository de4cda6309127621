"""A sandbox for the examples of the documentation."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def sandbox() -> Iterator[dict[str, str]]:
    """`hercle sandbox` on a free port, and what examples find in their environment about it."""
    hercle = Path(sys.executable).with_name("hercle")
    with subprocess.Popen(
        [hercle, "sandbox", "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            ready, key = process.stdout.readline(), process.stdout.readline()
            assert ready.startswith("READY http://127.0.0.1:"), ready
            assert key.startswith("API key: "), "the second line does not tell the key"
            yield {
                "HERCLE_URL": ready.removeprefix("READY ").strip(),
                "HERCLE_API_KEY": key.removeprefix("API key: ").strip(),
            }
        finally:
            process.terminate()
