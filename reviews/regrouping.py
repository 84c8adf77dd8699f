"""Merging and splitting claims, with what that does to their reviews.

The review of a claim merged away ends, and is back in the queue when the merge is undone; published
checks stay as published.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from claims import merging
from claims.models import Appearance, Claim, ClaimMerge, ClaimSplit, Suggestion
from reviews import leases, queue, workflow
from reviews.leases import Refused
from reviews.models import Review, User
from reviews.states import Action, Status

LINK, MERGE, SPLIT = (
    "claims.change_suggestion",
    "claims.add_claimmerge",
    "claims.add_claimsplit",
)


@transaction.atomic
def merge(claim: Claim, into: Claim, *, by: User, reason: str) -> ClaimMerge:
    """Merge `claim` into `into`, and end its open review.

    :raises Refused: without the permission, or if a colleague is at work on `claim`.
    """
    _need(by, MERGE)
    try:
        made = merging.merge(claim, into, by=by, at=leases.clock(), reason=reason.strip())
    except merging.Refused as refused:
        raise Refused(str(refused)) from refused
    _end_review(claim, into, by)
    _refresh(into)
    return made


@transaction.atomic
def undo_merge(merge: ClaimMerge, *, by: User) -> None:
    """Undo a merge: both claims are as they were, and a review that it ended is open again.

    :raises Refused: without the permission, or if what was moved was moved on since.
    """
    _need(by, MERGE)
    try:
        merging.undo_merge(merge, by=by, at=leases.clock())
    except merging.Refused as refused:
        raise Refused(str(refused)) from refused
    _open_review_again(merge.claim, by)
    _refresh(merge.claim, merge.into)


@transaction.atomic
def split(claim: Claim, appearances: Iterable[Appearance], *, by: User, reason: str) -> ClaimSplit:
    """Take these appearances out of `claim` into a claim of their own.

    :raises Refused: without the permission, or if nothing or everything would move.
    """
    _need(by, SPLIT)
    try:
        made = merging.split(claim, appearances, by=by, at=leases.clock(), reason=reason.strip())
    except merging.Refused as refused:
        raise Refused(str(refused)) from refused
    _refresh(claim)
    return made


@transaction.atomic
def undo_split(split: ClaimSplit, *, by: User) -> None:
    """Undo a split; the review that the new claim got meanwhile ends.

    :raises Refused: without the permission, or if what was moved was moved on since.
    """
    _need(by, SPLIT)
    try:
        merging.undo_split(split, by=by, at=leases.clock())
    except merging.Refused as refused:
        raise Refused(str(refused)) from refused
    _end_review(split.new_claim, split.claim, by)
    _refresh(split.claim)


@transaction.atomic
def decide(suggestion: Suggestion, *, state: str, by: User, reason: str = "") -> Suggestion:
    """Confirm or reject a suggestion, or take the decision back (`state` "open").

    :raises Refused: without the permission, or if it is not in a state to be decided so.
    """
    _need(by, LINK)
    at, before, merged = leases.clock(), suggestion.appearance.claim, suggestion.merge
    try:
        if state == Suggestion.State.CONFIRMED:
            merging.confirm(suggestion, by=by, at=at, reason=reason.strip())
        elif state == Suggestion.State.REJECTED:
            merging.reject(suggestion, by=by, at=at, reason=reason.strip())
        else:
            merging.reopen(suggestion, by=by, at=at)
    except merging.Refused as refused:
        raise Refused(str(refused)) from refused
    if suggestion.merge is not None and before is not None:
        _end_review(before, suggestion.merge.into, by)
    if merged is not None and suggestion.merge is None:
        _open_review_again(merged.claim, by)
    _refresh(*(claim for claim in (before, suggestion.claim) if claim is not None))
    return suggestion


@transaction.atomic
def link(appearance: Appearance, claim: Claim, *, by: User, reason: str = "") -> Suggestion:
    """Link an appearance to a claim by hand.

    :raises Refused: without the permission, or if it belongs there already.
    """
    _need(by, LINK)
    before = appearance.claim
    try:
        made = merging.link(appearance, claim, by=by, at=leases.clock(), reason=reason.strip())
    except merging.Refused as refused:
        raise Refused(str(refused)) from refused
    if made.merge is not None and before is not None:
        _end_review(before, claim, by)
    _refresh(*(one for one in (before, claim) if one is not None))
    return made


def _need(by: User, permission: str) -> None:
    if not User.objects.get(pk=by.pk).has_perm(permission):
        raise Refused("Your role does not allow this.")


def _end_review(claim: Claim, into: Claim, by: User) -> None:
    review = Review.objects.filter(claim=claim).first()
    if review and review.status not in (Status.PUBLISHED, Status.DISMISSED):
        workflow.merge_away(review, by=by, note=f"into “{into.wording}”")


def _open_review_again(claim: Claim, by: User) -> None:
    """Reopen the review if it was the merge that ended it."""
    review = Review.objects.filter(claim=claim, status=Status.DISMISSED).first()
    if review is None:
        return
    if review.events.order_by("-pk")[0].action == Action.MERGE:
        workflow.unmerge(review, by=by, note="the claims are two again")


def _refresh(*claims: Claim) -> None:
    reviews = Review.objects.filter(claim__in=claims).select_related("claim").order_by("pk")
    queue.refresh_priorities(
        reviews.exclude(status__in=[Status.PUBLISHED, Status.DISMISSED]).select_for_update(
            of=("self",)
        )
    )
