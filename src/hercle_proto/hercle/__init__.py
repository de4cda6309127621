"""Hercle's Lightning invoices: commands, answers, events and sessions.

The same commands go over SignalR (`hercle_session`) and REST; an invalid one cannot be made.
"""

from hercle_proto.hercle._answers import Answer, ErrorAnswer, UnreadableAnswer
from hercle_proto.hercle._commands import (
    CreateLightningInvoice,
    GetLightningInvoices,
    HercleCommand,
)
from hercle_proto.hercle._dialect import HercleDialect
from hercle_proto.hercle._events import ExecutionEvent, UnmatchedAnswer
from hercle_proto.hercle._models import (
    CreatedInvoice,
    InvoiceSnapshot,
    LightningInvoice,
    UnreadableRow,
    to_vendor,
)
from hercle_proto.hercle._session import MAX_MESSAGE_BYTES, hercle_session
from hercle_proto.hercle._urls import PRODUCTION_URL, SANDBOX_URL

__all__ = [
    "MAX_MESSAGE_BYTES",
    "PRODUCTION_URL",
    "SANDBOX_URL",
    "Answer",
    "CreateLightningInvoice",
    "CreatedInvoice",
    "ErrorAnswer",
    "ExecutionEvent",
    "GetLightningInvoices",
    "HercleCommand",
    "HercleDialect",
    "InvoiceSnapshot",
    "LightningInvoice",
    "UnmatchedAnswer",
    "UnreadableAnswer",
    "UnreadableRow",
    "hercle_session",
    "to_vendor",
]
