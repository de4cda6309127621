"""Every fuzz target keeps its promise on the whole corpus, and on what Hypothesis thinks of."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

FUZZ = Path(__file__).parents[2] / "fuzz"
NAMES = sorted(path.stem for path in FUZZ.glob("*.py") if path.stem != "__main__")
CORPUS = [(name, path) for name in NAMES for path in sorted((FUZZ / "corpus" / name).iterdir())]


def load(name: str) -> Callable[[bytes], None]:
    spec = importlib.util.spec_from_file_location(f"fuzz_{name}", FUZZ / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    target: Callable[[bytes], None] = module.target
    return target


TARGETS = {name: load(name) for name in NAMES}


@pytest.mark.parametrize(
    ("name", "path"), CORPUS, ids=[f"{name}/{path.name}" for name, path in CORPUS]
)
def test_corpus(name: str, path: Path) -> None:
    TARGETS[name](path.read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_each_target_has_a_promise_and_a_corpus(name: str) -> None:
    assert TARGETS[name].__doc__
    assert any(target == name for target, _ in CORPUS)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=50)
@given(data=st.binary(max_size=200))
def test_anything_else(name: str, data: bytes) -> None:
    TARGETS[name](data)


def test_every_corpus_has_a_target() -> None:
    assert sorted(path.name for path in (FUZZ / "corpus").iterdir()) == NAMES
