"""An article cut into paragraphs and runs, so that a page can mark passages of it.

Pure: text and offsets in, slices out. Marks may overlap and may cross paragraphs.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Generic, TypeVar

from claims.invisible import Odd, odd_in

CHARACTERS, LINES = 300_000, 3_000  # of a text on one page; a long book has five times as many
ODD = 2_000  # passages of a page that are not what they look like
_PARAGRAPH = re.compile(r"[^\n]+")


@dataclass(frozen=True, slots=True)
class Mark:
    """A passage to mark: half-open characters into the text, and how it looks."""

    start: int
    end: int
    style: str  # CSS classes
    ref: str = ""  # the part of the page it opens
    label: str = ""  # the same in words, for who cannot see the style
    leads_to: str = "flag"  # the kind of part it opens, which begins that part's id


_Span = TypeVar("_Span", Mark, Odd)


@dataclass(frozen=True, slots=True)
class Run:
    """The longest slice under the same marks. Joined, a paragraph's runs are its text.

    `link` is the mark that begins here and leads somewhere; `notes` are further such marks. `odd`
    names what cannot be seen or is not what it looks like: such a run is shown by its name, too.
    """

    text: str
    style: str
    link: Mark | None
    notes: tuple[Mark, ...]
    odd: str = ""
    is_word: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One line of the text; `leads` are the marks beginning in it that lead somewhere."""

    runs: tuple[Run, ...]
    leads: tuple[Mark, ...]


def beginning(text: str, *, characters: int = CHARACTERS, lines: int = LINES) -> str:
    """Return as much of `text` as a page shows, cut at the end of a line where there is one."""
    found = islice(_PARAGRAPH.finditer(text, 0, characters), lines + 1)
    ends = [line.end() for line in found]
    if len(ends) > lines:
        return text[: ends[lines - 1]]
    if len(text) <= characters:
        return text
    cut = text.rfind("\n", 0, characters)
    return text[: cut if cut > 0 else characters]


def paragraphs(text: str, marks: Iterable[Mark]) -> list[Paragraph]:
    """Cut `text` into its non-empty lines, each cut into runs at the edges of `marks`.

    Marks that are empty or beyond the text are left out. Cost: linear in the text and in the marks,
    times those that overlap; of odd passages the first `ODD` are told.
    """
    inside = sorted(
        (mark for mark in marks if mark.start < min(mark.end, len(text))),
        key=lambda mark: (mark.start, -mark.end),
    )
    marked, odd = _Passing(inside), _Passing(odd_in(text)[:ODD])
    return [
        _paragraph(text, line.start(), line.end(), marked, odd)
        for line in _PARAGRAPH.finditer(text)
        if line.group().strip()
    ]


class _Passing(Generic[_Span]):
    """Spans in reading order, handed out stretch by stretch, forwards only."""

    def __init__(self, spans: Iterable[_Span]) -> None:
        self._coming: deque[_Span] = deque(spans)
        self._open: list[_Span] = []

    def at(self, start: int, end: int) -> list[_Span]:
        """Return those that touch a stretch, in their order."""
        self._open = [span for span in self._open if span.end > start]
        while self._coming and self._coming[0].start < end:
            span = self._coming.popleft()
            if span.end > start:
                self._open.append(span)
        return self._open


def _paragraph(
    text: str, start: int, end: int, marked: _Passing[Mark], odd: _Passing[Odd]
) -> Paragraph:
    here, odd_here = marked.at(start, end), odd.at(start, end)
    spans = [(mark.start, mark.end) for mark in here] + [(one.start, one.end) for one in odd_here]
    edges = {start, end}
    for first, last in spans:
        edges |= {max(first, start), min(last, end)}
    in_line, odd_in_line = _Passing(here), _Passing(odd_here)
    runs = tuple(
        _run(text, first, last, in_line.at(first, last), odd_in_line.at(first, last))
        for first, last in pairwise(sorted(edges))
    )
    return Paragraph(runs, tuple(mark for mark in here if mark.ref and mark.start >= start))


def _run(text: str, start: int, end: int, over: list[Mark], strange: list[Odd]) -> Run:
    """The run under these marks; all of them cover it."""
    style = " ".join(dict.fromkeys(mark.style for mark in over))
    begins = [mark for mark in over if mark.ref and mark.start == start]
    return Run(
        text[start:end],
        style,
        begins[0] if begins else None,
        tuple(begins[1:]),
        odd="; ".join(one.name for one in strange),
        is_word=bool(strange) and all(one.is_word for one in strange),
    )
