"""Evidence: attached with a stance and a quote, withdrawn with a reason, never rewritten.

Each change also seals a version of the verdict, because what a verdict cites is part of it.
"""

from __future__ import annotations

from django.db import transaction

from reviews import history, leases
from reviews.models import Evidence, Review, User


@transaction.atomic
def attach(
    review: Review,
    *,
    by: User,
    token: int,
    url: str,
    title: str,
    publisher: str,
    quote: str,
    stance: str,
    is_primary: bool = False,
    interest: str = "",
) -> Evidence:
    """Attach a document to the review.

    :raises leases.Refused: if the lease is lost, or the same words of it are attached already.
    """
    actor, now = leases.begin_write(review, by, token)
    evidence = Evidence(
        review=review, url=url, title=title, publisher=publisher, quote=quote, stance=stance,
        is_primary=is_primary, interest=interest, added_by=actor, added_at=now,
    )  # fmt: skip
    evidence.sha256 = history.sha256(history.canonical([url, title, publisher, quote]))
    if review.evidence.standing().filter(sha256=evidence.sha256).exists():
        raise leases.Refused("This evidence is attached already.")
    evidence.save(force_insert=True)
    history.record_evidence(review, by=actor, at=now, reason=f"Attached “{title}”")
    return evidence


@transaction.atomic
def withdraw(evidence: Evidence, *, by: User, token: int, reason: str) -> None:
    """Take a document out of the verdict; the row stays, with who, when and why.

    :raises leases.Refused: if the lease is lost, it is withdrawn already, or no reason is given.
    """
    review = evidence.review
    actor, now = leases.begin_write(review, by, token)
    evidence.refresh_from_db()
    if evidence.withdrawn_at:
        raise leases.Refused("This evidence was withdrawn already.")
    if not reason.strip():
        raise leases.Refused("Say why the evidence is withdrawn.")
    evidence.withdrawn_by, evidence.withdrawn_at = actor, now
    evidence.withdrawn_reason = reason.strip()
    evidence.save(update_fields=["withdrawn_by", "withdrawn_at", "withdrawn_reason"])
    history.record_evidence(review, by=actor, at=now, reason=f"Withdrew “{evidence.title}”")
