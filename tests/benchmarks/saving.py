"""Saving a version of a verdict, against a plain django-reversion save of the same row.

Plain is `verdict.save()` in a revision, as the library's manual has it; so that the database lets
it pass, the trigger that compares verdict and version sleeps meanwhile. Both go in turn, by tens.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import reversion
from django.contrib.auth.models import Group
from django.db import connection

from reviews import history, queue, roles
from reviews.models import User, Verdict
from tests.benchmarks import rows

NEEDS_DATABASE = True
SAVES = 300
WORDS = "The register of the port shows otherwise, month by month. " * 20


def main(data: Path) -> None:
    """Print milliseconds for one save each, and their ratio, alternating in one run."""
    rows.desk(open_reviews=10)
    person = User.objects.create_user("saver")
    person.groups.add(Group.objects.get(name=roles.FACT_CHECKERS))
    review = queue.take_next(person)
    if review is None:
        raise SystemExit("the queue is empty")
    draft = history.Draft("false", review.claim.wording, "A summary.", WORDS)
    other = queue.take_next(person)
    if other is None:
        raise SystemExit("the queue is empty")
    history.save(other, by=person, token=other.lease_token, seq=0, draft=draft)
    verdict = history.of(other)
    plain = sealed = 0.0
    for tens in range(0, SAVES, 10):
        _seal(asleep=True)
        for turn in range(tens, tens + 10):
            begun = time.perf_counter()
            _plain_save(verdict, person, turn)
            plain += time.perf_counter() - begun
        _seal(asleep=False)
        for turn in range(tens, tens + 10):
            begun = time.perf_counter()
            history.save(
                review, by=person, token=review.lease_token, seq=turn,
                draft=replace(draft, summary=f"Summary {turn}."),
            )  # fmt: skip
            sealed += time.perf_counter() - begun
    print(f"plain django-reversion save (baseline) {1000 * plain / SAVES:6.2f} ms   1.00")
    ratio = sealed / plain
    print(f"one sealed version                     {1000 * sealed / SAVES:6.2f} ms   {ratio:.2f}")


def _plain_save(verdict: Verdict, person: User, turn: int) -> None:
    with reversion.create_revision():
        verdict.summary = f"Summary {turn}."
        verdict.save()
        reversion.set_user(person)


def _seal(*, asleep: bool) -> None:
    with connection.cursor() as cursor:
        does = "DISABLE" if asleep else "ENABLE"
        cursor.execute(f"ALTER TABLE reviews_verdict {does} TRIGGER reviews_verdict_is_sealed")
