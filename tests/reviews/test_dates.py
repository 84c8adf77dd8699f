"""What comes by itself with time: ends of waits, due dates that pass, new looks at “Unproven”."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reviews import leases, notifications, publication, queue, workflow
from reviews.models import Review, ReviewEvent
from reviews.states import Action, Status
from reviews.workflow import Refused
from tests import factories
from tests.factories import fact_checker, review_at, supervisor
from tests.together import together

DAY = timedelta(days=1)


def has_come(review: Review, date: str) -> Review:
    """Let a date of `review` have come a minute ago."""
    Review.objects.filter(pk=review.pk).update(**{date: leases.clock() - timedelta(minutes=1)})
    return now(review)


def now(review: Review) -> Review:
    return Review.objects.select_related("claim", "checker").get(pk=review.pk)


def unproven() -> Review:
    """A published check that found no conclusion."""
    review = review_at(Status.IN_PROGRESS)
    found = replace(factories.DRAFT, rating="unproven")
    factories.write_verdict(review, review.checker, found)
    factories.submit(review)
    factories.approve(review, by=supervisor())
    publication.publish(review_id=review.pk)
    return now(review)


def moves(review: Review, action: Action) -> list[ReviewEvent]:
    return list(review.events.filter(action=action))


# Waiting


def test_a_wait_ends_by_itself_with_its_checker_and_says_what_for(db):
    review = review_at(Status.IN_PROGRESS)
    checker = review.checker
    factories.put_aside(review)
    assert queue.keep_dates() == 0

    has_come(review, "waits_until")
    assert [queue.keep_dates() for _ in range(3)] == [1, 0, 0]

    review = now(review)
    assert (review.status, review.checker) == (Status.RETURNED, checker)
    assert (review.waits_until, review.waits_for) == (None, "The port's press office")
    (woken,) = moves(review, Action.WAKE)
    assert (woken.actor.is_system, woken.note) == (True, "The port's press office")


def test_who_waits_goes_on_before_the_date_if_they_hold_no_more_than_they_may(db, settings):
    settings.LEASES_PER_PERSON = 1
    review = review_at(Status.IN_PROGRESS)
    checker = review.checker
    factories.put_aside(review)
    other = factories.review()
    workflow.take(other, by=checker)

    with pytest.raises(Refused, match=r"^You hold 1 review already"):
        workflow.unsnooze(review, by=checker)
    workflow.release(other, by=checker, token=other.lease_token)
    workflow.unsnooze(review, by=checker)

    review = now(review)
    assert (review.status, review.checker, review.waits_for) == (Status.IN_PROGRESS, checker, "")
    assert review.lease_expires_at is not None


@pytest.mark.parametrize("days", [0, 91])
def test_a_wait_is_for_a_date_to_come_and_not_for_ever(db, days):
    review = review_at(Status.IN_PROGRESS)

    with pytest.raises(Refused, match=r"^Choose a date in the next 90 days\.$"):
        workflow.snooze(
            review, by=review.checker, token=review.lease_token,
            until=leases.clock() + days * DAY, waits_for="The port",
        )  # fmt: skip


# Due dates


def test_a_due_date_that_passes_is_noted_once_and_a_new_one_may_pass_again(db):
    review = has_come(factories.review(), "due_at")

    assert [queue.keep_dates() for _ in range(3)] == [1, 0, 0]
    assert now(review).overdue_at is not None

    soon = leases.clock() + DAY
    workflow.set_due(review, by=fact_checker(), due_at=soon, reason="The council votes.")
    assert now(review).overdue_at is None
    has_come(review, "due_at")
    assert queue.keep_dates() == 1
    assert len(moves(review, Action.OVERDUE)) == 2


def test_what_is_decided_does_not_become_overdue(db):
    has_come(review_at(Status.PUBLISHED), "due_at")
    has_come(review_at(Status.DISMISSED), "due_at")

    assert queue.keep_dates() == 0


@pytest.mark.parametrize("again", ["corrected", "reopened"])
def test_a_check_begun_again_is_due_as_a_new_one_is(db, again):
    review = review_at(Status.PUBLISHED if again == "corrected" else Status.DISMISSED)
    has_come(review, "due_at")
    if again == "corrected":
        workflow.correct(review, by=fact_checker(), reason="The year is wrong.")
    else:
        workflow.reopen(review, by=supervisor(), reason="Now checkable.")

    review = now(review)
    assert review.due_at > leases.clock() + timedelta(hours=1)
    assert queue.keep_dates() == 0


# Unproven


def test_an_unproven_verdict_is_due_again_once_and_looked_at_again(db, settings):
    review = unproven()
    assert review.recheck_at == pytest.approx(leases.clock() + settings.RECHECK, abs=DAY)

    has_come(review, "recheck_at")
    assert [queue.keep_dates() for _ in range(3)] == [1, 0, 0]
    assert list(Review.objects.turn_of(review.checker)) == [review]

    again = leases.clock() + 7 * DAY
    workflow.recheck(review, by=review.checker, again_at=again, found="The register is closed.")
    review = now(review)
    assert (review.status, review.recheck_at, review.reminded_at) == (
        Status.PUBLISHED, again, None,
    )  # fmt: skip
    assert list(Review.objects.turn_of(review.checker)) == []


def test_a_verdict_with_a_conclusion_is_not_looked_at_again(db):
    review = review_at(Status.PUBLISHED)

    assert review.recheck_at is None
    with pytest.raises(Refused, match=r"^This check found a conclusion"):
        workflow.recheck(
            review, by=review.checker, again_at=leases.clock() + DAY, found="Nothing new."
        )


# Together


@pytest.mark.django_db(transaction=True)
def test_of_four_sweeps_at_once_one_makes_each_move_and_tells_of_it():
    waiting, late = review_at(Status.IN_PROGRESS), review_at(Status.IN_PROGRESS)
    factories.put_aside(waiting)
    has_come(waiting, "waits_until")
    has_come(late, "due_at")

    made = together(*[queue.keep_dates] * 4)

    assert sum(made) == 2
    assert len(moves(waiting, Action.WAKE)) == len(moves(late, Action.OVERDUE)) == 1
    assert notifications.unread(waiting.checker) == notifications.unread(late.checker) == 1
