"""Every move of a review: who may, what it does, what it leaves behind.

An action is: begin (lock the row, refuse, read the clock once), do, `review.move(...)`. Nothing
here knows HTTP, Celery or mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from claims import flagging, matching
from claims.models import Flag
from reviews import history, leases
from reviews.leases import Refused
from reviews.models import Comment, Decision, Publication, Review, User, Verdict
from reviews.states import APPROVE, CHECK, MOVES, SYSTEM, Action, Status

__all__ = ["Refused"]

UNDO_MERGE = frozenset({Action.UNMERGE, Action.RESUME, Action.HAND_BACK})


@dataclass(frozen=True, slots=True)
class Before:
    """How a review was before a merge ended it.

    :ivar checker: the key of who held it, or is to go on with it; the times are of their lease.
    """

    status: str
    checker: int | None
    acquired_at: datetime | None
    expires_at: datetime | None

    @classmethod
    def of(cls, review: Review) -> Before:
        acquired, expires = review.lease_acquired_at, review.lease_expires_at
        return cls(review.status, review.checker_id, acquired, expires)

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON can keep it."""
        return {
            "status": str(self.status),
            "checker": self.checker,
            "acquired_at": self.acquired_at and self.acquired_at.isoformat(),
            "expires_at": self.expires_at and self.expires_at.isoformat(),
        }

    @classmethod
    def read(cls, record: dict[str, Any]) -> Before:
        """Return what `as_record` kept."""
        times = (record["acquired_at"], record["expires_at"])
        acquired, expires = (datetime.fromisoformat(at) if at else None for at in times)
        return cls(record["status"], record["checker"], acquired, expires)


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
    mine = review.checker_id == user.pk
    match action:
        case Action.SUBMIT | Action.RELEASE | Action.KEEP | Action.ADOPT if not mine:
            return f"{review.checker} is checking this claim."
        case Action.KEEP:
            return _nothing_to_keep(review)
        case Action.WITHDRAW if not mine:
            return f"{review.checker} submitted this verdict."
        case Action.DISMISS | Action.MERGE:
            return _not_theirs_to_dismiss(review, user) or _seen_by_readers(review)
        case Action.APPROVE:
            return _four_eyes(review, user)
    return ""


def refusals(review: Review, user: User) -> dict[str, str]:
    """Return, for every action of people, why `user` may not do it now ("" if they may)."""
    return {
        str(action): refusal(action, review, user)
        for action, step in MOVES.items()
        if step.permission != SYSTEM
    }


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
    return [need for met, need in needs if not met]


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
    return ""


def _nothing_to_keep(review: Review) -> str:
    if not review.is_published:
        return "Readers cannot see this check yet; there is nothing to keep."
    if not _is_public(review.verdict):
        return (
            "The verdict is not what is published any more: restore that version in its "
            "history first, or submit the correction."
        )
    return ""


def _not_theirs_to_dismiss(review: Review, user: User) -> str:
    """Nobody ends what a colleague is working on, or is to go on with."""
    mine = review.checker_id == user.pk
    if review.status == Status.IN_PROGRESS and not mine:
        return f"{review.checker} is checking this claim."
    if review.status == Status.RETURNED and not (mine or user.has_perm(APPROVE)):
        return f"This verdict was returned to {review.checker}; they or a supervisor decide."
    return ""


def _seen_by_readers(review: Review) -> str:
    if review.is_published:
        return "Readers can see this check; publish a correction instead."
    return ""


def _four_eyes(review: Review, user: User) -> str:
    if user in history.contributors(review.verdict):
        return "You contributed to this verdict; another supervisor decides it."
    return ""


# The checker's moves


@transaction.atomic
def take(review: Review, *, by: User) -> None:
    """Give `by` a lease on a waiting or returned review.

    :raises Refused: if someone else has it, or `by` holds as many as a person may.
    """
    actor, now = _begin(Action.TAKE, review, by)
    _refuse_another(actor)
    review.hold(actor, at=now, until=now + settings.LEASE)
    review.move(Action.TAKE, by=actor, at=now)


@transaction.atomic
def release(review: Review, *, by: User, token: int, note: str = "") -> None:
    """Put a held review back into the queue; what was written stays for the next checker."""
    actor, now = _begin(Action.RELEASE, review, by, token=token)
    review.end_lease(keep_checker=False)
    review.move(Action.RELEASE, by=actor, at=now, note=note)


@transaction.atomic
def renew(review: Review, *, by: User, token: int) -> None:
    """Extend the lease while the page is in use; `review.lease_expires_at` is its new end.

    :raises Refused: if the lease is lost.
    """
    leases.begin_write(review, by, token)


