"""docs/coverage.md says what is so: its attributes and its tests are there."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import attrs

import sources
from hercle_proto import hercle, http, reflex
from seed_page import named_tests, page
from seed_table import ARGUMENTS, FIELDS

SHOWN = re.findall(
    r"^\| `([^`]+)` \| `(\w+)\.(\w+)` \| `([^`]+)` \|$",
    (sources.ROOT / "docs" / "coverage.md").read_text("utf-8"),
    re.MULTILINE,
)


def test_it_is_fresh() -> None:
    shown = (sources.ROOT / "docs" / "coverage.md").read_text("utf-8")
    assert shown == page(), "run: python docs/draw_coverage.py"


def test_it_shows_every_row() -> None:
    assert sorted(name for name, *_ in SHOWN) == sorted(row.name for row in [*ARGUMENTS, *FIELDS])


def test_its_attributes_are_there() -> None:
    for _, owner, attribute, _ in SHOWN:
        kind = next(vars(room)[owner] for room in (hercle, reflex, http) if owner in vars(room))
        known = attrs.fields_dict(kind) if attrs.has(kind) else kind.__struct_fields__
        assert attribute in known or attribute == "field_path", f"{owner}.{attribute}"


def test_pytest_collects_the_tests_that_it_names() -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    ours = {name: value for name, value in os.environ.items() if name != "INTEROP_MINIMUM"}
    told = subprocess.run(
        [*command, "tests/seeds/test_rows.py"],
        cwd=sources.ROOT,
        capture_output=True,
        check=True,
        env=ours,
        text=True,
    )
    assert {test for *_, test in SHOWN} - {*told.stdout.splitlines()} == set()
    assert {*named_tests().values()} == {test for *_, test in SHOWN}
