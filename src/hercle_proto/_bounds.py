"""Bounds of settings, as attrs validators that raise `InvalidArgument`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import Attribute

from hercle_proto._errors import InvalidArgument

__all__ = ["at_least", "positive", "within"]


def positive(_: object, attribute: Attribute[Any], value: float) -> None:
    """More than 0; infinity will do, NaN will not."""
    if not value > 0:
        raise InvalidArgument(attribute.name, "must be greater than 0", repr(value))


def at_least(bound: int) -> Callable[[object, Attribute[Any], float], None]:
    """No less than `bound`."""

    def check(_: object, attribute: Attribute[Any], value: float) -> None:
        if not value >= bound:
            raise InvalidArgument(attribute.name, f"must be at least {bound}", repr(value))

    return check


def within(low: int, high: int) -> Callable[[object, Attribute[Any], float], None]:
    """From `low` to `high`, both included."""

    def check(_: object, attribute: Attribute[Any], value: float) -> None:
        if not low <= value <= high:
            raise InvalidArgument(attribute.name, f"must be from {low} to {high}", repr(value))

    return check
