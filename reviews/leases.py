"""Leases: the time-limited hold on a review, checked under the row lock by the database's clock.

Every write of a review begins here. Rows are always locked in the same order, review before person,
so that two writes cannot wait for each other.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from reviews import roles
from reviews.models import Review, User
from reviews.states import Status

WORTH_WRITING = timedelta(minutes=1)  # by which a renewal moves the end of a lease


class Refused(Exception):
    """What was asked is not allowed now; the message says why, in words for people."""


def clock() -> datetime:
    """Return the database's time now, whatever the clock of this machine says."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def lock(review: Review, by: User) -> tuple[User, datetime]:
    """Lock and refresh `review` until the transaction ends; return `by` afresh, and the time.

    The person's row is locked too, so that losing a role and using it cannot cross, and read again
    with its permissions, so that none is remembered from before the lock.
    """
    review.refresh_from_db(from_queryset=Review.objects.select_for_update())
    if by.is_system:
        return by, clock()
    actor = User.objects.select_for_update(no_key=True).get(pk=by.pk)
    return actor, roles.look_up(actor)


def lock_both(review: Review, by: User, other: User) -> tuple[User, User, datetime]:
    """Lock and refresh `review` and two people, as `lock` does one; return both, and the time.

    The people are locked by key, so that two who hand over to each other do not wait for ever.
    """
    review.refresh_from_db(from_queryset=Review.objects.select_for_update())
    locked = User.objects.select_for_update(no_key=True).filter(pk__in=[by.pk, other.pk])
    people = {person.pk: person for person in locked.order_by("pk")}
    return people[by.pk], people[other.pk], clock()


def lost(review: Review, by: User, token: int, now: datetime) -> str:
    """Say why `by` may not write with lease `token` any more; "" while they may."""
    if review.status != Status.IN_PROGRESS:
        return f"You no longer hold this review: it is {review.get_status_display().lower()}."
    if review.checker_id != by.pk:
        return f"You no longer hold this review: {review.checker} is checking it."
    if review.lease_token != token:
        return "You took this review again since this page was opened; load the page again."
    if review.lease_expires_at is None or review.lease_expires_at <= now:
        return "Your lease ran out. Take the review again to go on."
    return ""


def begin_write(review: Review, by: User, token: int) -> tuple[User, datetime]:
    """Lock `review` for a write under lease `token`, and renew the lease.

    :raises Refused: if the lease is not the newest, has run out, or is not held by `by`.
    """
    actor, now = lock(review, by)
    if reason := _refusal(review, actor, token, now):
        raise Refused(reason)
    renew(review, now)
    return actor, now


def may_not_write(review: Review, by: User, token: int) -> str:
    """Say why `by` could not write with lease `token` now; "" while they could. Locks nothing."""
    return _refusal(review, by, token, clock())


def _refusal(review: Review, by: User, token: int, now: datetime) -> str:
    if not by.has_perm("reviews.check_review"):
        return "Your role does not allow this."
    return lost(review, by, token, now)


def renew(review: Review, now: datetime, *, worth: timedelta = WORTH_WRITING) -> None:
    """Extend the lease of a locked review, but never past the longest hold.

    What would win less than `worth` is not written: a page saves every few seconds.
    """
    at_most = (review.lease_acquired_at or now) + settings.LEASE_AT_MOST
    end, written = min(now + settings.LEASE, at_most), review.lease_expires_at or now
    if not timedelta() <= end - written < worth or end == at_most != written:
        review.lease_expires_at = end
        review.save(update_fields=["lease_expires_at"])
