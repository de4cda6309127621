"""Interop tests cannot go missing: skipped ones fail in CI, and CI counts those that passed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import sources

TESTS = """
import pytest

@pytest.mark.interop
def test_passes():
    pass

@pytest.mark.interop
def test_skips():
    pytest.skip("no peer here")

@pytest.mark.interop
@pytest.mark.xfail(reason="known")
def test_is_known_to_fail():
    assert False

def test_has_no_mark():
    pytest.skip("nobody minds")
"""

INI = "[pytest]\nmarkers = interop: as in the project\n"


@pytest.mark.parametrize(
    ("environment", "exit_code", "said"),
    [
        ({}, 0, "1 passed, 2 skipped, 1 xfailed"),
        ({"INTEROP_MINIMUM": "1"}, 0, "interop tests passed: 1 of at least 1: enough"),
        ({"INTEROP_MINIMUM": "2"}, 1, "interop tests passed: 1 of at least 2: TOO FEW"),
        ({"CI": "true"}, 1, "1 failed, 1 passed, 1 skipped, 1 xfailed"),
        ({"CI": "true"}, 1, "an interop test must run in CI, and this one did not: "),
    ],
)
def test_rules(tmp_path: Path, environment: dict[str, str], exit_code: int, said: str) -> None:
    (tmp_path / "pytest.ini").write_text(INI)
    (tmp_path / "conftest.py").write_text((sources.ROOT / "tests" / "conftest.py").read_text())
    (tmp_path / "test_sample.py").write_text(TESTS)
    inherited = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs"],
        cwd=tmp_path,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
    )
    assert run.returncode == exit_code, run.stdout
    assert said in run.stdout
