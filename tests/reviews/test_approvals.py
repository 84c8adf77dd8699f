"""Several approvals: how many a verdict needs, which count, and who gives none by any way."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from reviews import (
    approvals,
    arranging,
    history,
    opinions,
    publication,
    queue,
    verification,
    workflow,
)
from reviews.models import (
    Decision,
    Publication,
    Review,
    ReviewEvent,
    ReviewTopic,
    SecondOpinion,
)
from reviews.states import Action, Status
from reviews.workflow import Refused
from tests import factories
from tests.factories import fact_checker, review_at, supervisor
from tests.record import commit
from tests.reviews.test_seals import decision, refused
from tests.together import together

pytestmark = pytest.mark.usefixtures("record_holds")


@pytest.fixture
def ports(db) -> ReviewTopic:
    """A topic under which two people must approve."""
    return arranging.set_topic(
        by=supervisor(), topic=None, name="Ports", words=[], harm=2, approvals=2
    )


@pytest.fixture
def submitted(ports):
    """A submitted verdict that needs two approvals."""
    review = review_at(Status.SUBMITTED)
    arranging.put_under(review, by=supervisor(), topics=["ports"], reason="It is about a port.")
    return review


def given(review) -> list[tuple[int, int]]:
    rows = Decision.objects.filter(version__verdict__review=review).order_by("pk")
    return [(one.nth, one.needed) for one in rows.approvals()]


def resubmit(review, **fields) -> None:
    """Its checker takes it back, changes `fields` of it, and submits it again."""
    workflow.withdraw(review, by=review.checker)
    if fields:
        factories.save(review, **fields)
    factories.submit(review)


def test_the_first_of_two_approvals_is_noted_and_the_second_moves_it_on(submitted):
    first = factories.approve(submitted, by=supervisor())
    assert (submitted.status, first.part, first.completes) == (Status.SUBMITTED, "1 of 2", False)
    assert not publication.publish(review_id=submitted.pk)

    second = factories.approve(submitted, by=supervisor())

    assert (submitted.status, second.part, second.completes) == (Status.APPROVED, "2 of 2", True)
    actions = submitted.events.order_by("-pk").values_list("action", "note")[:2]
    assert list(actions) == [(Action.APPROVE, "2 of 2"), (Action.CO_APPROVE, "1 of 2")]


def test_readers_are_told_of_all_who_approved(submitted):
    people = [supervisor(), supervisor()]
    for person in people:
        factories.approve(submitted, by=person)

    public = publication.publish(review_id=submitted.pk)

    assert public.document["approved_by"] == f"{people[0]} and {people[1]}"


def test_nobody_approves_twice(submitted):
    person = supervisor()
    factories.approve(submitted, by=person)

    with pytest.raises(Refused, match="You approved this version already"):
        factories.approve(submitted, by=person)
    refused(decision(submitted, person).save, because="approved already, or by this person")
    assert given(submitted) == [(1, 2)]


def test_the_strictest_topic_decides_at_the_moment_of_an_approval(submitted, ports):
    factories.approve(submitted, by=supervisor())
    ReviewTopic.objects.create(slug="health", name="Health", approvals=3)
    arranging.put_under(submitted, by=supervisor(), topics=["ports", "health"], reason="Mercury.")

    factories.approve(submitted, by=supervisor())
    assert (submitted.status, given(submitted)) == (Status.SUBMITTED, [(1, 2), (2, 3)])
    ReviewTopic.objects.update(approvals=1)
    factories.approve(submitted, by=supervisor())

    assert (submitted.status, given(submitted)) == (Status.APPROVED, [(1, 2), (2, 3), (3, 1)])


@pytest.mark.parametrize("by", ["its checker", "a supervisor"])
def test_what_is_submitted_needs_as_many_approvals_as_its_topics_asked(submitted, by):
    person = submitted.checker if by == "its checker" else supervisor()

    with pytest.raises(Refused, match="submitted under topics that ask for 2 approvals"):
        arranging.put_under(submitted, by=person, topics=[], reason="It is about no port.")
    submitted.topics = []
    refused(lambda: submitted.save(update_fields=["topics"]), because="needs as many approvals")

    submitted.refresh_from_db()
    assert submitted.topics == ["ports"]


def test_weighing_anew_leaves_what_is_submitted_under_a_stricter_topic(db):
    arranging.set_topic(
        by=supervisor(), topic=None, name="Ports", words=["harbour"], harm=2, approvals=2
    )
    review = review_at(Status.SUBMITTED)
    arranging.reweigh()
    review.refresh_from_db()
    assert review.topics == ["ports"]
    topic = ReviewTopic.objects.get()

    arranging.set_topic(
        by=supervisor(), topic=topic, name="Ports", words=["quay"], harm=2, approvals=2
    )
    arranging.reweigh()

    review.refresh_from_db()
    assert review.topics == ["ports"]
    workflow.withdraw(review, by=review.checker)
    queue.reweigh([review])
    assert review.topics == []


def test_fewer_approvals_than_its_topics_ask_for_are_a_supervisors_to_decide(ports):
    review = review_at(Status.IN_PROGRESS)
    arranging.put_under(review, by=review.checker, topics=["ports"], reason="A port.")

    with pytest.raises(Refused, match="Its topics ask for 2 approvals; a supervisor decides"):
        arranging.put_under(review, by=review.checker, topics=[], reason="No port.")
    arranging.put_under(review, by=supervisor(), topics=[], reason="No port.")

    assert review.topics == []


def test_a_change_makes_earlier_approvals_void(submitted):
    person = supervisor()
    factories.approve(submitted, by=person)

    resubmit(submitted, summary="Landings fell by a ninth.")

    assert list(approvals.standing(submitted)) == []
    factories.approve(submitted, by=person)
    assert (submitted.status, given(submitted)) == (Status.SUBMITTED, [(1, 2), (1, 2)])


def test_taking_it_back_and_saving_what_it_says_already_keeps_an_approval(submitted):
    factories.approve(submitted, by=supervisor())

    workflow.withdraw(submitted, by=submitted.checker)
    assert factories.save(submitted) is None
    factories.submit(submitted)
    factories.approve(submitted, by=supervisor())

    assert (submitted.status, given(submitted)) == (Status.APPROVED, [(1, 2), (2, 2)])


def test_a_return_makes_void_what_was_approved_before_it(submitted):
    person = supervisor()
    factories.approve(submitted, by=person)
    seq = history.of(submitted).seq
    workflow.return_to_checker(submitted, by=supervisor(), seq=seq, comment="Name the year.")
    workflow.take(submitted, by=submitted.checker)
    factories.submit(submitted)

    factories.approve(submitted, by=person)

    assert (submitted.status, given(submitted)) == (Status.SUBMITTED, [(1, 2), (1, 2)])


@pytest.mark.parametrize("role", [supervisor, factories.superuser])
def test_one_approval_of_two_makes_no_contributor_an_approver(ports, role):
    """The window of contributors begins anew with the last approval needed, not with the first."""
    author = role()
    review = review_at(Status.SUBMITTED, checker=author)
    arranging.put_under(review, by=author, topics=["ports"], reason="It is about a port.")
    factories.approve(review, by=supervisor())

    assert history.contributors(review.verdict) == [author]
    with pytest.raises(Refused, match="You contributed"):
        factories.approve(review, by=author)
    refused(decision(review, author).save, because="a contributor cannot approve")
    resubmit(review)
    refused(decision(review, author).save, because="a contributor cannot approve")


def test_who_wrote_before_a_version_with_one_of_two_approvals_still_contributed(ports):
    first, second = supervisor(), fact_checker()
    review = review_at(Status.SUBMITTED, checker=first)
    arranging.put_under(review, by=first, topics=["ports"], reason="It is about a port.")
    factories.approve(review, by=supervisor())
    workflow.withdraw(review, by=first)
    workflow.release(review, by=first, token=review.lease_token)
    workflow.take(review, by=second)
    factories.save(review, summary="Landings fell by a ninth.")
    factories.submit(review)

    with pytest.raises(Refused, match="You contributed"):
        factories.approve(review, by=first)
    refused(decision(review, first).save, because="a contributor cannot approve")


# By no other way


def test_the_database_counts_approvals_whatever_is_written(submitted):
    decision(submitted, supervisor(), nth=9, needed=1).save()

    assert given(submitted) == [(1, 2)]


def test_a_review_does_not_become_approved_with_fewer_than_it_needs(submitted):
    factories.approve(submitted, by=supervisor())
    person, verdict = supervisor(), history.of(submitted)

    def move() -> None:
        ReviewEvent.objects.create(
            review=submitted, action=Action.APPROVE, old_status="submitted", new_status="approved",
            actor=person, actor_name=str(person), at=submitted.opened_at,
        )  # fmt: skip

    refused(move, because="has not as many approvals as it needs")
    early = Publication(
        review=submitted, version=verdict.versions.get(seq=verdict.seq), document={},
        approval=Decision.objects.get(nth=1, kind="approved"), published_at=submitted.opened_at,
    )  # fmt: skip
    refused(early.save, because="a publication needs an approval of exactly its version")


@pytest.mark.parametrize("status", [Status.IN_PROGRESS, Status.RETURNED, Status.PUBLISHED])
def test_nothing_is_decided_that_is_not_submitted(db, status):
    review = review_at(status)
    if status == Status.IN_PROGRESS:
        factories.write_verdict(review, review.checker)

    refused(decision(review, supervisor()).save, because="not submitted: nothing is decided")


# Second opinions


@pytest.mark.parametrize("role", [supervisor, factories.superuser])
def test_whose_second_opinion_it_is_approves_by_no_way(db, role):
    review, second = review_at(Status.SUBMITTED), supervisor()
    factories.second_opinion(review, of=second)
    factories.give_opinion(review, by=second)
    assert review.opinions.get().state == SecondOpinion.State.AGREED

    with pytest.raises(Refused, match="second opinion on it is yours"):
        factories.approve(review, by=second)
    refused(decision(review, second).save, because="whose second opinion it is cannot approve")
    factories.approve(review, by=role())


def test_who_approved_gives_no_second_opinion(submitted):
    person = supervisor()
    factories.approve(submitted, by=person)

    with pytest.raises(Refused, match="decided on the first verdict"):
        factories.second_opinion(submitted, of=person)
    opinions.ask(submitted, by=supervisor(), why="It is close.")
    with pytest.raises(Refused, match="decided on the first verdict"):
        opinions.take(submitted, by=person)
    opinions.call_off(submitted, by=supervisor(), reason="No need.")


def test_a_topic_asks_for_one_to_five(ports):
    for approvals_ in (0, 6):
        refused(
            lambda n=approvals_: ReviewTopic.objects.update(approvals=n),
            because="needs_one_to_five",
        )


# What `verify` notices

SECOND = "(SELECT max(id) FROM reviews_decision)"
TAMPERINGS = {
    "one person twice": (
        "UPDATE reviews_decision SET by_id = (SELECT min(by_id) FROM reviews_decision)",
        "approved version 2 twice",
    ),
    "an approval cut out": (
        f"DELETE FROM reviews_decision WHERE id < {SECOND}",
        "says it is approval 2 of 2, but 1 people had approved version 2",
    ),
    "more needed than given": (
        f"UPDATE reviews_decision SET needed = 3 WHERE id = {SECOND}",
        "without as many approvals as it needed",
    ),
    "an approval of one who gave a second opinion": (
        """
        INSERT INTO reviews_secondopinion (ref, review_id, state, asked_by_id, asked_at, why,
            second_checker_id, second_rating, scale, finding, reasons, given_at, first_rating,
            topics, outcome, end_reason)
        SELECT 'opinion000', review.id, 'agreed', by_id, at - interval '2 s', 'So.', by_id,
            'false', 1, 'It fell.', 'The register.', at - interval '1 s', '', '{}', '', ''
        FROM reviews_decision, reviews_review review ORDER BY reviews_decision.id DESC LIMIT 1
        """,
        "approved version 2, on which they gave a second opinion",
    ),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_verify_notices_approvals_that_are_none(submitted, what):
    for person in (supervisor(), supervisor()):
        factories.approve(submitted, by=person)
    publication.publish(review_id=submitted.pk)
    statement, says = TAMPERINGS[what]
    commit()

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "ALTER TABLE reviews_secondopinion DROP CONSTRAINT reviews_secondopinion_met_by_both"
        )
        cursor.execute(statement)
        found = "\n".join(verification.problems())
        transaction.set_rollback(True)

    assert says in found


# At once


@pytest.mark.django_db(transaction=True)
def test_approvals_at_the_same_moment_are_counted_one_by_one(submitted):
    """Two people at once are the first and the second; the one of them who presses twice is not."""
    first, second = supervisor(), supervisor()
    verdict = history.of(submitted)

    def press(by):
        review = Review.objects.get(pk=submitted.pk)
        return lambda: workflow.approve(
            review, by=by, seq=verdict.seq, content_hash=verdict.content_hash
        )

    answers = together(press(first), press(second), press(first))

    submitted.refresh_from_db()
    assert sorted(given(submitted)) == [(1, 2), (2, 2)]
    assert submitted.status == Status.APPROVED
    assert sum(isinstance(answer, Refused) for answer in answers) == 1
