"""`hercle reflex`: the options of its commands."""

from __future__ import annotations

import typer

__all__ = ["reflex"]

reflex = typer.Typer(help="Push invoices to Amboss Reflex, and find them there again.")
