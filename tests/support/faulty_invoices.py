"""What servers do wrong with a payment request where the memo asks for it, and how that ends."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from drivers import Client
from hercle_proto import InvoiceMismatch
from hercle_proto.bolt11 import PaymentRequest
from hercle_proto.hercle import (
    Agrees,
    CreatedInvoice,
    CreateLightningInvoice,
    GetLightningInvoices,
    NotChecked,
    VerificationPolicy,
)

__all__ = ["ENDINGS", "OPENERS", "check_another_node", "check_ending"]

OPENERS = ("open_hercle", "open_hercle_rest")
"""Both roads."""

ENDINGS = [
    ("fault:amount", "amount", True),
    ("fault:memo", "memo", False),
    ("fault:expiry", "duration", False),
    ("fault:old", "unexpired", True),
    ("fault:signature", "signature", True),
    ("fault:cut", "readable", False),
]
"""Memo, the check that disagrees, and whether that is raised by default."""

Opens = Callable[..., AbstractContextManager[Client]]


def check_ending(session: Client, memo: str, check: str, *, raised: bool) -> None:
    """The fault ends as it should, and the invoice is there all the same."""
    command = CreateLightningInvoice.for_sats(100_000, memo, 2)
    if raised:
        with pytest.raises(InvoiceMismatch) as mismatch:
            session.call(command)
        created = mismatch.value.created
        assert set(mismatch.value.disagreements) == {check}
        assert str(mismatch.value).startswith(
            f"Invoice {created.id} exists; do not create it again: {check}: "
        )
    else:
        created = session.call(command)
    assert set(created.verification.disagreements) == {check}
    assert created.id in {row.id for row in session.call(GetLightningInvoices()).invoices}


def check_another_node(opens: Opens) -> None:
    """Reported when it comes after another's invoice, and raised where the payee is known."""
    with opens() as session:
        first = session.call(CreateLightningInvoice.for_sats(1))
        assert isinstance(first.verification.same_payee, NotChecked)
        same = session.call(CreateLightningInvoice.for_sats(2))
        assert same.verification.same_payee == Agrees()
        check_ending(session, "fault:other-node", "same_payee", raised=False)
    payee = PaymentRequest.parse(first.encoded_payment_request or "").payee
    with opens(verification=VerificationPolicy(expected_payee=payee)) as session:
        check_ending(session, "fault:other-node", "payee", raised=True)
        expected = session.call(CreateLightningInvoice.for_sats(3))
        assert isinstance(expected, CreatedInvoice)
        assert expected.verification.payee == Agrees()
