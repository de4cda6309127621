"""The JSON hub protocol (J), as strict as .NET's.

Where the text leaves it open, or shipped peers differ:

- Keys may come in any order, unknown ones are skipped, and of a repeated one the last counts. No
  known key may be null: .NET refuses that too.
- `type` is an integer as JSON writes one: `1.0` and `"1"` are refused (J-04).
- `result` and `error` exclude each other as keys, whatever their values (J-09).
- White space round the object is fine; a byte order mark, a comment, a trailing comma and a second
  object in one record are refused (.NET skips the second object; then two peers read two things).
- Bytes that are not UTF-8 refuse the record where the codec reads them. Within an argument they
  come out when it is decoded, as a failed binding (.NET does the same); in skipped keys, never. An
  escaped lone surrogate is refused with its record.
- Nesting is bounded by the interpreter's stack, also where values stay undecoded: about 900 levels
  on Python 3.11 and 9,000 on 3.13 (.NET takes 64).
- An empty `invocationId` of an Invocation is none (P-08); elsewhere it is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, assert_never, overload

import msgspec
from attrs import field, frozen
from msgspec import UNSET, UnsetType

from hercle_proto._border import DECODING_FAILURES, decode_json, undecodable
from hercle_proto._errors import InvalidArgument, RemoteProtocolError
from hercle_proto.hub._codec import Record
from hercle_proto.hub._json_values import to_raw
from hercle_proto.hub._messages import (
    NO_HEADERS,
    NO_RESULT,
    Ack,
    CancelInvocation,
    Close,
    Completion,
    Invocation,
    Message,
    Ping,
    Raw,
    Sequence,
    StreamInvocation,
    StreamItem,
)

__all__ = ["JSON", "SEPARATOR", "JsonCodec"]

T = TypeVar("T")

SEPARATOR: Final = b"\x1e"
"""Ends each record (J-01)."""


class _Wire(msgspec.Struct, rename="camel", gc=False):
    """Every key of every message, in the order in which .NET writes them (J-16).

    One class for all, because `type` may come last (J-03): a second pass over a snapshot of ten
    megabytes would cost more than the unused fields do. .NET reads the same way.
    """

    type: int
    headers: dict[str, str] | UnsetType = UNSET
    invocation_id: str | UnsetType = UNSET
    target: str | UnsetType = UNSET
    arguments: tuple[Raw, ...] | UnsetType = UNSET
    stream_ids: tuple[str, ...] | UnsetType = UNSET
    item: Raw | UnsetType = UNSET
    result: Raw | UnsetType = UNSET
    error: str | UnsetType = UNSET
    allow_reconnect: bool | UnsetType = UNSET
    sequence_id: int | UnsetType = UNSET


_decode: Final = msgspec.json.Decoder(_Wire).decode
_encode: Final = msgspec.json.Encoder().encode


@frozen
class JsonCodec:
    """The JSON hub protocol. `JSON` is the one value of it that is needed."""

    name: str = field(default="json", init=False)
    version: int = field(default=1, init=False)
    binary: bool = field(default=False, init=False)

    def encode(self, message: Message) -> bytes:
        """The record with its separator.

        Arguments, results and items are whatever msgspec knows: attrs classes and dataclasses,
        datetimes, `Decimal` as a plain number (`0.00000001`). Raises `InvalidArgument` for what
        JSON cannot hold, such as NaN.
        """
        wire = _to_wire(message)
        try:
            record = _encode(wire)
        except UnicodeEncodeError:
            fault = "text with a lone surrogate"
        else:
            if SEPARATOR not in record:  # J-15: msgspec escapes it, but a `Raw` is copied as it is
                return record + SEPARATOR
            fault = "a Raw with the byte 0x1E, which is no JSON"
        raise InvalidArgument(type(message).__name__, "must be what JSON can hold", fault)

    def decode(self, record: Record) -> Message | None:
        try:
            wire = _decode(record)
        except DECODING_FAILURES as error:
            refusal = undecodable(error, what="hub message", clause="J-01")
        else:
            read = _READERS.get(wire.type)
            return read(wire) if read is not None else None
        raise refusal

    def encode_value(self, value: object, *, name: str = "value") -> Raw:
        return to_raw(value, name)

    @overload
    def decode_value(self, raw: Raw, type: type[T]) -> T: ...
    @overload
    def decode_value(self, raw: Raw, type: Any) -> Any: ...
    def decode_value(self, raw: Raw, type: Any) -> Any:
        """`raw` as a value of `type`. The error begins with "hub value" and names the path."""
        return decode_json(raw, type, what="hub value", clause="P-11")


JSON: Final = JsonCodec()


# -- reading ---------------------------------------------------------------------------------------


def _absent(message: str, key: str, clause: str) -> RemoteProtocolError:
    return RemoteProtocolError(f"{message} needs {key!r}", clause=clause)


def _id(wire: _Wire, message: str, clause: str) -> str:
    if not wire.invocation_id:
        raise _absent(message, "invocationId", clause)
    return wire.invocation_id


def _read_invocation(wire: _Wire) -> Invocation:
    if wire.target is UNSET:
        raise _absent("Invocation", "target", "J-05")
    if wire.arguments is UNSET:
        raise _absent("Invocation", "arguments", "J-05")
    return Invocation(
        wire.target,
        wire.arguments,
        wire.invocation_id or None,
        wire.stream_ids or (),
        wire.headers or NO_HEADERS,
    )


def _read_stream_invocation(wire: _Wire) -> StreamInvocation:
    call = _read_invocation(wire)
    return StreamInvocation(
        call.target,
        call.arguments,
        _id(wire, "StreamInvocation", "J-06"),
        call.stream_ids,
        call.headers,
    )


def _read_stream_item(wire: _Wire) -> StreamItem:
    if wire.item is UNSET:
        raise _absent("StreamItem", "item", "J-07")
    return StreamItem(_id(wire, "StreamItem", "J-07"), wire.item, wire.headers or NO_HEADERS)


def _read_completion(wire: _Wire) -> Completion:
    invocation_id = _id(wire, "Completion", "J-08")
    headers = wire.headers or NO_HEADERS
    if wire.error is UNSET:
        result = NO_RESULT if wire.result is UNSET else wire.result
        return Completion(invocation_id, result, headers=headers)
    if wire.result is not UNSET:
        raise RemoteProtocolError("Completion has a result and an error", clause="J-09")
    return Completion(invocation_id, error=wire.error, headers=headers)


def _read_cancel_invocation(wire: _Wire) -> CancelInvocation:
    return CancelInvocation(_id(wire, "CancelInvocation", "J-10"), wire.headers or NO_HEADERS)


def _read_ping(_: _Wire) -> Ping:
    return Ping()


def _read_close(wire: _Wire) -> Close:
    return Close(wire.allow_reconnect or False, None if wire.error is UNSET else wire.error)


def _sequence_id(wire: _Wire, message: str) -> int:
    if wire.sequence_id is UNSET:
        raise _absent(message, "sequenceId", "J-11")
    return wire.sequence_id


def _read_ack(wire: _Wire) -> Ack:
    return Ack(_sequence_id(wire, "Ack"))


def _read_sequence(wire: _Wire) -> Sequence:
    return Sequence(_sequence_id(wire, "Sequence"))


_READERS: Final[dict[int, Callable[[_Wire], Message]]] = {
    1: _read_invocation,
    2: _read_stream_item,
    3: _read_completion,
    4: _read_stream_invocation,
    5: _read_cancel_invocation,
    6: _read_ping,
    7: _read_close,
    8: _read_ack,
    9: _read_sequence,
}


# -- writing ---------------------------------------------------------------------------------------


def _to_wire(message: Message) -> _Wire:
    match message:
        case Invocation() | StreamInvocation():
            return _Wire(
                type=1 if isinstance(message, Invocation) else 4,
                headers=dict(message.headers) or UNSET,
                invocation_id=UNSET if message.invocation_id is None else message.invocation_id,
                target=message.target,
                arguments=tuple([to_raw(value, "arguments") for value in message.arguments]),
                stream_ids=tuple(message.stream_ids) or UNSET,
            )
        case StreamItem():
            return _Wire(
                type=2,
                headers=dict(message.headers) or UNSET,
                invocation_id=message.invocation_id,
                item=to_raw(message.item, "item"),
            )
        case Completion():
            return _Wire(
                type=3,
                headers=dict(message.headers) or UNSET,
                invocation_id=message.invocation_id,
                result=UNSET if message.result is NO_RESULT else to_raw(message.result, "result"),
                error=UNSET if message.error is None else message.error,
            )
        case CancelInvocation():
            return _Wire(
                type=5,
                headers=dict(message.headers) or UNSET,
                invocation_id=message.invocation_id,
            )
        case Ping():
            return _Wire(type=6)
        case Close():
            return _Wire(
                type=7,
                error=UNSET if message.error is None else message.error,
                allow_reconnect=message.allow_reconnect or UNSET,
            )
        case Ack():
            return _Wire(type=8, sequence_id=message.sequence_id)
        case Sequence():
            return _Wire(type=9, sequence_id=message.sequence_id)
        case _:
            assert_never(message)
