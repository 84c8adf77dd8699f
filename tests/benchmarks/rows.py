"""Rows for measurements, made in bulk and different from each other in every word that matters."""

from __future__ import annotations

import hashlib
import random

from django.db import transaction
from django.utils import timezone

from claims.models import Analysis, Appearance, Article, Claim, Source
from reviews.models import Review, ReviewEvent, User
from reviews.states import Action, Status

PLACES = [
    "Alborg",
    "Brenna",
    "Corvo",
    "Dorsel",
    "Elvas",
    "Fjelby",
    "Gorna",
    "Havre",
    "Istra",
    "Jelsa",
    "Korda",
    "Lunde",
    "Morvik",
]
BODIES = [
    "ministry",
    "police",
    "union",
    "hospital",
    "army",
    "court",
    "bank",
    "railway",
    "university",
    "port",
    "council",
    "airline",
]
THINGS = [
    "patients",
    "workers",
    "soldiers",
    "students",
    "voters",
    "trains",
    "houses",
    "vehicles",
    "families",
    "farms",
]
VERBS = [
    "were evacuated",
    "were detained",
    "lost power",
    "were registered",
    "were dismissed",
    "were hit",
]


def article_text(number: int) -> str:
    """Return a news article of about 25 sentences, the same for the same number."""
    pick = random.Random(number)
    place = pick.choice(PLACES)
    lines = []
    for _ in range(12):
        count = pick.randrange(12, 90_000)
        body, thing, verb = pick.choice(BODIES), pick.choice(THINGS), pick.choice(VERBS)
        day = pick.randrange(1, 28)
        lines.append(
            f"About {count:,} {thing} {verb} near {pick.choice(PLACES)} on {day} March, "
            f"the {place} {body} said. It is one of several such reports this month."
        )
    lines.insert(
        6, f"The Daily Example could not independently verify the {pick.choice(BODIES)}'s figures."
    )
    return "\n\n".join(lines)


def articles(count: int, *, first: int = 0) -> list[int]:
    """Store `count` articles that wait to be analysed; return their ids."""
    source, _ = Source.objects.get_or_create(name="The Daily Example")
    rows = []
    for number in range(first, first + count):
        text = article_text(number)
        rows.append(
            Article(
                source=source, title=f"Report {number}", language="en", text=text,
                text_sha256=hashlib.sha256(text.encode()).hexdigest(),
            )
        )  # fmt: skip
    with transaction.atomic():
        Article.objects.bulk_create(rows)
        Analysis.objects.bulk_create(Analysis(article=row) for row in rows)
    return [row.pk for row in rows]


def reviews(count: int) -> None:
    """Store `count` claims, each with one appearance and a review waiting in the queue."""
    now, system = timezone.now(), User.objects.system()
    source, _ = Source.objects.get_or_create(name="The Daily Example")
    holder, _ = Article.objects.get_or_create(
        source=source, title="Report", text="x" * (2 * count + 2), text_sha256="0" * 64
    )
    pick = random.Random(count)
    claims = Claim.objects.bulk_create(
        (
            Claim(
                wording=f"{pick.randrange(90_000):,} {pick.choice(THINGS)} {pick.choice(VERBS)} "
                f"near {pick.choice(PLACES)} number {number}.",
                language="en", worthiness=pick.random(),
            )
            for number in range(count)
        ),
        batch_size=5_000,
    )  # fmt: skip
    Appearance.objects.bulk_create(
        (
            Appearance(
                article=holder, claim=claim, start=2 * number, end=2 * number + 1,
                sentence_start=0, sentence_end=1, wording=claim.wording, worthiness=0.5,
            )
            for number, claim in enumerate(claims)
        ),
        batch_size=5_000,
    )  # fmt: skip
    with transaction.atomic():
        rows = Review.objects.bulk_create(
            (
                Review(
                    claim=claim, language="en", opened_at=now, prioritised_at=now, copies=3,
                    origins=1, priority=pick.random() * 100, due_at=now,
                    reasons=[{"points": 25, "words": "unverified by The Daily Example"}],
                )
                for claim in claims
            ),
            batch_size=5_000,
        )  # fmt: skip
        ReviewEvent.objects.bulk_create(
            (
                ReviewEvent(
                    review=row, action=Action.OPEN, new_status=Status.QUEUED, actor=system,
                    actor_name=str(system), at=now,
                )
                for row in rows
            ),
            batch_size=5_000,
        )  # fmt: skip
