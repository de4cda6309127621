"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["AsJson", "PaymentRequestText", "Production", "Rest", "ShowSecrets", "Tags", "TextTags"]

PaymentRequestText = Annotated[
    str, typer.Argument(metavar="PAYMENT_REQUEST", help="Such as lnbc2500u1...")
]
Production = Annotated[bool, typer.Option(help="Ask production, where money is real.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, with the vendor's names.")]
Rest = Annotated[bool, typer.Option("--rest", help="Ask over REST, not SignalR.")]
ShowSecrets = Annotated[
    bool,
    typer.Option("--show-secrets", help="Show preimages, e-mails, user and account ids."),
]
Tags = Annotated[
    list[str] | None,
    typer.Option(
        "--tag", metavar="KEY=VALUE", help="true, false and numbers are no text. Repeatable."
    ),
]
TextTags = Annotated[
    list[str] | None,
    typer.Option("--text-tag", metavar="KEY=TEXT", help="The same, always text. Repeatable."),
]
