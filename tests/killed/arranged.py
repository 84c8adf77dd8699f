"""Rows that the calls to be killed begin with, and the shapes of such calls."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction

from reviews import (
    leases,
    opinions,
    workflow,
)
from reviews.models import Review, User
from reviews.states import Status
from tests import factories
from tests.factories import review_at
from tests.publishing import published

Call = partial[Any]
Arrange = Callable[[], Call]
SOON = timedelta(days=1)
FOUND = opinions.Found("false", "Landings fell a little.", "The register of the port.")


def checker() -> User:
    return factories.fact_checker(email="checker@desk.example")


def decider() -> User:
    return factories.supervisor(email="decider@desk.example")


def at(status: Status) -> Review:
    """A review at `status` whose people read mail."""
    return review_at(status, checker=checker(), approver=decider())


def held() -> Review:
    """A review in progress, with two versions of its verdict."""
    review = at(Status.IN_PROGRESS)
    factories.write_verdict(review, review.checker)
    return review


def correcting() -> Review:
    review = at(Status.PUBLISHED)
    workflow.correct(review, by=checker(), reason="The year was wrong.")
    return review


def by_holder(call: Callable[..., Any], review: Review, *rows: Any, **fields: Any) -> Call:
    """A write under the newest lease."""
    first = rows or (review,)
    return partial(call, *first, by=review.checker, token=review.lease_token, **fields)


def inside(call: Callable[..., Any], *args: Any, **fields: Any) -> Call:
    """A step that its callers make in their transaction."""
    return partial(transaction.atomic(call), *args, **fields)


def passed(review: Review, date: str) -> Review:
    """Let a date of a review have come."""
    setattr(review, date, leases.clock())
    review.save(update_fields=[date])
    return review


def unproven() -> Review:
    """Published without a conclusion."""
    return published(rating="unproven").review


def opinion_on(state: str) -> Review:
    """A submitted verdict whose second opinion is asked for, taken, or in (met) and disagrees."""
    review = at(Status.SUBMITTED)
    second = checker()
    factories.second_opinion(review, of=second, by=decider())
    if state != "asked":
        opinions.take(review, by=second)
    if state == "met":
        opinions.give(review, by=second, found=FOUND)
    return review


def given_up() -> Review:
    """A held review whose second opinion is being written."""
    review = opinion_on("taken")
    workflow.withdraw(review, by=review.checker)
    return review
