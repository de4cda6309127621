"""Every error of the library, in one tree.

What a peer sends never raises out of a machine; it ends calls and sessions with one of these as a
value. Only our caller's misuse raises at once (`LocalProtocolError`), and then nothing has changed.

No text here is built from a secret: keys, tokens, preimages and bodies never enter an error.

Long because errors are read as one tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hercle_proto._contract import Command, Failure
    from hercle_proto.bolt11 import PaymentRequest
    from hercle_proto.hercle import CreatedInvoice, CreateLightningInvoice, Disagrees

__all__ = [
    "ApiError",
    "ClientClosed",
    "CommandError",
    "CommandRefused",
    "ConnectionFailed",
    "GaveUp",
    "GivenUp",
    "GraphQLError",
    "HercleProtoError",
    "InvalidArgument",
    "InvalidInvoice",
    "InvocationFailed",
    "InvoiceMismatch",
    "KeyUnavailable",
    "LocalProtocolError",
    "MessageTooLarge",
    "MissingExtra",
    "NegotiationFailed",
    "NoAnswer",
    "NotSent",
    "OutcomeUnknown",
    "ProtocolError",
    "RemoteProtocolError",
    "ServerClosed",
    "SessionClosed",
    "TimedOut",
    "Unauthorized",
]


class HercleProtoError(Exception):
    """The root: `except HercleProtoError` catches whatever this library raises on purpose."""


# -- protocol --------------------------------------------------------------------------------------


class ProtocolError(HercleProtoError):
    """Somebody broke a rule of the protocol."""


class LocalProtocolError(ProtocolError):
    """Our caller asked for something that is not allowed now.

    Nothing was sent and nothing has changed.
    """


class InvalidArgument(LocalProtocolError, ValueError):
    """A value breaks a rule that is checked before anything is sent.

    `argument` is its name, `rule` what is asked of it and `got` what came, shortened and never a
    secret.
    """

    def __init__(self, argument: str, rule: str, got: str) -> None:
        super().__init__(f"{argument}: {rule}; got {got}")
        self.argument = argument
        self.rule = rule
        self.got = got


class RemoteProtocolError(ProtocolError):
    """The peer broke a rule.

    `clause` is the rule's id in docs/clauses.md (such as "J-07"), where it has one.
    """

    def __init__(self, message: str, *, clause: str | None = None) -> None:
        super().__init__(f"{message} [{clause}]" if clause else message)
        self.clause = clause


class MessageTooLarge(RemoteProtocolError):
    """A message would pass the receive limit.

    Refused at the announced length; `parameter` raises the limit.
    """

    def __init__(self, *, size: int, limit: int, parameter: str) -> None:
        super().__init__(
            f"a message of at least {size:,} bytes passes the limit of {limit:,}; "
            f"raise {parameter!r} to take it"
        )
        self.size = size
        self.limit = limit
        self.parameter = parameter


# -- payment requests ------------------------------------------------------------------------------


class MissingExtra(HercleProtoError):
    """What was asked for needs an optional dependency. `extra` names it."""

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose}, install the extra: pip install 'hercle-proto[{extra}]'")
        self.extra = extra


class InvalidInvoice(HercleProtoError, ValueError):
    """A text is no payment request (BOLT 11). `position` is the character that shows it, from 0."""

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(f"not a valid payment request: {reason} (at character {position})")
        self.position = position
        self.reason = reason


# -- connections -----------------------------------------------------------------------------------


class ConnectionFailed(HercleProtoError):
    """A stream could not be opened, or broke. `failure` says how."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


class NegotiationFailed(HercleProtoError):
    """Negotiate, the upgrade or the hub handshake was answered with a refusal or with nonsense.

    `status` is the HTTP status where there was one. `retriable` tells whether another try may end
    better.
    """

    def __init__(self, message: str, *, status: int | None = None, retriable: bool = True) -> None:
        super().__init__(message)
        self.status = status
        self.retriable = retriable


class Unauthorized(HercleProtoError):
    """The key was refused (HTTP 401 or 403). It is never tried again by itself."""

    def __init__(self, status: int, where: str) -> None:
        super().__init__(
            f"the server refused the key: HTTP {status} from {where}; "
            "check the key and its environment"
        )
        self.status = status
        self.where = where


class KeyUnavailable(HercleProtoError):
    """The function that gives the key raised, or gave no text. Only kinds are told, for an error's
    text may hold the key."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the function that gives the key {what}")


class TimedOut(HercleProtoError):
    """`what` took longer than `seconds`."""

    def __init__(self, what: str, seconds: float) -> None:
        super().__init__(f"{what} took longer than {seconds:g} s")
        self.what = what
        self.seconds = seconds


class ServerClosed(HercleProtoError):
    """The server said goodbye (Close, C-01). `allow_reconnect` is its flag (C-03)."""

    def __init__(self, message: str | None, *, allow_reconnect: bool) -> None:
        super().__init__(
            f"the server closed the connection: {message}"
            if message
            else "the server closed the connection"
        )
        self.server_message = message
        self.allow_reconnect = allow_reconnect


class ClientClosed(HercleProtoError):
    """A client said goodbye and told of an error (C-02). What a server's connection ends with."""

    def __init__(self, message: str) -> None:
        super().__init__(f"the client closed the connection: {message}")
        self.client_message = message


