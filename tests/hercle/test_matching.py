"""Which call an answer ends: surely its own, or none."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

import vendor
from hercle_proto import Command
from hercle_proto.bolt11 import Network, encode
from hercle_proto.hercle import (
    Answer,
    CreatedInvoice,
    CreateLightningInvoice,
    ErrorAnswer,
    GetLightningInvoices,
    InvoiceSnapshot,
    UnreadableAnswer,
)
from hercle_proto.hercle._envelope import Envelope
from hercle_proto.hercle._matching import agrees, find_call

KEY = bytes(31) + b"\x01"
PRE_CHECKS = "preChecksError"
ERROR = "execution.invoice.error"


def request(sats: int | None, memo: str | None = "", *, hashed: str | None = None) -> str:
    return encode(
        KEY,
        network=Network.REGTEST,
        amount_msat=None if sats is None else sats * 1000,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        payment_hash=bytes(32),
        payment_secret=bytes(32),
        description=None if hashed else memo,
        description_hash=sha256(hashed.encode()).digest() if hashed else None,
    )


def get(client_id: str = "g") -> GetLightningInvoices:
    return GetLightningInvoices(client_id)


def create(
    client_id: str = "c", sats: int = 1000, memo: str | None = None
) -> CreateLightningInvoice:
    return CreateLightningInvoice.for_sats(sats, memo, client_id=client_id)


LISTED = InvoiceSnapshot(())
MADE = CreatedInvoice("inv_1", encoded_payment_request=request(1000))
REFUSED = ErrorAnswer("no")
DOUBTFUL = ErrorAnswer("no", None, 500, surely_refused=False)
BROKEN = UnreadableAnswer("broken")

Case = tuple[str | None, str | None, Answer, list[Command[Any]], str | None]

BY_CLIENT_ID: list[Case] = [
    (vendor.SNAPSHOT, "g", LISTED, [get()], "g"),
    (vendor.SNAPSHOT, "g", LISTED, [get("x"), create(), get()], "g"),
    (vendor.CREATED, "c", MADE, [get(), create(), create("d")], "c"),
    # Verification is another matter: by its ClientId an answer is taken whatever it holds.
    (vendor.CREATED, "c", CreatedInvoice("inv_1"), [create(sats=5, memo="x")], "c"),
    (None, "c", MADE, [create()], "c"),
    (PRE_CHECKS, "c", REFUSED, [get(), create()], "c"),
    (ERROR, "g", REFUSED, [get(), create()], "g"),
    ("account.orders.error", "c", REFUSED, [create()], "c"),
    (vendor.CREATED, "c", DOUBTFUL, [create()], "c"),
    (vendor.CREATED, "c", BROKEN, [create()], "c"),
    (vendor.SNAPSHOT, "g", BROKEN, [get()], "g"),
    # Somebody else's, a second one, or of another kind.
    (vendor.CREATED, "somebody-else", MADE, [create()], None),
    (PRE_CHECKS, "somebody-else", REFUSED, [create()], None),
    (vendor.CREATED, "c", MADE, [], None),
    (vendor.SNAPSHOT, "c", LISTED, [create()], None),
    (vendor.CREATED, "g", MADE, [get()], None),
    (vendor.CREATED, "g", REFUSED, [get()], None),
    (vendor.SNAPSHOT, "c", BROKEN, [create()], None),
]

WITHOUT: list[Case] = [
    (vendor.SNAPSHOT, None, LISTED, [get()], "g"),
    (None, None, LISTED, [get()], "g"),
    (None, None, LISTED, [get(), create()], "g"),
    (vendor.CREATED, None, MADE, [create()], "c"),
    (None, None, MADE, [get(), create()], "c"),
    (PRE_CHECKS, None, REFUSED, [create()], "c"),
    (PRE_CHECKS, None, REFUSED, [get()], "g"),
    (ERROR, None, REFUSED, [create()], "c"),
    ("lightspark.invoices.error", None, REFUSED, [get()], "g"),
    (None, None, REFUSED, [get()], "g"),
    (vendor.CREATED, None, REFUSED, [get(), create()], "c"),
    (vendor.CREATED, None, DOUBTFUL, [create()], "c"),
    # More than one fits, given-up ones included.
    (vendor.SNAPSHOT, None, LISTED, [get(), get("h")], None),
    (vendor.CREATED, None, MADE, [create(), create("d")], None),
    (vendor.CREATED, None, MADE, [create(), create("d", sats=7)], None),
    (PRE_CHECKS, None, REFUSED, [get(), create()], None),
    (ERROR, None, REFUSED, [create(), create("d")], None),
    (None, None, REFUSED, [get(), create()], None),
    # None fits.
    (vendor.SNAPSHOT, None, LISTED, [create()], None),
    (vendor.CREATED, None, MADE, [get()], None),
    (PRE_CHECKS, None, REFUSED, [], None),
    # It fits, and disagrees.
    (vendor.CREATED, None, MADE, [create(sats=999)], None),
    (vendor.CREATED, None, MADE, [create(memo="rent")], None),
    (vendor.CREATED, None, CreatedInvoice("inv_1"), [create()], None),
    # About something else, or nothing to compare.
    (None, None, REFUSED, [create()], None),
    (None, None, DOUBTFUL, [create()], None),
    ("account.orders.error", None, REFUSED, [create()], None),
    ("execution.order.error", None, REFUSED, [create()], None),
    ("execution.order.error", None, REFUSED, [get()], None),
    ("execution.withdrawal.lightspark.error", None, REFUSED, [create()], None),
    ("banking.payee.error", None, REFUSED, [get()], None),
    (vendor.CREATED, None, BROKEN, [create()], None),
    (vendor.SNAPSHOT, None, BROKEN, [get()], None),
]


@pytest.mark.parametrize(("subject", "client_id", "answer", "commands", "found"), BY_CLIENT_ID)
def test_by_client_id(
    subject: str | None,
    client_id: str,
    answer: Answer,
    commands: list[Command[Any]],
    found: str | None,
) -> None:
    check(subject, client_id, answer, commands, found)


@pytest.mark.parametrize(("subject", "client_id", "answer", "commands", "found"), WITHOUT)
def test_without_client_id(
    subject: str | None,
    client_id: None,
    answer: Answer,
    commands: list[Command[Any]],
    found: str | None,
) -> None:
    check(subject, client_id, answer, commands, found)


def check(
    subject: str | None,
    client_id: str | None,
    answer: Answer,
    commands: list[Command[Any]],
    found: str | None,
) -> None:
    in_flight = vendor.InFlight(*commands)
    call = find_call(Envelope(subject, client_id, answer), answer, in_flight)
    assert (call and call.command.correlation_id) == found


CUT = "lnbcrt10u1p3xnhl2pp5jmxtqn235tkjzf..."

AGREEMENT: list[tuple[str | None, int, str | None, bool]] = [
    (request(1000), 1000, None, True),
    (request(1000), 1000, "", True),
    (request(1000, "rent"), 1000, "rent", True),
    (request(1000, "rent"), 1000, None, True),
    (request(1000, " rent "), 1000, "rent", True),
    (request(1000, "rent"), 1000, "rent ", True),
    (request(1000, "cafe\u0301"), 1000, "caf\u00e9", True),
    (request(1000, hashed="rent"), 1000, "rent", True),
    (request(1000).upper(), 1000, None, True),
    (f"lightning:{request(1000)}", 1000, None, True),
    (request(1000, "rent"), 1000, "food", False),
    (request(1000, ""), 1000, "rent", False),
    (request(1000, hashed="food"), 1000, "rent", False),
    (request(1000), 1001, None, False),
    (request(None), 1000, None, False),
    (CUT, 1000, None, True),
    (CUT, 1000, "", True),
    (CUT, 1000, "rent", False),
    (CUT, 1001, None, False),
    (request(1000)[:-1] + "!", 1000, None, True),
    (request(1000)[:-1] + "!", 1000, "rent", False),
    ("nonsense", 1000, None, False),
    ("", 1000, None, False),
    (None, 1000, None, False),
]


@pytest.mark.parametrize(("text", "sats", "memo", "expected"), AGREEMENT)
def test_a_payment_request_agrees_with_its_command(
    text: str | None, sats: int, memo: str | None, expected: bool
) -> None:
    created = CreatedInvoice("inv_1", encoded_payment_request=text)
    assert agrees(created, create(sats=sats, memo=memo)) is expected
