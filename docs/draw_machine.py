"""Draw the tables of transitions: docs/machine.svg and docs/hub.svg.

    python docs/draw_machine.py

The states of a life stand in a row, from left to right; those that end it are bars below, which
every state of the row can fall to. So no line crosses another. An edge that such a picture has no
place for is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Generic, TypeVar

from hercle_proto import client, hub

State = TypeVar("State", bound=Enum)
Step = TypeVar("Step", bound=Enum)

BOX_WIDTH, BOX_HEIGHT = 118, 40
GAP = 106
MARGIN = 26
LINE = 18
ARC = 36
LOOP = 26
TITLE = 34

STYLE = """
  .card { fill: #ffffff; stroke: #d1d9e0 }
  .state { fill: #f3f6f9; stroke: #59636e }
  .stands { fill: #dafbe1; stroke: #1a7f37 }
  .edge { fill: none; stroke: #59636e }
  .head { fill: #59636e }
  text { fill: #1f2328; font: 13px system-ui, "Segoe UI", Helvetica, Arial, sans-serif }
  .name { font-size: 14px; font-weight: 600; text-anchor: middle }
  .title { font-size: 14px; fill: #59636e }
  .middle { text-anchor: middle }
  @media (prefers-color-scheme: dark) {
    .card { fill: #0d1117; stroke: #3d444d }
    .state { fill: #1b2129; stroke: #9198a1 }
    .stands { fill: #12261e; stroke: #3fb950 }
    .edge { stroke: #9198a1 }
    .head { fill: #9198a1 }
    text { fill: #f0f6fc }
    .title { fill: #9198a1 }
  }
"""

TEMPLATE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" \
height="{height}" role="img">
<title>{title}</title>
<desc>{facts}</desc>
<style>{style}</style>
<defs><marker id="head" viewBox="0 0 10 10" refX="9.5" refY="5" markerWidth="8" markerHeight="8" \
orient="auto"><path class="head" d="M0 1 10 5 0 9z"/></marker></defs>
<rect class="card" width="{width}" height="{height}" rx="10"/>
<text class="title" x="{margin}" y="{margin}" dy="10">{title}</text>
{shapes}
</svg>
"""


class Drawing(Generic[State]):
    """One table. `ends` are the states that end a life, in the order in which they are reached."""

    def __init__(
        self,
        title: str,
        table: Mapping[State, Mapping[Step, State]],
        *,
        ends: list[State],
        stands: State,
    ) -> None:
        self.title = title
        self.row = [state for state in table if state not in ends]
        self.ends = ends
        self.stands = stands
        self.edges: dict[tuple[State, State], list[str]] = {}
        for state, steps in table.items():
            for step, target in steps.items():
                self.edges.setdefault((state, target), []).append(step.value)
        self.arcs = sorted(filter(self._is_arc, self.edges), key=self._span)
        over = [ARC * len(self.arcs) + LINE] + [
            LOOP + LINE * len(labels) + 8 for (a, b), labels in self.edges.items() if a is b
        ]
        under = [len(labels) for (_, b), labels in self.edges.items() if b is ends[0]]
        self.top = MARGIN + TITLE + max(over)
        self.drop = LINE * max(under) + 34
        self.width = 2 * MARGIN + len(self.row) * (BOX_WIDTH + GAP) - GAP
        self.width = max(self.width, int(self._left(self.row[-1])) + 270)
        self.height = int(self._bar_top(ends[-1])) + BOX_HEIGHT + MARGIN

    def svg(self) -> str:
        """The picture."""
        facts = (
            f"{a.value} to {b.value}: {', '.join(labels)}." for (a, b), labels in self.edges.items()
        )
        lines = (line for edge in self.edges.items() for line in self._edge(*edge))
        shapes = [*lines, *map(self._box, self.row), *map(self._bar, self.ends)]
        return TEMPLATE.format(
            title=escape(self.title),
            facts=escape(" ".join(facts)),
            style=STYLE,
            width=self.width,
            height=self.height,
            margin=MARGIN,
            shapes="\n".join(shapes),
        )

    # -- places ------------------------------------------------------------------------------------

    def _left(self, state: State) -> float:
        return MARGIN + self.row.index(state) * (BOX_WIDTH + GAP)

    def _middle(self, state: State) -> float:
        return self._left(state) + BOX_WIDTH / 2

    def _bar_top(self, state: State) -> float:
        first = self.top + BOX_HEIGHT + self.drop
        return first + self.ends.index(state) * (BOX_HEIGHT + LINE + 34)

    def _span(self, edge: tuple[State, State]) -> int:
        return abs(self.row.index(edge[0]) - self.row.index(edge[1]))

    def _is_arc(self, edge: tuple[State, State]) -> bool:
        a, b = edge
        inside = a in self.row and b in self.row and a is not b
        return inside and self.row.index(b) != self.row.index(a) + 1

    def _port(self, state: State, edge: tuple[State, State]) -> float:
        """Where an arc meets the top of a state: those from the left first, inner before outer;
        then those to the right, outer before inner."""
        here = [arc for arc in self.arcs if state in arc]
        here.sort(key=lambda arc: self._port_order(state, arc))
        return self._left(state) + BOX_WIDTH * (here.index(edge) + 1) / (len(here) + 1)

    def _port_order(self, state: State, arc: tuple[State, State]) -> int:
        level = 1 + self.arcs.index(arc)
        leftmost = min(arc, key=self.row.index)
        return len(self.arcs) * 2 - level if leftmost is state else level - len(self.arcs)

    # -- lines -------------------------------------------------------------------------------------

    def _edge(self, edge: tuple[State, State], labels: list[str]) -> Iterator[str]:
        a, b = edge
        if edge in self.arcs:
            yield from self._arc(edge, labels)
        elif a is b:
            yield from self._loop(a, labels)
        elif a in self.row and b in self.row:
            yield from self._step(a, b, labels)
        elif a in self.row and b is self.ends[0]:
            yield from self._fall(self._middle(a), self.top + BOX_HEIGHT, self._bar_top(b), labels)
        elif (a, b) in pairwise(self.ends):
            bottom = self._bar_top(a) + BOX_HEIGHT
            yield from self._fall(self.width / 2, bottom, self._bar_top(b), labels)
        else:
            raise ValueError(f"there is no way to draw {a.value} to {b.value}")

    def _step(self, a: State, b: State, labels: list[str]) -> Iterator[str]:
        y = self.top + BOX_HEIGHT / 2
        x0, x1 = self._left(a) + BOX_WIDTH, self._left(b)
        yield _line(f"M{x0:g} {y:g} H{x1:g}")
        words = [word for label in labels for word in label.split(" ")]
        yield from _stack(words, (x0 + x1) / 2, y - 9, middle=True)

    def _fall(self, x: float, y0: float, y1: float, labels: list[str]) -> Iterator[str]:
        yield _line(f"M{x:g} {y0:g} V{y1:g}")
        last = (y0 + y1) / 2 + LINE * len(labels) / 2 - 5
        yield from _stack(labels, x + 10, last, middle=False)

    def _loop(self, state: State, labels: list[str]) -> Iterator[str]:
        x, y = self._middle(state), self.top
        yield _line(f"M{x + 18:g} {y:g} v-14 q0 -12 -12 -12 h-12 q-12 0 -12 12 V{y:g}")
        yield from _stack(labels, x, y - LOOP - 8, middle=True)

    def _arc(self, edge: tuple[State, State], labels: list[str]) -> Iterator[str]:
        x0, x1 = self._port(edge[0], edge), self._port(edge[1], edge)
        y = self.top - ARC * (1 + self.arcs.index(edge))
        r = 12 if x1 > x0 else -12
        yield _line(
            f"M{x0:g} {self.top:g} V{y + 12:g} q0 -12 {r} -12 H{x1 - r:g} q{r} 0 {r} 12 V{self.top}"
        )
        yield from _stack([", ".join(labels)], (x0 + x1) / 2, y - 7, middle=True)

    def _box(self, state: State) -> str:
        return self._named(state, self._left(state), self.top, BOX_WIDTH)

    def _bar(self, state: State) -> str:
        return self._named(state, MARGIN, self._bar_top(state), self.width - 2 * MARGIN)

    def _named(self, state: State, x: float, y: float, width: float) -> str:
        kind = "state stands" if state is self.stands else "state"
        return (
            f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{BOX_HEIGHT}" '
            f'rx="8" stroke-width="1.5"/>\n<text class="name" x="{x + width / 2:g}" '
            f'y="{y + BOX_HEIGHT / 2 + 5:g}">{escape(state.value)}</text>'
        )


def _line(path: str) -> str:
    return f'<path class="edge" stroke-width="1.5" marker-end="url(#head)" d="{path}"/>'


def _stack(lines: list[str], x: float, last: float, *, middle: bool) -> Iterator[str]:
    """Lines of text, the last one at this height."""
    kind = ' class="middle"' if middle else ""
    first = last - LINE * (len(lines) - 1)
    for index, line in enumerate(lines):
        yield f'<text{kind} x="{x:g}" y="{first + LINE * index:g}">{escape(line)}</text>'


def drawings() -> Iterable[tuple[Path, str]]:
    """Every file that is drawn, and what is to be in it."""
    here = Path(__file__).parent
    session = Drawing(
        "A session: hercle_proto.client.TRANSITIONS",
        client.TRANSITIONS,
        ends=[client.State.CLOSING, client.State.CLOSED],
        stands=client.State.CONNECTED,
    )
    connection = Drawing(
        "A hub connection, either role: hercle_proto.hub.TRANSITIONS",
        hub.TRANSITIONS,
        ends=[hub.HubState.CLOSED],
        stands=hub.HubState.CONNECTED,
    )
    yield here / "machine.svg", session.svg()
    yield here / "hub.svg", connection.svg()


if __name__ == "__main__":
    for path, svg in drawings():
        path.write_text(svg, "utf-8")
