"""The only writer of verdict content: one saved edit is one sealed version.

A save is, in one transaction under the row lock: the verdict row, a django-reversion revision
(added explicitly, because a concurrent page view can switch reversion's own signal off), and one
append-only `VerdictVersion` chained to the one before:

    hash(i) = SHA-256(canonical(row i) ‖ hash(i − 1))
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import reversion
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import QuerySet
from reversion.models import Version

from claims import invisible, matching, provenance
from claims.comparing import Change, word_diff
from claims.models import Claim
from claims.provenance import Fate
from reviews import checklists, leases, ratings
from reviews.models import (
    Evidence,
    Review,
    ReviewEvent,
    User,
    Verdict,
    VerdictVersion,
)
from reviews.states import Action

# 1 had neither `correction` nor `context`, 2 had no `checklist`; all are read for ever.
SCHEMA = 3
NOT_SEALED_BEFORE = {
    "correction": "",
    "context": {"language": "", "claimant": None, "appearances": []},
    "checklist": {"version": 0, "points": []},
}
NOT_FOR_READERS = ("schema", "correction", "checklist")  # of a content; the finding is the rest
REDACTED: dict[str, Any] = {
    "schema": 0, "claim": "", "rating": "", "scale": ratings.CURRENT_SCALE, "summary": "",
    "explanation": "", "evidence": [],
}  # fmt: skip
SEALED_AS = {"claim_wording": "claim"}  # fields that a sealed content calls otherwise
REVISED_WORDS = ("rating", "claim_wording", "summary", "explanation", "correction")
CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
FIELD_LABELS = {
    "claim": "Claim as checked",
    "rating": "Rating",
    "summary": "Summary",
    "explanation": "Explanation",
    "evidence": "Evidence",
    "correction": "What readers are told was corrected",
    "claimant": "Said by",
    "appearances": "Where it appeared",
    "checklist": "Checklist",
}

reversion.register(Evidence)
reversion.register(Verdict)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a checker types: the part of a verdict's content that is not evidence.

    `correction` is what readers are told was corrected; it counts only once something is published.
    """

    rating: str
    claim_wording: str
    summary: str
    explanation: str
    correction: str = ""


class Conflict(Exception):
    """Someone saved the verdict meanwhile; nothing was written.

    `draft` is what was typed, against version `seq`; `reconciling` brings the two together.
    """

    def __init__(self, current: Verdict, draft: Draft, seq: int) -> None:
        super().__init__("The verdict was changed since you opened it.")
        self.current = current
        self.draft = draft
        self.seq = seq


@dataclass(frozen=True, slots=True)
class FieldDiff:
    field: str
    label: str
    changes: tuple[Change, ...]


# Writing


@transaction.atomic
def save(
    review: Review, *, by: User, token: int, seq: int, draft: Draft, reason: str = ""
) -> VerdictVersion | None:
    """Save `draft`, made against version `seq`, as the next version; None if nothing changed.

    What is known of the claim besides is taken over by the first save, then by submitting: what
    others change in between is shown to its checker before readers are told so.

    :raises leases.Refused: if the lease is lost.
    :raises Conflict: if `seq` is not the newest version, and that says anything else than `draft`.
    """
    actor, now = leases.begin_write(review, by, token)
    verdict = of(review)
    if verdict.seq != seq and draft != draft_of(verdict):
        raise Conflict(verdict, draft, seq)
    _type(verdict, draft)
    _learn_once(verdict)
    action, note = VerdictVersion.Action.EDIT, draft.correction
    return _seal(verdict, action, by=actor, at=now, reason=reason, note=note)


