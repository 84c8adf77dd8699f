"""Calls that move reviews, and those of second opinions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from claims.models import Flag
from reviews import (
    flags,
    history,
    leases,
    opinions,
    workflow,
)
from reviews.models import Review
from reviews.states import Status
from tests.factories import submit, told
from tests.killed.arranged import (
    FOUND,
    SOON,
    Arrange,
    Call,
    at,
    by_holder,
    checker,
    correcting,
    decider,
    given_up,
    held,
    inside,
    opinion_on,
    passed,
    unproven,
)


def _submit() -> Call:
    """Its second opinion is given already, and disagrees."""
    review = opinion_on("taken")
    workflow.withdraw(review, by=review.checker)
    opinions.give(review, by=review.opinions.get().second_checker, found=FOUND)
    return by_holder(workflow.submit, review, seq=2, told=told(review))


def _decide(move: Callable[..., Any], **fields: Any) -> Call:
    review = at(Status.SUBMITTED)
    return partial(move, review, by=decider(), seq=2, **fields)


def _approve() -> Call:
    review = at(Status.SUBMITTED)
    verdict = history.of(review)
    fields = {"seq": verdict.seq, "content_hash": verdict.content_hash, "comment": "Well read."}
    return partial(workflow.approve, review, by=decider(), **fields)


def _of_the_checker(status: Status, move: Callable[..., Any], **fields: Any) -> Call:
    review = at(status)
    return partial(move, review, by=review.checker, **fields)


def _decide_flag() -> Call:
    review = at(Status.IN_PROGRESS)
    flag = Flag.objects.get(covers__claim=review.claim)
    fields = {"flag": flag, "state": "dismissed", "reason": "Another catch."}
    return by_holder(workflow.decide_flag, review, **fields)


def _flags(state: str) -> tuple[Review, dict[str, Any]]:
    """A held review with four flags in this state, and how they are named."""
    review = at(Status.IN_PROGRESS)
    first = Flag.objects.get(covers__claim=review.claim)
    more = [
        Flag.objects.create(
            article=first.article, kind="hedge", start=at, end=at + 4, sentence_start=0,
            sentence_end=30, rule="en.hedge.word", confidence=0.5,
        )
        for at in range(3)
    ]  # fmt: skip
    named = {"article": first.article.ref, "refs": [flag.ref for flag in [first, *more]]}
    if state != "open":
        by_holder(flags.decide, review, state=state, rules=[], **named)()
    return review, named


def _decide_flags() -> Call:
    review, named = _flags("open")
    return by_holder(flags.decide, review, state="dismissed", rules=[], reason="Idle.", **named)


def _take_back() -> Call:
    review, named = _flags("confirmed")
    return by_holder(flags.take_back, review, **named)


def _held_for_long() -> Review:
    """A held review of whose lease five minutes are left."""
    review = held()
    review.lease_expires_at = leases.clock() + timedelta(minutes=5)
    review.save(update_fields=["lease_expires_at"])
    return review


def _begin_write() -> Call:
    review = _held_for_long()
    return inside(leases.begin_write, review, review.checker, review.lease_token)


def _renew() -> Call:
    return inside(leases.renew, _held_for_long(), leases.clock())


MOVES: dict[str, Arrange] = {
    "workflow.take": lambda: partial(workflow.take, at(Status.RETURNED), by=checker()),
    "workflow.release": lambda: by_holder(workflow.release, given_up(), note="No time."),
    "workflow.hand_over": lambda: by_holder(
        workflow.hand_over, held(), to=checker(), note="You read Finnish."
    ),
    "workflow.take_over": lambda: partial(
        workflow.take_over, held(), by=decider(), reason="On leave."
    ),
    "workflow.renew": lambda: by_holder(workflow.renew, held()),
    "workflow.submit": _submit,
    "workflow.withdraw": lambda: _of_the_checker(Status.SUBMITTED, workflow.withdraw),
    "workflow.dismiss": lambda: by_holder(workflow.dismiss, given_up(), reason="Not checkable."),
    "workflow.correct": lambda: partial(
        workflow.correct, at(Status.PUBLISHED), by=checker(), reason="The year was wrong."
    ),
    "workflow.keep": lambda: by_holder(workflow.keep, correcting()),
    "workflow.snooze": lambda: by_holder(
        workflow.snooze, held(), until=leases.clock() + SOON, waits_for="The port"
    ),
    "workflow.unsnooze": lambda: _of_the_checker(Status.WAITING, workflow.unsnooze),
    "workflow.set_due": lambda: _of_the_checker(
        Status.SUBMITTED, workflow.set_due, due_at=leases.clock() + SOON, reason="A vote."
    ),
    "workflow.recheck": lambda: partial(
        workflow.recheck, unproven(), by=checker(), again_at=leases.clock() + SOON, found="No."
    ),
    "workflow.decide_flag": _decide_flag,
    "workflow.return_to_checker": lambda: _decide(
        workflow.return_to_checker, comment="Name the year."
    ),
    "workflow.adjudicate": lambda: partial(
        workflow.adjudicate, opinion_on("met"), by=decider(), seq=2, outcome="second",
        reason="The register.",
    ),
    "workflow.approve": _approve,
    "workflow.reopen": lambda: partial(
        workflow.reopen, at(Status.DISMISSED), by=decider(), reason="Now checkable."
    ),
    "workflow.expire": lambda: partial(workflow.expire, passed(given_up(), "lease_expires_at")),
    "workflow.wake": lambda: partial(workflow.wake, passed(at(Status.WAITING), "waits_until")),
    "workflow.note_overdue": lambda: partial(
        workflow.note_overdue, passed(at(Status.IN_PROGRESS), "due_at")
    ),
    "workflow.remind": lambda: partial(workflow.remind, passed(unproven(), "recheck_at")),
    "leases.begin_write": _begin_write,
    "leases.renew": _renew,
    "flags.decide": _decide_flags,
    "flags.take_back": _take_back,
}  # fmt: skip


# Second opinions


def _second(state: str, move: Callable[..., Any], **fields: Any) -> Call:
    review = opinion_on(state)
    return partial(move, review, by=review.opinions.get().asked, **fields)


def _met_at_submitting() -> Call:
    """As in `workflow.submit`: what was given meanwhile meets the verdict."""
    call = _submit()
    review = call.args[0]
    submit(review)
    return partial(workflow.adjudicate, review, by=decider(), seq=2, outcome="first", reason="So.")


def _call_off_given_up() -> Call:
    review = given_up()
    return inside(opinions.given_up, review, by=review.checker, at=leases.clock())


def _drawn() -> Call:
    """A rule draws every verdict."""
    opinions.set_rule(by=decider(), share=100, topics=[], why="A trial.")
    review = held()
    return by_holder(workflow.submit, review, seq=2, told=told(review))


OPINIONS: dict[str, Arrange] = {
    "opinions.ask": lambda: partial(
        opinions.ask, at(Status.SUBMITTED), by=decider(), why="It is close.", of=checker()
    ),
    "opinions.take": lambda: _second("asked", opinions.take),
    "opinions.decline": lambda: _second("taken", opinions.decline, reason="Away."),
    "opinions.give": lambda: _second("taken", opinions.give, found=FOUND),
    "opinions.call_off": lambda: partial(
        opinions.call_off, opinion_on("taken"), by=decider(), reason="Urgent."
    ),
    "opinions.submitted": _drawn,
    "opinions.given_up": _call_off_given_up,
    "opinions.settle": _met_at_submitting,
    "opinions.set_rule": lambda: partial(
        opinions.set_rule, by=decider(), share=10, topics=[], why="A trial."
    ),
}
