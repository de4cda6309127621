"""What tests download or build, kept between runs, outside of the tree."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import sources

__all__ = ["SHARED", "Missing", "built", "needs", "run"]

SHARED = Path(os.environ.get("HERCLE_PROTO_SHARED", sources.ROOT.parent / "shared"))
"""Holds `aspnetcore-peer`, the sources of a real server, and `seeds`, the vendor's pages."""

_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "hercle-proto"


class Missing(Exception):
    """Something that a test speaks with cannot be had here."""


def needs(*programs: str) -> None:
    """Raise `Missing` unless these programs are there."""
    for program in programs:
        if shutil.which(program) is None:
            raise Missing(f"{program} is not installed")


def built(name: str, made_from: Iterable[Path], build: Callable[[Path], None]) -> Path:
    """A folder that `build` filled, this time or an earlier one: once per content of `made_from`.

    Two runs never build at once, and what was built half is never taken for whole.
    """
    digest = hashlib.sha256()
    for path in sorted(made_from):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    folder = _CACHE / f"{name}-{digest.hexdigest()[:16]}"
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            partial = folder.with_name(f"{folder.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            build(partial)
            partial.rename(folder)
    return folder


def run(*command: object, cwd: Path) -> None:
    """Run a step of a build, for ten minutes at most. Raises `Missing` with what it said if it
    fails."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode:
        raise Missing(f"{command[0]} ended with {done.returncode}: {done.stdout[-2000:]}")
