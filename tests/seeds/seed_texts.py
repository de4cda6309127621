"""The rows that the vendors' pages have, read off their texts, and off what we keep of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import caches
from graphql_peer import DATA
from seed_checks import selected
from seed_kinds import Seed
from vendor import CREATION, ROW

__all__ = ["Names", "kept", "on_the_pages", "page"]

Names = tuple[set[str], set[str]]
"""Of arguments, and of fields."""

_PAGES = {Seed.LIST: "000_", Seed.CREATE: "001_", Seed.REST: "002_"}
_REFLEX_PAGE = "003_"
_REST_TYPES = r"(?:array|string \| null|number \| null|string|number)"


def page(seed: Seed) -> str:
    """The text of a seed's page. Skips where there are none."""
    start = _PAGES.get(seed, _REFLEX_PAGE)
    found: list[Path] = sorted((caches.SHARED / "seeds").glob(f"{start}*.txt"))
    if not found:
        pytest.skip("no seeds in the shared folder (HERCLE_PROTO_SHARED)")
    return found[0].read_text("utf-8")


def on_the_pages(seed: Seed) -> Names:
    """What a seed's page names."""
    text = page(seed)
    match seed:
        case Seed.LIST | Seed.CREATE:
            arguments, fields = text.split("Response Event")[:2]
            return _first_cells(arguments), _first_cells(fields)
        case Seed.REST:
            header, answer = text.split("Success Response Schema")
            headers = set(re.findall(r"^([A-Z][A-Za-z-]*?)string", header, re.MULTILINE))
            rows = re.findall(rf"^(invoices\S*?){_REST_TYPES}[A-Z]", answer, re.MULTILINE)
            return headers, set(rows)
        case Seed.FIND | Seed.PUSH:
            queries, mutations = text.split("Mutations\npushInvoice")
            told = queries if seed is Seed.FIND else mutations
            document = re.search(r"^(?:query|mutation) [^|]*(?=^Variables$)", told, re.MULTILINE)
            assert document is not None
            variables = told.partition("Variables\n")[2]
            example, _ = json.JSONDecoder().raw_decode(variables, variables.index("\n{\n") + 1)
            rows = re.findall(r"^(\w+(?:/\w+)+) \|", variables, re.MULTILINE)
            return {*rows, *_leaves(example)}, set(selected(document[0]))


def _first_cells(text: str) -> set[str]:
    """Of the rows of a table, which end in a bar as no other line does."""
    return set(re.findall(r"^(\w+) \| .* \|$", text, re.MULTILINE))


def kept(seed: Seed) -> Names:
    """What the examples and documents name that lie with the tests."""
    match seed:
        case Seed.LIST:
            return {"ClientId"}, set(ROW)
        case Seed.CREATE:
            return {"ClientId", "AmountBtc", "Memo", "ExpiryHours"}, set(CREATION)
        case Seed.REST:
            rows = {f"invoices[].{name}" for name in [*ROW, "domainEvents"]}
            return {"Authorization", "Content-Type"}, {"invoices", *rows}
        case Seed.FIND | Seed.PUSH:
            stem = DATA / ("get-invoices" if seed is Seed.FIND else "push-invoice")
            example = json.loads(stem.with_suffix(".json").read_text("utf-8"))
            document = stem.with_suffix(".graphql").read_text("utf-8")
            return set(_leaves(example)), set(selected(document))


def _leaves(value: object, above: str = "") -> Iterator[str]:
    """The paths of an example's values, and of its lists."""
    match value:
        case dict():
            for name, each in value.items():
                yield from _leaves(each, f"{above}/{name}" if above else name)
        case list():
            yield above
            for each in value:
                yield from _leaves(each, above)
        case _:
            yield above
