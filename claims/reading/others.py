"""What was read of other people's checks, and how the reading process tells it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from claims.reading.values import Failure


@dataclass(frozen=True, slots=True)
class Check:
    """What somebody else published: their rating in their words, and of which claim.

    :ivar rating_number: on their scale, as "2 of 1 to 5"; "" if they give none that makes sense.
    """

    url: str
    claim: str
    rating: str
    publisher: str
    publisher_url: str = ""
    rating_number: str = ""
    claimant: str = ""
    language: str = ""
    published_on: date | None = None
    appearances: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checks:
    """All that came of a document, in its order."""

    checks: tuple[Check, ...] = ()
    failures: tuple[Failure, ...] = ()


def told(checks: Checks) -> dict[str, Any]:
    """Return it as plain values for JSON."""
    rows = [
        asdict(one) | {"published_on": one.published_on and one.published_on.isoformat()}
        for one in checks.checks
    ]
    return {"checks": rows, "failures": [asdict(one) for one in checks.failures]}


def untold(answer: dict[str, Any]) -> Checks:
    """Return what `told` made plain."""
    checks = []
    for row in answer["checks"]:
        day, places = row.pop("published_on"), tuple(row.pop("appearances"))
        published_on = date.fromisoformat(day) if day else None
        checks.append(Check(**row, published_on=published_on, appearances=places))
    return Checks(tuple(checks), tuple(Failure(**one) for one in answer["failures"]))
