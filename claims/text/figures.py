"""Figures in a text as ranges with unit, qualifier and scope; and whether two figures agree.

How a language writes them is data: `rules/figures_xx.toml`, explained at the head of the English.

Dates are numbered in days (1 is 1 January of year 1); one without a year is numbered within a leap
year, in the unit "day of the year". Lengths of time are in days, shares in "%".
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import cache, lru_cache
from typing import Literal

from claims.text.figure_words import BETWEEN_WORDS, Lexicon, figure_languages, lexicon_of, plainly
from claims.text.folding import Folded, fold
from claims.text.values import Figure

Outcome = Literal["equal", "rounded", "changed", "qualifier_lost", "none"]
Kind = Literal["number", "money", "percent", "date", "duration"]
Range = tuple[float, float]
Found = tuple[int, int, Figure]  # where in the folded text

LEAP_YEAR = 2000
A_YEAR = 364  # days after its first
YEARLESS = "day of the year"
A_YEAR_LONG = 365.25
A_THOUSAND = 1_000
ROUNDING = 0.1  # the most that rounding may move a figure, as a share of it
TAKEN = "\0"  # stands in for what is part of a figure already
BOUND = 1.25  # "more than 500,000" is fair for at most 625,000
PLAIN_NUMBER = re.compile(r"(?<![\w.,/-])\d{1,15}(?![.,/-]?\d|\w)")
DIGIT = re.compile(r"\d")
CLAUSE_END = re.compile(r"[;\n]|[.!?](?=[\"'”’)]*\s)")


def find_figures(text: str, *, language: str = "en") -> tuple[Figure, ...]:
    """Find the figures in `text` in reading order. Linear.

    Of a language without a rule file only whole numbers in plain digits are read.
    """
    folded = fold(text)
    if language not in figure_languages():
        return tuple(_plain_numbers(folded))
    lexicon, left, found = lexicon_of(language), folded.text, list[Found]()
    for finder in (_dates, _ages, _shares, _quantities):
        for start, end, figure in finder(folded._replace(text=left), lexicon):
            is_month = figure.kind != "date" or not lexicon.not_a_month.search(figure.span.of(text))
            if is_month and TAKEN not in left[start:end]:
                left = f"{left[:start]}{TAKEN * (end - start)}{left[end:]}"
                found.append((start, end, figure))
    found.sort(key=lambda item: item[:2])
    return tuple(_with_scopes(text, folded.text, found, lexicon))


def relate(figure: Figure, origin: Figure) -> Outcome:
    """Say what `figure` does to `origin`; "none" if the two do not measure the same thing."""
    if figure.kind != origin.kind or not _comparable(figure, origin):
        return "none"
    figure, origin = _in_one_calendar(figure, origin)
    ours, theirs = (_qualifier_class(one.qualifier) for one in (figure, origin))
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
    one, other = _limit(scope), _limit(origin)
    if one is None or other is None or not one.kind == other.kind == "date":
        return False
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
    ours, theirs = _limit(scope), _limit(origin)
    if ours is None or theirs is None:
        return False
    if ours.kind == "date" == theirs.kind:
        return _same_range(*_in_one_calendar(ours, theirs))
    return relate(replace(ours, scope=""), replace(theirs, scope="")) != "changed"


@lru_cache(maxsize=4096)
def _limit(scope: str) -> Figure | None:
    """The date or length of time that a scope names, in whatever language; None for none.

    Of several readings the one that takes most of its words counts.
    """
    readings = [
        found[0]
        for language in figure_languages()
        if scope
        for lead in (lexicon_of(language).words["words"]["before_a_year"][0],)
        if (found := find_figures(f"{lead} {scope}", language=language))
        and found[0].kind in ("date", "duration")
    ]
    return max(readings, key=lambda one: one.span.end - one.span.start, default=None)


def _qualifier_class(qualifier: str) -> str:
    """What `qualifier` does to its figure: "over", "under", "about", "almost", or ""."""
    return _qualifier_classes().get(" ".join(qualifier.split()), "")


@cache
def _qualifier_classes() -> Mapping[str, str]:
    """The class of every qualifier of every language."""
    return {
        qualifier: name.removeprefix("after_")
        for language in figure_languages()
        for name, listed in lexicon_of(language).words["qualifiers"].items()
        for qualifier in listed
    }


def _same_range(figure: Figure, origin: Figure) -> bool:
    return abs(figure.low - origin.low) <= 1 and abs(figure.high - origin.high) <= 1


# Finding


def _plain_numbers(folded: Folded) -> Iterator[Figure]:
    for found in PLAIN_NUMBER.finditer(folded.text):
        value = float(found.group())
        yield Figure(folded.span(*found.span()), "number", value, value, "", "", "")


def _quantities(folded: Folded, lexicon: Lexicon) -> Iterator[Found]:
    for found in lexicon.quantity.finditer(folded.text):
        kind, unit, factor = _unit_of(found, lexicon)
        values = _values(found, lexicon)
        if values is None or _is_article(found, kind, unit, lexicon):
            continue
        low, high = (round(value * factor, 6) for value in values)
        qualifier = found["qualifier"] or found["after"] or ""
        span = folded.span(found.start(), found.end())
        yield found.start(), found.end(), Figure(span, kind, low, high, unit, qualifier, "")


def _is_article(found: re.Match[str], kind: Kind, unit: str, lexicon: Lexicon) -> bool:
    """Whether "a", "one" or "half" counts nothing: "a day", "one man", "half-light"."""
    if found["scale"] or found["low"] is None:
        return False
    low, words = plainly(found["low"]), lexicon.words["words"]
    return low in words["articles"] or (kind == "number" and not unit and low in words["ones"])


def _values(found: re.Match[str], lexicon: Lexicon) -> Range | None:
    """What a quantity states, from and to; None where the digits are part of something else."""
    if found["vague"]:
        low, high = lexicon.words["vague"][plainly(found["vague"])]
        return float(low), float(high)
    is_money = bool(found["symbol"] or found["currency"] or found["name"])
    if found["scale"] == "m" and not is_money:
        return None
    start = _number(found["low"], lexicon)
    if start is None:
        return None
    scale = _scale(found["scale"], lexicon)
    has_scale = not found["low"][0].isdigit() and start >= A_THOUSAND
    low_scale = _scale(found["low_scale"], lexicon) if found["low_scale"] or has_scale else scale
    low, high = start * low_scale, start * scale
    if found["high"]:
        high = (_number(found["high"], lexicon) or 0) * scale
    return (low, high) if low <= high else None


def _scale(words: str | None, lexicon: Lexicon) -> float:
    """What the words after digits multiply them by."""
    scale = 1.0
    for found in lexicon.piece.finditer(words or ""):
        scale *= lexicon.scales[plainly(found.group())]
    return scale


def _number(words: str, lexicon: Lexicon) -> float | None:
    """The value of digits ("550,000") or of words ("two and a half", "sechzigtausend").

    None where words do not make one number: "five six".
    """
    if words[0].isdigit():
        plain = BETWEEN_WORDS.sub("", words).replace("'", "").replace(lexicon.thousands, "")
        return float(plain.replace(",", "."))
    total = current = 0.0
    last, joined = float("inf"), False
    for found in lexicon.piece.finditer(words):
        piece = plainly(found.group())
        if piece in lexicon.joiners:
            joined = True
        elif scale := lexicon.scales.get(piece):
            current = (current or 1.0) * scale
            if scale >= A_THOUSAND:
                total, current = total + current, 0.0
            last = scale
        else:
            value = lexicon.numbers[piece]
            if value >= last and not joined:
                return None
            current, last, joined = current + value, value, False
    return total + current


def _unit_of(found: re.Match[str], lexicon: Lexicon) -> tuple[Kind, str, float]:
    """Kind, unit, and the factor to that unit."""
    words = lexicon.words
    if currency := found["symbol"] or found["currency"] or found["name"]:
        return "money", str(words["currencies"][plainly(currency)]), 1.0
    if found["percent"]:
        is_share = plainly(found["percent"]) in words["percent"]["words"]
        return "percent", "%" if is_share else "points", 1.0
    if duration := found["duration"]:
        return "duration", "day", lexicon.days(duration)
    if measure := found["measure"]:
        measures = words["measures"]
        unit, factor = measures.get(measure) or measures[measure.removesuffix("s")]
        return "number", str(unit), float(factor)
    return "number", "", 1.0


def _shares(folded: Folded, lexicon: Lexicon) -> Iterator[Found]:
    """Shares in words: "two thirds of", "by half"."""
    for found in lexicon.share.finditer(folded.text):
        start = found.start("qualifier") if found["qualifier"] else found.start("share")
        end = found.end("share")
        value = float(lexicon.words["shares"][plainly(found["share"])])
        figure = Figure(
            folded.span(start, end), "percent", value, value, "%", found["qualifier"] or "", ""
        )
        yield start, end, figure


def _ages(folded: Folded, lexicon: Lexicon) -> Iterator[Found]:
    """Ages such as "in his 50s", which is 50 to 59 years."""
    for found in lexicon.age.finditer(folded.text):
        start, end = found.span("decade")
        low = float(found["decade"].removesuffix("s"))
        span = folded.span(start, end)
        yield (
            start,
            end,
            Figure(span, "duration", low * A_YEAR_LONG, (low + 9) * A_YEAR_LONG, "day", "", ""),
        )


def _dates(folded: Folded, lexicon: Lexicon) -> Iterator[Found]:
    has_digits = DIGIT.search(folded.text) is not None
    for pattern in lexicon.dates if has_digits else lexicon.dates_in_words:
        for found in pattern.finditer(folded.text):
            parts = found.groupdict()
            days = _days(parts, lexicon)
            if days is not None:
                start, end = found.span("date")
                unit = "day" if parts.get("year") or parts.get("decade") else YEARLESS
                yield start, end, Figure(folded.span(start, end), "date", *days, unit, "", "")


def _days(parts: Mapping[str, str | None], lexicon: Lexicon) -> Range | None:
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


def _part(low: float, high: float, part: str | None, lexicon: Lexicon) -> Range:
    if not part:
        return low, high
    name = plainly(part).removeprefix("the ")
    parts = lexicon.words["parts"]
    first, last = parts.get(name) or parts[f"the {name}"]
    length = high - low + 1
    return low + round(length * first / 10), low + round(length * last / 10) - 1


def _month(word: str | None, lexicon: Lexicon) -> int:
    """Number of a month; 0 for none."""
    if not word:
        return 0
    if word.isdigit():
        return int(word) if int(word) <= 12 else 0
    return int(lexicon.words["months"].get(word) or lexicon.words["short_months"][word])


def _last_day(year: int, month: int) -> int:
    return calendar.monthrange(year or LEAP_YEAR, month)[1]


def _day(year: int, month: int, day: int) -> float:
    """Number of a day; within a leap year when `year` is 0, which stands for none."""
    if year:
        return float(date(year, month, day).toordinal())
    return float(date(LEAP_YEAR, month, day).timetuple().tm_yday)


# Scopes: "in the first half of 2022", "over the last five years", "a day"


def _with_scopes(text: str, folded: str, found: list[Found], lexicon: Lexicon) -> Iterator[Figure]:
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
                yield replace(figure, scope=f"per {_period_name(lexicon.days(rate['unit']))}")
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


def _scope(text: str, before: str, figure: Figure, lexicon: Lexicon) -> str:
    """The words of a date or length of time that limits a quantity; "" if it does not."""
    if figure.kind == "duration" and lexicon.the_last.search(before):
        return f"{lexicon.words['words']['the_last'][0]} {figure.span.of(text)}"
    if figure.kind == "date" and lexicon.preposition.search(before):
        return figure.span.of(text)
    return ""


def _period_name(days: float) -> str:
    """The English word for a length of time, the same for every language."""
    english = lexicon_of("en").words["durations"].items()
    return next((str(word) for word, long in english if long == days), f"{days:g} days")
