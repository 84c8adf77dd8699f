"""Lists of reviews: the views of the queue, what narrows them, their counts, and their pages.

Every status belongs to exactly one view besides *Your turn*, so that nothing is in none of them. A
count is of the same rows as its list, under the same filters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextChoices

from claims.links import SuggestionQuerySet
from claims.models import Appearance, Claim, Flag, Source, Suggestion
from reviews.models import Review, ReviewQuerySet, User
from reviews.states import Status

ROWS = 50  # on one page
WORDS = 8  # searched for at most
COUNTED = 1000  # counting stops here: beyond it "1,000+" says enough


class View(TextChoices):
    TURN = "turn", "Your turn"
    OPEN = "open", "Open"
    WORK = "work", "In work"
    APPROVE = "approve", "To approve"
    PUBLISHED = "published", "Published"
    DISMISSED = "dismissed", "Dismissed"


STATUSES: dict[View, tuple[Status, ...]] = {
    View.OPEN: (Status.QUEUED,),
    View.WORK: (Status.IN_PROGRESS, Status.RETURNED, Status.APPROVED),
    View.APPROVE: (Status.SUBMITTED,),
    View.PUBLISHED: (Status.PUBLISHED,),
    View.DISMISSED: (Status.DISMISSED,),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a list; everything empty narrows nothing."""

    kind: str = ""
    language: str = ""
    source: Source | None = None
    holder: User | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in order, and the `ref` after which the next page starts ("" on the last page)."""

    rows: list[dict[str, Any]]
    next_after: str


def listed(view: View, user: User, filters: Filters) -> ReviewQuerySet:
    """Return the reviews of `view` for `user` that pass `filters`, in no order."""
    reviews: ReviewQuerySet = Review.objects.all()
    reviews = (
        reviews.turn_of(user) if view == View.TURN else reviews.filter(status__in=STATUSES[view])
    )
    if filters.language:
        reviews = reviews.filter(language=filters.language)
    if filters.holder:
        reviews = reviews.filter(checker=filters.holder)
    if filters.words:
        reviews = reviews.filter(claim__wording__icontains=filters.words)
    if filters.source:
        reviews = reviews.filter(Exists(_appearances().filter(article__source=filters.source)))
    if filters.kind:
        reviews = reviews.filter(_flagged(filters.kind))
    return reviews


def counts(user: User, filters: Filters) -> dict[View, int]:
    """Count each view under the same filters, at most to `COUNTED` + 1. Cost: a query a view."""
    return {view: listed(view, user, filters)[: COUNTED + 1].count() for view in View}


def page(reviews: ReviewQuerySet, *, after: str = "") -> Page:
    """Return the rows by priority that follow the review `after`, else those from the top.

    Cost: one query, and one for the place; neither grows with the pages before.
    """
    rows = reviews.by_priority().values(
        "ref", "status", "language", "priority", "reasons", "copies", "origins", "opened_at",
        "due_at", "lease_expires_at", "checker_id", "claim_id",
        wording=F("claim__wording"),
        claimant=F("claim__claimant__name"),
        checker_name=F("checker__first_name"),
        checker_surname=F("checker__last_name"),
        checker_username=F("checker__username"),
    )  # fmt: skip
    place = Review.objects.filter(ref=after).values("priority", "pk").first() if after else None
    if place:
        # The first condition walks the index; the second only settles ties at its edge.
        rows = rows.filter(priority__lte=place["priority"]).filter(
            Q(priority__lt=place["priority"]) | Q(pk__gt=place["pk"])
        )
    found: list[dict[str, Any]] = [dict(row) for row in rows[: ROWS + 1]]
    return Page(found[:ROWS], found[ROWS - 1]["ref"] if len(found) > ROWS else "")


def suggestions(*, decided: bool = False, after: str = "") -> tuple[list[Suggestion], str]:
    """Return open suggestions, likeliest first, or `decided` ones, those decided last first.

    With the `ref` after which the next page starts. Cost: one query, and one for the place.
    """
    shown = shown_suggestions()
    rows = shown.answered() if decided else shown.open()
    column = "decided_at" if decided else "score"
    place = Suggestion.objects.filter(ref=after).values(column, "pk").first() if after else None
    if place and place[column] is not None:
        # The first condition walks the index; the second only settles ties at its edge.
        beyond = Q(pk__lt=place["pk"]) if decided else Q(pk__gt=place["pk"])
        rows = rows.filter(**{f"{column}__lte": place[column]}).filter(
            Q(**{f"{column}__lt": place[column]}) | beyond
        )
    found = list(rows.order_by(f"-{column}", "-pk" if decided else "pk")[: ROWS + 1])
    return found[:ROWS], found[ROWS - 1].ref if len(found) > ROWS else ""


def shown_suggestions() -> SuggestionQuerySet:
    """Suggestions with all that a row of the list names."""
    rows: SuggestionQuerySet = Suggestion.objects.select_related(
        "appearance__article__source", "appearance__claim", "claim", "decided_by", "left"
    ).defer("appearance__article__text")
    return rows


def claims_worded(words: str, *, but: Claim) -> QuerySet[Claim]:
    """Return the standing claims, in any language, that have every one of `words`, newest first."""
    rows = Claim.objects.filter(merged_into__isnull=True).exclude(pk=but.pk)
    for word in words.split()[:WORDS]:
        rows = rows.filter(wording__icontains=word)
    return rows.order_by("-pk")


def _appearances() -> QuerySet[Appearance]:
    return Appearance.objects.current().filter(claim=OuterRef("claim"))


def _flagged(kind: str) -> Q:
    """Reviews whose claim a standing flag of `kind` covers, in an article or by comparison."""
    flags = Flag.objects.standing().filter(kind=kind)
    return Q(Exists(flags.filter(claim=OuterRef("claim")))) | Q(
        Exists(flags.filter(covers__claim=OuterRef("claim"), covers__current=True))
    )
