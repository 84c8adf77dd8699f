"""How a text says that something is not verified: findings, by the rules of its language."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import ahocorasick

from claims.text.attribution import Said
from claims.text.folding import Folded
from claims.text.names import Name, canonical, outlet_like
from claims.text.patterns import Pattern
from claims.text.quotes import Quotes
from claims.text.rules import Rule, RuleBook, rule_book
from claims.text.values import FlagKind, Sentence, Span, Who

# What may stand between a subject and what it could not do.
BETWEEN = re.compile(
    r"(?:[\s,]+(?:has|have|had|was|were|is|are|been|be|being|also|still|yet|so|far|too|itself|however|to"
    r"|could|would|can|\w+ly))+\s*\Z"
)
COORDINATED = re.compile(r"(?:\A|[\s,;])(?:but|and|though|although|yet)\s*\Z")
STAFF = re.compile(
    r"(?:['’]s)?\s(?:reporters?|journalists?|correspondents?|fact-?checkers?|verification\s(?:team|unit)|team|newsroom"
    r"|visual\sinvestigations\steam|editors?|staff)\Z",
    re.IGNORECASE,
)
STANDS_FOR_OUTLET = re.compile(
    r"\b(?:the|this|that|its|our)\s(?:[\w-]+\s){0,2}?(?:network|newspaper|paper|news\sagency|agency|outlet|broadcaster"
    r"|website|site|station|magazine|channel|publication|radio|service|daily|tabloid|reporters?|journalists?"
    r"|correspondents?|newsroom)\Z"
    r"|\b(?:the|this|that)\sreport\Z"
)
OUR_OWN = re.compile(
    r"\b(?:we|i|this\s(?:newspaper|paper|website|site|outlet|publication|reporter)|our\s\w+)\Z"
)
IT = re.compile(r"\b(?:it|they|which|that|who)\Z")
SPOKE_OF_ITSELF = re.compile(
    r"\b(?:said|says|say|added|adds|noted|notes|reported|stated|acknowledged|that|stressed)\s*\Z"
)
NOUN_PHRASE = re.compile(r"\b(?:the|these|those|his|her|their|this|its)\s[\w'-]+\Z")
HE = re.compile(r"\b(?:he|she|you|who)\Z")
REPORTED_AFTER = re.compile(
    r"[\s,\"]+(?:the|its|their)\s(?:[\w-]+\s){0,2}?(?:report|paper|newspaper|agency|network|outlet|broadcaster|website"
    r"|magazine|article|station|site)\s(?:said|says|added|adds|noted|notes|reported|reports|stated)\b"
    r"|[\s,\"]+it\s(?:said|says|added|adds|noted|notes)\b"
)
BY_AGENT = re.compile(r"\s*(?:\w+ly\s)?by\s(?=(\S))")
Possible = dict[str, tuple[Rule, list[Pattern]]]  # by the id of the rule
WITHIN = 200  # characters before a pattern in which its subject is looked for


@dataclass(frozen=True, slots=True)
class Mark:
    """A finding before it is known which claims it covers."""

    kind: FlagKind
    cue: Span
    sentence: Sentence
    rule: Rule
    who: Who
    agent: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose inability it is."""

    kind: str  # as the rule files name them, or "person", "official", "other"
    span: Span | None = None
    agent: str = ""
    reported: bool = False


def find_marks(
    text: str,
    folded: Folded,
    sentences: Sequence[Sentence],
    names: tuple[Name, ...],
    quotes: Quotes,
    said: Sequence[Said],
    *,
    language: str,
    outlet: str,
) -> tuple[Mark, ...]:
    """Find what the rules of `language` find, in reading order.

    :param outlet: who publishes the text, "" when unknown: then who speaks of itself is the outlet.
    """
    marker = _Marker(text, folded, names, quotes, said, rule_book(language), canonical(outlet))
    found: list[Mark] = []
    for sentence, possible in _candidates(folded, sentences, language):
        found.extend(marker.mark(sentence, possible))
    return tuple(found)


def _candidates(
    folded: Folded, sentences: Sequence[Sentence], language: str
) -> Iterator[tuple[Sentence, Possible]]:
    """Sentences with the rules, in the order of their file, and patterns whose stems they hold."""
    rules = rule_book(language).rules
    ends = [folded.position(sentence.span.end) for sentence in sentences]
    asked: dict[int, set[tuple[int, int]]] = {}
    for last, numbers in _stems(language).iter(folded.text):
        asked.setdefault(bisect_right(ends, last), set()).update(numbers)
    for index in sorted(asked):
        if index < len(sentences) and not sentences[index].boilerplate:
            possible: Possible = {}
            for number, place in sorted(asked[index]):
                rule = rules[number]
                possible.setdefault(rule.id, (rule, []))[1].append(rule.patterns[place])
            yield sentences[index], possible


