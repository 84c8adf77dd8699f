"""Every move by everybody from everywhere: what is allowed, what is refused, what it leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from claims.models import Flag
from reviews import (
    arranging,
    comments,
    evidence,
    gate,
    history,
    opinions,
    publication,
    redaction,
    regrouping,
    roles,
    workflow,
)
from reviews.models import (
    Comment,
    Conflict,
    Decision,
    Evidence,
    Notification,
    Publication,
    ReviewEvent,
    User,
)
from reviews.states import Action, Status
from reviews.workflow import Refused
from tests import factories
from tests.factories import fact_checker, review_at, supervisor

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
        review, by=by, token=review.lease_token, seq=history.of(review).seq
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


def trace(review) -> tuple:
    """Everything a refused move could have changed."""
    review.refresh_from_db()
    row = {field.attname: getattr(review, field.attname) for field in review._meta.fields}
    tables = (ReviewEvent, Decision, Publication, Comment, Evidence, history.VerdictVersion)
    return row, [table.objects.count() for table in tables]


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("status", Status)
def test_status_moves_only_as_the_table_says_each_move_by_whom_it_names(status, name):
    review, person = arrange(status, name)
    allowed = {action for action, people in ALLOWED[status].items() if name in people}
    refusals = {
        action: gate.refusal(action, review, person) for action in Action if action != Action.OPEN
    }

    assert {action for action, why in refusals.items() if not why} == allowed

    before = trace(review)
    for action, verb in VERBS.items():
        if action not in allowed:
            with pytest.raises(Refused) as refused:
                verb(review, person)
            assert str(refused.value) == refusals[action]
    assert trace(review) == before


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
    after = trace(review)

    with pytest.raises(Refused):
        VERBS[action](twin, person)

    assert trace(review) == after


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
    before = trace(review)

    with pytest.raises(Refused) as refused:
        hand_over(review, colleague)

    assert str(refused.value) == f"{colleague} {why}"
    assert trace(review) == before


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
    before = trace(held), trace(queued)

    assert (workflow.expire(held), workflow.expire(queued)) == (False, False)

    assert (trace(held), trace(queued)) == before


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
        workflow.submit(review, by=review.checker, token=review.lease_token, seq=1)

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
    before = trace(review)

    for write in (
        lambda: history.save(
            review, by=checker, token=review.lease_token, seq=0, draft=factories.DRAFT
        ),
        lambda: workflow.renew(review, by=checker, token=review.lease_token),
        lambda: comments.say(review, by=checker, body="Not mine to say."),
        lambda: VERBS[Action.SUBMIT](review, checker),
    ):
        with pytest.raises(Refused, match="Your role does not allow this"):
            write()

    assert trace(review) == before


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
    before = trace(review)

    with pytest.raises(Refused, match=r"^(Say|Write) "):
        verb(review, nothing)

    assert trace(review) == before


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
    before = trace(review)

    for token in (old, 0):
        with pytest.raises(Refused, match="You took this review again"):
            workflow.dismiss(review, by=checker, reason="Not checkable.", token=token)
    assert trace(review) == before

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
    before = trace(review)

    assert publication.publish(review_id=review.pk) is None

    assert trace(review) == before


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
