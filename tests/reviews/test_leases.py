"""The hold on a review: who may write, until when, and what a late write is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings

from reviews import evidence, history, leases, queue, workflow
from reviews.leases import Refused
from reviews.states import Status
from tests import factories
from tests.factories import fact_checker, review_at, told

pytestmark = pytest.mark.usefixtures("record_holds")

WRITES = {
    "save": lambda review, by, token: history.save(
        review, by=by, token=token, seq=history.of(review).seq,
        draft=history.Draft("false", "Typed late.", "Typed late.", "Typed late."),
    ),
    "restore": lambda review, by, token: history.restore(
        review, by=by, token=token, seq=history.of(review).seq, version_seq=1
    ),
    "attach": lambda review, by, token: evidence.attach(
        review, by=by, token=token, url="", title="Late find", publisher="Port authority",
        quote="Found late.", stance="context",
    ),
    "withdraw evidence": lambda review, by, token: evidence.withdraw(
        review.evidence.get(), by=by, token=token, reason="Late doubts."
    ),
    "renew": lambda review, by, token: workflow.renew(review, by=by, token=token),
    "release": lambda review, by, token: workflow.release(review, by=by, token=token),
    "submit": lambda review, by, token: workflow.submit(
        review, by=by, token=token, seq=history.of(review).seq, told=told(review)
    ),
}  # fmt: skip


@pytest.fixture
def held(db):
    """A review with everything a write needs: three versions and one piece of evidence."""
    review = review_at(Status.IN_PROGRESS)
    factories.write_verdict(review, review.checker)
    factories.save(review, summary="Landings fell by a ninth.")
    return review


def state(review):
    review.refresh_from_db()
    verdict = history.of(review)
    row = (review.status, review.checker, review.lease_token, review.lease_expires_at)
    evidence_rows = [*review.evidence.order_by("pk").values_list("pk", "withdrawn_at")]
    return row, verdict.seq, verdict.content_hash, evidence_rows, review.events.count()


def pass_time(review):
    """Let 25 minutes of the lease pass; return its end."""
    review.lease_expires_at -= timedelta(minutes=25)
    review.save(update_fields=["lease_expires_at"])
    return review.lease_expires_at


def run_out(review):
    factories.run_out(review)


def be_swept(review):
    factories.run_out(review)
    assert queue.expire_leases() == 1


def release(review):
    workflow.release(review, by=review.checker, token=review.lease_token)


def be_taken_by_another(review):
    be_swept(review)
    workflow.take(review, by=fact_checker())


def be_taken_again(review):
    checker = review.checker
    release(review)
    workflow.take(review, by=checker)


ENDS = {
    run_out: "Your lease ran out. Take the review again to go on.",
    be_swept: "You no longer hold this review: it is waiting to be taken.",
    release: "You no longer hold this review: it is waiting to be taken.",
    be_taken_by_another: "is checking",
    be_taken_again: "You took this review again since this page was opened; load the page again.",
}


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
@pytest.mark.parametrize("write", WRITES)
def test_the_former_holders_write_is_refused_and_changes_nothing(held, write, end):
    """After expiry, release or a new lease, only the newest token writes."""
    former, token = held.checker, held.lease_token
    end(held)
    before = state(held)

    with pytest.raises(Refused) as refused:
        WRITES[write](held, former, token)

    assert state(held) == before
    if write not in ("release", "submit"):  # they may be refused for the status before
        assert ENDS[end] in str(refused.value)


@pytest.mark.parametrize("write", WRITES)
def test_the_holders_token_in_another_hand_writes_nothing(held, write):
    before = state(held)

    with pytest.raises(Refused, match=" is checking "):
        WRITES[write](held, factories.superuser(), held.lease_token)

    assert state(held) == before


@pytest.mark.parametrize("write", WRITES)
def test_the_holder_may_write_all_of_them(held, write):
    pass_time(held)
    before = state(held)

    WRITES[write](held, held.checker, held.lease_token)

    assert state(held) != before


def test_what_was_typed_is_not_lost_with_the_lease(held):
    """A refused write leaves the draft with the caller, and a new lease takes it."""
    draft = history.Draft("false", "Typed late.", "Typed late.", "Typed late.")
    be_swept(held)
    with pytest.raises(Refused):
        history.save(held, by=fact_checker(), token=1, seq=3, draft=draft)

    workflow.take(held, by=fact_checker())
    history.save(held, by=held.checker, token=held.lease_token, seq=3, draft=draft)

    assert history.draft_of(history.of(held)) == draft


def test_tokens_of_a_review_only_grow(held):
    tokens = [held.lease_token]
    for end in (be_taken_again, be_taken_by_another):
        end(held)
        tokens.append(held.lease_token)
    factories.submit(held)
    workflow.withdraw(held, by=held.checker)
    tokens.append(held.lease_token)

    assert tokens == [1, 2, 3, 4]


def test_writing_renews_the_lease(held):
    before = pass_time(held)

    factories.save(held, explanation="Explained anew.")

    assert held.lease_expires_at > before + timedelta(minutes=20)


def test_writing_again_within_a_minute_leaves_the_lease_as_it_is(held):
    before = held.lease_expires_at

    factories.save(held, explanation="Explained anew.")

    held.refresh_from_db()
    assert held.lease_expires_at == before


def test_a_lease_never_outlasts_the_longest_hold_however_often_renewed(held):
    begun = held.lease_acquired_at - settings.LEASE_AT_MOST + timedelta(minutes=1)
    held.lease_acquired_at = begun
    held.save(update_fields=["lease_acquired_at"])

    workflow.renew(held, by=held.checker, token=held.lease_token)
    factories.save(held, explanation="Explained anew.")

    assert held.lease_expires_at == begun + settings.LEASE_AT_MOST


def test_a_refused_write_does_not_renew_the_lease(held):
    before = held.lease_expires_at

    with pytest.raises(history.Conflict):
        factories.save(held, seq=1, summary="Typed over an old version.")

    held.refresh_from_db()
    assert held.lease_expires_at == before


@pytest.mark.parametrize("off", [timedelta(days=-400), timedelta(days=400)])
def test_a_wrong_clock_on_the_worker_changes_nothing(db, off):
    """Leases go by the clock of the database."""
    with time_machine.travel(leases.clock() + off):
        review = review_at(Status.IN_PROGRESS)
        factories.save(review)
        assert queue.expire_leases() == 0

    assert abs(review.lease_acquired_at - leases.clock()) < timedelta(minutes=1)
    factories.run_out(review)
    with time_machine.travel(leases.clock() + off):
        with pytest.raises(Refused, match="Your lease ran out"):
            factories.save(review, summary="Typed late.")
        assert queue.expire_leases() == 1


def test_one_sweep_frees_every_expired_lease_and_no_other(db):
    expired, running = [review_at(Status.IN_PROGRESS) for _ in range(3)], []
    running.append(review_at(Status.IN_PROGRESS))
    for review in expired:
        factories.run_out(review)

    assert (queue.expire_leases(), queue.expire_leases()) == (3, 0)

    for review in [*expired, *running]:
        review.refresh_from_db()
    assert {review.status for review in expired} == {Status.QUEUED}
    assert {review.status for review in running} == {Status.IN_PROGRESS}
