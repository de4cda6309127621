"""`hercle sandbox`: the server, and what may be done to a running one."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from hercle_cli._exits import Exit, Failed, exit_code, must_be_shown, to_be_shown
from hercle_cli._text import visible
from hercle_proto import CommandRefused

__all__ = ["sandbox"]

sandbox = typer.Typer(help="Serve a sandbox of Hercle and Reflex on 127.0.0.1, or act on one.")


@sandbox.callback(invoke_without_command=True)
def serve(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 is any free one.")] = 0,
    db: Annotated[Path | None, typer.Option(help="Keep invoices in this file.")] = None,
    api_key: Annotated[
        str | None, typer.Option(help="The key to ask for; else one is made.")
    ] = None,
) -> None:
    """Serve a sandbox of Hercle and Reflex on 127.0.0.1 until Ctrl-C or SIGTERM."""
    if context.invoked_subcommand is not None:
        if port or db is not None or api_key is not None:
            raise Failed(Exit.USAGE, "--port, --db and --api-key are for serving only")
        return
    import anyio  # noqa: PLC0415 - only who needs a server loads one

    from hercle_sandbox import NotADatabase, Running, serve_sandbox  # noqa: PLC0415

    def ready(running: Running) -> None:
        with to_be_shown():
            print(f"READY {running.url}\nAPI key: {running.api_key}")

    try:
        anyio.run(partial(serve_sandbox, port=port, db=db, api_key=api_key, ready=ready))
    except NotADatabase as error:
        raise Failed(Exit.USAGE, str(error)) from None
    except ExceptionGroup as errors:  # of tasks, of which one failed
        raise errors.exceptions[0] from None


@sandbox.command()
def pay(invoice_id: Annotated[str, typer.Argument(metavar="ID", help="Such as inv_1a2b.")]) -> None:
    """Have the sandbox at HERCLE_URL close an invoice. CLOSED does not tell why."""
    from hercle_cli._target import find_sandbox  # noqa: PLC0415
    from hercle_sandbox import close_invoice  # noqa: PLC0415

    target = find_sandbox()
    try:
        close_invoice(target.url, target.key, invoice_id)
    except CommandRefused as error:
        raise Failed(exit_code(error), f"not closed: {error.reason}") from None
    with must_be_shown(f"invoice {invoice_id} was closed"):
        print(f"Invoice {visible(invoice_id)} was closed.")
