"""Checks that others published, taken in as they stand, and found again beside our own claims.

Each is put to the claim that says what it checked, known or new, as an appearance would be, so that
it is found whichever of the two came first. A rating stays in its publisher's words; nothing here
is ever ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from claims import matching, reading
from claims import text as engine
from claims.models import OutsideCheck
from claims.reading import Check, Failure

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

LARGEST = 10_000_000  # bytes of one document
MOST = 5  # shown of one claim
ROWS = 50  # on one page
FOLLOWED = ("rating", "rating_number", "published_on", "publisher_url", "claimant", "appearances")


class Outcome(StrEnum):
    """What became of a check."""

    NEW = "new"
    CHANGED = "changed"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A check as it is stored now, and what became of it."""

    check: OutsideCheck
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of all checks of a document, in its order."""

    receipts: tuple[Receipt, ...] = ()
    failures: tuple[Failure, ...] = ()

    def counts(self) -> list[tuple[str, int]]:
        """Return how many came to each outcome, and how many failed."""
        of_each = [
            (outcome.value, sum(one.outcome == outcome for one in self.receipts))
            for outcome in Outcome
        ]
        return [*of_each, ("failed", len(self.failures))]


def take_in(
    content: bytes, *, name: str, by: AbstractUser | None = None, media_type: str = "",
    wait: float | None = None,
) -> Taken:  # fmt: skip
    """Store each check in JSON or in a page's JSON-LD; each is stored whole or not at all.

    Safe to repeat: of one publisher, address and claim there is one check, which follows what its
    publisher says now. Never raises for what it holds.

    :param wait: seconds for which to wait for the reader; None is as long as it takes.
    :raises reading.Busy: if others have it for longer.
    """
    place = reading.label(name, 200) or "what was pasted"
    if len(content) > LARGEST:
        why = f"larger than {LARGEST // 1_000_000} MB"
        return Taken(failures=(Failure(place, why),))
    read = reading.read_checks_apart(content, place=place, media_type=media_type, wait=wait)
    receipts: list[Receipt] = []
    failures = list(read.failures)
    for check in read.checks:
        where = f"{place} › {check.url}"
        language = engine.language_of(check.claim, check.language or None)
        if not language:
            failures.append(Failure(where, "its language cannot be told (inLanguage)"))
            continue
        try:
            receipts.append(_stored(check, language, by))
        except DatabaseError as error:
            why = reading.label(str(error).partition("\n")[0], 200)
            failures.append(Failure(where, f"not stored: {why}"))
    return Taken(tuple(receipts), tuple(failures))


@transaction.atomic
def _stored(check: Check, language: str, by: AbstractUser | None) -> Receipt:
    matching.lock()
    told = {
        "publisher_url": check.publisher_url, "rating": check.rating,
        "rating_number": check.rating_number, "claimant": check.claimant,
        "published_on": check.published_on, "appearances": list(check.appearances),
    }  # fmt: skip
    key = matching.wording_key(check.claim)
    known = OutsideCheck.objects.filter(publisher=check.publisher, url=check.url, key=key).first()
    if known is None:
        claim, _ = matching.join(check.claim, language=language, claimant=check.claimant)
        made = OutsideCheck.objects.create(
            publisher=check.publisher, url=check.url, key=key, wording=check.claim, claim=claim,
            language=language, handed_by_id=by.pk if by else None, **told,
        )  # fmt: skip
        return Receipt(made, Outcome.NEW)
    if all(getattr(known, field) == told[field] for field in FOLLOWED):
        return Receipt(known, Outcome.KNOWN)
    for field in FOLLOWED:
        setattr(known, field, told[field])
    known.changed_at = timezone.now()
    known.save(update_fields=[*FOLLOWED, "changed_at"])
    return Receipt(known, Outcome.CHANGED)


def page(*, after: str = "") -> tuple[list[OutsideCheck], str]:
    """Return checks of others, last received first, and the `ref` after which the next page starts.

    One query, and one for the place.
    """
    rows = OutsideCheck.objects.select_related("claim")
    place = OutsideCheck.objects.filter(ref=after).values("pk").first() if after else None
    if place:
        rows = rows.filter(pk__lt=place["pk"])
    found = list(rows.order_by("-pk")[: ROWS + 1])
    return found[:ROWS], found[ROWS - 1].ref if len(found) > ROWS else ""


def beside(claims: Iterable[int]) -> dict[int, list[OutsideCheck]]:
    """Map the key of each claim to what others found on it, newest first, at most `MOST`.

    On the claim itself, on claims merged into it, and on claims suggested or confirmed as the same;
    what a person rejected is none. Cost: one query, or two.
    """
    with connection.cursor() as cursor:
        cursor.execute(BESIDE, matching.same_as(claims))
        pairs = cursor.fetchall()
    if not pairs:
        return {}
    known = OutsideCheck.objects.select_related("claim").in_bulk({check for _, check in pairs})
    found: dict[int, list[OutsideCheck]] = {}
    for claim, check in pairs:
        found.setdefault(claim, []).append(known[check])
    for rows in found.values():
        rows.sort(key=lambda one: (one.published_on or date.min, one.pk), reverse=True)
        del rows[MOST:]
    return found


BESIDE = f"""
{matching.SAME}
SELECT DISTINCT same.ours, outside.id
FROM same
JOIN gone ON gone.into_id = same.theirs
JOIN claims_outsidecheck outside ON outside.claim_id = gone.id
ORDER BY same.ours, outside.id
"""  # noqa: S608  it holds no values
