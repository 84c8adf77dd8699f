"""Which of many wordings a query repeats, when the query is longer, looser, or a post.

What they share counts by how rare it is (BM25, Robertson and Zaragoza 2009): words, with synonyms
and initials as one, and letters in fours, which see through endings, compounds and typing errors.
Who wrote a post, when, and whether a picture hangs on it speak for claims about those, too.

The weights were fitted on the training posts of CheckThat! 2020 and rounded: MAP@5 is 0.85 there by
cross-validation.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from math import log

from claims.text.folding import fold
from claims.text.posts import Post, read_post
from claims.text.wording import key_of

SATURATION, LENGTH = 1.2, 0.5  # of BM25: how soon repeating a word says no more; long wordings
LETTERS = 4  # in a row
MOST_WORDS = 2000  # of one text
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
RUN_OF_NAMES = re.compile(
    r"\b(?!(?:The|An?)\b)[A-Z]\w*(?:(?:-|\s+(?:of\s+)?(?:the\s+)?)[A-Z]\w*){1,5}"
)
PICTURED = frozenset({"photograph", "video", "screenshot", "meme"})  # keys
POSTED = frozenset({"tweet", "twitter"})

AUTHOR = 0.7  # what a word of a post's author counts, beside one of its text
# What each shared thing counts, beside the candidate that has most of it.
WORDS, IN_FOURS = 0.5, 0.42
MONTH, YEAR, PICTURE, POSTING = 0.15, 0.08, 0.07, 0.06
MEANING = 2.5


@dataclass(frozen=True, slots=True)
class Frequencies:
    """In how many of `total` wordings each word and each four letters stand, and mean lengths."""

    total: int
    words: Mapping[str, int]
    fours: Mapping[str, int]
    mean_words: float
    mean_fours: float


@dataclass(frozen=True, slots=True)
class _Features:
    """How often a wording has each key of a word, and each four letters."""

    words: Mapping[str, int]
    fours: Mapping[str, int]


def count_frequencies(wordings: Iterable[str]) -> Frequencies:
    """Learn from `wordings`, or a fair sample of them, how rare each word is.

    Linear, about 60 µs a wording. Some thousands are enough: what they do not have is rare.
    """
    words, fours = Counter[str](), Counter[str]()
    total = lengths = letters = 0
    for wording in wordings:
        features = _features(wording)
        words.update(features.words.keys())
        fours.update(features.fours.keys())
        total += 1
        lengths += sum(features.words.values())
        letters += sum(features.fours.values())
    number = max(total, 1)
    return Frequencies(total, words, fours, lengths / number, letters / number)


def rank(
    query: str,
    wordings: Sequence[str],
    frequencies: Frequencies,
    meant: Sequence[float] = (),
) -> tuple[float, ...]:
    """Score each of `wordings`, the candidates, by how likely `query` repeats it, 0 to 1.

    The best one's score is the share of the weight of the query's words that it has; the others
    are measured against it. Scores of two queries are not comparable beyond that. The query may be
    a post with handles, tags, links and a signature. `meant` may say how alike each is in meaning,
    −1 to 1. About 20 µs a candidate, 80 µs when it is new.
    """
    post = read_post(query)
    body, author = _features(post.body), _features(post.author)
    total = frequencies.total
    words = _weighed(body.words, author.words, frequencies.words, total)
    fours = _weighed(body.fours, author.fours, frequencies.fours, total)
    found = [_features(wording) for wording in wordings]
    columns = (
        (WORDS, [_bm25(words, one.words, frequencies.mean_words) for one in found]),
        (IN_FOURS, [_bm25(fours, one.fours, frequencies.mean_fours) for one in found]),
    )
    totals = [_about_the_post(post, body, one) for one in found]
    for number, value in enumerate(meant):
        totals[number] += MEANING * max(value, 0.0)
    for weight, column in columns:
        most = max(column, default=0.0)
        for number, value in enumerate(column if most else ()):
            totals[number] += weight * value / most
    strength = [_shared(words, one.words) / (sum(words.values()) or 1.0) for one in found]
    return _scaled(totals, [max(pair) for pair in zip(strength, meant or strength, strict=True)])


def _scaled(totals: Sequence[float], strength: Sequence[float]) -> tuple[float, ...]:
    most = max(totals, default=0.0)
    if not most:
        return (0.0,) * len(totals)
    best = min(strength[totals.index(most)], 1.0)
    return tuple(round(best * total / most, 6) for total in totals)


def _about_the_post(post: Post, asked: _Features, found: _Features) -> float:
    """What speaks for a claim about the post itself: made that month, about its picture, or it."""
    when = [key_of(word) for word in WORD.findall(fold(post.date).text)]
    bonus = MONTH * any(key in found.words for key in when if key.isalpha())
    bonus += YEAR * any(key in found.words for key in when if len(key) == 4 and key.isdigit())
    bonus += POSTING * (bool(post.author) and not POSTED.isdisjoint(found.words))
    pictured = post.picture or not PICTURED.isdisjoint(asked.words)
    return bonus + PICTURE * (pictured and not PICTURED.isdisjoint(found.words))


def _weighed(
    body: Mapping[str, int], author: Mapping[str, int], having: Mapping[str, int], total: int
) -> dict[str, float]:
    """The weight of each key of a query: its rarity, and a little more when it is repeated."""
    weights = {}
    for key in {**body, **author}:
        rest = having.get(key, 0) + 0.5
        factor = 1 + log(body[key]) if key in body else AUTHOR
        weights[key] = factor * log(1 + (total + 1 - rest) / rest)
    return weights


def _bm25(weights: Mapping[str, float], found: Mapping[str, int], mean: float) -> float:
    if not mean:
        return 0.0
    length = SATURATION * (1 - LENGTH + LENGTH * sum(found.values()) / mean)
    shared = [(weight, found[key]) for key, weight in weights.items() if key in found]
    return sum(weight * count * (SATURATION + 1) / (count + length) for weight, count in shared)


def _shared(weights: Mapping[str, float], found: Mapping[str, int]) -> float:
    return sum(weight for key, weight in weights.items() if key in found)


# Features


@lru_cache(maxsize=2048)
def _features(text: str) -> _Features:
    found = WORD.findall(fold(text).text)[:MOST_WORDS]
    words = [key for key in map(key_of, found) if key]
    fours = chain.from_iterable(_fours(word) for word in found if key_of(word))
    return _Features(Counter([*words, *_initials(text)]), Counter(fours))


def _initials(text: str) -> Iterator[str]:
    """The initials of names of several words: "nra" of "National Rifle Association"."""
    for run in RUN_OF_NAMES.finditer(text):
        yield "".join(word[0] for word in WORD.findall(run.group()) if word[0].isupper()).lower()


@lru_cache(maxsize=16_384)
def _fours(word: str) -> tuple[str, ...]:
    """Each four letters in a row, the word's ends marked; a short word whole."""
    marked = "_" + word.removesuffix("'s") + "_"
    return tuple(marked[at : at + LETTERS] for at in range(max(1, len(marked) - LETTERS + 1)))
