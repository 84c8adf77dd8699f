"""The gate before every move: who may make it now, and why not, in words for the person.

`refusal` is the only place where this is decided, for pages, API, admin and commands alike. `begin`
asks it under the row lock; what it let through, `workflow` and `regrouping` carry out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.utils.text import Truncator

from reviews import approvals, history, leases, policy, roles
from reviews.leases import Refused
from reviews.models import (
    Conflict,
    Publication,
    Review,
    SecondOpinion,
    User,
    Verdict,
    VerdictVersion,
)
from reviews.states import APPROVE, CHECK, MOVES, SYSTEM, Action, Status

__all__ = ["Refused"]

# What nobody but its checker does with a review, and what others are told that person is doing.
OF_THE_CHECKER = {
    **dict.fromkeys(
        (
            Action.SUBMIT,
            Action.RELEASE,
            Action.HAND_OVER,
            Action.KEEP,
            Action.ADOPT,
            Action.SNOOZE,
        ),
        "is checking this claim",
    ),
    Action.WITHDRAW: "submitted this verdict",
    Action.UNSNOOZE: "waits for a reply",
}
DECIDED = (Action.RETURN, Action.APPROVE, Action.CO_APPROVE, Action.ADJUDICATE)
NONE_ASKED = "No second opinion is asked for."
UNDO_MERGE = frozenset({Action.UNMERGE, Action.RESUME, Action.HAND_BACK, Action.WAIT_AGAIN})


# Who may


def refusal(action: Action, review: Review, user: User) -> str:
    """Say why `user` may not do `action` now; "" when they may."""
    step = MOVES[action]
    if step.permission == SYSTEM:
        if not user.is_system:
            return "The desk does this by itself."
    elif not user.has_perm(step.permission):
        return "Your role does not allow this."
    if out_of_place := _out_of_place(action, review):
        return out_of_place
    if action in OF_THE_CHECKER and review.checker_id != user.pk:
        return f"{review.checker} {OF_THE_CHECKER[action]}."
    return next(filter(None, (rule(action, review, user) for rule in RULES.get(action, ()))), "")


def refusals(review: Review, user: User) -> dict[str, str]:
    """Return, for every action of people, why `user` may not do it now ("" if they may)."""
    return {
        str(action): refusal(action, review, user)
        for action, step in MOVES.items()
        if step.permission != SYSTEM
    }


def cannot_take(user: User) -> str:
    """Say why `user` may take no review at all now; "" while they may."""
    actor = User.objects.get(pk=user.pk)
    if not actor.has_perm(CHECK):
        return "Your role does not allow this."
    return holds_enough(actor)


def cannot_receive(review: Review, giver: User, colleague: User) -> str:
    """Say why `colleague` cannot be given this review; "" when they can."""
    if colleague == giver:
        return "You hold this review already."
    if not colleague.is_active or not colleague.has_perm(CHECK):
        return f"{colleague} may not check claims."
    if _conflict(Action.HAND_OVER, review, colleague):
        return f"{colleague} declared a conflict of interest with this review."
    if _gives_opinion(Action.HAND_OVER, review, colleague):
        return f"{colleague} gives a second opinion on it."
    if holds_enough(colleague):
        return f"{colleague} holds as many reviews as a person may."
    return ""


def cannot_give(review: Review, colleague: User) -> str:
    """Say why `colleague` cannot give a second opinion on `review`; "" when they can."""
    if not colleague.is_active or not colleague.has_perm(CHECK):
        return "they may not check claims."
    if too_much := _sees(colleague):
        return too_much
    if colleague in history.contributors(review.verdict) or review.checker_id == colleague.pk:
        return "who worked on the first verdict gives no second opinion."
    decided = review.events.filter(actor=colleague, action__in=DECIDED)
    if published := review.publications.order_by("-pk").first():
        decided = decided.filter(at__gt=published.published_at)
    if decided.exists():
        return "who decided on the first verdict gives no second opinion."
    if colleague.languages and review.language not in colleague.languages:
        return "only who checks in its language gives one."
    if Conflict.objects.standing().filter(person=colleague).touching(review).exists():
        return "a conflict of interest is declared."
    return ""


def holds_enough(user: User) -> str:
    held = Review.objects.held_by(user).select_related("claim").order_by("lease_expires_at")
    if len(held) < settings.LEASES_PER_PERSON:
        return ""
    which = listed([f"“{Truncator(review.claim.wording).chars(60)}”" for review in held])
    number = "1 review" if len(held) == 1 else f"{len(held)} reviews"
    return f"You hold {number} already: {which}. Submit or release one first."


def missing(review: Review) -> list[str]:
    """Name what the verdict still needs before it can be submitted, in words for the checker."""
    verdict = history.of(review)
    needs = [
        (bool(verdict.rating), "a rating"),
        (bool(verdict.claim_wording.strip()), "the claim as checked"),
        (bool(verdict.summary.strip()), "a summary"),
        (bool(verdict.explanation.strip()), "an explanation"),
        (review.evidence.standing().exists(), "at least one piece of evidence"),
        (not _is_public(verdict), "a change to what is published"),
        (
            not review.is_published or bool(history.correction_of(verdict).strip()),
            "words for readers on what was corrected",
        ),
    ]
    return [need for met, need in needs if not met] + policy.missing(review)


def _is_public(verdict: Verdict) -> bool:
    """Whether readers already see exactly this content, in this version or an earlier one."""
    publications = Publication.objects.filter(review=verdict.review).select_related("version")
    public = publications.order_by("-pk").first()
    if public is None:
        return False
    now = verdict.versions.get(seq=verdict.seq)
    return history.finding_hash(now) == history.finding_hash(public.version)


def _out_of_place(action: Action, review: Review) -> str:
    if review.status not in MOVES[action].sources:
        return f"This review is {review.get_status_display().lower()}."
    if action == Action.REOPEN and review.claim.merged_into_id:
        return "Its claim was merged into another; undo the merge instead."
    if action in UNDO_MERGE and review.events.latest("pk").action != Action.MERGE:
        return "It was not a merge that ended this review."
    if action in (Action.REMIND, Action.RECHECK) and review.recheck_at is None:
        return "This check found a conclusion; nothing is looked at again."
    return ""


def _nothing_to_keep(action: Action, review: Review, user: User) -> str:
    if not review.is_published:
        return "Readers cannot see this check yet; there is nothing to keep."
    if not _is_public(review.verdict):
        return (
            "The verdict is not what is published any more: restore that version in its "
            "history first, or submit the correction."
        )
    return ""


def _not_theirs_to_dismiss(action: Action, review: Review, user: User) -> str:
    """Nobody ends what a colleague is working on, or is to go on with."""
    mine = review.checker_id == user.pk
    if review.status == Status.IN_PROGRESS and not mine:
        return f"{review.checker} is checking this claim."
    if mine or user.has_perm(APPROVE):
        return ""
    if review.status == Status.RETURNED:
        return f"This verdict was returned to {review.checker}; they or a supervisor decide."
    if review.status == Status.WAITING:
        return f"{review.checker} waits for a reply; they or a supervisor decide."
    return ""


def _seen_by_readers(action: Action, review: Review, user: User) -> str:
    if review.is_published:
        return "Readers can see this check; publish a correction instead."
    return ""


def _theirs_already(action: Action, review: Review, user: User) -> str:
    mine = review.status == Status.IN_PROGRESS and review.checker_id == user.pk
    return "You hold this review already." if mine else ""


def _conflict(action: Action, review: Review, user: User) -> str:
    """What `user` declared not to be impartial about, if this review is about it."""
    touching = Conflict.objects.standing().filter(person=user).touching(review)
    conflict = touching.select_related("source", "claimant", "topic").first()
    return f"You declared a conflict of interest with {conflict.about}." if conflict else ""


def _four_eyes(action: Action, review: Review, user: User) -> str:
    if user in history.contributors(review.verdict):
        return "You contributed to this verdict; another supervisor decides it."
    return ""


def _approved_it(action: Action, review: Review, user: User) -> str:
    if approvals.gave(user, review):
        return "You approved this version already; it needs another supervisor, too."
    return ""


def _gives_opinion(action: Action, review: Review, user: User) -> str:
    """Who gives, or gave, a second opinion on what is not public yet keeps away from the first."""
    opinions = SecondOpinion.objects.of(user).filter(review=review)
    return "The second opinion on it is yours; another decides." if opinions.exists() else ""


def _asked_already(action: Action, review: Review, user: User) -> str:
    if review.opinions.unsettled().exists():
        return "A second opinion is asked for already."
    return ""


def _none_asked(action: Action, review: Review, user: User) -> str:
    return "" if review.opinions.unsettled().exists() else NONE_ASKED


def _not_theirs_to_begin(action: Action, review: Review, user: User) -> str:
    """A second opinion is begun by whom it was asked of; else by anybody who is still blind."""
    unsettled = review.opinions.unsettled().select_related("asked", "second_checker")
    opinion = unsettled.first()
    if opinion is None:
        return NONE_ASKED
    if opinion.second_checker or opinion.asked_id not in (None, user.pk):
        return f"{opinion.second_checker or opinion.asked} gives this second opinion."
    reason = cannot_give(review, user) or ("" if opinion.asked else _could_read(opinion, user))
    return f"You cannot give it: {reason}" if reason else ""


def _could_read(opinion: SecondOpinion, user: User) -> str:
    """Say why `user` could read the first verdict while anybody may begin; "" if they could not."""
    if user.has_perm(APPROVE):
        return "who approves verdicts reads the first one, unless asked by name."
    if VerdictVersion.objects.filter(verdict__review=opinion.review_id, actor=user).exists():
        return "who wrote an earlier version reads the first verdict."
    declined = opinion.review.events.filter(actor=user, action=Action.DECLINE_OPINION)
    if declined.filter(at__gte=opinion.asked_at).exists():
        return "who gave it back does not take it again."
    return ""


def _is_not_blind(action: Action, review: Review, user: User) -> str:
    """Who was given more to read while they wrote it gives it no more."""
    too_much = _sees(user)
    return f"You cannot give it: {too_much}" if too_much else ""


def _sees(user: User) -> str:
    """Say by what `user` sees of a verdict that is hidden from them; "" if by nothing."""
    if user.is_superuser:
        return "who administers the desk sees everything, so cannot be blind."
    if any(user.has_perm(permission) for permission in roles.SEES_CITED):
        return "who edits data sees which pages the evidence cites, so cannot be blind."
    return ""


def _opinions_stand(action: Action, review: Review, user: User) -> str:
    """What a second opinion still keeps from being decided."""
    state = review.opinions.unsettled().values_list("state", flat=True).first()
    disagree = state == SecondOpinion.State.DISAGREED
    if action == Action.ADJUDICATE:
        return "" if disagree else "There is no disagreement to adjudicate."
    if disagree:
        return "The two checkers disagree; adjudicate first."
    return "A second opinion is not in yet; wait for it, or call it off." if state else ""


# What else refuses a move, in this order: each says why not, or "".
Rule = Callable[[Action, Review, User], str]
DECIDES = (_conflict, _four_eyes, _gives_opinion, _opinions_stand)
APPROVES = (*DECIDES, _approved_it)


def _nothing_older(action: Action, review: Review, user: User) -> str:
    older = VerdictVersion.objects.filter(verdict__review=review, seq__lt=F("verdict__seq"))
    return "" if older.exists() else "There is no older version to redact."


BEGINS = (_theirs_already, _conflict, _gives_opinion)
ENDS = (_not_theirs_to_dismiss, _seen_by_readers)
RULES: dict[Action, tuple[Rule, ...]] = {
    Action.KEEP: (_nothing_to_keep,),
    Action.DISMISS: ENDS,
    Action.MERGE: ENDS,
    Action.APPROVE: APPROVES,
    Action.CO_APPROVE: APPROVES,
    Action.ADJUDICATE: DECIDES,
    Action.TAKE: BEGINS,
    Action.CORRECT: BEGINS,
    Action.TAKE_OVER: BEGINS,
    Action.REDACT: (_nothing_older,),
    Action.RETURN: (_gives_opinion,),
    Action.ASK_OPINION: (_asked_already,),
    Action.TAKE_OPINION: (_not_theirs_to_begin,),
    Action.DECLINE_OPINION: (_none_asked,),
    Action.GIVE_OPINION: (_none_asked, _is_not_blind),
    Action.CALL_OFF: (_none_asked, _gives_opinion),
}


# How a move begins


def begin(
    action: Action, review: Review, by: User, *, token: int | None = None
) -> tuple[User, datetime]:
    """Lock and refresh, refuse what is not allowed, read the clock once."""
    actor, now = leases.lock(review, by)
    if reason := refusal(action, review, actor):
        raise Refused(reason)
    if token is not None and (reason := leases.lost(review, actor, token, now)):
        raise Refused(reason)
    return actor, now


def begin_by_itself(action: Action, review: Review) -> tuple[User | None, datetime]:
    """Lock and refresh for a move of the desk itself; nobody, if it is not to be made."""
    system = User.objects.system()
    _, now = leases.lock(review, system)
    return (None if refusal(action, review, system) else system), now


def refuse_another(user: User) -> None:
    if reason := holds_enough(user):
        raise Refused(reason)


def need(words: str, otherwise: str) -> None:
    if not words.strip():
        raise Refused(otherwise)


def need_to_come(date: datetime, now: datetime, at_most: timedelta) -> None:
    if not now < date <= now + at_most:
        raise Refused(f"Choose a date in the next {at_most.days} days.")


def listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
