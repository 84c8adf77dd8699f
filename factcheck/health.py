"""Whether the desk can work, and whether its record holds: no sign-in, no secrets, no names.

`/health/` is for a load balancer: 200 when the servers answer and nothing has waited too long, else
503. It tells of the record, but never fails for it: what was broken in it once may stay so for
ever, and to take the desk away would mend nothing. `/health/record/` is for a monitor that wakes
somebody: 503 for as long as the record does not hold, was not checked, or reaches no witness.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.models.functions import Now
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_celery_beat.models import PeriodicTask
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from claims.models import Analysis, Feed
from factcheck.celery import app
from reviews.models import Checkpoint, Delivery, VerdictVersion, Verification

WAITED_TOO_LONG = timedelta(minutes=15)
SWEPT_TOO_LONG_AGO = timedelta(minutes=5)
CHECKED_TOO_LONG_AGO = timedelta(days=2)
DELIVERED_TOO_LATE = timedelta(days=1)
BROKER_TIMEOUT = 2  # seconds


@login_not_required
@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Answer with every check's outcome, in JSON."""
    checks, record = _outcomes(CHECKS), _outcomes(RECORD)
    well = _all_well(checks)
    body = {"well": well, "checks": checks, "record": record}
    return JsonResponse(body, status=200 if well else 503)


@login_not_required
@never_cache
@require_safe
def record_health(request: HttpRequest) -> JsonResponse:
    """Answer with how it stands with the record, in JSON."""
    record = _outcomes(RECORD)
    well = _all_well(record)
    return JsonResponse({"well": well, "record": record}, status=200 if well else 503)


def _outcomes(checks: dict[str, Callable[[], dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    return {name: _outcome(check) for name, check in checks.items()}


def _all_well(outcomes: dict[str, dict[str, Any]]) -> bool:
    return all(outcome["well"] for outcome in outcomes.values())


def _outcome(check: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Run one check; a server that does not answer is an outcome, and only its kind is told."""
    try:
        return check()
    except (DatabaseError, KombuError, RedisError, OSError) as error:
        return {"well": False, "problem": type(error).__name__}


def _database() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"well": True}


def _broker() -> dict[str, Any]:
    with app.connection_for_read(connect_timeout=BROKER_TIMEOUT) as broker:
        broker.ensure_connection(max_retries=1, timeout=BROKER_TIMEOUT)
    return {"well": True}


def _analyses() -> dict[str, Any]:
    """How long the oldest unfinished analysis has waited."""
    awaited = Analysis.objects.awaited().order_by("waiting_since")
    oldest = awaited.values_list("waiting_since", flat=True).first()
    return _age("oldest_unfinished_seconds", oldest, WAITED_TOO_LONG)


def _feeds() -> dict[str, Any]:
    """How long ago the turn of the feed came that was not polled since for the longest time."""
    overdue = Feed.objects.running().filter(next_poll_at__lte=Now()).order_by("next_poll_at")
    oldest = overdue.values_list("next_poll_at", flat=True).first()
    return _age("oldest_overdue_poll_seconds", oldest, WAITED_TOO_LONG)


def _sweeps() -> dict[str, Any]:
    """How long ago the timetable last ran anything; never is well, just after a start."""
    newest = (
        PeriodicTask.objects.filter(enabled=True, last_run_at__isnull=False)
        .order_by("-last_run_at").values_list("last_run_at", flat=True).first()
    )  # fmt: skip
    return _age("newest_sweep_seconds", newest, SWEPT_TOO_LONG_AGO)


def _verified() -> dict[str, Any]:
    """What the last check of the whole record found, and how long ago that was."""
    newest = Verification.objects.newest()
    since = newest.finished_at if newest else _first_version_at()
    outcome = _age("verified_seconds", since, CHECKED_TOO_LONG_AGO)
    problems = newest.problem_count if newest else 0
    return outcome | {"well": outcome["well"] and not problems, "problems": problems}


def _checkpoints() -> dict[str, Any]:
    """How long ago the record was signed, and how many witnesses have waited too long for it."""
    newest = Checkpoint.objects.newest()
    since = newest.taken_at if newest else _first_version_at()
    outcome = _age("checkpoint_seconds", since, CHECKED_TOO_LONG_AGO)
    late = Delivery.objects.unfinished().filter(written_at__lte=Now() - DELIVERED_TOO_LATE).count()
    return outcome | {"well": outcome["well"] and not late, "undelivered": late}


def _first_version_at() -> datetime | None:
    return VerdictVersion.objects.order_by("pk").values_list("at", flat=True).first()


def _age(name: str, moment: datetime | None, limit: timedelta) -> dict[str, Any]:
    """The seconds since `moment` by the database's clock, well while within `limit`."""
    if moment is None:
        return {"well": True, name: None}
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        age = cursor.fetchone()[0] - moment
    return {"well": age < limit, name: round(age.total_seconds())}


CHECKS = {
    "database": _database,
    "broker": _broker,
    "analyses": _analyses,
    "feeds": _feeds,
    "sweeps": _sweeps,
}
RECORD = {"verification": _verified, "checkpoints": _checkpoints}
