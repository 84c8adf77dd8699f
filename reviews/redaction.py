"""Redaction: what one sealed version said is blanked for good; that it stood there is not.

The hash of what stood there stays in the chain, so that everything before and after it can still be
checked. The same words go out of django-reversion's revision, and out of the document of an older
publication of that version.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from reviews import gate, history
from reviews.gate import Refused
from reviews.models import Publication, Redaction, Review, User, Verdict, VerdictVersion
from reviews.states import Action


@transaction.atomic
def redact(review: Review, *, by: User, seq: int, reason: str) -> Redaction:
    """Blank what version `seq` of the verdict on `review` said.

    :raises Refused: if nobody says why, there is no such version, it was redacted already, or it is
        what stands now or what readers see now.
    """
    actor, now = gate.begin(Action.REDACT, review, by)
    gate.need(reason, "Say why it is redacted.")
    verdict = history.of(review)
    version = verdict.versions.filter(seq=seq).first() if verdict.pk else None
    if version is None:
        raise Refused(f"There is no version {seq}.")
    if why_not := refusal(review, verdict, version):
        raise Refused(why_not)
    redaction = Redaction.objects.create(
        version=version, content_hash=version.content_hash, by=actor, by_name=str(actor), at=now,
        reason=reason.strip(),
    )  # fmt: skip
    history.blank(version)
    for publication in Publication.objects.filter(version=version):
        blank = _blanked(publication.document)
        Publication.objects.filter(pk=publication.pk).update(document=blank)
    review.move(Action.REDACT, by=actor, at=now, note=f"Version {seq}: {reason.strip()}")
    return redaction


def refusal(review: Review, verdict: Verdict, version: VerdictVersion) -> str:
    """Say why this version cannot be redacted now; "" when it can."""
    if not version.content:
        return f"Version {version.seq} was redacted already."
    if version.seq == verdict.seq:
        return "It is what stands now: save a version without it first."
    newest = review.publications.order_by("-pk").first()
    if newest and newest.version_id == version.pk:
        return "Readers see it now: publish a correction first."
    return ""


def _blanked(document: dict[str, Any]) -> dict[str, Any]:
    """A published document without the words of the verdict; who, when and where stay."""
    words = dict.fromkeys(("claim", "summary", "explanation"), "")
    return document | words | {"evidence": [], "appearances": [], "claimant": None}
