"""How much a statement deserves checking, and why."""

from __future__ import annotations

import re
from functools import cache

from claims.text.rules import rule_book

FIGURE = re.compile(r"\d|\b(?:half a|million|billion|thousand|hundred|dozen|percent|per cent)s?\b")
NAMED = re.compile(r"(?<=[a-z,] )[A-Z][\w'’-]+")
QUESTION = re.compile(r"\?[\"'”’]*\s*\Z")
BASE = 0.3
LEAST, MOST = 0.0, 1.0


@cache
def _signs(language: str) -> tuple[tuple[str, float, re.Pattern[str]], ...]:
    """Reason, weight and words of each sign in the rule file."""
    return tuple(
        (
            sign["reason"],
            sign["weight"],
            re.compile(
                r"(?<![\w'-])(?:"
                + "|".join(_word(word) for line in sign["words"] for word in line.split("|"))
                + r")(?![\w])"
            ),
        )
        for sign in rule_book(language).words["worthiness"]["signs"]
    )


def _word(word: str) -> str:
    pattern = re.escape(word.strip("*")).replace(r"\ ", r"\s+")
    return pattern + (r"\w*+" if word.endswith("*") else "")


def weigh(
    wording: str, *, language: str, claimant_kind: str, cautioned: bool
) -> tuple[float, tuple[str, ...]]:
    """Return check-worthiness, 0 to 1, and its reasons in plain words, the weightiest first.

    :param cautioned: whether the article itself says that this is not verified.
    """
    low = wording.lower()
    found: list[tuple[float, str]] = []
    if FIGURE.search(low):
        found.append((0.2, "states a figure or a date"))
    if NAMED.search(wording):
        found.append((0.1, "names who or where"))
    if cautioned:
        found.append((0.15, "the article says it is not verified"))
    if claimant_kind in {"person", "organisation"}:
        found.append((0.05, "somebody named stands by it"))
    if QUESTION.search(wording):
        found.append((-0.5, "a question"))
    for reason, weight, words in _signs(language):
        if words.search(low):
            found.append((weight, reason))
    if len(low.split()) < 6:
        found.append((-0.15, "says little"))
    score = min(MOST, max(LEAST, BASE + sum(weight for weight, _ in found)))
    found.sort(key=lambda one: -abs(one[0]))
    return round(score, 2), tuple(reason for _, reason in found)
