"""One command carried out, with every ending told apart, an interrupt included."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

from attrs import frozen

from hercle_adapters.blocking import Session
from hercle_cli._exits import Exit, Failed
from hercle_proto import AnsweredLate, Command, HercleProtoError

__all__ = ["Told", "carry_out"]

R = TypeVar("R")


@frozen
class Told:
    """What an interrupted command's line says."""

    done: Callable[[object], str]
    """Of its answer."""
    doubtful: str
    """Where nothing is known."""


def carry_out(
    opening: AbstractContextManager[Session], command: Command[R], interrupted: Told
) -> R:
    """Open a session for a command that must not be done twice by accident.

    Raises `Failed` when interrupted, and what the command ended with. An answer counts, whatever
    becomes of the goodbye.
    """
    session: Session | None = None
    answers: list[R] = []
    try:
        with opening as session:
            answers.append(session.call(command))
    except KeyboardInterrupt:
        if not answers:
            line = f"interrupted{_known(session, interrupted)}"
            raise Failed(Exit.INTERRUPTED, line) from None
    except HercleProtoError:
        if not answers:
            raise
    return answers[0]


def _known(session: Session | None, interrupted: Told) -> str:
    """What is known of a command that nobody waited for to the end."""
    if session is None:
        return " before anything was sent"
    for event in session:
        match event:
            case AnsweredLate(answer=HercleProtoError() as error):
                return f": {error}"
            case AnsweredLate(answer=answer):
                return f": {interrupted.done(answer)}"
            case _:
                pass
    return f": {interrupted.doubtful}"
