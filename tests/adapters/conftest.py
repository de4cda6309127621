"""Every driver, and nothing left behind by any of them."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from drivers import DRIVERS, AsyncDriver, Driver

DESCRIPTORS = Path("/proc/self/fd")


@pytest.fixture(params=DRIVERS, ids=lambda driver: driver.name)
def driver(request: pytest.FixtureRequest) -> Driver:
    found: Driver = request.param
    return found


@pytest.fixture(params=[d for d in DRIVERS if d.can_cancel], ids=lambda driver: driver.name)
def cancelling(request: pytest.FixtureRequest) -> AsyncDriver:
    found: AsyncDriver = request.param
    return found


@pytest.fixture
def nothing_left() -> Generator[None]:
    before = _threads(), _sockets()
    yield
    gc.collect()
    until = time.monotonic() + 2.0
    while (after := (_threads(), _sockets())) != before and time.monotonic() < until:
        time.sleep(0.005)
    assert after == before


def _threads() -> set[threading.Thread]:
    """Those of ours: trio and asyncio keep threads that look names up."""
    theirs = ("Trio thread", "asyncio_")
    return {t for t in threading.enumerate() if t.is_alive() and not t.name.startswith(theirs)}


def _sockets() -> set[str]:
    if not DESCRIPTORS.exists():
        return set()
    found = set()
    for path in DESCRIPTORS.iterdir():
        try:
            target = str(path.readlink())
        except OSError:
            continue
        if target.startswith("socket:"):
            found.add(target)
    return found
