"""Background work on reviews. Every task is safe twice and has a sweep behind it."""

from __future__ import annotations

import logging

from celery import shared_task

from claims.tasks import sweep_captures
from reviews import (
    arranging,
    attestation,
    checkpoints,
    delivery,
    evidence,
    mail,
    notifications,
    publication,
    queue,
    rereading,
)
from reviews.models import Review

logger = logging.getLogger(__name__)


@shared_task
def open_reviews() -> None:
    """Open reviews for claims that deserve one."""
    queue.open_reviews()


@shared_task
def renew_analyses() -> None:
    """Have articles analysed again that older rules analysed."""
    queue.renew_analyses()


@shared_task
def reweigh() -> None:
    """Give open reviews the priority that weights, topics and the time ask for."""
    arranging.reweigh()


@shared_task
def expire_leases() -> None:
    """Free the reviews whose lease has run out."""
    queue.expire_leases()


@shared_task
def keep_dates() -> None:
    """End waits, note what became overdue, remind of re-checks."""
    queue.keep_dates()


@shared_task
def tell_of_ending_leases() -> None:
    """Tell who holds a lease that ends soon."""
    notifications.tell_of_ending_leases()


@shared_task
def archive_evidence() -> None:
    """Have what stands at the addresses of evidence archived; workers are told of it at once."""
    if evidence.order_copies():
        sweep_captures.delay()


@shared_task
def watch_pages() -> None:
    """Have the pages looked at again that claims under review stand on."""
    rereading.watch_pages()


@shared_task
def tell_of_page_changes() -> None:
    """Tell whom it concerns that a page changed after it was read."""
    rereading.tell_of_changes()


@shared_task
def write_digests() -> None:
    """Write each person the letter they want once a day."""
    notifications.write_digests()


@shared_task
def send_letters() -> None:
    """Send the letters in the outbox."""
    mail.send_due()


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
    """Check the whole record; what does not hold is kept, and logged as an error."""
    for problem in attestation.nightly().problems:
        logger.error("%s", problem)


@shared_task
def take_checkpoint() -> None:
    """Take the checkpoint of the day, unless there is one."""
    checkpoints.take_daily()


@shared_task
def deliver_checkpoints() -> None:
    """Bring checkpoints to the witnesses that do not have them yet."""
    delivery.deliver_due()
