"""Text made easy to match, character positions kept."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import NamedTuple

from claims.text.values import Span

# Lower case of one length: "İ" is the only character that `str.lower` makes longer. Russian writes
# "ё" or "е" for the same letter.
PLAIN = tuple(zip("İЁё’‘ʼ´`“”„«»‐‑\u00a0\u202f", "iее'''''\"\"\"\"\"--  ", strict=True))
# Soft hyphens, joiners, direction marks: they hide in a word without being seen.
UNSEEN = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]++"
)


class Folded(NamedTuple):
    """A lower-cased text with plain quotes and nothing unseen, and where its parts came from."""

    text: str
    origins: tuple[int, ...] | None

    def origin(self, position: int) -> int:
        """Offset in the original text of a position in `text`, its end included."""
        return position if self.origins is None else self.origins[position]

    def position(self, offset: int) -> int:
        """Where in `text` the original character at `offset` stands, or the next that is seen."""
        return offset if self.origins is None else bisect_left(self.origins, offset)

    def place(self, span: Span) -> tuple[int, int]:
        """Where in `text` an original span begins and ends."""
        if self.origins is None:
            return span
        return self.position(span.start), self.position(span.end)

    def of(self, span: Span) -> str:
        """The folded words of an original span."""
        start, end = self.place(span)
        return self.text[start:end]

    def span(self, start: int, end: int) -> Span:
        """The original span of `text[start:end]`, which must not be empty."""
        if self.origins is None:
            return Span(start, end)
        return Span(self.origins[start], self.origins[end - 1] + 1)


def fold(text: str) -> Folded:
    """Fold `text` for matching. Linear; copies nothing but the text unless it has unseen marks."""
    if text.isascii() or not UNSEEN.search(text):
        return Folded(_plain(text), None)
    origins: list[int] = []
    seen = 0
    for mark in UNSEEN.finditer(text):
        origins.extend(range(seen, mark.start()))
        seen = mark.end()
    origins.extend(range(seen, len(text) + 1))
    return Folded(_plain(UNSEEN.sub("", text)), tuple(origins))


def _plain(text: str) -> str:
    if text.isascii():
        return text.replace("`", "'").lower()
    for mark, plain in PLAIN:  # a dozen searches in C are faster than one table of characters
        text = text.replace(mark, plain)
    return text.lower()
