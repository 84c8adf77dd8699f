"""An approved version becomes a public page, ClaimReview and feed entry.

Everything that readers see is frozen in `Publication.document` when it is published, so that page,
JSON-LD, feed and API always say the same. A correction adds a publication; it never edits one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from claims.provenance import Fate
from reviews import approvals, history, leases, ratings
from reviews.models import (
    Decision,
    Evidence,
    Publication,
    Review,
    ReviewEvent,
    User,
    VerdictVersion,
)
from reviews.states import Action, Status

SCHEMA = 1
NO_RATING = ratings.Rating("", "No rating yet", None, "Readers see it once it is chosen.")
APART = timedelta(seconds=1)  # readers are told of moments to the second


@transaction.atomic
def publish(*, review_id: int) -> Publication | None:
    """Publish the approved version of a review; None if there is none. Safe to repeat.

    Readers are told only what was sealed in that version, and who wrote and approved it, as they
    were called then.

    :raises ImproperlyConfigured: if nobody said at which address readers find it.
    """
    if not settings.PUBLIC_URL:
        raise ImproperlyConfigured(settings.NO_PUBLIC_URL)
    review = Review.objects.select_related("verdict").get(pk=review_id)
    system = User.objects.system()
    _, now = leases.lock(review, system)
    if review.status != Status.APPROVED:
        return None
    of_newest = Decision.objects.filter(
        version__verdict=review.verdict, version__seq=review.verdict.seq
    )
    approval = of_newest.complete().select_related("version").latest("pk")
    earlier = list(review.publications.order_by("pk"))
    at = max(now, earlier[-1].published_at + APART) if earlier else now
    correction = _correction(review, approval) if earlier else ""
    publication = Publication.objects.create(
        review=review,
        version=approval.version,
        approval=approval,
        document=_document(review, approval, earlier=earlier, correction=correction, at=at),
        published_at=at,
        correction=correction,
    )
    unproven = review.verdict.rating == ratings.UNPROVEN
    review.recheck_at, review.reminded_at = (now + settings.RECHECK if unproven else None), None
    review.move(Action.PUBLISH, by=system, at=now)
    return publication


def preview(review: Review, draft: history.Draft, *, by: User) -> dict[str, Any]:
    """Return the document that readers would be shown if `draft` were published now.

    Nothing is stored. What only an approval brings is empty: who gave it, and the seal.
    """
    content = history.content_typed(review, draft)
    earlier, at = list(review.publications.order_by("pk")), leases.clock()
    versions = VerdictVersion.objects.filter(verdict__review=review).order_by("seq")
    wrote = list(versions.values_list("actor", "actor_name"))
    corrections = _corrections(earlier, draft.correction, "", at)
    return _told(review, content, earlier=earlier, corrections=corrections, at=at) | {
        "checked_by": list(dict([*wrote, (by.pk, str(by))]).values()),
        "approved_by": "",
        "version": {"seq": len(wrote) + 1, "hash": ""},
    }


def _document(
    review: Review,
    approval: Decision,
    *,
    earlier: list[Publication],
    correction: str,
    at: datetime,
) -> dict[str, Any]:
    """Everything a reader is shown, as JSON, from the approved version alone."""
    content = history.read(approval.version)
    approved_by = _approvers(approval)
    corrections = _corrections(earlier, correction, approved_by, at)
    return _told(review, content, earlier=earlier, corrections=corrections, at=at) | {
        "checked_by": _authors(approval),
        "approved_by": approved_by,
        "version": {"seq": approval.version.seq, "hash": approval.version.hash},
    }


def _told(
    review: Review,
    content: dict[str, Any],
    *,
    earlier: list[Publication],
    corrections: list[dict[str, str]],
    at: datetime,
) -> dict[str, Any]:
    """What readers are told, besides who did what to bring it about."""
    context = content["context"]
    return {
        "schema": SCHEMA,
        "url": f"{settings.PUBLIC_URL}{Publication(review=review).get_absolute_url()}",
        "organisation": {"name": settings.ORGANISATION, "url": settings.PUBLIC_URL},
        "claim": content["claim"],
        "claimant": context["claimant"],
        "language": context["language"] or review.language,
        "rating": _place(content["rating"], content["scale"]),
        "summary": content["summary"],
        "explanation": content["explanation"],
        "evidence": [
            item | {"stance_label": str(Evidence.Stance(item["stance"]).label)}
            for item in content["evidence"]
        ],
        "appearances": [
            place | {"caution_label": Fate(place["caution"]).label}
            for place in context["appearances"]
        ],
        "corrections": corrections,
        "published_at": _iso(earlier[0].published_at if earlier else at),
        "modified_at": _iso(at),
    }


def _place(code: str, scale: int) -> dict[str, Any]:
    """A rating with its place on its scale; without a code, that there is none yet."""
    rating = ratings.rating(code, scale=scale) if code else NO_RATING
    numbers = [step.value for step in ratings.SCALES[scale] if step.value is not None]
    return {
        "code": rating.code, "label": rating.label, "meaning": rating.meaning,
        "value": rating.value, "worst": min(numbers), "best": max(numbers), "scale": scale,
    }  # fmt: skip


def _authors(approval: Decision) -> list[str]:
    """Who wrote the versions up to the approved one, in order of first appearance.

    Each is named once, as they were called when they last wrote.
    """
    wrote = approval.version.verdict.versions.filter(seq__lte=approval.version.seq).order_by("seq")
    return list(dict(wrote.values_list("actor", "actor_name")).values())


def _approvers(approval: Decision) -> str:
    """Who approved it, all of them, as they were called then."""
    names = [one.by_name for one in approvals.completed_by(approval)]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _corrections(
    earlier: list[Publication], correction: str, approved_by: str, at: datetime
) -> list[dict[str, str]]:
    """Every correction so far, newest first: what and why, when, and who approved it."""
    if not earlier:
        return []
    newest = {"text": correction, "at": _iso(at), "approved_by": approved_by}
    return [newest, *earlier[-1].document["corrections"]]


def _correction(review: Review, approval: Decision) -> str:
    """What readers are told was corrected, as it was approved.

    Versions of the first schema did not seal it; there it is why the correction was begun.
    """
    content = history.read(approval.version)
    if content["schema"] > 1:
        return str(content["correction"])
    return ReviewEvent.objects.filter(review=review, action=Action.CORRECT).latest("pk").note


def claim_review(publication: Publication) -> dict[str, Any]:
    """Return the ClaimReview of a publication as JSON-LD (schema.org, with all Google requires).

    "Unproven" is off the scale: it carries its words and no number.
    """
    document = publication.document
    markup: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "ClaimReview",
        "url": document["url"],
        "claimReviewed": document["claim"],
        "inLanguage": document["language"],
        "datePublished": document["published_at"],
        "dateModified": document["modified_at"],
        "author": {"@type": "Organization", **document["organisation"]},
        "reviewRating": _rating(document),
        "itemReviewed": _item_reviewed(document),
    }
    if document["corrections"]:
        markup["correction"] = [
            {"@type": "CorrectionComment", "text": note["text"], "datePublished": note["at"]}
            for note in document["corrections"]
        ]
    return markup


def _rating(document: dict[str, Any]) -> dict[str, Any]:
    rating = document["rating"]
    markup = {
        "@type": "Rating",
        "alternateName": rating["label"],
        "ratingExplanation": document["summary"],
    }
    if rating["value"] is not None:
        markup |= {
            "ratingValue": rating["value"],
            "worstRating": rating["worst"],
            "bestRating": rating["best"],
        }
    return markup


def _item_reviewed(document: dict[str, Any]) -> dict[str, Any]:
    works = [
        {
            "@type": "CreativeWork",
            "url": appearance["url"],
            "name": appearance["title"],
            "publisher": {"@type": "Organization", "name": appearance["source"]},
        }
        | ({"datePublished": appearance["date"]} if appearance["date"] else {})
        for appearance in document["appearances"]
        if appearance["url"]
    ]
    item: dict[str, Any] = {"@type": "Claim"}
    if claimant := document["claimant"]:
        kind = "Person" if claimant["kind"] == "person" else "Organization"
        item["author"] = {"@type": kind, "name": claimant["name"]}
    if works:
        item["firstAppearance"], item["appearance"] = works[0], works
        if date := works[0].get("datePublished"):
            item["datePublished"] = date
    return item


def data_feed(publications: Iterable[Publication]) -> dict[str, Any]:
    """Return a schema.org `DataFeed` of ClaimReviews, newest first, as Data Commons reads it."""
    rows = list(publications)
    return {
        "@context": "https://schema.org",
        "@type": "DataFeed",
        "name": f"Fact checks by {settings.ORGANISATION}",
        "dateModified": max((row.document["modified_at"] for row in rows), default=""),
        "dataFeedElement": [
            {
                "@type": "DataFeedItem",
                "dateCreated": row.document["published_at"],
                "dateModified": row.document["modified_at"],
                "item": [claim_review(row)],
            }
            for row in rows
        ],
    }


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