@transaction.atomic
def submit(review: Review, *, by: User, token: int, seq: int) -> None:
    """Hand version `seq` of the verdict to the supervisors and end the lease.

    :raises Refused: if the lease is lost, something is missing, or `seq` is not the newest version.
    """
    actor, now = _begin(Action.SUBMIT, review, by, token=token)
    if needs := missing(review):
        raise Refused(f"The verdict still needs {_listed(needs)}.")
    if history.of(review).seq != seq:
        raise Refused("The verdict was saved again since this page was opened. Read it once more.")
    review.end_lease(keep_checker=True)
    review.move(Action.SUBMIT, by=actor, at=now)


@transaction.atomic
def withdraw(review: Review, *, by: User) -> None:
    """Take a submitted verdict back to go on working on it."""
    actor, now = _begin(Action.WITHDRAW, review, by)
    _refuse_another(actor)
    review.hold(actor, at=now, until=now + settings.LEASE)
    review.move(Action.WITHDRAW, by=actor, at=now)


@transaction.atomic
def dismiss(review: Review, *, by: User, reason: str, token: int = 0) -> None:
    """End a review without a verdict; `reopen` undoes it. Who holds it names their lease.

    :raises Refused: if no reason is given, the lease is lost, or it is a colleague's work.
    """
    actor, now = _begin(Action.DISMISS, review, by)
    if review.status == Status.IN_PROGRESS and (lost := leases.lost(review, actor, token, now)):
        raise Refused(lost)
    _need(reason, "Say why this claim is not checked.")
    review.end_lease(keep_checker=False)
    review.move(Action.DISMISS, by=actor, at=now, note=reason.strip())


@transaction.atomic
def merge_away(review: Review, *, by: User, note: str) -> Before:
    """End the review of a claim that is merged into another; `unmerge` undoes it.

    Returns how it was, which whoever keeps the merge keeps with it.

    :raises Refused: if it is a colleague's work, or already on its way to readers.
    """
    actor, now = _begin(Action.MERGE, review, by)
    before = Before.of(review)
    review.end_lease(keep_checker=False)
    review.move(Action.MERGE, by=actor, at=now, note=note)
    return before


@transaction.atomic
def unmerge(review: Review, *, by: User, note: str, before: Before) -> None:
    """Let the review of a claim whose merge is undone go on as it was `before`.

    Who held it holds it again, on the same lease, for as long as that would still have run. Else it
    waits in the queue, and its history says why.

    :raises Refused: if it was not a merge that ended it.
    """
    actor, now = _begin(Action.UNMERGE, review, by)
    action, why = _way_back(before, now)
    if before.checker is not None and action != Action.UNMERGE:
        review.hold_again(before.checker, since=before.acquired_at, until=before.expires_at)
    review.move(action, by=actor, at=now, note="; ".join(filter(None, (note, why))))


def _way_back(before: Before, now: datetime) -> tuple[Action, str]:
    """The move back to how a review was before a merge, and why it is not that one, if it is not.

    The row of who held it is locked, so that they cannot take one more meanwhile.
    """
    if before.checker is None:
        return Action.UNMERGE, ""
    checker = User.objects.select_for_update(no_key=True).get(pk=before.checker)
    if not checker.has_perm(CHECK):
        return Action.UNMERGE, f"{checker} checks no claims any more"
    if before.status == Status.RETURNED:
        return Action.HAND_BACK, ""
    if before.expires_at is None or before.expires_at <= now:
        return Action.UNMERGE, f"the lease of {checker} has run out meanwhile"
    if Review.objects.held_by(checker).count() >= settings.LEASES_PER_PERSON:
        return Action.UNMERGE, f"{checker} holds as many others now as a person may"
    return Action.RESUME, ""


@transaction.atomic
def correct(review: Review, *, by: User, reason: str) -> None:
    """Take a published review to correct it; readers see the present publication until the next.

    `reason` is proposed to the checker as what readers are told; they word it until they submit.

    :raises Refused: if no reason is given.
    """
    actor, now = _begin(Action.CORRECT, review, by)
    _need(reason, "Say what has to be corrected, and why.")
    _refuse_another(actor)
    review.hold(actor, at=now, until=now + settings.LEASE)
    review.move(Action.CORRECT, by=actor, at=now, note=reason.strip())


@transaction.atomic
def keep(review: Review, *, by: User, token: int) -> None:
    """Give up a correction that changed nothing: the review is published, as it was for readers.

    :raises Refused: if the lease is lost, or the verdict is not what is published any more.
    """
    actor, now = _begin(Action.KEEP, review, by, token=token)
    review.end_lease(keep_checker=False)
    review.move(Action.KEEP, by=actor, at=now)


