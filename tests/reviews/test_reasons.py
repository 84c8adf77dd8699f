"""Reasons, flags, corrections and dismissals: what is said stays, and who said it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from claims.models import Flag
from reviews import (
    comments,
    gate,
    history,
    publication,
    roles,
    workflow,
)
from reviews.models import (
    Comment,
    Decision,
    Publication,
    User,
)
from reviews.states import Action, Status
from reviews.workflow import Refused
from tests import factories, record
from tests.factories import fact_checker, review_at, supervisor

pytestmark = pytest.mark.usefixtures("record_holds")


# Reasons and comments


@pytest.mark.parametrize("nothing", ["", " \n"])
@pytest.mark.parametrize(
    ("status", "verb"),
    [
        (Status.QUEUED, lambda review, words: workflow.dismiss(
            review, by=supervisor(), reason=words)),
        (Status.DISMISSED, lambda review, words: workflow.reopen(
            review, by=supervisor(), reason=words)),
        (Status.PUBLISHED, lambda review, words: workflow.correct(
            review, by=supervisor(), reason=words)),
        (Status.SUBMITTED, lambda review, words: workflow.return_to_checker(
            review, by=supervisor(), seq=history.of(review).seq, comment=words)),
        (Status.QUEUED, lambda review, words: comments.say(
            review, by=supervisor(), body=words)),
    ],
    ids=["dismiss", "reopen", "correct", "return", "comment"],
)  # fmt: skip
def test_what_others_must_understand_needs_words(db, status, verb, nothing):
    review = review_at(status)
    before = record.trace(review)

    with pytest.raises(Refused, match=r"^(Say|Write) "):
        verb(review, nothing)

    assert record.trace(review) == before


def test_a_comment_is_kept_with_its_author(db):
    review, colleague = review_at(Status.IN_PROGRESS), fact_checker()

    comment = comments.say(review, by=colleague, body=" The register is online. ")

    assert (comment.author, comment.body) == (colleague, "The register is online.")


def test_a_comment_sent_twice_stands_once(db):
    """A double click sends everything twice."""
    review, colleague = review_at(Status.IN_PROGRESS), fact_checker()

    first = comments.say(review, by=colleague, body="The register is online.")
    second = comments.say(review, by=colleague, body="The register is online.")

    assert (second, Comment.objects.count()) == (first, 1)


def test_what_somebody_says_again_later_stands_again(db):
    review, colleague, other = review_at(Status.IN_PROGRESS), fact_checker(), fact_checker()

    for author in (colleague, other, colleague):
        comments.say(review, by=author, body="The register is offline.")

    assert Comment.objects.count() == 3


# Flags


@pytest.fixture
def flagged(db):
    review = review_at(Status.IN_PROGRESS)
    return review, Flag.objects.get(covers__claim=review.claim)


def decide(review, flag, state, **fields):
    fields = {"by": review.checker, "token": review.lease_token} | fields
    workflow.decide_flag(review, flag=flag, state=state, **fields)
    flag.refresh_from_db()


def test_a_flag_is_decided_by_the_holder(flagged):
    review, flag = flagged

    decide(review, flag, "dismissed", reason="It speaks of another catch.")

    assert (flag.state, flag.reason) == ("dismissed", "It speaks of another catch.")
    assert flag.decided_by == review.checker
    decide(review, flag, "open")
    assert (flag.state, flag.reason, flag.decided_by, flag.decided_at) == ("open", "", None, None)


def test_a_flag_is_not_dismissed_without_a_reason(flagged):
    with pytest.raises(Refused, match="Say why the flag is dismissed"):
        decide(*flagged, "dismissed", reason=" ")


def test_a_flag_of_another_claims_article_is_refused(flagged):
    review, _ = flagged
    elsewhere = Flag.objects.get(covers__claim=factories.claim())

    with pytest.raises(Refused, match="not on an article in which the claim appears"):
        decide(review, elsewhere, "confirmed")


@pytest.mark.parametrize("who", ["a stranger", "a late holder", "an old token"])
def test_a_flag_is_not_decided_without_the_lease(flagged, who):
    review, flag = flagged
    fields = {"a stranger": {"by": supervisor()}, "an old token": {"token": 0}}.get(who, {})
    if who == "a late holder":
        factories.run_out(review)

    with pytest.raises(Refused):
        decide(review, flag, "confirmed", **fields)

    flag.refresh_from_db()
    assert flag.state == "open"


# Corrections, dismissals, names


def test_readers_keep_the_publication_while_it_is_corrected(db):
    review = review_at(Status.PUBLISHED)

    workflow.correct(review, by=fact_checker(), reason="The year was wrong.")

    assert (review.status, review.is_published) == (Status.IN_PROGRESS, True)
    assert Publication.objects.current().get(review=review).correction == ""


def test_a_correction_begun_by_mistake_is_given_up_and_nothing_is_published_again(db):
    review, checker = review_at(Status.PUBLISHED), fact_checker()
    workflow.correct(review, by=checker, reason="The year was wrong.")

    workflow.keep(review, by=checker, token=review.lease_token)

    review.refresh_from_db()
    assert (review.status, review.lease_expires_at) == (Status.PUBLISHED, None)
    assert (history.of(review).seq, Publication.objects.count()) == (2, 1)
    assert review.events.latest("pk").action == Action.KEEP
    workflow.correct(review, by=checker, reason="The port was wrong.")
    assert history.correction_of(history.of(review)) == "The port was wrong."


def test_what_was_changed_is_not_kept_until_what_is_published_is_restored(db):
    review, checker = review_at(Status.PUBLISHED), fact_checker()
    workflow.correct(review, by=checker, reason="The year was wrong.")
    token = review.lease_token
    factories.save(review, summary="Landings fell by a ninth.")

    with pytest.raises(Refused, match="not what is published any more"):
        workflow.keep(review, by=checker, token=token)
    history.restore(review, by=checker, token=token, seq=3, version_seq=2)
    with pytest.raises(Refused, match="still needs a change to what is published"):
        factories.submit(review)
    workflow.keep(review, by=checker, token=token)

    assert (review.status, history.of(review).seq) == (Status.PUBLISHED, 4)


def test_a_correction_is_given_up_under_its_newest_lease_alone(db):
    review, checker = review_at(Status.PUBLISHED), fact_checker()
    workflow.correct(review, by=checker, reason="The year was wrong.")
    old = review.lease_token
    workflow.release(review, by=checker, token=old)
    workflow.take(review, by=checker)

    with pytest.raises(Refused, match="You took this review again"):
        workflow.keep(review, by=checker, token=old)
    workflow.keep(review, by=checker, token=review.lease_token)


def test_a_correction_says_to_readers_what_was_corrected(db):
    review = review_at(Status.PUBLISHED)
    workflow.correct(review, by=fact_checker(), reason="The year was wrong.")
    factories.save(review, summary="Landings fell by a ninth.", correction=" ")

    assert gate.missing(review) == ["words for readers on what was corrected"]


# Dismissing what a colleague wrote


def test_what_is_held_is_dismissed_under_its_newest_lease_alone(db):
    review = review_at(Status.IN_PROGRESS)
    checker, old = review.checker, review.lease_token
    workflow.release(review, by=checker, token=old)
    workflow.take(review, by=checker)
    before = record.trace(review)

    for token in (old, 0):
        with pytest.raises(Refused, match="You took this review again"):
            workflow.dismiss(review, by=checker, reason="Not checkable.", token=token)
    assert record.trace(review) == before

    workflow.dismiss(review, by=checker, reason="Not checkable.", token=review.lease_token)
    assert review.status == Status.DISMISSED


def test_a_returned_verdict_is_dismissed_by_its_checker_or_a_supervisor(db):
    author = fact_checker()
    review = review_at(Status.RETURNED, checker=author)

    with pytest.raises(Refused, match=f"returned to {author}; they or a supervisor decide"):
        workflow.dismiss(review, by=fact_checker(), reason="Not checkable.")
    assert review.status == Status.RETURNED
    workflow.dismiss(review, by=supervisor(), reason="Not checkable.")
    assert review.status == Status.DISMISSED


def test_a_correction_that_changes_nothing_is_not_submitted(db):
    review = review_at(Status.PUBLISHED)
    workflow.correct(review, by=fact_checker(), reason="The year was wrong.")

    with pytest.raises(Refused, match="still needs a change to what is published"):
        factories.submit(review)


@pytest.mark.parametrize("released", [False, True])
def test_what_readers_see_is_corrected_and_never_dismissed(db, released):
    review, checker = review_at(Status.PUBLISHED), fact_checker()
    workflow.correct(review, by=checker, reason="The year was wrong.")
    if released:
        workflow.release(review, by=checker, token=review.lease_token)

    with pytest.raises(Refused, match="Readers can see this check"):
        workflow.dismiss(review, by=checker, reason="Nobody cares.")


def test_a_dismissed_review_says_why_and_comes_back(db):
    review, decider = review_at(Status.DISMISSED), supervisor()
    assert review.events.latest("pk").note == "Nobody can check this."

    workflow.reopen(review, by=decider, reason="The register is public now.")

    assert review.status == Status.QUEUED
    assert review.events.latest("pk").note == "The register is public now."


def test_every_row_names_its_actor_as_they_were_called_then(db):
    checker, decider = fact_checker(last_name="Before"), supervisor(last_name="Before")
    review = review_at(Status.PUBLISHED, checker=checker, approver=decider)
    User.objects.filter(pk__in=[checker.pk, decider.pk]).update(last_name="After")

    events = review.events.order_by("pk").values_list("action", "actor_name")
    assert [*events] == [
        ("open", "The desk"), ("take", "Person Before"), ("submit", "Person Before"),
        ("approve", "Person Before"), ("publish", "The desk"),
    ]  # fmt: skip
    names = {version.actor_name for version in review.verdict.versions.all()}
    assert names == {"Person Before"}
    assert Decision.objects.get().by_name == "Person Before"


def test_the_desk_itself_can_never_sign_in(client, db):
    system = User.objects.system()

    assert (system.is_active, system.has_usable_password(), str(system)) == (
        False, False, "The desk",
    )  # fmt: skip
    assert User.objects.system() == system


def test_publishing_again_publishes_nothing(db):
    """A retried task acts once."""
    review = review_at(Status.PUBLISHED)
    before = record.trace(review)

    assert publication.publish(review_id=review.pk) is None

    assert record.trace(review) == before


def test_a_renewed_lease_ends_at_the_longest_hold(db, settings):
    settings.LEASE_AT_MOST = settings.LEASE + timedelta(minutes=1)
    review = review_at(Status.IN_PROGRESS)
    begun = review.lease_acquired_at
    review.lease_acquired_at -= timedelta(minutes=20)
    review.save(update_fields=["lease_acquired_at"])

    for _ in range(3):
        workflow.renew(review, by=review.checker, token=review.lease_token)

    assert review.lease_expires_at == begun - timedelta(minutes=20) + settings.LEASE_AT_MOST


def test_roles_are_exactly_what_is_written_down_after_every_migrate(db):
    checker = fact_checker()
    checker.groups.get().permissions.clear()
    assert not User.objects.get(pk=checker.pk).has_perm("reviews.check_review")

    roles.sync()

    assert User.objects.get(pk=checker.pk).has_perm("reviews.check_review")
