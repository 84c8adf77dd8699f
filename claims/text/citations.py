"""Which outside sources an article rests on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from claims.text.attribution import Said
from claims.text.folding import Folded
from claims.text.names import Name, Names, canonical
from claims.text.patterns import Sieve
from claims.text.rules import rule_book
from claims.text.values import Citation, Sentence, Span

CUE_WITHIN = 90  # characters between a name and the word that makes it a citation


def find_citations(
    folded: Folded,
    sentences: Sequence[Sentence],
    names: Names,
    said: Sequence[Said],
    *,
    language: str,
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
    cues = _rests_on(language)
    for sentence, name in _mentions(sentences, names):
        cue = speaking.get(name.span) or _nearest_cue(folded, sentence, name.span, cues)
        if cue and name.kind != "party" and name.name != own:
            citation = Citation(name.name, name.kind, name.span, cue)
            found.setdefault((name.name, sentence.span), citation)
    for sentence, span in _unnamed_media(folded, sentences, language):
        citation = Citation("media reports", "media", span, span)
        found.setdefault(("media reports", sentence.span), citation)
    return tuple(sorted(found.values(), key=lambda citation: citation.span))


def _mentions(sentences: Sequence[Sentence], names: Names) -> Iterator[tuple[Sentence, Name]]:
    for sentence in sentences:
        if not sentence.boilerplate:
            for name in names.within(sentence.span):
                yield sentence, name


def _unnamed_media(
    folded: Folded, sentences: Sequence[Sentence], language: str
) -> Iterator[tuple[Sentence, Span]]:
    """Sentences that rest on media without naming any, with the words that say so."""
    analysed = [sentence for sentence in sentences if not sentence.boilerplate]
    parts = [folded.place(sentence.span) for sentence in analysed]
    sieve = _unnamed(language)
    for index, numbers in sieve.sift(folded.text, parts):
        regexes = (sieve.patterns[number].regex for number in numbers)
        found = [match for regex in regexes if (match := regex.search(folded.text, *parts[index]))]
        if found:
            yield analysed[index], folded.span(*min(match.span() for match in found))


def _nearest_cue(
    folded: Folded, sentence: Sentence, name: Span, cues: re.Pattern[str]
) -> Span | None:
    start = max(folded.position(sentence.span.start), folded.position(name.start) - CUE_WITHIN)
    end = min(folded.position(sentence.span.end), folded.position(name.end) + CUE_WITHIN)
    found = [folded.span(*cue.span()) for cue in cues.finditer(folded.text, start, end)]
    return min(found, key=lambda cue: abs(cue.start - name.start), default=None)


@cache
def _rests_on(language: str) -> re.Pattern[str]:
    words = sorted(rule_book(language).set_of("attribution", "rests_on"), key=len, reverse=True)
    return re.compile(rf"(?<![\w'-])(?:{'|'.join(map(re.escape, words)) or '(?!)'})(?![\w'-])")


@cache
def _unnamed(language: str) -> Sieve:
    book = rule_book(language)
    listed = book.words.get("attribution", {}).get("unnamed_media", ())
    return Sieve([book.reader.pattern(source) for source in listed])
