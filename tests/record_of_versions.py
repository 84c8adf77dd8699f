"""What must always hold of sealed versions, read from their rows by hand: no room is asked.

Each problem is a sentence. `record.problems()` names them beside its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from reviews import history
from reviews.models import Evidence, Publication, Redaction, Verdict, VerdictVersion

SAID_IN_A_DOCUMENT = ("claim", "summary", "explanation", "evidence", "appearances", "claimant")


def problems() -> Iterator[str]:
    for verdict in Verdict.objects.order_by("pk"):
        versions = list(verdict.versions.select_related("redaction").order_by("seq"))
        yield from (f"verdict {verdict.pk}: {problem}" for problem in _chain(versions))
        yield from (f"verdict {verdict.pk}: {problem}" for problem in _stands(verdict, versions))
        for old, new in zip([None, *versions], versions, strict=False):
            history.compare(old, new)  # every version renders, whatever came since
    yield from _redactions()
    yield from _cited()
    yield from _told_anew()


def _chain(versions: list[VerdictVersion]) -> Iterator[str]:
    """Numbers without gaps, times in their order, and the hash of each over the one before."""
    previous, before = "", None
    for number, version in enumerate(versions, 1):
        if version.seq != number:
            yield f"version {version.seq} stands where {number} should"
        if before and version.at < before:
            yield f"version {version.seq} is older than the one before"
        if version.hash != _sha256(_canonical(_row(version)) + previous):
            yield f"version {version.seq} has another hash than its row"
        if version.content and version.content_hash != _sha256(version.content):
            yield f"version {version.seq} has another content than its hash"
        if bool(version.content) == hasattr(version, "redaction"):
            yield f"version {version.seq} is redacted without a note, or noted and not redacted"
        if not version.actor_name.strip():
            yield f"version {version.seq} names nobody"
        previous, before = version.hash, version.at


def _stands(verdict: Verdict, versions: list[VerdictVersion]) -> Iterator[str]:
    """The verdict's row, with the evidence that stands, is what its newest version says."""
    newest = versions[-1] if versions else None
    if newest is None or newest.seq != verdict.seq:
        yield f"it says it is at version {verdict.seq}, of {len(versions)}"
        return
    content = json.loads(newest.content)
    said = {
        "claim": verdict.claim_wording, "rating": verdict.rating, "scale": verdict.scale_version,
        "summary": verdict.summary, "explanation": verdict.explanation,
    }  # fmt: skip
    if content["schema"] > 1:
        said |= {"correction": verdict.correction, "context": verdict.context}
    if content["schema"] > 2:
        said["checklist"] = verdict.checklist
    if said != {name: content[name] for name in said}:
        yield f"its row says something else than version {newest.seq}"
    standing = Evidence.objects.filter(review=verdict.review, withdrawn_at=None).order_by("pk")
    if [one.ref for one in standing] != [item["ref"] for item in content["evidence"]]:
        yield f"version {newest.seq} cites other evidence than what stands"


def _redactions() -> Iterator[str]:
    """Who, when and why; the hash of what stood there; and no copy of it in a publication."""
    for redaction in Redaction.objects.select_related("version"):
        where = f"redaction {redaction.pk}"
        if not (redaction.by_name.strip() and redaction.reason.strip() and redaction.at):
            yield f"{where}: nobody says who and why"
        if redaction.content_hash != redaction.version.content_hash:
            yield f"{where}: is of another content"
        for publication in Publication.objects.filter(version=redaction.version):
            if any(publication.document[name] for name in SAID_IN_A_DOCUMENT):
                yield f"{where}: publication {publication.pk} still says it"


def _cited() -> Iterator[str]:
    """What a published version cites is what was captured, and says what its hash says."""
    for publication in Publication.objects.select_related("version"):
        cited = json.loads(publication.version.content or '{"evidence": []}')["evidence"]
        for item in cited:
            one = Evidence.objects.get(ref=item["ref"])
            captured = _sha256(_canonical([one.url, one.title, one.publisher, one.quote]))
            if not one.sha256 == item["sha256"] == captured:
                yield f"publication {publication.pk}: {one.ref} is not what was captured"


def _told_anew() -> Iterator[str]:
    """Of one check, readers are told a later date with each publication, and the same first one."""
    before: dict[int, dict[str, Any]] = {}
    for publication in Publication.objects.order_by("pk"):
        earlier = before.get(publication.review_id)
        now = publication.document
        if earlier and not _moment(now["modified_at"]) > _moment(earlier["modified_at"]):
            yield f"publication {publication.pk} says it is no newer than the one before"
        if earlier and now["published_at"] != earlier["published_at"]:
            yield f"publication {publication.pk} gives the check another first date"
        before[publication.review_id] = now


def _row(version: VerdictVersion) -> dict[str, Any]:
    return {
        "verdict": version.verdict_id, "seq": version.seq, "content_hash": version.content_hash,
        "actor": version.actor_id, "actor_name": version.actor_name, "action": version.action,
        "reason": version.reason, "at": version.at.astimezone(UTC).isoformat(),
    }  # fmt: skip


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
