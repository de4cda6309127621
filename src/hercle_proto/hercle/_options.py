"""The options of Hercle's sessions, typed for whoever passes them on."""

from __future__ import annotations

from hercle_proto.client import ReconnectPolicy, SessionOptions
from hercle_proto.hercle._verification import VerificationPolicy

__all__ = ["HercleOptions", "RestOptions"]


class HercleOptions(SessionOptions, total=False):
    """The options of `hercle_session`."""

    url: str
    verification: VerificationPolicy
    memo_mark: bool
    reconnect: ReconnectPolicy | None
    max_message_bytes: int
    skip_negotiation: bool


class RestOptions(SessionOptions, total=False):
    """The options of `hercle_rest`."""

    url: str
    verification: VerificationPolicy
    memo_mark: bool
    max_answer_bytes: int
