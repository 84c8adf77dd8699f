"""How many people must approve a verdict, and who has: each approval names what was read.

How many is the most that any of the review's topics asks for, at the moment of an approval. One
stands while the version it names is the newest: taking a verdict back and submitting it unchanged
keeps it, a return makes it void, and so does any change of content, by another version.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import F, Max, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from reviews.decisions import DecisionQuerySet
from reviews.models import Decision, Review, ReviewTopic, User


def needed(topics: Collection[str]) -> int:
    """Return how many approvals a verdict under these topics (by slug) needs. Cost: one query."""
    asked = ReviewTopic.objects.filter(slug__in=topics).aggregate(most=Max("approvals"))["most"]
    return int(asked or 1)


def needed_under() -> dict[str, int]:
    """Return how many approvals each topic (by slug) asks for, where more than one. One query."""
    return dict(ReviewTopic.objects.filter(approvals__gt=1).values_list("slug", "approvals"))


def standing(review: Review) -> DecisionQuerySet:
    """Return the approvals of the newest version that stand, in the order they were given."""
    return _standing(Q(version__verdict__review=review))


def standing_on(reviews: Collection[str]) -> dict[str, list[Decision]]:
    """Return the standing approvals of each of these reviews (by ref) that has any. One query."""
    found: dict[str, list[Decision]] = {}
    rows = _standing(Q(version__verdict__review__ref__in=reviews))
    for decision in rows.select_related("version__verdict__review"):
        found.setdefault(decision.version.verdict.review.ref, []).append(decision)
    return found


def gave(user: User, review: Review) -> bool:
    """Say whether `user` has approved the newest version, and that stands. Cost: one query."""
    return standing(review).filter(by=user).exists()


def completed_by(approval: Decision) -> list[Decision]:
    """Return the approvals that made a version approved, `approval` being the last of them."""
    given = Decision.objects.filter(version=approval.version, pk__lte=approval.pk)
    return list(_since_returned(given))


def _standing(of: Q) -> DecisionQuerySet:
    return _since_returned(Decision.objects.filter(of, version__seq=F("version__verdict__seq")))


def _since_returned(decisions: DecisionQuerySet) -> DecisionQuerySet:
    returns = Decision.objects.filter(
        version=OuterRef("version"), kind=Decision.Kind.RETURNED
    ).order_by("-pk")
    last = Coalesce(Subquery(returns.values("pk")[:1]), 0)
    return decisions.approvals().filter(pk__gt=last).order_by("pk")
