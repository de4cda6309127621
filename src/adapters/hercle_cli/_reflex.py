"""Asking Reflex, and its answers as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import attrs

from hercle_adapters.blocking import iter_invoices, open_reflex
from hercle_cli._calls import Told, carry_out
from hercle_cli._exits import drop_output
from hercle_cli._progress import Progress
from hercle_cli._target import Target
from hercle_cli._text import as_json
from hercle_proto import GraphQLError, OutcomeUnknown
from hercle_proto.reflex import (
    FindInvoices,
    FoundInvoices,
    Part,
    PushedInvoice,
    PushInvoice,
    ReflexCommand,
)

__all__ = ["ask", "find_all", "parts_told", "push_invoice", "to_json"]

R = TypeVar("R")

_SECRETS: Final = frozenset({"account_id"})
_MASK: Final = "***"


_AHEAD: Final = timedelta(minutes=10)
"""How far the server's clock may be ahead of ours."""


def ask(target: Target, command: ReflexCommand[R], *, timezone: str | None = None) -> R:
    """The answer to a command that may be done twice."""
    with open_reflex(target.key, url=target.url, timezone=timezone) as session:
        return session.call(command)


def find_all(
    target: Target, find: FindInvoices, progress: Progress, *, timezone: str | None
) -> FoundInvoices:
    """All that is found, page by page, with the totals that `find` asks for, until the same time.

    What is pushed meanwhile is on no page but the first; so totals are asked for right before it.
    """
    now = datetime.now(UTC)
    find = attrs.evolve(find, to=find.to or max(now + _AHEAD, find.from_ or now))
    totals = find.parts & ~Part.LIST
    with open_reflex(target.key, url=target.url, timezone=timezone) as session:
        found = FoundInvoices()
        if totals:
            found = session.call(attrs.evolve(find, parts=totals))
        rows = []
        for row in iter_invoices(session, find):
            rows.append(row)
            progress.rows = len(rows)
    return attrs.evolve(found, list=tuple(rows))


def push_invoice(target: Target, command: PushInvoice) -> PushedInvoice:
    """What Reflex knows of it. Raises what `carry_out` raises."""
    return carry_out(open_reflex(target.key, url=target.url), command, _INTERRUPTED)


def _pushed(_: object) -> str:
    return "the invoice was pushed"


_INTERRUPTED: Final = Told(
    done=_pushed, doubtful="see 'hercle reflex list' before you push the invoice again"
)


# -- answers as JSON -------------------------------------------------------------------------------


def to_json(answer: FoundInvoices | PushedInvoice, *, show_secrets: bool) -> dict[str, object]:
    """An answer under the vendor's names; account ids are masked unless `show_secrets`."""
    told = attrs.asdict(answer)
    return told if show_secrets else _masked(told)


@contextmanager
def parts_told(*, show_secrets: bool) -> Iterator[None]:
    """Where the block ends in an error of GraphQL's, print what came nevertheless as `data`."""
    try:
        yield
    except (GraphQLError, OutcomeUnknown) as error:
        cause = error.cause if isinstance(error, OutcomeUnknown) else error
        # how the command ended is told in any case; data may be nested without end
        with suppress(RecursionError):
            if isinstance(cause, GraphQLError) and _says(cause.data):
                _print({"data": cause.data if show_secrets else _masked(cause.data)})
        raise


def _print(told: dict[str, object]) -> None:
    text = as_json(told)
    try:
        print(text, flush=True)
    except (Exception, KeyboardInterrupt):  # noqa: BLE001 - how the command ended says more
        drop_output()


def _says(data: object) -> bool:
    """Whether it holds anything but nulls."""
    match data:
        case None:
            return False
        case dict():
            return any(map(_says, data.values()))
        case list():
            return any(map(_says, data))
        case _:
            return True


def _masked(value: Any) -> Any:
    match value:
        case dict():
            return {
                name: _MASK if name in _SECRETS and each is not None else _masked(each)
                for name, each in value.items()
            }
        case list() | tuple():
            return [_masked(each) for each in value]
        case _:
            return value
