"""The cases of the WHATWG URL standard's own tests: refused, or understood as it says.

A surprise is an address that is let through though the standard calls it invalid, that is
understood otherwise, or that means something else when it is read a second time. Cases are resolved
against their base as a redirect would be; bases that are no http address themselves are refused
first. Our guard lets every network and port through here, so that only the reading is measured.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from claims.fetching import Guard, Refused, Target, check_address
from claims.fetching.targets import follow

FILE = Path("badinput/whatwg-url/urltestdata.json")
ANY = Guard(ports=frozenset(range(65_536)), trusted=True)


class Case(NamedTuple):
    """An address as written, what it is relative to, and what it becomes; "" if it is invalid."""

    written: str
    base: str
    expected: str


@dataclass
class Tally:
    """How many cases there are, and what became of them."""

    cases: int = 0
    valid_web: int = 0  # http and https addresses that the standard takes
    as_the_standard: int = 0
    refused_as_the_standard: int = 0
    refused_beyond: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    surprises: list[str] = field(default_factory=list)

    @property
    def refused(self) -> int:
        return self.refused_as_the_standard + self.refused_beyond


def main(data: Path) -> None:
    """Print how many cases were understood, refused, and surprising, with each surprise."""
    if not (data / FILE).is_file():
        print(f"{data / FILE} is absent: addresses are not measured.")
        return
    counts = tally(cases(data / FILE))
    print(
        f"{counts.cases} cases, {counts.valid_web} of them valid addresses of the web:"
        f" {counts.as_the_standard} understood as the standard does,"
        f" {counts.refused_as_the_standard} invalid there and refused here,"
        f" {counts.refused_beyond} valid there and refused here, {len(counts.surprises)} surprises"
    )
    for reason, number in counts.reasons.most_common():
        print(f"   {number:>3}  {reason}")
    for surprise in counts.surprises:
        print(f"   surprise: {surprise}")


def cases(path: Path) -> Iterator[Case]:
    """The cases of the standard's file; its comments are strings."""
    for row in json.loads(path.read_text("utf-8")):
        if isinstance(row, dict):
            expected = "" if row.get("failure") else row["href"]
            yield Case(row["input"], row.get("base") or "", expected)


def tally(found: Iterator[Case]) -> Tally:
    """What becomes of every case."""
    counts = Tally()
    for case in found:
        counts.cases += 1
        counts.valid_web += case.expected.startswith(("http://", "https://"))
        try:
            understood = read(case)
        except Refused as refused:
            counts.reasons[str(refused)] += bool(case.expected)
            if case.expected:
                counts.refused_beyond += 1
            else:
                counts.refused_as_the_standard += 1
            continue
        if understood.url == case.expected and understood == check_address(
            case.expected, guard=ANY
        ):
            counts.as_the_standard += 1
        else:
            counts.surprises.append(f"{case} became {understood}")
    return counts


def read(case: Case) -> Target:
    """What a case becomes, as the desk would connect to it."""
    if not case.base:
        return check_address(case.written, guard=ANY)
    base = check_address(case.base, guard=ANY)
    return follow(case.written, base=base, guard=ANY)
