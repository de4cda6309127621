"""What the pages promise by name is there, and what is there is in the pages."""

from __future__ import annotations

import re
import runpy

import pytest
import typer

import markdown_pages
import sources
from hercle_cli._commands import app
from hercle_cli._exits import Exit
from hercle_proto import Why, _contract, _errors
from hercle_proto.testing import Fate
from hercle_sandbox import _faults


def page(name: str) -> str:
    return (sources.ROOT / "docs" / name).read_text("utf-8")


def test_every_error_has_its_place() -> None:
    known = {*_errors.__all__}
    assert known - {*re.findall(r"`(\w+)", page("errors.md"))} == set()


def test_every_bench_and_its_goals_are_told() -> None:
    benches = runpy.run_path(str(sources.ROOT / "tests" / "bench" / "__main__.py"))["BENCHES"]
    rows = re.findall(r"^\| `([a-z-]+)` \|.*\| ([^|]*) ?\|$", page("performance.md"), re.MULTILINE)
    told = {name: re.findall(r"\w+ at most [\d.]+", goals) for name, goals in rows}
    goals = ("CPU", "cpu_goal"), ("peak", "peak_goal")
    assert told == {
        name: [f"{what} at most {goal:.2f}" for what, of in goals if (goal := getattr(bench, of))]
        for name, bench in benches.items()
    }


def test_every_kind_of_failure_is_told() -> None:
    assert all(f"`{why.name}`" in page("errors.md") for why in Why)


def test_every_method_of_a_machine_is_told() -> None:
    methods = {name for name in vars(_contract.Machine) if not name.startswith("_")}
    assert methods - {*re.findall(r"`(\w+)", page("machine.md"))} == set()


def test_every_fault_of_the_network_is_told() -> None:
    assert all(f"`{name}`" in page("testing.md") for name in Fate.__slots__ if name[0] != "_")


def test_every_fault_of_the_sandbox_is_told() -> None:
    faults = set(re.findall(r"fault:\S+", _faults.__doc__ or ""))
    assert set(re.findall(r"`(fault:\S+)`", page("testing.md"))) == faults


def test_every_clause_that_the_code_cites_is_told() -> None:
    told = set(re.findall(r"^\| ([A-Z]-\d\d) \|", page("clauses.md"), re.MULTILINE))
    for package in sources.PACKAGES:
        for path in sources.modules(package):
            cited = set(re.findall(r"\b[A-Z]-\d\d\b", path.read_text("utf-8")))
            assert cited - told == set(), f"{path.name} cites what docs/clauses.md does not tell"


def test_exit_codes() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", page("cli.md"), re.MULTILINE)}
    assert told == {*Exit}


COMMAND_LINES = [
    line.removeprefix("$ hercle ")
    for read in markdown_pages.all_pages()
    for block in read.blocks
    for line in block.text.splitlines()
    if line.startswith("$ hercle ")
]


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_command_line_is_one(line: str) -> None:
    command = typer.main.get_command(app)
    for word in line.split():
        command = getattr(command, "commands", {}).get(word, command)
    named = set(re.findall(r"--[\w-]+", line))
    offered = {name for option in command.params for name in option.opts if name[:2] == "--"}
    if "[" in line:  # a synopsis
        assert named == offered
    else:
        assert named <= offered


def test_every_command_has_a_synopsis() -> None:
    told = {re.split(r" [^a-z]", line)[0] for line in COMMAND_LINES}
    commands = vars(typer.main.get_command(app))["commands"]
    for name, command in commands.items():
        for below in getattr(command, "commands", [""]):
            assert f"{name} {below}".strip() in told
