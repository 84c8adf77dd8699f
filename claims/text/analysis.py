"""One text through the whole engine."""

from __future__ import annotations

from collections.abc import Sequence

from claims.text.attribution import Listener, attributions_of
from claims.text.citations import find_citations
from claims.text.coverage import cover
from claims.text.cues import lexicon
from claims.text.detection import Detector
from claims.text.disclaimers import find_marks
from claims.text.folding import fold
from claims.text.language import language_of
from claims.text.names import find_names
from claims.text.quotes import Quotes
from claims.text.rules import LANGUAGES, rule_book
from claims.text.sentences import split_sentences
from claims.text.values import Analysis, Sentence

# Raise it when code changes what is found; the rule files have versions of their own.
ENGINE_VERSION = "3"


def analyse(text: str, *, language: str | None = None, outlet: str = "") -> Analysis:
    """Find sentences, claims, flags, attributions and citations in `text`.

    :param language: ISO 639-1 code; None to detect it. "no" becomes "nb" or "nn". Without rules for
        it only sentences are found: nothing is guessed.
    :param outlet: name of the publisher, to tell its own cautions from those it relays.

    Takes any string. Linear in its length.
    """
    sentences = split_sentences(text)
    code = language_of(text, language)
    if code not in LANGUAGES:
        return Analysis(code, False, sentences)
    return _analyse(text, sentences, code, outlet)


def _analyse(text: str, sentences: Sequence[Sentence], language: str, outlet: str) -> Analysis:
    folded = fold(text)
    names, quotes = find_names(text, folded), Quotes(text, sentences, lexicon(language))
    listener = Listener(text, folded, names, quotes, rule_book(language), language)
    said = tuple(listener.listen(sentences))
    marks = find_marks(
        text, folded, sentences, names, quotes, said, language=language, outlet=outlet
    )
    claims = tuple(Detector(text, folded, said, marks, language).detect(sentences))
    return Analysis(
        language=language,
        supported=True,
        sentences=tuple(sentences),
        flags=cover(folded, sentences, marks, claims, language),
        attributions=attributions_of(said),
        claims=claims,
        citations=find_citations(folded, sentences, names, said, language=language, outlet=outlet),
    )
