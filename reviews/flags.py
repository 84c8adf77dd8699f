"""Deciding several flags of an article at once: all of them or none, and back again."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import F, Q, QuerySet

from claims import flagging, matching
from claims.models import Flag
from reviews import gate, leases
from reviews.gate import Refused
from reviews.models import Review, User

__all__ = ["Refused"]


def cannot_decide(review: Review, flags: Collection[Flag]) -> str:
    """Say why a flag among these is no matter of this review; "" when all are. Cost: one query."""
    claim = matching.survivor(review.claim)
    if any(flag.claim_id not in (None, claim.pk) for flag in flags):
        return "This flag is about another claim."
    articles = {flag.article_id for flag in flags}
    within = claim.appearances.filter(article__in=articles).values_list("article", flat=True)
    if articles - set(within):
        return "This flag is not on an article in which the claim appears."
    return ""


@transaction.atomic
def decide(
    review: Review, *, article: str, refs: Collection[str], rules: Collection[str],
    by: User, token: int, state: str, reason: str = "",
) -> int:  # fmt: skip
    """Confirm or dismiss the open flags `refs`, and all open ones of `rules`, for one reason.

    Only flags of the article with the ref `article` and of this claim; return how many they were.
    They share the time at which they were decided, so that they can be taken back together.

    :raises Refused: if the lease is lost, nothing is chosen, a dismissal has no reason, or one of
        them is gone or decided already; then none is decided.
    """
    actor, now = leases.begin_write(review, by, token)
    flags = _locked(_of(review, article).filter(Q(ref__in=refs) | Q(rule__in=rules, state="open")))
    if not flags and not refs:
        raise Refused("Choose the flags first.")
    if state == Flag.State.DISMISSED:
        gate.need(reason, "Say why the flags are dismissed.")
    _refuse_missing(flags, refs)
    for flag in flags:
        if flag.state != Flag.State.OPEN:
            raise Refused(
                f"{flag.decided_by} decided about “{flag.cue}” meanwhile. Nothing was changed."
            )
    if why := cannot_decide(review, flags):
        raise Refused(why)
    for flag in flags:
        flagging.decide(flag, by=actor, at=now, state=state, reason=reason.strip())
    return len(flags)


@transaction.atomic
def take_back(
    review: Review, *, article: str, refs: Collection[str], by: User, token: int
) -> int:  # fmt: skip
    """Open again what `by` decided about flags, all of them or none; return how many.

    :raises Refused: if the lease is lost, or somebody decided anew about one of them since.
    """
    actor, now = leases.begin_write(review, by, token)
    flags = _locked(_of(review, article).filter(ref__in=refs))
    _refuse_missing(flags, refs)
    if any(flag.decided_by_id != actor.pk for flag in flags):
        raise Refused("One of these decisions is no longer yours. Nothing was changed.")
    for flag in flags:
        flagging.decide(flag, by=actor, at=now, state=Flag.State.OPEN)
    return len(flags)


def _of(review: Review, article: str) -> QuerySet[Flag]:
    claim = matching.survivor(review.claim)
    mine = Q(claim__isnull=True) | Q(claim=claim)
    return Flag.objects.filter(mine, article__ref=article)


def _locked(flags: QuerySet[Flag]) -> list[Flag]:
    """In one order, so that two who decide about the same flags do not wait for each other.

    Those of the text come before those of the claim, as an analysis locks them.
    """
    in_order = flags.order_by(F("claim").asc(nulls_first=True), "pk")
    rows = in_order.select_related("article", "decided_by")
    return list(rows.select_for_update(of=("self",)))


def _refuse_missing(flags: Sequence[Flag], refs: Collection[str]) -> None:
    if set(refs) - {flag.ref for flag in flags}:
        raise Refused("One of these flags is no longer there. Nothing was changed.")
