"""`hercle demo`: an invoice's whole story in a sandbox on this machine; nothing is left behind."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

import attrs
from rich.text import Text

from hercle_adapters.blocking import Session, open_hercle, open_reflex
from hercle_cli._exits import to_be_shown
from hercle_cli._invoices import create_invoice, list_invoices
from hercle_cli._news import as_line
from hercle_cli._show import console, show_created, show_fields, show_list
from hercle_cli._show_reflex import show_pushed, show_totals
from hercle_cli._target import Target
from hercle_proto.hercle import (
    Agrees,
    CheckResult,
    CreatedInvoice,
    CreateLightningInvoice,
    Disagrees,
    InvoiceClosed,
    NotChecked,
    Verification,
    WaitClosed,
    Watch,
)
from hercle_proto.reflex import FindInvoices, Part, PushInvoice, Tag
from hercle_sandbox import Running, running_sandbox

__all__ = ["demo"]

_LONGEST_WAIT = 60.0
"""Seconds until what was closed is seen closed; about 5, unless the machine is busy."""


def demo() -> None:
    """Tell it."""
    with running_sandbox() as sandbox, to_be_shown():
        console().print(f"A sandbox of Hercle and Reflex runs at {sandbox.url} until this ends.")
        _Story(sandbox).tell()


class _Story:
    """What happens, step by step."""

    def __init__(self, sandbox: Running) -> None:
        self._sandbox = sandbox
        self._target = Target(sandbox.url, sandbox.api_key)
        self._steps = count(1)

    def tell(self) -> None:
        created = self._create()
        self._verify(created.verification)
        # watched from here on, so that the listing which shows its closing is not far
        with open_hercle(self._target.key, url=self._target.url) as session:
            session.call(Watch())
            self._list()
            self._push(created)
            self._close(created)
            self._see(session, created)

    def _step(self, what: str) -> None:
        console().print(Text(f"\n{next(self._steps)}. {what}", style="bold cyan"))

    def _create(self) -> CreatedInvoice:
        self._step("Create an invoice over SignalR")
        command = CreateLightningInvoice(Decimal("0.001"), "Payment for services")
        created = create_invoice(self._target, command)
        show_created(command, created)
        return created

    def _verify(self, verification: Verification) -> None:
        self._step("Verify it: is its payment request what was asked for?")
        results = attrs.asdict(verification, recurse=False)
        show_fields(*((check, _said(result)) for check, result in results.items()))

    def _list(self) -> None:
        for road, rest in (("SignalR", False), ("REST", True)):
            self._step(f"List it over {road}")
            rows = list_invoices(self._target, rest=rest).invoices
            show_list(rows, of=len(rows))

    def _push(self, created: CreatedInvoice) -> None:
        self._step("Push it to Reflex (what a sandbox tells about nodes is made up)")
        command = PushInvoice(
            created.encoded_payment_request or "",
            "User withdrawal",
            [Tag.of("product-id", 534271), Tag.of("is-withdrawal", True)],
        )
        with open_reflex(self._target.key, url=self._target.url) as session:
            show_pushed(session.call(command), saved=True)
            self._step("What all that was pushed adds up to")
            show_totals(session.call(FindInvoices(parts=Part.AGGREGATED | Part.STATS)))

    def _close(self, created: CreatedInvoice) -> None:
        self._step("Have the sandbox close it")
        self._sandbox.close_invoice(created.id)
        console().print(
            "Done. The API's CLOSED does not tell why: nothing says that anybody sent money."
        )

    def _see(self, session: Session, created: CreatedInvoice) -> None:
        self._step("Watch sees it close; waiting for the next listing, at most some 5 seconds")
        closing: InvoiceClosed = session.call(WaitClosed(created.id), timeout=_LONGEST_WAIT)
        console().print(as_line(closing, at=datetime.now(UTC)), soft_wrap=True)


def _said(result: CheckResult) -> str:
    match result:
        case Agrees():
            return "agrees"
        case Disagrees():
            return f"disagrees: {result}"
        case NotChecked(why=why):
            return f"not checked: {why}"
