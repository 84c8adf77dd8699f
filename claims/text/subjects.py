"""Whose inability it is: the words before "could not verify"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from claims.text.folding import Folded
from claims.text.names import Name, Names
from claims.text.rules import RuleBook
from claims.text.values import Span

# What may stand between a subject and what it could not do.
BETWEEN = re.compile(
    r"(?:[\s,]+(?:has|have|had|was|were|is|are|been|be|being|also|still|yet|so|far|too|itself"
    r"|however|to|could|would|can|\w+ly))+\s*\Z"
)
COORDINATED = re.compile(r"(?:\A|[\s,;])(?:but|and|though|although|yet)\s*\Z")
STAFF = re.compile(
    r"(?:['’]s)?\s(?:reporters?|journalists?|correspondents?|fact-?checkers?"
    r"|verification\s(?:team|unit)|team|newsroom|visual\sinvestigations\steam|editors?|staff)\Z",
    re.IGNORECASE,
)
STANDS_FOR_OUTLET = re.compile(
    r"\b(?:the|this|that|its|our)\s(?:[\w-]+\s){0,2}?(?:network|newspaper|paper|news\sagency|agency"
    r"|outlet|broadcaster|website|site|station|magazine|channel|publication|radio|service|daily"
    r"|tabloid|reporters?|journalists?|correspondents?|newsroom)\Z"
    r"|\b(?:the|this|that)\sreport\Z"
)
OURSELVES = re.compile(
    r"\b(?:we|i|this\s(?:newspaper|paper|website|site|outlet|publication|reporter)|our\s\w+)\Z"
)
PRONOUN = re.compile(r"\b(?:it|they|which|that|who)\Z")
PERSON = re.compile(r"\b(?:he|she|you)\Z")
SPOKE_OF_ITSELF = re.compile(
    r"\b(?:said|says|say|added|adds|noted|notes|reported|stated|acknowledged|that|stressed)\s*\Z"
)
SPEAKING = re.compile(r"\s(?:said|says)\Z")
NOUN_PHRASE = re.compile(r"\b(?:the|these|those|his|her|their|this|its)\s[\w'-]+\Z")
WORD = re.compile(r"[\w.'-]+")
WITHIN = 200  # characters before a pattern in which its subject is looked for


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose inability it is.

    :ivar kind: as the rule files name them, or "person", "official", "other", "none".
    :ivar span: the words; None where they do not stand right before the pattern.
    :ivar agent: the canonical name, for an outlet.
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


class Subjects:
    """Reads subjects in one text."""

    def __init__(self, text: str, folded: Folded, names: Names, book: RuleBook) -> None:
        self.text, self.folded, self.names = text, folded, names
        self.claim_words = book.set_of("phrases", "claim")
        self.parties = book.set_of("subjects", "parties")
        self.titles = book.set_of("attribution", "titles")
        self.officials = book.set_of("subjects", "officials") | book.set_of("attribution", "places")

    def before(self, position: int, start: int) -> Subject:
        """The subject of what is at folded `position`, in the sentence that begins at `start`."""
        floor = max(start, position - WITHIN)
        left = self.folded.text[floor:position].rstrip(" ,")
        if between := BETWEEN.search(left):
            left = left[: between.start()].rstrip(" ,")
        if COORDINATED.search(left) or not left.strip(" -–—•\"'"):
            return self._of_sentence(start, position)
        return self._at_end(left, floor)

    def _of_sentence(self, start: int, position: int) -> Subject:
        """The sentence's own subject, for "CNN aired it but could not verify it"."""
        if start >= position:
            return Subject("none")
        if name := self.names.opening(self.folded.span(start, position)):
            return self._named(name, None)
        first = self.folded.text[start:position].split(maxsplit=3)[:3]
        if first[:1] == ["we"]:
            return Subject("we")
        if first and PERSON.fullmatch(first[0]):
            return Subject("person")
        return Subject("official" if set(first) & self.officials else "none")

    def _named(self, name: Name, span: Span | None) -> Subject:
        return Subject("outlet", span, name.name) if name.kind == "outlet" else Subject("official")

    def _at_end(self, left: str, floor: int) -> Subject:
        """The subject with which the folded words `left`, from position `floor`, end."""
        words = self.folded.span(floor, floor + len(left))
        staff = STAFF.search(words.of(self.text))
        trimmed = Span(words.start, words.start + staff.start()) if staff else words
        if OURSELVES.search(left):
            return Subject("we", self._tail(OURSELVES, left, floor))
        if name := self.names.ending(trimmed):
            return self._named(name, Span(name.span.start, words.end))
        if standing := STANDS_FOR_OUTLET.search(left):
            span = self._tail(STANDS_FOR_OUTLET, left, floor)
            outlet = self.names.outlet_before(words.end)
            spoke = bool(SPOKE_OF_ITSELF.search(left[: standing.start()]))
            return Subject("outlet", span, outlet.name if outlet else "", spoke)
        if PRONOUN.search(left):
            return self._pronoun(left, floor)
        return Subject("person") if PERSON.search(left) else self._noun(left, floor, words)

    def _tail(self, pattern: re.Pattern[str], left: str, floor: int) -> Span | None:
        found = pattern.search(left)
        return self.folded.span(floor + found.start(), floor + len(left)) if found else None

    def _pronoun(self, left: str, floor: int) -> Subject:
        """Whom "it" stands for: "CNN said it could not" is CNN's word about itself."""
        before, _, pronoun = left.rpartition(" ")
        spoke = SPOKE_OF_ITSELF.search(before)
        if spoke and pronoun in {"it", "they", "that"}:
            speaker = SPEAKING.sub("", before[: spoke.start()].rstrip(" ,"))
            found = self._at_end(speaker, floor) if speaker.strip() else Subject("none")
            kind = found.kind if found.kind == "outlet" else "official"
            return Subject(kind, None, found.agent, reported=True)
        if pronoun == "it" and not before.strip(" \"'-–—•"):
            position = self.folded.origin(floor)
            outlet = self.names.outlet_before(position)
            if outlet and position - outlet.span.start <= WITHIN:
                return Subject("outlet", None, outlet.name, reported=True)
        return Subject("person" if pronoun == "who" else "thing")

    def _noun(self, left: str, floor: int, words: Span) -> Subject:
        tail = [word.removesuffix("'s").strip(".") for word in WORD.findall(left)[-3:]]
        if not tail:
            return Subject("none")
        last = tail[-1]
        if last in self.claim_words:
            noun = NOUN_PHRASE.search(left)
            start = noun.start() if noun else left.rfind(last)
            return Subject("claim", self.folded.span(floor + start, floor + len(left)))
        if set(tail) & self.officials:
            return Subject("official")
        if words.of(self.text).rstrip(" ,").rsplit(" ", 1)[-1][:1].isupper():
            return Subject("person" if set(tail[:-1]) & self.titles else "capital")
        return Subject("party" if last in self.parties else "other")
