"""What comes next: which claims get a review, in what order, with what reasons, for whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from claims.models import Analysis, Appearance, Derivation, Flag
from claims.provenance import Fate, Standing
from reviews import leases, queue, workflow
from reviews.models import Review, ReviewEvent
from reviews.states import Action, Status
from reviews.workflow import Refused
from tests import factories
from tests.factories import fact_checker, review_at
from tests.serving import signed_in

pytestmark = pytest.mark.usefixtures("record_holds")


def prioritised(priority: float, **fields) -> Review:
    """A review waiting in the queue with a priority of our choosing."""
    review = factories.review()
    Review.objects.filter(pk=review.pk).update(priority=priority, **fields)
    review.refresh_from_db()
    return review


# Opening


def test_a_flagged_claim_gets_a_review_and_its_opening_is_logged(db):
    claim = factories.claim(worthiness=0)

    assert queue.open_reviews() == 1

    review = Review.objects.get()
    assert (review.claim, review.status, review.language) == (claim, Status.QUEUED, "en")
    event = review.events.get()
    assert (event.action, event.old_status, event.new_status) == ("open", "", "queued")
    assert event.actor.is_system
    assert event.at == review.opened_at


def test_opening_again_opens_nothing(db):
    factories.claim()
    queue.open_reviews()

    assert queue.open_reviews() == 0
    assert ReviewEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("worthiness", "flag", "opens"),
    [
        (0.5, None, True),
        (0.49, None, False),
        (0.0, {"kind": "self_disclaimer"}, True),
        (0.0, {"kind": "anonymous_source"}, False),
        (0.0, {"kind": "self_disclaimer", "state": "dismissed"}, False),
        (0.0, {"kind": "self_disclaimer", "state": "confirmed"}, True),
    ],
    ids=[
        "worthy enough", "not quite worthy", "unverified", "merely anonymous",
        "its flag dismissed", "its flag confirmed",
    ],
)  # fmt: skip
def test_claims_worth_checking_or_said_to_be_unverified_get_a_review(
    db, settings, worthiness, flag, opens
):
    settings.QUEUE_WORTHINESS = 0.5
    claim = factories.claim(worthiness=worthiness)
    if flag is None:
        Flag.objects.all().delete()
    else:
        decided = {} if flag.get("state", "open") == "open" else {
            "decided_by": fact_checker(), "decided_at": timezone.now(), "reason": "Read it.",
        }  # fmt: skip
        Flag.objects.update(**flag, **decided)

    assert queue.open_reviews() == opens
    assert Review.objects.filter(claim=claim).exists() == opens


def test_a_claim_that_no_article_says_any_more_gets_none(db):
    factories.claim()
    Appearance.objects.update(current=False)

    assert queue.open_reviews() == 0


def test_a_claim_whose_copy_dropped_the_caution_gets_a_review(db):
    claim = factories.claim(worthiness=0)
    flag = Flag.objects.get()
    flag.covers.clear()
    Flag.objects.update(claim=claim, kind="disclaimer_dropped")

    assert queue.open_reviews() == 1


def test_more_claims_than_one_batch_are_all_opened(db, monkeypatch):
    monkeypatch.setattr(queue, "BATCH", 2)
    for _ in range(5):
        factories.claim()

    assert queue.open_reviews() == 5
    assert Review.objects.queued().count() == 5


def test_what_is_urgent_is_due_sooner(db, monkeypatch):
    monkeypatch.setattr(queue, "SOON_FROM", 40)
    urgent, other = factories.review(worthiness=0.9), factories.review(worthiness=0.1)

    assert (urgent.priority, other.priority) == (36 + 25, 4 + 25)
    assert (urgent.due_at - urgent.opened_at, other.due_at - other.opened_at) == (
        queue.SOON, queue.LATER,
    )  # fmt: skip


# Priority


def standing(**fields) -> Standing:
    nothing = {
        "copies": 1, "origins": 1, "origin_names": ("Coast Courier",), "unverified": False,
        "covered": 0, "unverified_by": (), "fates": (),
    }  # fmt: skip
    return Standing(**nothing | fields)


class Dropped:
    fate = Fate.DROPPED


@pytest.mark.parametrize(
    ("worthiness", "known", "reasons"),
    [
        (0.0, {}, []),
        (0.7, {}, [(28, "check-worthiness 0.70")]),
        (1.0, {}, [(40, "check-worthiness 1.00")]),
        (0.0, {"unverified": True}, [(20, "unverified, nobody named")]),
        (
            0.0, {"unverified": True, "unverified_by": ("Daily Tide",)},
            [(25, "unverified by Daily Tide")],
        ),
        (
            0.0, {"unverified": True, "unverified_by": ("A", "B", "C")},
            [(25, "unverified by A, B and C")],
        ),
        (0.0, {"copies": 2, "origins": 2}, [(8, "2 copies of 2 origins")]),
        (
            0.0, {"copies": 4, "fates": (Dropped, Dropped)},
            [(15, "caution dropped in 2 of 4 copies"), (16, "4 copies of 1 origin")],
        ),
        (0.0, {"copies": 9}, [(20, "9 copies of 1 origin")]),
    ],
)  # fmt: skip
def test_a_priority_is_the_sum_of_its_reasons(worthiness, known, reasons):
    claim = factories.Claim(worthiness=worthiness)

    found = queue.priority_reasons(claim, standing(**known))

    assert [(reason.points, reason.words) for reason in found] == reasons


def test_no_priority_is_above_a_hundred():
    everything = standing(
        copies=9, unverified=True, unverified_by=("Daily Tide",), fates=(Dropped,)
    )

    found = queue.priority_reasons(factories.Claim(worthiness=1), everything)

    assert sum(reason.points for reason in found) == 100


def test_the_reasons_are_stored_beside_the_sum(db):
    review = factories.review(worthiness=0.7)

    assert sum(reason["points"] for reason in review.reasons) == review.priority == 53
    assert [reason["words"] for reason in review.reasons][1] == "check-worthiness 0.70"
    assert (review.copies, review.origins) == (1, 1)


def test_a_waiting_review_is_weighed_again_when_its_claim_is_found_in_a_new_article(db):
    review = factories.review(worthiness=0.7)
    other = factories.article(text="Dredging cut the catch by half, a union said.")
    Appearance.objects.create(
        article=other, claim=review.claim, start=0, end=31, sentence_start=0, sentence_end=45,
        wording="Dredging cut the catch by half.", worthiness=0.7,
    )  # fmt: skip
    Analysis.objects.filter(article=other).update(
        status="analysed", finished_at=leases.clock() + timedelta(milliseconds=1)
    )

    queue.open_reviews()

    before = review.prioritised_at
    review.refresh_from_db()
    assert review.copies == 2
    assert review.prioritised_at > before
    assert review.priority == sum(reason["points"] for reason in review.reasons)


def test_weighing_thirty_reviews_asks_no_more_than_weighing_one(db):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            queue.refresh_priorities(Review.objects.select_related("claim"))
        return len(captured)

    factories.review()
    one = queries()
    for _ in range(29):
        factories.claim()
    queue.open_reviews()

    assert queries() == one


# Handing out


def test_the_highest_priority_comes_next_and_the_older_among_equals(db):
    middle, high, equal = prioritised(50), prioritised(90), prioritised(50)
    checker = fact_checker()

    assert [queue.take_next(checker) for _ in range(4)] == [high, middle, equal, None]


def test_taking_the_next_is_taking_it(db):
    review, checker = prioritised(50), fact_checker()

    taken = queue.take_next(checker)

    assert (taken, taken.checker, taken.status) == (review, checker, Status.IN_PROGRESS)
    assert taken.events.latest("pk").action == Action.TAKE


def test_everybody_is_offered_what_they_can_read(db):
    german, english = prioritised(90, language="de"), prioritised(50)

    assert queue.take_next(fact_checker(languages=["en"])) == english
    assert queue.take_next(fact_checker(languages=["fr"])) is None
    assert queue.take_next(fact_checker()) == german


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.QUEUED}))
def test_only_what_waits_is_handed_out(db, status):
    review_at(status)

    assert queue.take_next(fact_checker()) is None


def test_taking_the_next_refuses_those_who_hold_enough(db, settings):
    settings.LEASES_PER_PERSON = 1
    prioritised(50), prioritised(60)
    checker = fact_checker()
    queue.take_next(checker)

    with pytest.raises(Refused, match="You hold 1 reviews already"):
        queue.take_next(checker)

    assert Review.objects.queued().count() == 1


def test_taking_the_next_is_refused_to_those_who_may_not_check(db):
    prioritised(50)

    with pytest.raises(Refused, match="Your role does not allow this"):
        queue.take_next(factories.data_editor())


# Lists


def test_turn_of_a_person_is_what_they_hold_and_what_came_back(db):
    checker = fact_checker()
    held = review_at(Status.IN_PROGRESS, checker=checker)
    returned = review_at(Status.RETURNED, checker=checker)
    review_at(Status.SUBMITTED, checker=checker)
    review_at(Status.IN_PROGRESS)

    assert {*Review.objects.turn_of(checker)} == {held, returned}
    assert [*Review.objects.held_by(checker)] == [held]


def test_every_claim_worth_a_review_is_in_exactly_one_place(db):
    """Received = waiting to be opened + every status, in one snapshot."""
    for status in Status:
        review_at(status)
    factories.claim()

    claims = factories.Claim.objects.all()
    waiting = claims.filter(review__isnull=True).count()
    by_status = [Review.objects.filter(status=status).count() for status in Status]
    assert by_status == [1] * len(Status)
    assert claims.count() == waiting + sum(by_status) == 8


def test_a_released_review_is_offered_again_to_anybody(db):
    review, checker = prioritised(50), fact_checker()
    taken = queue.take_next(checker)
    workflow.release(taken, by=checker, token=taken.lease_token)

    assert queue.take_next(fact_checker()) == review


# News for those who found no conclusion


def unproven(**fields) -> Review:
    """A review that its checker submitted as unproven."""
    review = factories.review()
    workflow.take(review, by=factories.fact_checker())
    factories.save(review, rating="unproven", **fields)
    factories.attach(review)
    factories.submit(review)
    return review


def dropped_since(review: Review) -> None:
    """Another outlet repeats the claim and its source, without the caution."""
    first = review.claim.appearances.get()
    article = factories.article(text=factories.TEXT.split(" The Coast")[0])
    Appearance.objects.create(
        article=article, claim=review.claim, start=0, end=first.end, sentence_start=0,
        sentence_end=first.sentence_end, wording=first.wording, claimant=first.claimant,
        worthiness=0.7,
    )  # fmt: skip
    Derivation.objects.create(
        article=article, on_source=first.article.source, kind="citation", score=1, start=0, end=9
    )
    Analysis.objects.filter(article=article).update(status="analysed", finished_at=timezone.now())


def test_who_found_it_unproven_is_told_that_a_copy_dropped_the_caution(db):
    review = unproven()
    dropped_since(review)

    queue.open_reviews()

    review.refresh_from_db()
    assert review.news == ["a copy dropped the caution: 1 of 2 now"]
    page = signed_in(review.checker).get("/").content.decode()
    assert "a copy dropped the caution: 1 of 2 now" in page


def test_who_found_a_conclusion_is_not_told(db):
    review = factories.review_at(Status.SUBMITTED)
    dropped_since(review)

    queue.open_reviews()

    review.refresh_from_db()
    assert (review.news, review.dropped) == ([], 1)


def test_only_its_checker_marks_news_as_read(db):
    review = unproven()
    dropped_since(review)
    queue.open_reviews()

    assert not queue.read_news(review, by=factories.fact_checker())
    assert queue.read_news(review, by=review.checker)
    review.refresh_from_db()
    assert review.news == []
