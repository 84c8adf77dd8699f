"""A wording as comparable terms: stems, synonym groups, names, negation, figures.

Two spellings, forms or synonyms of one word become the same key, so that a paraphrase and a
translation back share their keys with the original.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple

import Stemmer

from claims.text.figures import find_figures
from claims.text.folding import fold
from claims.text.rules import FOLDER
from claims.text.values import Figure, Span

WORD = re.compile(r"[^\W_]+(?:[.'’&-][^\W_]+)*")
NEXT_WORD = re.compile(r"\s+(\w)")
PART = re.compile(r"[^-]+")
SPELLINGS = (
    (re.compile(r"(?<=\w{3})is(?=(?:e|ed|er|es|ing|ation|ations)\Z)"), "iz"),
    (re.compile(r"(?<=\w{3})our(?=(?:s|ed|ing|er|ers)?\Z)"), "or"),
)
TRANSLITERATIONS = (("ks", "x"), ("kh", "h"), ("ph", "f"), ("y", "i"), ("j", "i"), ("ii", "i"))
NEGATES = 2  # how many terms after "not" it negates
OPENING = " \t\"'“‘«([–—-"
GAP = 4  # how many words ".." may stand for
TITLE_CASE = 0.6  # share of capitals from which a line is a headline, where they say nothing

ORDINARY, WEAK, NAME = 1.0, 0.4, 1.6


class Term(NamedTuple):
    """One word or phrase that counts: its key, how much it weighs, and where it stands.

    :ivar name: whether it is surely a name; `capital`: whether it may be one.
    """

    key: str
    span: Span
    weight: float
    name: bool
    capital: bool
    negated: bool


@dataclass(frozen=True, slots=True)
class Wording:
    """A wording taken apart: its terms and figures in reading order.

    :ivar by_key: the last term of each key; `weight`: what these weigh.
    """

    terms: tuple[Term, ...]
    figures: tuple[Figure, ...]
    by_key: Mapping[str, Term]
    weight: float


class _Word(NamedTuple):
    """What is known of a folded word wherever it stands.

    :ivar token: what a phrase knows it by: "not" for all that negates, else the stem.
    """

    token: str
    key: str
    weight: float
    place: bool
    grouped: bool
    negates: bool
    counts: bool


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """The rule file, by stem; `phrases` by the stem of their first word, the longest first.

    `groups` has words as listed, too: a stem of words in different groups stands for none of them.
    """

    stopwords: frozenset[str]
    weak: frozenset[str]
    negators: frozenset[str]
    groups: Mapping[str, str]
    phrases: Mapping[str, Sequence[tuple[Sequence[str], str]]]
    places: Mapping[str, str]
    opposites: Mapping[str, str]
    distinct: frozenset[frozenset[str]]

    def group(self, word: str) -> str:
        """The synonym group of a folded word; "" if it has none."""
        return self.groups.get(word) or self.groups.get(_stem(word), "")


@lru_cache(maxsize=2048)
def read(wording: str, language: str = "en") -> Wording:
    """Take a wording apart and remember it. Cost: linear in its length."""
    return take_apart(wording, language)


def take_apart(text: str, language: str = "en") -> Wording:
    """Take one sentence or wording apart, its figures as `language` writes them. Linear."""
    figures = find_figures(text, language=language or "en")
    terms = tuple(_terms(text, figures))
    by_key = {term.key: term for term in terms}
    return Wording(terms, figures, by_key, sum(term.weight for term in by_key.values()))


def same_name(one: str, other: str) -> bool:
    """Whether two keys of names mean one: alike, one the other's stem, or spelt otherwise.

    "Tajik" and "Tajikistan", "Ukraine" and "Ukrainian"; not "Iran" and "Iraq".
    """
    if one == other:
        return True
    shorter, longer = (one, other) if len(one) <= len(other) else (other, one)
    begins = len(shorter) - 1 if len(shorter) > 4 else len(shorter)
    if begins < 4 or not longer.startswith(shorter[:begins]):
        return False
    return frozenset((one, other)) not in _vocabulary().distinct


def key_of(word: str) -> str:
    """The key of one folded word: its place, its synonym group or its stem; "" if it counts not."""
    known = _known(word.removesuffix("'s"))
    return known.key if known.counts else ""


def opposite(key: str) -> str:
    """The key that states the contrary; "" if none does."""
    return _vocabulary().opposites.get(key, "")


def _terms(text: str, figures: Sequence[Figure]) -> Iterator[Term]:
    """The words that count, phrases first; what is part of a figure is left out."""
    phrases = _vocabulary().phrases
    words = list(_words(text, figures))
    headline = _is_headline(text, words)
    negated, number = 0, 0
    while number < len(words):
        word, span = words[number]
        if word.token in phrases and (phrase := _phrase(words, number, phrases[word.token])):
            length, key = phrase
            last = words[number + length - 1][1]
            yield Term(key, Span(span.start, last.end), ORDINARY, False, False, negated > 0)
            number, negated = number + length, max(0, negated - 1)
            continue
        number += 1
        if word.negates:
            negated = NEGATES
        elif word.counts:
            yield _term(text, word, span, headline, negated > 0)
            negated = max(0, negated - 1)


def _words(text: str, figures: Sequence[Figure]) -> Iterator[tuple[_Word, Span]]:
    """The words outside figures; a compound that no group lists is taken apart."""
    folded = fold(text)
    taken = list(reversed(figures))
    for found in WORD.finditer(folded.text):
        start, end = found.span()
        span = folded.span(start, end)
        while taken and taken[-1].span.end <= span.start:
            taken.pop()
        if taken and taken[-1].span.overlaps(span):
            continue
        word = found.group().removesuffix("'s")
        if "-" not in word or _known(word).grouped:
            yield _known(word), span
            continue
        for part in PART.finditer(word):
            yield _known(part.group()), folded.span(start + part.start(), start + part.end())


@lru_cache(maxsize=65_536)
def _known(word: str) -> _Word:
    vocabulary, stem = _vocabulary(), _stem(word)
    negates = word in vocabulary.negators or word.endswith("n't")
    group, place = vocabulary.group(word), vocabulary.places.get(word)
    return _Word(
        token="not" if negates else stem,
        key=place or group or _plain(stem),
        weight=WEAK if stem in vocabulary.weak else ORDINARY,
        place=place is not None,
        grouped=bool(group),
        negates=negates,
        counts=word not in vocabulary.stopwords and (len(word) > 1 or not word.isascii()),
    )


def _is_headline(text: str, words: Sequence[tuple[_Word, Span]]) -> bool:
    counted = [span for word, span in words if word.counts]
    capitals = sum(text[span.start].isupper() for span in counted)
    return len(counted) > 3 and capitals >= TITLE_CASE * len(counted)


def _phrase(
    words: Sequence[tuple[_Word, Span]], number: int, phrases: Sequence[tuple[Sequence[str], str]]
) -> tuple[int, str] | None:
    """How many words a phrase that begins here takes, and its group."""
    for pattern, key in phrases:
        if length := _fits(words, number, pattern):
            return length, key
    return None


def _fits(words: Sequence[tuple[_Word, Span]], number: int, pattern: Sequence[str]) -> int:
    """How many words `pattern` takes from here; 0 if it does not fit.

    What stands in a gap counts by itself, so that a phrase with a gap takes its first word only.
    """
    if ".." in pattern:
        following = words[number + 1 : number + GAP + 2]
        return int(pattern[-1] in {word.token for word, _ in following})
    here = [word.token for word, _ in words[number : number + len(pattern)]]
    return len(pattern) if here == list(pattern) else 0


def _term(text: str, word: _Word, span: Span, headline: bool, negated: bool) -> Term:
    capital = text[span.start].isupper() and not word.grouped
    if word.place or (capital and not headline and not _begins(text, span)):
        return Term(word.key, span, NAME, True, True, negated)
    return Term(word.key, span, word.weight, False, capital, negated)


def _begins(text: str, span: Span) -> bool:
    """Whether a word has its capital only because it comes first: none follows at once."""
    following = NEXT_WORD.match(text, span.end)
    first = not text[: span.start].strip(OPENING)
    return first and not (following and following[1].isupper())


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    """The stem of a folded word, its spelling and irregular forms made one."""
    word = _irregular().get(word, word)
    for pattern, spelling in SPELLINGS:
        word = pattern.sub(spelling, word)
    return str(Stemmer.Stemmer("english", 0).stemWord(word))  # one for each word: keeps state


@lru_cache(maxsize=65_536)
def _plain(name: str) -> str:
    """A word without accents and in one transliteration."""
    decomposed = unicodedata.normalize("NFKD", name)
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    for spelling, one in TRANSLITERATIONS:
        plain = plain.replace(spelling, one)
    return plain


# The rule file


@cache
def _rules() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "synonyms.toml").read_text("utf-8"))


@cache
def _irregular() -> Mapping[str, str]:
    return {form: word for word, forms in _rules()["irregular"].items() for form in forms}


@cache
def _vocabulary() -> _Vocabulary:
    rules = _rules()
    listed = [(key, words) for key, row in rules["groups"].items() for words in row]
    phrases: dict[str, list[tuple[Sequence[str], str]]] = {}
    for key, words in sorted(listed, key=lambda item: -len(item[1].split())):
        tokens = [word if word in {"..", "not"} else _stem(word) for word in words.split()]
        if len(tokens) > 1:
            phrases.setdefault(tokens[0], []).append((tokens, key))
    return _Vocabulary(
        stopwords=frozenset(rules["stopwords"].split()),
        weak=frozenset(_stem(word) for word in rules["weak"].split()),
        negators=frozenset(rules["negators"]),
        groups=_groups(listed),
        phrases=phrases,
        places={name: row[0] for row in rules["places"]["pairs"] for name in row},
        opposites={
            one: other for pair in rules["opposites"]["pairs"] for one, other in (pair, pair[::-1])
        },
        distinct=frozenset(frozenset(pair) for pair in rules["places"]["distinct"]),
    )


def _groups(listed: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """The group of each single word as listed, and of each stem that only one group has."""
    words = {word: key for key, word in listed if " " not in word}
    by_stem = defaultdict[str, set[str]](set)
    for word, key in words.items():
        by_stem[_stem(word)].add(key)
    return {stem: min(keys) for stem, keys in by_stem.items() if len(keys) == 1} | words
