"""A client's life: connect, run, back off, connect again; calls, events and how they end."""

from hercle_proto.client._backoff import ReconnectPolicy
from hercle_proto.client._clock import Moment, ServerClock
from hercle_proto.client._dialect import (
    Answered,
    Dialect,
    InFlight,
    Outcome,
    Refused,
    Rejected,
    Settlement,
    Unclear,
)
from hercle_proto.client._events import Connected, Reconnecting
from hercle_proto.client._http_answers import failure_of
from hercle_proto.client._http_api import HttpApi
from hercle_proto.client._http_exchange import HttpExchange, exchange_for
from hercle_proto.client._http_session import HttpSession
from hercle_proto.client._http_settings import HttpSettings
from hercle_proto.client._machine import HubClient
from hercle_proto.client._options import SessionOptions, SignalROptions
from hercle_proto.client._plain import InvocationReceived, Invoke, InvokeRepeatable, PlainDialect
from hercle_proto.client._settings import ClientSettings
from hercle_proto.client._states import TRANSITIONS, Input, State

__all__ = [
    "TRANSITIONS",
    "Answered",
    "ClientSettings",
    "Connected",
    "Dialect",
    "HttpApi",
    "HttpExchange",
    "HttpSession",
    "HttpSettings",
    "HubClient",
    "InFlight",
    "Input",
    "InvocationReceived",
    "Invoke",
    "InvokeRepeatable",
    "Moment",
    "Outcome",
    "PlainDialect",
    "ReconnectPolicy",
    "Reconnecting",
    "Refused",
    "Rejected",
    "ServerClock",
    "SessionOptions",
    "Settlement",
    "SignalROptions",
    "State",
    "Unclear",
    "exchange_for",
    "failure_of",
]
