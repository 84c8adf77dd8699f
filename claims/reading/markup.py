"""ClaimReview as others publish it: found in JSON or in pages, and read however it is written.

What is tolerated was seen in public feeds: lists and graphs at any depth, everything under
`properties`, a `null` for an item, a rating as a plain string, numbers as words. What cannot be
used is named with its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from claims.reading import addresses, charset, page
from claims.reading.others import Check, Checks
from claims.reading.values import Failure, Unreadable, clean, label, one_line

MOST = 5_000  # checks of one document
MOST_THINGS = 500_000  # objects and lists looked at
LONGEST_CLAIM = 1000  # characters, as the others
LONGEST_RATING = 300
LONGEST_NAME = 200
MOST_APPEARANCES = 20
WRITTEN_OUT = 9  # characters for a control that is written out, at most
NONE = "no ClaimReview in it"
NO_NUMBER = "-1"  # in value, best and worst: there is no number


def read(content: bytes, *, place: str, media_type: str = "") -> Checks:
    """Return the checks in JSON, or in the JSON-LD of a page; what cannot be used is named."""
    try:
        text, _ = charset.decoded(content, media_type=media_type, markup=True)
        if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
            return checks_in(text, place=place)
        blocks = list(page.linked_data(text))
    except Unreadable as error:
        return Checks(failures=(Failure(place, str(error)),))
    if not blocks:
        return Checks(failures=(Failure(place, "neither JSON nor a page with JSON-LD"),))
    several = len(blocks) > 1
    read_ = [
        checks_in(block, place=f"{place} › block {number}" if several else place)
        for number, block in enumerate(blocks, start=1)
    ]
    checks = tuple(check for one in read_ for check in one.checks)
    failures = tuple(failure for one in read_ for failure in one.failures)
    # A page has other blocks, too: those without a check are no failure if another has one.
    if checks:
        failures = tuple(one for one in failures if one.why != NONE)
    return Checks(checks, failures)


def checks_in(text: str, *, place: str) -> Checks:
    """Return the checks in JSON, and what in it cannot be used; it never raises."""
    try:
        data = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        return Checks(failures=(Failure(place, f"it is no JSON ({one_line(error)})"),))
    found: list[Check] = []
    failures: list[Failure] = []
    try:
        for number, thing in enumerate(_reviews(data), start=1):
            where = f"{place} › check {number}"
            if number > MOST:
                failures.append(Failure(where, f"more than {MOST:,}; the rest is not read"))
                break
            try:
                found.append(_check(thing))
            except Unreadable as error:
                failures.append(Failure(where, str(error)))
    except Unreadable as error:
        failures.append(Failure(place, str(error)))
    if not found and not failures:
        failures.append(Failure(place, NONE))
    return Checks(tuple(found), tuple(failures))


def _reviews(data: object) -> Iterator[dict[str, Any]]:
    """Every ClaimReview in reading order, without recursion: documents nest as they like."""
    waiting, count = [data], 0
    while waiting:
        one, count = waiting.pop(), count + 1
        if count > MOST_THINGS:
            raise Unreadable("it has too many parts; the rest is not read")
        if isinstance(one, dict):
            inner = one.get("properties")
            thing = one | inner if isinstance(inner, dict) else one
            if _is_review(thing):
                yield thing
            else:
                waiting += reversed(
                    [part for part in one.values() if isinstance(part, dict | list)]
                )
        elif isinstance(one, list):
            waiting += reversed(one)


def _is_review(thing: dict[str, Any]) -> bool:
    kinds = _list(thing.get("@type", thing.get("type")))
    names = {str(kind).rpartition("/")[2].rpartition(":")[2] for kind in kinds}
    return "ClaimReview" in names or "claimReviewed" in thing


def _check(thing: dict[str, Any]) -> Check:
    url = _url(thing.get("url")) or _url(thing.get("mainEntityOfPage")) or _url(thing.get("@id"))
    if not url:
        raise Unreadable("it has no web address (url)")
    claim = _words(thing.get("claimReviewed"))
    item = _thing(thing.get("itemReviewed"))
    claim = claim or _text(item.get("name")) or _text(item.get("text"))
    if not claim:
        raise Unreadable("it names no claim (claimReviewed)")
    if len(claim) > LONGEST_CLAIM:
        raise Unreadable(f"its claim has more than {LONGEST_CLAIM:,} characters")
    rating, number = _rating(thing.get("reviewRating"))
    if not rating:
        raise Unreadable("its rating has no words (reviewRating.alternateName)")
    by = _thing(thing.get("author") or thing.get("publisher"))
    publisher = _name(thing.get("author")) or _name(thing.get("publisher"))
    return Check(
        url=url,
        claim=claim,
        rating=label(rating, LONGEST_RATING),
        rating_number=number,
        publisher=label(publisher or addresses.host_of(url), LONGEST_NAME),
        publisher_url=_url(by.get("url")),
        claimant=label(_name(item.get("author")), LONGEST_NAME),
        language=_language(thing.get("inLanguage")),
        published_on=_day(thing.get("datePublished")) or _day(thing.get("dateModified")),
        appearances=tuple(_appearances(item, thing)),
    )


def _rating(value: object) -> tuple[str, str]:
    """The words of a rating, and its number on its scale; a number alone is not taken for words."""
    if isinstance(value, str):
        return _text(value), ""
    rating = _thing(value)
    words = _text(rating.get("alternateName")) or _text(rating.get("name"))
    value, worst, best = (
        _number(rating.get(name)) for name in ("ratingValue", "worstRating", "bestRating")
    )
    return words, _on_scale(value, worst, best)


def _on_scale(value: str, worst: str, best: str) -> str:
    """A number with its scale, unless it is none or lies outside of it."""
    if not value or not worst or not best or {value, worst, best} == {NO_NUMBER}:
        return ""
    if not float(worst) <= float(value) <= float(best) or float(worst) == float(best):
        return ""
    return f"{value} of {worst} to {best}"


def _number(value: object) -> str:
    words = str(value).strip() if isinstance(value, int | float | str) else ""
    return words if re.fullmatch(r"-?\d{1,9}(\.\d{1,6})?", words) else ""


def _appearances(item: dict[str, Any], thing: dict[str, Any]) -> Iterator[str]:
    """Where the claim was made: addresses as strings, things or lists of either, each once."""
    given = [item.get("firstAppearance"), item.get("appearance"), item.get("sameAs"),
             thing.get("appearance")]  # fmt: skip
    known: dict[str, None] = {}
    for one in (part for value in given for part in _list(value)):
        if address := _url(one):
            known.setdefault(address)
    yield from list(known)[:MOST_APPEARANCES]


# Values that may be a text, a thing, or a list of either


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _thing(value: object) -> dict[str, Any]:
    """The first thing in a value, with what stands under its `properties`."""
    for one in _list(value):
        if isinstance(one, dict):
            inner = one.get("properties")
            return one | inner if isinstance(inner, dict) else one
    return {}


def _text(value: object) -> str:
    """The first words in a value: a string, or what a thing gives as its value or name."""
    for one in _list(value):
        is_thing = isinstance(one, dict)
        said = one.get("@value") or one.get("name") or one.get("text") if is_thing else one
        if isinstance(said, str) and (words := label(clean(said), WRITTEN_OUT * len(said))):
            return words
    return ""


def _words(value: object) -> str:
    """The first string in a value; a thing is none."""
    return _text([one for one in _list(value) if isinstance(one, str) or _is_literal(one)])


def _is_literal(value: object) -> bool:
    return isinstance(value, dict) and "@value" in value


def _name(value: object) -> str:
    return ", ".join(filter(None, (_text(one) for one in _list(value)[:5])))


def _url(value: object) -> str:
    for one in _list(value):
        said = one.get("url") or one.get("@id") if isinstance(one, dict) else one
        if isinstance(said, str) and (address := addresses.web_address(said)):
            return address
    return ""


def _language(value: object) -> str:
    found = re.match(r"[a-zA-Z]{2,3}(?![a-zA-Z])", _text(value))
    return found[0].lower() if found else ""


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(_text(value)[:10])
    except ValueError:
        return None