@transaction.atomic
def restore(
    review: Review, *, by: User, token: int, seq: int, version_seq: int
) -> VerdictVersion | None:
    """Write the words and rating of version `version_seq` again, as a new version on top of `seq`.

    So are claimant and appearances as they were told then. Evidence is not brought back: it is
    attached and withdrawn one by one, each with its reason; nor is the note on an older correction.

    :raises leases.Refused: if the lease is lost, or there is no such version.
    :raises Conflict: if `seq` is not the newest version.
    """
    actor, now = leases.begin_write(review, by, token)
    verdict = of(review)
    old = verdict.versions.filter(seq=version_seq).first() if verdict.pk else None
    if old is None:
        raise leases.Refused(f"There is no version {version_seq} to restore.")
    if not old.content:
        raise leases.Refused(f"Version {version_seq} was redacted: there is nothing to restore.")
    content = read(old)
    if verdict.seq != seq:
        raise Conflict(verdict, draft_of(verdict), seq)
    verdict.rating, verdict.scale_version = content["rating"], content["scale"]
    verdict.claim_wording = content["claim"]
    verdict.summary, verdict.explanation = content["summary"], content["explanation"]
    _learn(verdict)
    verdict.context = content["context"]
    return _seal(
        verdict,
        VerdictVersion.Action.RESTORE,
        by=actor,
        at=now,
        reason=f"Restored version {version_seq}",
    )


def adopt(
    review: Review, *, content: dict[str, Any], by: User, at: datetime, reason: str
) -> VerdictVersion | None:
    """Write rating and words of another verdict's `content` as the next version of this one.

    The claim stays in its own wording. The caller holds the row lock and the lease, and has
    attached the evidence.
    """
    verdict = of(review)
    verdict.rating, verdict.scale_version = content["rating"], content["scale"]
    verdict.summary, verdict.explanation = content["summary"], content["explanation"]
    _learn(verdict)
    return _seal(verdict, VerdictVersion.Action.ADOPT, by=by, at=at, reason=reason)


def record_evidence(
    review: Review, *, by: User, at: datetime, reason: str
) -> VerdictVersion | None:
    """Seal the verdict after its evidence changed. The caller holds the row lock and the lease."""
    verdict = of(review)
    _learn_once(verdict)
    return _seal(verdict, VerdictVersion.Action.EVIDENCE, by=by, at=at, reason=reason)


def complete(review: Review, *, by: User, at: datetime) -> VerdictVersion | None:
    """Seal what is known besides what was typed, as it stands when the verdict is submitted.

    That is the claimant, where the claim appeared, and the answers of the checklist. The caller
    holds the row lock and the lease.
    """
    verdict = of(review)
    if not verdict.seq:
        return None
    _learn(verdict)
    return _seal(verdict, VerdictVersion.Action.COMPLETE, by=by, at=at, reason="")


def told(context: dict[str, Any]) -> str:
    """Return the hash by which a page names what readers are told besides what was typed."""
    return sha256(canonical(context))


def untold(context: dict[str, Any], newest: VerdictVersion | None) -> list[FieldDiff]:
    """Return in what `context` differs from what `newest` seals, if that can be read."""
    if newest is None or not newest.content:
        return []
    sealed = read(newest)
    return _differing(as_text(sealed), as_text(sealed | {"context": context}))


def content_typed(review: Review, draft: Draft) -> dict[str, Any]:
    """Return the content that saving `draft` now would seal. Nothing is stored."""
    verdict = of(review)
    _type(verdict, draft)
    _learn(verdict)
    return content_of(verdict) | {"correction": draft.correction}


def blank(version: VerdictVersion) -> None:
    """Take out what a redacted version said, here and in the revision made together with it."""
    VerdictVersion.objects.filter(pk=version.pk).update(content="")
    revisions = Version.objects.filter(
        content_type=ContentType.objects.get_for_model(Verdict), object_id=str(version.verdict_id)
    )
    for revision in revisions.order_by("pk"):
        [row] = json.loads(revision.serialized_data)
        if row["fields"]["seq"] == version.seq:
            row["fields"] |= dict.fromkeys(REVISED_WORDS, "") | {"context": {}, "checklist": {}}
            data = json.dumps([row])
            revisions.filter(pk=revision.pk).update(serialized_data=data, object_repr="Redacted")


def _type(verdict: Verdict, draft: Draft) -> None:
    """Write `draft` into the row."""
    verdict.rating, verdict.scale_version = draft.rating, ratings.CURRENT_SCALE
    verdict.claim_wording = draft.claim_wording
    verdict.summary, verdict.explanation = draft.summary, draft.explanation


