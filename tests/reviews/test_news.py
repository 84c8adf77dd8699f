"""What copies do after a verdict, through the whole analysis: the priority, and who is told."""

from __future__ import annotations

from datetime import date
from functools import partial

import pytest

from claims import analysis
from claims.models import Article, Claim
from reviews import publication, queue, workflow
from reviews.models import Review
from reviews.states import Status
from tests import factories
from tests.serving import signed_in
from tests.together import together

SAID = "Dredging killed 4,000 tonnes of cod at Havn in 2025"
CAUTIOUS = (
    f"{SAID}, fishers' leader Mira Holt told the Tide Herald on Monday. "
    "The Tide Herald could not independently verify the figure."
)
DROPPED = f"{SAID}, fishers' leader Mira Holt told the Tide Herald."
ANOTHER = f"{SAID}, port director Jon Berg told the Olmo Gazette."


def analysed(text: str, outlet: str, day: int) -> Article:
    """An article as the desk receives and analyses it."""
    article = factories.article(
        text, source=factories.source(outlet), published_on=date(2026, 3, day), title=outlet
    )
    assert analysis.analyse(article_id=article.pk)
    return article


@pytest.fixture
def reviewed(db) -> Review:
    """The review of what the first article says, before any copy."""
    first = analysed(CAUTIOUS, "Tide Herald", 2)
    queue.open_reviews()
    claim = Claim.objects.filter(appearances__article=first).order_by("pk")[0]
    return Review.objects.get(claim=claim)


def find(review: Review, rating: str, *, until: Status) -> None:
    """Bring a review to `until` with this rating."""
    workflow.take(review, by=factories.fact_checker())
    factories.save(review, rating=rating)
    factories.attach(review)
    if until == Status.IN_PROGRESS:
        return
    factories.submit(review)
    if until in (Status.APPROVED, Status.PUBLISHED):
        factories.approve(review, by=factories.supervisor())
    if until == Status.PUBLISHED:
        publication.publish(review_id=review.pk)
    review.refresh_from_db()


def told(review: Review) -> list[str]:
    queue.open_reviews()
    review.refresh_from_db()
    return review.news


def test_a_copy_that_drops_the_caution_raises_the_priority_with_its_reason(reviewed):
    before = reviewed.priority
    analysed(DROPPED, "Bay Post", 3)
    queue.open_reviews()
    reviewed.refresh_from_db()

    assert reviewed.priority > before
    assert "caution dropped in 1 of 2 copies" in [reason["words"] for reason in reviewed.reasons]


@pytest.mark.parametrize("until", [Status.SUBMITTED, Status.APPROVED, Status.PUBLISHED])
def test_who_found_it_unproven_is_told_of_a_dropped_caution(reviewed, until):
    find(reviewed, "unproven", until=until)
    analysed(DROPPED, "Bay Post", 3)

    assert told(reviewed) == ["a copy dropped the caution: 1 of 2 now"]


def test_who_found_it_unproven_is_told_of_a_new_independent_origin(reviewed):
    find(reviewed, "unproven", until=Status.PUBLISHED)
    analysed(ANOTHER, "Olmo Gazette", 4)

    assert "a new independent origin: 2 now" in told(reviewed)


def test_of_each_kind_the_newest_news_says_all(reviewed):
    find(reviewed, "unproven", until=Status.PUBLISHED)
    for day, outlet in enumerate(("Bay Post", "Pier Times", "Cape Mail"), start=3):
        analysed(DROPPED, outlet, day)
        news = told(reviewed)

    assert news == ["a copy dropped the caution: 3 of 4 now"]
    assert told(reviewed) == news


@pytest.mark.parametrize(
    ("rating", "until"), [("mostly_false", Status.SUBMITTED), ("unproven", Status.IN_PROGRESS)]
)
def test_nobody_is_told_who_found_a_conclusion_or_is_still_at_work(reviewed, rating, until):
    find(reviewed, rating, until=until)
    analysed(DROPPED, "Bay Post", 3)

    assert told(reviewed) == []


def test_who_submitted_it_is_told_also_after_somebody_else_gave_up_a_correction(reviewed):
    find(reviewed, "unproven", until=Status.PUBLISHED)
    submitter, other = reviewed.checker, factories.fact_checker()
    workflow.correct(reviewed, by=other, reason="A slip.")
    workflow.keep(reviewed, by=other, token=reviewed.lease_token)
    analysed(DROPPED, "Bay Post", 3)

    assert told(reviewed)
    assert list(Review.objects.with_news_for(submitter)) == [reviewed]
    assert not Review.objects.with_news_for(other).exists()


def test_the_news_stand_in_the_queue_and_on_the_review_until_they_are_read(reviewed):
    find(reviewed, "unproven", until=Status.PUBLISHED)
    analysed(DROPPED, "Bay Post", 3)
    queue.open_reviews()
    submitter, other = signed_in(reviewed.checker), signed_in(factories.supervisor())
    words, read = "a copy dropped the caution: 1 of 2 now", f"/reviews/{reviewed.ref}/news-read/"

    for page in ("/", f"/reviews/{reviewed.ref}/"):
        answer = submitter.get(page).content.decode()
        assert words in answer
        assert read in answer
    colleagues = other.get(f"/reviews/{reviewed.ref}/").content.decode()
    assert words in colleagues
    assert read not in colleagues
    assert words not in other.get("/").content.decode()
    submitter.post(read)
    assert words not in submitter.get(f"/reviews/{reviewed.ref}/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_tell_it_once():
    first = analysed(CAUTIOUS, "Tide Herald", 2)
    queue.open_reviews()
    review = Review.objects.get(claim=Claim.objects.filter(appearances__article=first)[0])
    find(review, "unproven", until=Status.PUBLISHED)
    analysed(DROPPED, "Bay Post", 3)
    together(*[partial(queue.open_reviews)] * 3)

    review.refresh_from_db()
    assert review.news == ["a copy dropped the caution: 1 of 2 now"]
