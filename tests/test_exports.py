"""What a public module offers is said once, in a sorted and exact `__all__`."""

from __future__ import annotations

import importlib
import types
from pathlib import Path

import pytest

import sources

PUBLIC = [
    path
    for package in sources.PACKAGES
    for path in sources.modules(package)
    if not any(part.startswith("_") for part in sources.dotted_name(path).split("."))
]


def in_order(name: str) -> tuple[int, str]:
    """As linters sort: CONSTANTS, then Classes, then functions."""
    kind = 0 if name.isupper() else 1 if name[0].isupper() else 2
    return kind, name


@pytest.mark.parametrize("path", PUBLIC, ids=sources.dotted_name)
def test_all_is_sorted_and_true(path: Path) -> None:
    module = importlib.import_module(sources.dotted_name(path))
    assert list(module.__all__) == sorted(set(module.__all__), key=in_order)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


@pytest.mark.parametrize(
    "path", [path for path in PUBLIC if path.name == "__init__.py"], ids=sources.dotted_name
)
def test_packages_offer_all_that_they_hold(path: Path) -> None:
    module = importlib.import_module(sources.dotted_name(path))
    held = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and not isinstance(value, types.ModuleType)
        and getattr(value, "__module__", "") != "__future__"
    }
    assert held == set(module.__all__)


def test_the_top_offers_the_contract_and_all_errors() -> None:
    top = importlib.import_module("hercle_proto")
    parts = ("hercle_proto._contract", "hercle_proto._errors")
    offered = {name for part in parts for name in importlib.import_module(part).__all__}
    assert offered == set(top.__all__)
