"""An article cut into paragraphs and runs, so that a page can mark passages of it.

Pure: text and offsets in, slices out. Marks may overlap and may cross paragraphs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from claims.invisible import Odd, odd_in

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


def paragraphs(text: str, marks: Iterable[Mark]) -> list[Paragraph]:
    """Cut `text` into its non-empty lines, each cut into runs at the edges of `marks`.

    Marks that are empty or beyond the text are left out. Cost: lines × marks.
    """
    inside = sorted(
        (mark for mark in marks if mark.start < min(mark.end, len(text))),
        key=lambda mark: (mark.start, -mark.end),
    )
    odd = odd_in(text)
    return [
        _paragraph(text, line.start(), line.end(), inside, odd)
        for line in _PARAGRAPH.finditer(text)
        if line.group().strip()
    ]


def _paragraph(text: str, start: int, end: int, marks: list[Mark], odd: list[Odd]) -> Paragraph:
    here = [mark for mark in marks if mark.start < end and mark.end > start]
    odd_here = [one for one in odd if one.start < end and one.end > start]
    edges = {start, end}
    spans = [(one.start, one.end) for one in here] + [(one.start, one.end) for one in odd_here]
    for first, last in spans:
        edges |= {max(first, start), min(last, end)}
    cuts = sorted(edges)
    runs = tuple(_run(text, *cut, here, odd_here) for cut in pairwise(cuts))
    return Paragraph(runs, tuple(mark for mark in here if mark.ref and mark.start >= start))


def _run(text: str, start: int, end: int, marks: list[Mark], odd: list[Odd]) -> Run:
    over = [mark for mark in marks if mark.start <= start and mark.end >= end]
    style = " ".join(dict.fromkeys(mark.style for mark in over))
    begins = [mark for mark in over if mark.ref and mark.start == start]
    strange = [one for one in odd if one.start <= start and one.end >= end]
    return Run(
        text[start:end],
        style,
        begins[0] if begins else None,
        tuple(begins[1:]),
        odd="; ".join(one.name for one in strange),
        is_word=bool(strange) and all(one.is_word for one in strange),
    )
