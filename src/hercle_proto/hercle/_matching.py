"""Which command an answer belongs to.

By ClientId where there is one. Where the vendor left it out, an answer is taken only if exactly one
command that fits is in flight. Because a wrong match would hand out somebody else's invoice, a
creation must then agree in amount, and in memo if one was asked; and because one would have an
invoice created twice, an error must name invoices, or a command that may be repeated is in flight.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, assert_never

from hercle_proto._contract import Call, Command
from hercle_proto._errors import InvalidInvoice
from hercle_proto.bolt11 import PaymentRequest, unverified_amount
from hercle_proto.client import InFlight
from hercle_proto.hercle._answers import (
    CREATED,
    PRE_CHECKS,
    SNAPSHOT,
    Answer,
    ErrorAnswer,
    UnreadableAnswer,
)
from hercle_proto.hercle._commands import CreateLightningInvoice, GetLightningInvoices
from hercle_proto.hercle._envelope import Envelope
from hercle_proto.hercle._models import CreatedInvoice, InvoiceSnapshot

__all__ = ["agrees", "find_call", "means", "normal"]

_MSAT_PER_SAT: Final = 1000

_ASKED_BY: Final[Mapping[type[Answer], type[Command[Any]]]] = MappingProxyType(
    {InvoiceSnapshot: GetLightningInvoices, CreatedInvoice: CreateLightningInvoice}
)

_ASKED_BY_SUBJECT: Final[Mapping[str | None, type[Command[Any]]]] = MappingProxyType(
    {SNAPSHOT: GetLightningInvoices, CREATED: CreateLightningInvoice}
)

_INVOICE: Final = "invoice"
"""What the subjects of our commands' answers hold; an error of orders or withdrawals is not for us.
"""


def find_call(envelope: Envelope, answer: Answer, in_flight: InFlight) -> Call[Any] | None:
    """The call in flight that this answer surely belongs to."""
    if envelope.client_id is not None:
        call = in_flight.correlated(envelope.client_id)
        return call if call and _fits(envelope.subject, answer, call.command) else None
    fitting = [call for call in in_flight if _fits(envelope.subject, answer, call.command)]
    if len(fitting) == 1 and _is_certain(envelope.subject, answer, fitting[0].command):
        return fitting[0]
    return None


def agrees(created: CreatedInvoice, command: CreateLightningInvoice) -> bool:
    """Whether the payment request is for the amount, and the memo if one was asked.

    One that was cut short or is unreadable has an amount at most, in its prefix.
    """
    text = created.encoded_payment_request or ""
    try:
        request = PaymentRequest.parse(text, require_secret=False, check_signature=False)
    except InvalidInvoice:
        prefix = unverified_amount(text)
        amount_msat = prefix and prefix.amount_msat
        describes = not command.memo
    else:
        amount_msat = request.amount_msat
        describes = not command.memo or means(request, command.memo)
    return describes and amount_msat == command.amount_sats * _MSAT_PER_SAT


def means(request: PaymentRequest, memo: str) -> bool:
    """Whether the request is for this memo, be it by its hash, or in other characters that look
    the same.
    """
    if request.describes(memo):
        return True
    return request.description is not None and normal(request.description) == normal(memo)


def normal(text: str) -> str:
    """The same for texts that look the same."""
    return unicodedata.normalize("NFC", text).strip()


def _fits(subject: str | None, answer: Answer, command: Command[Any]) -> bool:
    """Whether it could be this command's answer."""
    kind = _ASKED_BY.get(type(answer)) or _ASKED_BY_SUBJECT.get(subject, Command)
    return isinstance(command, kind)


def _is_certain(subject: str | None, answer: Answer, command: Command[Any]) -> bool:
    """Whether an answer without ClientId is this command's, which is the only one that fits."""
    match answer:
        case CreatedInvoice():
            return isinstance(command, CreateLightningInvoice) and agrees(answer, command)
        case UnreadableAnswer():
            return False
        case InvoiceSnapshot():
            return True
        case ErrorAnswer():
            if subject is None:  # it may be about anything
                return command.repeatable
            return subject == PRE_CHECKS or _INVOICE in subject
        case _:
            assert_never(answer)
