"""An approved version becomes a public page, ClaimReview and feed entry.

Everything that readers see is frozen in `Publication.document` when it is published, so that page,
JSON-LD, feed and API always say the same. A correction adds a publication; it never edits one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from claims import provenance
from claims.models import Claim
from reviews import history, leases, ratings
from reviews.models import Decision, Evidence, Publication, Review, ReviewEvent, User
from reviews.states import Action, Status

SCHEMA = 1


@transaction.atomic
def publish(*, review_id: int) -> Publication | None:
    """Publish the approved version of a review; None if there is none. Safe to repeat."""
    review = Review.objects.select_related("claim__claimant", "verdict").get(pk=review_id)
    system = User.objects.system()
    _, now = leases.lock(review, system)
    if review.status != Status.APPROVED:
        return None
    approval = (
        Decision.objects.filter(
            version__verdict=review.verdict,
            version__seq=review.verdict.seq,
            kind=Decision.Kind.APPROVED,
        )
        .select_related("version")
        .latest("pk")
    )
    earlier = list(review.publications.order_by("pk"))
    correction = _correction(review) if earlier else ""
    publication = Publication.objects.create(
        review=review,
        version=approval.version,
        approval=approval,
        document=_document(review, approval, earlier=earlier, correction=correction, now=now),
        published_at=now,
        correction=correction,
    )
    review.move(Action.PUBLISH, by=system, at=now)
    return publication


def _document(
    review: Review,
    approval: Decision,
    *,
    earlier: list[Publication],
    correction: str,
    now: datetime,
) -> dict[str, Any]:
    """Everything a reader is shown, as JSON, from the approved version and the claim's copies."""
    content = history.read(approval.version)
    rating = ratings.rating(content["rating"], scale=content["scale"])
    numbers = [r.value for r in ratings.SCALES[content["scale"]] if r.value is not None]
    claim = review.claim
    return {
        "schema": SCHEMA,
        "url": f"{settings.PUBLIC_URL}{Publication(review=review).get_absolute_url()}",
        "organisation": {"name": settings.ORGANISATION, "url": settings.PUBLIC_URL},
        "claim": content["claim"],
        "claimant": _claimant(claim),
        "language": claim.language,
        "rating": {
            "code": rating.code, "label": rating.label, "meaning": rating.meaning,
            "value": rating.value, "worst": min(numbers), "best": max(numbers),
            "scale": content["scale"],
        },
        "summary": content["summary"],
        "explanation": content["explanation"],
        "evidence": [
            item | {"stance_label": str(Evidence.Stance(item["stance"]).label)}
            for item in content["evidence"]
        ],
        "appearances": _appearances(claim),
        "checked_by": [str(user) for user in _authors(approval)],
        "approved_by": approval.by_name,
        "version": {"seq": approval.version.seq, "hash": approval.version.hash},
        "corrections": _corrections(earlier, correction, approval, now),
        "published_at": _iso(earlier[0].published_at if earlier else now),
        "modified_at": _iso(now),
    }  # fmt: skip


def _claimant(claim: Claim) -> dict[str, str] | None:
    if claim.claimant is None:
        return None
    return {"name": claim.claimant.name, "kind": claim.claimant.kind}


def _appearances(claim: Claim) -> list[dict[str, Any]]:
    """Where the claim appeared, first to last, with what became of the caution there."""
    return [
        {
            "title": fate.article.title,
            "url": fate.article.url,
            "source": fate.article.source.name,
            "date": fate.article.published_on.isoformat() if fate.article.published_on else "",
            "caution": str(fate.fate),
            "caution_label": str(fate.fate.label),
            "rests_on": list(fate.rests_on),
        }
        for fate in provenance.standing(claim).fates
    ]


def _authors(approval: Decision) -> list[User]:
    """Who wrote the versions up to the approved one, in order of first appearance."""
    wrote = approval.version.verdict.versions.filter(seq__lte=approval.version.seq)
    seen: dict[int, User] = {}
    for version in wrote.select_related("actor").order_by("seq"):
        seen.setdefault(version.actor_id, version.actor)
    return list(seen.values())


def _corrections(
    earlier: list[Publication], correction: str, approval: Decision, now: datetime
) -> list[dict[str, str]]:
    """Every correction so far, newest first: what and why, when, and who approved it."""
    if not earlier:
        return []
    newest = {"text": correction, "at": _iso(now), "approved_by": approval.by_name}
    return [newest, *earlier[-1].document["corrections"]]


def _correction(review: Review) -> str:
    """What the checker said had to be corrected, when they took the published review again."""
    asked = ReviewEvent.objects.filter(review=review, action=Action.CORRECT).latest("pk")
    return asked.note


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
