"""Every move of a review: what it does, and what it leaves behind.

An action is: begin (`gate` locks the row, refuses, reads the clock once), do, `review.move(...)`.
Nothing here knows HTTP, Celery or mail.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from claims import flagging
from claims.models import Flag
from reviews import (
    comments,
    flags,
    gate,
    history,
    leases,
    notifications,
    opinions,
    policy,
    priority,
)
from reviews.gate import Refused
from reviews.inbox import Kind
from reviews.models import Decision, Review, User, Verdict
from reviews.states import UNSUBMITTED, Action, Status

__all__ = ["Refused"]

# The checker's moves


@transaction.atomic
def take(review: Review, *, by: User) -> None:
    """Give `by` a lease on a waiting or returned review.

    :raises Refused: if someone else has it, or `by` holds as many as a person may.
    """
    actor, now = gate.begin(Action.TAKE, review, by)
    gate.refuse_another(actor)
    review.hold(actor, at=now, until=now + settings.LEASE)
    review.move(Action.TAKE, by=actor, at=now)


@transaction.atomic
def release(review: Review, *, by: User, token: int, note: str = "") -> None:
    """Put a held review back into the queue; what was written stays for the next checker."""
    actor, now = gate.begin(Action.RELEASE, review, by, token=token)
    opinions.given_up(review, by=actor, at=now)
    review.end_lease(keep_checker=False)
    review.move(Action.RELEASE, by=actor, at=now, note=note)


@transaction.atomic
def hand_over(review: Review, *, to: User, by: User, token: int, note: str) -> None:
    """Give a held review to a colleague, who is told; their lease starts now.

    :raises Refused: if the lease is lost, there is no note, or `to` may not hold this review.
    """
    actor, colleague, now = leases.lock_both(review, by, to)
    reason = gate.refusal(Action.HAND_OVER, review, actor) or leases.lost(review, actor, token, now)
    if reason := reason or gate.cannot_receive(review, actor, colleague):
        raise Refused(reason)
    gate.need(note, "Say what your colleague should know.")
    review.hold(colleague, at=now, until=now + settings.LEASE)
    review.move(Action.HAND_OVER, by=actor, at=now, note=f"To {colleague}: {note.strip()}")
    notifications.tell(
        colleague, Kind.ASSIGNED, review, at=now, note=note.strip(),
        occasion=f"lease {review.lease_token}", words=f"{actor} handed a review over to you",
    )  # fmt: skip


@transaction.atomic
def take_over(review: Review, *, by: User, reason: str) -> None:
    """Take a review from its holder, who is told why. What they saved stays.

    :raises Refused: if no reason is given, or `by` may not hold this review.
    """
    actor, now = gate.begin(Action.TAKE_OVER, review, by)
    gate.need(reason, "Say why you take it over.")
    gate.refuse_another(actor)
    former = review.checker
    review.hold(actor, at=now, until=now + settings.LEASE)
    review.move(Action.TAKE_OVER, by=actor, at=now, note=f"From {former}: {reason.strip()}")
    notifications.tell(
        former, Kind.TAKEN_OVER, review, at=now, note=reason.strip(),
        occasion=f"lease {review.lease_token}", words=f"{actor} took a review over from you",
    )  # fmt: skip


@transaction.atomic
def renew(review: Review, *, by: User, token: int) -> None:
    """Extend the lease while the page is in use; `review.lease_expires_at` is its new end.

    :raises Refused: if the lease is lost.
    """
    leases.begin_write(review, by, token, worth=timedelta())


@transaction.atomic
def submit(review: Review, *, by: User, token: int, seq: int, told: str) -> None:
    """Hand version `seq` of the verdict to the supervisors and end the lease.

    Where the claimant, the appearances or the checklist changed since, they are sealed first, as
    the next version: what others wrote there reaches readers only after its checker read it.

    :param told: by `history.told`, of what the checker was shown.
    :raises Refused: if the lease is lost, something is missing, `seq` is not the newest version, or
        readers would be told anything else than `told`.
    """
    actor, now = gate.begin(Action.SUBMIT, review, by, token=token)
    if history.of(review).seq != seq:
        raise Refused("The verdict was saved again since this page was opened. Read it once more.")
    history.complete(review, by=actor, at=now)
    if needs := gate.missing(review):
        raise Refused(f"The verdict still needs {gate.listed(needs)}.")
    if history.told(history.of(review).context) != told:
        raise Refused(
            "What readers are told of who said it and where changed since this page was opened. "
            "Read it below, and submit again."
        )
    review.end_lease(keep_checker=True)
    review.move(Action.SUBMIT, by=actor, at=now, note=policy.submitted_under(review))
    opinions.submitted(review, by=actor, at=now)


@transaction.atomic
def withdraw(review: Review, *, by: User) -> None:
    """Take a submitted verdict back to go on working on it."""
    actor, now = gate.begin(Action.WITHDRAW, review, by)
    gate.refuse_another(actor)
    review.hold(actor, at=now, until=now + settings.LEASE)
    review.move(Action.WITHDRAW, by=actor, at=now)


@transaction.atomic
def dismiss(review: Review, *, by: User, reason: str, token: int = 0) -> None:
    """End a review without a verdict; `reopen` undoes it. Who holds it names their lease.

    :raises Refused: if no reason is given, the lease is lost, or it is a colleague's work.
    """
    actor, now = gate.begin(Action.DISMISS, review, by)
    if review.status == Status.IN_PROGRESS and (lost := leases.lost(review, actor, token, now)):
        raise Refused(lost)
    gate.need(reason, "Say why this claim is not checked.")
    opinions.given_up(review, by=actor, at=now)
    review.end_lease(keep_checker=False)
    review.move(Action.DISMISS, by=actor, at=now, note=reason.strip())


@transaction.atomic
def correct(review: Review, *, by: User, reason: str) -> None:
    """Take a published review to correct it; readers see the present publication until the next.

    `reason` is proposed to the checker as what readers are told; they word it until they submit.

    :raises Refused: if no reason is given.
    """
    actor, now = gate.begin(Action.CORRECT, review, by)
    gate.need(reason, "Say what has to be corrected, and why.")
    gate.refuse_another(actor)
    _be_due_anew(review, now)
    review.hold(actor, at=now, until=now + settings.LEASE)
    review.move(Action.CORRECT, by=actor, at=now, note=reason.strip())


@transaction.atomic
def keep(review: Review, *, by: User, token: int) -> None:
    """Give up a correction that changed nothing: the review is published, as it was for readers.

    :raises Refused: if the lease is lost, or the verdict is not what is published any more.
    """
    actor, now = gate.begin(Action.KEEP, review, by, token=token)
    review.end_lease(keep_checker=False)
    review.move(Action.KEEP, by=actor, at=now)


@transaction.atomic
def snooze(review: Review, *, by: User, token: int, until: datetime, waits_for: str) -> None:
    """Put a held review aside until a date, or until the reply comes; it stays with its checker.

    :raises Refused: if the lease is lost, nobody says what for, or the date is not to come soon.
    """
    actor, now = gate.begin(Action.SNOOZE, review, by, token=token)
    gate.need(waits_for, "Say what you are waiting for.")
    gate.need_to_come(until, now, settings.WAIT_AT_MOST)
    review.end_lease(keep_checker=True)
    review.waits_until, review.waits_for = until, waits_for.strip()
    review.move(
        Action.SNOOZE, by=actor, at=now, note=f"until {until:%Y-%m-%d}: {waits_for.strip()}"
    )


@transaction.atomic
def unsnooze(review: Review, *, by: User) -> None:
    """Go on with a review that was put aside, before its date."""
    actor, now = gate.begin(Action.UNSNOOZE, review, by)
    gate.refuse_another(actor)
    review.hold(actor, at=now, until=now + settings.LEASE)
    review.move(Action.UNSNOOZE, by=actor, at=now)


@transaction.atomic
def set_due(review: Review, *, by: User, due_at: datetime, reason: str) -> None:
    """Set by hand when a check is due; its spread no longer decides it.

    :raises Refused: if no reason is given, the date is not to come soon, or it is due then already.
    """
    actor, now = gate.begin(Action.DUE, review, by)
    gate.need(reason, "Say why it is due then.")
    gate.need_to_come(due_at, now, settings.DUE_AT_MOST)
    if review.due_by_hand and review.due_at == due_at:
        raise Refused("It is due then already.")
    review.due_at, review.due_by_hand, review.overdue_at = due_at, True, None
    note = f"{due_at:%Y-%m-%d %H:%M} UTC: {reason.strip()}"
    review.move(Action.DUE, by=actor, at=now, note=note)


@transaction.atomic
def recheck(review: Review, *, by: User, again_at: datetime, found: str) -> None:
    """Note that a published “Unproven” was looked at again and still is; the next look is set.

    :raises Refused: if nobody says what was looked at, or the date is not to come soon.
    """
    actor, now = gate.begin(Action.RECHECK, review, by)
    gate.need(found, "Say what you looked at.")
    gate.need_to_come(again_at, now, settings.RECHECK_AT_MOST)
    if review.reminded_at is None and review.recheck_at == again_at:
        raise Refused("It is looked at then already.")
    review.recheck_at, review.reminded_at = again_at, None
    note = f"{found.strip()} Next look: {again_at:%Y-%m-%d}"
    review.move(Action.RECHECK, by=actor, at=now, note=note)


@transaction.atomic
def decide_flag(
    review: Review, *, flag: Flag, by: User, token: int, state: str, reason: str = ""
) -> None:
    """Confirm, dismiss or reopen a flag of one of the articles in which the claim appears.

    :raises Refused: if the lease is lost, the flag another claim's, or a dismissal has no reason.
    """
    actor, now = leases.begin_write(review, by, token)
    if why := flags.cannot_decide(review, [flag]):
        raise Refused(why)
    if state == Flag.State.DISMISSED:
        gate.need(reason, "Say why the flag is dismissed.")
    flagging.decide(flag, by=actor, at=now, state=state, reason=reason.strip())


# The supervisor's moves


@transaction.atomic
def return_to_checker(review: Review, *, by: User, seq: int, comment: str) -> None:
    """Return version `seq` to its checker with a comment, and with those on passages.

    :raises Refused: if there is neither, or a newer version replaced it meanwhile.
    """
    actor, now = gate.begin(Action.RETURN, review, by)
    marked = len(comments.to_deliver(review, by=actor))
    if not marked:
        gate.need(comment, "Say what the checker should change. A comment on a passage does, too.")
    passages = f"{marked} comment{'s' if marked != 1 else ''} on passages" if marked else ""
    said = comment.strip() or f"See the {passages}."
    _return(review, seq, by=actor, at=now, comment=said, passages=passages)


@transaction.atomic
def adjudicate(review: Review, *, by: User, seq: int, outcome: str, reason: str) -> None:
    """Decide between a verdict and a second opinion that disagree.

    Where the first does not stand, version `seq` goes back to its checker with the reason.

    :raises Refused: if they wrote either, nobody says why, or a newer version replaced it.
    """
    actor, now = gate.begin(Action.ADJUDICATE, review, by)
    gate.need(reason, "Say why, for both checkers.")
    if history.of(review).seq != seq:
        raise Refused("The verdict changed while you were reading. Read it again.")
    opinions.settle(review, outcome=outcome, by=actor, at=now, reason=reason.strip())
    if outcome != opinions.Outcome.FIRST:
        _return(review, seq, by=actor, at=now, comment=reason.strip())


@transaction.atomic
def approve(
    review: Review, *, by: User, seq: int, content_hash: str, comment: str = ""
) -> Decision:
    """Approve exactly the version that the supervisor read; the last approval needed moves it on.

    :raises Refused: if they contributed to it or approved it already, or a newer version replaced
        it meanwhile.
    """
    actor, now = gate.begin(Action.APPROVE, review, by)
    decision = _decide(
        review.verdict, Decision.Kind.APPROVED, seq, content_hash, by=actor, at=now, comment=comment
    )
    action = Action.APPROVE if decision.completes else Action.CO_APPROVE
    note = ": ".join(filter(None, (decision.part, comment.strip())))
    review.move(action, by=actor, at=now, note=note)
    return decision


@transaction.atomic
def reopen(review: Review, *, by: User, reason: str) -> None:
    """Put a dismissed review back into the queue.

    :raises Refused: if no reason is given.
    """
    actor, now = gate.begin(Action.REOPEN, review, by)
    gate.need(reason, "Say why the claim should be checked after all.")
    _be_due_anew(review, now)
    review.move(Action.REOPEN, by=actor, at=now, note=reason.strip())


# The desk itself


@transaction.atomic
def expire(review: Review) -> bool:
    """Free a review whose lease has run out; return whether there was anything to do."""
    system, now = gate.begin_by_itself(Action.EXPIRE, review)
    if system is None or review.lease_expires_at is None or review.lease_expires_at > now:
        return False
    note = f"Held by {review.checker} until {review.lease_expires_at:%Y-%m-%d %H:%M} UTC"
    opinions.given_up(review, by=system, at=now)
    review.end_lease(keep_checker=False)
    review.move(Action.EXPIRE, by=system, at=now, note=note)
    return True


@transaction.atomic
def wake(review: Review) -> bool:
    """Give a review whose wait is over back to its checker; return whether it was."""
    system, now = gate.begin_by_itself(Action.WAKE, review)
    if system is None or review.waits_until is None or review.waits_until > now:
        return False
    waited_for = review.waits_for
    review.end_lease(keep_checker=True)
    review.waits_for = waited_for  # so that its checker sees what the reply was to
    review.move(Action.WAKE, by=system, at=now, note=waited_for)
    notifications.tell(
        review.checker, Kind.RETURNED, review, at=now, note=waited_for,
        occasion=f"woken {now.isoformat()}", words="Your wait for a reply is over",
    )  # fmt: skip
    return True


@transaction.atomic
def note_overdue(review: Review) -> bool:
    """Note, once for each due date, that it has passed; return whether it was noted."""
    system, now = gate.begin_by_itself(Action.OVERDUE, review)
    if system is None or review.overdue_at or review.due_at > now:
        return False
    review.overdue_at = now
    note = f"due {review.due_at:%Y-%m-%d %H:%M} UTC"
    review.move(Action.OVERDUE, by=system, at=now, note=note)
    if review.status in UNSUBMITTED:
        notifications.tell(
            review.checker, Kind.OVERDUE, review, at=now, occasion=review.due_at.isoformat(),
            words=f"Overdue: it was {note}",
        )  # fmt: skip
    return True


@transaction.atomic
def remind(review: Review) -> bool:
    """Remind, once, that a published “Unproven” is to be looked at again; return whether so."""
    system, now = gate.begin_by_itself(Action.REMIND, review)
    if system is None or review.reminded_at or review.recheck_at is None or review.recheck_at > now:
        return False
    review.reminded_at = now
    review.move(Action.REMIND, by=system, at=now)
    return True


# Steps that the moves share


def _return(
    review: Review, seq: int, *, by: User, at: datetime, comment: str, passages: str = ""
) -> None:
    _decide(review.verdict, Decision.Kind.RETURNED, seq, "", by=by, at=at, comment=comment)
    review.move(Action.RETURN, by=by, at=at, note=comment)
    words = f"{by} returned your verdict, with {passages}" if passages else ""
    notifications.tell(
        review.checker, Kind.RETURNED, review, at=at, note=comment,
        occasion=f"returned {at.isoformat()}", words=words or f"{by} returned your verdict",
    )  # fmt: skip


def _decide(
    verdict: Verdict, kind: Decision.Kind, seq: int, content_hash: str, *,
    by: User, at: datetime, comment: str,
) -> Decision:  # fmt: skip
    version = verdict.versions.get(seq=verdict.seq)
    if version.seq != seq or (content_hash and version.content_hash != content_hash):
        raise Refused("The verdict changed while you were reading. Read it again.")
    decision = Decision.objects.create(
        version=version, content_hash=version.content_hash, kind=kind,
        by=by, by_name=str(by), at=at, comment=comment.strip(),
    )  # fmt: skip
    decision.refresh_from_db(fields=["nth", "needed"])  # the database counted them
    return decision


def _be_due_anew(review: Review, now: datetime) -> None:
    """Give a check that begins again as long as its spread allows a new one."""
    allowance = priority.allowance(review.copies, review.facts.get("per_hour", 0))
    review.due_at, review.due_by_hand, review.overdue_at = now + allowance, False, None
