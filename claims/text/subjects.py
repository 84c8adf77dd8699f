"""Whose inability it is: the words before "could not verify"."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from claims.text.folding import Folded, fold
from claims.text.names import Name, Names, canonical
from claims.text.rules import rule_book
from claims.text.speakers import CAPITAL
from claims.text.values import Span

WORD = re.compile(r"[\w.'-]+")
CAPITALS = re.compile(rf"(?:[{CAPITAL}][\w.&'’-]*\s){{0,4}}[{CAPITAL}][\w.&'’-]*\Z")
FIRST = 5  # words of a sentence among which its subject ends
WITHIN = 200  # characters before a pattern in which its subject is looked for


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose inability it is.

    :ivar kind: as the rule files name them, or "person", "official", "other", "none".
    :ivar span: the words; None where they do not stand right before the pattern.
    :ivar agent: the canonical name of an outlet; another name as the text has it.
    :ivar reported: whether the outlet is quoted as saying so of itself.
    """

    kind: str
    span: Span | None = None
    agent: str = ""
    reported: bool = False

    def suits(self, wanted: frozenset[str]) -> bool:
        """Whether a rule that wants one of `wanted` holds of this subject."""
        if "thing" in wanted:
            return self.kind not in {"person", "we"}
        if "party" in wanted:
            return self.kind in {"official", "capital", "party"}
        return self.kind in wanted


@dataclass(frozen=True, slots=True)
class Grammar:
    """How one language names the subject of an inability: the lists under `[subjects]`, compiled.

    Each but the last four is searched at the end of the words before a pattern.
    """

    between: re.Pattern[str]
    joins: re.Pattern[str]
    relative: re.Pattern[str]
    inverts: re.Pattern[str]
    we: re.Pattern[str]
    it: re.Pattern[str]
    they: re.Pattern[str]
    person: re.Pattern[str]
    spoke: re.Pattern[str]
    outlet: re.Pattern[str]
    staff: re.Pattern[str]
    noun_phrase: re.Pattern[str]
    claim: re.Pattern[str]
    party: re.Pattern[str]
    official: re.Pattern[str]
    titles: frozenset[str]


@cache
def grammar(language: str) -> Grammar:
    """Compile the lists of `language`; cost about a millisecond, once."""
    book = rule_book(language)

    def some(name: str) -> str:
        return book.regex_of("subjects", name)

    def ending(regex: str) -> re.Pattern[str]:
        return re.compile(rf"(?<![\w']){regex}\Z")

    def several(name: str) -> re.Pattern[str]:
        return re.compile(rf"(?:(?:\A|[\s,]++){some(name)})++[\s,]*\Z")

    officials = f"(?:{some('officials')}|{book.regex_of('attribution', 'places')})"
    return Grammar(
        between=several("between"),
        joins=re.compile(rf"(?:\A|[\s,;]){some('joins')}\s*\Z"),
        relative=ending(some("relative")),
        inverts=ending(some("inverts")),
        we=ending(some("we")),
        it=ending(some("it")),
        they=ending(some("they")),
        person=ending(some("person")),
        spoke=several("spoke"),
        outlet=ending(some("outlet")),
        staff=re.compile(rf"(?:'s)?\s{some('staff')}\Z"),
        noun_phrase=ending(rf"{some('determiners')}\s[\w'-]+"),
        claim=re.compile(book.regex_of("phrases", "claim")),
        party=re.compile(some("parties")),
        official=re.compile(officials),
        titles=book.set_of("attribution", "titles"),
    )


