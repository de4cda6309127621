"""Every example of the documentation runs as it stands.

A block marked `python` is a whole program. It is run with `HERCLE_URL` and `HERCLE_API_KEY` of a
sandbox in its environment, and with the same two as the names `url` and `api_key`, for examples
that leave out where their values come from.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import markdown_pages
import sources
from markdown_pages import Block

MARKS = {"python", "text", "console", "sh", "toml", "json", "mermaid"}
BLOCKS = [block for page in markdown_pages.all_pages() for block in page.blocks]
EXAMPLES = [block for block in BLOCKS if block.info == "python"]
NEEDS_SANDBOX = re.compile(r"\b(?:url|api_key|HERCLE_URL|HERCLE_API_KEY)\b")
PYTHON = re.compile(
    r"^\s*(?:>>> |import \w|from [\w.]+ import |(?:async )?def \w+\(|class \w+.*:$|await |"
    r"(?:async )?(?:with|for) .+:$|match .+:$|case .+:$|@\w+)",
    re.MULTILINE,
)


@pytest.mark.parametrize("block", EXAMPLES, ids=str)
def test_example_runs(
    block: Block,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = {"__name__": "__main__"}
    if NEEDS_SANDBOX.search(block.text):
        environment: dict[str, str] = request.getfixturevalue("sandbox")
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        names |= {"url": environment["HERCLE_URL"], "api_key": environment["HERCLE_API_KEY"]}
    monkeypatch.chdir(tmp_path)
    # The lines are numbered as in the page, so that a traceback points into it.
    source = "\n" * (block.line - 1) + block.text
    exec(compile(source, sources.ROOT / block.place, "exec", dont_inherit=True), names)
    if block.place == "docs/errors.md":
        assert capsys.readouterr().out, "the ending that this recipe is for did not come about"


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_block_is_marked_as_what_it_is(block: Block) -> None:
    assert block.info in MARKS, f"mark it as one of {sorted(MARKS)}"
    if block.info == "text":
        assert not PYTHON.search(block.text), "this is Python: mark it so, and it will be run"


@pytest.mark.parametrize(
    "text",
    [
        "import hercle_proto\n",
        "x\nfrom hercle_proto.hub import Ping\n",
        ">>> 1\n",
        "async def main():\n    pass\n",
        "    await session.call(command)\n",
        "async with open_hercle() as session:\n",
        "match event:\n    case Connected():\n",
    ],
)
def test_python_is_recognised(text: str) -> None:
    assert PYTHON.search(text)


def test_pages_are_taken_apart() -> None:
    text = "# A `b` c\n```python\nx = 1\n```\n[to](docs/y.md#z) `[no](n)`\n~~~text\n```\n~~~\n"
    page = markdown_pages.read(sources.ROOT / "README.md", text)
    assert page.blocks == (
        Block("README.md", 3, "python", "x = 1\n"),
        Block("README.md", 7, "text", "```\n"),
    )
    assert page.links == ["docs/y.md#z"]
    assert page.anchors == {"a-b-c"}
    with pytest.raises(ValueError, match="never ends"):
        markdown_pages.read(sources.ROOT / "README.md", "```python\nx = 1\n")
