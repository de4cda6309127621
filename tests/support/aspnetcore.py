"""A genuine ASP.NET Core server with SignalR hubs, which nobody here wrote.

Its README says what it serves: hubs that do everything SignalR can, and Hercle's documented API
with faults on demand.
"""

from __future__ import annotations

import json
import signal
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import caches
from programs import Program

__all__ = ["AspNetCore", "built_server"]

_START = 30.0
"""Seconds until READY; one start in some 220 hangs."""


def built_server() -> Path:
    """The folder of the built server; building takes a download of 170 MB. Raises `Missing`."""
    source = caches.SHARED / "aspnetcore-peer"
    if not (source / "setup.sh").exists():
        raise caches.Missing("no aspnetcore-peer in the shared folder (HERCLE_PROTO_SHARED)")

    def build(folder: Path) -> None:
        caches.needs("node", "npm", "openssl")
        caches.run("bash", source / "setup.sh", folder, cwd=folder)

    return caches.built("aspnetcore-peer", (p for p in source.rglob("*") if p.is_file()), build)


class AspNetCore:
    """The server on a port of its own, which it keeps when it is started again."""

    def __init__(self, folder: Path, environment: Mapping[str, object] | None = None) -> None:
        self._command = folder / "start.sh"
        self._environment = {"SIGTEST_STDIN": 1, **(environment or {})}
        self._program: Program | None = None
        self._port = 0
        self.url = ""
        self.https_url = ""
        """Of what listens there if `SIGTEST_PEM` is set."""

    def start(self) -> None:
        """Start it, and wait until it listens."""
        try:
            self._start()
        except TimeoutError:
            self.kill()
            self._start()

    def _start(self) -> None:
        program = self._program = Program(
            "bash", self._command, self._port, environment=self._environment
        )
        self.url = program.expect("^LISTENING (http:.*)", within=_START)[1]
        self._port = int(self.url.rpartition(":")[2])
        if "SIGTEST_PEM" in self._environment:
            self.https_url = program.expect("^LISTENING (https:.*)", within=_START)[1]
        program.expect("^READY", within=_START)

    @property
    def running(self) -> bool:
        """Whether it was started and not ended since."""
        return self._program is not None

    def kill(self) -> None:
        """End it without a word to anybody."""
        self._stop(signal.SIGKILL)

    def shut_down(self) -> None:
        """Have it end in order: it says Close to all its clients and waits for them."""
        self._stop(signal.SIGTERM)

    def freeze(self) -> None:
        """Stop it where it stands; the system goes on taking connections and bytes for it."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self._program is not None
        self._program.signal(number)

    def _stop(self, number: int) -> None:
        if self._program is not None:
            self._program.signal(number)
            self._program.end(within=_START)
            self._program = None

    def stats(self) -> dict[str, object]:
        """What it has counted: connections since its start, and its version."""
        with urllib.request.urlopen(f"{self.url}/stats") as answer:
            return dict(json.load(answer))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
