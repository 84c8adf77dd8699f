"""Rows for measurements, made in bulk and different from each other in every word that matters."""

from __future__ import annotations

import hashlib
import random

from django.db import transaction
from django.utils import timezone

from claims.models import Analysis, Appearance, Article, Claim, Source
from reviews.models import Review, ReviewEvent, User
from reviews.states import Action, Status

BEGINNINGS = (
    "al", "bren", "cor", "dor", "el", "fjel", "gor", "hav", "is", "jel", "kor", "lun", "mor", "nes",
    "or", "pel", "quin", "ros", "sal", "tor",
)  # fmt: skip
ENDINGS = (
    "borg", "na", "vo", "sel", "vas", "by", "nia", "re", "tra", "sa", "da", "de", "vik", "ham",
    "lund", "stad", "mar", "ton", "dal", "ria",
)  # fmt: skip
VERBS = {
    "were evacuated from": "homes",
    "were detained in": "marches",
    "lost their jobs in": "mills",
    "were treated for": "burns",
    "crossed the border near": "checkpoints",
    "signed a petition against": "tolls",
}


def article_text(number: int, *, paragraphs: int = 12) -> str:
    """Return a news article, two sentences a paragraph; every tenth repeats the one before it."""
    is_copy = number % 10 == 9
    pick = random.Random(number - is_copy)
    place = _name(pick)
    lines = [f"Our report number {number} repeats another."] if is_copy else []
    for _ in range(paragraphs):
        verb, thing = pick.choice(list(VERBS.items()))
        lines.append(
            f"About {pick.randrange(12, 90_000):,} people {verb} the {_name(pick)} {thing} on "
            f"{pick.randrange(1, 28)} March, {_name(pick)} {_name(pick)} of the {place} council "
            f"said. The {_name(pick)} bridge stays closed."
        )
    lines.insert(
        len(lines) // 2, f"The Daily Example could not independently verify the {place} figures."
    )
    return "\n\n".join(lines)


def _name(pick: random.Random) -> str:
    middle = pick.choice(BEGINNINGS)
    return (pick.choice(BEGINNINGS) + middle + pick.choice(ENDINGS)).capitalize()


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
                wording=f"{pick.randrange(90_000):,} people {pick.choice(list(VERBS))} "
                f"{_name(pick)} and {_name(pick)}.",
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
                    reasons=[
                        {
                            "points": 25,
                            "words": "unverified by The Daily Example",
                            "kind": "unverified",
                        }
                    ],
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