def _learn(verdict: Verdict) -> None:
    """Write what is known besides what was typed into the row, as it is now."""
    review = verdict.review
    review.claim = Claim.objects.select_related("claimant").get(pk=review.claim_id)
    verdict.context = context_of(review.claim)
    verdict.checklist = checklists.answers(review)


def _learn_once(verdict: Verdict) -> None:
    """Do so unless it stands there already."""
    if not verdict.seq or not verdict.context:
        _learn(verdict)
    elif not verdict.checklist:  # it was last saved before these were sealed
        verdict.checklist = checklists.answers(verdict.review)


def _seal(
    verdict: Verdict,
    action: VerdictVersion.Action,
    *,
    by: User,
    at: datetime,
    reason: str,
    note: str | None = None,
) -> VerdictVersion | None:
    """Seal `verdict` as it stands.

    :param note: what readers are told was corrected, as worded; it counts once something is public.
    """
    newest = _newest(verdict)
    proposed = verdict.correction
    if newest is None or not newest.is_published:
        note = None
    else:
        proposed = _begun(verdict).filter(at__gt=newest.at).first() or proposed
    worded = note is not None and note != proposed
    cited = list(verdict.evidence)
    content = canonical(content_of(verdict, cited))
    changed = sha256(content) != verdict.content_hash
    # Why a correction was begun is sealed with the first change it explains, and alone is none.
    if not (worded or changed) or (not verdict.seq and not cited and _is_blank(verdict)):
        return None
    correction = proposed if note is None else note
    if correction != verdict.correction:
        verdict.correction = correction
        content = canonical(content_of(verdict, cited))
    verdict.seq += 1
    verdict.content_hash = sha256(content)
    verdict.save()
    _revise(
        verdict, cited, by=by, at=at, comment=f"Version {verdict.seq}: {reason or action.label}"
    )
    version = VerdictVersion(
        verdict=verdict, seq=verdict.seq, content=content, content_hash=verdict.content_hash,
        previous_hash=newest.hash if newest else "", actor=by, actor_name=str(by),
        action=action, reason=reason, at=at,
    )  # fmt: skip
    version.hash = row_hash(version)
    version.save(force_insert=True)
    return version


def _revise(
    verdict: Verdict, cited: Iterable[Evidence], *, by: User, at: datetime, comment: str
) -> None:
    """Keep verdict and evidence, full rows, as one revision of django-reversion."""
    with reversion.create_revision(atomic=False):  # the caller's transaction is one
        reversion.set_user(by)
        reversion.set_comment(comment)
        reversion.set_date_created(at)
        for row in (verdict, *cited):
            reversion.add_to_revision(row)


def _is_blank(verdict: Verdict) -> bool:
    typed = verdict.rating or verdict.summary or verdict.explanation
    return not typed and verdict.claim_wording == _as_said(verdict.review)


# Content and hashes


def of(review: Review) -> Verdict:
    """Return the verdict of `review`; an unsaved one with `seq` 0 if nobody has written any."""
    verdict = Verdict.objects.filter(review=review).first()
    if verdict is None:
        return Verdict(review=review, claim_wording=_as_said(review))
    verdict.review = review
    return verdict


def _as_said(review: Review) -> str:
    """The claim as a verdict begins with it: what no feed can hold of it is seen, and is mended."""
    return invisible.writable(review.claim.wording)


def draft_of(verdict: Verdict) -> Draft:
    """What the editor shows for `verdict`."""
    return Draft(
        verdict.rating, verdict.claim_wording, verdict.summary, verdict.explanation,
        correction_of(verdict),
    )  # fmt: skip


def draft_at(verdict: Verdict, seq: int) -> Draft | None:
    """What the editor showed while version `seq` was the newest; None if that was redacted."""
    if not seq:
        return Draft("", _as_said(verdict.review), "", "")
    version = verdict.versions.get(seq=seq)
    if not version.content:
        return None
    content = read(version)
    return Draft(
        content["rating"], content["claim"], content["summary"], content["explanation"],
        _begun_after(verdict, seq) or content["correction"],
    )  # fmt: skip


