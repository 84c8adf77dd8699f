"""Published checks as readers browse them: newest first, searched, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from reviews.models import Publication

ROWS = 20  # on one page
WORDS = 8  # searched for at most


@dataclass(frozen=True, slots=True)
class Page:
    """Publications in order, and the `ref` after which the next page starts ("" on the last)."""

    rows: list[Publication]
    next_after: str


def newest() -> QuerySet[Publication]:
    """Return what readers see now of every published check, newest first."""
    return Publication.objects.current().select_related("review").order_by("-published_at", "-pk")


def found(*, words: str = "", rating: str = "") -> QuerySet[Publication]:
    """Return the checks whose claim, claimant or summary has every word, with rating code `rating`.

    Cost: a search reads every check; without words the index is walked from the newest.
    """
    checks = newest()
    if rating:
        checks = checks.filter(document__rating__code=rating)
    for word in words.split()[:WORDS]:
        checks = checks.filter(
            Q(document__claim__icontains=word)
            | Q(document__claimant__name__icontains=word)
            | Q(document__summary__icontains=word)
        )
    return checks


def page(checks: QuerySet[Publication], *, after: str = "") -> Page:
    """Return the checks that follow the check `after`; from the newest if there is none such."""
    place = newest().filter(review__ref=after).first() if after else None
    if place:
        # The first condition walks the index; the second only settles ties at its edge.
        checks = checks.filter(published_at__lte=place.published_at).filter(
            Q(published_at__lt=place.published_at) | Q(pk__lt=place.pk)
        )
    rows = list(checks[: ROWS + 1])
    return Page(rows[:ROWS], rows[ROWS - 1].review.ref if len(rows) > ROWS else "")
