"""The border to msgspec: JSON becomes typed values here, and each failure the one documented error.

Errors are raised outside the `except` block, so that msgspec's are neither cause nor context: a
`UnicodeDecodeError` carries the whole text it could not read.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, TypeVar, overload

import msgspec

from hercle_proto._errors import RemoteProtocolError

__all__ = ["DECODING_FAILURES", "decode_json", "undecodable"]

T = TypeVar("T")

DECODING_FAILURES: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""All that a msgspec decoder raises for bad input."""


@overload
def decode_json(
    data: bytes | bytearray | memoryview | msgspec.Raw,
    type: type[T],
    *,
    what: str,
    clause: str | None = None,
) -> T: ...
@overload
def decode_json(
    data: bytes | bytearray | memoryview | msgspec.Raw,
    type: Any,
    *,
    what: str,
    clause: str | None = None,
) -> Any: ...
def decode_json(
    data: bytes | bytearray | memoryview | msgspec.Raw,
    type: Any,
    *,
    what: str,
    clause: str | None = None,
) -> Any:
    """JSON text as a value of `type`, which is anything that msgspec knows, unions included.

    Raises `RemoteProtocolError`, which begins with `what` and names the path of what does not fit.
    """
    try:
        return _decoder(type).decode(data)
    except DECODING_FAILURES as error:
        refusal = undecodable(error, what=what, clause=clause)
    raise refusal


def undecodable(error: Exception, *, what: str, clause: str | None = None) -> RemoteProtocolError:
    """The documented error for one of `DECODING_FAILURES`. Raise it outside the `except` block."""
    match error:
        case RecursionError():
            reason = "nested too deeply"
        case UnicodeDecodeError():
            reason = f"not UTF-8: {error.reason}"
        case _:
            reason = str(error)
    return RemoteProtocolError(f"{what}: {reason}", clause=clause)


@lru_cache(maxsize=256)
def _decoder(type: Any) -> msgspec.json.Decoder[Any]:
    """Made once a type: that costs a hundred times what decoding a small value does."""
    return msgspec.json.Decoder(type)