class GaveUp(HercleProtoError):
    """Reconnecting ended without success. `causes` are the newest failures, oldest first."""

    def __init__(self, causes: Sequence[Exception]) -> None:
        last = f"; the last: {causes[-1]}" if causes else ""
        super().__init__(f"gave up reconnecting after {len(causes)} failed attempts{last}")
        self.causes = tuple(causes)


class GivenUp(HercleProtoError):
    """Nobody waits for the command any more."""

    def __init__(self, message: str = "its caller went away") -> None:
        super().__init__(message)


class SessionClosed(HercleProtoError):
    """The session was closed on our side."""

    def __init__(self, message: str = "the session is closed") -> None:
        super().__init__(message)


# -- commands --------------------------------------------------------------------------------------


class CommandError(HercleProtoError):
    """A command did not end with an answer. `command` is the command."""

    def __init__(self, command: Command[Any], message: str) -> None:
        super().__init__(message)
        self.command = command


class ApiError(HercleProtoError):
    """The vendor's API reported a failure that does not tell whether the command was carried out.

    `message` is its text, `code` its error code, `param` the field it complains of and `status` an
    HTTP status, where it sent them.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        status: int | None = None,
        param: str | None = None,
    ) -> None:
        parts = (code, None if status is None else f"HTTP {status}")
        details = ", ".join(part for part in parts if part)
        super().__init__(f"the server failed: {message}" + (f" ({details})" if details else ""))
        self.message = message
        self.code = code
        self.status = status
        self.param = param


class CommandRefused(CommandError):
    """The server surely did not carry the command out, and said why.

    `reason` is the server's text, `code` its error code or subject, `param` the field it complains
    of and `status` an HTTP status, where it sent them.
    """

    def __init__(
        self,
        command: Command[Any],
        reason: str,
        *,
        code: str | None = None,
        status: int | None = None,
        param: str | None = None,
    ) -> None:
        details = ", ".join(
            part for part in (code, f"HTTP {status}" if status is not None else None) if part
        )
        super().__init__(
            command, f"{command.name} was refused: {reason}" + (f" ({details})" if details else "")
        )
        self.reason = reason
        self.code = code
        self.status = status
        self.param = param


class InvocationFailed(CommandError):
    """The hub's own word that the method ended with an error, `reason`. What it did before is its
    own affair."""

    def __init__(self, command: Command[Any], reason: str) -> None:
        super().__init__(command, f"{command.name} ended with an error: {reason}")
        self.reason = reason


class GraphQLError(CommandError):
    """A GraphQL server's own word that an operation ended with errors, and what came nevertheless.

    `message`, `path` and `code` are those of the first error, `more` how many followed it. `data`
    is JSON's values under the vendor's names, in part null; None if nothing came.
    """

    def __init__(
        self,
        command: Command[Any],
        message: str,
        *,
        path: Sequence[str | int] = (),
        code: str | None = None,
        data: object = None,
        more: int = 0,
    ) -> None:
        where = ".".join(map(str, path))
        details = (where and f"at {where}", code, f"and {more} more" if more else "")
        told = ", ".join(each for each in details if each)
        text = f"{command.name} ended with an error: {message}" + (f" ({told})" if told else "")
        super().__init__(command, text)
        self.message = message
        self.path = tuple(path)
        self.code = code
        self.data = data
        self.more = more


class OutcomeUnknown(CommandError):
    """The command was sent and nothing tells whether it was carried out: it may have been.

    Never repeat it blindly.

    `sent_at` and `ended_at` are seconds on the session's own clock (the `now` it was driven with).

    """

    def __init__(
        self, command: Command[Any], *, sent_at: float, ended_at: float, cause: Exception
    ) -> None:
        super().__init__(
            command,
            f"the outcome of {command.name} is unknown, it may have been carried out: {cause}; "
            "look it up before you send it again",
        )
        self.sent_at = sent_at
        self.ended_at = ended_at
        self.cause = cause


class NotSent(CommandError):
    """No byte of the command left, so it surely did not happen. `cause` says why."""

    def __init__(self, command: Command[Any], *, cause: Exception) -> None:
        super().__init__(command, f"{command.name} was not sent: {cause}")
        self.cause = cause


class NoAnswer(CommandError):
    """A command that changes nothing (so it may be repeated) was sent and got no usable answer."""

    def __init__(self, command: Command[Any], *, cause: Exception) -> None:
        super().__init__(command, f"{command.name} got no answer: {cause}")
        self.cause = cause


class InvoiceMismatch(CommandError):
    """An invoice was created, and its payment request is not for what was asked. Do not hand it
    out, and do not create it again because of this: it exists.

    `created` is the invoice, `payment_request` what was read of it (None if it is unreadable) and
    `disagreements` what differs, by the name of the check; those too that alone would not raise.
    """

    command: CreateLightningInvoice

    def __init__(
        self,
        created: CreatedInvoice,
        payment_request: PaymentRequest | None,
        disagreements: Mapping[str, Disagrees],
        *,
        command: CreateLightningInvoice,
    ) -> None:
        told = (f"{check}: {what}" for check, what in disagreements.items())
        super().__init__(
            command, f"Invoice {created.id} exists; do not create it again: {'; '.join(told)}"
        )
        self.created = created
        self.payment_request = payment_request
        self.disagreements = disagreements
