"""Figures in a text as ranges with unit, qualifier and scope; and whether two figures agree.

Dates are numbered in days (1 is 1 January of year 1); one without a year is numbered within a leap
year, in the unit "day of the year". Lengths of time are in days, shares in "%".
"""

from __future__ import annotations

import calendar
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any, Literal

from claims.text.folding import Folded, fold
from claims.text.rules import FOLDER
from claims.text.values import Figure

Outcome = Literal["equal", "rounded", "changed", "qualifier_lost", "none"]
Kind = Literal["number", "money", "percent", "date", "duration"]
Range = tuple[float, float]
Found = tuple[int, int, Figure]  # where in the folded text

LEAP_YEAR = 2000
A_YEAR = 364  # days after its first
YEARLESS = "day of the year"
ROUNDING = 0.1  # the most that rounding may move a figure, as a share of it
TAKEN = "\0"  # stands in for what is part of a figure already
BOUND = 1.25  # "more than 500,000" is fair for at most 625,000
AGE = re.compile(r"\bin (?:his|her|their|its|the) (?:early |mid-?\s?|late )?(?P<decade>[1-9]0s)\b")
NOT_A_MONTH = re.compile(r"\b(?:may|march)\b")  # "they may 5 times": months have a capital
CLAUSE_END = re.compile(r"[;\n]|[.!?](?=[\"'”’)]*\s)")


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """The rule file, with the patterns made of it."""

    words: Mapping[str, Mapping[str, Any]]
    quantity: re.Pattern[str]
    share: re.Pattern[str]
    dates: tuple[re.Pattern[str], ...]
    preposition: re.Pattern[str]
    the_last: re.Pattern[str]
    rate: re.Pattern[str]

    def qualifier_class(self, qualifier: str) -> str:
        """What `qualifier` does to its figure: "over", "under", "about", "almost", or ""."""
        for name, listed in self.words["qualifiers"].items():
            if qualifier in listed:
                return str(name).removeprefix("after_")
        return ""


def find_figures(text: str, *, language: str = "en") -> tuple[Figure, ...]:
    """Find the figures in `text` in reading order. Linear. Languages without rules give none."""
    if language != "en":
        return ()
    folded, lexicon = fold(text), _lexicon()
    letters, found = list(folded.text), list[Found]()
    for finder in (_dates, _ages, _shares, _quantities):
        for start, end, figure in finder(replace(folded, text="".join(letters)), lexicon):
            is_month = figure.kind != "date" or not NOT_A_MONTH.search(figure.span.of(text))
            if is_month and TAKEN not in letters[start:end]:
                letters[start:end] = TAKEN * (end - start)
                found.append((start, end, figure))
    found.sort(key=lambda item: item[:2])
    return tuple(_with_scopes(text, folded.text, found, lexicon))


def relate(figure: Figure, origin: Figure) -> Outcome:
    """Say what `figure` does to `origin`; "none" if the two do not measure the same thing."""
    if figure.kind != origin.kind or not _comparable(figure, origin):
        return "none"
    figure, origin = _in_one_calendar(figure, origin)
    ours, theirs = (_lexicon().qualifier_class(one.qualifier) for one in (figure, origin))
    same = (figure.low, figure.high) == (origin.low, origin.high)
    if not same and not _is_rounded(figure, origin, ours, theirs):
        return "changed"
    if not _same_scope(figure.scope, origin.scope):
        return "changed"
    if same and theirs and not ours:
        return "qualifier_lost"
    return "equal" if same and ours == theirs else "rounded"


def period_within(scope: str, origin: str) -> bool:
    """Whether two scopes are different periods of which one lies within the other."""
    found = [find_figures(f"in {one}") if one else () for one in (scope, origin)]
    if not all(found) or any(figures[0].kind != "date" for figures in found):
        return False
    one, other = (figures[0] for figures in found)
    if one.unit != other.unit or _same_range(one, other):
        return False
    return (one.low >= other.low and one.high <= other.high) or (
        other.low >= one.low and other.high <= one.high
    )


