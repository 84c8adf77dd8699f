"""Every move by everybody from everywhere: what is allowed, what is refused, what it leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from reviews import (
    arranging,
    gate,
    history,
    opinions,
    redaction,
    regrouping,
    workflow,
)
from reviews.models import (
    Conflict,
    Notification,
    User,
)
from reviews.states import Action, Status
from reviews.workflow import Refused
from tests import factories, record
from tests.factories import fact_checker, review_at, supervisor, told

pytestmark = pytest.mark.usefixtures("record_holds")


# Who may do what, and from where

PEOPLE = {
    "the checker": fact_checker,
    "another checker": fact_checker,
    "a supervisor who is the checker": supervisor,
    "another supervisor": supervisor,
    "a superuser who is the checker": factories.superuser,
    "another superuser": factories.superuser,
    "a data editor": factories.data_editor,
    "a checker who left": lambda: fact_checker(is_active=False),
    "the desk": User.objects.system,
}
CHECKERS = {name for name in PEOPLE if "checker" in name or "super" in name} - {
    "a checker who left"
}
DECIDERS = {name for name in CHECKERS if "super" in name}
SOON = timezone.now() + timedelta(days=2)
HOLDERS = {name for name in CHECKERS if "the checker" in name}

# What is noted of every review that nobody has decided, wherever it is.
NOTED = {Action.DUE: CHECKERS, Action.PUT_UNDER: CHECKERS, Action.OVERDUE: {"the desk"}}
ALLOWED: dict[Status, dict[Action, set[str]]] = {
    Status.QUEUED: NOTED | {
        Action.TAKE: CHECKERS, Action.DISMISS: CHECKERS, Action.MERGE: CHECKERS,
    },
    Status.IN_PROGRESS: NOTED | {
        Action.RELEASE: HOLDERS, Action.SUBMIT: HOLDERS, Action.DISMISS: HOLDERS,
        Action.EXPIRE: {"the desk"}, Action.ADOPT: HOLDERS, Action.MERGE: HOLDERS,
        Action.SNOOZE: HOLDERS, Action.HAND_OVER: HOLDERS,
        Action.TAKE_OVER: DECIDERS - HOLDERS,
    },
    Status.SUBMITTED: NOTED | {
        Action.WITHDRAW: HOLDERS, Action.RETURN: DECIDERS, Action.APPROVE: DECIDERS - HOLDERS,
        Action.ASK_OPINION: DECIDERS, Action.REDACT: DECIDERS,
        Action.CO_APPROVE: DECIDERS - HOLDERS,
    },
    Status.WAITING: NOTED | {
        Action.UNSNOOZE: HOLDERS, Action.WAKE: {"the desk"},
        Action.DISMISS: HOLDERS | DECIDERS, Action.MERGE: HOLDERS | DECIDERS,
    },
    Status.RETURNED: NOTED | {
        Action.REDACT: DECIDERS,
        Action.TAKE: CHECKERS,
        Action.DISMISS: HOLDERS | DECIDERS,
        Action.MERGE: HOLDERS | DECIDERS,
    },
    Status.APPROVED: {Action.PUBLISH: {"the desk"}, Action.REDACT: DECIDERS},
    Status.PUBLISHED: {Action.CORRECT: CHECKERS, Action.REDACT: DECIDERS},
    Status.DISMISSED: {Action.REOPEN: DECIDERS},
}  # fmt: skip

VERBS = {
    Action.TAKE: lambda review, by: workflow.take(review, by=by),
    Action.RELEASE: lambda review, by: workflow.release(
        review, by=by, token=review.lease_token
    ),
    Action.SUBMIT: lambda review, by: workflow.submit(
        review, by=by, token=review.lease_token, seq=history.of(review).seq, told=told(review)
    ),
    Action.WITHDRAW: lambda review, by: workflow.withdraw(review, by=by),
    Action.HAND_OVER: lambda review, by: workflow.hand_over(
        review, to=fact_checker(), by=by, token=review.lease_token, note="You read Finnish."
    ),
    Action.TAKE_OVER: lambda review, by: workflow.take_over(review, by=by, reason="On leave."),
    Action.RETURN: lambda review, by: workflow.return_to_checker(
        review, by=by, seq=history.of(review).seq, comment="Name the year."
    ),
    Action.APPROVE: lambda review, by: factories.approve(review, by=by),
    Action.CORRECT: lambda review, by: workflow.correct(review, by=by, reason="Wrong year."),
    Action.KEEP: lambda review, by: workflow.keep(review, by=by, token=review.lease_token),
    Action.DISMISS: lambda review, by: workflow.dismiss(
        review, by=by, reason="Not checkable.", token=review.lease_token
    ),
    Action.REOPEN: lambda review, by: workflow.reopen(review, by=by, reason="Now checkable."),
    Action.MERGE: lambda review, by: regrouping.merge_away(review, by=by, note="into another"),
    Action.UNMERGE: lambda review, by: regrouping.unmerge(
        review, by=by, note="two again", before=regrouping.Before.of(review)
    ),
    Action.SNOOZE: lambda review, by: workflow.snooze(
        review, by=by, token=review.lease_token, until=SOON, waits_for="The port"
    ),
    Action.UNSNOOZE: lambda review, by: workflow.unsnooze(review, by=by),
    Action.DUE: lambda review, by: workflow.set_due(
        review, by=by, due_at=SOON, reason="The council votes."
    ),
    Action.PUT_UNDER: lambda review, by: arranging.put_under(
        review, by=by, topics=[], reason="It is about none of them."
    ),
    Action.RECHECK: lambda review, by: workflow.recheck(
        review, by=by, again_at=SOON, found="The register is not out yet."
    ),
    Action.REDACT: lambda review, by: redaction.redact(
        review, by=by, seq=1, reason="It names a child."
    ),
    Action.ASK_OPINION: lambda review, by: opinions.ask(review, by=by, why="It is close."),
    Action.TAKE_OPINION: lambda review, by: opinions.take(review, by=by),
    Action.DECLINE_OPINION: lambda review, by: opinions.decline(review, by=by, reason="Ill."),
    Action.GIVE_OPINION: lambda review, by: opinions.give(
        review, by=by, found=opinions.Found("false", "It fell.", "The register.")
    ),
    Action.CALL_OFF: lambda review, by: opinions.call_off(review, by=by, reason="Urgent."),
    Action.ADJUDICATE: lambda review, by: workflow.adjudicate(
        review, by=by, seq=history.of(review).seq, outcome="first", reason="The register."
    ),
}  # fmt: skip


def arrange(status: Status, name: str):
    """A review at `status`, and the person called `name` in the tables above."""
    person = PEOPLE[name]()
    return review_at(status, checker=person if name in HOLDERS else None), person


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("status", Status)
def test_status_moves_only_as_the_table_says_each_move_by_whom_it_names(status, name):
    review, person = arrange(status, name)
    allowed = {action for action, people in ALLOWED[status].items() if name in people}
    refusals = {
        action: gate.refusal(action, review, person) for action in Action if action != Action.OPEN
    }

    assert {action for action, why in refusals.items() if not why} == allowed

    before = record.trace(review)
    for action, verb in VERBS.items():
        if action not in allowed:
            with pytest.raises(Refused) as refused:
                verb(review, person)
            assert str(refused.value) == refusals[action]
    assert record.trace(review) == before


@pytest.mark.parametrize(
    ("status", "action"),
    [(status, action) for status, moves in ALLOWED.items() for action in moves if action in VERBS],
)
def test_a_replayed_move_acts_once(status, action):
    """A double click sends everything twice."""
    name = min(ALLOWED[status][action])
    review, person = arrange(status, name)
    if status == Status.IN_PROGRESS:
        factories.write_verdict(review, review.checker)
    twin = type(review).objects.get(pk=review.pk)
    VERBS[action](review, person)
    after = record.trace(review)

    with pytest.raises(Refused):
        VERBS[action](twin, person)

    assert record.trace(review) == after


def test_refusals_answers_for_the_actions_of_people(db):
    review = review_at(Status.QUEUED)

    refusals = gate.refusals(review, fact_checker())

    without_verb = {
        Action.ADOPT, Action.RESUME, Action.HAND_BACK, Action.WAIT_AGAIN, Action.CO_APPROVE,
    }  # fmt: skip
    assert set(refusals) == {str(action) for action in {*VERBS, *without_verb}}
    assert refusals["take"] == ""
    assert refusals["reopen"] == "Your role does not allow this."
    assert refusals["submit"] == "This review is waiting to be taken."


# Taking and giving back


def test_taking_gives_a_lease_and_logs_who(db):
    review, checker = review_at(Status.QUEUED), fact_checker()

    workflow.take(review, by=checker)

    review.refresh_from_db()
    assert (review.status, review.checker, review.lease_token) == ("in_progress", checker, 1)
    assert review.lease_expires_at - review.lease_acquired_at == settings.LEASE
    event = review.events.latest("pk")
    assert (event.action, event.old_status, event.new_status) == ("take", "queued", "in_progress")
    assert (event.actor, event.actor_name) == (checker, str(checker))
    assert event.at == review.lease_acquired_at


@pytest.mark.parametrize("gains", ["take", "withdraw", "correct"])
def test_nobody_holds_more_reviews_than_a_person_may(db, settings, gains):
    settings.LEASES_PER_PERSON = 2
    checker = fact_checker()
    review = review_at(
        {"take": Status.QUEUED, "withdraw": Status.SUBMITTED, "correct": Status.PUBLISHED}[gains],
        checker=checker,
    )
    for _ in range(2):
        review_at(Status.IN_PROGRESS, checker=checker)

    with pytest.raises(Refused, match="You hold 2 reviews already"):
        VERBS[Action(gains)](review, checker)


def test_the_refusal_of_one_more_says_which_reviews_one_holds(db, settings):
    settings.LEASES_PER_PERSON = 2
    checker = fact_checker()
    for wording in ("The pier is new.", "The ferry was late. " * 10):
        workflow.take(factories.review(wording=wording), by=checker)

    with pytest.raises(Refused) as refused:
        workflow.take(factories.review(), by=checker)

    assert str(refused.value) == (
        "You hold 2 reviews already: “The pier is new.” and “The ferry was late. The ferry was "
        "late. The ferry was late.…”. Submit or release one first."
    )


# Handing over


def hand_over(review, to, **fields):
    workflow.hand_over(
        review, to=to, by=review.checker, token=review.lease_token,
        **{"note": "You read Finnish."} | fields,
    )  # fmt: skip


def test_handing_over_gives_a_new_lease_and_tells_the_colleague_why(db):
    review, colleague = review_at(Status.IN_PROGRESS), fact_checker()
    giver, token = review.checker, review.lease_token

    hand_over(review, colleague)

    review.refresh_from_db()
    assert (review.status, review.checker) == (Status.IN_PROGRESS, colleague)
    assert review.lease_token == token + 1
    event = review.events.latest("pk")
    assert (event.action, event.actor) == ("hand_over", giver)
    assert event.note == f"To {colleague}: You read Finnish."
    told = Notification.objects.get()
    assert (told.person, told.kind, told.note) == (colleague, "assigned", "You read Finnish.")
    with pytest.raises(Refused, match="is checking it"):
        history.save(review, by=giver, token=token, seq=0, draft=factories.DRAFT)


@pytest.mark.parametrize(
    ("to", "why"),
    [
        (factories.data_editor, "may not check claims."),
        (lambda: fact_checker(is_active=False), "may not check claims."),
        (lambda: review_at(Status.IN_PROGRESS).checker, "holds as many reviews as a person may."),
    ],
)
def test_nothing_is_handed_to_who_may_not_hold_it(db, settings, to, why):
    settings.LEASES_PER_PERSON = 1
    review, colleague = review_at(Status.IN_PROGRESS), to()
    before = record.trace(review)

    with pytest.raises(Refused) as refused:
        hand_over(review, colleague)

    assert str(refused.value) == f"{colleague} {why}"
    assert record.trace(review) == before


def test_nothing_is_handed_to_who_declared_a_conflict_nor_to_oneself(db):
    review, colleague = review_at(Status.IN_PROGRESS), fact_checker()
    Conflict.objects.create(
        person=colleague, claimant=review.claim.claimant, words="My sister works there.",
        declared_at=timezone.now(),
    )  # fmt: skip

    with pytest.raises(Refused, match="declared a conflict of interest with this review"):
        hand_over(review, colleague)
    with pytest.raises(Refused, match="You hold this review already"):
        hand_over(review, review.checker)
    with pytest.raises(Refused, match="Say what your colleague should know"):
        hand_over(review, fact_checker(), note=" ")


def test_a_supervisor_takes_over_and_the_former_holder_is_told_why(db):
    review, boss = review_at(Status.IN_PROGRESS), supervisor()
    former = review.checker
    version = factories.save(review)

    workflow.take_over(review, by=boss, reason="It is due today.")

    review.refresh_from_db()
    assert review.checker == boss
    assert history.of(review).seq == version.seq
    assert review.events.latest("pk").note == f"From {former}: It is due today."
    told = Notification.objects.get()
    assert (told.person, told.kind, told.note) == (former, "taken_over", "It is due today.")


def test_who_takes_over_gives_a_reason_and_holds_no_more_than_a_person_may(db, settings):
    review, boss = review_at(Status.IN_PROGRESS), supervisor()
    with pytest.raises(Refused, match="Say why you take it over"):
        workflow.take_over(review, by=boss, reason=" ")

    settings.LEASES_PER_PERSON = 1
    review_at(Status.IN_PROGRESS, checker=boss)
    with pytest.raises(Refused, match="You hold 1 review already"):
        workflow.take_over(review, by=boss, reason="It is due today.")


def test_releasing_puts_it_back_with_what_was_written(db):
    review, second = review_at(Status.IN_PROGRESS), fact_checker()
    factories.save(review)
    workflow.release(
        review, by=review.checker, token=review.lease_token, note="Needs somebody who reads Finnish"
    )

    assert (review.status, review.checker) == (Status.QUEUED, None)
    assert review.events.latest("pk").note == "Needs somebody who reads Finnish"
    workflow.take(review, by=second)
    assert factories.save(review, summary="Landings fell by 9.9 %.").seq == 2
    assert [version.actor for version in review.verdict.versions.order_by("seq")][1] == second


def test_an_expired_lease_goes_back_to_the_queue_and_says_who_held_it(db):
    review = review_at(Status.IN_PROGRESS)
    checker = review.checker
    factories.run_out(review)

    assert workflow.expire(review)

    assert (review.status, review.checker) == (Status.QUEUED, None)
    event = review.events.latest("pk")
    assert event.actor.is_system
    assert event.note.startswith(f"Held by {checker} until ")


def test_expiring_changes_nothing_while_the_lease_runs_or_nobody_holds_it(db):
    held, queued = review_at(Status.IN_PROGRESS), review_at(Status.QUEUED)
    before = record.trace(held), record.trace(queued)

    assert (workflow.expire(held), workflow.expire(queued)) == (False, False)

    assert (record.trace(held), record.trace(queued)) == before
