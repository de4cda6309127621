"""The methods of a hub: which ones a handler has, and how arguments bind to them (P-09…P-11).

The texts are .NET's with detailed errors switched on: what a caller did wrong is told to it,
and nothing of the server is.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar, get_type_hints

from attrs import frozen

from hercle_proto import RemoteProtocolError
from hercle_proto.hub import Codec, Invocation, Raw

__all__ = ["HubError", "Method", "MethodFailed", "hub_method", "methods_of"]

F = TypeVar("F", bound=Callable[..., Awaitable[object]])


class HubError(Exception):
    """Raised by a hub method: its text goes to the caller, as that of .NET's HubException does.

    The text of any other exception stays on the server (T-04, P-42).
    """


class MethodFailed(Exception):
    """An invocation ends with this text as its error."""


def hub_method(target: str) -> Callable[[F], F]:
    """Let clients call a coroutine method as `target`; what is not marked cannot be called."""

    def mark(function: F) -> F:
        function.__hub_target__ = target  # type: ignore[attr-defined] # a mark on a function
        return function

    return mark


@frozen
class Method:
    """A hub method: its name, its function and the types of its parameters."""

    target: str
    function: Callable[..., Awaitable[object]]
    types: tuple[Any, ...]

    async def call(self, handler: object, invocation: Invocation, codec: Codec) -> object:
        """Its result. Raises `MethodFailed`, or what the method raised and did not mean to tell."""
        arguments = self._bind(invocation, codec)
        try:
            return await self.function(handler, *arguments)
        except HubError as error:
            raise MethodFailed(
                f"An unexpected error occurred invoking '{self.target}' on the server. "
                f"HubException: {error}"
            ) from None

    def _bind(self, invocation: Invocation, codec: Codec) -> list[object]:
        given, wanted = len(invocation.arguments), len(self.types)
        if invocation.stream_ids:  # P-32
            raise self._failed(
                f"HubException: Client sent {len(invocation.stream_ids)} stream(s), "
                "Hub method expects 0."
            )
        if given != wanted:
            raise self._failed(
                f"InvalidDataException: Invocation provides {given} argument(s) "
                f"but target expects {wanted}."
            )
        try:
            return [
                _decode(codec, raw, type_)
                for raw, type_ in zip(invocation.arguments, self.types, strict=True)
            ]
        except RemoteProtocolError:
            raise self._failed(
                "InvalidDataException: Error binding arguments. Make sure that the types of the "
                "provided values match the types of the hub method being invoked."
            ) from None

    def _failed(self, why: str) -> MethodFailed:
        return MethodFailed(
            f"Failed to invoke '{self.target}' due to an error on the server. {why}"
        )


def _decode(codec: Codec, raw: object, type_: Any) -> object:
    assert isinstance(raw, Raw)  # received arguments are undecoded
    value = codec.decode_value(raw, type_)
    if isinstance(value, Decimal) and bytes(raw).lstrip().startswith(b'"'):
        raise RemoteProtocolError("a number must not be sent as a string")
    return value


def methods_of(handler: type) -> Mapping[str, Method]:
    """Its hub methods by their names in lower case (P-09: the case does not matter)."""
    methods: dict[str, Method] = {}
    for _, function in inspect.getmembers(handler, inspect.iscoroutinefunction):
        target = getattr(function, "__hub_target__", None)
        if target is not None:
            hints = get_type_hints(function)
            _self, *names = inspect.signature(function).parameters
            methods[target.lower()] = Method(target, function, tuple(hints[n] for n in names))
    return methods
