"""Merging and splitting claims, with what that does to their reviews.

The review of a claim merged away ends; when the merge is undone it goes on as it was. Published
checks stay as published. Locks are taken in one order, reviews, then the person, then claims, so
that nobody who writes a verdict waits for somebody who waits for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from claims import matching, merging
from claims.models import Appearance, Claim, ClaimMerge, ClaimSplit, Suggestion
from reviews import gate, leases, opinions, queue
from reviews.leases import Refused
from reviews.models import Review, User
from reviews.states import CHECK, Action, Status

LINK, MERGE, SPLIT = (
    "claims.change_suggestion",
    "claims.add_claimmerge",
    "claims.add_claimsplit",
)
ENDED = (Status.PUBLISHED, Status.DISMISSED)  # reviews that a merge leaves as they are


@dataclass(frozen=True, slots=True)
class Before:
    """How a review was before a merge ended it.

    :ivar checker: the key of who held it, or is to go on with it; the times are of their lease, or
        of what they wait for.
    """

    status: str
    checker: int | None
    acquired_at: datetime | None
    expires_at: datetime | None
    waits_until: datetime | None = None
    waits_for: str = ""

    @classmethod
    def of(cls, review: Review) -> Before:
        return cls(
            review.status, review.checker_id, review.lease_acquired_at, review.lease_expires_at,
            review.waits_until, review.waits_for,
        )  # fmt: skip

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON can keep it."""
        return {
            "status": str(self.status),
            "checker": self.checker,
            "acquired_at": self.acquired_at and self.acquired_at.isoformat(),
            "expires_at": self.expires_at and self.expires_at.isoformat(),
            "waits_until": self.waits_until and self.waits_until.isoformat(),
            "waits_for": self.waits_for,
        }

    @classmethod
    def read(cls, record: dict[str, Any]) -> Before:
        """Return what `as_record` kept."""
        names = ("acquired_at", "expires_at", "waits_until")
        times = (record.get(name) for name in names)  # before reviews could wait there was no third
        acquired, expires, waits = (datetime.fromisoformat(at) if at else None for at in times)
        words = record.get("waits_for", "")
        return cls(record["status"], record["checker"], acquired, expires, waits, words)


def refusal(claim: Claim, into: Claim, by: User) -> str:
    """Say why `by` may not merge `claim` into `into` now; "" when they may."""
    if not by.has_perm(MERGE):
        return "Your role does not allow this."
    if claim.pk == into.pk:
        return "This is one and the same claim."
    if claim.merged_into_id or into.merged_into_id:
        return "One of these claims was merged away meanwhile."
    review = Review.objects.filter(claim=claim).select_related("claim", "checker").first()
    return _in_the_way(review, by) if review else ""


def _in_the_way(review: Review, by: User) -> str:
    """Why the review of a claim must not end by a merge; "" if it may, or has ended already."""
    if review.status in ENDED:
        return ""
    reason = gate.refusal(Action.MERGE, review, by)
    return f"The review of the claim that would go stands in the way. {reason}" if reason else ""


@transaction.atomic
def merge(claim: Claim, into: Claim, *, by: User, reason: str) -> ClaimMerge:
    """Merge `claim` into `into`, and end its open review.

    :raises Refused: without the permission, or if a colleague is at work on `claim`.
    """
    actor = _begin(by, MERGE, claim, into)
    with _words_of_merging():
        made = merging.merge(claim, into, by=actor, at=leases.clock(), reason=reason.strip())
    _end_review(made, actor)
    _refresh(into)
    return made


@transaction.atomic
def undo_merge(merge: ClaimMerge, *, by: User) -> None:
    """Undo a merge: both claims are as they were, and a review that it ended goes on as it was.

    :raises Refused: without the permission, or if what was moved was moved on since.
    """
    actor = _begin(by, MERGE, merge.claim, merge.into)
    with _words_of_merging():
        merging.undo_merge(merge, by=actor, at=leases.clock())
    _open_review_again(merge, actor)
    _refresh(merge.claim, merge.into)


@transaction.atomic
def split(claim: Claim, appearances: Iterable[Appearance], *, by: User, reason: str) -> ClaimSplit:
    """Take these appearances out of `claim` into a claim of their own.

    :raises Refused: without the permission, or if nothing or everything would move.
    """
    actor = _begin(by, SPLIT, claim)
    with _words_of_merging():
        made = merging.split(claim, appearances, by=actor, at=leases.clock(), reason=reason.strip())
    _refresh(claim)
    return made


@transaction.atomic
def undo_split(split: ClaimSplit, *, by: User) -> None:
    """Undo a split; the review that the new claim got meanwhile ends.

    :raises Refused: without the permission, or if what was moved was moved on since.
    """
    actor = _begin(by, SPLIT, split.claim, split.new_claim)
    with _words_of_merging():
        made = merging.undo_split(split, by=actor, at=leases.clock())
    _end_review(made, actor)
    _refresh(split.claim)


