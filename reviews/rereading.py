"""Pages that reviews rest on are read again, and whom it concerns is told when they change.

`claims.watching` looks at the pages and knows of no reviews: here is said which are looked at, and
what it found is pulled. Both sweeps may run at any time and beside each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from claims import polling, reading, watching
from claims.models import Article, Capture, Revision
from reviews import history, leases, notifications
from reviews.inbox import Kind
from reviews.models import Evidence, Publication, Review
from reviews.states import Status

AT_ONCE = 500  # articles, and copies of cited pages, that a sweep begins to watch
CITED_SINCE = timedelta(days=30)  # evidence in which a sweep looks for articles we hold
PUBLISHED_SINCE = timedelta(days=2)  # publications from which a sweep begins the watch anew


def watch_pages() -> int:
    """Watch the pages that hold or prove a claim under review; return how many are new.

    A page that evidence cites is watched against the copy that is kept of it; if we hold it as an
    article, also against that. With each publication the watch begins anew: what readers are told
    must go on being so.
    """
    now = leases.clock()
    containing = Q(
        appearances__current=True, appearances__claim__review__in=_standing().values("pk")
    )
    unwatched = Article.objects.filter(watching.watchable()).defer("text")
    begun = {row.pk: row for row in unwatched.filter(containing).distinct()[:AT_ONCE]}
    cited = unwatched.filter(canonical_url__in=_cited(since=now - CITED_SINCE)).distinct()
    begun |= {row.pk: row for row in cited[:AT_ONCE]}
    proof = _archived().filter(copy__capture__watch__isnull=True)
    copies = [one.copy.capture for one in proof[:AT_ONCE]]
    watching.watch(begun.values(), copies=copies, since=now)
    for publication in Publication.objects.filter(published_at__gte=now - PUBLISHED_SINCE):
        held = Article.objects.filter(_holding(publication.review), watch__isnull=False)
        proof = _archived().filter(copy__capture__watch__isnull=False, review=publication.review)
        watching.watch(
            held.defer("text").distinct(), copies=[one.copy.capture for one in proof],
            since=publication.published_at,
        )  # fmt: skip
    return len(begun) + len(copies)


@transaction.atomic
def tell_of_changes() -> int:
    """Tell who checks or checked a claim that a page of it changed; return how many were told.

    The same change is told once for a review, however many of its passages cite the page.
    """
    pages = ("article__source", "before", "after", "capture", "after_capture")
    untold = Revision.objects.filter(told_at__isnull=True).select_related(*pages)
    rows = list(untold.select_for_update(of=("self",), skip_locked=True).order_by("pk")[:AT_ONCE])
    now, told = leases.clock(), 0
    for revision in rows:
        occasion = _occasion(revision)
        for review, whose in _resting_on(revision):
            told += bool(
                notifications.tell(
                    review.checker, Kind.PAGE_CHANGED, review, at=now,
                    occasion=occasion, words=f"{revision} ({whose})"[:200],
                )
            )  # fmt: skip
    watching.note_told(rows, at=now)
    return told


def _standing() -> QuerySet[Review]:
    return Review.objects.exclude(status=Status.DISMISSED)


def _archived() -> QuerySet[Evidence]:
    """Standing evidence of which a copy is kept, with that copy, in reviews that stand."""
    rows = Evidence.objects.standing().filter(review__in=_standing().values("pk"))
    kept = rows.filter(copy__capture__state=Capture.State.KEPT)
    return kept.select_related("copy__capture")


def _resting_on(revision: Revision) -> Iterator[tuple[Review, str]]:
    """The reviews that stand on this page, each with whose page it is."""
    reviews = _standing().select_related("checker", "claim")
    if revision.capture:
        cites = Evidence.objects.standing().filter(copy__capture=revision.capture)
        for publisher, review in cites.values_list("publisher", "review"):
            yield from ((one, publisher) for one in reviews.filter(pk=review))
    if article := revision.article:
        appears = Q(claim__appearances__article=article, claim__appearances__current=True)
        concerned = reviews.filter(appears | Q(evidence__in=_citing(article))).distinct()
        yield from ((one, str(article.source)) for one in concerned)


def _citing(article: Article) -> list[int]:
    """The standing evidence that cites the page of `article`, however its address is written."""
    at = {article.canonical_url, reading.canonical(article.url)} - {""}
    likely = Q(pk__in=[])
    for address in at:
        host = polling.host_of(address)
        # A name with letters beyond ASCII is written in two ways: then every address is read.
        likely |= Q(url__gt="") if "xn--" in host else Q(url__icontains=host)
    rows = Evidence.objects.standing().filter(likely).values_list("pk", "url")
    return [pk for pk, url in rows.iterator() if reading.canonical(url) in at]


def _occasion(revision: Revision) -> str:
    """What makes a change of a page this one and no other: where, what differs, after how many."""
    where, later = reading.canonical(revision.address), revision.after_capture
    earlier = Revision.objects.filter(article=revision.article, capture=revision.capture)
    told = [
        where, earlier.filter(pk__lt=revision.pk).count(), str(revision),
        watching.differences(revision) or (later.sha256 if later else ""),
    ]  # fmt: skip
    return f"page {history.sha256(history.canonical(told))}"


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
