"""The commands that are in no group, and the one place where all of them end."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.exceptions import TyperException

from hercle_cli._exits import Exit, before_sending, drop_output, exit_code, tell, to_be_shown
from hercle_cli._invoice_commands import invoice
from hercle_cli._options import PaymentRequestText
from hercle_cli._reflex_commands import reflex
from hercle_cli._sandbox_commands import sandbox
from hercle_cli._signals import sigterm_interrupts
from hercle_cli._text import as_json

__all__ = ["run"]

app = typer.Typer(
    name="hercle",
    help="Lightning invoices with Hercle and Amboss Reflex. HERCLE_API_KEY and REFLEX_API_KEY are "
    "the keys, HERCLE_URL and REFLEX_URL other servers.",
    add_completion=False,
)
app.add_typer(invoice, name="invoice")
app.add_typer(reflex, name="reflex")
app.add_typer(sandbox, name="sandbox")


def run(arguments: Sequence[str]) -> int:
    """Run a command line; the exit code."""
    try:
        with sigterm_interrupts():
            with before_sending():  # much is imported here
                command = typer.main.get_command(app)
                context = command.make_context("hercle", list(arguments))
            with context:
                code = command.invoke(context)
            sys.stdout.flush()
    except typer.Exit as wanted:
        return wanted.exit_code
    except TyperException as error:
        return _end(Exit.USAGE, f"{error.format_message()} (see 'hercle --help')")
    except KeyboardInterrupt:
        return _end(Exit.INTERRUPTED, "interrupted")
    except typer.Abort:  # of a question that comes first
        return _end(Exit.INTERRUPTED, "interrupted before anything was sent")
    except BrokenPipeError:  # whoever read our output has seen enough
        drop_output()
        return Exit.OK
    except Exception as error:  # noqa: BLE001 - the end of the line
        return _end(exit_code(error), str(error) or type(error).__name__)
    return int(code or Exit.OK)


def _end(code: Exit, line: str) -> int:
    tell(line)
    return code


@app.command()
def demo() -> None:
    """An invoice's whole story in a sandbox on this machine; nothing is left behind."""
    from hercle_cli._demo import demo as play  # noqa: PLC0415 - only who needs a server loads one

    play()


@app.command()
def decode(
    payment_request: PaymentRequestText,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Read a payment request (BOLT 11), and say what it holds."""
    from hercle_cli._decode import fields_of, show_request  # noqa: PLC0415
    from hercle_proto.bolt11 import PaymentRequest  # noqa: PLC0415

    request = PaymentRequest.parse(payment_request)
    with to_be_shown():
        if json:
            print(as_json(fields_of(request)))
        else:
            show_request(request)
