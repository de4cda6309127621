"""The border to JSON: one function turns every failure of a decoder into `Unreadable`, which says
where.

What is plausible but not to msgspec's strict taste is read a second time, tolerantly: an integral
float is an integer, an HTTP status may be a text, and .NET's last timestamp is one. Nothing of a
value gets into an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final, TypeAlias, TypeVar

import msgspec
from msgspec import Raw
from msgspec.json import Decoder

from hercle_proto._border import DECODING_FAILURES
from hercle_proto._errors import InvalidArgument
from hercle_proto._numbers import number_from_wire
from hercle_proto._timestamps import parse_timestamp

__all__ = ["Json", "Unreadable", "decode", "decode_plain", "decode_tolerantly"]

T = TypeVar("T")

_STATUS = re.compile(r"[0-9]{3}")

Json: TypeAlias = bytes | bytearray | memoryview | Raw | str
"""JSON text, undecoded."""


class Unreadable(Exception):
    """JSON that is not what it should be; never leaves this package."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{problem} at {path}")
        self.path = path
        self.problem = problem


def decode(decoder: Decoder[T], raw: Json) -> T:
    """Decode. Raises `Unreadable`."""
    try:
        return decoder.decode(raw)
    except DECODING_FAILURES as error:
        raise _unreadable(error) from None


def decode_plain(raw: Json) -> object:
    """Decode into dicts, lists, text, int and `Decimal`. Raises `Unreadable`."""
    return decode(_PLAIN, raw)


def decode_tolerantly(raw: Json, kind: type[T]) -> T:
    """Decode an object once more that was refused. Raises `Unreadable`."""
    plain = decode_plain(raw)
    if isinstance(plain, dict):
        for name, repair in _REPAIRS.items():
            if name in plain:
                plain[name] = repair(plain[name])
    try:
        return msgspec.convert(plain, kind)
    except DECODING_FAILURES as error:
        raise _unreadable(error) from None


def _unreadable(error: Exception) -> Unreadable:
    match error:
        case RecursionError():
            return Unreadable("$", "nested too deeply")
        case UnicodeDecodeError():
            return Unreadable("$", "not UTF-8")
        case Exception(__cause__=InvalidArgument(argument=name, rule=rule, got=got)):
            return Unreadable(f"$.{name}", f"{rule}; got {got}")  # a value's own refusal
        case _:
            problem, _, path = str(error).partition(" - at `")
            return Unreadable(path.rstrip("`") or "$", problem)


def _integer(value: object) -> object:
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value


def _status(value: object) -> object:
    return int(value) if isinstance(value, str) and _STATUS.fullmatch(value) else _integer(value)


def _timestamp(value: object) -> object:
    if isinstance(value, str):
        try:
            return parse_timestamp(value)
        except ValueError:
            return value  # the type's own refusal says where
    return value


_PLAIN: Final = Decoder(object, float_hook=number_from_wire)

_REPAIRS: Final[Mapping[str, Callable[[object], object]]] = MappingProxyType(
    {
        "createdAt": _timestamp,
        "expiresAt": _timestamp,
        "expirySecs": _integer,
        "httpStatusCode": _status,
        "updatedAt": _timestamp,
    }
)
