"""Hercle's Lightning invoices: commands, answers, events and sessions.

The same commands go over SignalR (`hercle_session`) and REST (`hercle_rest`); an invalid one cannot
be made.
"""

from hercle_proto.hercle._answers import Answer, ErrorAnswer, UnreadableAnswer
from hercle_proto.hercle._bookkeeper import Bookkeeper
from hercle_proto.hercle._commands import (
    CreateLightningInvoice,
    GetLightningInvoices,
    HercleCommand,
)
from hercle_proto.hercle._dialect import HercleDialect
from hercle_proto.hercle._events import ExecutionEvent, UnmatchedAnswer
from hercle_proto.hercle._listings import HercleMachine
from hercle_proto.hercle._models import (
    CreatedInvoice,
    InvoiceSnapshot,
    LightningInvoice,
    UnreadableRow,
    to_vendor,
)
from hercle_proto.hercle._options import HercleOptions, RestOptions
from hercle_proto.hercle._reconcile import (
    Candidates,
    NotSeenYet,
    Reconcile,
    Reconciled,
    Unique,
)
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
from hercle_proto.hercle._watching import (
    InvoiceAppeared,
    InvoiceChanged,
    InvoiceClosed,
    ListingFailed,
    StopWatching,
    WaitClosed,
    Watch,
)

__all__ = [
    "MAX_ANSWER_BYTES",
    "MAX_MESSAGE_BYTES",
    "PRODUCTION_URL",
    "SANDBOX_URL",
    "Agrees",
    "Answer",
    "Bookkeeper",
    "Candidates",
    "CheckResult",
    "CreateLightningInvoice",
    "CreatedInvoice",
    "Disagrees",
    "ErrorAnswer",
    "ExecutionEvent",
    "GetLightningInvoices",
    "HercleCommand",
    "HercleDialect",
    "HercleMachine",
    "HercleOptions",
    "HercleRest",
    "InvoiceAppeared",
    "InvoiceChanged",
    "InvoiceClosed",
    "InvoiceSnapshot",
    "LightningInvoice",
    "ListingFailed",
    "NotChecked",
    "NotSeenYet",
    "Reaction",
    "Reconcile",
    "Reconciled",
    "RestOptions",
    "RestSession",
    "RestSettings",
    "StopWatching",
    "Unique",
    "UnmatchedAnswer",
    "UnreadableAnswer",
    "UnreadableRow",
    "Verification",
    "VerificationPolicy",
    "Verifier",
    "WaitClosed",
    "Watch",
    "hercle_rest",
    "hercle_session",
    "rest_exchange",
    "to_vendor",
]
