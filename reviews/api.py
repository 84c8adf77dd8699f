"""What programs read of what we decided: published checks alone, as readers see them.

Nothing before publication is told, so that second opinions stay blind and no draft leaks; and
nothing is written: approvals and moves are for people.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404
from ninja import Router, Schema

from claims import tokens
from claims.api import MISSING, REFUSALS, Asked, Bearer
from claims.models import as_ref
from reviews import checks as shelf
from reviews import publication
from reviews.models import Publication

router = Router()


class CheckRow(Schema):
    ref: str
    url: str
    claim: str
    claimant: str
    rating: str
    rating_code: str
    summary: str
    published_at: str
    modified_at: str


class CheckPage(Schema):
    reviews: list[CheckRow]
    next_after: str


class CheckDetail(CheckRow):
    claim_review: dict[str, Any]


@router.get(
    "/reviews",
    auth=Bearer(tokens.REVIEWS_READ),
    response={200: CheckPage, **REFUSALS},
    url_name="reviews",
)
def checks(request: Asked, after: str = "") -> Any:
    """List published checks, newest first."""
    page = shelf.page(shelf.newest(), after=as_ref(after))
    return {"reviews": [_row(one) for one in page.rows], "next_after": page.next_after}


@router.get(
    "/reviews/{ref}",
    auth=Bearer(tokens.REVIEWS_READ),
    response={200: CheckDetail, **MISSING},
    url_name="review",
)
def check(request: Asked, ref: str) -> Any:
    """Tell what readers see of a published check, with its ClaimReview."""
    row = shelf.newest().filter(review__ref=as_ref(ref)).first()
    if row is None:
        raise Http404
    return _row(row) | {"claim_review": publication.claim_review(row)}


def _row(row: Publication) -> dict[str, Any]:
    told = row.document
    return {
        "ref": row.review.ref, "url": told["url"], "claim": told["claim"],
        "claimant": (told["claimant"] or {}).get("name") or "",
        "rating": told["rating"]["label"], "rating_code": told["rating"]["code"],
        "summary": told["summary"], "published_at": told["published_at"],
        "modified_at": told["modified_at"],
    }  # fmt: skip
