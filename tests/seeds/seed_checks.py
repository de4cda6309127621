"""What the named test of each row of the seeds asks, and the ways to spoil what it asks it of."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, Final

from graphql import FieldNode, OperationDefinitionNode, parse

from hercle_proto.hercle import InvoiceSnapshot
from hercle_proto.hub import Raw
from seed_kinds import Argument, Field, ListOf, Seed
from seed_places import place_of
from seed_wires import Tree, answer, answer_of, as_bytes, document, place_in, sent

__all__ = [
    "GRAPHQL",
    "Differs",
    "Unreadable",
    "answers_of_wrong_types",
    "check_argument",
    "check_asked_for",
    "check_field",
    "selected",
    "spoilt_answers",
    "spoilt_document",
    "spoilt_requests",
]

GRAPHQL: Final = (Seed.FIND, Seed.PUSH)


class Differs(AssertionError):
    """A check failed. The text says of which row, and how."""


class Unreadable(Differs):
    """The machine could not read the field, and says so without raising."""


# -- fields ----------------------------------------------------------------------------------------


def check_field(field: Field, tree: Tree) -> None:
    """An answer with this tree is read with the field's value. Raises `Differs`, and what the
    command ends with.
    """
    told = answer_of(field, tree)
    if isinstance(told, InvoiceSnapshot) and told.unreadable:
        raise Unreadable(f"{field}: {told.unreadable[0].path} {told.unreadable[0].problem}")
    place = place_of(field)
    got = place.read(told)
    if not _is(got, field.value):
        raise Differs(f"{field}: {place} is {got!r}")


def _is(got: object, wanted: object) -> bool:
    if isinstance(wanted, ListOf):
        return isinstance(got, tuple) and [type(each) for each in got] == [wanted.kind]
    if isinstance(wanted, type):  # an object, with something in it
        return type(got) is wanted and got != wanted()
    return type(got) is type(wanted) and got == wanted


def answers_of_wrong_types(field: Field) -> Iterator[tuple[str, Tree]]:
    """The field's answer with values of other types, which nobody may take for one of its own."""
    for wrong in field.wrong:
        yield wrong, _changed(field, wrong)


def spoilt_answers(field: Field) -> Iterator[tuple[str, Tree]]:
    """The field's answer with another value of the same type, with null, without the field, and
    with it under a name that differs by a letter.
    """
    yield "another value", _changed(field, field.other)
    yield "null", _changed(field, "null")
    *_, name = place = place_in(field)
    tree = answer(field)
    value = _above(tree, place).pop(name)
    yield "nothing", copy.deepcopy(tree)
    _above(tree, place)[f"{name}s"] = value
    yield "another name", tree


def _changed(field: Field, text: str) -> Tree:
    *_, name = place = place_in(field)
    tree = answer(field)
    _above(tree, place)[name] = Raw(text.encode())
    return tree


def _above(tree: Any, place: tuple[str | int, ...]) -> Any:
    for step in place[:-1]:
        tree = tree[step]
    return tree


# -- fields that a document asks for ---------------------------------------------------------------


def check_asked_for(field: Field, text: str) -> None:
    """A GraphQL document asks for the field. Raises `Differs`."""
    if field.name not in selected(text):
        raise Differs(f"{field}: the document does not ask for it")


def selected(text: str) -> Mapping[str, FieldNode]:
    """The fields that a document selects, by their dotted paths."""
    (operation,) = parse(text).definitions
    assert isinstance(operation, OperationDefinitionNode)
    return dict(_selected("", operation))


def _selected(
    above: str, node: OperationDefinitionNode | FieldNode
) -> Iterator[tuple[str, FieldNode]]:
    for each in node.selection_set.selections if node.selection_set else ():
        assert isinstance(each, FieldNode)
        name = f"{above}{each.name.value}"
        yield name, each
        yield from _selected(f"{name}.", each)


def spoilt_document(field: Field) -> str:
    """The document that is sent, with the field under a name that differs by a letter."""
    text = document(field.seed)
    place = selected(text)[field.name].name.loc
    assert place is not None
    return f"{text[: place.end]}s{text[place.end :]}"


# -- arguments -------------------------------------------------------------------------------------

_LINES: Final = {
    Seed.LIST: ("target", '"GetLightningInvoices"'),
    Seed.CREATE: ("target", '"CreateLightningInvoice"'),
    Seed.REST: ("line", '"GET /api/v1/invoices"'),
}
"""What else stands in what is sent: the hub method, and the request line."""
_COUNTS: Final = {Seed.LIST: 1, Seed.CREATE: 4}


def check_argument(argument: Argument, tree: Tree, wire: str) -> None:
    """What was sent has this JSON in the argument's place. Raises `Differs`."""
    if argument.seed in _LINES:
        name, line = _LINES[argument.seed]
        _check(argument, tree, (name,), line)
    _check(argument, tree, argument.path, wire)
    if argument.seed in _COUNTS:
        assert isinstance(tree, dict)
        if len(tree["arguments"]) != _COUNTS[argument.seed]:
            raise Differs(f"{argument}: there are {len(tree['arguments'])} arguments")


def _check(argument: Argument, tree: Any, path: tuple[str | int, ...], wire: str) -> None:
    try:
        got = as_bytes(_above(tree, path)[path[-1]])
    except LookupError:
        raise Differs(f"{argument}: it is not there") from None
    if got != wire.encode():
        raise Differs(f"{argument}: {got.decode()} is sent")


def spoilt_requests(argument: Argument) -> Iterator[tuple[str, Tree]]:
    """What is sent, with the argument in another place, in another spelling, as another type, with
    another value, and without it.
    """
    *_, name = place = argument.path
    for what, text in {
        "another type": _other_type(argument.wire),
        "another value": _other_value(argument.wire),
        "null": "null",
    }.items():
        tree = sent(argument, argument.value)
        _above(tree, place)[name] = Raw(text.encode())
        yield what, tree
    tree = sent(argument, argument.value)
    value = _above(tree, place).pop(name)
    yield "nothing", copy.deepcopy(tree)
    yield "another place", _elsewhere(copy.deepcopy(tree), place, value)
    yield "another spelling", _misspelt(tree, place, value)


def _elsewhere(tree: dict[str, Any], place: tuple[str | int, ...], value: Tree) -> Tree:
    """Without the argument, to the tree with it where it does not belong."""
    above, name = _above(tree, place), place[-1]
    if isinstance(name, str):
        tree[name] = value
    elif above:  # one place on, or the last one first
        above.insert(name + 1 if name < len(above) else 0, value)
    else:
        above += [Raw(b"null"), value]
    return tree


def _misspelt(tree: dict[str, Any], place: tuple[str | int, ...], value: Tree) -> Tree:
    """Without the argument, to the tree with it under another name, or another method."""
    above, name = _above(tree, place), place[-1]
    if isinstance(name, str):
        above[name.upper()] = value
    else:
        above.insert(name, value)
        tree["target"] = Raw(bytes(tree["target"]).upper())
    return tree


def _other_type(wire: str) -> str:
    """A text instead of a number or a truth, a number instead of a text, an object for a list."""
    match wire[0]:
        case '"':
            return "7"
        case "[":
            return "{}"
        case _:
            return f'"{wire}"'


def _other_value(wire: str) -> str:
    match wire[0]:
        case '"':
            return '"another"'
        case "[":
            return "[]"
        case "t":
            return "false"
        case _:
            return "999"
