"""Background work on reviews. Every task is safe twice and has a sweep behind it."""

from __future__ import annotations

import logging

from celery import shared_task

from reviews import history, publication, queue
from reviews.models import Review

logger = logging.getLogger(__name__)


@shared_task
def open_reviews() -> None:
    """Open reviews for claims that deserve one."""
    queue.open_reviews()


@shared_task
def expire_leases() -> None:
    """Free the reviews whose lease has run out."""
    queue.expire_leases()


@shared_task
def publish(*, review_id: int) -> None:
    """Publish an approved review."""
    publication.publish(review_id=review_id)


@shared_task
def sweep_approved() -> None:
    """Publish whatever an earlier enqueue lost."""
    for review_id in Review.objects.awaiting_publication().values_list("pk", flat=True):
        publish.delay(review_id=review_id)


@shared_task
def verify_history() -> None:
    """Check every verdict's history; what is broken is logged as an error."""
    for problem in history.verify():
        logger.error("%s", problem)
