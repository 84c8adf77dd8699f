"""Submitting and deciding: what must be there, who may, and nobody alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from claims.models import Article
from reviews import (
    comments,
    evidence,
    gate,
    history,
    publication,
    workflow,
)
from reviews.models import (
    Decision,
    User,
)
from reviews.states import Status
from reviews.workflow import Refused
from tests import factories, record
from tests.factories import fact_checker, review_at, supervisor
from tests.reviews.test_seals import decision, refused

pytestmark = pytest.mark.usefixtures("record_holds")


# Submitting


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ("rating", "a rating"), ("claim_wording", "the claim as checked"),
        ("summary", "a summary"), ("explanation", "an explanation"),
    ],
)  # fmt: skip
def test_submitting_refuses_a_verdict_that_lacks_something(db, field, says):
    review = review_at(Status.IN_PROGRESS)
    factories.write_verdict(review, review.checker, replace(factories.DRAFT, **{field: ""}))

    assert gate.missing(review) == [says]
    with pytest.raises(Refused, match=f"^The verdict still needs {says}.$"):
        factories.submit(review)


def test_submitting_names_all_that_is_missing_at_once(db):
    review = review_at(Status.IN_PROGRESS)

    with pytest.raises(Refused) as refused:
        factories.submit(review)

    assert str(refused.value) == (
        "The verdict still needs a rating, a summary, an explanation "
        "and at least one piece of evidence."
    )


def test_withdrawn_evidence_does_not_count_for_submitting(db):
    review = review_at(Status.IN_PROGRESS)
    factories.save(review)
    attached = factories.attach(review)
    evidence.withdraw(attached, by=review.checker, token=review.lease_token, reason="A forgery.")

    assert gate.missing(review) == ["at least one piece of evidence"]


def test_submitting_names_the_version_that_was_read(db):
    review = review_at(Status.IN_PROGRESS)
    factories.write_verdict(review, review.checker)

    with pytest.raises(Refused, match="saved again since this page was opened"):
        workflow.submit(
            review, by=review.checker, token=review.lease_token, seq=1, told=factories.told(review)
        )

    assert review.status == Status.IN_PROGRESS


def test_submitting_ends_the_lease_and_remembers_the_checker(db):
    checker = fact_checker()
    review = review_at(Status.SUBMITTED, checker=checker)

    assert (review.checker, review.lease_expires_at) == (checker, None)


def test_withdrawing_goes_on_under_a_new_lease(db):
    review = review_at(Status.SUBMITTED)

    workflow.withdraw(review, by=review.checker)

    assert (review.status, review.lease_token) == (Status.IN_PROGRESS, 2)
    assert factories.save(review, summary="Landings fell by a ninth.").seq == 3


# Deciding


def test_a_returned_verdict_keeps_the_comment_and_goes_to_its_checker(db):
    checker, decider = fact_checker(), supervisor()
    review = review_at(Status.RETURNED, checker=checker, approver=decider)

    decision = Decision.objects.get()
    assert (decision.kind, decision.comment) == ("returned", "Name the year.")
    assert (decision.by, decision.by_name, decision.version.seq) == (decider, str(decider), 2)
    assert [*type(review).objects.turn_of(checker)] == [review]


@pytest.mark.parametrize(
    "decide",
    [
        lambda review, by, read: workflow.return_to_checker(
            review, by=by, seq=read.seq, comment="Name the year."
        ),
        lambda review, by, read: workflow.approve(
            review, by=by, seq=read.seq, content_hash=read.content_hash
        ),
    ],
    ids=["return", "approve"],
)
def test_a_decision_on_a_version_that_was_replaced_is_refused(db, decide):
    review = review_at(Status.SUBMITTED)
    read = history.of(review)
    workflow.withdraw(review, by=review.checker)
    factories.save(review, summary="Landings fell by a ninth.")
    factories.submit(review)

    with pytest.raises(Refused, match="The verdict changed while you were reading"):
        decide(review, by=supervisor(), read=read)

    assert review.status == Status.SUBMITTED
    assert not Decision.objects.exists()


def test_an_approval_of_other_content_under_the_same_number_is_refused(db):
    review = review_at(Status.SUBMITTED)
    seq = history.of(review).seq

    with pytest.raises(Refused, match="The verdict changed while you were reading"):
        workflow.approve(review, by=supervisor(), seq=seq, content_hash="0" * 64)


def test_an_approval_names_version_and_content(db):
    review = review_at(Status.APPROVED)

    verdict, decision = history.of(review), Decision.objects.get()
    assert decision.kind == Decision.Kind.APPROVED
    assert (decision.version.seq, decision.content_hash) == (verdict.seq, verdict.content_hash)


# Four eyes


def contributions():
    """Ways to have a hand in a verdict that somebody else submits."""
    return {
        "an edit": lambda review: factories.save(review, summary="Landings fell by a ninth."),
        "evidence attached": lambda review: factories.attach(review, title="Second register"),
        "evidence withdrawn": lambda review: evidence.withdraw(
            review.evidence.first(), by=review.checker, token=review.lease_token, reason="Old."
        ),
        "a version restored": lambda review: history.restore(
            review, by=review.checker, token=review.lease_token,
            seq=history.of(review).seq, version_seq=1,
        ),
    }  # fmt: skip


@pytest.mark.parametrize("person", [supervisor, factories.superuser])
@pytest.mark.parametrize("contribution", contributions())
def test_who_had_a_hand_in_a_verdict_cannot_approve_it(db, person, contribution):
    """Four eyes hold for supervisors and superusers alike, whatever their part was."""
    contributor, first, last = person(), fact_checker(), fact_checker()
    review = review_at(Status.IN_PROGRESS, checker=first)
    factories.write_verdict(review, first)
    factories.attach(review, title="Harbour diary")
    factories.save(review, explanation="Explained anew.")
    workflow.release(review, by=first, token=review.lease_token)
    workflow.take(review, by=contributor)
    contributions()[contribution](review)
    workflow.release(review, by=contributor, token=review.lease_token)
    workflow.take(review, by=last)
    factories.save(review, summary="Landings fell by about a tenth.")
    factories.submit(review)

    assert contributor in history.contributors(review.verdict)
    with pytest.raises(Refused, match="You contributed to this verdict"):
        factories.approve(review, by=contributor)
    factories.approve(review, by=supervisor())


def test_who_wrote_only_before_the_last_approval_may_approve_the_correction(db):
    author, corrector = supervisor(), supervisor()
    review = review_at(Status.PUBLISHED, checker=author)
    workflow.correct(review, by=corrector, reason="The year was wrong.")
    factories.save(review, summary="Landings fell by a ninth.")
    factories.submit(review)

    assert history.contributors(review.verdict) == [corrector]
    with pytest.raises(Refused, match="You contributed"):
        factories.approve(review, by=corrector)
    factories.approve(review, by=author)
    assert review.status == Status.APPROVED


def test_who_wrote_words_that_are_restored_does_not_approve_them(db):
    """They were never approved, and somebody else's were since."""
    author, other = supervisor(), fact_checker()
    review = review_at(Status.IN_PROGRESS, checker=author)
    factories.write_verdict(review, author)
    factories.save(review, summary="Landings vanished.")
    written = history.of(review).seq
    workflow.release(review, by=author, token=review.lease_token)
    workflow.take(review, by=other)
    factories.save(review)
    factories.submit(review)
    factories.approve(review, by=supervisor())
    publication.publish(review_id=review.pk)
    workflow.correct(review, by=other, reason="It was worse.")
    seq = history.of(review).seq
    history.restore(review, by=other, token=review.lease_token, seq=seq, version_seq=written)
    factories.submit(review)

    assert author in history.contributors(review.verdict)
    with pytest.raises(Refused, match="You contributed"):
        factories.approve(review, by=author)
    refused(decision(review, author).save, because="a contributor cannot approve")
    factories.approve(review, by=supervisor())


