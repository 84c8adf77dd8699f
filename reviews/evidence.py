"""Evidence: attached with a stance and a quote, withdrawn with a reason, never rewritten.

Each change also seals a version of the verdict, because what a verdict cites is part of it. What
stands at its address is archived beside it, by workers: no verdict waits for a stranger's server.
"""

from __future__ import annotations

from django.db import transaction

from claims.models import Capture
from reviews import history, leases
from reviews.models import Evidence, EvidenceCopy, Review, User

AT_ONCE = 500  # pieces of evidence of which a copy is ordered in one go


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


@transaction.atomic
def order_copies() -> int:
    """Have the pages archived that standing evidence names and of which nobody ordered a copy yet.

    Safe to repeat and at once. Return how many were ordered; at most `AT_ONCE`.
    """
    lacking = Evidence.objects.standing().filter(copy__isnull=True).exclude(url="")
    rows = list(lacking.select_for_update(of=("self",), skip_locked=True)[:AT_ONCE])
    # Who held a row until now may have ordered its copy.
    done = set(EvidenceCopy.objects.filter(evidence__in=rows).values_list("evidence_id", flat=True))
    wanted = [one for one in rows if one.pk not in done]
    captures = Capture.objects.bulk_create([Capture(asked=one.url) for one in wanted])
    EvidenceCopy.objects.bulk_create(
        [
            EvidenceCopy(evidence=one, capture=capture)
            for one, capture in zip(wanted, captures, strict=True)
        ]
    )
    return len(wanted)
