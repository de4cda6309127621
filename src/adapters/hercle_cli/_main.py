"""Where the command line begins, before it is known that what it needs is there."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from hercle_cli._streams import prepare

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code. Whatever goes wrong is one line, no more."""
    prepare()
    try:
        from hercle_cli._commands import run  # noqa: PLC0415 - what it needs is an extra
    except ModuleNotFoundError as error:
        print(f"hercle: {error.name} is missing: pip install 'hercle-proto[cli]'", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("hercle: interrupted before anything was sent", file=sys.stderr)
        return 130
    return run(sys.argv[1:] if arguments is None else arguments)
