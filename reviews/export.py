"""The history of a verdict as one file, with everything that checking its chain needs."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from reviews import history
from reviews.models import Decision, Publication, Review, VerdictVersion

FORMAT = 1


def document(review: Review) -> dict[str, Any]:
    """Return every version of the verdict on `review`, its decisions and publications, for JSON.

    `content` is the text that was hashed; None where it was redacted. Cost: four queries.
    """
    verdict = history.of(review)
    versions = list(
        VerdictVersion.objects.filter(verdict=verdict.pk)
        .select_related("redaction")
        .order_by("seq")
    )
    decisions = Decision.objects.filter(version__in=versions).select_related("version")
    publications = Publication.objects.filter(review=review).select_related("version")
    return {
        "format": FORMAT,
        "review": review.ref,
        "claim": review.claim.wording,
        "head": versions[-1].hash if versions else "",
        "versions": [_version(version) for version in versions],
        "decisions": [
            {
                "seq": one.version.seq, "content_hash": one.content_hash, "kind": one.kind,
                "by": one.by_name, "at": _time(one.at), "comment": one.comment, "part": one.part,
            }
            for one in decisions.order_by("pk")
        ],
        "publications": [
            {
                "seq": one.version.seq, "seal": one.version.hash, "at": _time(one.published_at),
                "correction": one.correction,
            }
            for one in publications.order_by("pk")
        ],
    }  # fmt: skip


def _version(version: VerdictVersion) -> dict[str, Any]:
    redaction = getattr(version, "redaction", None)
    return history.sealed(version) | {
        "content": None if redaction else version.content,
        "previous_hash": version.previous_hash,
        "hash": version.hash,
        "redaction": redaction
        and {"by": redaction.by_name, "at": _time(redaction.at), "reason": redaction.reason},
    }


def _time(moment: Any) -> str:
    return str(moment.astimezone(UTC).isoformat())
