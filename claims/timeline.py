"""A story drawn as a line through time: a node for each article, an arc to each it rests on.

Pure layout: a story's table in, coordinates out. Time runs downwards, one row an article; sources
that are cited but of which we hold nothing stand above, for nobody knows their hour.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from textwrap import shorten
from typing import Literal

from claims.provenance import Fate
from claims.stories import StoryRow, StoryTable

# Units of the drawing, which is scaled as a whole.
WIDTH = 400
ROW = 52
TOP = 28
AXIS = 92
NODE = 7
NARROWEST, WIDEST = 22, AXIS - 14  # how far an arc bulges to the left of the axis
NAME = 34  # characters that fit beside a node

Role = Literal["origin", "copy", "relay", "outside"]


@dataclass(frozen=True, slots=True)
class Node:
    """One article, or a source outside (without fate and date), at height `y`."""

    y: int
    name: str
    role: Role
    fate: Fate | None
    published_on: date | None


@dataclass(frozen=True, slots=True)
class Drawing:
    """Nodes from the top, SVG paths of the arcs from copies to what they rest on, and a size."""

    nodes: tuple[Node, ...]
    arcs: tuple[str, ...]
    height: int
    width: int = WIDTH
    axis: int = AXIS

    @property
    def last_y(self) -> int:
        return self.nodes[-1].y if self.nodes else TOP


def draw(table: StoryTable) -> Drawing:
    """Lay out a story. An article that rests on something, and others on it, relays."""
    held = {row.article.source.name for row in table.rows}
    outside = sorted({name for row in table.rows for name in row.rests_on} - held)
    order: list[str | int] = [*outside, *(row.article.pk for row in table.rows)]
    places = {key: TOP + index * ROW for index, key in enumerate(order)}
    rested_on = {pk for row in table.rows for pk in row.rests_on_articles}
    nodes = [Node(places[name], _short(name), "outside", None, None) for name in outside]
    nodes += [
        Node(
            places[row.article.pk],
            _short(row.article.source.name),
            _role(row, rested_on),
            row.fate,
            row.article.published_on,
        )
        for row in table.rows
    ]
    arcs = [
        _arc(places[row.article.pk], places[target])
        for row in table.rows
        for target in _rests_on(row, outside)
    ]
    return Drawing(tuple(nodes), tuple(arcs), TOP + len(nodes) * ROW)


def _rests_on(row: StoryRow, outside: Iterable[str]) -> list[int] | list[str]:
    """The articles it rests on; the sources outside only where there is no such article."""
    return list(row.rests_on_articles) or [name for name in outside if name in row.rests_on]


def _role(row: StoryRow, rested_on: set[int]) -> Role:
    if row.is_origin or not (row.rests_on or row.rests_on_articles):
        return "origin"
    return "relay" if row.article.pk in rested_on else "copy"


def _arc(start: int, end: int) -> str:
    """A path between the nodes at heights `start` and `end`, bulging left with the distance."""
    edge = AXIS - NODE - 2
    bulge = edge - min(WIDEST, NARROWEST + abs(end - start) // 4)
    return f"M{edge} {start}C{bulge} {start} {bulge} {end} {edge} {end}"


def _short(name: str) -> str:
    return shorten(name, NAME, placeholder=" …") if " " in name[:NAME] else name[:NAME]
