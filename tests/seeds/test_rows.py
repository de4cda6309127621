"""Every field and argument of the seeds: what it is here, and that its test would notice otherwise.

docs/coverage.md names these tests, row by row.
"""

from __future__ import annotations

import pytest

from hercle_proto import HercleProtoError
from seed_checks import (
    GRAPHQL,
    Differs,
    answers_of_wrong_types,
    check_argument,
    check_asked_for,
    check_field,
    spoilt_answers,
    spoilt_document,
    spoilt_requests,
)
from seed_kinds import Argument, Field
from seed_table import ARGUMENTS, FIELDS
from seed_wires import Tree, answer, document, sent


@pytest.mark.parametrize("row", FIELDS, ids=str)
def test_field(row: Field) -> None:
    """From the bytes of an answer, through a whole machine."""
    check_field(row, answer(row))
    if row.seed in GRAPHQL:
        check_asked_for(row, document(row.seed))


@pytest.mark.parametrize("row", ARGUMENTS, ids=str)
def test_argument(row: Argument) -> None:
    """In the bytes that leave a whole machine: its place, its type and its spelling."""
    for value, wire in ((row.value, row.wire), *row.more):
        check_argument(row, sent(row, value), wire)


def ending(row: Field, tree: Tree) -> Exception | None:
    """How the test of a row fails with this answer; None where it passes."""
    try:
        check_field(row, tree)
    except (Differs, HercleProtoError) as error:
        return error
    return None


@pytest.mark.parametrize("row", FIELDS, ids=str)
def test_a_changed_field_fails_its_test(row: Field) -> None:
    assert ending(row, answer(row)) is None
    endings = {what: ending(row, tree) for what, tree in spoilt_answers(row)}
    assert len(endings) == 4
    assert [what for what, error in endings.items() if not is_about(row, error)] == []


@pytest.mark.parametrize("row", FIELDS, ids=str)
def test_a_field_of_a_wrong_type_fails_its_test(row: Field) -> None:
    """And is told as unreadable: it is not taken for another value."""
    assert ending(row, answer(row)) is None
    endings = {wrong: ending(row, tree) for wrong, tree in answers_of_wrong_types(row)}
    assert len(endings) == len(row.wrong) > 0
    assert [wrong for wrong, error in endings.items() if type(error) is Differs] == []
    assert [wrong for wrong, error in endings.items() if not is_about(row, error)] == []


def is_about(row: Field, error: Exception | None) -> bool:
    """Whether a failure names the field. For all of a listing, it says that there is no list."""
    told = "" if error is None else f"{error} {error.__cause__}"
    return row.name.split(".")[-1] in told or "Expected `array`" in told


@pytest.mark.parametrize("row", [row for row in FIELDS if row.seed in GRAPHQL], ids=str)
def test_a_field_that_is_not_asked_for_fails_its_test(row: Field) -> None:
    check_asked_for(row, document(row.seed))
    with pytest.raises(Differs, match="does not ask for it"):
        check_asked_for(row, spoilt_document(row))


@pytest.mark.parametrize("row", ARGUMENTS, ids=str)
def test_a_changed_argument_fails_its_test(row: Argument) -> None:
    check_argument(row, sent(row, row.value), row.wire)
    unnoticed = []
    for what, tree in spoilt_requests(row):
        try:
            check_argument(row, tree, row.wire)
        except Differs:
            continue
        unnoticed.append(what)
    assert unnoticed == []
