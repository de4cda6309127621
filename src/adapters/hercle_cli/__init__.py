"""The command line: `hercle demo`, `hercle sandbox`, `hercle invoice create` and `list`."""

from hercle_cli._main import main

__all__ = ["main"]
