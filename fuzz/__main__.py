"""Throw bytes at the targets beside this file; README.md says how."""

from __future__ import annotations

import argparse
import hashlib
import importlib
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
NAMES = sorted(path.stem for path in HERE.glob("*.py") if path.stem != "__main__")
MAX_LENGTH = 4096
TOKENS = (
    b"\x1e",
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b":",
    b",",
    b"null",
    b"\\u",
    b"\xff",
    b"\r\n",
    b"0",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--seconds", type=int, default=10, help="for each target")
    parser.add_argument("--seed", type=int, default=None, help="for mutation without atheris")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(NAMES):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    names = arguments.names or NAMES
    if find_spec("atheris") is None:
        seed = arguments.seed if arguments.seed is not None else random.randrange(2**32)
        return max(mutate(name, arguments.seconds, seed) for name in names)
    if len(names) > 1:  # a run of atheris ends its process
        command = [sys.executable, str(HERE), "--seconds", str(arguments.seconds)]
        return max(subprocess.call([*command, name]) for name in names)
    guide(names[0], arguments.seconds)
    return 0


def guide(name: str, seconds: int) -> None:
    """Search by coverage. Does not return."""
    import atheris

    with atheris.instrument_imports(include=["hercle_proto"]):
        target = load(name)
    found = HERE / "found" / f"{name}-"
    found.parent.mkdir(exist_ok=True)
    options = [f"-max_total_time={seconds}", f"-max_len={MAX_LENGTH}", f"-artifact_prefix={found}"]
    finds = tempfile.mkdtemp()  # inputs that reach something new; the corpus itself stays as it is
    atheris.Setup([name, *options, finds, str(HERE / "corpus" / name)], target)
    atheris.Fuzz()


def mutate(name: str, seconds: int, seed: int) -> int:
    """Change inputs of the corpus at random."""
    target, chance = load(name), random.Random(seed)
    corpus = [path.read_bytes() for path in sorted((HERE / "corpus" / name).iterdir())]
    runs, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        data = changed(chance.choice(corpus), corpus, chance)
        runs += 1
        try:
            target(data)
        except Exception as error:  # noqa: BLE001 - whatever breaks the promise
            found = HERE / "found" / f"{name}-{hashlib.sha256(data).hexdigest()[:16]}"
            found.parent.mkdir(exist_ok=True)
            found.write_bytes(data)
            print(f"{name}: {type(error).__name__}: {error}\n  written to {found}")
            return 1
    print(f"{name}: {runs} runs in {seconds} s, seed {seed}")
    return 0


def changed(data: bytes, corpus: list[bytes], chance: random.Random) -> bytes:
    """`data` with a few bytes replaced, removed, repeated, inserted or taken from elsewhere."""
    for _ in range(chance.randint(1, 6)):
        start = chance.randint(0, len(data))
        end = min(len(data), start + chance.choice((0, 1, 2, 8, 64)))
        other = chance.choice(corpus)
        cut = chance.randint(0, len(other))
        piece = chance.choice(
            (
                b"",
                chance.randbytes(1),
                chance.choice(TOKENS),
                data[start:end] * 2,
                other[cut : cut + 64],
            )
        )
        data = data[:start] + piece + data[end:]
    return data[:MAX_LENGTH]


def load(name: str) -> Callable[[bytes], None]:
    """The target of that name."""
    target: Callable[[bytes], None] = importlib.import_module(name).target
    return target


if __name__ == "__main__":
    sys.exit(main())
