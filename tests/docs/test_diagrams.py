"""The diagrams show the tables as they are."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree as ET

import pytest

import sources
from hercle_proto import client, hub


def load_script() -> ModuleType:
    spec = spec_from_file_location("draw_machine", sources.ROOT / "docs" / "draw_machine.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRIPT = load_script()
DRAWINGS = dict(SCRIPT.drawings())


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: path.name)
def test_diagram_is_fresh(path: Path) -> None:
    assert path.read_text("utf-8") == DRAWINGS[path], "run: python docs/draw_machine.py"


@pytest.mark.parametrize(
    ("name", "table"), [("machine.svg", client.TRANSITIONS), ("hub.svg", hub.TRANSITIONS)]
)
def test_diagram_shows_every_state_and_step(
    name: str, table: Mapping[Enum, Mapping[Enum, Enum]]
) -> None:
    svg = ET.parse(sources.ROOT / "docs" / name)
    shown = "\n".join(text.text or "" for text in svg.iter("{http://www.w3.org/2000/svg}text"))
    lines = len(svg.findall(".//{http://www.w3.org/2000/svg}path[@class='edge']"))
    assert lines == sum(len({*steps.values()}) for steps in table.values())
    for state, steps in table.items():
        assert state.value in shown
        for step in steps:
            assert step.value in shown or step.value.replace(" ", "\n") in shown


def test_what_cannot_be_drawn_is_refused() -> None:
    class Odd(Enum):
        A = "a"
        B = "b"

    table = {Odd.A: {Odd.B: Odd.B}, Odd.B: {Odd.A: Odd.A}}
    drawing = SCRIPT.Drawing("odd", table, ends=[Odd.B], stands=Odd.A)
    with pytest.raises(ValueError, match="no way to draw b to a"):
        drawing.svg()
