"""Names of outlets and institutions in a text, each under its canonical name."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import ahocorasick

from claims.text.folding import Folded, fold
from claims.text.rules import outlet_file
from claims.text.values import Span

Kind = Literal["outlet", "institution", "party"]

NAME_AT_START = re.compile(r"(?:[Tt]he\s)?(?:[A-Z][\w&.'-]*(?:\s|\Z)){1,5}")
WITHIN = 200  # characters: no name is longer


@dataclass(frozen=True, slots=True)
class Name:
    """Where an outlet or institution is named, and its canonical name."""

    span: Span
    name: str
    kind: Kind


class Names:
    """The names in one text, to be asked by place. Every question costs a logarithm."""

    def __init__(self, text: str, found: Sequence[Name]) -> None:
        self.text = text
        self.outlets = frozenset(name.name for name in found if name.kind == "outlet")
        self._found = found
        self._starts = [name.span.start for name in found]
        self._by_end = {name.span.end: name for name in found}
        self._outlets = [name for name in found if name.kind == "outlet"]
        self._outlet_ends = [name.span.end for name in self._outlets]

    def within(self, span: Span) -> Iterator[Name]:
        """Names that lie in `span`, in reading order."""
        for index in range(bisect_left(self._starts, span.start), len(self._found)):
            if self._found[index].span.end > span.end:
                return
            yield self._found[index]

    def ending(self, span: Span) -> Name | None:
        """The listed or outlet-like name with which `span` ends."""
        listed = self._by_end.get(span.end)
        if listed and listed.span.start >= span.start:
            return listed
        like, start = _outlet_like(), max(span.start, span.end - WITHIN)
        for quoted in like.quoted.finditer(self.text, start, span.end):
            if quoted.end() == span.end:
                return Name(Span(*quoted.span()), canonical(quoted["name"]), "outlet")
        for found in like.named.finditer(self.text, start, span.end):
            if found.end() == span.end and len(found.group().split()) > 1:
                name = canonical(" ".join(found.group().split()).removeprefix("the "))
                return Name(Span(*found.span()), name, "outlet")
        return None

    def opening(self, span: Span) -> Name | None:
        """The listed or outlet-like name with which `span` begins, "the" or not."""
        first = next(self.within(span), None)
        if first and first.span.start <= span.start + len("the "):
            return first
        words = NAME_AT_START.match(self.text, span.start, min(span.end, span.start + WITHIN))
        return (
            self.ending(Span(span.start, span.start + len(words.group().rstrip(" ."))))
            if words
            else None
        )

    def outlet_before(self, position: int) -> Name | None:
        """The last listed outlet that is named before `position`."""
        index = bisect_left(self._outlet_ends, position + 1)
        return self._outlets[index - 1] if index else None


def find_names(text: str, folded: Folded) -> Names:
    """Find the names that the rule file lists; of overlapping ones the longest. Linear."""
    found = []
    for last, (spelling, name, kind) in _automaton().iter_long(folded.text):
        start, end = last - len(spelling) + 1, last + 1
        if _is_whole(folded.text, start, end):
            span = folded.span(start, end)
            if _is_written_so(span.of(text), spelling):
                found.append(Name(span, name, kind))
    return Names(text, found)


def canonical(name: str) -> str:
    """The canonical name of an outlet or institution, or `name` itself when it is not listed."""
    words = " ".join(name.split())
    return _canonical_names().get(fold(words).text, words.removeprefix("The "))


def _is_whole(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    return not (before.isalnum() or after.isalnum() or before in ("@", "#", "_"))


def _is_written_so(words: str, spelling: str) -> bool:
    """Whether the article writes a capital wherever the spelling has one."""
    if len(words) != len(spelling):  # marks that are not seen: no capitals to compare by position
        return True
    free = len("The ") if spelling.startswith("The ") else 0
    pairs = zip(words[free:], spelling[free:], strict=True)
    return all(ours.isupper() for ours, theirs in pairs if theirs.isupper())


def _spellings() -> list[tuple[str, str, Kind]]:
    kinds: tuple[Kind, ...] = ("outlet", "institution", "party")
    return [
        (spelling, row["name"], kind)
        for kind in kinds
        for row in outlet_file()[kind]
        for spelling in (row["name"], *row.get("spellings", ()))
    ]


@dataclass(frozen=True, slots=True)
class _OutletLike:
    """What an outlet that is not listed looks like.

    :ivar named: by the words of its name; `quoted`: by a noun before its name in quotation marks.
    """

    named: re.Pattern[str]
    quoted: re.Pattern[str]


@cache
def _outlet_like() -> _OutletLike:
    rows = outlet_file()["outlet_like"]
    first, last, nouns = ("|".join(rows[name]) for name in ("first", "last", "nouns"))
    return _OutletLike(
        re.compile(
            rf"\b(?:[Tt]he\s)?(?:[A-Z][\w&.'-]{{1,30}}\s){{0,3}}"
            rf"(?:(?:{first})\s[A-Z0-9][\w'-]{{1,30}}|(?:{last}))(?![\w-])"
        ),
        re.compile(
            rf"\b(?:{nouns})\w{{0,12}}\s[«\"“„](?P<name>[^«»\"“”„\n]{{2,40}})[»\"”“]?",
            re.IGNORECASE,
        ),
    )


@cache
def _canonical_names() -> dict[str, str]:
    return {fold(spelling).text: name for spelling, name, _ in _spellings()}


@cache
def _automaton() -> ahocorasick.Automaton:
    automaton = ahocorasick.Automaton()
    for spelling, name, kind in _spellings():
        automaton.add_word(fold(spelling).text, (spelling, name, kind))
    automaton.make_automaton()
    return automaton
