"""What is sent: the vendor's own documents and examples, and valid whatever is cut out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import get_args, get_type_hints

import attrs
import msgspec
import pytest
from graphql import GraphQLObjectType, parse, print_ast, validate
from hypothesis import given
from hypothesis import strategies as st

import hercle_proto.reflex as reflex
from graphql_peer import DATA
from hercle_proto.reflex import FindInvoices, GetHello, Part, PushInvoice, ReflexCommand, Tag
from hercle_sandbox._graphql import SCHEMA

FIND = FindInvoices(
    from_=datetime(2023, 10, 1, 14, 18, 33, tzinfo=UTC),
    to=datetime(2023, 11, 1, 14, 18, 33, tzinfo=UTC),
    tags=[Tag("user-id", string_value="61274095-7828-45dd-98e8-2daabdb39386")],
)


def example(name: str) -> dict[str, object]:
    told: dict[str, object] = json.loads((DATA / name).read_text("utf-8"))
    return told


INVOICE = example("push-invoice.json")["invoice"]
assert isinstance(INVOICE, dict)
PUSH = PushInvoice(
    str(INVOICE["payment_request"]),
    "User withdrawal",
    [
        Tag.of("product-id", 534271),
        Tag.of("user-id", "61274095-7828-45dd-98e8-2daabdb39386"),
        Tag.of("is-withdrawal", True),
    ],
)


@pytest.mark.parametrize(("command", "name"), [(FIND, "get-invoices"), (PUSH, "push-invoice")])
def test_the_vendors_example(command: ReflexCommand[object], name: str) -> None:
    document = (DATA / f"{name}.graphql").read_text("utf-8")
    assert command.document == document
    variables = json.loads(msgspec.json.encode(command.variables))
    assert variables == example(f"{name}.json")


def chosen(parts: Part) -> str:
    return str(parts).removeprefix("Part.")


EVERY = [parts for number in range(1, 8) if (parts := Part(number))]


@pytest.mark.parametrize("parts", EVERY, ids=chosen)
def test_parts_are_cut_out(parts: Part) -> None:
    document = FindInvoices(parts=parts).document
    fields = {line.strip(" {") for line in document.splitlines()}
    assert ("payment_hash" in fields) is (Part.LIST in parts)
    assert ("aggregation_interval" in fields) is (Part.AGGREGATED in parts)
    assert ("total" in fields) is (Part.AGGREGATED in parts)
    assert ("countries" in fields) is (Part.STATS in parts)


@pytest.mark.parametrize(
    "command",
    [FIND, PUSH, GetHello(), *(FindInvoices(parts=parts) for parts in EVERY)],
    ids=lambda command: command.name,
)
def test_documents_are_valid(command: ReflexCommand[object]) -> None:
    document = parse(command.document)
    assert validate(SCHEMA, document) == []
    assert print_ast(document)


@given(st.sampled_from(EVERY), st.sampled_from(EVERY))
def test_more_parts_are_a_longer_document(some: Part, others: Part) -> None:
    together = set(FindInvoices(parts=some | others).document.splitlines())
    assert set(FindInvoices(parts=some).document.splitlines()) <= together


OBJECTS = [
    kind
    for kind in SCHEMA.type_map.values()
    if isinstance(kind, GraphQLObjectType)
    and not kind.name.startswith("__")
    and kind.name not in {"Query", "Mutation", "GetInvoices"}
]


@pytest.mark.parametrize("kind", OBJECTS, ids=lambda kind: kind.name)
def test_every_field_has_an_attribute(kind: GraphQLObjectType) -> None:
    model = getattr(reflex, kind.name)
    assert {field.name for field in attrs.fields(model)} == set(kind.fields)
    hints = get_type_hints(model)
    for name, field in kind.fields.items():
        names = {each.__name__ for each in get_args(hints[name]) if isinstance(each, type)}
        wanted = str(field.type).strip("[]!")
        if hasattr(reflex, wanted):
            assert wanted in names
