"""Words as numbers: the keys by which the same claim and the same event are looked up."""

from __future__ import annotations

import zlib
from itertools import pairwise

from claims.text.wording import read

MOST_KEYS = 200  # of one wording
NAME_BEGINS = 5  # letters of a name: a country and its people share a key


def fingerprint(wording: str) -> tuple[int, ...]:
    """Return the keys of a wording: of its terms, its figures, and each two terms in a row.

    At most `MOST_KEYS` signed 32-bit integers, rising, the same in every process. Two wordings of
    one claim share some; which of them tell the most depends on how many other claims have them.
    """
    taken_apart = read(wording)
    terms = [term.key[:NAME_BEGINS] if term.name else term.key for term in taken_apart.terms]
    figures = [f"{figure.kind} {figure.low:g} {figure.high:g}" for figure in taken_apart.figures]
    pairs = [" & ".join(sorted(pair)) for pair in pairwise(terms)]
    features = dict.fromkeys([*terms, *figures, *pairs])
    return tuple(sorted({signed_hash(feature) for feature in list(features)[:MOST_KEYS]}))


def signed_hash(words: str) -> int:
    """Return 32 bits of `words` as PostgreSQL's `integer` holds them."""
    unsigned = zlib.crc32(words.encode("utf-8", "surrogatepass"))
    return unsigned - 2**32 if unsigned >= 2**31 else unsigned
