"""Hercle's Lightning invoices: commands, answers, events and sessions.

The same commands go over SignalR (`hercle_session`) and REST (`hercle_rest`); an invalid one cannot
be made.
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
from hercle_proto.hercle._options import HercleOptions, RestOptions
from hercle_proto.hercle._rest import (
    MAX_ANSWER_BYTES,
    RestSession,
    RestSettings,
    hercle_rest,
    rest_exchange,
)
from hercle_proto.hercle._rest_api import HercleRest
from hercle_proto.hercle._session import MAX_MESSAGE_BYTES, hercle_session
from hercle_proto.hercle._urls import PRODUCTION_URL, SANDBOX_URL
from hercle_proto.hercle._verification import (
    Agrees,
    CheckResult,
    Disagrees,
    NotChecked,
    Reaction,
    Verification,
    VerificationPolicy,
)
from hercle_proto.hercle._verifier import Verifier

__all__ = [
    "MAX_ANSWER_BYTES",
    "MAX_MESSAGE_BYTES",
    "PRODUCTION_URL",
    "SANDBOX_URL",
    "Agrees",
    "Answer",
    "CheckResult",
    "CreateLightningInvoice",
    "CreatedInvoice",
    "Disagrees",
    "ErrorAnswer",
    "ExecutionEvent",
    "GetLightningInvoices",
    "HercleCommand",
    "HercleDialect",
    "HercleOptions",
    "HercleRest",
    "InvoiceSnapshot",
    "LightningInvoice",
    "NotChecked",
    "Reaction",
    "RestOptions",
    "RestSession",
    "RestSettings",
    "UnmatchedAnswer",
    "UnreadableAnswer",
    "UnreadableRow",
    "Verification",
    "VerificationPolicy",
    "Verifier",
    "hercle_rest",
    "hercle_session",
    "rest_exchange",
    "to_vendor",
]
