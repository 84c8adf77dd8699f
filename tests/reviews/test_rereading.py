"""Which pages are read again for the sake of reviews, and who is told what became of them."""

from __future__ import annotations

import pytest

from claims.models import Article, Revision, Watch
from reviews import leases, rereading
from reviews.inbox import Kind, Notification
from reviews.states import Status
from tests import factories
from tests.serving import signed_in

pytestmark = pytest.mark.django_db


def fetched(article: Article) -> Article:
    """The article, as one that came from its page."""
    article.snapshots.create(
        sha256="0" * 64, size=1, media_type="text/html", location=article.url, address=article.url
    )
    return article


def of(review) -> Article:
    return review.claim.appearances.get().article


def test_pages_that_hold_a_claim_under_review_are_watched_and_others_are_not(db):
    held, dismissed = factories.review_at(Status.QUEUED), factories.review_at(Status.DISMISSED)
    for article in (of(held), of(dismissed), factories.article()):
        fetched(article)

    assert rereading.watch_pages() == 1
    assert rereading.watch_pages() == 0
    assert Watch.objects.get().article == of(held)


def test_a_page_that_evidence_cites_is_watched_if_we_hold_it(db):
    review = factories.review_at(Status.IN_PROGRESS)
    cited = fetched(factories.article(url="https://port.example/register?utm_source=us"))
    Article.objects.filter(pk=cited.pk).update(canonical_url="https://port.example/register")
    factories.attach(review)

    rereading.watch_pages()

    assert Watch.objects.get().article == cited


def test_with_a_publication_the_watch_begins_anew(db):
    review = factories.review_at(Status.APPROVED)
    fetched(of(review))
    rereading.watch_pages()
    begun = Watch.objects.get().since
    factories.publication.publish(review_id=review.pk)

    rereading.watch_pages()

    assert Watch.objects.get().since > begun


@pytest.mark.parametrize("status", [Status.IN_PROGRESS, Status.SUBMITTED, Status.PUBLISHED])
def test_the_checker_is_told_once_that_a_page_changed(status):
    review = factories.review_at(status)
    factories.page_change(of(review))

    assert rereading.tell_of_changes() == 1
    assert rereading.tell_of_changes() == 0
    assert not Revision.objects.filter(told_at=None).exists()
    told = Notification.objects.get(kind=Kind.PAGE_CHANGED)
    assert (told.person, told.words) == (
        review.checker, f"The page is gone ({of(review).source})",
    )  # fmt: skip


def test_of_a_review_that_nobody_holds_nobody_is_told(db):
    factories.page_change(of(factories.review_at(Status.QUEUED)))

    assert rereading.tell_of_changes() == 0


def test_the_pages_of_review_claim_and_article_show_it(db):
    review = factories.review_at(Status.IN_PROGRESS)
    article = of(review)
    later = factories.article(article.text.replace("half", "a tenth"), source=article.source)
    change = factories.page_change(
        article, kind="changed", before=article, after=later, words=2, why="",
        seen_at=leases.clock(),
    )  # fmt: skip
    desk = signed_in(review.checker)

    for where in (review.get_absolute_url(), f"/claims/{review.claim.ref}/"):
        shown = desk.get(where).content.decode()
        assert "The page changed after it was read: 2 words" in shown
        assert f'href="/articles/{article.ref}/#change-{change.ref}"' in shown
    shown = desk.get(f"/articles/{article.ref}/").content.decode()
    assert "<del>half</del><ins>a tenth</ins>" in shown
