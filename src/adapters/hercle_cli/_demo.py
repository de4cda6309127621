"""`hercle demo`: a sandbox on this machine, an invoice made and listed, and nothing left behind."""

from __future__ import annotations

from decimal import Decimal

from hercle_cli._invoices import create_invoice, list_invoices
from hercle_cli._show import console, show_created, show_list
from hercle_cli._target import Target
from hercle_proto.hercle import CreateLightningInvoice
from hercle_sandbox import running_sandbox

__all__ = ["demo"]


def demo() -> None:
    """Play it."""
    out = console()
    with running_sandbox() as sandbox:
        target = Target(sandbox.url, sandbox.api_key)
        out.print(f"A sandbox of Hercle's API runs at {sandbox.url} until this demo ends.\n")
        command = CreateLightningInvoice(Decimal("0.001"), "Payment for services")
        show_created(command, create_invoice(target, command))
        for road, rest in (("SignalR", False), ("REST", True)):
            out.print(f"\nListed over {road}:")
            rows = list_invoices(target, rest=rest).invoices
            show_list(rows, of=len(rows))
