"""Names of outlets and institutions in a text, each under its canonical name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

import ahocorasick

from claims.text.folding import Folded, fold
from claims.text.rules import outlet_file
from claims.text.values import Span

Kind = Literal["outlet", "institution", "party"]

# "The Harbour Times", "Radio Azimut", "Lantern News Agency": an outlet by the look of its name.
OUTLET_LIKE = re.compile(
    r"""\b(?:[Tt]he\s)?
    (?:[A-Z][\w&.'-]{1,30}\s){0,3}
    (?:(?:News|Times|Post|Herald|Tribune|Journal|Gazette|Telegraph|Chronicle|Observer|Courier|Dispatch
        |Standard|Inquirer|Examiner|Examiner|Globe|Mail|Mirror|Express|Sentinel|Broadcasting|Newspaper|TV
        |Press\s(?:Agency|Association)|News\s(?:Agency|Network|Service)|Radio|Weekly|Daily|Report)
     |(?:Radio|Channel|TV)\s[A-Z0-9][\w'-]{1,30})
    (?![\w-])""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Name:
    """Where an outlet or institution is named, and its canonical name."""

    span: Span
    name: str
    kind: Kind


def find_names(text: str, folded: Folded) -> tuple[Name, ...]:
    """Find the names that the rule file lists, longest first, in reading order. Linear."""
    found = []
    for last, (spelling, name, kind) in _automaton().iter_long(folded.text):
        start, end = last - len(spelling) + 1, last + 1
        if _is_whole(folded.text, start, end):
            span = folded.span(start, end)
            if _is_written_so(span.of(text), spelling):
                found.append(Name(span, name, kind))
    return tuple(found)


def outlet_like(text: str, span: Span) -> Name | None:
    """The last outlet-like name within `span` that ends with it, such as "The Harbour Times"."""
    for found in OUTLET_LIKE.finditer(text, span.start, span.end):
        if found.end() == span.end and len(found.group().split()) > 1:
            name = " ".join(found.group().split())
            return Name(Span(*found.span()), name.removeprefix("the "), "outlet")
    return None


def canonical(name: str) -> str:
    """The canonical name of an outlet or institution, or `name` itself when it is not listed."""
    known = _canonical_names().get(fold(" ".join(name.split())).text)
    return known or name


def _is_whole(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (before.isalnum() or after.isalnum() or (before in {"@", "#", "_"} and before))


def _is_written_so(words: str, spelling: str) -> bool:
    """Whether the article writes a capital wherever the spelling has one."""
    if len(words) != len(spelling):  # marks that are not seen: no capitals to compare by position
        return True
    free = 4 if spelling.startswith("The ") else 0
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
