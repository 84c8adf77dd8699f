"""Published checks for tests, brought there by the moves that people make."""

from __future__ import annotations

from reviews import publication, workflow
from reviews.models import Publication, Review
from tests import factories


def published(**words: str) -> Publication:
    """A check that went the whole way, its draft changed by `words`."""
    review = factories.review()
    workflow.take(review, by=factories.fact_checker())
    factories.save(review, **words)
    factories.attach(review)
    return _approved(review)


def corrected(before: Publication, reason: str, **words: str) -> Publication:
    """The same check, corrected by somebody else."""
    review = Review.objects.get(pk=before.review_id)
    workflow.correct(review, by=factories.fact_checker(), reason=reason)
    factories.save(review, **words)
    return _approved(review)


def _approved(review: Review) -> Publication:
    factories.submit(review)
    factories.approve(review, by=factories.supervisor())
    publication.publish(review_id=review.pk)
    return review.publications.latest("pk")
