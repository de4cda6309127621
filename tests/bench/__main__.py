"""What this library costs beside pysignalr: CPU and memory, in paired rounds. And counted runs.

    python tests/bench [NAME ...] [--rounds N] [--check]

A round runs each side once, in fresh processes and in turn, against one neutral server; a ratio is
taken within its round, and of the ratios the median counts. So what else the machine does matters
little. `--check` fails where a median misses its goal.

Counted runs, of which `bolt11` names all, go once, in a fresh process too: so many payment requests
are read, and nothing is to come out that must not. `--check` fails where it does, or CPU time
passes its goal.
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
from typing import Any, NamedTuple

HERE = Path(__file__).parent
PATIENCE = 300.0


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


class Counted(NamedTuple):
    """A run of `counted.py`, and the most seconds of CPU it may take."""

    about: str
    run: str
    times: int
    goal: float | None = None


COUNTED = {
    "bolt11-agreement": Counted("agreements with the package bolt11", "agreement", 3_000),
    "bolt11-decoding": Counted("requests decoded, signature aside", "decoding", 10_000, goal=3.0),
    "bolt11-listing": Counted("invoices listed, none decoded", "listing", 10_000),
    "bolt11-mutated": Counted("mutated requests", "mutated", 100_000),
    "bolt11-round-trips": Counted("round trips", "round_trips", 10_000),
}
GROUPS = {"bolt11": list(COUNTED)}


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


def run(program: str, *arguments: object) -> Any:
    """What one run prints, in a process of its own."""
    command = [sys.executable, str(HERE / program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        raise SystemExit(f"{command}:\n{done.stderr}")
    return json.loads(done.stdout)


def count(counted: Counted) -> list[str]:
    """Run, print, and say what was wrong."""
    found = run("counted.py", counted.run, counted.times)
    about = f"{counted.times:,} {counted.about}"
    if "not_run" in found:
        print(f"{about:<45}not run: {found['not_run']}", flush=True)
        return []
    wrong: list[str] = found["wrong"]
    seconds: float = found["seconds"]
    goal = "" if counted.goal is None else f" (goal {counted.goal:.1f} s)"
    verdict = "wrong" if wrong else "all right"
    print(f"{about:<45}{seconds:>8.2f} s{goal}  {verdict}; {found['told']}", flush=True)
    if counted.goal is not None and seconds > counted.goal:
        wrong.append(f"it took {seconds:.2f} s, the goal is {counted.goal:.1f} s")
    return [f"{about}: {each}" for each in wrong]


def measure(side: Side, url: str) -> dict[str, float]:
    """One run in a process of its own."""
    cost: dict[str, float] = run("measured.py", side.library, side.run, url + side.path, side.items)
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
    known = [*BENCHES, *COUNTED, *GROUPS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--check", action="store_true", help="fail where a goal is missed")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(known):
        parser.error(f"no such bench: {', '.join(sorted(unknown))}")
    names = [each for name in arguments.names for each in GROUPS.get(name, [name])]
    names = names or [*BENCHES, *COUNTED]
    missed: list[str] = []
    if compared := [BENCHES[name] for name in names if name in BENCHES]:
        print(f"{'':<45}{'ours':>12}{'other':>12}      ratio (min-max)")
        with neutral_server() as url:
            for bench in compared:
                missed += compare(bench, url, arguments.rounds)
    for name in names:
        if name in COUNTED:
            missed += count(COUNTED[name])
    if arguments.check and missed:
        print(*missed, sep="\n", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
