"""What a hub protocol is: how messages are written as records, and read back."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar, overload

from hercle_proto.hub._messages import Message, Raw

__all__ = ["Codec", "Record"]

T = TypeVar("T")

Record = bytes | bytearray | memoryview
"""One message without its framing. It must not change afterwards: `Raw` values point into it."""


class Codec(Protocol):
    """One encoding of hub messages. It has no state; one value serves every connection."""

    @property
    def name(self) -> str:
        """What the handshake calls it (H-04)."""
        ...

    @property
    def version(self) -> int:
        """What a client's handshake asks for (H-05)."""
        ...

    @property
    def binary(self) -> bool:
        """Whether the transport must carry arbitrary bytes (T-14)."""
        ...

    def encode(self, message: Message) -> bytes:
        """The whole record, framing included. Raises `InvalidArgument`."""
        ...

    def decode(self, record: Record) -> Message | None:
        """The message; None for one of an unknown type (P-27). Raises `RemoteProtocolError`."""
        ...

    def encode_value(self, value: object, *, name: str = "value") -> Raw:
        """A value as it will be written. Raises `InvalidArgument`, which calls it `name`."""
        ...

    @overload
    def decode_value(self, raw: Raw, type: type[T]) -> T: ...
    @overload
    def decode_value(self, raw: Raw, type: Any) -> Any: ...
    def decode_value(self, raw: Raw, type: Any) -> Any:
        """An argument, result or item as a value of `type`. Raises `RemoteProtocolError`."""
        ...