@transaction.atomic
def decide(suggestion: Suggestion, *, state: str, by: User, reason: str = "") -> None:
    """Confirm or reject a suggestion, or take the decision back (`state` "open").

    :raises Refused: without the permission, or if it is not in a state to be decided so.
    """
    claim = matching.survivor(suggestion.claim)
    known = (suggestion.appearance.claim, claim, suggestion.left)
    actor, at = _begin(by, LINK, *known), leases.clock()
    with _words_of_merging():
        if state == Suggestion.State.OPEN:
            undone = merging.reopen(suggestion, by=actor, at=at)
            if undone:
                _open_review_again(undone, actor)
        elif state == Suggestion.State.CONFIRMED:
            merging.confirm(suggestion, by=actor, at=at, reason=reason.strip())
            if suggestion.merge:
                _end_review(suggestion.merge, actor)
        elif state == Suggestion.State.REJECTED:
            merging.reject(suggestion, by=actor, at=at, reason=reason.strip())
        else:
            raise Refused("A suggestion is confirmed, rejected, or open again.")
    _refresh(*known, suggestion.left)


@transaction.atomic
def link(appearance: Appearance, claim: Claim, *, by: User, reason: str = "") -> Suggestion:
    """Link an appearance to a claim by hand.

    :raises Refused: without the permission, or if it belongs there already.
    """
    actor = _begin(by, LINK, appearance.claim, claim)
    with _words_of_merging():
        made = merging.link(appearance, claim, by=actor, at=leases.clock(), reason=reason.strip())
    if made.merge:
        _end_review(made.merge, actor)
    _refresh(made.left, claim)
    return made


# Steps that these share


def _begin(by: User, permission: str, *claims: Claim | None) -> User:
    """Lock the reviews of these claims, then the person; return them with the rights of now."""
    reviews = Review.objects.filter(claim__in=[claim for claim in claims if claim])
    list(reviews.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
    actor = User.objects.select_for_update(no_key=True).get(pk=by.pk)
    if not actor.has_perm(permission):
        raise Refused("Your role does not allow this.")
    return actor


@contextmanager
def _words_of_merging() -> Iterator[None]:
    """Let a refusal of the room below be one of this room."""
    try:
        yield
    except merging.Refused as refused:
        raise Refused(str(refused)) from refused


# What that does to a review


@transaction.atomic
def merge_away(review: Review, *, by: User, note: str) -> Before:
    """End the review of a claim that is merged into another; `unmerge` undoes it.

    Returns how it was, which whoever keeps the merge keeps with it.

    :raises Refused: if it is a colleague's work, or already on its way to readers.
    """
    actor, now = gate.begin(Action.MERGE, review, by)
    before = Before.of(review)
    opinions.given_up(review, by=actor, at=now)
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
    actor, now = gate.begin(Action.UNMERGE, review, by)
    action, why = _way_back(before, now)
    if before.checker is not None and action != Action.UNMERGE:
        review.hold_again(before.checker, since=before.acquired_at, until=before.expires_at)
        review.waits_until, review.waits_for = before.waits_until, before.waits_for
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
    if before.status == Status.WAITING:
        return Action.WAIT_AGAIN, ""
    if before.expires_at is None or before.expires_at <= now:
        return Action.UNMERGE, f"the lease of {checker} has run out meanwhile"
    if Review.objects.held_by(checker).count() >= settings.LEASES_PER_PERSON:
        return Action.UNMERGE, f"{checker} holds as many others now as a person may"
    return Action.RESUME, ""


def _end_review(merge: ClaimMerge, by: User) -> None:
    """End the review of the claim that went, if it goes on; the merge keeps how it was."""
    review = Review.objects.filter(claim=merge.claim).select_related("claim", "checker").first()
    if review is None or review.status in ENDED:
        return
    if reason := _in_the_way(review, by):
        raise Refused(reason)
    before = merge_away(review, by=by, note=f"into “{merge.into.wording}”")
    merge.record["review"] = before.as_record()
    merge.save(update_fields=["record"])


def _open_review_again(merge: ClaimMerge, by: User) -> None:
    """Let the review go on as it was, if it was the merge that ended it."""
    if "review" in merge.record:
        review = Review.objects.select_related("claim").get(claim=merge.claim)
        before = Before.read(merge.record["review"])
        unmerge(review, by=by, note="the claims are two again", before=before)


def _refresh(*claims: Claim | None) -> None:
    queue.refresh(Review.objects.filter(claim__in={claim for claim in claims if claim}))