@transaction.atomic
def decide_flag(
    review: Review, *, flag: Flag, by: User, token: int, state: str, reason: str = ""
) -> None:
    """Confirm, dismiss or reopen a flag of one of the articles in which the claim appears.

    :raises Refused: if the lease is lost, the flag another claim's, or a dismissal has no reason.
    """
    actor, now = leases.begin_write(review, by, token)
    claim = matching.survivor(review.claim)
    if flag.claim_id not in (None, claim.pk):
        raise Refused("This flag is about another claim.")
    if not claim.appearances.filter(article=flag.article_id).exists():
        raise Refused("This flag is not on an article in which the claim appears.")
    if state == Flag.State.DISMISSED:
        _need(reason, "Say why the flag is dismissed.")
    flagging.decide(flag, by=actor, at=now, state=state, reason=reason.strip())


# The supervisor's moves


@transaction.atomic
def return_to_checker(review: Review, *, by: User, seq: int, comment: str) -> None:
    """Return version `seq` to its checker with a comment.

    :raises Refused: if there is no comment, or a newer version replaced it meanwhile.
    """
    actor, now = _begin(Action.RETURN, review, by)
    _need(comment, "Say what the checker should change.")
    _decide(review.verdict, Decision.Kind.RETURNED, seq, "", by=actor, at=now, comment=comment)
    review.move(Action.RETURN, by=actor, at=now, note=comment.strip())


@transaction.atomic
def approve(review: Review, *, by: User, seq: int, content_hash: str, comment: str = "") -> None:
    """Approve exactly the version that the supervisor read.

    :raises Refused: if they contributed to it, or a newer version replaced it meanwhile.
    """
    actor, now = _begin(Action.APPROVE, review, by)
    _decide(
        review.verdict, Decision.Kind.APPROVED, seq, content_hash, by=actor, at=now, comment=comment
    )
    review.move(Action.APPROVE, by=actor, at=now, note=comment.strip())


@transaction.atomic
def reopen(review: Review, *, by: User, reason: str) -> None:
    """Put a dismissed review back into the queue.

    :raises Refused: if no reason is given.
    """
    actor, now = _begin(Action.REOPEN, review, by)
    _need(reason, "Say why the claim should be checked after all.")
    review.move(Action.REOPEN, by=actor, at=now, note=reason.strip())


# Everybody, and the desk itself


@transaction.atomic
def comment(review: Review, *, by: User, body: str) -> Comment:
    """Add a comment that colleagues see; sent twice in a row, it stands once.

    :raises Refused: if it is empty, or `by` is no checker.
    """
    actor, now = leases.lock(review, by)
    if not actor.has_perm("reviews.check_review"):
        raise Refused("Your role does not allow this.")
    _need(body, "Write the comment first.")
    newest = review.comments.order_by("-pk").first()
    if newest and (newest.author_id, newest.body) == (actor.pk, body.strip()):
        return newest
    return Comment.objects.create(review=review, author=actor, body=body.strip(), at=now)


@transaction.atomic
def expire(review: Review) -> bool:
    """Free a review whose lease has run out; return whether there was anything to do."""
    system = User.objects.system()
    _, now = leases.lock(review, system)
    if refusal(Action.EXPIRE, review, system):
        return False
    if review.lease_expires_at is None or review.lease_expires_at > now:
        return False
    note = f"Held by {review.checker} until {review.lease_expires_at:%Y-%m-%d %H:%M} UTC"
    review.end_lease(keep_checker=False)
    review.move(Action.EXPIRE, by=system, at=now, note=note)
    return True


# Steps that the moves share


def _begin(
    action: Action, review: Review, by: User, *, token: int | None = None
) -> tuple[User, datetime]:
    """Lock and refresh, refuse what is not allowed, read the clock once."""
    actor, now = leases.lock(review, by)
    if reason := refusal(action, review, actor):
        raise Refused(reason)
    if token is not None and (reason := leases.lost(review, actor, token, now)):
        raise Refused(reason)
    return actor, now


def _decide(
    verdict: Verdict, kind: Decision.Kind, seq: int, content_hash: str, *,
    by: User, at: datetime, comment: str,
) -> None:  # fmt: skip
    version = verdict.versions.get(seq=verdict.seq)
    if version.seq != seq or (content_hash and version.content_hash != content_hash):
        raise Refused("The verdict changed while you were reading. Read it again.")
    Decision.objects.create(
        version=version, content_hash=version.content_hash, kind=kind,
        by=by, by_name=str(by), at=at, comment=comment.strip(),
    )  # fmt: skip


def _refuse_another(user: User) -> None:
    held = Review.objects.held_by(user).count()
    if held >= settings.LEASES_PER_PERSON:
        raise Refused(f"You hold {held} reviews already. Submit or release one first.")


def _need(words: str, otherwise: str) -> None:
    if not words.strip():
        raise Refused(otherwise)


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
