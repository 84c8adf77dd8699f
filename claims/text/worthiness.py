"""How much a statement deserves checking, and why."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import ahocorasick

from claims.text.folding import fold
from claims.text.rules import FOLDER, rule_book

DIGIT = re.compile(r"\d")
QUESTION = re.compile(r"\?[\"'”’»]*\s*\Z")
FEW_WORDS, MANY_WORDS = 9, 20
LEAST, MOST = 0.0, 1.0


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that makes a statement more or less worth checking, by its row in the table."""

    name: str
    weight: float
    reason: str


@dataclass(frozen=True, slots=True)
class Table:
    """The weights, from `worthiness.toml`: where a score starts, and its signs by name."""

    base: float
    signs: dict[str, Sign]


@dataclass(frozen=True, slots=True)
class _Word:
    """The sign that a listed word shows, and whether it may be a part of a longer word."""

    sign: str
    open_start: bool
    open_end: bool


@cache
def table() -> Table:
    """Read the table of weights."""
    content = tomllib.loads((FOLDER / "worthiness.toml").read_text("utf-8"))
    signs = [Sign(row["name"], row["weight"], row["reason"]) for row in content["sign"]]
    return Table(content["base"], {sign.name: sign for sign in signs})


def weigh(
    wording: str, *, language: str, by_name: bool = False, cautioned: bool = False
) -> tuple[float, tuple[str, ...]]:
    """Return check-worthiness, 0 to 1, and its reasons in plain words, the weightiest first.

    Takes any sentence, whether or not it is kept as a claim. Linear in its length.

    :param by_name: whether a named person or organisation states it.
    :param cautioned: whether the article itself says that this is not verified.
    """
    names = signs_of(wording, language)
    if by_name:
        names.add("speaker")
    if cautioned:
        names.add("caution")
    found = sorted(
        (sign for sign in table().signs.values() if sign.name in names),
        key=lambda sign: -abs(sign.weight),
    )
    score = table().base + sum(sign.weight for sign in found)
    return round(min(MOST, max(LEAST, score)), 2), tuple(sign.reason for sign in found)


def signs_of(wording: str, language: str) -> set[str]:
    """Names of the signs that the words themselves show."""
    found = set()
    if DIGIT.search(wording):
        found.add("figure")
    if _names_somebody(wording):
        found.add("name")
    if QUESTION.search(wording):
        found.add("question")
    count = len(wording.split())
    if count < FEW_WORDS:
        found.add("short")
    elif count >= MANY_WORDS:
        found.add("detail")
    low, words = fold(wording).text, _words(language)
    for last, (length, listed) in words.iter(low) if words else ():
        begins = not _is_letter(low, last - length)
        ends = not _is_letter(low, last + 1)
        found.update(
            word.sign for word in listed if (begins or word.open_start) and (ends or word.open_end)
        )
    return found


def _names_somebody(wording: str) -> bool:
    """Whether a word within the sentence has a capital: a name, in most languages."""
    words = wording.split()
    return any(
        len(word) > 1 and word[0].isupper() and not before.endswith((".", "!", "?", ":"))
        for before, word in pairwise(words)
    )


def _is_letter(text: str, position: int) -> bool:
    """Whether the word goes on at `position`, which may lie outside of `text`."""
    mark = text[position] if 0 <= position < len(text) else " "
    return mark.isalnum() or mark in "'-_"


@cache
def _words(language: str) -> ahocorasick.Automaton:
    """Every listed word, with its length and what it shows."""
    book = rule_book(language)
    listed: dict[str, set[_Word]] = {}
    for name in table().signs:
        for written in book.set_of("worthiness", name):
            word = _Word(name, written.startswith("*"), written.endswith("*"))
            listed.setdefault(fold(written.strip("*")).text, set()).add(word)
    automaton = ahocorasick.Automaton()
    for letters, words in listed.items():
        automaton.add_word(letters, (len(letters), frozenset(words)))
    automaton.make_automaton()
    return automaton