def correction_of(verdict: Verdict) -> str:
    """What readers are to be told was corrected: as last saved, else why the correction began."""
    return (_begun_after(verdict, verdict.seq) or verdict.correction) if verdict.pk else ""


class Newest(NamedTuple):
    """What is asked of the newest version before another is sealed on top."""

    hash: str
    at: datetime
    is_published: bool  # the review, in any version


def _newest(verdict: Verdict) -> Newest | None:
    """Return that of `verdict`; None if it has no version. Cost: one query, no part of it Django's.

    To let Django word it takes as long as the database takes to answer, at each save.
    """
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, [verdict.review_id, verdict.pk, verdict.seq])
        found = cursor.fetchone()
    return Newest(*found) if found else None


NEWEST = """
SELECT hash, at, EXISTS (SELECT FROM reviews_publication WHERE review_id = %s)
FROM reviews_verdictversion WHERE verdict_id = %s AND seq = %s
"""


def _begun_after(verdict: Verdict, seq: int) -> str:
    """Why a correction was begun while version `seq` was the newest; "" if none was."""
    moments = dict(verdict.versions.filter(seq__in=(seq, seq + 1)).values_list("seq", "at"))
    begun = _begun(verdict).filter(at__gt=moments[seq])
    if seq + 1 in moments:
        begun = begun.filter(at__lte=moments[seq + 1])
    return begun.first() or ""


def _begun(verdict: Verdict) -> QuerySet[ReviewEvent, str]:
    """Why corrections were begun, the newest first."""
    begun = ReviewEvent.objects.filter(review=verdict.review_id, action=Action.CORRECT)
    return begun.order_by("-pk").values_list("note", flat=True)


def context_of(claim: Claim) -> dict[str, Any]:
    """What readers are told of a claim besides its wording, as it is known now. Cost: five queries.

    `appearances` go from the first article to the last, each with what became of the caution there.
    Of a claim merged into another they are that one's.
    """
    claimant = claim.claimant
    return {
        "language": claim.language,
        "claimant": {"name": claimant.name, "kind": claimant.kind} if claimant else None,
        "appearances": [
            {
                "title": fate.article.title,
                "url": fate.article.url,
                "source": fate.article.source.name,
                "date": fate.article.published_on.isoformat() if fate.article.published_on else "",
                "caution": str(fate.fate),
                "rests_on": list(fate.rests_on),
            }
            for fate in provenance.standing(matching.survivor(claim)).fates
            if fate.is_newest
        ],
    }


def content_of(
    verdict: Verdict, evidence: Iterable[Evidence] | None = None, *, schema: int = SCHEMA
) -> dict[str, Any]:
    """The content of a verdict as it stands, evidence in full, so that it renders for ever.

    :param evidence: what it cites now, where that was read already.
    """
    content = {
        "schema": schema,
        "claim": verdict.claim_wording,
        "rating": verdict.rating,
        "scale": verdict.scale_version,
        "summary": verdict.summary,
        "explanation": verdict.explanation,
        "evidence": [
            {
                "ref": one.ref, "url": one.url, "title": one.title,
                "publisher": one.publisher, "quote": one.quote,
                "stance": one.stance, "is_primary": one.is_primary,
                "interest": one.interest, "sha256": one.sha256,
                "added_at": one.added_at.astimezone(UTC).isoformat(),
            }
            for one in (verdict.evidence if evidence is None else evidence)
        ],
    }  # fmt: skip
    if schema > 1:
        content |= {"correction": verdict.correction, "context": verdict.context}
    if schema > 2:
        content["checklist"] = verdict.checklist
    return content


def canonical(value: Any) -> str:
    """Return JSON with one spelling for one value: sorted keys, no spaces, few escapes."""
    return CANONICAL.encode(value)


