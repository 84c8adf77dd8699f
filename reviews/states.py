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
    WAITING = "waiting", "Waiting for a reply"
    APPROVED = "approved", "Approved"
    PUBLISHED = "published", "Published"
    DISMISSED = "dismissed", "Dismissed"


class Action(models.TextChoices):
    OPEN = "open", "opened"
    TAKE = "take", "took it"
    RELEASE = "release", "released it"
    HAND_OVER = "hand_over", "handed it over"
    TAKE_OVER = "take_over", "took it over"
    EXPIRE = "expire", "lease ran out"
    SUBMIT = "submit", "submitted the verdict"
    WITHDRAW = "withdraw", "withdrew the verdict"
    RETURN = "return", "returned the verdict"
    APPROVE = "approve", "approved the verdict"
    CO_APPROVE = "co_approve", "gave one of the approvals it needs"
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
    WAIT_AGAIN = "wait_again", "undid the merge of the claim: waits for a reply as before"
    SNOOZE = "snooze", "waits for a reply"
    UNSNOOZE = "unsnooze", "went on with it"
    WAKE = "wake", "the wait is over"
    DUE = "due", "set the due date"
    PUT_UNDER = "put_under", "put it under topics"
    OVERDUE = "overdue", "became overdue"
    REMIND = "remind", "is due for a re-check"
    RECHECK = "recheck", "looked again: still unproven"
    REDACT = "redact", "redacted a version"
    ASK_OPINION = "ask_opinion", "asked for a second opinion"
    TAKE_OPINION = "take_opinion", "began a second opinion"
    DECLINE_OPINION = "decline_opinion", "gave a second opinion back"
    GIVE_OPINION = "give_opinion", "gave a second opinion"
    CALL_OFF = "call_off", "called the second opinion off"
    ADJUDICATE = "adjudicate", "adjudicated between the two"


CHECK = "reviews.check_review"
APPROVE = "reviews.approve_verdict"
REDACT = "reviews.redact_version"
SYSTEM = "the desk itself"  # not a permission anybody can hold


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table: `permission` is a Django permission, or `SYSTEM`.

    Without a `target` the review stays where it is, and only the event is noted.
    """

    sources: frozenset[Status]
    target: Status | None
    permission: str

    def leads(self, source: Status) -> Status:
        """Return the status in which a review is after this move from `source`."""
        return self.target or source


def _move(*sources: Status, to: Status | None, may: str) -> Move:
    return Move(frozenset(sources), to, may)


UNSUBMITTED = (Status.QUEUED, Status.IN_PROGRESS, Status.RETURNED, Status.WAITING)
UNDECIDED = (*UNSUBMITTED, Status.SUBMITTED)
WITH_ITS_CHECKER = (Status.SUBMITTED, Status.IN_PROGRESS, Status.RETURNED, Status.WAITING)

MOVES: dict[Action, Move] = {
    Action.TAKE: _move(Status.QUEUED, Status.RETURNED, to=Status.IN_PROGRESS, may=CHECK),
    Action.RELEASE: _move(Status.IN_PROGRESS, to=Status.QUEUED, may=CHECK),
    Action.HAND_OVER: _move(Status.IN_PROGRESS, to=Status.IN_PROGRESS, may=CHECK),
    Action.TAKE_OVER: _move(Status.IN_PROGRESS, to=Status.IN_PROGRESS, may=APPROVE),
    Action.EXPIRE: _move(Status.IN_PROGRESS, to=Status.QUEUED, may=SYSTEM),
    Action.SUBMIT: _move(Status.IN_PROGRESS, to=Status.SUBMITTED, may=CHECK),
    Action.WITHDRAW: _move(Status.SUBMITTED, to=Status.IN_PROGRESS, may=CHECK),
    Action.RETURN: _move(Status.SUBMITTED, to=Status.RETURNED, may=APPROVE),
    Action.APPROVE: _move(Status.SUBMITTED, to=Status.APPROVED, may=APPROVE),
    Action.CO_APPROVE: _move(Status.SUBMITTED, to=None, may=APPROVE),
    Action.PUBLISH: _move(Status.APPROVED, to=Status.PUBLISHED, may=SYSTEM),
    Action.CORRECT: _move(Status.PUBLISHED, to=Status.IN_PROGRESS, may=CHECK),
    Action.KEEP: _move(Status.IN_PROGRESS, to=Status.PUBLISHED, may=CHECK),
    Action.DISMISS: _move(*UNSUBMITTED, to=Status.DISMISSED, may=CHECK),
    Action.REOPEN: _move(Status.DISMISSED, to=Status.QUEUED, may=APPROVE),
    Action.ADOPT: _move(Status.IN_PROGRESS, to=Status.IN_PROGRESS, may=CHECK),
    Action.MERGE: _move(*UNSUBMITTED, to=Status.DISMISSED, may=CHECK),
    # Undoing a merge leads to where the review was before it.
    Action.UNMERGE: _move(Status.DISMISSED, to=Status.QUEUED, may=CHECK),
    Action.RESUME: _move(Status.DISMISSED, to=Status.IN_PROGRESS, may=CHECK),
    Action.HAND_BACK: _move(Status.DISMISSED, to=Status.RETURNED, may=CHECK),
    Action.WAIT_AGAIN: _move(Status.DISMISSED, to=Status.WAITING, may=CHECK),
    Action.SNOOZE: _move(Status.IN_PROGRESS, to=Status.WAITING, may=CHECK),
    Action.UNSNOOZE: _move(Status.WAITING, to=Status.IN_PROGRESS, may=CHECK),
    Action.WAKE: _move(Status.WAITING, to=Status.RETURNED, may=SYSTEM),
    Action.DUE: _move(*UNDECIDED, to=None, may=CHECK),
    Action.PUT_UNDER: _move(*UNDECIDED, to=None, may=CHECK),
    Action.OVERDUE: _move(*UNDECIDED, to=None, may=SYSTEM),
    Action.REMIND: _move(Status.PUBLISHED, to=None, may=SYSTEM),
    Action.RECHECK: _move(Status.PUBLISHED, to=None, may=CHECK),
    Action.REDACT: _move(*Status, to=None, may=REDACT),
    # A second opinion goes on while the first checker takes the verdict back or gets it returned.
    Action.ASK_OPINION: _move(Status.SUBMITTED, to=None, may=APPROVE),
    Action.TAKE_OPINION: _move(*WITH_ITS_CHECKER, to=None, may=CHECK),
    Action.DECLINE_OPINION: _move(*WITH_ITS_CHECKER, to=None, may=CHECK),
    Action.GIVE_OPINION: _move(*WITH_ITS_CHECKER, to=None, may=CHECK),
    Action.CALL_OFF: _move(*WITH_ITS_CHECKER, to=None, may=APPROVE),
    Action.ADJUDICATE: _move(Status.SUBMITTED, to=None, may=APPROVE),
}

OPEN_STATUSES = frozenset({*UNDECIDED, Status.APPROVED})
