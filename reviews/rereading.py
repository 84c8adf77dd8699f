"""Pages that reviews rest on are read again, and whom it concerns is told when they change.

`claims.watching` looks at the pages and knows of no reviews: here is said which are looked at, and
what it found is pulled. Both sweeps may run at any time and beside each other.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from claims import reading, watching
from claims.models import Article, Revision
from reviews import leases, notifications
from reviews.inbox import Kind
from reviews.models import Evidence, Publication, Review
from reviews.states import Status

AT_ONCE = 500  # articles that a sweep begins to watch
CITED_SINCE = timedelta(days=30)  # evidence in which a sweep looks for articles we hold
PUBLISHED_SINCE = timedelta(days=2)  # publications from which a sweep begins the watch anew


def watch_pages() -> int:
    """Watch the pages that hold or prove a claim under review; return how many are new.

    With each publication the watch begins anew: what readers are told must go on being so.
    """
    now = leases.clock()
    containing = Q(
        appearances__current=True, appearances__claim__review__in=_standing().values("pk")
    )
    unwatched = Article.objects.filter(watching.watchable()).defer("text")
    begun = {row.pk: row for row in unwatched.filter(containing).distinct()[:AT_ONCE]}
    cited = unwatched.filter(canonical_url__in=_cited(since=now - CITED_SINCE)).distinct()
    begun |= {row.pk: row for row in cited[:AT_ONCE]}
    watching.watch(begun.values(), since=now)
    for publication in Publication.objects.filter(published_at__gte=now - PUBLISHED_SINCE):
        held = Article.objects.filter(_holding(publication.review), watch__isnull=False)
        rows = held.defer("text").distinct()
        watching.watch(rows, since=publication.published_at)
    return len(begun)


@transaction.atomic
def tell_of_changes() -> int:
    """Tell who checks or checked a claim that a page of it changed; return how many were told."""
    untold = Revision.objects.filter(told_at__isnull=True).select_related("article__source")
    rows = list(untold.select_for_update(of=("self",), skip_locked=True).order_by("pk")[:AT_ONCE])
    now, told = leases.clock(), 0
    for revision in rows:
        for review in _resting_on(revision.article):
            told += bool(
                notifications.tell(
                    review.checker, Kind.PAGE_CHANGED, review, at=now,
                    occasion=f"page {revision.ref}",
                    words=f"{revision} ({revision.article.source})"[:200],
                )
            )  # fmt: skip
    watching.note_told(rows, at=now)
    return told


def _standing() -> QuerySet[Review]:
    return Review.objects.exclude(status=Status.DISMISSED)


def _resting_on(article: Article) -> QuerySet[Review]:
    """The reviews of claims that appear in `article`, and those that cite its page."""
    at = {article.url, article.canonical_url} - {""}
    appears = Q(claim__appearances__article=article, claim__appearances__current=True)
    cites = Q(evidence__url__in=at, evidence__withdrawn_at__isnull=True)
    return _standing().filter(appears | cites).select_related("checker", "claim").distinct()


def _holding(review: Review) -> Q:
    """The articles in which its claim appears, and those that its evidence cites."""
    urls = review.evidence.standing().values_list("url", flat=True)
    addresses = {address for url in urls if (address := reading.canonical(url))}
    appears = Q(appearances__current=True, appearances__claim=review.claim_id)
    return appears | Q(canonical_url__in=addresses)


def _cited(*, since: datetime) -> set[str]:
    """The addresses of standing evidence that was attached since, in their one spelling."""
    rows = Evidence.objects.standing().filter(
        added_at__gte=since, review__in=_standing().values("pk")
    )
    urls = rows.exclude(url="").values_list("url", flat=True)
    return {address for url in urls if (address := reading.canonical(url))}
