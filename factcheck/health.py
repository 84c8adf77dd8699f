"""Whether the desk can work: its servers answer, and nothing has waited too long.

For a load balancer or a monitor: no sign-in, no secrets, no names; 200 when all is well, else 503.
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

WAITED_TOO_LONG = timedelta(minutes=15)
SWEPT_TOO_LONG_AGO = timedelta(minutes=5)
BROKER_TIMEOUT = 2  # seconds


@login_not_required
@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Answer with every check's outcome, in JSON."""
    checks = {name: _outcome(check) for name, check in CHECKS.items()}
    well = all(check["well"] for check in checks.values())
    return JsonResponse({"well": well, "checks": checks}, status=200 if well else 503)


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
    oldest = (
        Analysis.objects.unfinished().order_by("article__received_at")
        .values_list("article__received_at", flat=True).first()
    )  # fmt: skip
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
