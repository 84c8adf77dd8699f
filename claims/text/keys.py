"""Words as numbers: the keys by which the same claim and the same event are looked up."""

from __future__ import annotations

import zlib
from itertools import pairwise

from claims.text.wording import read

MOST_KEYS = 200  # of one wording
WORD = 1.0  # what a term or a figure counts
PAIR = 0.2  # what two terms in a row count
LETTERS = 6  # of each term: a country and its people share a key, and so do any cases of a word


def fingerprint(wording: str) -> dict[int, float]:
    """Return the keys of a wording and what each counts: its terms, its figures, and each pair.

    At most `MOST_KEYS` signed 32-bit integers, rising, the same in every process. Two wordings of
    one claim share some; which of them tell the most depends on how many other claims have them.
    A pair, two terms in a row, is rare and so finds a claim; for saying the same it counts little.
    """
    taken_apart = read(wording)
    terms = [term.key[:LETTERS] for term in taken_apart.terms]
    figures = [f"{figure.kind} {figure.low:g} {figure.high:g}" for figure in taken_apart.figures]
    pairs = [" & ".join(sorted(pair)) for pair in pairwise(terms)]
    counts = dict.fromkeys(pairs, PAIR) | dict.fromkeys([*terms, *figures], WORD)
    features = list(dict.fromkeys([*terms, *figures, *pairs]))[:MOST_KEYS]
    hashed: dict[int, float] = {}
    for feature in features:
        hashed.setdefault(signed_hash(feature), counts[feature])
    return dict(sorted(hashed.items()))


def signed_hash(words: str) -> int:
    """Return 32 bits of `words` as PostgreSQL's `integer` holds them."""
    unsigned = zlib.crc32(words.encode("utf-8", "surrogatepass"))
    return unsigned - 2**32 if unsigned >= 2**31 else unsigned
