"""Microsoft's own SignalR client for JavaScript, as it is published, run by node.

The data file pins it and all that it needs, by version and hash; nothing of it runs at install.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import caches
import sources
from programs import Program

__all__ = ["installed", "running"]

PINNED = sources.ROOT / "tests" / "data" / "microsoft-signalr.json"

# A program must not outlive us: it ends where its standard input does.
_GUARD = "process.stdin.on('end', () => process.exit(0)).resume();\n"


def installed() -> Path:
    """The folder of the installed client. Raises `Missing`."""
    caches.needs("node")
    return caches.built("microsoft-signalr", [PINNED], _install)


def _install(folder: Path) -> None:
    caches.needs("npm")
    pins: dict[str, tuple[str, str]] = json.loads(PINNED.read_text())
    project = {"dependencies": {name: version for name, (version, _) in pins.items()}}
    lock = {
        "lockfileVersion": 3,
        "packages": {"": project}
        | {
            f"node_modules/{name}": {"version": version, "integrity": integrity}
            for name, (version, integrity) in pins.items()
        },
    }
    (folder / "package.json").write_text(json.dumps(project))
    (folder / "package-lock.json").write_text(json.dumps(lock))
    caches.run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)


@contextmanager
def running(script: str, folder: Path, **environment: str) -> Iterator[Program]:
    """A script that may require('@microsoft/signalr'), under node; killed at the end of the block.

    `folder` is the installed client's.
    """
    modules = {"NODE_PATH": str(folder / "node_modules")}
    with Program("node", "--eval", _GUARD + script, environment=modules | environment) as program:
        yield program
