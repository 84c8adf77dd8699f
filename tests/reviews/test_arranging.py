"""Weights and topics: who sets them, what a preview tells, and weighing the queue anew."""

from __future__ import annotations

from datetime import timedelta

import pytest

from claims.models import Claim
from reviews import arranging, leases, queue
from reviews.leases import Refused
from reviews.models import Review, ReviewTopic, Reweighing, Weights
from reviews.states import Status
from tests import factories
from tests.together import together

NOTHING = dict.fromkeys(arranging.PARTS, 0)


def set_weights(**points: int) -> Weights:
    return arranging.set_weights(
        by=factories.supervisor(), points=NOTHING | points, topics={}, why="A trial."
    )


def priorities() -> dict[int, int]:
    return {pk: round(points) for pk, points in Review.objects.values_list("pk", "priority")}


def worth(worthiness: float) -> Review:
    review = factories.review()
    Claim.objects.filter(pk=review.claim_id).update(worthiness=worthiness)
    queue.refresh_priorities([Review.objects.select_related("claim").get(pk=review.pk)])
    return review


def test_a_preview_tells_the_new_places_and_stores_nothing(db):
    low, high = worth(0.2), worth(0.9)
    Review.objects.filter(pk=low.pk).update(priority=99)
    before = priorities()

    placed = arranging.preview(Weights(**NOTHING | {"worthiness": 100}))

    told = [(one.review.pk, one.priority, one.place, one.before, one.up) for one in placed]
    assert told == [(high.pk, 90, 1, 2, 1), (low.pk, 20, 2, 1, -1)]
    assert priorities() == before
    assert not Weights.objects.exists()


def test_new_weights_are_in_force_for_every_review_that_is_not_decided(db):
    open_one, submitted = worth(0.5), factories.review_at(Status.SUBMITTED)
    published = factories.review_at(Status.PUBLISHED)
    before = priorities()

    set_weights(worthiness=40)
    assert arranging.reweigh() == 2

    assert priorities() == {
        open_one.pk: 20, submitted.pk: round(40 * 0.7), published.pk: before[published.pk],
    }  # fmt: skip
    pass_ = Reweighing.objects.get()
    assert (pass_.done, pass_.total, bool(pass_.finished_at)) == (2, 2, True)
    assert arranging.reweigh() == 0


def test_what_was_opened_before_facts_were_kept_learns_them(db):
    review = worth(0.5)
    Review.objects.filter(pk=review.pk).update(facts={}, priority=0, reasons=[])

    set_weights(worthiness=40)
    arranging.reweigh()

    review.refresh_from_db()
    assert (review.priority, review.facts["worthiness"]) == (20, 0.5)


def test_once_an_hour_age_and_due_dates_are_weighed_anew(db):
    review = worth(0.5)
    set_weights(age=70)
    arranging.reweigh()
    assert priorities()[review.pk] == 0
    Review.objects.update(opened_at=leases.clock() - timedelta(days=3, hours=1))
    assert arranging.reweigh() == 0, "not within the hour"
    Reweighing.objects.update(finished_at=leases.clock() - timedelta(hours=2))

    assert arranging.reweigh() == 1

    assert priorities()[review.pk] == 30
    assert Reweighing.objects.latest("pk").why == "Age and due dates"


def test_weighing_anew_forgets_no_article_that_came_meanwhile(db):
    review = worth(0.5)
    learnt = review.prioritised_at

    set_weights(worthiness=40)
    arranging.reweigh()

    review.refresh_from_db()
    assert review.prioritised_at >= learnt
    Review.objects.update(prioritised_at=learnt - timedelta(hours=1))
    assert queue.refresh(Review.objects.all()) == 1


def test_a_pass_goes_on_where_a_killed_one_stopped_and_new_weights_begin_it_again(db, monkeypatch):
    monkeypatch.setattr(arranging, "BATCH", 1)
    reviews = [worth(0.5) for _ in range(3)]
    set_weights(worthiness=40)
    arranging._batch()
    assert Reweighing.objects.get().reached == reviews[0].pk

    assert arranging.reweigh() == 2
    set_weights(worthiness=60)
    arranging._batch()
    set_weights(worthiness=80)

    assert Reweighing.objects.unfinished().get().reached == 0
    assert arranging.reweigh() == 3
    assert set(priorities().values()) == {40}


