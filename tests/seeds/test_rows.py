"""Every field and argument of the seeds: what it is here, and that its test would notice otherwise.

docs/coverage.md names these tests, row by row.
"""

from __future__ import annotations

import pytest
from seed_checks import (
    GRAPHQL,
    Differs,
    check_argument,
    check_asked_for,
    check_field,
    spoilt_answers,
    spoilt_document,
    spoilt_requests,
)
from seed_kinds import Argument, Field
from seed_table import ARGUMENTS, FIELDS
from seed_wires import answer, document, sent

from hercle_proto import HercleProtoError


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


@pytest.mark.parametrize("row", FIELDS, ids=str)
def test_a_changed_field_fails_its_test(row: Field) -> None:
    """By `Differs`, or by the command's documented ending, and neither is about another field."""
    check_field(row, answer(row))
    reasons = {}
    for what, tree in spoilt_answers(row):
        reasons[what] = "nobody noticed"
        try:
            check_field(row, tree)
        except (Differs, HercleProtoError) as error:
            reasons[what] = f"{error} {error.__cause__}"
    assert len(reasons) == 4 + len(row.wrong)
    about = row.name.split(".")[-1], "Expected `array`"  # which is all of a listing
    told = {what: any(each in why for each in about) for what, why in reasons.items()}
    assert [what for what, whether in told.items() if not whether] == []


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
