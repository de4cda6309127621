"""docs/coverage.md: every row of the seeds, where it is here, and the test that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from seed_kinds import Argument, Field, Row, Seed
from seed_places import place_of
from seed_table import ARGUMENTS, FIELDS
from test_rows import test_argument, test_field

__all__ = ["named_tests", "page"]

_FILE: Final = "tests/seeds/test_rows.py"

_HEAD: Final = """\
# What is covered

Every field and every argument of the vendors' four pages: where it is here, and the test that shows
it. Drawn by `python docs/draw_coverage.py` from the classes themselves and from the table in
`tests/seeds`, which is compared with the pages row by row: none is missing, none invented.

A field's test sends the bytes of an answer through a whole machine and asks for the value and its
type. An argument's test reads the bytes that leave: its place, its type, its spelling. To run one:

```console
$ python -m pytest "tests/seeds/test_rows.py::test_field[GetLightningInvoices-memo]"
```

Beside them stand tests named `test_a_..._fails_its_test`. They change each row on the wire in turn
(a wrong type, another value, null, nothing, another name, another place, a field that the GraphQL
document leaves out) and show that the row's test fails every time.
`tests/adapters/test_seed_rows.py` shows the same rows in every driver, against the sandbox.
"""

_TITLES: Final = {
    Seed.LIST: "Hercle, SignalR: GetLightningInvoices",
    Seed.CREATE: "Hercle, SignalR: CreateLightningInvoice",
    Seed.REST: "Hercle, REST: GET /api/v1/invoices",
    Seed.FIND: "Reflex, GraphQL: getInvoices",
    Seed.PUSH: "Reflex, GraphQL: pushInvoice",
}

_SENT: Final = {
    Seed.LIST: "Argument",
    Seed.CREATE: "Argument",
    Seed.REST: "Header",
    Seed.FIND: "Variable",
    Seed.PUSH: "Variable",
}


def named_tests() -> dict[tuple[type[Row], str], str]:
    """The tests of all rows, as pytest names them."""
    return {
        (type(row), str(row)): f"{_FILE}::{test.__name__}[{ids(row)}]"
        for test in (test_argument, test_field)
        for row, ids in _parameters(test)
    }


def _parameters(test: Any) -> Iterator[tuple[Row, Any]]:
    (mark,) = test.pytestmark
    for row in mark.args[1]:
        yield row, mark.kwargs["ids"]


def page() -> str:
    """The whole page. Raises `Nowhere` for a row that no class has, `KeyError` for one without a
    test.
    """
    return "\n".join([_HEAD, *(_section(seed) for seed in Seed)])


def _section(seed: Seed) -> str:
    sent = [row for row in ARGUMENTS if row.seed is seed]
    received = [row for row in FIELDS if row.seed is seed]
    tables = "\n".join([_table(_SENT[seed], sent), _table("Field", received)])
    return f"## {_TITLES[seed]}\n\n{tables}"


def _table(what: str, rows: list[Argument] | list[Field]) -> str:
    tests = named_tests()
    lines = [
        f"| `{row.name}` | `{place_of(row)}` | `{tests[type(row), str(row)]}` |\n" for row in rows
    ]
    return f"| {what} | Here | Shown by |\n| --- | --- | --- |\n{''.join(lines)}"
