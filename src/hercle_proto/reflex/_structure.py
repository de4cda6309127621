"""Answers out of plain JSON values, by cattrs; what does not fit is told with its path.

Only what an answer says is judged: unknown fields are nobody's business, a null list is empty, and
nulls in a list are left out. A null invoice is one of which nothing is told: pages are counted by
their rows. No value gets into an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import repeat
from types import GenericAlias
from typing import Any, Final, TypeVar, get_args, get_origin

import attrs
from cattrs import Converter, transform_error
from cattrs.gen import make_dict_structure_fn

from hercle_proto._errors import RemoteProtocolError
from hercle_proto._numbers import MAX_DIGITS
from hercle_proto._timestamps import parse_timestamp
from hercle_proto.reflex._models import OpenValue, ReflexInvoice, When

__all__ = ["structure"]

T = TypeVar("T")

_WHOLE: Final = re.compile(rf"-?[0-9]{{1,{MAX_DIGITS}}}")
_NUMBER: Final = re.compile(rf"-?[0-9]{{1,{MAX_DIGITS // 2}}}(?:\.[0-9]{{1,{MAX_DIGITS // 2}}})?")


class _UnfitError(Exception):
    """A value that is not what it should be; its text says what was expected."""


def structure(value: object, type: type[T], *, path: str) -> T:
    """`value` as a `type`. Raises `RemoteProtocolError`, which names the place below `path`."""
    try:
        found: T = _converter().structure(value, type)
    except Exception as error:  # noqa: BLE001 - cattrs raises groups of our own
        problem = transform_error(error, path, _told)[0].replace(" @ ", " at ")
    else:
        return found
    raise RemoteProtocolError(f"an answer that does not fit: {problem}")


def _told(error: BaseException, _: type | None) -> str:
    if not isinstance(error, _UnfitError):
        raise error  # a bug of ours
    return str(error)


# -- scalars ---------------------------------------------------------------------------------------


def _whole(value: object, _: object) -> int:
    match value:
        case int() if not isinstance(value, bool):
            return value
        case Decimal() if value == value.to_integral_value():
            return int(value)
        case str() if _WHOLE.fullmatch(value):
            return int(value)
        case _:
            raise _UnfitError("a whole number was expected")


def _number(value: object, _: object) -> Decimal:
    match value:
        case int() if not isinstance(value, bool):
            return Decimal(value)
        case Decimal():
            return value
        case str() if _NUMBER.fullmatch(value):
            return Decimal(value)
        case _:
            raise _UnfitError("a number was expected")


def _text(value: object, _: object) -> str:
    match value:
        case str():
            return value
        case int() if not isinstance(value, bool):  # GraphQL's ID may be either
            return str(value)
        case _:
            raise _UnfitError("text was expected")


def _truth(value: object, _: object) -> bool:
    if isinstance(value, bool):
        return value
    raise _UnfitError("true or false was expected")


def _moment(value: object, _: object) -> datetime:
    if isinstance(value, str):
        try:
            return parse_timestamp(value)
        except ValueError:
            pass
    raise _UnfitError("a timestamp was expected")


# -- unions ----------------------------------------------------------------------------------------


def _when(value: object, _: object) -> When:
    if value is None:
        return None
    text = _text(value, str)
    try:
        return parse_timestamp(text)
    except ValueError:
        return text


def _open(value: object, _: object) -> OpenValue:
    match value:
        case list():
            return tuple(_text(each, str) for each in value if each is not None)
        case str() | None:
            return value
        case _:
            return _whole(value, int)


def _whole_or_text(value: object, _: object) -> int | str | None:
    if isinstance(value, str) and not _WHOLE.fullmatch(value):
        return value
    return None if value is None else _whole(value, int)


# -- lists and objects -----------------------------------------------------------------------------


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _tuple_of(kind: Any) -> Callable[[object, object], tuple[object, ...]]:
    item: Any = get_args(kind)[0]
    nullable: Any = GenericAlias(list, (item | None,))
    null = (ReflexInvoice(),) if item is ReflexInvoice else ()

    def all_of(value: object, _: object) -> tuple[object, ...]:
        """Up to the first that does not fit, for a list of cattrs' keeps an error for each."""
        found: list[object] = []
        for index, each in enumerate(_items(value)):
            try:
                found += null if each is None else (_converter().structure(each, item),)
            except Exception:  # noqa: BLE001 - whatever it is: it is raised again, with its place
                _converter().structure([*repeat(None, index), each], nullable)
                raise AssertionError("what fits no item fits no list of them") from None
        return tuple(found)

    return all_of


def _items(value: object) -> list[object]:
    match value:
        case None:
            return []
        case list():
            return value
        case dict():  # nobody says whether `routing_info` is a list
            return [value]
        case _:
            raise _UnfitError("a list was expected")


def _object_of(kind: Any) -> Callable[[object, object], object]:
    fill = make_dict_structure_fn(kind, _converter(), _cattrs_detailed_validation=True)

    def object_of(value: object, _: object) -> object:
        if not isinstance(value, dict):
            raise _UnfitError("an object was expected")
        return fill(value, kind)

    return object_of


@cache
def _converter() -> Converter:
    """Made when it is first needed: who speaks with Hercle only does not wait for it."""
    converter = Converter(detailed_validation=True)
    converter.register_structure_hook(int, _whole)
    converter.register_structure_hook(Decimal, _number)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(bool, _truth)
    converter.register_structure_hook(datetime, _moment)
    converter.register_structure_hook_func(lambda kind: kind == OpenValue, _open)
    converter.register_structure_hook_func(lambda kind: kind == When, _when)
    converter.register_structure_hook_func(lambda kind: kind == int | str | None, _whole_or_text)
    converter.register_structure_hook_factory(_is_tuple, _tuple_of)
    converter.register_structure_hook_factory(attrs.has, _object_of)
    return converter
