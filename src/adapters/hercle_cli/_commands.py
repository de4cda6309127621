"""The commands and their options, and the one place where they end."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Final

import typer
from typer.exceptions import TyperException

from hercle_cli._exits import Exit, Failed, exit_code
from hercle_cli._text import as_json, visible
from hercle_proto import InvoiceMismatch

__all__ = ["run"]

app = typer.Typer(
    name="hercle",
    help="Lightning invoices with Hercle. HERCLE_API_KEY is the key, HERCLE_URL another server.",
    add_completion=False,
)
invoice = typer.Typer(help="Create and list Lightning invoices.")
app.add_typer(invoice, name="invoice")

Production = Annotated[bool, typer.Option(help="Ask production, where money is real.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, with the vendor's names.")]

_CONFIRM_ABOVE: Final = Decimal(1)


def run(arguments: Sequence[str]) -> int:
    """Run a command line; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    command = typer.main.get_command(app)
    try:
        with command.make_context("hercle", list(arguments)) as context:
            code = command.invoke(context)
        sys.stdout.flush()
    except typer.Exit as wanted:
        return wanted.exit_code
    except TyperException as error:
        return _tell(Exit.USAGE, f"{error.format_message()} (see 'hercle --help')")
    except (KeyboardInterrupt, typer.Abort):
        return _tell(Exit.INTERRUPTED, "interrupted")
    except BrokenPipeError:  # whoever read our output has seen enough
        _drop_output()
        return Exit.OK
    except Exception as error:  # noqa: BLE001 - the end of the line
        return _tell(exit_code(error), str(error) or type(error).__name__)
    return int(code or Exit.OK)


def _tell(code: Exit, line: str) -> int:
    print(f"hercle: {visible(line)}", file=sys.stderr)
    return code


def _drop_output() -> None:
    """What could not be written is not tried again when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@app.command()
def demo() -> None:
    """Start a sandbox here, create an invoice in it and list it; nothing is left behind."""
    from hercle_cli._demo import demo as play  # noqa: PLC0415 - only who needs a server loads one

    play()


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 is any free one.")] = 0,
    db: Annotated[Path | None, typer.Option(help="Keep invoices in this file.")] = None,
    api_key: Annotated[
        str | None, typer.Option(help="The key to ask for; else one is made.")
    ] = None,
) -> None:
    """Serve a sandbox of Hercle's API on 127.0.0.1 until Ctrl-C or SIGTERM."""
    import anyio  # noqa: PLC0415

    from hercle_sandbox import NotADatabase, Running, serve_sandbox  # noqa: PLC0415

    def ready(running: Running) -> None:
        print(f"READY {running.url}\nAPI key: {running.api_key}", flush=True)

    try:
        anyio.run(partial(serve_sandbox, port=port, db=db, api_key=api_key, ready=ready))
    except NotADatabase as error:
        raise Failed(Exit.USAGE, str(error)) from None


@app.command()
def decode(
    payment_request: Annotated[str, typer.Argument(help="Such as lnbc2500u1...")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Read a payment request (BOLT 11), and say what it holds."""
    from hercle_cli._decode import fields_of, show_request  # noqa: PLC0415
    from hercle_proto.bolt11 import PaymentRequest  # noqa: PLC0415

    request = PaymentRequest.parse(payment_request)
    if json:
        print(as_json(fields_of(request)))
    else:
        show_request(request)


@invoice.command()
def create(
    amount_btc: Annotated[str, typer.Argument(metavar="AMOUNT_BTC", help="Such as 0.001.")],
    memo: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    expiry_hours: Annotated[int | None, typer.Option(help="1 to 720; 24 unless given.")] = None,
    json: AsJson = False,
    production: Production = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask about large amounts.")] = False,
) -> None:
    """Create an invoice over SignalR."""
    from hercle_cli._invoices import create_invoice  # noqa: PLC0415
    from hercle_cli._show import show_created  # noqa: PLC0415
    from hercle_cli._target import find_target  # noqa: PLC0415
    from hercle_proto.hercle import CreateLightningInvoice, to_vendor  # noqa: PLC0415

    command = CreateLightningInvoice(_decimal(amount_btc), memo, expiry_hours)
    target = find_target(production=production)
    if production and not yes and command.amount_btc > _CONFIRM_ABOVE:
        _confirm(f"Create an invoice of {command.amount_btc:f} BTC in production?")
    created = create_invoice(target, command)
    try:
        if json:
            print(as_json(to_vendor(created)), flush=True)
        else:
            show_created(command, created)
    except OSError as error:
        _drop_output()
        line = f"invoice {created.id} was created, but could not be shown: {error}"
        raise Failed(Exit.BUG, line) from None
    if found := created.verification.disagreements:
        raise InvoiceMismatch(created, None, found, command=command)


@invoice.command("list")
def list_(
    rest: Annotated[bool, typer.Option("--rest", help="Ask over REST, not SignalR.")] = False,
    json: AsJson = False,
    show_secrets: Annotated[
        bool, typer.Option("--show-secrets", help="Show preimages, e-mails and user ids.")
    ] = False,
    production: Production = False,
) -> None:
    """List all invoices."""
    from hercle_cli._invoices import list_invoices  # noqa: PLC0415
    from hercle_cli._show import show_list  # noqa: PLC0415
    from hercle_cli._target import find_target  # noqa: PLC0415
    from hercle_proto.hercle import to_vendor  # noqa: PLC0415

    snapshot = list_invoices(find_target(production=production), rest=rest)
    if json:
        print(as_json([to_vendor(row, show_secrets=show_secrets) for row in snapshot.invoices]))
    else:
        show_list(snapshot.invoices)
    for row in snapshot.unreadable:
        _tell(Exit.OK, f"row {row.index} could not be read at {row.path}: {row.problem}")


def _decimal(text: str) -> Decimal:
    try:
        if "_" not in text:
            return Decimal(text)
    except InvalidOperation:
        pass
    raise Failed(Exit.USAGE, f"AMOUNT_BTC must be a number such as 0.001; got {text[:40]!r}")


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise Failed(Exit.USAGE, f"{question} Nobody is there to ask: pass --yes if so")
    if not typer.confirm(question, err=True):
        raise Failed(Exit.USAGE, "not confirmed; nothing was sent")
