"""Commands are values with a typed answer."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_type

import pytest
from attrs.exceptions import FrozenInstanceError

from hercle_proto import Call
from hercle_proto.hercle import (
    CreatedInvoice,
    CreateLightningInvoice,
    GetLightningInvoices,
    InvoiceSnapshot,
)


def test_a_list_may_be_asked_for_twice_and_an_invoice_not() -> None:
    assert GetLightningInvoices.repeatable
    assert not CreateLightningInvoice.repeatable


def test_the_documents_examples() -> None:
    listing = GetLightningInvoices("my-request-123")
    assert (listing.target, listing.arguments) == ("GetLightningInvoices", ("my-request-123",))
    create = CreateLightningInvoice(
        Decimal("0.001"), "Payment for services", 24, client_id="my-invoice-123"
    )
    assert create.target == create.name == "CreateLightningInvoice"
    assert create.arguments == ("my-invoice-123", Decimal("0.001"), "Payment for services", 24)
    assert create.amount_sats == 100_000


def test_answers_come_back_by_client_id() -> None:
    assert GetLightningInvoices("a").correlation_id == "a"
    assert CreateLightningInvoice(Decimal(1), client_id="b").correlation_id == "b"
    assert GetLightningInvoices().correlation_id is None


def test_commands_are_frozen_and_compare_by_value() -> None:
    command = CreateLightningInvoice(Decimal("0.10"), "x")
    assert command == CreateLightningInvoice.for_sats(10_000_000, "x")
    assert len({command, CreateLightningInvoice(Decimal("0.1"), "x")}) == 1
    with pytest.raises(FrozenInstanceError):
        command.memo = "y"  # type: ignore[misc]  # that is what is tested


def test_the_answer_has_a_type() -> None:
    # mypy reads this test: `session.call(command)` is typed by the same parameter.
    created = Call(CreateLightningInvoice(Decimal(1)), 1)
    listed = Call(GetLightningInvoices(), 2)
    created.answer(CreatedInvoice("inv_1"))
    listed.answer(InvoiceSnapshot(()))
    assert_type(created.result(), CreatedInvoice)
    assert_type(listed.result(), InvoiceSnapshot)