def sha256(text: str) -> str:
    """Return the SHA-256 of `text` in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def row_hash(version: Any) -> str:
    """Return the hash that seals a version and, through the previous hash, everything before it.

    :param version: a `VerdictVersion`, or a row of its table read otherwise.
    """
    return sha256(canonical(sealed(version)) + version.previous_hash)


def sealed(version: Any) -> dict[str, Any]:
    """Return what is sealed of a version besides the hash before it, as values for JSON."""
    return {
        "verdict": version.verdict_id,
        "seq": version.seq,
        "content_hash": version.content_hash,
        "actor": version.actor_id,
        "actor_name": version.actor_name,
        "action": str(version.action),
        "reason": version.reason,
        "at": version.at.astimezone(UTC).isoformat(),
    }


def read(version: VerdictVersion) -> dict[str, Any]:
    """Return the content of a sealed version, whatever its schema; what it lacked is empty.

    So is all of it where it was redacted.
    """
    content: dict[str, Any] = json.loads(version.content or "{}")
    return REDACTED | NOT_SEALED_BEFORE | content


def finding_hash(version: VerdictVersion) -> str:
    """Return the hash of what a version tells readers, without the note on what it corrects."""
    finding = {name: said for name, said in read(version).items() if name not in NOT_FOR_READERS}
    return sha256(canonical(finding))


# Asking


def contributors(verdict: Verdict) -> list[User]:
    """Return who wrote what readers would be told: the people who may not approve it.

    That is, since the last version that has all approvals it needs: who wrote a version, and who
    began the correction. Where one of these was adopted, so are those who wrote what it adopted,
    however often that was; where an older one was restored, all who wrote before. The trigger
    `reviews_four_eyes` asks the same function of the database.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT reviews_contributors(%s, %s)", [verdict.pk, verdict.seq + 1])
        found = [pk for (pk,) in cursor]
    return list(User.objects.filter(pk__in=found).order_by("pk"))


# Comparing


def compare(old: VerdictVersion | None, new: VerdictVersion) -> list[FieldDiff]:
    """Return the fields in which two versions differ, word by word; None compares with nothing.

    With a redacted version nothing is compared: what it said is not known.
    """
    if not new.content or (old and not old.content):
        return []
    before = as_text(read(old)) if old else dict.fromkeys(FIELD_LABELS, "")
    return _differing(before, as_text(read(new)))


def _differing(before: dict[str, str], after: dict[str, str]) -> list[FieldDiff]:
    return [
        FieldDiff(field, label, tuple(word_diff(before[field], after[field])))
        for field, label in FIELD_LABELS.items()
        if before[field] != after[field]
    ]


def changing(verdict: Verdict, field: str) -> list[int]:
    """Return the numbers of the versions in which `field` is not as in the one before.

    Of a redacted version nobody can say: it, and the one after it, are left out. One query.
    """
    found, before = [], dict.fromkeys(FIELD_LABELS, "")
    for version in verdict.versions.order_by("seq").iterator(chunk_size=500):
        if not version.content:
            before = {}
            continue
        now = as_text(read(version))
        if before and now[field] != before[field]:
            found.append(version.seq)
        before = now
    return found


def as_text(content: dict[str, Any]) -> dict[str, str]:
    """Return the content of a version as texts, one for each of `FIELD_LABELS`."""
    rating = (
        ratings.rating(content["rating"], scale=content["scale"]).label if content["rating"] else ""
    )
    evidence = "\n".join(
        f"{item['title']}, {item['publisher']} ({Evidence.Stance(item['stance']).label}): "
        f"“{item['quote']}” {item['url']}".strip()
        for item in content["evidence"]
    )
    claimant = content["context"]["claimant"]
    return {
        "claim": content["claim"],
        "rating": rating,
        "summary": content["summary"],
        "explanation": content["explanation"],
        "evidence": evidence,
        "correction": content["correction"],
        "claimant": claimant["name"] if claimant else "",
        "appearances": "\n".join(
            f"{place['title']}, {place['source']} {place['date']}".strip()
            + f" ({Fate(place['caution']).label}) {place['url']}".rstrip()
            for place in content["context"]["appearances"]
        ),
        "checklist": "\n".join(
            f"{'Ticked' if point['ticked'] else 'Not ticked'}: {point['point']}"
            + (f" ({point['note']})" if point["note"] else "")
            for point in content["checklist"]["points"]
            if point["ticked"] or point["note"]
        ),
    }
