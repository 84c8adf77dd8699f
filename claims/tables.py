"""Tables of claims from other desks (CSV): each row an accepted tip, answered by its line.

Read tolerantly, stored strictly: one bad row never stops the rest, and each is stored whole or not
at all. What looks like a formula is text like any other.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db import DatabaseError, transaction
from django.utils import timezone

from claims import matching, reading, tips
from claims.models import Tip
from claims.reading import Unreadable
from claims.stories import inert
from claims.tips import Asked

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

LARGEST = 500_000  # bytes of a table on a page; the command takes any file
MOST_ROWS = 500  # of them
DELIMITERS = (",", ";", "\t")
# What a column may be called; case, spaces, "-" and "_" make no difference.
NAMES = {
    "wording": ("wording", "claim", "claimtext", "statement", "text"),
    "claimant": ("claimant", "who", "saidby", "speaker", "author"),
    "language": ("language", "lang"),
    "url": ("url", "link", "address", "sourceurl"),
    "date": ("date", "saidon", "publishedon", "day"),
    "note": ("note", "notes", "comment", "remark", "remarks"),
}
COLUMNS = {called: name for name, several in NAMES.items() for called in several}


class Outcome(StrEnum):
    """What became of a row."""

    NEW = "new claim"
    JOINED = "joined a known claim"
    KNOWN = "was here already"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of the row that ends on `line`, and why, or which claim it stands for now."""

    line: int
    outcome: Outcome
    wording: str
    why: str = ""
    claim: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All rows of a table, in order, and the columns that nobody here reads."""

    answers: tuple[Answer, ...]
    unread: tuple[str, ...] = ()

    def counts(self) -> list[tuple[str, int]]:
        """Return how many rows came to each outcome."""
        found = Counter(one.outcome for one in self.answers)
        return [(outcome.value, found[outcome]) for outcome in Outcome]

    @property
    def holds_claims(self) -> bool:
        """Whether any row of it is a claim that can be kept."""
        return any(one.outcome != Outcome.FAILED for one in self.answers)


class _Undone(Exception):
    """Raised to take a preview back."""


def take_in(content: bytes, *, name: str, by: AbstractUser, most: int | None = None) -> Report:
    """Store each row of a table as an accepted tip that stands for its claim, known or new.

    Safe to repeat: a row that came before is known.

    :raises Unreadable: if it is no table of claims at all; says why.
    """
    table = _Table(content, most=most)
    place = reading.label(name, 200)
    answers = tuple(_answered(line, row, place, by) for line, row in table.rows())
    return Report(answers, tuple(table.unread))


def preview(content: bytes, *, name: str, by: AbstractUser, most: int | None = None) -> Report:
    """Return what `take_in` would answer, and store nothing: it is done and taken back."""
    report: list[Report] = []
    try:
        with transaction.atomic():
            report.append(take_in(content, name=name, by=by, most=most))
            raise _Undone
    except _Undone:
        return report[0]


def as_csv(report: Report) -> str:
    """The answers as CSV; what a spreadsheet would take for a formula stands after "'"."""
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(["line", "outcome", "claim", "wording", "why"])
    for one in report.answers:
        writer.writerow([one.line, one.outcome, one.claim, inert(one.wording), inert(one.why)])
    return lines.getvalue()


class _Table:
    """The rows of a table, under its columns."""

    def __init__(self, content: bytes, *, most: int | None) -> None:
        text, _ = reading.decoded(content, media_type="text/csv")
        self._text, self._most = reading.clean(text), most
        if not self._text.strip():
            raise Unreadable("it is empty")
        self._delimiter, self._columns, self.unread = self._head()

    def _head(self) -> tuple[str, dict[int, str], list[str]]:
        """The delimiter under which the first line names most columns, and where each is."""
        best: tuple[str, dict[int, str], list[str]] = ("", {}, [])
        for delimiter in DELIMITERS:
            try:
                cells = next(csv.reader(io.StringIO(self._text), delimiter=delimiter), [])
            except csv.Error:
                continue
            known = {at: COLUMNS[key] for at, cell in enumerate(cells)
                     if (key := _key(cell)) in COLUMNS}  # fmt: skip
            if len(known) > len(best[1]):
                unread = [reading.label(cell, 60) for at, cell in enumerate(cells)
                          if at not in known and cell.strip()]  # fmt: skip
                best = delimiter, known, unread
        twice = [name for name, count in Counter(best[1].values()).items() if count > 1]
        if twice:
            raise Unreadable(f"two of its columns are a {twice[0]}")
        if "wording" not in best[1].values():
            raise Unreadable("its first line names no column “wording”, which each claim needs")
        return best

    def rows(self) -> Iterator[tuple[int, dict[str, str] | str]]:
        """Yield the line on which each row ends, with its cells by column, or why it has none."""
        reader = csv.reader(io.StringIO(self._text), delimiter=self._delimiter)
        next(reader)
        count = 0
        try:
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                count += 1
                if self._most is not None and count > self._most:
                    yield reader.line_num, f"more than {self._most} rows; the rest is not read"
                    return
                yield (
                    reader.line_num,
                    {
                        name: cells[at].strip()
                        for at, name in self._columns.items()
                        if at < len(cells)
                    },
                )
        except csv.Error as error:
            yield reader.line_num, f"the rest cannot be read: {error}"


def _key(cell: str) -> str:
    return "".join(filter(str.isalnum, cell.casefold()))


def _answered(line: int, row: dict[str, str] | str, place: str, by: AbstractUser) -> Answer:
    if isinstance(row, str):
        return Answer(line, Outcome.FAILED, "", row)
    wording = reading.label(row.get("wording", ""), tips.LONGEST_WORDING)
    try:
        asked = _asked(row).cleaned()
        if len(asked.text) > tips.LONGEST_WORDING:
            raise tips.Refused(f"Its wording has more than {tips.LONGEST_WORDING:,} characters.")
        language = tips.language_of(asked)
        if not language:
            raise tips.Refused("Its language cannot be told: fill in the column “language”.")
        return _stored(line, asked, language, f"{place}, line {line}", by)
    except tips.Refused as refused:
        return Answer(line, Outcome.FAILED, wording, str(refused))
    except DatabaseError as error:
        return Answer(line, Outcome.FAILED, wording, f"not stored: {_first_line(error)}")


def _first_line(error: DatabaseError) -> str:
    return reading.label(str(error).partition("\n")[0], 200)


def _asked(row: dict[str, str]) -> Asked:
    day = row.get("date", "")
    try:
        said_on = date.fromisoformat(day) if day else None
    except ValueError as error:
        told = reading.label(day, 40)
        raise tips.Refused(f"“{told}” is not a date such as 2026-01-31.") from error
    return Asked(
        text=" ".join(row.get("wording", "").split()),
        claimant=row.get("claimant", ""), language=row.get("language", ""),
        url=row.get("url", ""), said_on=said_on, note=row.get("note", ""),
    )  # fmt: skip


@transaction.atomic
def _stored(line: int, asked: Asked, language: str, place: str, by: AbstractUser) -> Answer:
    matching.lock()
    key, wording = tips.key_of(asked), reading.label(asked.text, tips.LONGEST_WORDING)
    known = Tip.objects.filter(way=Tip.Way.TABLE, key=key).select_related("claim").first()
    if known:
        ref = known.claim.ref if known.claim else ""
        return Answer(line, Outcome.KNOWN, wording, f"as {known.place}", ref)
    claim, is_new = matching.join(wording, language=language, claimant=asked.claimant)
    Tip.objects.create(
        way=Tip.Way.TABLE, state=Tip.State.ACCEPTED, text=asked.text, claimant=asked.claimant,
        language=language, url=asked.url, said_on=asked.said_on, note=asked.note, key=key,
        place=place, handed_by_id=by.pk, claim=claim, decided_by_id=by.pk,
        decided_at=timezone.now(),
    )  # fmt: skip
    return Answer(line, Outcome.NEW if is_new else Outcome.JOINED, wording, claim=claim.ref)
