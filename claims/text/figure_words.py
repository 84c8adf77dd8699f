"""The words that figures are written with, of each language, and the patterns made of them.

One rule file for each language, `rules/figures_xx.toml`; the head of the English explains them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from claims.text.rules import FOLDER

NOTHING = "(?!)"  # a pattern for what a language has no words for
BETWEEN_WORDS = re.compile(r"[\s-]+")
IN_DIGITS = frozenset({"day", "year", "decade"})  # what a date gives in digits
RULE_FILE = re.compile(r"figures_([a-z]{2})\.toml")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The rule file, with the patterns made of it."""

    words: Mapping[str, Mapping[str, Any]]
    quantity: re.Pattern[str]
    share: re.Pattern[str]
    dates: tuple[re.Pattern[str], ...]
    dates_in_words: tuple[re.Pattern[str], ...]
    preposition: re.Pattern[str]
    the_last: re.Pattern[str]
    rate: re.Pattern[str]
    age: re.Pattern[str]
    not_a_month: re.Pattern[str]
    piece: re.Pattern[str]
    numbers: Mapping[str, float]
    scales: Mapping[str, float]
    joiners: frozenset[str]
    thousands: str  # the mark between thousands, besides a space

    def days(self, word: str) -> float:
        """How many days a word for a length of time stands for."""
        listed = self.words["durations"]
        return float(listed.get(word) or listed[word.removesuffix("s")])


def plainly(words: str) -> str:
    """Words with one space between them."""
    return BETWEEN_WORDS.sub(" ", words).strip()


def _plural(words: Iterable[str]) -> str:
    """Return an alternation of `words` and their English plurals."""
    singular = list(words)
    return _any([*singular, *(f"{word}s" for word in singular if word.isascii())])


def _any(words: Iterable[str]) -> str:
    """A pattern for any of `words`, the longest first, whatever white space is between them."""
    ordered = sorted(words, key=len, reverse=True)
    return "|".join(re.escape(word).replace(r"\ ", r"[\s-]+") for word in ordered) or NOTHING


@cache
def figure_languages() -> tuple[str, ...]:
    """The languages that have a rule file for figures."""
    files = (RULE_FILE.fullmatch(file.name) for file in FOLDER.iterdir())
    return tuple(sorted(file[1] for file in files if file))


@cache
def lexicon_of(language: str) -> Lexicon:
    """Read a rule file, and what all languages share, and compile their words."""
    shared, words = (
        tomllib.loads((FOLDER / name).read_text("utf-8"))
        for name in ("figures.toml", f"figures_{language}.toml")
    )
    words = {name: {**shared.get(name, {}), **words.get(name, {})} for name in {**shared, **words}}
    some = words["words"]
    scales = {**words["scales"], **words["short_scales"]}
    if language == "en":
        scales |= {f"{scale}s": value for scale, value in words["scales"].items()}
    numbers = {**words["numbers"], **words["after_numbers"]}
    joiners = frozenset(words["joined"])
    dates = _date_patterns(words)
    return Lexicon(
        words=words,
        quantity=_quantity_pattern(words),
        share=re.compile(
            rf"(?<![\w-])(?:(?P<qualifier>{_any(_before(words))})\s+)?"
            rf"(?:(?:{_any(some['by'])})\s+)?(?P<share>{_any(words['shares'])})"
            rf"(?=\s+(?:{_any(some['of_a_whole'])})\b|\s*[.,;]|\Z)"
        ),
        dates=dates,
        dates_in_words=tuple(one for one in dates if IN_DIGITS.isdisjoint(one.groupindex)),
        preposition=re.compile(
            rf"\b(?:{_any(some['before_a_scope'])})\s+(?:(?:{_any(some['the'])})\s+)?\Z"
        ),
        the_last=re.compile(rf"\b(?:{_any(some['the_last'])})\s+\Z"),
        rate=re.compile(
            rf"\s+(?:[^\W\d_]+\s+)?(?:{_any(some['rates'])})\s+"
            rf"(?P<unit>{_any(words['durations'])})\b"
        ),
        age=re.compile(rf"\b(?:{_any(some['ages'])})\s+(?P<decade>[1-9]0s)\b"),
        not_a_month=re.compile(rf"\b(?:{_any(some['capital_months'])})\b"),
        piece=re.compile(_any({*numbers, *scales, *joiners})),
        numbers=numbers,
        scales=scales,
        joiners=joiners,
        thousands=some["thousands"],
    )


def _before(words: Mapping[str, Any]) -> list[str]:
    qualifiers = words["qualifiers"]
    return [word for name in ("over", "under", "about", "almost") for word in qualifiers[name]]


def _number_words(words: Mapping[str, Any], scales: str) -> str:
    """Words that make a number, apart or in one: "two hundred and five", "sechzigtausend"."""
    first = _any([*words["numbers"], *words["words"]["bare_scales"]])
    further = rf"(?:{_any([*words['numbers'], *words['after_numbers']])}|{scales})"
    joins = "|".join(
        rf"(?<={re.escape(before)})[\s-]?{re.escape(joiner)}[\s-]?(?={further})"
        for joiner, listed in words["joined"].items()
        for before in listed
    )
    return rf"(?:{first})(?:(?:{joins or NOTHING}|[\s-]?){further}){{0,9}}"


