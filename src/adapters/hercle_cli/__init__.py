"""The command line: `hercle demo`, `sandbox`, `decode`, `invoice create` and `invoice list`."""

from hercle_cli._main import main

__all__ = ["main"]
