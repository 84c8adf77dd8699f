"""The life of a review, as data: which actions there are, from where, to where, and who may.

No queries, no users, no clock. `workflow.py` enforces this table, tests walk through all of it,
and `manage.py draw_states` draws it.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models


class Status(models.TextChoices):
    QUEUED = "queued", "Waiting to be taken"
    IN_PROGRESS = "in_progress", "Being checked"
    SUBMITTED = "submitted", "Waiting for approval"
    RETURNED = "returned", "Returned to the checker"
    APPROVED = "approved", "Approved"
    PUBLISHED = "published", "Published"
    DISMISSED = "dismissed", "Dismissed"


class Action(models.TextChoices):
    OPEN = "open", "opened"
    TAKE = "take", "took it"
    RELEASE = "release", "released it"
    EXPIRE = "expire", "lease ran out"
    SUBMIT = "submit", "submitted the verdict"
    WITHDRAW = "withdraw", "withdrew the verdict"
    RETURN = "return", "returned the verdict"
    APPROVE = "approve", "approved the verdict"
    PUBLISH = "publish", "published"
    CORRECT = "correct", "took it for a correction"
    KEEP = "keep", "kept what is published"
    DISMISS = "dismiss", "dismissed it"
    REOPEN = "reopen", "reopened it"
    ADOPT = "adopt", "adopted an earlier verdict"
    MERGE = "merge", "merged the claim into another"
    UNMERGE = "unmerge", "undid the merge of the claim"
    RESUME = "resume", "undid the merge of the claim: held as before"
    HAND_BACK = "hand_back", "undid the merge of the claim: returned as before"


CHECK = "reviews.check_review"
APPROVE = "reviews.approve_verdict"
SYSTEM = "the desk itself"  # not a permission anybody can hold


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table: `permission` is a Django permission, or `SYSTEM`."""

    sources: frozenset[Status]
    target: Status
    permission: str


def _move(*sources: Status, to: Status, may: str) -> Move:
    return Move(frozenset(sources), to, may)


MOVES: dict[Action, Move] = {
    Action.TAKE: _move(Status.QUEUED, Status.RETURNED, to=Status.IN_PROGRESS, may=CHECK),
    Action.RELEASE: _move(Status.IN_PROGRESS, to=Status.QUEUED, may=CHECK),
    Action.EXPIRE: _move(Status.IN_PROGRESS, to=Status.QUEUED, may=SYSTEM),
    Action.SUBMIT: _move(Status.IN_PROGRESS, to=Status.SUBMITTED, may=CHECK),
    Action.WITHDRAW: _move(Status.SUBMITTED, to=Status.IN_PROGRESS, may=CHECK),
    Action.RETURN: _move(Status.SUBMITTED, to=Status.RETURNED, may=APPROVE),
    Action.APPROVE: _move(Status.SUBMITTED, to=Status.APPROVED, may=APPROVE),
    Action.PUBLISH: _move(Status.APPROVED, to=Status.PUBLISHED, may=SYSTEM),
    Action.CORRECT: _move(Status.PUBLISHED, to=Status.IN_PROGRESS, may=CHECK),
    Action.KEEP: _move(Status.IN_PROGRESS, to=Status.PUBLISHED, may=CHECK),
    Action.DISMISS: _move(
        Status.QUEUED, Status.IN_PROGRESS, Status.RETURNED, to=Status.DISMISSED, may=CHECK
    ),
    Action.REOPEN: _move(Status.DISMISSED, to=Status.QUEUED, may=APPROVE),
    Action.ADOPT: _move(Status.IN_PROGRESS, to=Status.IN_PROGRESS, may=CHECK),
    Action.MERGE: _move(
        Status.QUEUED, Status.IN_PROGRESS, Status.RETURNED, to=Status.DISMISSED, may=CHECK
    ),
    # Undoing a merge leads to where the review was before it.
    Action.UNMERGE: _move(Status.DISMISSED, to=Status.QUEUED, may=CHECK),
    Action.RESUME: _move(Status.DISMISSED, to=Status.IN_PROGRESS, may=CHECK),
    Action.HAND_BACK: _move(Status.DISMISSED, to=Status.RETURNED, may=CHECK),
}

OPEN_STATUSES = frozenset(
    {Status.QUEUED, Status.IN_PROGRESS, Status.RETURNED, Status.SUBMITTED, Status.APPROVED}
)
