"""Blind second opinions: another checker rates the same claim without seeing the first verdict.

Each side is hidden from the other until both are in. Where the two ratings differ, nothing is
approved until a supervisor who wrote neither has adjudicated.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from reviews import gate, leases, notifications, ratings
from reviews.gate import Refused
from reviews.inbox import Kind
from reviews.models import (
    OpinionRule,
    Review,
    ReviewTopic,
    SecondOpinion,
    User,
    VerdictVersion,
)
from reviews.states import APPROVE, Action, Status

State, Outcome = SecondOpinion.State, SecondOpinion.Outcome
LOTS = 100


@dataclass(frozen=True, slots=True)
class Found:
    """What the second checker found."""

    rating: str
    summary: str
    reasons: str


# Who sees what


def hidden(user: User) -> QuerySet[SecondOpinion]:
    """Return the second opinions for which the first verdict is hidden from `user`.

    And with it all that tells of it. It is hidden from who was asked, or writes, until both are in;
    and while anybody may begin, from all who may: those who check, but did not write it themselves
    and do not approve. `gate.refusal` lets nobody else begin.
    """
    return _hidden(user, approves=user.has_perm(APPROVE))


def _hidden(user: User, *, approves: bool) -> QuerySet[SecondOpinion]:
    unmet = SecondOpinion.objects.unmet()
    theirs = Q(asked=user) | Q(second_checker=user)
    if approves:
        return unmet.filter(theirs)
    wrote = VerdictVersion.objects.filter(verdict__review=OuterRef("review"), actor=user)
    # Who took the first verdict on after it was returned reads it, too.
    works_on_it = Q(review__checker=user, review__checker__isnull=False)
    anybodys = Q(asked__isnull=True, second_checker__isnull=True) & ~works_on_it & ~Exists(wrote)
    return unmet.filter(theirs | anybodys)


def hidden_from(user: User, review: Review) -> bool:
    """Say whether the verdict on `review` is hidden from `user`. Cost: one query."""
    return hidden(user).filter(review=review).exists()


def open_to(user: User, *, approves: bool) -> QuerySet[SecondOpinion]:
    """Return what waits for `user`: to be begun or written, or to be adjudicated.

    :param approves: whether they approve verdicts.
    """
    theirs = _hidden(user, approves=approves).filter(state__in=(State.ASKED, State.TAKEN))
    if not approves:
        return theirs
    between = SecondOpinion.objects.filter(state=State.DISAGREED, review__status=Status.SUBMITTED)
    return theirs | between.exclude(second_checker=user).exclude(first_checker=user)


def shown(user: User, review: Review) -> SecondOpinion | None:
    """Return the newest second opinion on `review` with what `user` may know of it.

    What was found is blanked for everybody but its writer until both are in.
    """
    opinion = review.opinions.select_related(
        "asked_by", "asked", "second_checker", "first_checker", "ended_by"
    ).order_by("-pk").first()  # fmt: skip
    if opinion and opinion.met_at is None and opinion.second_checker_id != user.pk:
        opinion.second_rating = opinion.finding = opinion.reasons = ""
    return opinion


# Moves


@transaction.atomic
def ask(review: Review, *, by: User, why: str, of: User | None = None) -> SecondOpinion:
    """Ask for a second opinion on a submitted verdict, of one colleague or of whoever begins.

    :raises Refused: if there is one already, nobody says why, or `of` cannot give it.
    """
    actor, now = gate.begin(Action.ASK_OPINION, review, by)
    gate.need(why, "Say why a second opinion is asked for.")
    if of == actor:
        raise Refused("You could read the first verdict; ask a colleague.")
    return _ask(review, by=actor, at=now, why=why.strip(), of=of)


def _ask(
    review: Review, *, by: User, at: datetime, why: str, of: User | None = None
) -> SecondOpinion:
    if of and (reason := gate.cannot_give(review, of)):
        raise Refused(f"{of} cannot give it: {reason}")
    opinion = SecondOpinion.objects.create(
        review=review, asked_by=by, asked_at=at, why=why, asked=of
    )
    review.move(Action.ASK_OPINION, by=by, at=at, note=f"{of or 'Anybody'}: {why}")
    notifications.tell(
        of, Kind.SECOND_OPINION, review, at=at, occasion=opinion.ref,
        words=f"{by} asks for your second opinion",
    )  # fmt: skip
    return opinion


@transaction.atomic
def take(review: Review, *, by: User) -> None:
    """Begin the second opinion that was asked of `by`, or of anybody.

    :raises Refused: if a colleague was asked or has begun, `by` cannot give it, or anybody was
        asked and `by` could read the first verdict.
    """
    actor, now, opinion = _begin(Action.TAKE_OPINION, review, by)
    opinion.second_checker, opinion.state = actor, State.TAKEN
    opinion.save(update_fields=["second_checker", "state"])
    review.move(Action.TAKE_OPINION, by=actor, at=now)


@transaction.atomic
def decline(review: Review, *, by: User, reason: str) -> None:
    """Give back what was asked of `by`; anybody else who is still blind may begin it then.

    :raises Refused: if it was not asked of them, or nobody says why.
    """
    actor, now, opinion = _begin(Action.DECLINE_OPINION, review, by)
    if actor.pk not in (opinion.asked_id, opinion.second_checker_id) or opinion.given_at:
        raise Refused("This second opinion is not yours to give back.")
    gate.need(reason, "Say why you cannot give it.")
    opinion.asked = opinion.second_checker = None
    opinion.state = State.ASKED
    opinion.save(update_fields=["asked", "second_checker", "state"])
    review.move(Action.DECLINE_OPINION, by=actor, at=now, note=reason.strip())
    notifications.tell(
        opinion.asked_by, Kind.SECOND_OPINION, review, at=now, note=reason.strip(),
        occasion=f"{opinion.ref} declined {now.isoformat()}",
        words=f"{actor} cannot give the second opinion",
    )  # fmt: skip


@transaction.atomic
def give(review: Review, *, by: User, found: Found) -> None:
    """Give the second opinion; from then on it never changes.

    :raises Refused: if `by` did not begin it, is not blind any more, or something is missing.
    """
    actor, now, opinion = _begin(Action.GIVE_OPINION, review, by)
    if opinion.second_checker_id != actor.pk or opinion.given_at:
        raise Refused("This second opinion is not yours to give.")
    if found.rating not in dict(ratings.choices()):
        raise Refused("Choose a rating.")
    gate.need(found.summary, "Say in a sentence what you found.")
    gate.need(found.reasons, "Say what it rests on.")
    opinion.second_rating, opinion.scale = found.rating, ratings.CURRENT_SCALE
    opinion.finding, opinion.reasons = found.summary.strip(), found.reasons.strip()
    opinion.given_at, opinion.state = now, State.GIVEN
    opinion.save()
    review.move(Action.GIVE_OPINION, by=actor, at=now)
    if review.status == Status.SUBMITTED:
        _meet(review, opinion, now)


@transaction.atomic
def call_off(review: Review, *, by: User, reason: str) -> None:
    """End a second opinion that nobody needs any more, before both are in.

    :raises Refused: if nobody says why.
    """
    actor, now, opinion = _begin(Action.CALL_OFF, review, by)
    if opinion.state not in SecondOpinion.UNMET:
        raise Refused("Both are in; it can only be adjudicated.")
    gate.need(reason, "Say why it is called off.")
    _call_off(review, opinion, by=actor, at=now, reason=reason.strip())


def submitted(review: Review, *, by: User, at: datetime) -> None:
    """What a submitted verdict means for second opinions; its transaction holds the lock.

    One that was given meets it; a disagreement that the checker gave in to is settled; and a rule
    may ask for a new one.
    """
    opinion = review.opinions.unsettled().select_for_update().first()
    if opinion is None:
        if why := _by_rule(review):
            _ask(review, by=User.objects.system(), at=at, why=why)
    elif opinion.state == State.GIVEN:
        _meet(review, opinion, at)
    elif opinion.state == State.DISAGREED and review.verdict.rating == opinion.second_rating:
        why = "The first checker rates it like the second now."
        _settle(review, opinion, Outcome.SECOND, by=User.objects.system(), at=at, reason=why)


def given_up(review: Review, *, by: User, at: datetime) -> None:
    """Call off what is not in yet, because nobody works on the first verdict any more."""
    opinion = review.opinions.unmet().select_for_update().first()
    if opinion is not None:
        why = "Nobody works on the first verdict any more."
        _call_off(review, opinion, by=by, at=at, reason=why)


def settle(review: Review, *, outcome: str, by: User, at: datetime, reason: str) -> None:
    """Note how a supervisor adjudicated; `workflow.adjudicate` holds the lock and does the rest."""
    opinion = review.opinions.unsettled().select_for_update().get()
    _settle(review, opinion, Outcome(outcome), by=by, at=at, reason=reason)


# Steps


def _begin(action: Action, review: Review, by: User) -> tuple[User, datetime, SecondOpinion]:
    actor, now = gate.begin(action, review, by)
    return actor, now, review.opinions.unsettled().select_for_update(of=("self",)).get()


def _meet(review: Review, opinion: SecondOpinion, at: datetime) -> None:
    verdict = review.verdict
    opinion.first_version = verdict.versions.get(seq=verdict.seq)
    opinion.first_checker, opinion.first_rating = review.checker, verdict.rating
    opinion.topics, opinion.met_at = review.topics, at
    agree = verdict.rating == opinion.second_rating
    opinion.state = State.AGREED if agree else State.DISAGREED
    opinion.save()
    words = "The second opinion is in: it agrees" if agree else "The second opinion disagrees"
    for person in {opinion.first_checker, opinion.asked_by}:
        notifications.tell(
            person, Kind.SECOND_OPINION, review, at=at, occasion=f"{opinion.ref} met", words=words
        )


def _settle(
    review: Review,
    opinion: SecondOpinion,
    outcome: SecondOpinion.Outcome,
    *,
    by: User,
    at: datetime,
    reason: str,
) -> None:
    if opinion.state != State.DISAGREED:
        raise Refused("There is no disagreement to adjudicate.")
    opinion.state, opinion.outcome = State.ADJUDICATED, outcome
    _end(opinion, by=by, at=at, reason=reason)
    review.move(Action.ADJUDICATE, by=by, at=at, note=f"{outcome.label}: {reason}")


def _call_off(
    review: Review, opinion: SecondOpinion, *, by: User, at: datetime, reason: str
) -> None:
    opinion.state = State.CALLED_OFF
    _end(opinion, by=by, at=at, reason=reason)
    review.move(Action.CALL_OFF, by=by, at=at, note=reason)
    notifications.tell(
        opinion.second_checker or opinion.asked, Kind.SECOND_OPINION, review, at=at,
        occasion=f"{opinion.ref} called off", words="Your second opinion is not needed any more",
    )  # fmt: skip


def _end(opinion: SecondOpinion, *, by: User, at: datetime, reason: str) -> None:
    opinion.ended_by, opinion.ended_at, opinion.end_reason = by, at, reason
    opinion.save(update_fields=["state", "outcome", "ended_by", "ended_at", "end_reason"])


def _by_rule(review: Review) -> str:
    """Say which rule asks for a second opinion on this submitted verdict; "" if none does.

    Each round of a verdict is drawn once: after one that met it, no rule asks again.
    """
    published = review.publications.order_by("-pk").first()
    since = Q(met_at__gt=published.published_at) if published else Q(met_at__isnull=False)
    if review.opinions.filter(since).exists():
        return ""
    rule = OpinionRule.objects.newest()
    if topics := sorted(set(rule.topics) & set(review.topics)):
        names = ReviewTopic.objects.filter(slug__in=topics).values_list("name", flat=True)
        return f"Every verdict on {gate.listed(sorted(names) or topics)} gets one."
    if secrets.randbelow(LOTS) < rule.share:
        return f"Drawn by lot: {rule.share} verdicts in a hundred get one."
    return ""


@transaction.atomic
def set_rule(*, by: User, share: int, topics: Collection[str], why: str) -> OpinionRule:
    """Set from now on which submitted verdicts get a second opinion by themselves.

    :raises Refused: if `by` does not approve verdicts, nobody says why, or the share is none.
    """
    actor = User.objects.select_for_update(no_key=True).get(pk=by.pk)
    if not actor.has_perm(APPROVE):
        raise Refused("Your role does not allow this.")
    if not 0 <= share <= LOTS:
        raise Refused("The share is a number from 0 to 100.")
    gate.need(why, "Say why the rule changes.")
    return OpinionRule.objects.create(
        share=share, topics=sorted(topics), by=actor, by_name=str(actor), at=leases.clock(),
        why=why.strip(),
    )  # fmt: skip
