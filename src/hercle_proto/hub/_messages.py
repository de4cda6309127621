"""The nine hub messages (P-01), as they are sent and as they are received.

What was received holds `Raw` arguments, results and items: SignalR binds late, so they are decoded
once, by `Codec.decode_value`, into the type that the target asks for. A repr never shows them.

They are msgspec Structs, frozen and made in C. One is made for every message, and an attrs class
took eight times as long: as much as reading the JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Sequence as Values
from enum import Enum
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

import msgspec

from hercle_proto._errors import InvalidArgument

__all__ = [
    "NO_HEADERS",
    "NO_RESULT",
    "Ack",
    "CancelInvocation",
    "Close",
    "Completion",
    "Invocation",
    "Message",
    "NoResult",
    "Ping",
    "Raw",
    "Sequence",
    "StreamInvocation",
    "StreamItem",
]

Raw = msgspec.Raw
"""A value that is not decoded yet. It keeps its whole payload alive; `copy()` detaches it."""


class NoResult(Enum):
    """The result of a Completion that has none, which is not the same as null (J-08)."""

    NO_RESULT = "NO_RESULT"

    def __repr__(self) -> str:
        return self.value


NO_RESULT: Final[Literal[NoResult.NO_RESULT]] = NoResult.NO_RESULT

NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


def _size(value: object) -> str:
    if value is NO_RESULT:
        return repr(value)
    return f"<{memoryview(value).nbytes} bytes>" if isinstance(value, Raw) else "<a value>"


def _sizes(values: Values[object]) -> str:
    return f"({', '.join(map(_size, values))})"


def _names(headers: Mapping[str, str]) -> str:
    return f"<{', '.join(headers)}>"


_SHOWN: Final[Mapping[str, Callable[[Any], str]]] = MappingProxyType(
    {"arguments": _sizes, "headers": _names, "item": _size, "result": _size}
)


class _Message(msgspec.Struct, frozen=True, gc=False):
    def __repr__(self) -> str:
        shown = (
            f"{name}={_SHOWN.get(name, repr)(getattr(self, name))}"
            for name in self.__struct_fields__
        )
        return f"{type(self).__name__}({', '.join(shown)})"


class Invocation(_Message, frozen=True, gc=False):
    """Call `target` (J-05). Without an `invocation_id` nothing is ever answered (P-07).

    `arguments` are positional. `stream_ids` name the streams that the caller uploads (P-29).
    `headers` mean nothing to this library (P-28); some clients send keys in them, so a repr shows
    their names only.
    """

    target: str
    arguments: Values[object] = ()
    invocation_id: str | None = None
    stream_ids: Values[str] = ()
    headers: Mapping[str, str] = NO_HEADERS


class StreamInvocation(_Message, frozen=True, gc=False):
    """Call `target` for a stream of items (J-06), ended by a Completion without a result (P-17)."""

    target: str
    arguments: Values[object]
    invocation_id: str
    stream_ids: Values[str] = ()
    headers: Mapping[str, str] = NO_HEADERS


class StreamItem(_Message, frozen=True, gc=False):
    """One item of a stream (J-07); an uploaded one goes by its stream id."""

    invocation_id: str
    item: object
    headers: Mapping[str, str] = NO_HEADERS


class Completion(_Message, frozen=True, gc=False):
    """The end of an invocation (J-08): a result, null included, or an error text, or neither.

    Raises `InvalidArgument` for both (P-24).
    """

    invocation_id: str
    result: object = NO_RESULT
    error: str | None = None
    headers: Mapping[str, str] = NO_HEADERS

    def __post_init__(self) -> None:
        if self.error is not None and self.result is not NO_RESULT:
            raise InvalidArgument("error", "a Completion has a result or an error", "both")


class CancelInvocation(_Message, frozen=True, gc=False):
    """Stop an invocation (J-10). Its Completion still comes (P-37, P-38)."""

    invocation_id: str
    headers: Mapping[str, str] = NO_HEADERS


class Ping(_Message, frozen=True, gc=False):
    """A sign of life, not answered (K-01)."""


class Close(_Message, frozen=True, gc=False):
    """Goodbye (C-01, C-02). Only with `allow_reconnect` may a client come back by itself (C-03)."""

    allow_reconnect: bool = False
    error: str | None = None


class Ack(_Message, frozen=True, gc=False):
    """Stateful reconnect: messages up to `sequence_id` were processed (R-15)."""

    sequence_id: int


class Sequence(_Message, frozen=True, gc=False):
    """Stateful reconnect: what follows begins with message `sequence_id` (R-20)."""

    sequence_id: int


Message: TypeAlias = (
    Invocation
    | StreamInvocation
    | StreamItem
    | Completion
    | CancelInvocation
    | Ping
    | Close
    | Ack
    | Sequence
)
