"""What a text is about: which words it uses how often, and how alike two texts are in that.

Cosine of logarithmic counts, rare words weighing more (Salton and Buckley 1988, "ltc"): plain,
hard to beat for telling whether two articles report the same event, and easy to explain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from math import log, sqrt

from claims.text.keys import signed_hash
from claims.text.sentences import split_sentences
from claims.text.wording import take_apart

MOST_KEYS = 1000  # of one text: the most frequent ones, so that a long text costs no more
MOST_TEXT = 100_000  # characters read of one text
TITLE_COUNTS = 2  # times a word of the title counts

Rarity = Callable[[int], float]  # weight of a key: large when few texts have it


@dataclass(frozen=True, slots=True)
class Topic:
    """Keys (signed 32-bit hashes of stems, names and synonym groups) and how often each stands."""

    counts: dict[int, int]

    def weights(self, rarity: Rarity) -> dict[int, float]:
        """Return the weight of each key; their squares sum to one."""
        raw = {key: (1 + log(count)) * rarity(key) for key, count in self.counts.items()}
        length = sqrt(sum(weight * weight for weight in raw.values()))
        return {key: weight / length for key, weight in raw.items()} if length else {}


def read_topic(title: str, text: str) -> Topic:
    """Return what an article is about; page furniture does not count. Linear in its length."""
    counts: Counter[str] = Counter()
    for _ in range(TITLE_COUNTS):
        counts.update(term.key for term in take_apart(title).terms)
    read = text[:MOST_TEXT]
    for sentence in split_sentences(read):
        if not sentence.boilerplate:
            counts.update(term.key for term in take_apart(sentence.span.of(read)).terms)
    kept = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_KEYS]
    hashed: Counter[int] = Counter()
    for key, count in kept:
        hashed[signed_hash(key)] += count
    return Topic(dict(sorted(hashed.items())))


def likeness(one: dict[int, float], other: dict[int, float]) -> float:
    """Return how much two texts are about the same, 0 to 1, from `Topic.weights` of both."""
    shorter, longer = sorted((one, other), key=len)
    return sum(weight * longer[key] for key, weight in shorter.items() if key in longer)
