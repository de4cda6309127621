"""The nine hub messages (P-01), as they are sent and as they are received.

What was received holds `Raw` arguments, results and items: SignalR binds late, so they are decoded
once, by `Codec.decode_value`, into the type that the target asks for. A repr never shows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import msgspec
from attrs import field, frozen

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


# mypy takes no generic class, such as `tuple`, for a converter.
def _values(values: Iterable[object]) -> tuple[object, ...]:
    return tuple(values)


def _texts(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(texts)


def _size(value: object) -> str:
    if value is NO_RESULT:
        return repr(value)
    return f"<{memoryview(value).nbytes} bytes>" if isinstance(value, Raw) else "<a value>"


def _sizes(values: tuple[object, ...]) -> str:
    return f"({', '.join(map(_size, values))})"


def _names(headers: Mapping[str, str]) -> str:
    return f"<{', '.join(headers)}>"


@frozen
class Invocation:
    """Call `target` (J-05). Without an `invocation_id` nothing is ever answered (P-07).

    `arguments` are positional. `stream_ids` name the streams that the caller uploads (P-29).
    `headers` mean nothing to this library (P-28); some clients send keys in them, so a repr shows
    their names only.
    """

    target: str
    arguments: tuple[object, ...] = field(default=(), converter=_values, repr=_sizes)
    invocation_id: str | None = None
    stream_ids: tuple[str, ...] = field(default=(), converter=_texts)
    headers: Mapping[str, str] = field(default=NO_HEADERS, repr=_names)


@frozen
class StreamInvocation:
    """Call `target` for a stream of items (J-06), ended by a Completion without a result (P-17)."""

    target: str
    arguments: tuple[object, ...] = field(converter=_values, repr=_sizes)
    invocation_id: str
    stream_ids: tuple[str, ...] = field(default=(), converter=_texts)
    headers: Mapping[str, str] = field(default=NO_HEADERS, repr=_names)


@frozen
class StreamItem:
    """One item of a stream (J-07); an uploaded one goes by its stream id."""

    invocation_id: str
    item: object = field(repr=_size)
    headers: Mapping[str, str] = field(default=NO_HEADERS, repr=_names)


@frozen
class Completion:
    """The end of an invocation (J-08): a result, null included, or an error text, or neither.

    Raises `InvalidArgument` for both (P-24).
    """

    invocation_id: str
    result: object = field(default=NO_RESULT, repr=_size)
    error: str | None = None
    headers: Mapping[str, str] = field(default=NO_HEADERS, repr=_names)

    def __attrs_post_init__(self) -> None:
        if self.error is not None and self.result is not NO_RESULT:
            raise InvalidArgument("error", "a Completion has a result or an error", "both")


@frozen
class CancelInvocation:
    """Stop an invocation (J-10). Its Completion still comes (P-37, P-38)."""

    invocation_id: str
    headers: Mapping[str, str] = field(default=NO_HEADERS, repr=_names)


@frozen
class Ping:
    """A sign of life, not answered (K-01)."""


@frozen
class Close:
    """Goodbye (C-01, C-02). Only with `allow_reconnect` may a client come back by itself (C-03)."""

    allow_reconnect: bool = False
    error: str | None = None


@frozen
class Ack:
    """Stateful reconnect: messages up to `sequence_id` were processed (R-15)."""

    sequence_id: int


@frozen
class Sequence:
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
