"""What stands in quotation marks."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby

from claims.text.cues import Lexicon
from claims.text.values import Sentence, Span

QUOTE = '"'  # as folded: every quotation mark
MARK = re.compile('["“”«»„]')
DASH = re.compile(r"[–—-]\s")
CLOSES = {"„": '“”"', "«": "»", "»": "«", "“": '”"', '"': '"”'}  # by what opened


class Quotes:
    """The quoted spans of a text, to ask whether a place lies within one."""

    def __init__(self, text: str, sentences: Sequence[Sentence], lexicon: Lexicon) -> None:
        self.spans = tuple(_find(text, sentences, lexicon))
        self._starts = [span.start for span in self.spans]
        self._ends = {span.end for span in self.spans}

    def around(self, span: Span) -> Span | None:
        """The quotation that holds all of `span`, without its marks."""
        index = bisect_right(self._starts, span.start) - 1
        if index >= 0 and span.end <= self.spans[index].end:
            return self.spans[index]
        return None

    def within(self, span: Span) -> tuple[Span, ...]:
        """What of `span` is quoted, without marks: of the quotations that begin in it."""
        first = bisect_left(self._starts, span.start)
        until = bisect_left(self._starts, span.end)
        return tuple(
            Span(quoted.start, min(quoted.end, span.end)) for quoted in self.spans[first:until]
        )

    def closes(self, position: int) -> bool:
        """Whether a quotation ends right before `position`, where its closing mark stands."""
        return position in self._ends


def _find(text: str, sentences: Sequence[Sentence], lexicon: Lexicon) -> Iterator[Span]:
    """Paragraph by paragraph: a quotation left open ends with its paragraph."""
    for _, group in groupby(sentences, key=lambda sentence: sentence.paragraph):
        members = list(group)
        start, end = members[0].span.start, members[-1].span.end
        if DASH.match(text, start, end) and lexicon.tells_after_dash(text, start, end):
            yield Span(start, end)
        else:
            yield from _within(text, start, end)


def _within(text: str, start: int, end: int) -> Iterator[Span]:
    opened: int | None = None
    closing = ""
    for count, mark in enumerate(MARK.finditer(text, start, end)):
        if opened is None and _opens(text, mark.start(), start):
            opened, closing = mark.end(), CLOSES[mark.group()]
        elif opened is None:
            # A first mark that closes: the quotation began in a paragraph that we do not see.
            if not count:
                yield Span(start, mark.start())
        elif mark.group() in closing and not (
            mark.group() == '"' and _opens(text, mark.start(), start)
        ):
            yield Span(opened, mark.start())
            opened = None
    if opened is not None:
        yield Span(opened, end)


def _opens(text: str, position: int, start: int) -> bool:
    mark = text[position]
    if mark in "“«„":
        return True
    before = text[position - 1] if position > start else " "
    if mark == "”":
        return False
    if mark == "»":  # opens in »German« books
        return (before.isspace() or before in "([") and not text[
            position + 1 : position + 2
        ].isspace()
    return before.isspace() or before in "([–—-‘'"
