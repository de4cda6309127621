"""Plain SignalR: call any method of any hub, and see what the server invokes on us."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Generic, TypeVar, cast

from attrs import evolve, field, frozen

from hercle_proto._contract import Call, Command, Event
from hercle_proto._errors import (
    InvalidArgument,
    InvocationFailed,
    LocalProtocolError,
    RemoteProtocolError,
)
from hercle_proto._texts import presentable
from hercle_proto.client._dialect import (
    Answered,
    InFlight,
    Outcome,
    Refused,
    Settlement,
    Unclear,
)
from hercle_proto.hub import JSON, NO_RESULT, Codec, Completion, Invocation, Raw

__all__ = ["InvocationReceived", "Invoke", "InvokeRepeatable", "PlainDialect"]

R = TypeVar("R")
T = TypeVar("T")


@frozen
class Invoke(Command[R], Generic[R]):
    """Call the hub method `target` with positional `arguments`; the answer is its result, decoded
    as `returns`.

    A method without a result answers None: `Invoke("Send", ("text",), returns=type(None))`. An
    error of the method ends in `InvocationFailed`.
    """

    target: str
    arguments: Sequence[object] = field(default=(), repr=False)
    returns: type[R] = field(kw_only=True)

    @property
    def name(self) -> str:
        """The method's name."""
        return self.target


@frozen
class InvokeRepeatable(Invoke[R], Generic[R]):
    """The same for a method that may be called twice without harm: it survives a reconnect."""

    repeatable: ClassVar[bool] = True


@frozen
class InvocationReceived(Event):
    """The server invoked `target` on us. `argument(index, type)` decodes one argument."""

    target: str
    arguments: Sequence[Raw] = field(repr=False)
    _codec: Codec = field(repr=False, alias="codec")

    def argument(self, index: int, as_type: type[T]) -> T:
        """Decode an argument. Raises `RemoteProtocolError` when it is not there or of another
        shape."""
        if not 0 <= index < len(self.arguments):
            raise RemoteProtocolError(
                f"{self.target} came with {len(self.arguments)} arguments; there is none at {index}"
            )
        return self._codec.decode_value(self.arguments[index], as_type)


class PlainDialect:
    """The rules of a hub of which nothing is known (see `Dialect`)."""

    def __init__(self, codec: Codec = JSON) -> None:
        self._codec = codec

    def admit(self, command: Command[T]) -> Command[T]:
        """Encode the arguments at once, so that what cannot be sent is refused here and not when
        its turn comes."""
        if not isinstance(command, Invoke):
            raise LocalProtocolError(
                f"a plain SignalR session calls methods by Invoke; got {command.name}"
            )
        self._codec.encode_value(command.target, name="target")
        arguments = [
            self._written(argument, f"arguments[{index}]")
            for index, argument in enumerate(command.arguments)
        ]
        return cast("Command[T]", evolve(command, arguments=arguments))

    def _written(self, argument: object, name: str) -> Raw:
        if isinstance(argument, Raw):  # the codec copies it as it is, into the midst of a record
            try:
                self._codec.decode_value(argument, object)
            except RemoteProtocolError as error:
                raise InvalidArgument(name, "must be a value as written", str(error)) from None
        return self._codec.encode_value(argument, name=name)

    def invocation(self, command: Command[Any]) -> tuple[str, Sequence[object]]:
        """As the command says."""
        invoke = cast("Invoke[Any]", command)
        return invoke.target, invoke.arguments

    def completed(self, call: Call[Any], completion: Completion) -> Outcome:
        """A Completion always ends its call: with an error, a result, or none."""
        invoke = cast("Invoke[Any]", call.command)
        if completion.error is not None:
            return Refused(InvocationFailed(invoke, presentable(completion.error)))
        if completion.result is NO_RESULT:
            return Answered(None)
        try:
            return Answered(
                self._codec.decode_value(cast("Raw", completion.result), invoke.returns)
            )
        except RemoteProtocolError as error:
            return Unclear(error)

    def received(
        self, invocation: Invocation, in_flight: InFlight, *, now: float
    ) -> Iterable[Settlement | Event]:
        """Whatever the server invokes is an event."""
        arguments = cast("Sequence[Raw]", invocation.arguments)
        return (InvocationReceived(invocation.target, arguments, self._codec),)