def _digits_of(thousands: str) -> str:
    """How a language writes numbers in digits; thousands may stand apart in any."""
    decimal = "[.]" if thousands == "," else "[.,]"
    mark = re.escape(thousands)
    return (
        rf"\d{{1,3}}(?:{mark}\d{{3}})+(?:{decimal}\d{{1,9}})?"
        rf"|\d{{1,3}}(?:[ '\u00a0\u2009\u202f]\d{{3}})+(?:{decimal}\d{{1,9}})?(?!\d|,\d)"
        rf"|\d{{1,15}}(?:{decimal}\d{{1,9}})?"
    )


def _quantity_pattern(words: Mapping[str, Any]) -> re.Pattern[str]:
    some = words["words"]
    after = [*words["qualifiers"]["after_over"], *words["qualifiers"]["after_about"]]
    digits = _digits_of(some["thousands"])
    scale = _any([*words["scales"], *(f"{scale}s" for scale in words["scales"])])
    scales = rf"(?:[\s-]?(?:{scale})){{1,2}}(?!\w)|\s?(?:{_any(words['short_scales'])})(?!\w)"
    symbols = _any(unit for unit in words["currencies"] if not unit[-1].isalpha())
    names = _any(unit for unit in words["currencies"] if unit[-1].isalpha())
    of = rf"(?:(?:{_any(some['of_a_unit'])})\s?)?"
    number = rf"(?:{digits}|(?:{_number_words(words, scale)})(?!\w))"
    return re.compile(
        rf"""(?<![\w.,/-])(?<!\w['])
        (?:(?P<qualifier>{_any(_before(words))})\s+(?:(?:{_any(some["the"])})\s)?)?
        (?:(?P<between>(?:{_any(some["between"])})\s+)|(?:{_any(some["from"])})\s+)?
        (?:(?P<symbol>{symbols})\s?)?
        (?:(?P<vague>{_any(words["vague"])})
          |(?P<low>{number})
           (?:(?P<low_scale>{scales})?\s?
             (?:-|–|—|{_any(some["to"])}|(?(between)(?:{_any(some["and"])})|-))\s?
             (?:{symbols})?(?P<high>{digits}))?
           (?P<scale>{scales})?
        )(?![\d]|[.,]\d)
        (?:\s?(?P<percent>{_any([*words["percent"]["points"], *words["percent"]["words"]])})(?!\w)
          |\s?(?P<currency>{symbols})
          |[\s-]{of}(?P<name>{names})(?!\w)
          |[\s-]{of}(?P<duration>{_plural(words["durations"])})(?!\w)(?:[\s-]olds?\b)?
          |[\s-]?{of}(?P<measure>{_plural(words["measures"])})(?!\w)
        )?
        (?:\s+(?P<after>{_any(after)})(?!\w))?
        (?!\w)""",
        re.VERBOSE,
    )


def _date_patterns(words: Mapping[str, Any]) -> tuple[re.Pattern[str], ...]:
    """Each names groups among date, day, month, part, year and decade; the surest first."""
    some = words["words"]
    month = rf"(?P<month>{_any([*words['months'], *words['short_months']])})(?:\.(?=,?\s?\d))?"
    year = r"(?P<year>(?:1[5-9]|20)\d\d)(?![,.]?\d|\w)"
    day = rf"(?P<day>\d{{1,2}})(?:{_any(some['day_ends'])})?"
    of = rf"(?:(?:{_any(some['of_a_date'])})\s)?"
    parts = _any([*words["parts"], *(part.removeprefix("the ") for part in words["parts"])])
    part = rf"(?P<part>(?:{parts})[\s-]){of}"
    before = _any(some["before_a_year"])
    numeric = rf"(?P<day>\d\d?)[.{some['date_marks']}](?P<month>\d\d?)[.{some['date_marks']}]{year}"
    forms = (
        r"(?P<year>(?:1[5-9]|20)\d\d)-(?P<month>\d\d)-(?P<day>\d\d)(?!\d)",
        numeric,
        *((rf"{month}\s{day}(?:,?\s{year})?(?![\w,.]?\d)",) if some["month_first"] else ()),
        rf"(?:(?:{_any(some['the'])})\s)?{day}\s{of}{month}(?:,?\s{of}{year})?(?!\w)",
        rf"(?:{part})?{month},?\s{of}{year}",
        rf"{part}{month}(?!\w)",
        rf"{part}(?:(?:{_any(some['the_year'])})\s)?{year}",
        rf"{year}(?=\s(?:{_any(some['after_a_year'])})(?!\w))",
        r"(?:the\s)?(?P<decade>(?:1[5-9]|20)\d0s)(?!\w)",
    )
    patterns = [re.compile(rf"(?<![\w.,$£€/-])(?P<date>{form})") for form in forms]
    counted = _any([*words["measures"], *some["counted"]])
    lone_month = rf"\b(?:{before})\s(?P<date>(?P<month>{_any(words['months'])}))(?!\w)"
    lone_year = rf"(?:\b(?:{before})\s|\()(?P<date>{year})(?![\s-]*(?:{counted}))"
    return (*patterns, re.compile(lone_month), re.compile(lone_year))
