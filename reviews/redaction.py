"""Redaction: what one sealed version said is blanked for good; that it stood there is not.

The hash of what stood there stays in the chain, so that everything before and after it can still be
checked. The same words go out of django-reversion's revision, and out of the document of an older
publication of that version.
"""

from __future__ import annotations

import json
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from reversion.models import Version

from reviews import gate, history
from reviews.gate import Refused
from reviews.models import Publication, Redaction, Review, User, Verdict, VerdictVersion
from reviews.states import Action

# What a revision of a verdict holds in words; the rest names it and its place.
WORDS = ("rating", "claim_wording", "summary", "explanation", "correction")


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
    VerdictVersion.objects.filter(pk=version.pk).update(content="")
    _blank_revision(verdict, version)
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


def _blank_revision(verdict: Verdict, version: VerdictVersion) -> None:
    """Take the words out of the revision that was made together with `version`."""
    revisions = Version.objects.filter(
        content_type=ContentType.objects.get_for_model(Verdict), object_id=str(verdict.pk)
    )
    for revision in revisions.order_by("pk"):
        [row] = json.loads(revision.serialized_data)
        if row["fields"]["seq"] == version.seq:
            row["fields"] |= dict.fromkeys(WORDS, "") | {"context": {}}
            data = json.dumps([row])
            revisions.filter(pk=revision.pk).update(serialized_data=data, object_repr="Redacted")


def _blanked(document: dict[str, Any]) -> dict[str, Any]:
    """A published document without the words of the verdict; who, when and where stay."""
    words = dict.fromkeys(("claim", "summary", "explanation"), "")
    return document | words | {"evidence": [], "appearances": [], "claimant": None}
