"""Where a field or an argument of the seeds is found here, read off the classes themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args, get_origin, get_type_hints

import attrs
from attrs import frozen

from hercle_proto.hercle import (
    CreatedInvoice,
    CreateLightningInvoice,
    GetLightningInvoices,
    HercleCommand,
    InvoiceSnapshot,
    LightningInvoice,
    RestSettings,
)
from hercle_proto.hercle._answers import Details
from hercle_proto.http import Request
from hercle_proto.reflex import FindInvoices, PushInvoice, ReflexCommand, Tag
from seed_kinds import Argument, Field, Row, Seed

__all__ = ["COMMANDS", "Nowhere", "Place", "place_of"]

COMMANDS: Final[Mapping[Seed, type[HercleCommand[Any] | ReflexCommand[Any]]]] = {
    Seed.LIST: GetLightningInvoices,
    Seed.CREATE: CreateLightningInvoice,
    Seed.REST: GetLightningInvoices,
    Seed.FIND: FindInvoices,
    Seed.PUSH: PushInvoice,
}

_HEADERS: Final = {"Authorization": (RestSettings, "key"), "Content-Type": (Request, "headers")}
"""The key is the settings' own; every request says what its body would be."""


class Nowhere(LookupError):
    """No class has what a row tells of."""


@frozen
class Place:
    """An attribute. `steps` lead to it from a command's answer; an int takes an element."""

    owner: type[object]
    attribute: str
    steps: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        return f"{self.owner.__name__}.{self.attribute}"

    def read(self, answer: object) -> object:
        """What an answer has there; None where the way to it is cut."""
        for step in self.steps:
            if isinstance(step, str):
                answer = getattr(answer, step, None)
            else:
                answer = answer[step] if isinstance(answer, tuple) and answer else None
        return answer


def place_of(row: Row) -> Place:
    """Raises `Nowhere`."""
    return _place_of_argument(row) if isinstance(row, Argument) else _place_of_field(row)


# -- fields ----------------------------------------------------------------------------------------


def _place_of_field(row: Field) -> Place:
    match row.seed:
        case Seed.LIST:
            return _in_a_row(row, row.name)
        case Seed.REST if row.name.startswith("invoices[]."):
            return _in_a_row(row, row.name.removeprefix("invoices[]."))
        case Seed.REST:
            return _own(row, InvoiceSnapshot, [row.name], (row.name,))
        case Seed.CREATE:
            ours = _renamed(Details).get(row.name, "")
            if ours not in CreatedInvoice.__struct_fields__:
                raise Nowhere(row)
            return Place(CreatedInvoice, ours, (ours,))
        case Seed.FIND | Seed.PUSH:
            return _in_an_answer(row)


def _renamed(kind: type[LightningInvoice | Details]) -> Mapping[str, str]:
    """The attributes of a Struct, by what they are called on the wire."""
    return dict(zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True))


def _in_a_row(row: Field, name: str) -> Place:
    ours = _renamed(LightningInvoice).get(name)
    if ours is None:
        raise Nowhere(row)
    return Place(LightningInvoice, ours, ("invoices", 0, ours))


def _in_an_answer(row: Field) -> Place:
    """By the models' own types, from the one that the command's answer is read into."""
    command = COMMANDS[row.seed]
    assert issubclass(command, ReflexCommand)
    names = row.name.split(".")
    within = command.field_path
    if tuple(names[: len(within)]) != within[: len(names)]:
        raise Nowhere(row)
    place = Place(command, "field_path")
    owner: type[Any] = command.answer_type
    in_a_list = False
    for name in names[len(within) :]:
        if not (attrs.has(owner) and name in attrs.fields_dict(owner)):
            raise Nowhere(row)
        first = (0,) if in_a_list else ()
        place = Place(owner, name, (*place.steps, *first, name))
        owner, in_a_list = _model(get_type_hints(owner)[name])
    return place


def _model(hint: Any) -> tuple[type[Any], bool]:
    """The class that a hint is about, and whether a list holds it."""
    if get_origin(hint) is tuple:
        return get_args(hint)[0], True
    models = [each for each in get_args(hint) if attrs.has(each)]
    return (models[0] if models else object), False


# -- arguments -------------------------------------------------------------------------------------


def _place_of_argument(row: Argument) -> Place:
    if row.seed is Seed.REST:
        owner, attribute = _HEADERS[row.name]
        return _own(row, owner, [attribute], ())
    *above, last = row.name.split("/")
    if above and above[-1] == "tags":
        return _own(row, Tag, [last], ())
    snake = "".join(f"_{each.lower()}" if each.isupper() else each for each in last).lstrip("_")
    return _own(row, COMMANDS[row.seed], [snake, f"{snake}_", "_".join([*above, last])], ())


def _own(row: Row, owner: type[Any], names: list[str], steps: tuple[str | int, ...]) -> Place:
    """The one of these that the class has, under the vendor's name, or one that Python leaves."""
    for name in names:
        if name in attrs.fields_dict(owner):
            return Place(owner, name, steps)
    raise Nowhere(row)