@cache
def _stems(language: str) -> ahocorasick.Automaton:
    """Every stem that a pattern of `language` needs, with the numbers of rule and pattern."""
    numbers: dict[str, set[tuple[int, int]]] = {}
    for number, rule in enumerate(rule_book(language).rules):
        for place, pattern in enumerate(rule.patterns):
            for stem in pattern.stems:
                numbers.setdefault(stem, set()).add((number, place))
    automaton = ahocorasick.Automaton()
    for stem, found in numbers.items():
        automaton.add_word(stem, frozenset(found))
    automaton.make_automaton()
    return automaton


class _Marker:
    """Applies rules to the sentences of one text."""

    def __init__(
        self,
        text: str,
        folded: Folded,
        names: tuple[Name, ...],
        quotes: Quotes,
        said: Sequence[Said],
        book: RuleBook,
        outlet: str,
    ) -> None:
        self.text, self.folded, self.names, self.quotes, self.outlet = (
            text,
            folded,
            names,
            quotes,
            outlet,
        )
        self.claim_words = book.set_of("phrases", "claim")
        self.officials = book.set_of("subjects", "officials") | book.set_of("attribution", "places")
        self.said: dict[Span, list[Said]] = {}
        for one in said:
            self.said.setdefault(one.sentence.span, []).append(one)

    def mark(self, sentence: Sentence, possible: Possible) -> Iterator[Mark]:
        """What the rules find in one sentence; words that one marked no later one marks again."""
        start, end = (
            self.folded.position(sentence.span.start),
            self.folded.position(sentence.span.end),
        )
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
            subject = self._subject(place[0], start, sentence)
            if not self._suits(rule, subject):
                return None
            if subject.span:
                cue = Span(subject.span.start, cue.end)
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
        kind, agent = rule.kind, subject.agent
        after = REPORTED_AFTER.search(self.folded.text, *rest)
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
        by = BY_AGENT.match(self.folded.text, start, end)
        if not by:
            return ""
        near = self.folded.span(by.end(), min(end, by.end() + 60))
        for name in self.names:
            if name.kind == "outlet" and near.start <= name.span.start <= near.start + 5:
                return name.name
        words = re.match(r"(?:[Tt]he\s)?(?:[A-Z][\w&.'-]*\s?){1,5}", near.of(self.text))
        if words and (
            like := outlet_like(
                self.text, Span(near.start, near.start + len(words.group().rstrip(" .")))
            )
        ):
            return like.name
        return ""

    def _reporter(self, cue: Span, sentence: Sentence) -> str | None:
        """The outlet to which the words around `cue` are attributed; None for anybody else."""
        outlets = {name.name for name in self.names if name.kind == "outlet"}
        for said in self.said.get(sentence.span, ()):
            if said.attribution.content.overlaps(cue) and not said.attribution.cue.overlaps(cue):
                name = said.speaker.name
                if name in outlets or (
                    said.attribution.source and outlet_like(self.text, said.attribution.source)
                ):
                    return name
        return None

    def _suits(self, rule: Rule, subject: Subject) -> bool:
        wanted = rule.subject
        if "thing" in wanted:
            return subject.kind not in {"person", "we"}
        if "claim" in wanted:
            return subject.kind == "claim"
        if "party" in wanted:
            return subject.kind in {"official", "capital", "party"}
        return subject.kind in wanted

    def _subject(self, position: int, start: int, sentence: Sentence) -> Subject:
        """Read the words before `position` for whose inability it is."""
        low = self.folded.text
        floor = max(start, position - WITHIN)
        left = low[floor:position]
        end = len(left.rstrip(" ,"))
        if between := BETWEEN.search(left):
            end = len(left[: between.start()].rstrip(" ,"))
        left = left[:end]
        if COORDINATED.search(left) or not left.strip(" -–—•\"'"):
            return self._first_subject(start, position)
        return self._at_end(left, floor, sentence)

    def _first_subject(self, start: int, position: int) -> Subject:
        """The sentence's own subject, for "CNN aired it but could not verify it"."""
        whole = self.folded.span(start, max(start + 1, position))
        for name in self.names:
            if whole.start <= name.span.start <= whole.start + 6:
                kind = "outlet" if name.kind == "outlet" else "official"
                return Subject(kind, None, name.name if name.kind == "outlet" else "")
        words = re.match(r"(?:The\s)?(?:[A-Z][\w&.'-]*\s){1,5}", whole.of(self.text))
        if words and (
            like := outlet_like(
                self.text, Span(whole.start, whole.start + len(words.group().rstrip()))
            )
        ):
            return Subject("outlet", None, like.name)
        first = self.folded.text[start:position].split(" ", 3)[:3]
        if first and first[0] == "we":
            return Subject("we")
        if first and first[0] in {"he", "she", "i", "you"}:
            return Subject("person")
        if set(first) & self.officials:
            return Subject("official")
        return Subject("none")

    def _at_end(self, left: str, floor: int, sentence: Sentence) -> Subject:
        words = self.folded.span(floor, floor + len(left))
        trimmed = words
        if staff := STAFF.search(words.of(self.text)):
            trimmed = Span(words.start, words.start + staff.start())
        for name in self.names:
            if name.span.end == trimmed.end:
                if name.kind == "outlet":
                    return Subject("outlet", Span(name.span.start, words.end), name.name)
                return Subject("official")
        if OUR_OWN.search(left):
            found = OUR_OWN.search(left)
            return Subject(
                "we", self.folded.span(floor + found.start(), floor + len(left)) if found else None
            )
        if like := outlet_like(self.text, trimmed):
            return Subject("outlet", Span(like.span.start, words.end), like.name)
        if standing := STANDS_FOR_OUTLET.search(left):
            span = self.folded.span(floor + standing.start(), floor + len(left))
            agent = self._outlet_before(span.start)
            reported = bool(SPOKE_OF_ITSELF.search(left[: standing.start()]))
            return Subject("outlet", span, agent, reported)
        if IT.search(left):
            return self._pronoun(left, floor, sentence)
        if HE.search(left):
            return Subject("person")
        return self._noun(left, floor, words)

    def _pronoun(self, left: str, floor: int, sentence: Sentence) -> Subject:
        """Whom "it" stands for: "CNN said it could not" is CNN's word about itself."""
        before = left.rsplit(" ", 1)[0] if " " in left else ""
        spoke = SPOKE_OF_ITSELF.search(before)
        if spoke and not left.endswith(("which", "who")):
            speaker = before[: spoke.start()].rstrip(" ,")
            if speaker.endswith((" said", " says")):
                speaker = speaker.rsplit(" ", 1)[0]
            subject = self._at_end(speaker, floor, sentence) if speaker.strip() else Subject("none")
            return Subject(
                subject.kind if subject.kind == "outlet" else "official", None, subject.agent, True
            )
        last = left.rsplit(" ", 1)[-1]
        if last == "it" and not before.strip(" \"'-–—•"):
            agent = self._outlet_before(self.folded.origin(floor), near=sentence)
            return Subject("outlet", None, agent, True) if agent else Subject("thing")
        return Subject("person" if last == "who" else "thing")

    def _outlet_before(self, position: int, near: Sentence | None = None) -> str:
        for name in reversed(self.names):
            if name.kind == "outlet" and name.span.end <= position:
                if near is not None and near.span.start - name.span.start > WITHIN:
                    return ""
                return name.name
        return ""

    def _noun(self, left: str, floor: int, words: Span) -> Subject:
        tail = re.findall(r"[\w.'-]+", left)[-6:]
        if not tail:
            return Subject("none")
        last = tail[-1].strip(".")
        if last in self.claim_words:
            noun = NOUN_PHRASE.search(left)
            start = noun.start() if noun else left.rfind(last)
            return Subject("claim", self.folded.span(floor + start, floor + len(left)))
        if {
            word.removesuffix("'s") for word in tail[-3:]
        } & self.officials or last in self.officials:
            return Subject("official")
        written = words.of(self.text).rstrip(" ,").rsplit(" ", 1)[-1]
        previous = tail[-2] if len(tail) > 1 else ""
        if written[:1].isupper():
            titled = previous in {"mr", "mrs", "ms", "dr", "president", "minister", "senator"}
            return Subject("person" if titled else "capital")
        return Subject(
            "party" if last in {"rebels", "militants", "insurgents", "group"} else "other"
        )
