"""`hercle reflex`: the options of its commands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from hercle_cli._exits import before_sending, must_be_shown, to_be_shown
from hercle_cli._options import AsJson, PaymentRequestText, ShowSecrets, Tags, TextTags
from hercle_cli._text import as_json, visible

__all__ = ["reflex"]

reflex = typer.Typer(help="Push invoices to Amboss Reflex, and find them there again.")

_WHEN = "2024-03-28, 2024-03-28T17:00Z, 2h, 7d"


@reflex.command()
def hello() -> None:
    """Ask for a greeting: whether the API is there and takes the key."""
    from hercle_cli._reflex import ask, parts_told  # noqa: PLC0415 - only who asks loads a driver
    from hercle_cli._target import find_reflex  # noqa: PLC0415
    from hercle_proto.reflex import GetHello  # noqa: PLC0415

    with parts_told(show_secrets=False):
        greeting = ask(find_reflex(), GetHello())
    with to_be_shown():
        print(visible(greeting))


@reflex.command()
def push(
    payment_request: PaymentRequestText,
    description: Annotated[str | None, typer.Option(help="A description of your own.")] = None,
    tag: Tags = None,
    text_tag: TextTags = None,
    do_not_save: Annotated[
        bool, typer.Option("--do-not-save", help="Look at it only; nothing is kept.")
    ] = False,
    json: AsJson = False,
    show_secrets: ShowSecrets = False,
) -> None:
    """Push an invoice, and tell what is known of where its money goes."""
    with before_sending():
        from hercle_cli._reflex import parts_told, push_invoice, to_json  # noqa: PLC0415
        from hercle_cli._show_reflex import show_pushed  # noqa: PLC0415
        from hercle_cli._tags import parse_tags  # noqa: PLC0415
        from hercle_cli._target import find_reflex  # noqa: PLC0415
        from hercle_proto.reflex import PushInvoice  # noqa: PLC0415

        tags = parse_tags(tag or (), text_tag or ())
        command = PushInvoice(payment_request, description, tags, do_not_save=do_not_save)
        target = find_reflex()
    with parts_told(show_secrets=show_secrets):
        pushed = push_invoice(target, command)
    with must_be_shown(f"the invoice was {'looked at' if do_not_save else 'pushed'}"):
        if json:
            print(as_json(to_json(pushed, show_secrets=show_secrets)))
        else:
            show_pushed(pushed, saved=not do_not_save)


_From = Annotated[
    str | None, typer.Option("--from", metavar="WHEN", help=f"Pushed since then: {_WHEN}.")
]
_To = Annotated[str | None, typer.Option(metavar="WHEN", help="Pushed until then.")]
_Limit = Annotated[int, typer.Option(help="Rows of a page, 1 to 50.")]
_Offset = Annotated[int, typer.Option(help="How many to skip.")]
_All = Annotated[bool, typer.Option("--all", help="All pages, not one.")]
_Aggregates = Annotated[
    bool, typer.Option("--aggregates", help="Totals by interval, country and node, too.")
]
_Timezone = Annotated[
    str | None, typer.Option(help="Of the intervals, such as America/New_York; else UTC.")
]


@reflex.command("list")
def list_(
    from_: _From = None,
    to: _To = None,
    tag: Tags = None,
    text_tag: TextTags = None,
    limit: _Limit = 50,
    offset: _Offset = 0,
    all_: _All = False,
    aggregates: _Aggregates = False,
    timezone: _Timezone = None,
    json: AsJson = False,
    show_secrets: ShowSecrets = False,
) -> None:
    """List invoices that were pushed, newest first."""
    from hercle_cli._progress import waiting  # noqa: PLC0415
    from hercle_cli._reflex import ask, find_all, parts_told, to_json  # noqa: PLC0415
    from hercle_cli._show_reflex import show_found  # noqa: PLC0415
    from hercle_cli._tags import parse_tags  # noqa: PLC0415
    from hercle_cli._target import find_reflex  # noqa: PLC0415
    from hercle_cli._when import parse_period  # noqa: PLC0415
    from hercle_proto.reflex import FindInvoices, Part  # noqa: PLC0415

    since, until = parse_period(from_, to, now=datetime.now(UTC))
    find = FindInvoices(
        from_=since,
        to=until,
        tags=parse_tags(tag or (), text_tag or ()),
        limit=limit,
        offset=offset,
        parts=Part.ALL if aggregates else Part.LIST,
    )
    target = find_reflex()
    with parts_told(show_secrets=show_secrets), waiting("Finding invoices") as progress:
        if all_:
            found = find_all(target, find, progress, timezone=timezone)
        else:
            found = ask(target, find, timezone=timezone)
    with to_be_shown():
        if json:
            print(as_json(to_json(found, show_secrets=show_secrets)))
        else:
            show_found(found, totals=aggregates)
