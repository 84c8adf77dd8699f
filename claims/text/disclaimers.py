"""How a text says that something is not verified: findings, by the rules of its language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from claims.text.attribution import Said
from claims.text.folding import Folded, fold
from claims.text.names import Names, canonical
from claims.text.patterns import Pattern, Sieve
from claims.text.quotes import Quotes
from claims.text.rules import Rule, rule_book
from claims.text.subjects import Subject, Subjects
from claims.text.values import FlagKind, Sentence, Span, Who

Possible = Mapping[str, tuple[Rule, Sequence[Pattern]]]  # by the id of the rule


@dataclass(frozen=True, slots=True)
class Mark:
    """A finding before it is known which claims it covers."""

    kind: FlagKind
    cue: Span
    sentence: Sentence
    rule: Rule
    who: Who
    agent: str


def find_marks(
    text: str,
    folded: Folded,
    sentences: Sequence[Sentence],
    names: Names,
    quotes: Quotes,
    said: Sequence[Said],
    *,
    language: str,
    outlet: str,
) -> tuple[Mark, ...]:
    """Find what the rules of `language` find, in reading order.

    :param outlet: who publishes the text, "" when unknown: then who speaks of itself is the outlet.
    """
    candidates = _candidates(folded, sentences, language)
    return mark_sentences(
        candidates, text, folded, names, quotes, said, language=language, outlet=outlet
    )


def mark_sentences(
    candidates: Iterable[tuple[Sentence, Possible]],
    text: str,
    folded: Folded,
    names: Names,
    quotes: Quotes,
    said: Sequence[Said],
    *,
    language: str,
    outlet: str,
) -> tuple[Mark, ...]:
    """Try on every sentence the rules and patterns that come with it."""
    marker = _Marker(text, folded, names, quotes, said, language, canonical(outlet))
    return tuple(mark for sentence, rules in candidates for mark in marker.mark(sentence, rules))


def _candidates(
    folded: Folded, sentences: Sequence[Sentence], language: str
) -> Iterator[tuple[Sentence, Possible]]:
    """Sentences with the rules, in the order of their file, and patterns whose stems they hold."""
    sieve, rules = _sieve(language)
    analysed = [sentence for sentence in sentences if not sentence.boilerplate]
    parts = [folded.place(sentence.span) for sentence in analysed]
    for index, numbers in sieve.sift(folded.text, parts):
        possible: dict[str, tuple[Rule, list[Pattern]]] = {}
        for number in numbers:
            rule = rules[number]
            possible.setdefault(rule.id, (rule, []))[1].append(sieve.patterns[number])
        yield analysed[index], possible


@cache
def _sieve(language: str) -> tuple[Sieve, tuple[Rule, ...]]:
    """The patterns of all rules of `language`, and whose each of them is."""
    both = [(pattern, rule) for rule in rule_book(language).rules for pattern in rule.patterns]
    return Sieve([pattern for pattern, _ in both]), tuple(rule for _, rule in both)


@cache
def _said_after(language: str) -> re.Pattern[str]:
    return re.compile(rf"(?<=[\s,\"]){rule_book(language).regex_of('subjects', 'said_after')}")


@cache
def _by(language: str) -> re.Pattern[str]:
    return re.compile(rf"\s*{rule_book(language).regex_of('subjects', 'by')}\s(?=\S)")


class _Marker:
    """Applies rules to the sentences of one text."""

    def __init__(
        self,
        text: str,
        folded: Folded,
        names: Names,
        quotes: Quotes,
        said: Sequence[Said],
        language: str,
        outlet: str,
    ) -> None:
        self.text, self.folded, self.names, self.quotes, self.outlet = (
            text,
            folded,
            names,
            quotes,
            outlet,
        )
        self.subjects = Subjects(text, folded, names, language, outlet)
        self.said_after, self.by = _said_after(language), _by(language)
        self.said: dict[Span, list[Said]] = {}
        for one in said:
            self.said.setdefault(one.sentence.span, []).append(one)

    def mark(self, sentence: Sentence, possible: Possible) -> Iterator[Mark]:
        """What the rules find in one sentence; words that one marked no later one marks again."""
        start, end = self.folded.place(sentence.span)
        taken: list[Span] = []
        for rule, patterns in possible.values():
            places = self._places(patterns, start, end)
            if not places or self._is_silenced(rule, start, end):
                continue
            for place in places:
                mark = self._judge(rule, sentence, place, start, end)
                if mark and not any(map(mark.cue.overlaps, taken)):
                    taken.append(mark.cue)
                    yield mark

    def _is_silenced(self, rule: Rule, start: int, end: int) -> bool:
        return any(pattern.regex.search(self.folded.text, start, end) for pattern in rule.unless)

    def _places(self, patterns: Sequence[Pattern], start: int, end: int) -> list[tuple[int, int]]:
        """Where `patterns` match: the longest of those that overlap."""
        found = sorted(
            (
                match.span()
                for pattern in patterns
                for match in pattern.regex.finditer(self.folded.text, start, end)
            ),
            key=lambda place: (place[0] - place[1], place[0]),
        )
        kept: list[tuple[int, int]] = []
        for place in found:
            if all(place[1] <= other[0] or other[1] <= place[0] for other in kept):
                kept.append(place)
        return sorted(kept)

    def _judge(
        self, rule: Rule, sentence: Sentence, place: tuple[int, int], start: int, end: int
    ) -> Mark | None:
        cue = self.folded.span(*place)
        subject = Subject("none")
        if rule.subject:
            subject = self.subjects.before(place[0], start)
            if not subject.suits(rule.subject):
                subject = self.subjects.in_relative_clause(place, start, end)
            if not subject.suits(rule.subject):
                subject = self.subjects.within(*place)
            if not subject.suits(rule.subject):
                return None
            if subject.span:
                cue = Span(subject.span.start, cue.end)
        elif rule.kind is FlagKind.SELF_DISCLAIMER:
            subject = self.subjects.within(*place)
        if not rule.kind.is_core:
            return Mark(rule.kind, cue, sentence, rule, Who.NOBODY, "")
        reporter = self._reporter(cue, sentence)
        if self.quotes.around(Span(cue.end - 1, cue.end)) and not rule.quoted and reporter is None:
            return None
        return self._core(rule, sentence, cue, subject, reporter, (place[1], end))

    def _core(
        self,
        rule: Rule,
        sentence: Sentence,
        cue: Span,
        subject: Subject,
        reporter: str | None,
        rest: tuple[int, int],
    ) -> Mark:
        # "Oslo has not confirmed it" is about Oslo; only an outlet's inability is a caution's who.
        known = subject.kind != "capital" or "capital" in rule.subject
        kind, agent = rule.kind, subject.agent if known else ""
        after = self.said_after.search(self.folded.text, *rest)
        if not agent and kind is FlagKind.PASSIVE_DISCLAIMER:
            agent = self._by_whom(*rest)
        reported = bool(after) or subject.reported
        if reporter and reporter != self.outlet:
            reported, agent = True, agent or reporter
        if subject.kind == "we" and not agent:
            return Mark(kind, cue, sentence, rule, Who.SELF, self.outlet)
        if agent and reported and agent != self.outlet:
            if kind in {
                FlagKind.SELF_DISCLAIMER,
                FlagKind.PASSIVE_DISCLAIMER,
                FlagKind.NO_CONFIRMATION,
            }:
                kind = FlagKind.RELAYED_DISCLAIMER
            return Mark(kind, cue, sentence, rule, Who.NAMED, agent)
        if not agent:
            if reported and kind is FlagKind.SELF_DISCLAIMER:
                kind = FlagKind.RELAYED_DISCLAIMER
            return Mark(kind, cue, sentence, rule, Who.NOBODY, "")
        who = Who.SELF if agent == (self.outlet or agent) else Who.NAMED
        return Mark(kind, cue, sentence, rule, who, agent)

    def _by_whom(self, start: int, end: int) -> str:
        """The outlet in "verified by the Harbour Times"; "" for anybody else."""
        by = self.by.match(self.folded.text, start, end)
        if by and self.outlet and self.folded.text.startswith(fold(self.outlet).text, by.end()):
            return self.outlet
        name = self.names.opening(self.folded.span(by.end(), end)) if by else None
        return name.name if name and name.kind == "outlet" else ""

    def _reporter(self, cue: Span, sentence: Sentence) -> str | None:
        """The outlet to which the words around `cue` are attributed; None for anybody else."""
        for one in self.said.get(sentence.span, ()):
            said = one.attribution
            if said.content.overlaps(cue) and not said.cue.overlaps(cue):
                looks = said.source and self.names.ending(said.source)
                if one.speaker.name in self.names.outlets or (looks and looks.kind == "outlet"):
                    return one.speaker.name
        return None
