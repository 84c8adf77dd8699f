"""Which statements of a text can be checked: where, in what words, and whose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from claims.text.attribution import Said
from claims.text.cues import NEVER, lexicon
from claims.text.datelines import after_dateline
from claims.text.disclaimers import Mark
from claims.text.folding import Folded, fold
from claims.text.patterns import Sieve
from claims.text.rules import rule_book
from claims.text.speakers import Kind
from claims.text.values import DetectedClaim, FlagKind, Sentence, Span
from claims.text.worthiness import weigh

THRESHOLD = 0.25  # below it a statement is not worth a row
FEWEST_WORDS = 3
FEW_WORDS = 3  # so few need a subject: the verb is not the first of them
LONGEST_REMARK = 4  # words
LONGEST = 1000  # characters: no editor checks a longer statement as one

APOSTROPHE = "’"
PAIRS = (("“", "”"), ("‘", APOSTROPHE), ("«", "»"), ("[", "]"), ("(", ")"))
INTERPOSED = re.compile(r"[^,.;:!?\n]{0,40},")  # when it was said, up to the comma that closes it
BREAK = re.compile(r",\s|\s[–—-]\s|\s\(|;\s")
MARKS = ' \t\n\r"“”«»„,;:–—-•'
END_MARKS = MARKS + ".!"
ASIDE = (FlagKind.UNKNOWN_FACT, FlagKind.NO_COMMENT)


@dataclass(frozen=True, slots=True)
class Grammar:
    """The lists under `[claims]` of one language, compiled to match folded text.

    :ivar verb: None where the language lists none.
    :ivar verbs: the whole words among them.
    :ivar hedged: tells quickly where `hedge` need not be tried.
    """

    verb: re.Pattern[str] | None
    verbs: frozenset[str]
    joint: re.Pattern[str]
    joined: re.Pattern[str]
    lead: re.Pattern[str]
    hedge: re.Pattern[str]
    hedged: Sieve
    aside: re.Pattern[str]
    request: re.Pattern[str]
    pronoun: re.Pattern[str]
    that: re.Pattern[str]
    claim_that: re.Pattern[str]
    auxiliaries: frozenset[str]
    opening: re.Pattern[str]
    relative: re.Pattern[str]


@cache
def grammar(language: str) -> Grammar:
    """Compile the lists of `language`; cost about a millisecond, once."""
    book = rule_book(language)

    def any_of(name: str) -> str:
        return book.regex_of("claims", name)

    that = book.regex_of("coverage", "that")
    # Not "…, and who were turned back": that tells more of a noun, and cannot stand alone.
    tells_more = "|".join(sorted(map(re.escape, lexicon(language).only_relative))) or NEVER
    opens = rf"(?!(?:{tells_more})\s)(?:{any_of('openers')}|\w+\s(?:\w+\s)?{any_of('auxiliaries')})"
    return Grammar(
        verb=re.compile(rf"(?<![\w'-]){any_of('verbs')}")
        if book.set_of("claims", "verbs")
        else None,
        verbs=frozenset(word for word in book.set_of("claims", "verbs") if word.isalpha()),
        joint=re.compile(
            rf"(?:,\s|\s[–—]\s){any_of('joints')}\s(?=(?:{any_of('between')},?\s)?{opens})|;\s"
        ),
        joined=re.compile(rf"(?:,\s{any_of('joints')}|;)\Z"),
        lead=re.compile(rf"(?:{any_of('leads')},?\s+)+"),
        hedge=re.compile(rf"(?<![\w'-]){any_of('hedges')}\s+"),
        hedged=Sieve([*map(book.reader.pattern, book.words.get("claims", {}).get("hedges", ()))]),
        aside=re.compile(rf",\s{any_of('asides')}[^,]{{0,120}}\Z"),  # at the last comma
        request=re.compile(any_of("requests")),
        pronoun=re.compile(rf"{any_of('pronouns')}(?!['’])"),
        that=re.compile(rf"\s+{that}\s+"),
        auxiliaries=book.set_of("attribution", "auxiliaries"),
        opening=re.compile(rf"(?:\w+\s)?{any_of('joints')}\s"),
        relative=re.compile(rf",?\s{book.regex_of('attribution', 'relatives')}(?=\s)"),
        claim_that=re.compile(rf"(?:[\w'-]+\s+){{1,3}}?{book.regex_of('attribution', 'that')}\s+"),
    )


class _Part(NamedTuple):
    """A statement within a sentence, and by whom.

    :ivar cut: what stands within it and is left out of its wording.
    """

    span: Span
    said: Said | None
    cut: Span | None = None


class Detector:
    """Finds the claims of one text."""

    def __init__(
        self, text: str, folded: Folded, said: Sequence[Said], marks: Sequence[Mark], language: str
    ) -> None:
        self.text, self.folded, self.language = text, folded, language
        self.grammar = grammar(language)
        self.said: dict[Span, list[Said]] = {}
        for one in filter(lambda one: one.asserts, said):
            self.said.setdefault(one.sentence.span, []).append(one)
        self.marks: dict[Span, list[Mark]] = {}
        for mark in marks:
            self.marks.setdefault(mark.sentence.span, []).append(mark)

    def detect(self, sentences: Sequence[Sentence]) -> Iterator[DetectedClaim]:
        """Claims in reading order; within a sentence they do not overlap."""
        for sentence in sentences:
            if sentence.boilerplate or sentence.span.length > LONGEST:
                continue
            found = (self._claim(part, sentence) for part in self._parts(sentence))
            yield from sorted(filter(None, found), key=lambda claim: claim.span)

    def _parts(self, sentence: Sentence) -> Iterator[_Part]:
        heard = self.said.get(sentence.span, [])
        outer = [
            one for one in heard
            if self._stands(self.folded.of(one.attribution.content))
            and not any(
                one is not other
                and _holds(other.attribution.content, one.attribution.cue)
                for other in heard
            )
        ]  # fmt: skip
        covered: list[Span] = []
        for one in outer:
            content = one.attribution.content
            if not any(content.overlaps(span) for span in covered):
                covered.append(content)
                told = self._interposed(one)
                yield from (_Part(span, one, _shared(span, told)) for span in self._split(content))
        opens = after_dateline(self.text, sentence.span.start, sentence.span.end)
        stated = Span(opens, sentence.span.end)
        if not outer and any(self._is_remark(one) for one in heard):
            return
        if not outer:
            yield from (_Part(span, None) for span in self._split(stated))
            return
        before = self._before_first(stated, outer[0])
        if before and not any(map(before.overlaps, covered)):
            yield _Part(before, None)

    def _interposed(self, one: Said) -> Span | None:
        """The words that say who speaks, with their commas, where they stand within what is said.

        As in "The dam, Berg said, is safe".
        """
        content, cue = one.attribution.content, one.attribution.cue
        source = one.attribution.source or cue
        start, end = min(source.start, cue.start), max(source.end, cue.end)
        if not (content.start < start and end < content.end):
            return None
        before = self.text[content.start : start].rstrip()
        after = INTERPOSED.match(self.text, end)
        if not before.endswith(",") or after is None:
            return None
        return Span(content.start + len(before) - 1, after.end())

    def _is_remark(self, one: Said) -> bool:
        """Whether so little is quoted that it states nothing: "Never," said Berg."""
        content = one.attribution.content
        return one.attribution.direct and len(self.folded.of(content).split()) <= LONGEST_REMARK

    def _before_first(self, sentence: Span, first: Said) -> Span | None:
        """A statement of its own before ", but according to …"."""
        if first.attribution.content.start < first.attribution.cue.start:
            return None
        said_by = first.attribution.source or first.attribution.cue
        end = max(sentence.start, min(said_by.start, first.attribution.cue.start))
        words = self.folded.of(Span(sentence.start, end)).rstrip(" ,")
        joint = self.grammar.joined.search(words)
        if joint is None or not joint.start():
            return None
        start = self.folded.position(sentence.start)
        return self.folded.span(start, start + joint.start())

    def _split(self, span: Span) -> Iterator[Span]:
        """Cut where a sentence states two things, if each side can stand alone."""
        words, start = self.folded.of(span), 0
        for joint in self.grammar.joint.finditer(words):
            left, right = words[start : joint.start()], words[joint.end() :]
            if self._stands(left) and self._stands(right):
                yield self._trim(span, start, joint.start(), words)
                start = joint.end()
        yield self._trim(span, start, len(words), words)

    def _has_verb(self, words: str) -> bool:
        return self.grammar.verb is None or bool(self.grammar.verb.search(words))

    def _stands(self, words: str) -> bool:
        listed, verb = words.split(), self.grammar.verb
        count = len(listed)
        if count < FEWEST_WORDS or verb is None:
            return count >= FEWEST_WORDS
        if count > FEW_WORDS and not self.grammar.verbs.isdisjoint(listed):
            return True  # the common case, without trying the pattern at every word
        return bool(verb.search(words, 1 if count <= FEW_WORDS else 0))

    def _trim(self, span: Span, start: int, end: int, words: str) -> Span:
        while start < end and words[start] in MARKS:
            start += 1
        if lead := self.grammar.lead.match(words, start, end):
            start = lead.end()
        comma = words.rfind(",", start, end)
        if comma != -1 and self.grammar.aside.match(words, comma, end):
            end = comma
        while end > start and words[end - 1] in END_MARKS:
            end -= 1
        if start >= end:
            return span
        origin = self.folded.position(span.start)
        return self.folded.span(origin + start, origin + end)

    def _claim(self, part: _Part, sentence: Sentence) -> DetectedClaim | None:
        marks = [mark for mark in self.marks.get(sentence.span, ()) if mark.cue.overlaps(part.span)]
        for mark in marks:
            if not (mark.kind.is_core and mark.kind is not FlagKind.ADJECTIVE):
                continue
            if mark.cue.overlaps(part.span) and not (part.cut and part.cut.overlaps(mark.cue)):
                without = self._without_caution(part, mark.cue)
                if without is None:
                    return None
                part = without
        if self._is_aside(part, marks, sentence):
            return None
        wording = self._wording(part)
        name, kind = self._claimant(part)
        cautioned = any(mark.kind.is_core for mark in self.marks.get(sentence.span, ()))
        score, reasons = weigh(
            wording,
            language=self.language,
            by_name=kind in {"person", "organisation"},
            cautioned=cautioned,
        )
        if score < THRESHOLD:
            return None
        attribution = part.said.attribution if part.said else None
        return DetectedClaim(
            part.span, sentence.span, wording, name, kind, attribution, score, reasons
        )

    def _without_caution(self, part: _Part, cue: Span) -> _Part | None:
        """What a caution within `part` is about, where it stands there: "…, which X denied"."""
        words, origin = self.folded.of(part.span), self.folded.position(part.span.start)
        start = max(0, self.folded.position(cue.start) - origin)
        end = min(len(words), self.folded.position(cue.end) - origin)
        for left, right, said in self._around_caution(words, start, end, part.said):
            if self._stands(words[left:right]):
                return _Part(self._trim(part.span, left, right, words), said)
        return self._without_clause(part, words, start, end)

    def _around_caution(
        self, words: str, start: int, end: int, said: Said | None
    ) -> Iterator[tuple[int, int, Said | None]]:
        """What may be the claim, the likeliest first, and by whom."""
        if that := self.grammar.that.match(words, end):
            yield that.end(), len(words), None  # "X could not verify that": X does not state it
        elif that := self.grammar.claim_that.match(words, 0, start):
            yield that.end(), start, said
        breaks = [found.span() for found in BREAK.finditer(words)]
        # "The video, posted on Monday, could not be verified": what comes before is its subject.
        alone = words[start:].partition(" ")[0] in self.grammar.auxiliaries
        before = [
            found for found in breaks if found[0] < start and not (alone and found[1] == start)
        ]
        after = [found for found in breaks if found[0] >= end]
        if before and not self._stands(words[end:]):
            yield 0, before[-1][0], said
        if after and self.grammar.opening.match(words):
            yield after[0][1], len(words), said  # "Although nobody could verify it, …"

    def _without_clause(self, part: _Part, words: str, start: int, end: int) -> _Part | None:
        """The part without a clause about its subject: "The video, which X could not verify, …"."""
        opens = list(self.grammar.relative.finditer(words, 0, start + 1))
        if not opens:
            return None
        first = opens[-1].start()
        if words[first] == ",":
            closes = words.find(",", end)
            end = len(words) if closes == -1 else closes + 1
        if not self._stands(words[:first] + words[end:]) or not self._has_verb(words[end:]):
            return None
        origin = self.folded.position(part.span.start)
        return part._replace(cut=self.folded.span(origin + first, origin + end))

    def _is_aside(self, part: _Part, marks: Sequence[Mark], sentence: Sentence) -> bool:
        """Whether the part states nothing to check: a heading, a caution, a refusal, a question."""
        said_so, words = part.said is not None, self.folded.of(part.span)
        ending = sentence.span.of(self.text).rstrip("\"'”’»)")
        if not self._stands(words):
            return True
        if self.grammar.verb is None and not ending.endswith((".", "!", "…")):
            return True
        if not said_so and (self.grammar.request.match(words) or ending.endswith("?")):
            return True
        return not said_so and any(mark.kind in ASIDE for mark in marks)

    def _claimant(self, part: _Part) -> tuple[str, Kind]:
        if part.said is None:
            return "", "none"
        return part.said.speaker.name, part.said.speaker.kind

    def _wording(self, part: _Part) -> str:
        """Canonical words: one line, without hedges and outer marks, a capital and a full stop."""
        words = part.span.of(self.text)
        if part.cut:
            first, after = part.cut.start - part.span.start, part.cut.end - part.span.start
            words = f"{words[:first]} {words[after:]}"
        line = " ".join(words.split()).strip(MARKS + ".")
        for span, instead in reversed(self._rewordings(line, part)):
            line = line[: span.start] + instead + line[span.end :]
        line = _without_lone_marks(line.strip(MARKS))
        return line[:1].upper() + line[1:] + ("" if line.endswith(("!", "?")) else ".")

    def _rewordings(self, line: str, part: _Part) -> list[tuple[Span, str]]:
        """What in the line is replaced by what: "he" by the name, hedges by nothing."""
        said, found = part.said, list[tuple[Span, str]]()
        words = self.folded.of(part.span)
        indirect = said is not None and not said.attribution.direct
        name, kind = self._claimant(part)
        named = name and kind == "person" and indirect
        hedged = self.grammar.hedged.may_match(words)
        if not (named or hedged):
            return found
        folded = fold(line)
        if named and (pronoun := self.grammar.pronoun.match(folded.text)):
            found.append((folded.span(*pronoun.span()), name))
        if hedged:
            hedges = self.grammar.hedge.finditer(folded.text)
            found.extend((folded.span(*hedge.span()), "") for hedge in hedges)
        return found


def _shared(span: Span, other: Span | None) -> Span | None:
    """What two spans share."""
    if other is None or not span.overlaps(other):
        return None
    return Span(max(span.start, other.start), min(span.end, other.end))


def _holds(content: Span, cue: Span) -> bool:
    return content.start <= cue.start < content.end


def _without_lone_marks(line: str) -> str:
    """`line` without quotation marks and brackets whose partner was cut off."""
    for opening, closing in PAIRS:
        more = line.count(opening) - line.count(closing)
        if more > 0 or (more and closing != APOSTROPHE):
            line = line.replace(opening, "")
            line = line if closing == APOSTROPHE else line.replace(closing, "")
    return line.replace('"', "") if line.count('"') % 2 else line
