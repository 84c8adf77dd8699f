"""Calls that witness the record, and those of the policy before a verdict is submitted."""

from __future__ import annotations

import shutil
from functools import partial

from django.conf import settings

from reviews import attestation, checkpoints, delivery, policy
from reviews.models import Checkpoint, Review
from reviews.states import Status
from tests import factories
from tests.killed.arranged import Arrange, Call, at, by_holder, decider, held, inside


def _no_witness() -> None:
    """What the folder got from a call that was killed is gone, as its rows are."""
    shutil.rmtree(settings.CHECKPOINT_FOLDER, ignore_errors=True)


def _take() -> Call:
    _no_witness()
    at(Status.PUBLISHED)
    return partial(checkpoints.take)


def _take_daily() -> Call:
    _take()
    return partial(checkpoints.take_daily)


def _address() -> Call:
    """A checkpoint and its deliveries come together; here one that has none."""
    taken: Checkpoint = _take()()
    taken.deliveries.all().delete()
    return inside(delivery.address, taken)


def _deliver() -> Call:
    _take()()
    checkpoints.take()
    return partial(delivery.deliver_due)


def _nightly() -> Call:
    _deliver()()
    return partial(attestation.nightly)


def _without() -> Review:
    review = held()
    factories.policy(primary="or_reason")
    return review


def _take_back() -> Call:
    review = _without()
    factories.go_without(review, "primary")
    return by_holder(policy.take_back, review, requirement="primary")


WITNESSING: dict[str, Arrange] = {
    "checkpoints.take": _take,
    "checkpoints.take_daily": _take_daily,
    "delivery.address": _address,
    "delivery.deliver_due": _deliver,
    "attestation.nightly": _nightly,
    "policy.edit": lambda: partial(
        policy.edit, by=decider(), seq=1, asked=policy.Terms(contact="always"), why="A trial."
    ),
    "policy.state": lambda: by_holder(
        policy.state, _without(), requirement="primary", reason="One office keeps it."
    ),
    "policy.take_back": _take_back,
}
