"""Articles that the machine could not analyse: tried again, or ignored by somebody for a reason.

What people decide here moves the row between failed, ignored and received; django-reversion keeps
every such decision there ever was.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import reversion
from django.db import transaction
from django.db.models import QuerySet

from claims import polling
from claims.models import Analysis

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

IGNORED_FIELDS = ("status", "ignored_by", "ignored_at", "ignored_reason")
STARTED_OVER = (
    "status", "again", "waiting_since", "attempts", "error", "hinted_at", "finished_at",
)  # fmt: skip

reversion.register(Analysis)


@transaction.atomic
def retry(rows: QuerySet[Analysis], *, by: AbstractUser) -> int:
    """Put those of `rows` that failed back on the to-do list, with all attempts; say how many."""
    failed, now = _locked(rows, Analysis.Status.FAILED), polling.clock()
    for row in failed:
        row.status, row.again, row.attempts, row.error = Analysis.Status.RECEIVED, False, 0, ""
        row.waiting_since, row.hinted_at, row.finished_at = now, None, None
    _log(failed, STARTED_OVER, by, "Tried again")
    return len(failed)


@transaction.atomic
def ignore(rows: QuerySet[Analysis], *, by: AbstractUser, at: datetime, reason: str) -> int:
    """Do without those of `rows` that failed; return how many. What was found in them stays.

    :raises ValueError: without a reason.
    """
    if not reason:
        raise ValueError("Say why the desk can do without them.")
    failed = _locked(rows, Analysis.Status.FAILED)
    for row in failed:
        row.status, row.ignored_reason = Analysis.Status.IGNORED, reason
        row.ignored_by, row.ignored_at = by, at  # type: ignore[assignment]
    _log(failed, IGNORED_FIELDS, by, f"Ignored: {reason}")
    return len(failed)


@transaction.atomic
def heed(rows: QuerySet[Analysis], *, by: AbstractUser) -> int:
    """Take back that those of `rows` are ignored: they are failed again; return how many."""
    ignored = _locked(rows, Analysis.Status.IGNORED)
    for row in ignored:
        row.status, row.ignored_reason = Analysis.Status.FAILED, ""
        row.ignored_by = row.ignored_at = None
    _log(ignored, IGNORED_FIELDS, by, "No longer ignored")
    return len(ignored)


def _locked(rows: QuerySet[Analysis], status: Analysis.Status) -> list[Analysis]:
    return list(rows.filter(status=status).order_by("pk").select_for_update())


def _log(rows: list[Analysis], fields: tuple[str, ...], by: AbstractUser, comment: str) -> None:
    with reversion.create_revision():
        for row in rows:
            row.save(update_fields=fields)
            reversion.add_to_revision(row)
        reversion.set_user(by)
        reversion.set_comment(comment)
