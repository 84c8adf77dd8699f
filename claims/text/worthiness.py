"""How much a statement deserves checking, and why."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache

import ahocorasick

from claims.text.folding import fold
from claims.text.rules import FOLDER, rule_book
from claims.text.speakers import CAPITAL

DIGIT = re.compile(r"\d")
NAME = re.compile(rf"[{CAPITAL}](?<=[^.!?:]\s.)\w")  # a capital within a sentence
WORD = re.compile(r"\w++(?:['-]\w++)*")
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
    """The weights: where a score starts, and the signs by name, the weightiest first.

    :ivar places: of each sign in that order.
    """

    base: float
    signs: dict[str, Sign]
    places: dict[str, int]


@cache
def table() -> Table:
    """Read the table of weights, `worthiness.toml`."""
    content = tomllib.loads((FOLDER / "worthiness.toml").read_text("utf-8"))
    signs = [Sign(row["name"], row["weight"], row["reason"]) for row in content["sign"]]
    signs.sort(key=lambda sign: -abs(sign.weight))
    places = {sign.name: place for place, sign in enumerate(signs)}
    return Table(content["base"], {sign.name: sign for sign in signs}, places)


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
    found = [table().signs[name] for name in sorted(names, key=table().places.__getitem__)]
    score = table().base + sum([sign.weight for sign in found])
    return round(min(MOST, max(LEAST, score)), 2), tuple([sign.reason for sign in found])


def signs_of(wording: str, language: str) -> set[str]:
    """Names of the signs that the words themselves show."""
    found = set()
    if DIGIT.search(wording):
        found.add("figure")
    if not _nouns_have_capitals(language) and NAME.search(wording):
        found.add("name")
    if "?" in wording and QUESTION.search(wording):
        found.add("question")
    count = len(wording.split())
    if count < FEW_WORDS:
        found.add("short")
    elif count >= MANY_WORDS:
        found.add("detail")
    words = _words(language)
    if words:
        for _, shown in words.iter(f" {' '.join(WORD.findall(fold(wording).text))} "):
            found.update(shown)
    return found


@cache
def _nouns_have_capitals(language: str) -> bool:
    return bool(rule_book(language).words.get("worthiness", {}).get("nouns_have_capitals"))


@cache
def _words(language: str) -> ahocorasick.Automaton:
    """Every listed word with the signs that it shows, a space where it must begin or end."""
    book = rule_book(language)
    listed: dict[str, set[str]] = {}
    for name in table().signs:
        for word in book.set_of("worthiness", name):
            letters = fold(f" {word} ".replace(" *", "").replace("* ", "")).text
            listed.setdefault(letters, set()).add(name)
    automaton = ahocorasick.Automaton()
    for letters, names in listed.items():
        automaton.add_word(letters, frozenset(names))
    automaton.make_automaton()
    return automaton
