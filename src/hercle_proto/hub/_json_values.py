"""Our values as JSON: exactly, or not at all."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import Final

import msgspec

from hercle_proto._errors import InvalidArgument
from hercle_proto._numbers import decimal_to_wire
from hercle_proto.hub._messages import Raw

__all__ = ["to_raw"]

_encode: Final = msgspec.json.Encoder().encode


def to_raw(value: object, name: str) -> Raw:
    """`value` as JSON; a `Raw` stays as it is. Raises `InvalidArgument`, which calls it `name`."""
    if isinstance(value, Raw):
        return value
    try:
        return Raw(_encode(_plain(value)))
    except RecursionError:
        fault = "nested too deeply"
    except UnicodeEncodeError:
        fault = "text with a lone surrogate"
    except (TypeError, ValueError, OverflowError) as error:
        fault = str(error)
    raise InvalidArgument(name, "must be what JSON can hold", fault)


def _plain(value: object) -> object:
    """What msgspec writes as promised: to it alone NaN is null, and a Decimal 1E-8 or a string."""
    match value:
        case str() | int() | None | Raw():  # bool is an int
            return value
        case Decimal():
            return Raw(decimal_to_wire(value).encode())
        case float():
            if not isfinite(value):
                raise ValueError("a number that is not finite")
            return value
        case list() | tuple():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case _:
            return _plain(msgspec.to_builtins(value, builtin_types=(Decimal,), str_keys=True))
