"""`hercle invoice`: the options of creating, listing and watching."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Final

import typer

from hercle_cli._exits import Exit, Failed, before_sending, must_be_shown, tell, to_be_shown
from hercle_cli._options import AsJson, Production, Rest, ShowSecrets
from hercle_cli._text import as_json, as_json_line
from hercle_proto import InvoiceMismatch

__all__ = ["invoice"]

invoice = typer.Typer(help="Create, list and watch Lightning invoices.")

_CONFIRM_ABOVE: Final = Decimal(1)


# an amount below zero looks like an option; what is neither is told by the rule for amounts
@invoice.command(context_settings={"ignore_unknown_options": True})
def create(
    amount_btc: Annotated[str, typer.Argument(metavar="AMOUNT_BTC", help="Such as 0.001.")],
    memo: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    expiry_hours: Annotated[int | None, typer.Option(help="1 to 720; 24 unless given.")] = None,
    json: AsJson = False,
    production: Production = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask about large amounts.")] = False,
) -> None:
    """Create an invoice over SignalR."""
    with before_sending():
        from hercle_cli._invoices import create_invoice  # noqa: PLC0415
        from hercle_cli._show import show_created  # noqa: PLC0415
        from hercle_cli._target import find_target  # noqa: PLC0415
        from hercle_proto.hercle import CreateLightningInvoice, to_vendor  # noqa: PLC0415

        command = CreateLightningInvoice(_decimal(amount_btc), memo, expiry_hours)
        target = find_target(production=production)
        if production and not yes and command.amount_btc > _CONFIRM_ABOVE:
            _confirm(f"Create an invoice of {command.amount_btc:f} BTC in production?")
    created = create_invoice(target, command)
    with must_be_shown(f"invoice {created.id} was created"):
        if json:
            print(as_json(to_vendor(created)))
        else:
            show_created(command, created)
    if found := created.verification.disagreements:
        raise InvoiceMismatch(created, None, found, command=command)


@invoice.command("list")
def list_(
    status: Annotated[
        str | None, typer.Option(help="Only those of this status, such as OPEN or CLOSED.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Only those made since then: 2024-03-28, 2h, 7d."),
    ] = None,
    rest: Rest = False,
    json: AsJson = False,
    show_secrets: ShowSecrets = False,
    production: Production = False,
) -> None:
    """List invoices."""
    from hercle_cli._invoices import Chosen, list_invoices  # noqa: PLC0415
    from hercle_cli._progress import waiting  # noqa: PLC0415
    from hercle_cli._show import show_list  # noqa: PLC0415
    from hercle_cli._target import find_target  # noqa: PLC0415
    from hercle_cli._when import parse_when  # noqa: PLC0415
    from hercle_proto.hercle import to_vendor  # noqa: PLC0415

    made = None if since is None else parse_when("--since", since, now=datetime.now(UTC))
    target = find_target(production=production)
    with waiting("Listing invoices"):
        snapshot = list_invoices(target, rest=rest)
    rows = Chosen(status, made).among(snapshot.invoices)
    with to_be_shown():
        if json:
            print(as_json([to_vendor(row, show_secrets=show_secrets) for row in rows]))
        else:
            show_list(rows, of=len(snapshot.invoices))
    for row in snapshot.unreadable:
        tell(f"row {row.index} could not be read at {row.path}: {row.problem}")


@invoice.command()
def watch(
    invoice_id: Annotated[
        str | None, typer.Option("--id", help="End when this one is closed; tell of no other.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Without it there is no end.")
    ] = None,
    rest: Rest = False,
    json: AsJson = False,
    show_secrets: ShowSecrets = False,
    production: Production = False,
) -> None:
    """Tell what happens to invoices from now on, a line each, until Ctrl-C."""
    from hercle_cli._news import News, as_line, as_object  # noqa: PLC0415
    from hercle_cli._target import find_target  # noqa: PLC0415
    from hercle_cli._watch import Watching, wait_closed, watch_all  # noqa: PLC0415

    def show(news: News) -> None:
        if json:
            line = as_json_line(as_object(news, show_secrets=show_secrets))
        else:
            line = as_line(news, at=datetime.now(UTC))
        with to_be_shown():
            print(line)

    if timeout is not None and not timeout > 0:
        raise Failed(Exit.USAGE, f"--timeout must be more than 0 seconds; got {timeout:g}")
    watching = Watching(find_target(production=production), rest, timeout, show)
    try:
        if invoice_id is None:
            watch_all(watching)
        else:
            wait_closed(watching, invoice_id)
    except KeyboardInterrupt:  # its orderly end: nothing is to be said
        raise typer.Exit(Exit.INTERRUPTED) from None


def _decimal(text: str) -> Decimal:
    if re.match(r"-+[^-0-9.]", text):
        raise Failed(Exit.USAGE, f"there is no option {text[:40]!r}")
    try:
        if text.isascii() and "_" not in text:
            return Decimal(text)
    except InvalidOperation:
        pass
    raise Failed(Exit.USAGE, f"AMOUNT_BTC must be a number such as 0.001; got {text[:40]!r}")


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise Failed(Exit.USAGE, f"{question} Nobody is there to ask: pass --yes if so")
    if not typer.confirm(question, err=True):
        raise Failed(Exit.USAGE, "not confirmed; nothing was sent")
