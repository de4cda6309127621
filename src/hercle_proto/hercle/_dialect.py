"""Hercle's API on top of the hub client: commands are invocations, answers are events on
`executionEvents`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar, assert_never, cast
from uuid import UUID

import attrs

from hercle_proto._contract import Call, Command, Entropy, Event
from hercle_proto._errors import (
    ApiError,
    CommandRefused,
    LocalProtocolError,
    RemoteProtocolError,
)
from hercle_proto._texts import presentable
from hercle_proto.client import Answered, InFlight, Outcome, Refused, Settlement, Unclear
from hercle_proto.hercle._answers import Answer, ErrorAnswer, UnreadableAnswer
from hercle_proto.hercle._codec import ANSWERS
from hercle_proto.hercle._commands import CreateLightningInvoice, HercleCommand
from hercle_proto.hercle._envelope import Envelope, open_envelope, plain_data
from hercle_proto.hercle._events import ExecutionEvent, UnmatchedAnswer
from hercle_proto.hercle._json import Unreadable
from hercle_proto.hercle._marks import marked
from hercle_proto.hercle._matching import find_call
from hercle_proto.hercle._models import CreatedInvoice, InvoiceSnapshot
from hercle_proto.hercle._refusals import proof_of_refusal
from hercle_proto.hercle._verifier import Verifier
from hercle_proto.hub import Completion, Invocation, Raw

__all__ = ["HercleDialect", "with_client_id"]

R = TypeVar("R")

_ANSWERS_LOWER: Final = ANSWERS.lower()
_NOTHING: Final = Raw(b"null")


def with_client_id(command: HercleCommand[R], entropy: Entropy) -> HercleCommand[R]:
    """The command with a fresh UUID where the caller gave no ClientId."""
    if command.client_id is not None:
        return command
    client_id = str(UUID(bytes=entropy(16), version=4))
    evolved: HercleCommand[R] = attrs.evolve(cast("Any", command), client_id=client_id)
    return evolved


class HercleDialect:
    """Fulfils `Dialect` for `/ExecutionLiveServer/v1`. It holds nothing but the source of
    ClientIds, and who judges new invoices.
    """

    def __init__(
        self, *, entropy: Entropy, verifier: Verifier | None = None, memo_mark: bool = False
    ) -> None:
        self._entropy = entropy
        self._memo_mark = memo_mark
        self._verifier = verifier or Verifier()

    def admit(self, command: Command[R]) -> Command[R]:
        """The command with a ClientId, and a mark if it is to have one.

        Raises `LocalProtocolError` for one that is not Hercle's.
        """
        if not isinstance(command, HercleCommand):
            raise LocalProtocolError(f"{command.name} is no command of Hercle's hub")
        command = marked(command, self._entropy, always=self._memo_mark)
        return with_client_id(command, self._entropy)

    def invocation(self, command: Command[Any]) -> tuple[str, Sequence[object]]:
        """Target and positional arguments, null included (a .NET hub counts them)."""
        command = cast("HercleCommand[Any]", command)  # admitted
        return command.target, command.arguments

    def completed(self, call: Call[Any], completion: Completion) -> Outcome | None:
        """A Completion says "taken" and no more; one with an error rarely says that nothing ran."""
        if completion.error is None:
            return None
        reason = presentable(completion.error)
        proof = proof_of_refusal(self.invocation(call.command)[0], completion.error)
        if proof is None:
            return Unclear(ApiError(reason))
        return Refused(CommandRefused(call.command, reason, code=proof))

    def received(
        self, invocation: Invocation, in_flight: InFlight, *, now: float
    ) -> Sequence[Settlement | Event]:
        """What an event means: the end of a call, or an event for whoever listens."""
        argument: Any = invocation.arguments[0] if invocation.arguments else _NOTHING
        envelope = argument if isinstance(argument, Envelope) else open_envelope(argument)
        answer, target = envelope.answer, invocation.target
        if answer is None or (target != ANSWERS and target.lower() != _ANSWERS_LOWER):
            return (_other_event(target, envelope, cast("Raw", argument)),)
        call = find_call(envelope, answer, in_flight)
        if call is None:
            return (UnmatchedAnswer(envelope.subject, envelope.client_id, answer),)
        return (Settlement(call, self._outcome(call.command, answer, now)),)

    def _outcome(self, command: Command[Any], answer: Answer, now: float) -> Outcome:
        match answer:
            case InvoiceSnapshot():
                return Answered(answer)
            case CreatedInvoice():
                command = cast("CreateLightningInvoice", command)  # or it would not fit
                return self._verifier.judge(command, answer, now=now)
            case ErrorAnswer(reason, code, status, surely_refused):
                if surely_refused:
                    return Refused(CommandRefused(command, reason, code=code, status=status))
                return Unclear(ApiError(reason, code=code, status=status))
            case UnreadableAnswer(problem):
                return Unclear(RemoteProtocolError(f"an unreadable answer: {problem}"))
            case _:
                assert_never(answer)


def _other_event(target: str, envelope: Envelope, argument: Raw) -> Event:
    try:
        data = plain_data(argument)
    except Unreadable as error:
        return UnmatchedAnswer(None, None, UnreadableAnswer(str(error)))
    return ExecutionEvent(target, envelope.subject, envelope.client_id, data)
