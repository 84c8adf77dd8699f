"""Saving a version of a verdict, against a plain django-reversion save of the same row."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import reversion
from django.contrib.auth.models import Group
from django.db import transaction

from reviews import history, queue, roles
from reviews.models import Evidence, User
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
    plain = sealed = 0.0
    for turn in range(SAVES):
        begun = time.perf_counter()
        _plain_save(review, person, turn)
        plain += time.perf_counter() - begun
        begun = time.perf_counter()
        history.save(
            review, by=person, token=review.lease_token, seq=turn,
            draft=replace(draft, summary=f"Summary {turn}."),
        )  # fmt: skip
        sealed += time.perf_counter() - begun
    print(f"plain django-reversion save (baseline) {1000 * plain / SAVES:6.2f} ms   1.00")
    ratio = sealed / plain
    print(f"one sealed version                     {1000 * sealed / SAVES:6.2f} ms   {ratio:.2f}")


@transaction.atomic
def _plain_save(review: object, person: User, turn: int) -> None:
    with reversion.create_revision():
        reversion.set_user(person)
        Evidence.objects.create(
            review=review, title=f"Note {turn}", publisher="Desk", quote=WORDS, stance="context",
            sha256="0" * 64, added_by=person, added_at=review.lease_acquired_at,
            withdrawn_by=person, withdrawn_at=review.lease_acquired_at, withdrawn_reason="bench",
        )  # fmt: skip
