"""Marks that make a memo unlike all others, so that a listing shows which invoice is whose."""

from __future__ import annotations

from base64 import b32encode
from typing import TypeVar, cast

from attrs import evolve

from hercle_proto._contract import Entropy
from hercle_proto.hercle._commands import CreateLightningInvoice, HercleCommand

__all__ = ["marked"]

R = TypeVar("R")

_MARK_BYTES = 5
"""Eight characters of base 32: of ten thousand invoices, two share one once in twenty thousand."""


def marked(command: HercleCommand[R], entropy: Entropy, *, always: bool) -> HercleCommand[R]:
    """The command with a fresh mark in its memo, if it asks for one, or all creates get one.

    A command that has one keeps it: the same command is the same invoice. Raises `InvalidArgument`
    for a memo that leaves no room.
    """
    create: object = command
    if not isinstance(create, CreateLightningInvoice) or create.mark is not None:
        return command
    if not (always or create.memo_mark):
        return command
    mark = b32encode(entropy(_MARK_BYTES)).decode().lower()
    memo = f"{create.memo} #{mark}" if create.memo else f"#{mark}"
    return cast("HercleCommand[R]", evolve(create, memo=memo, memo_mark=True, mark=mark))
