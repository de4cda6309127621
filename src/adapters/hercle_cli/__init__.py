"""The command line: `hercle demo`, `decode`, `invoice`, `reflex` and `sandbox`."""

from hercle_cli._main import main

__all__ = ["main"]