def test_who_said_what_has_to_be_corrected_does_not_approve_the_correction(db):
    """Readers are told so in their words."""
    beginner, finisher = supervisor(), fact_checker()
    review = review_at(Status.PUBLISHED)
    workflow.correct(review, by=beginner, reason="The year was wrong.")
    workflow.release(review, by=beginner, token=review.lease_token)
    workflow.take(review, by=finisher)
    factories.save(review, summary="Landings fell by a ninth.")
    factories.submit(review)

    assert history.contributors(review.verdict) == [beginner, finisher]
    with pytest.raises(Refused, match="You contributed"):
        factories.approve(review, by=beginner)
    refused(decision(review, beginner).save, because="a contributor cannot approve")
    factories.approve(review, by=supervisor())
    publication.publish(review_id=review.pk)
    assert history.contributors(history.of(review)) == []


def test_what_others_change_of_an_article_is_read_before_it_is_submitted(db):
    review = review_at(Status.IN_PROGRESS)
    factories.write_verdict(review, review.checker)
    read, before = factories.told(review), history.of(review).seq
    Article.objects.update(title="The mayor is a thief")

    def submit(told: str) -> None:
        workflow.submit(review, by=review.checker, token=review.lease_token, seq=before, told=told)

    with pytest.raises(Refused, match="changed since this page was opened"):
        submit(read)
    assert (review.status, history.of(review).seq) == (Status.IN_PROGRESS, before)
    submit(factories.told(review))
    assert review.status == Status.SUBMITTED


def test_a_returned_verdict_keeps_its_contributors(db):
    author, second = supervisor(), fact_checker()
    review = review_at(Status.RETURNED, checker=author)
    workflow.take(review, by=second)
    factories.save(review, summary="Landings fell by a ninth.")
    factories.submit(review)

    assert history.contributors(review.verdict) == [author, second]
    with pytest.raises(Refused, match="You contributed"):
        factories.approve(review, by=author)


# Losing a role between page and commit


def lose_role(person):
    person.groups.clear()


def leave(person):
    User.objects.filter(pk=person.pk).update(is_active=False)


@pytest.mark.parametrize("lose", [lose_role, leave])
def test_a_supervisor_who_lost_the_right_cannot_approve(db, lose):
    review, decider = review_at(Status.SUBMITTED), supervisor()
    assert decider.has_perm("reviews.approve_verdict")  # now remembered by `decider`
    lose(decider)

    with pytest.raises(Refused, match="Your role does not allow this"):
        factories.approve(review, by=decider)

    assert (review.status, Decision.objects.count()) == (Status.SUBMITTED, 0)


@pytest.mark.parametrize("lose", [lose_role, leave])
def test_a_checker_who_lost_the_role_cannot_write_though_the_lease_runs(db, lose):
    review = review_at(Status.IN_PROGRESS)
    checker = review.checker
    assert checker.has_perm("reviews.check_review")
    lose(checker)
    before = record.trace(review)

    for write in (
        lambda: history.save(
            review, by=checker, token=review.lease_token, seq=0, draft=factories.DRAFT
        ),
        lambda: workflow.renew(review, by=checker, token=review.lease_token),
        lambda: comments.say(review, by=checker, body="Not mine to say."),
        lambda: factories.submit(review),
    ):
        with pytest.raises(Refused, match="Your role does not allow this"):
            write()

    assert record.trace(review) == before