def pair_figures(
    figures: Iterable[Figure], origins: Iterable[Figure]
) -> list[tuple[Figure, Figure, Outcome]]:
    """Pair each figure with the one of `origins` that it agrees with best; the rest stay alone."""
    ranks: dict[Outcome, int] = {"equal": 0, "rounded": 1, "qualifier_lost": 2, "changed": 3}
    ours, theirs = list(figures), list(origins)
    candidates = sorted(
        (
            (ranks[outcome], abs(figure.low - origin.low), number, other, outcome)
            for number, figure in enumerate(ours)
            for other, origin in enumerate(theirs)
            if (outcome := relate(figure, origin)) != "none"
        ),
        key=lambda row: row[:4],
    )
    pairs: list[tuple[Figure, Figure, Outcome]] = []
    used, met = set(), set()
    for _, _, number, other, outcome in candidates:
        if number not in used and other not in met:
            pairs.append((ours[number], theirs[other], outcome))
            used.add(number)
            met.add(other)
    return pairs


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome that tells most against a copy; "none" of no outcomes."""
    order: tuple[Outcome, ...] = ("none", "equal", "rounded", "qualifier_lost", "changed")
    return max(outcomes, key=order.index, default="none")


# Agreement


def _comparable(figure: Figure, origin: Figure) -> bool:
    if figure.kind == "date" and figure.unit != origin.unit:  # "in June" tells nothing of "in 1996"
        return all(one.unit == YEARLESS or one.high - one.low < A_YEAR for one in (figure, origin))
    return figure.unit == origin.unit


def _in_one_calendar(figure: Figure, origin: Figure) -> tuple[Figure, Figure]:
    """Drop the year of a date whose counterpart has none."""
    if figure.kind != "date" or figure.unit == origin.unit:
        return figure, origin
    return _without_year(figure), _without_year(origin)


def _without_year(figure: Figure) -> Figure:
    if figure.unit == YEARLESS:
        return figure
    first, last = date.fromordinal(int(figure.low)), date.fromordinal(int(figure.high))
    if first.year != last.year:
        return replace(figure, low=1, high=366, unit=YEARLESS)
    return replace(
        figure,
        low=_day(0, first.month, first.day),
        high=_day(0, last.month, last.day),
        unit=YEARLESS,
    )


def _is_rounded(figure: Figure, origin: Figure, ours: str, theirs: str) -> bool:
    """Whether the two may state one value: each is in the range that the other allows."""
    if figure.kind == "date":
        return figure.low <= origin.high and origin.low <= figure.high
    low, high = _allowed(figure, ours)
    other_low, other_high = _allowed(origin, theirs)
    if ours or theirs or figure.low != figure.high or origin.low != origin.high:
        return low <= other_high and other_low <= high
    return _is_round_of(figure.low, origin.low) or _is_round_of(origin.low, figure.low)


def _allowed(figure: Figure, qualifier: str) -> Range:
    low, high = figure.low, figure.high
    match qualifier:
        case "over":
            return low, high * BOUND
        case "under" | "almost":
            return low / BOUND, high
        case "about":
            return low * (1 - ROUNDING), high * (1 + ROUNDING)
    return low, high


def _is_round_of(round_value: float, value: float) -> bool:
    """Whether `round_value` is `value` given with fewer digits."""
    if not value or abs(round_value - value) > ROUNDING * abs(value):
        return False
    digits = _digits(round_value)
    return digits < _digits(value) and abs(round_value - value) <= _step(round_value, digits) / 2


def _digits(value: float) -> int:
    """How many digits a value shows before its closing zeros."""
    return len(f"{value:.10g}".replace(".", "").lstrip("0").rstrip("0")) or 1


def _step(value: float, digits: int) -> float:
    """The smallest difference that so many digits can show at that size."""
    return float(10 ** (len(str(int(abs(value)))) - digits))


def _same_scope(scope: str, origin: str) -> bool:
    """Whether two scopes cover the same; what is left out, or cannot be compared, is not held
    against a copy.
    """
    if not scope or not origin or scope == origin:
        return True
    ours, theirs = (find_figures(f"in {one}") for one in (scope, origin))
    if not ours or not theirs:
        return False
    if ours[0].kind == "date" == theirs[0].kind:
        return _same_range(*_in_one_calendar(ours[0], theirs[0]))
    return relate(replace(ours[0], scope=""), replace(theirs[0], scope="")) != "changed"


def _same_range(figure: Figure, origin: Figure) -> bool:
    return abs(figure.low - origin.low) <= 1 and abs(figure.high - origin.high) <= 1


# Finding


def _quantities(folded: Folded, lexicon: _Lexicon) -> Iterator[Found]:
    for found in lexicon.quantity.finditer(folded.text):
        kind, unit, factor = _unit_of(found, lexicon)
        values = _values(found, lexicon)
        if values is None or _is_article(found, kind, unit):
            continue
        low, high = (round(value * factor, 6) for value in values)
        qualifier = found["qualifier"] or found["after"] or ""
        span = folded.span(found.start(), found.end())
        yield found.start(), found.end(), Figure(span, kind, low, high, unit, qualifier, "")


def _is_article(found: re.Match[str], kind: Kind, unit: str) -> bool:
    """Whether "a", "one" or "half" counts nothing: "a day", "one man", "half-light"."""
    if found["scale"] or found["low"] is None:
        return False
    if found["low"] in {"a", "an"}:
        return True
    return kind == "number" and not unit and found["low"].split()[0] in {"one", "a", "half"}


def _values(found: re.Match[str], lexicon: _Lexicon) -> Range | None:
    """What a quantity states, from and to; None where the digits are part of something else."""
    if found["vague"]:
        low, high = lexicon.words["vague"][" ".join(found["vague"].split())]
        return float(low), float(high)
    is_money = bool(found["symbol"] or found["currency"])
    if found["scale"] == "m" and not is_money:
        return None
    scale = _scale(found["scale"], lexicon)
    low_scale = _scale(found["low_scale"], lexicon) if found["low_scale"] else scale
    low = _number(found["low"], lexicon) * low_scale
    high = _number(found["high"], lexicon) * scale if found["high"] else low
    return (low, high) if low <= high else None


def _scale(words: str | None, lexicon: _Lexicon) -> float:
    scale = 1.0
    scales = {**lexicon.words["scales"], **lexicon.words["short_scales"]}
    for word in (words or "").replace("-", " ").split():
        scale *= scales.get(word) or scales[word.removesuffix("s")]
    return scale


def _number(words: str, lexicon: _Lexicon) -> float:
    """The value of digits ("550,000") or of words ("two and a half", "twenty-one", "half a")."""
    if words[0].isdigit():
        return float(re.sub("[, ]", "", words))
    if words in {"a", "an"}:
        return 1.0
    if "half" in words.split()[:2]:
        return 0.5
    whole = words.removesuffix(" and a half")
    value = sum(lexicon.words["numbers"][word] for word in whole.replace("-", " ").split())
    return float(value) if whole == words else value + 0.5


def _unit_of(found: re.Match[str], lexicon: _Lexicon) -> tuple[Kind, str, float]:
    """Kind, unit, and the factor to that unit."""
    words = lexicon.words
    if currency := found["symbol"] or found["currency"]:
        return "money", str(words["currencies"][currency]), 1.0
    if found["percent"]:
        return "percent", "%" if found["percent"] in words["percent"]["words"] else "points", 1.0
    if duration := found["duration"]:
        days = words["durations"]
        return "duration", "day", float(days.get(duration) or days[duration.removesuffix("s")])
    if measure := found["measure"]:
        measures = words["measures"]
        unit, factor = measures.get(measure) or measures[measure.removesuffix("s")]
        return "number", str(unit), float(factor)
    return "number", "", 1.0


def _shares(folded: Folded, lexicon: _Lexicon) -> Iterator[Found]:
    """Shares in words: "two thirds of", "by half"."""
    for found in lexicon.share.finditer(folded.text):
        start = found.start("qualifier") if found["qualifier"] else found.start("share")
        end = found.end("share")
        value = float(lexicon.words["shares"][found["share"].replace("-", " ")])
        figure = Figure(
            folded.span(start, end), "percent", value, value, "%", found["qualifier"] or "", ""
        )
        yield start, end, figure


def _ages(folded: Folded, lexicon: _Lexicon) -> Iterator[Found]:
    """Ages such as "in his 50s", which is 50 to 59 years."""
    year = float(lexicon.words["durations"]["year"])
    for found in AGE.finditer(folded.text):
        start, end = found.span("decade")
        low = float(found["decade"].removesuffix("s"))
        span = folded.span(start, end)
        yield start, end, Figure(span, "duration", low * year, (low + 9) * year, "day", "", "")


def _dates(folded: Folded, lexicon: _Lexicon) -> Iterator[Found]:
    for pattern in lexicon.dates:
        for found in pattern.finditer(folded.text):
            parts = found.groupdict()
            days = _days(parts, lexicon)
            if days is not None:
                start, end = found.span("date")
                unit = "day" if parts.get("year") or parts.get("decade") else YEARLESS
                yield start, end, Figure(folded.span(start, end), "date", *days, unit, "", "")


def _days(parts: Mapping[str, str | None], lexicon: _Lexicon) -> Range | None:
    """First and last day of a date, a part of a month or year, or a decade; None if no such day."""
    if decade := parts.get("decade"):
        first = int(decade.removesuffix("s"))
        return _day(first, 1, 1), _day(first + 9, 12, 31)
    year = int(parts["year"] or 0) if "year" in parts else 0
    month = _month(parts.get("month"), lexicon)
    if day := parts.get("day"):
        if not month or not 1 <= int(day) <= _last_day(year, month):
            return None
        return (_day(year, month, int(day)),) * 2
    if month:
        low, high = _day(year, month, 1), _day(year, month, _last_day(year, month))
    else:
        low, high = _day(year, 1, 1), _day(year, 12, 31)
    return _part(low, high, parts.get("part"), lexicon)


def _part(low: float, high: float, part: str | None, lexicon: _Lexicon) -> Range:
    if not part:
        return low, high
    name = part.rstrip("- ").removeprefix("the ")
    parts = lexicon.words["parts"]
    first, last = parts.get(name) or parts[f"the {name}"]
    length = high - low + 1
    return low + round(length * first / 10), low + round(length * last / 10) - 1


def _month(word: str | None, lexicon: _Lexicon) -> int:
    """Number of a month; 0 for none."""
    if not word:
        return 0
    if word.isdigit():
        return int(word) if int(word) <= 12 else 0
    return int(lexicon.words["months"][word])


def _last_day(year: int, month: int) -> int:
    return calendar.monthrange(year or LEAP_YEAR, month)[1]


def _day(year: int, month: int, day: int) -> float:
    """Number of a day; within a leap year when `year` is 0, which stands for none."""
    if year:
        return float(date(year, month, day).toordinal())
    return float(date(LEAP_YEAR, month, day).timetuple().tm_yday)


# Scopes: "in the first half of 2022", "over the last five years", "a day"


def _with_scopes(text: str, folded: str, found: list[Found], lexicon: _Lexicon) -> Iterator[Figure]:
    """Give each quantity the time it is limited to, from the same clause.

    A clause that opens with the time gives it to what follows, any other to what stands before.
    """
    for clause in _clauses(folded, found):
        scopes = {
            number: scope
            for number, (start, _, figure) in enumerate(clause)
            if (scope := _scope(text, folded[max(0, start - 40) : start], figure, lexicon))
        }
        forward = 0 in scopes
        for number, (_, end, figure) in enumerate(clause):
            if figure.kind == "date" or number in scopes:
                yield figure
                continue
            if rate := lexicon.rate.match(folded, end):
                yield replace(figure, scope=f"per {rate['unit']}")
                continue
            nearest = (number - 1, number + 1) if forward else (number + 1, number - 1)
            yield replace(figure, scope=next((scopes[n] for n in nearest if n in scopes), ""))


def _clauses(text: str, found: list[Found]) -> Iterator[list[Found]]:
    clause: list[Found] = []
    for item in found:
        if clause and CLAUSE_END.search(text, clause[-1][1], item[0]):
            yield clause
            clause = []
        clause.append(item)
    if clause:
        yield clause


def _scope(text: str, before: str, figure: Figure, lexicon: _Lexicon) -> str:
    """The words of a date or length of time that limits a quantity; "" if it does not."""
    if figure.kind == "duration" and lexicon.the_last.search(before):
        return f"the last {figure.span.of(text)}"
    if figure.kind == "date" and lexicon.preposition.search(before):
        return figure.span.of(text)
    return ""


# The patterns


def _plural(words: Iterable[str]) -> str:
    """Return an alternation of `words` and their plurals."""
    singular = list(words)
    return _any([*singular, *(f"{word}s" for word in singular)])


def _any(words: Iterable[str]) -> str:
    """A pattern for any of `words`, the longest first, whatever white space is between them."""
    ordered = sorted(words, key=len, reverse=True)
    return "|".join(re.escape(word).replace(r"\ ", r"[\s-]+") for word in ordered)


@cache
def _lexicon() -> _Lexicon:
    """Read the rule file and compile its words."""
    words = tomllib.loads((FOLDER / "figures.toml").read_text("utf-8"))
    return _Lexicon(
        words=words,
        quantity=_quantity_pattern(words),
        share=re.compile(
            rf"(?<![\w-])(?:(?P<qualifier>{_any(_before(words))})\s+)?"
            rf"(?:by\s+)?(?P<share>{_any(words['shares'])})(?=\s+(?:of|the|its|their)\b|\s*[.,;]|\Z)"
        ),
        dates=_date_patterns(words),
        preposition=re.compile(rf"\b(?:{_any(words['words']['before_a_scope'])})\s+(?:the\s+)?\Z"),
        the_last=re.compile(rf"\b(?:{_any(words['words']['the_last'])})\s+\Z|up to now\s+\Z"),
        rate=re.compile(
            rf"\s+(?:[a-z]+\s+)?(?:{_any(words['words']['rates'])})\s+"
            rf"(?P<unit>{_any(words['durations'])})\b"
        ),
    )


def _before(words: Mapping[str, Any]) -> list[str]:
    qualifiers = words["qualifiers"]
    return [word for name in ("over", "under", "about", "almost") for word in qualifiers[name]]


def _quantity_pattern(words: Mapping[str, Any]) -> re.Pattern[str]:
    after = [*words["qualifiers"]["after_over"], *words["qualifiers"]["after_about"]]
    digits = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?: \d{3})+(?![\d,])|\d{1,15}(?:\.\d{1,9})?"
    word = _any(words["numbers"])
    spelt = rf"(?:{word})(?:[\s-](?:{word}))?(?:\sand\sa\shalf)?|(?:a\s)?half(?:\san?)?|an?"
    scale = _any([*words["scales"], *(f"{scale}s" for scale in words["scales"])])
    short = _any(words["short_scales"])
    scales = rf"(?:[\s-]?(?:{scale})){{1,2}}(?!\w)|(?:{short})(?!\w)"
    symbols = _any(unit for unit in words["currencies"] if not unit[-1].isalpha())
    names = _any(unit for unit in words["currencies"] if unit[-1].isalpha())
    number = rf"(?:{digits}|(?:{spelt})(?![\w]))"
    return re.compile(
        rf"""(?<![\w.,/-])(?<!\w['])
        (?:(?P<qualifier>{_any(_before(words))})\s+(?:the\s)?)?
        (?:(?P<between>between\s+)|from\s+)?
        (?:(?P<symbol>{symbols})\s?)?
        (?:(?P<vague>{_any(words["vague"])})
          |(?P<low>{number})
           (?:(?P<low_scale>{scales})?\s?(?:-|–|—|to|(?(between)and|-))\s?(?:{symbols})?(?P<high>{digits}))?
           (?P<scale>{scales})?
        )(?![\d]|[.,]\d)
        (?:\s?(?P<percent>{_any([*words["percent"]["points"], *words["percent"]["words"]])})(?!\w)
          |[\s-](?P<currency>{names})(?!\w)
          |[\s-](?P<duration>{_plural(words["durations"])})(?!\w)(?:[\s-]olds?\b)?
          |[\s-]?(?P<measure>{_plural(words["measures"])})(?!\w)
        )?
        (?:\s+(?P<after>{_any(after)})(?!\w))?
        (?!\w)""",
        re.VERBOSE,
    )


def _date_patterns(words: Mapping[str, Any]) -> tuple[re.Pattern[str], ...]:
    """Each names groups among date, day, month, part, year and decade; the surest first."""
    month = rf"(?P<month>{_any(words['months'])})(?:\.(?=,?\s?\d))?"
    year = r"(?P<year>(?:1[5-9]|20)\d\d)(?![,.]?\d|\w)"
    day = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
    parts = _any([*words["parts"], *(part.removeprefix("the ") for part in words["parts"])])
    part = rf"(?P<part>(?:{parts})[\s-])"
    before = _any(words["words"]["before_a_year"])
    forms = (
        r"(?P<year>(?:1[5-9]|20)\d\d)-(?P<month>\d\d)-(?P<day>\d\d)(?!\d)",
        rf"{month}\s{day}(?:,?\s{year})?(?![\w,.]?\d)",
        rf"(?:the\s)?{day}\s(?:of\s)?{month}(?:,?\s{year})?(?!\w)",
        rf"{part}?{month},?\s(?:of\s)?{year}",
        rf"{part}{month}(?!\w)",
        rf"{part}(?:the\syear\s)?{year}",
        r"(?:the\s)?(?P<decade>(?:1[5-9]|20)\d0s)(?!\w)",
    )
    patterns = [re.compile(rf"(?<![\w.,$£€/-])(?P<date>{form})") for form in forms]
    full = _any({*(name for name in words["months"] if len(name) > 4), "may", "june", "july"})
    lone_month = rf"\b(?:{before}|last|this|next)\s(?P<date>(?P<month>{full}))(?!\w)"
    counted = _any([*words["measures"], "people"])
    lone_year = rf"(?:\b(?:{before})\s|\()(?P<date>{year})(?![\s-]*(?:{counted}))"
    return (*patterns, re.compile(lone_month), re.compile(lone_year))
