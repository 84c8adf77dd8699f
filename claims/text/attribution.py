"""Who is said to state what, and which outside sources the article rests on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from claims.text.folding import Folded
from claims.text.names import Name, Names, canonical
from claims.text.quotes import Quotes
from claims.text.rules import RuleBook, rule_book
from claims.text.speakers import UNNAMED, Cast, Speaker
from claims.text.values import Attribution, Citation, Sentence, Span

THE_NEXT = re.compile(r"\s+(?:the|an?|its|his|her|their)\b")
THAT = re.compile(r"\bthat\s+")
ADDRESSEE = re.compile(r"\s+[^,;:\"]{1,80}?(?:\s+that\s+|,\s+that\s+|:\s*)")
PRONOUN_NEXT = re.compile(
    r"\s*(?:that\s+)?(?:he|she|it|they|there|i|we|you|this|these|those|his|her|their)\b"
)
SPEECH_NEXT = re.compile(r"\s*[,:]?\s*(?:\"|that\b)|\s*:")
WHEN = re.compile(
    r"\s*(?:\s(?:on|in|at|during|late|early|last|this|earlier)(?:\s[\w']+){1,4}?)?(?:\sthat\s+|:\s*|,\s+(?=\"))"
)
TAIL_REST = re.compile(
    r"""[\s,]*(?:[.!?"]*\s*\Z|(?:in|on|at|to|during|after|with|when|while|as|by|via|late|early|earlier|last|this
      |for|who|yesterday|today|without|about|of|citing|referring|adding|monday|tuesday|wednesday|thursday|friday
      |saturday|sunday|rfe)\b)""",
    re.VERBOSE,
)
FINITE = re.compile(
    r"\b(?:is|was|has|have|had|will|would|should|could|can|may|might|must|were|are|did|does|that)\b|'(?:s|ve|re|d|ll)\b"
)
NOT_SPEAKING = re.compile(
    r"(?:\bnot|n't|\bnever|\bto|\bbe|\bbeen|\bno|\bwas|\bwere|\bthese|\bis|\bare)\s+(?:\w+ly\s+)?\Z"
)
CLAIMANT_BETWEEN = re.compile(r"\s+((?:the|an?)\s[^;:\"]{2,120}?),?\s+that\s+")
REPORTS_THAT = re.compile(
    r"\bthere\s(?:are|were|is|have\sbeen|had\sbeen)\s(?:[\w'-]+\s){0,3}?"
    r"(?:reports|reviews|rumours|rumors|claims|allegations)\sthat\s"
)
RELATIVE = re.compile(
    r"\b(an?|the|one|two|several|some)((?:\s[\w/'-]+){1,5}?)\s(?:who|that|which)\s*\Z"
)
FEWEST_WORDS = 2
LONGEST_LEAD = 9  # words of "In a statement on Monday," and the like


@dataclass(frozen=True, slots=True)
class Said:
    """An attribution, its sentence and who speaks."""

    attribution: Attribution
    sentence: Sentence
    speaker: Speaker


@cache
def _words(language: str, name: str) -> re.Pattern[str]:
    words = sorted(rule_book(language).set_of("attribution", name), key=len, reverse=True)
    return re.compile(rf"(?<![\w'-])(?:{'|'.join(map(re.escape, words))})(?![\w'-])")


class Listener:
    """Finds the attributions of one text, sentence by sentence, in reading order."""

    def __init__(
        self,
        text: str,
        folded: Folded,
        names: Names,
        quotes: Quotes,
        book: RuleBook,
        language: str,
    ) -> None:
        self.text, self.folded, self.quotes = text, folded, quotes
        self.cast = Cast(text, names, book)
        self.says, self.by_words = _words(language, "says"), _words(language, "by_words")
        self.unsure = book.set_of("attribution", "unsure")
        self.to_someone = book.set_of("attribution", "to_someone")
        self.connectives = book.set_of("attribution", "connectives")
        self.auxiliaries = book.set_of("attribution", "auxiliaries")
        self.adverbial_starts = book.set_of("attribution", "adverbial_starts")

    def listen(self, sentences: Sequence[Sentence]) -> Iterator[Said]:
        """Every attribution of the sentences that are not boilerplate."""
        speaking: Said | None = None  # whose quotation runs on
        paragraph = 0
        for sentence in sentences:
            if sentence.boilerplate:
                continue
            runs_on = (
                speaking is not None
                and speaking.attribution.direct
                and sentence.paragraph - paragraph <= 1
                and self._is_quoted(sentence)
            )
            found = list(self._in_sentence(sentence))
            if not found and runs_on and speaking is not None:
                found = [_spoken_on(sentence, speaking)]
            yield from found
            paragraph = sentence.paragraph
            if not runs_on:
                speaking = found[-1] if found else None

    def _in_sentence(self, sentence: Sentence) -> Iterator[Said]:
        low = self.folded.text
        start, end = (
            self.folded.position(sentence.span.start),
            self.folded.position(sentence.span.end),
        )
        for cue in self.by_words.finditer(low, start, end):
            if said := self._according_to(sentence, cue, start, end):
                yield said
        for cue in REPORTS_THAT.finditer(low, start, end):
            if said := self._said(sentence, cue.span(), None, (cue.end(), end), UNNAMED):
                yield said
        floor = start
        for cue in self.says.finditer(low, start, end):
            if NOT_SPEAKING.search(low, max(start, cue.start() - 15), cue.start()):
                continue
            said = (
                self._tail(sentence, cue, floor, end)
                or self._middle(sentence, cue, end)
                or self._head(sentence, cue, floor, end)
            )
            if said:
                yield said
                content = self.folded.position(said.attribution.content.start)
                floor = content if content > cue.start() else floor

    def _according_to(
        self, sentence: Sentence, cue: re.Match[str], start: int, end: int
    ) -> Said | None:
        low = self.folded.text
        if cue.group() == "per" and not THE_NEXT.match(low, cue.end()):
            return None
        comma = low.find(", ", cue.end(), end)  # not the one inside 550,000
        pronoun = BY_PRONOUN.match(low, cue.end(), end)
        lead = low[start : cue.start()].strip(" ,\"'-–—")
        opens = (
            not lead or lead.rsplit(" ", 1)[-1] in self.connectives or low[cue.start() - 2] in ";:"
        )
        if opens and pronoun:
            source, content = pronoun.span(1), (pronoun.end(), end)
        elif opens and comma != -1:
            source, content = (cue.end(), comma), (comma + 1, end)
        elif opens:
            return None
        else:
            source, content = (cue.end(), end if comma == -1 else comma), (start, cue.start())
        words = self._span(*source)
        if words is None or len(words) > 160:
            return None
        return self._said(sentence, cue.span(), words, content, self.cast.speaker(words))

    def _tail(self, sentence: Sentence, cue: re.Match[str], start: int, end: int) -> Said | None:
        """The content comes first: "C, S said." or "C, said S."."""
        if cue.group().endswith("ing"):
            return None
        low = self.folded.text
        before = low[start : cue.start()].rstrip()
        content_end = max(before.rfind(", "), before.rfind('" '), before.rfind('"'))
        if before.endswith((",", '"')):
            named = re.compile(r"\s+([^,;:\"(—]{2,120}?)(?=[,.!?\"\s]*\Z|[,\"]|\sto\s)").match(
                low, cue.end(), end
            )
            if not named or FINITE.search(named.group(1)) or len(before.split()) <= FEWEST_WORDS:
                return None
            source = self._span(*named.span(1))
            content_end = len(before)
        else:
            rest = low[cue.end() : end]
            addressed = cue.group() in self.to_someone and len(rest.split()) < 12
            if content_end <= 0 or not (TAIL_REST.match(rest) or addressed) or THAT.search(rest):
                return None
            if (
                len(before[content_end:].split()) > 14
                or len(before[:content_end].split()) <= FEWEST_WORDS
            ):
                return None
            if self._is_lead(before[:content_end]):
                return None
            source = self._span(start + content_end + 1, cue.start())
        if source is None:
            return None
        origin = self.folded.position(source.start)
        source = self._span(origin, origin + self._before_auxiliaries(self.folded.of(source)))
        if source is None or not self._may_speak(source, cue.group()):
            return None
        content = (start, start + content_end)
        return self._said(sentence, cue.span(), source, content, self.cast.speaker(source))

    def _may_speak(self, source: Span, cue: str) -> bool:
        """Whether a noun such as "reports", or "you would say", is no speech after all."""
        words = self.folded.of(source).split()
        if words[-1] in {"i", "you", "there", "we"} or words[0] in {"there", "citing"}:
            return False
        noun = cue in {"report", "reports", "claim", "claims", "estimates", "notes", "states"}
        return (
            not noun
            or words[-1] in {"he", "she", "it"}
            or source.of(self.text)[0].isupper()
            or len(words) < 4
        )

    def _is_lead(self, words: str) -> bool:
        """Whether `words` are only an adverbial such as "In a statement on Monday"."""
        first, *others = words.lstrip(" \"'-–—").split()
        return (
            len(others) < LONGEST_LEAD
            and first.strip(",") in self.adverbial_starts
            and not FINITE.search(words)
        )

    def _middle(self, sentence: Sentence, cue: re.Match[str], end: int) -> Said | None:
        """The claimant stands between: "In the paper states S, that C"."""
        named = CLAIMANT_BETWEEN.match(self.folded.text, cue.end(), end)
        if not named or FINITE.search(named.group(1)) or cue.group() in self.to_someone:
            return None
        source = self._span(*named.span(1))
        if source is None:
            return None
        content = (named.end(), end)
        return self._said(sentence, cue.span(), source, content, self.cast.speaker(source))

    def _head(self, sentence: Sentence, cue: re.Match[str], start: int, end: int) -> Said | None:
        """The claimant comes first: "S said that C"."""
        low = self.folded.text
        content = self._content_start(cue, end)
        if content is None or len(low[content:end].split()) <= FEWEST_WORDS:
            return None
        source = self._subject(start, cue.start())
        if source is None and cue.group() in self.unsure:
            return None
        if source is not None and not self._may_speak(source, cue.group()):
            return None
        speaker = self.cast.speaker(source) if source else UNNAMED
        return self._said(sentence, cue.span(), source, (content, end), speaker)

    def _content_start(self, cue: re.Match[str], end: int) -> int | None:
        low, word = self.folded.text, cue.group()
        if word in self.to_someone:
            addressed = ADDRESSEE.match(low, cue.end(), end)
            return addressed.end() if addressed else None
        if reporting := WHEN.match(low, cue.end(), end):
            return reporting.end()
        if word in self.unsure and not (
            SPEECH_NEXT.match(low, cue.end(), end) or PRONOUN_NEXT.match(low, cue.end(), end)
        ):
            return None
        if not FINITE.search(low, cue.end(), end) and '"' not in low[cue.end() : end]:
            return None
        return cue.end()

    def _subject(self, start: int, end: int) -> Span | None:
        """The words that name who speaks, before the cue at `end`."""
        low = self.folded.text
        breaks = max(low.rfind(mark, start, end) for mark in (";", ":", '"', "—", "–", "- "))
        region = self._span(max(start, breaks + 1), end)
        if region is None:
            return None
        origin = self.folded.position(region.start)
        raw = low[origin:end]
        words = raw[: self._before_auxiliaries(raw)]
        if relative := RELATIVE.search(words):
            return self._span(origin + relative.start(), origin + relative.end(2))
        closed = words.endswith(",")
        parts = list(re.finditer(r"[^,]+", words))
        if not closed and parts:
            parts = parts[-1:]
        for part in parts:
            first = self._after_connectives(words, part.start())
            if first >= part.end():
                continue
            if closed and words[first : part.end()].split(" ", 1)[0] in self.adverbial_starts:
                continue
            return self._span(origin + first, origin + len(words.rstrip(" ,")))
        return None

    def _after_connectives(self, words: str, position: int) -> int:
        for word in re.finditer(r"[^\s,]+", words[position:]):
            if word.group().strip(".") not in self.connectives:
                return position + word.start()
        return len(words)

    def _before_auxiliaries(self, words: str) -> int:
        """Where "has also" and the like begin at the end of `words`; a comma before them stays."""
        end = len(words.rstrip())
        while end:
            cut = max(words.rfind(" ", 0, end), words.rfind(",", 0, end)) + 1
            last = words[cut:end]
            if last not in self.auxiliaries and not (last.endswith("ly") and cut):
                break
            end = len(words[:cut].rstrip(" "))
        return end

    def _is_quoted(self, sentence: Sentence) -> bool:
        """Whether all of the sentence stands in quotation marks."""
        inner = Span(sentence.span.start + 1, max(sentence.span.start + 2, sentence.span.end - 1))
        return self.quotes.around(inner) is not None

    def _said(
        self,
        sentence: Sentence,
        cue: tuple[int, int],
        source: Span | None,
        content: tuple[int, int],
        speaker: Speaker,
    ) -> Said | None:
        span = self._span(*content)
        if span is None:
            return None
        attribution = Attribution(
            source=source,
            name=speaker.name if speaker.kind != "anonymous" else "",
            cue=self.folded.span(*cue),
            content=span,
            direct=self._is_direct(span),
            anonymous=speaker.kind == "anonymous",
        )
        return Said(attribution, sentence, speaker)

    def _is_direct(self, content: Span) -> bool:
        middle = (content.start + content.end) // 2
        return self.quotes.around(Span(middle, middle + 1)) is not None

    def _span(self, start: int, end: int) -> Span | None:
        """The trimmed original span of folded positions; None when nothing is left."""
        words = self.folded.text[start:end]
        left = len(words) - len(words.lstrip(" \t\n\r\",'-–—:;"))
        right = len(words.rstrip(" \t\n\r\",'-–—:;.!?"))
        return self.folded.span(start + left, start + right) if left < right else None


def _spoken_on(sentence: Sentence, before: Said) -> Said:
    """The next sentence of a quotation whose speaker is known."""
    attribution = Attribution(
        source=before.attribution.source,
        name=before.attribution.name,
        cue=before.attribution.cue,
        content=sentence.span,
        direct=True,
        anonymous=before.attribution.anonymous,
    )
    return Said(attribution, sentence, before.speaker)


BY_PRONOUN = re.compile(r"\s(him|her|them)\s")
RESTS_ON = re.compile(
    r"(?<![\w'-])(?:report|reports|reported|reporting|told|tells|instructed|said|says|say|stated"
    r"|states|interview|interviews|interviewed|(?:spoke|spoken|talked|talks) (?:to|with)"
    r"|according to|in keeping with|citing|cites|cited"
    r"|with reference to|referring to|wrote|writes|quoted|quoting|published|revealed)(?![\w'-])"
)
UNNAMED_MEDIA = re.compile(
    r"(?<![\w'-])(?:citing\s(?:\w+\s){0,2}?(?:media|press|news)(?:\sreports?)?|(?:media|press)\sreport(?:s|ed)"
    r"|according\sto\s(?:\w+\s){0,2}?(?:media|press|news\sreports))(?![\w'-])"
)
CUE_WITHIN = 90  # characters between a name and the word that makes it a citation


def find_citations(
    folded: Folded,
    sentences: Sequence[Sentence],
    names: Names,
    said: Sequence[Said],
    *,
    outlet: str,
) -> tuple[Citation, ...]:
    """The outside sources that the article rests on, once in each sentence that cites them."""
    found: dict[tuple[str, Span], Citation] = {}
    own = canonical(outlet)
    speaking = {
        name.span: one.attribution.cue
        for one in said
        if one.attribution.source
        for name in names.within(one.attribution.source)
    }
    for sentence, name in _mentions(sentences, names):
        cue = speaking.get(name.span) or _nearest_cue(folded, sentence, name.span)
        if cue and name.kind != "party" and name.name != own:
            citation = Citation(name.name, name.kind, name.span, cue)
            found.setdefault((name.name, sentence.span), citation)
    for sentence in sentences:
        start, end = folded.position(sentence.span.start), folded.position(sentence.span.end)
        media = None if sentence.boilerplate else UNNAMED_MEDIA.search(folded.text, start, end)
        if media:
            span = folded.span(*media.span())
            citation = Citation("media reports", "media", span, span)
            found.setdefault(("media reports", sentence.span), citation)
    return tuple(sorted(found.values(), key=lambda citation: citation.span))


def _mentions(sentences: Sequence[Sentence], names: Names) -> Iterator[tuple[Sentence, Name]]:
    for sentence in sentences:
        if not sentence.boilerplate:
            for name in names.within(sentence.span):
                yield sentence, name


def _nearest_cue(folded: Folded, sentence: Sentence, name: Span) -> Span | None:
    start = max(folded.position(sentence.span.start), folded.position(name.start) - CUE_WITHIN)
    end = min(folded.position(sentence.span.end), folded.position(name.end) + CUE_WITHIN)
    cues = [folded.span(*cue.span()) for cue in RESTS_ON.finditer(folded.text, start, end)]
    middle = name.start
    return min(cues, key=lambda cue: abs(cue.start - middle), default=None)
