"""What stands in quotation marks."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby

from claims.text.values import Sentence, Span

MARK = re.compile('["“”«»„]')
# Speech after a dash, as translated articles have it: "– They left, he says."
DASH_SPEECH = re.compile(
    r"[–—-]\s[^\n]{1,1500}?,\s(?:(?:he|she|they|we)\s)?(?:says?|said|tells?|told|adds?|added)\b"
)


class Quotes:
    """The quoted spans of a text, to ask whether a place lies within one."""

    def __init__(self, text: str, sentences: Sequence[Sentence]) -> None:
        self.spans = tuple(_find(text, sentences))
        self._starts = [span.start for span in self.spans]

    def around(self, span: Span) -> Span | None:
        """The quotation that holds all of `span`, without its marks."""
        index = bisect_right(self._starts, span.start) - 1
        if index >= 0 and span.end <= self.spans[index].end:
            return self.spans[index]
        return None


def _find(text: str, sentences: Sequence[Sentence]) -> Iterator[Span]:
    """Paragraph by paragraph: a quotation left open ends with its paragraph."""
    for _, group in groupby(sentences, key=lambda sentence: sentence.paragraph):
        members = list(group)
        start, end = members[0].span.start, members[-1].span.end
        if DASH_SPEECH.match(text, start, end):
            yield Span(start, end)
        else:
            yield from _within(text, start, end)


def _within(text: str, start: int, end: int) -> Iterator[Span]:
    opened: int | None = None
    for count, mark in enumerate(MARK.finditer(text, start, end)):
        if _opens(text, mark.start(), start):
            opened = mark.end() if opened is None else opened
        elif opened is not None or not count:
            # A first mark that closes: the quotation began in a paragraph that we do not see.
            yield Span(start if opened is None else opened, mark.start())
            opened = None
    if opened is not None:
        yield Span(opened, end)


def _opens(text: str, position: int, start: int) -> bool:
    mark = text[position]
    if mark in "“«„":
        return True
    if mark in "”»":
        return False
    before = text[position - 1] if position > start else " "
    return before.isspace() or before in "([–—-‘'"