@pytest.mark.django_db(transaction=True)
def test_two_workers_weigh_each_review_once_beside_people_who_take_them(settings):
    settings.LEASES_PER_PERSON = 50
    for _ in range(12):
        worth(0.5)
    set_weights(worthiness=40)
    checker = factories.fact_checker()

    def take():
        return sum(queue.take_next(checker) is not None for _ in range(12))

    done = together(arranging.reweigh, arranging.reweigh, take)

    assert done[2] == 12
    assert arranging.reweigh() + done[0] + done[1] == 12
    assert set(priorities().values()) == {20}
    assert Review.objects.filter(status=Status.IN_PROGRESS).count() == 12


def test_a_changed_topic_takes_its_claims_along_but_those_placed_by_hand(db):
    review = factories.review(wording="Dredging cut the catch by half.")
    by_hand = factories.review(wording="Dredging is slow.")
    Review.objects.filter(pk=by_hand.pk).update(topics=["other"], topics_by_hand=True)

    topic = arranging.set_topic(
        by=factories.supervisor(), topic=None, name="The sea bed", words=["dredg*"], harm=2
    )
    arranging.reweigh()

    review.refresh_from_db()
    by_hand.refresh_from_db()
    assert (review.topics, by_hand.topics) == ([topic.slug], ["other"])
    assert "harm that false claims on The sea bed can do: serious" in [
        reason["words"] for reason in review.reasons
    ]


def test_only_supervisors_set_weights_and_topics_and_say_why(db):
    checker, decider = factories.fact_checker(), factories.supervisor()

    with pytest.raises(Refused, match="role"):
        arranging.set_weights(by=checker, points=NOTHING, topics={}, why="Mine.")
    with pytest.raises(Refused, match="why"):
        arranging.set_weights(by=decider, points=NOTHING, topics={}, why=" ")
    with pytest.raises(Refused, match="role"):
        arranging.set_topic(by=checker, topic=None, name="Sea", words=[], harm=0)
    arranging.set_topic(by=decider, topic=None, name="Sea", words=[], harm=0)
    with pytest.raises(Refused, match="already"):
        arranging.set_topic(by=decider, topic=None, name="SEA", words=[], harm=0)
    with pytest.raises(Refused, match="letter"):
        arranging.set_topic(by=decider, topic=None, name="!!", words=[], harm=0)

    assert ReviewTopic.objects.count() == 1
    assert not Weights.objects.exists()


def test_topics_put_by_hand_stand_against_the_words_and_count_at_once(db):
    ReviewTopic.objects.create(slug="sea", name="The sea", words=["harbour"])
    ReviewTopic.objects.create(slug="health", name="Health", words=["burns"], harm=2)
    set_weights(harm=60)
    review, by = worth(0.5), factories.fact_checker()
    review.refresh_from_db()
    assert (review.topics, round(review.priority)) == (["sea"], 0)

    arranging.put_under(review, by=by, topics=["health"], reason="It made people ill.")

    review.refresh_from_db()
    assert (review.topics, review.topics_by_hand) == (["health"], True)
    assert round(review.priority) > 0
    event = review.events.latest("pk")
    assert (event.actor, event.note) == (by, "Health: It made people ill.")
    queue.refresh_priorities([review])
    arranging.reweigh()
    review.refresh_from_db()
    assert review.topics == ["health"]


@pytest.mark.parametrize(
    ("topics", "reason", "why"),
    [
        (["tide"], "So.", "There is no topic “tide”"),
        (["sea"], " ", "Say why"),
        ([], "None of them.", "already"),
    ],
)
def test_topics_that_make_no_sense_are_refused(db, topics, reason, why):
    ReviewTopic.objects.create(slug="sea", name="The sea")
    review = factories.review()
    arranging.put_under(review, by=factories.fact_checker(), topics=[], reason="About no topic.")

    with pytest.raises(Refused, match=why):
        arranging.put_under(review, by=factories.fact_checker(), topics=topics, reason=reason)

    review.refresh_from_db()
    assert review.topics == []