class Subjects:
    """Reads subjects in one text."""

    def __init__(self, text: str, folded: Folded, names: Names, language: str, outlet: str) -> None:
        """Read subjects in `text`, which `outlet` publishes; "" when that is unknown."""
        self.text, self.folded, self.names, self.outlet = text, folded, names, outlet
        self._own = fold(outlet).text
        self.grammar = grammar(language)

    def before(self, position: int, start: int) -> Subject:
        """The subject of what is at folded `position`, in the sentence that begins at `start`."""
        floor = max(start, position - WITHIN)
        left = self.folded.text[floor:position].rstrip(' ,"')
        if between := self.grammar.between.search(left):
            left = left[: between.start()].rstrip(' ,"')
        if self.grammar.joins.search(left) or not left.strip(" -–—•\"'"):
            return self._of_sentence(start, position)
        return self._at_end(left, floor)

    def in_relative_clause(self, place: tuple[int, int], start: int, end: int) -> Subject:
        """The outlet before or after the relative clause that holds the pattern at `place`.

        "L'AFP, qui n'a pas pu vérifier", "ces images, que n'a pas pu vérifier l'AFP".
        """
        floor, name = max(start, place[0] - WITHIN), None
        before = self.folded.text[floor : place[0]].rstrip()
        if self.grammar.inverts.search(before) and place[1] < end:
            name = self.names.opening(self.folded.span(place[1] + 1, end))
        if name is None and (relative := self.grammar.relative.search(before)):
            left = before[: relative.start()].rstrip(" ,")
            name = self.names.ending(self.folded.span(floor, floor + len(left))) if left else None
        if name and name.kind == "outlet":
            return Subject("outlet", None, name.name)
        return Subject("none")

    def within(self, start: int, end: int) -> Subject:
        """The outlet or "we" among the words of a pattern: "проверить это Reuters не удалось"."""
        for word in WORD.finditer(self.folded.text, start, end):
            found = self._at_end(self.folded.text[start : word.end()], start)
            if found.kind in {"outlet", "we"}:
                return Subject(found.kind, None, found.agent)
        return Subject("none")

    def _of_sentence(self, start: int, position: int) -> Subject:
        """The sentence's own subject, for "CNN aired it but could not verify it"."""
        if start >= position:
            return Subject("none")
        if name := self.names.opening(self.folded.span(start, position)):
            return self._named(name, None)
        words = self.folded.text[start : min(position, start + WITHIN)]
        for word in itertools.islice(WORD.finditer(words), FIRST):
            found = self._at_end(words[: word.end()], start)
            if found.kind in {"outlet", "we", "claim"}:
                return Subject(found.kind, None, found.agent)
        first = words.split(maxsplit=3)[:3]
        if first and self.grammar.person.fullmatch(first[0]):
            return Subject("person")
        return Subject("official" if self._any_official(first) else "none")

    def _any_official(self, words: Sequence[str]) -> bool:
        return any(map(self.grammar.official.fullmatch, words))

    def _named(self, name: Name, span: Span | None) -> Subject:
        return Subject("outlet", span, name.name) if name.kind == "outlet" else Subject("official")

    def _at_end(self, left: str, floor: int) -> Subject:
        """The subject with which the folded words `left`, from position `floor`, end."""
        words, known = self.folded.span(floor, floor + len(left)), self.grammar
        staff = known.staff.search(left)
        name_end = floor + (staff.start() if staff else len(left))
        if ours := known.we.search(left):
            return Subject("we", self._span(ours, floor))
        if name_end > floor and (name := self.names.ending(self.folded.span(floor, name_end))):
            return self._named(name, Span(name.span.start, words.end))
        if own := self._own_name(left[: staff.start()] if staff else left):
            start = self.folded.origin(floor + own.start)
            return Subject("outlet", Span(start, words.end), self.outlet)
        if standing := known.outlet.search(left):
            outlet = self.names.outlet_before(words.end)
            spoke = bool(known.spoke.search(left[: standing.start()]))
            name_of = outlet.name if outlet else ""
            return Subject("outlet", self._span(standing, floor), name_of, spoke)
        if pronoun := known.it.search(left) or known.they.search(left):
            return self._pronoun(left[: pronoun.start()], floor, bool(known.it.search(left)))
        if known.spoke.search(left):  # "CNN dijo que no pudo": without a pronoun
            return self._pronoun(left, floor, is_it=False)
        return Subject("person") if known.person.search(left) else self._noun(left, floor, words)

    def _own_name(self, left: str) -> Span | None:
        """Where the folded words `left` end with the name of who publishes the text."""
        start = len(left) - len(self._own)
        whole = start == 0 or not left[start - 1 : start].isalnum()
        return Span(start, len(left)) if self._own and whole and left.endswith(self._own) else None

    def _span(self, found: re.Match[str], floor: int) -> Span:
        return self.folded.span(floor + found.start(), floor + found.end())

    def _pronoun(self, before: str, floor: int, is_it: bool) -> Subject:
        """Whom "it" stands for: "CNN said it could not" is CNN's word about itself."""
        if spoke := self.grammar.spoke.search(before):
            speaker = before[: spoke.start()].rstrip(" ,")
            if spoke.group().startswith(","):  # "AFP, which broke the story, said it could not"
                speaker = speaker.rpartition(",")[0].rstrip() or speaker
            found = self._at_end(speaker, floor) if speaker.strip() else Subject("none")
            kind = found.kind if found.kind == "outlet" else "official"
            return Subject(kind, None, found.agent, reported=True)
        if is_it and not before.strip(" \"'-–—•"):
            position = self.folded.origin(floor)
            outlet = self.names.outlet_before(position)
            if outlet and position - outlet.span.start <= WITHIN:
                return Subject("outlet", None, outlet.name, reported=True)
        return Subject("thing")

    def _noun(self, left: str, floor: int, words: Span) -> Subject:
        tail = [word.removesuffix("'s").strip(".") for word in WORD.findall(left)[-3:]]
        if not tail:
            return Subject("none")
        last = tail[-1]
        if self.grammar.claim.fullmatch(last):
            noun = self.grammar.noun_phrase.search(left)
            start = noun.start() if noun else left.rfind(last)
            return Subject("claim", self.folded.span(floor + start, floor + len(left)))
        if self._any_official(tail):
            return Subject("official")
        if words.of(self.text).rsplit(" ", 1)[-1].lstrip('«“„"')[:1].isupper():
            if set(tail[:-1]) & self.grammar.titles:
                return Subject("person")
            name = CAPITALS.search(words.of(self.text))
            return Subject("capital", None, canonical(name.group()) if name else "")
        return Subject("party" if self.grammar.party.fullmatch(last) else "other")
