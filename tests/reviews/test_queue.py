"""What comes next: which claims get a review, in what order, with what reasons, for whom."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from claims.models import Analysis, Appearance, Derivation, Flag
from reviews import leases, priority, queue, workflow
from reviews.models import Conflict, Review, ReviewEvent, ReviewTopic, Weights
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


# Priority

NOW = timezone.now()
JUST_OPENED = priority.Times(NOW, NOW + timedelta(days=3), NOW)


def points(facts: priority.Facts, topics=(), times=JUST_OPENED, **weights) -> list[tuple[int, str]]:
    found = priority.reasons(facts, Weights(**weights), topics, times)
    return [(reason.points, reason.words) for reason in found]


@pytest.mark.parametrize(
    ("known", "reasons"),
    [
        ({}, []),
        ({"worthiness": 0.7}, [(21, "check-worthiness 0.70")]),
        ({"worthiness": 1.0}, [(30, "check-worthiness 1.00")]),
        ({"unverified": True}, [(16, "unverified, nobody named")]),
        (
            {"unverified": True, "unverified_by": ("Daily Tide",)},
            [(20, "unverified by Daily Tide")],
        ),
        (
            {"unverified": True, "unverified_by": ("A", "B", "C")},
            [(20, "unverified by A, B and C")],
        ),
        ({"copies": 2, "origins": 2}, [(6, "2 copies of 2 origins")]),
        (
            {"copies": 4, "origins": 1, "dropped": 2},
            [(15, "caution dropped in 2 of 4 copies"), (12, "4 copies of 1 origin")],
        ),
        ({"copies": 9, "origins": 1}, [(15, "9 copies of 1 origin")]),
        ({"per_hour": 2.0}, [(2, "2 copies an hour")]),
        ({"per_hour": 1.04}, [(1, "1 copy an hour")]),
    ],
)
def test_each_fact_gives_its_points_and_its_words(known, reasons):
    assert points(priority.Facts(**known)) == reasons


def test_topics_give_what_supervisors_set_and_the_worst_harm_counts():
    health = ReviewTopic(slug="health", name="Health", harm=3)
    ports = ReviewTopic(slug="ports", name="Ports", harm=1)

    weights = Weights(topics={"health": 8, "ports": -3})
    found = priority.reasons(priority.Facts(), weights, [ports, health], JUST_OPENED)

    assert [(reason.points, reason.words) for reason in found] == [
        (5, "harm that false claims on Health can do: to life or health"),
        (-3, "topic Ports"),
        (8, "topic Health"),
    ]


@pytest.mark.parametrize(
    ("opened", "due", "reasons"),
    [
        (0, 72, []),
        (-24, 72, [(1, "open for a day")]),
        (-24 * 7, 72, [(5, "open for 7 days")]),
        (-24 * 70, 72, [(5, "open for 70 days")]),
        (0, 23, [(2, "due within a day")]),
        (0, 0, [(5, "overdue")]),
    ],
)
def test_time_gives_points_as_it_passes(opened, due, reasons):
    times = priority.Times(NOW + timedelta(hours=opened), NOW + timedelta(hours=due), NOW)

    assert points(priority.Facts(), times=times) == reasons


def test_a_priority_is_the_sum_of_its_reasons_between_nothing_and_a_hundred():
    everything = priority.Facts(1, True, ("Daily Tide",), 2, 9, 1, 9.0)
    found = priority.reasons(everything, Weights(worthiness=100), [], JUST_OPENED)

    assert sum(reason.points for reason in found) == 155
    assert priority.total(found) == 100
    assert priority.total([priority.Reason(-20, "topic Ports", "topic")]) == 0
    assert (
        sum(
            getattr(Weights(), part)
            for part in (
                "worthiness",
                "unverified",
                "dropped",
                "spread",
                "pace",
                "harm",
                "age",
                "due",
            )
        )
        == 100
    )


def test_the_reasons_are_stored_beside_the_sum(db):
    review = factories.review(worthiness=0.7)

    assert sum(reason["points"] for reason in review.reasons) == review.priority == 41
    assert [reason["words"] for reason in review.reasons][1] == "check-worthiness 0.70"
    assert (review.copies, review.origins) == (1, 1)
    assert review.kinds == ["self_disclaimer"]
    assert review.sources == [review.claim.appearances.get().article.source_id]
    assert review.claimant == review.claim.claimant


@pytest.mark.parametrize(
    ("words", "wording", "topics"),
    [
        (["port", "harbour*"], "The port closed.", ["ports"]),
        (["port", "harbour*"], "Harbours closed.", ["ports"]),
        (["port", "harbour*"], "The airport reported it.", []),
        (["порт*"], "Порты закрыты.", ["ports"]),
        (["c++ (language)"], "They wrote C++ (language).", []),
        ([], "The port closed.", []),
    ],
)
def test_words_put_claims_under_topics(words, wording, topics):
    vocabulary = [ReviewTopic(slug="ports", name="Ports", words=words)]

    assert priority.topics_of(wording, vocabulary) == topics


@pytest.mark.parametrize(
    ("copies", "per_hour", "hours"),
    [(1, 0.0, 72), (2, 0.0, 48), (5, 0.0, 24), (10, 0.0, 6), (1, 3.0, 6), (2, 1.0, 24)],
)
def test_what_spreads_is_due_sooner(copies, per_hour, hours):
    assert priority.allowance(copies, per_hour) == timedelta(hours=hours)


def test_a_review_is_due_when_its_spread_says_until_a_person_says_when(db):
    review = factories.review()
    assert review.due_at - review.opened_at == timedelta(hours=72)

    dropped_since(review)
    queue.open_reviews()
    review.refresh_from_db()
    assert timedelta(hours=24) <= review.due_at - review.opened_at < timedelta(hours=25)

    by_hand = leases.clock() + timedelta(days=9)
    workflow.set_due(review, by=fact_checker(), due_at=by_hand, reason="The council votes.")
    queue.refresh_priorities([review])

    review.refresh_from_db()
    assert (review.due_at, review.due_by_hand) == (by_hand, True)


def copied(review: Review, *, at: datetime) -> None:
    """A further article with the claim of `review`, analysed at that time."""
    other = factories.article(text="Dredging cut the catch by half, a union said.")
    Appearance.objects.create(
        article=other, claim=review.claim, start=0, end=31, sentence_start=0, sentence_end=45,
        wording="Dredging cut the catch by half.", worthiness=0.7,
    )  # fmt: skip
    Analysis.objects.filter(article=other).update(status="analysed", finished_at=at)


def test_a_waiting_review_is_weighed_again_when_its_claim_is_found_in_a_new_article(db):
    review = factories.review(worthiness=0.7)
    copied(review, at=leases.clock() + timedelta(milliseconds=1))

    queue.open_reviews()

    before = review.prioritised_at
    review.refresh_from_db()
    assert review.copies == 2
    assert review.prioritised_at > before
    assert review.priority == sum(reason["points"] for reason in review.reasons)


def test_a_copy_that_was_committed_after_the_queue_looked_is_found_all_the_same(db):
    """What it was stored at is before its commit, and may be before the queue looked last."""
    review = factories.review(worthiness=0.7)
    copied(review, at=review.prioritised_at - timedelta(milliseconds=200))

    queue.open_reviews()

    review.refresh_from_db()
    assert review.copies == 2


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


def test_everybody_is_offered_the_topics_they_check_and_what_has_none(db):
    ports, nothing = prioritised(90, topics=["ports"]), prioritised(50)

    assert queue.take_next(fact_checker(topics=["health"])) == nothing
    assert queue.take_next(fact_checker(topics=["ports", "health"])) == ports


CONFLICTS = {
    "source": lambda review, topic: {"source": review.claim.appearances.get().article.source},
    "claimant": lambda review, topic: {"claimant": review.claim.claimant},
    "topic": lambda review, topic: {"topic": topic},
}


@pytest.mark.parametrize("about", CONFLICTS)
def test_what_a_person_declared_a_conflict_with_is_neither_offered_nor_given(db, about):
    topic = ReviewTopic.objects.create(slug="ports", name="Ports")
    review, person = prioritised(90, topics=["ports"]), fact_checker()
    conflict = Conflict.objects.create(
        person=person, words="My sister works there.", declared_at=NOW,
        **CONFLICTS[about](review, topic),
    )  # fmt: skip

    assert queue.take_next(person) is None
    assert not Review.objects.available_to(person).exists()
    with pytest.raises(Refused, match=f"You declared a conflict of interest with {conflict.about}"):
        workflow.take(review, by=person)

    conflict.ended_at = leases.clock()
    conflict.save()
    assert queue.take_next(person) == review


def test_taking_the_next_leaves_the_same_rows_as_taking_it(db):
    first, second = prioritised(90), prioritised(50)
    one, other = fact_checker(), fact_checker()
    workflow.take(first, by=one)

    taken = queue.take_next(other)

    def trace(review):
        lease = review.lease_expires_at - review.lease_acquired_at
        event = review.events.latest("pk")
        return (
            review.status, review.lease_token, lease, review.waits_for, event.action,
            event.old_status, event.new_status, event.note, event.at == review.lease_acquired_at,
            event.actor_name == str(review.checker), event.actor == review.checker,
        )  # fmt: skip

    assert taken == second
    assert trace(taken) == trace(first)
    second.refresh_from_db()
    assert (second.checker, second.lease_token) == (taken.checker, taken.lease_token)


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.QUEUED}))
def test_only_what_waits_is_handed_out(db, status):
    review_at(status)

    assert queue.take_next(fact_checker()) is None


def test_taking_the_next_refuses_those_who_hold_enough(db, settings):
    settings.LEASES_PER_PERSON = 1
    prioritised(50), prioritised(60)
    checker = fact_checker()
    queue.take_next(checker)

    with pytest.raises(Refused, match="You hold 1 review already"):
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
    assert claims.count() == waiting + sum(by_status) == 1 + len(Status)


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
