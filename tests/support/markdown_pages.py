"""The documentation as data: its pages, their blocks of code, links and headings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import sources

_FENCE = re.compile(r"^ *(?P<marks>`{3,}|~{3,})(?P<info>[^`]*)$")
_LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: where its first line is, how it is marked, and what it says."""

    place: str
    line: int
    info: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}:{self.line}"


@dataclass(frozen=True)
class Page:
    """A Markdown file, taken apart."""

    path: Path
    blocks: tuple[Block, ...]
    prose: str  # what stands outside of the blocks

    @property
    def links(self) -> list[str]:
        """Where it points to."""
        return _LINK.findall(re.sub(r"`[^`\n]*`", "", self.prose))

    @property
    def anchors(self) -> set[str]:
        """The names that its headings can be linked by."""
        titles = (re.sub(r"[^\w\- ]", "", title.lower()) for title in _HEADING.findall(self.prose))
        return {title.replace(" ", "-") for title in titles}


def read(path: Path, text: str | None = None) -> Page:
    """Take a Markdown file apart. `text` stands in for what is on the disk."""
    text = path.read_text("utf-8") if text is None else text
    place = str(path.relative_to(sources.ROOT))
    blocks: list[Block] = []
    prose: list[str] = []
    body: list[str] = []
    opened: re.Match[str] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        fence = _FENCE.match(line)
        if opened is None and fence is None:
            prose.append(line)
        elif opened is None:
            opened, body = fence, []
        elif fence is not None and fence["info"] == "" and fence["marks"] == opened["marks"]:
            code = "".join(f"{row}\n" for row in body)
            blocks.append(Block(place, number - len(body), opened["info"].strip(), code))
            opened = None
        else:
            body.append(line)
    if opened is not None:
        raise ValueError(f"{place}: a block never ends: {opened[0]}")
    return Page(path, tuple(blocks), "\n".join(prose))


def all_pages() -> list[Page]:
    """The README, the change log and what lies in docs/."""
    top = [sources.ROOT / "README.md", sources.ROOT / "CHANGELOG.md"]
    return [read(path) for path in [*top, *sorted((sources.ROOT / "docs").rglob("*.md"))]]
