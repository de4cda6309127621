"""Drivers stay small, and so do modules: what a driver needs many lines for belongs in the core."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import sources

ALL_DRIVERS = 800
ONE_DRIVER = {"blocking": 200}
DRIVER_NAMES = ("anyio", "asyncio", "blocking", "trio")
MODULE_LINES = 300

ADAPTERS = [
    path
    for path in sources.modules("hercle_adapters")
    if not path.stem.lstrip("_").startswith("asgi")  # the server role is no driver
]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("", 0),
        ("# only this\n\n", 0),
        ('"""Doc\n\nstring."""\n', 0),
        ('"""Doc."""\nx = 1  # why\n\ny = 2\n', 2),
        ('def f() -> None:\n    """Doc."""\n    # why\n    return\n', 2),
        ('class A:\n    """Doc\n    string."""\n\n    x: int\n    """Attribute."""\n', 3),
        ('x = """two\nlines"""\n', 2),
        ("f(\n    1,\n)\n", 3),
    ],
)
def test_counting(source: str, lines: int) -> None:
    assert sources.code_lines(source) == lines


def test_all_drivers_together() -> None:
    sizes = {path.stem: sources.code_lines(path.read_text("utf-8")) for path in ADAPTERS}
    assert sum(sizes.values()) <= ALL_DRIVERS, sizes


@pytest.mark.parametrize("path", ADAPTERS, ids=lambda path: path.stem)
def test_one_adapter(path: Path) -> None:
    source = path.read_text("utf-8")
    assert max(map(len, source.splitlines()), default=0) <= 100
    if path.stem in DRIVER_NAMES:
        assert sources.code_lines(source) <= ONE_DRIVER.get(path.stem, 150)


def test_modules_are_short_or_explain_themselves() -> None:
    unexplained = []
    for package in sources.PACKAGES:
        for path in sources.modules(package):
            source = path.read_text("utf-8")
            docstring = ast.get_docstring(ast.parse(source)) or ""
            if len(source.splitlines()) > MODULE_LINES and "Long because" not in docstring:
                unexplained.append(f"{sources.dotted_name(path)}: {len(source.splitlines())} lines")
    assert not unexplained, (
        f"over {MODULE_LINES} lines without a 'Long because …' in the docstring: {unexplained}"
    )
