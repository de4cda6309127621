"""What this library costs beside pysignalr: CPU and memory, in paired rounds.

    python tests/bench [NAME ...] [--rounds N] [--check]

A round runs each side once, in fresh processes and in turn, against one neutral server; a ratio is
taken within its round, and of the ratios the median counts. So what else the machine does matters
little. `--check` fails where a median misses its goal.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
PATIENCE = 120.0


class Side(NamedTuple):
    """A run of `measured.py` against a path of the neutral server."""

    library: str
    run: str
    path: str
    items: int


class Bench(NamedTuple):
    """Two sides, and the most that the first may cost, as a part of what the second does."""

    about: str
    ours: Side
    other: Side
    cpu_goal: float | None = None
    peak_goal: float | None = None
    """None: the peak of memory is not shown."""


def beside_pysignalr(
    about: str,
    run: str,
    path: str,
    items: int,
    cpu_goal: float | None = None,
    peak_goal: float | None = None,
) -> Bench:
    ours, other = (Side(library, run, path, items) for library in ("ours", "pysignalr"))
    return Bench(about, ours, other, cpu_goal, peak_goal)


def ours_in_snapshots(invoices: int, fragment: int) -> Side:
    return Side("ours", "snapshot", f"/snapshot/{invoices}/{fragment}/0", invoices)


BENCHES = {
    "events": beside_pysignalr(
        "typed events, one a frame", "events", "/events/50000", 50_000, cpu_goal=0.45
    ),
    "snapshot": beside_pysignalr(
        "snapshot of 10,000 invoices",
        "snapshot",
        "/snapshot/10000/4096/0",
        10_000,
        cpu_goal=0.90,
        peak_goal=0.55,
    ),
    "emoji": beside_pysignalr(
        "the same, emoji in 1 % of memos",
        "snapshot",
        "/snapshot/10000/4096/100",
        10_000,
        cpu_goal=0.90,
        peak_goal=0.55,
    ),
    # pysignalr takes no message of so many fragments, so beside ourselves.
    "large": Bench(
        "100,000 invoices beside 10,000, each",
        ours_in_snapshots(100_000, 4096),
        ours_in_snapshots(10_000, 4096),
        cpu_goal=1.3,
    ),
    "fragments": Bench(
        "fragments of 1.8 KiB beside one frame",
        ours_in_snapshots(10_000, 1800),
        ours_in_snapshots(10_000, 1 << 30),
    ),
    "in-flight": beside_pysignalr("calls, 100 in flight", "in_flight", "/calls", 10_000),
    "sequential": beside_pysignalr("calls, one at a time", "sequential", "/calls", 2_000),
    "connect": beside_pysignalr("connections, each with a call", "connecting", "/calls", 100),
    "import": beside_pysignalr("import", "importing", "/", 1),
}


@contextmanager
def neutral_server() -> Iterator[str]:
    """Its URL, while it runs."""
    command = [sys.executable, str(HERE / "neutral_server.py")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        server.stdin.close()


def measure(side: Side, url: str) -> dict[str, float]:
    """One run in a process of its own."""
    command = [sys.executable, str(HERE / "measured.py"), side.library, side.run]
    command += [url + side.path, str(side.items)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        raise SystemExit(f"{side}:\n{done.stderr}")
    cost: dict[str, float] = json.loads(done.stdout)
    cost["cpu"] *= 1e6 / side.items
    cost["peak"] /= 1e6
    return cost


def compare(bench: Bench, url: str, rounds: int) -> list[str]:
    """Measure, print, and say which goals were missed."""
    pairs = []
    for number in range(rounds):
        sides = (bench.ours, bench.other)
        costs = {side: measure(side, url) for side in (sides if number % 2 else sides[::-1])}
        pairs.append((costs[bench.ours], costs[bench.other]))
    missed = []
    for what, unit, goal in (("cpu", "µs", bench.cpu_goal), ("peak", "MB", bench.peak_goal)):
        if what == "peak" and goal is None:
            continue
        ours = statistics.median(pair[0][what] for pair in pairs)
        other = statistics.median(pair[1][what] for pair in pairs)
        ratios = [pair[0][what] / pair[1][what] for pair in pairs]
        ratio = statistics.median(ratios)
        print(
            f"{bench.about:<40}{what:<5}{ours:>12,.2f}{other:>12,.2f} {unit}"
            f"{ratio:>8.2f} ({min(ratios):.2f}-{max(ratios):.2f})",
            "" if goal is None else f"  goal {goal:.2f}",
            flush=True,
        )
        if goal is not None and ratio > goal:
            missed.append(f"{bench.about}: {what} {ratio:.2f}, the goal is {goal:.2f}")
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--check", action="store_true", help="fail where a goal is missed")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BENCHES):
        parser.error(f"no such bench: {', '.join(sorted(unknown))}")
    missed: list[str] = []
    print(f"{'':<45}{'ours':>12}{'other':>12}      ratio (min-max)")
    with neutral_server() as url:
        for name in arguments.names or BENCHES:
            missed += compare(BENCHES[name], url, arguments.rounds)
    if arguments.check and missed:
        print(*missed, sep="\n", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
