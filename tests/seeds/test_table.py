"""The table has every row of the seeds, and no other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import pytest

from hercle_proto.reflex import FindInvoices, PushInvoice
from seed_checks import selected
from seed_kinds import Argument, Field, ListOf, Seed
from seed_places import Nowhere, place_of
from seed_table import ARGUMENTS, FIELDS
from seed_texts import kept, on_the_pages, page
from seed_wires import document


def in_the_table(seed: Seed) -> tuple[list[str], list[str]]:
    return (
        sorted(row.name for row in ARGUMENTS if row.seed is seed),
        sorted(row.name for row in FIELDS if row.seed is seed),
    )


def sorted_names(names: tuple[set[str], set[str]]) -> tuple[list[str], list[str]]:
    arguments, fields = names
    return sorted(arguments), sorted(fields)


@pytest.mark.parametrize("seed", Seed, ids=lambda seed: seed.value)
def test_no_row_of_the_pages_is_missing_and_none_invented(seed: Seed) -> None:
    assert sorted_names(on_the_pages(seed)) == in_the_table(seed)


@pytest.mark.parametrize("seed", Seed, ids=lambda seed: seed.value)
def test_no_row_of_what_is_kept_is_missing_and_none_invented(seed: Seed) -> None:
    assert sorted_names(kept(seed)) == in_the_table(seed)


@pytest.mark.parametrize("command", [FindInvoices(), PushInvoice("lnbc1")])
def test_no_selected_field_is_missing_and_none_invented(
    command: FindInvoices | PushInvoice,
) -> None:
    (seed,) = [seed for seed in Seed if seed.value == command.field_path[0]]
    assert sorted(selected(command.document)) == in_the_table(seed)[1]
    assert document(seed) == command.document


COUNTS = {
    Seed.LIST: (1, 22),
    Seed.CREATE: (4, 5),
    Seed.REST: (2, 24),
    Seed.FIND: (9, 40),
    Seed.PUSH: (8, 74),
}


@pytest.mark.parametrize("seed", Seed, ids=lambda seed: seed.value)
def test_as_many_rows_as_counted_by_hand(seed: Seed) -> None:
    assert tuple(map(len, in_the_table(seed))) == COUNTS[seed]


# -- what the pages show ---------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [Seed.LIST, Seed.CREATE], ids=lambda seed: seed.value)
def test_the_arguments_are_the_pages_own_in_their_order(seed: Seed) -> None:
    example = re.search(r"Command Arguments Example:\n\[([^]]*)\]", page(seed))
    assert example is not None
    wires = [row.wire for row in ARGUMENTS if row.seed is seed]
    assert wires == [part.strip() for part in example[1].split(",")]


# -- what it is worth ------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [ARGUMENTS, FIELDS], ids=["arguments", "fields"])
@pytest.mark.parametrize("seed", Seed, ids=lambda seed: seed.value)
def test_values_are_told_apart(seed: Seed, rows: Sequence[Argument | Field]) -> None:
    """But for truths; and what holds others is told by its type."""
    plain = [row for row in rows if not isinstance(row.value, bool | type | ListOf)]
    times = Counter(row.wire for row in plain if row.seed is seed)
    assert [wire for wire, number in times.items() if number > 1] == []


@pytest.mark.parametrize(
    "row",
    [
        Field(Seed.LIST, "user_id", "1", 1, (), "2"),
        Field(Seed.CREATE, "statusError", "1", 1, (), "2"),
        Field(Seed.REST, "total", "1", 1, (), "2"),
        Field(Seed.FIND, "getInvoices.find_one", "1", 1, (), "2"),
        Field(Seed.FIND, "getInvoices.find_many.list.pubkey", "1", 1, (), "2"),
        Field(Seed.PUSH, "pushInvoice.invoice.id.id", "1", 1, (), "2"),
        Argument(Seed.CREATE, "Sats", 1, "1", ("arguments", 0)),
        Argument(Seed.PUSH, "invoice/tags/value", 1, "1", ("variables",)),
    ],
    ids=str,
)
def test_what_no_class_has_is_refused(row: Field | Argument) -> None:
    with pytest.raises(Nowhere):
        place_of(row)
