"""Celery: queues, limits, JSON only, and the timetable of sweeps. No task bodies.

The database row is the to-do list and every enqueue is only a hint, so a broker that loses
everything costs time, not work.
"""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.schedules import crontab
from kombu.entity import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "factcheck.settings")

# Seconds until a sweep is dropped that no worker took: others were sent since. Minutes, since the
# clocks of two machines may differ. What is done once an hour or a day waits for its worker.
SWEEP_EXPIRES = 300


def _every(seconds: float, task: str) -> dict[str, Any]:
    """A sweep of the timetable."""
    return {"task": task, "schedule": seconds, "options": {"expire_seconds": SWEEP_EXPIRES}}


app = Celery("factcheck")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_serializer="json",
    result_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=1000,
    worker_max_memory_per_child=600_000,  # kilobytes; looked at after each task
    worker_lost_wait=0.1,  # seconds until what a dead child was doing is done by another
    worker_soft_shutdown_timeout=10,
    task_soft_time_limit=240,
    task_time_limit=300,
    # Analyses wait in a queue of their own, with workers of their own: however many there are, the
    # sweeps, expiries and publications of the desk do not wait behind them.
    task_queues=[Queue(name, routing_key=name) for name in ("desk", "analysis", "network")],  # type: ignore[no-untyped-call]
    task_default_queue="desk",
    # What waits for strangers' servers has a queue, too: a slow site holds up nothing of ours.
    task_routes={
        "claims.tasks.analyse": {"queue": "analysis"},
        "claims.tasks.poll_feed": {"queue": "network"},
        "claims.tasks.gather_item": {"queue": "network"},
        "claims.tasks.look_again": {"queue": "network"},
        "claims.tasks.look_at_offer": {"queue": "network"},
        "claims.tasks.capture_page": {"queue": "network"},
        "claims.tasks.photograph_page": {"queue": "network"},
        "claims.tasks.deposit_page": {"queue": "network"},
        "claims.tasks.take_in_address": {"queue": "network"},
        # Files of an import, however many, wait beside the analyses that they bring.
        "claims.tasks.take_in_files": {"queue": "analysis"},
    },
    task_create_missing_queues=True,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    # An unacknowledged message comes back after `visibility_timeout`; it must outlast any task.
    broker_transport_options={
        "visibility_timeout": 600,
        "socket_timeout": 10,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
    },
    timezone="UTC",
    beat_sync_every=1,  # so that /health/ sees at once that the timetable runs
    beat_scheduler="django_celery_beat.schedulers:DatabaseScheduler",
    beat_schedule={
        "sweep analyses": _every(5.0, "claims.tasks.sweep_analyses"),
        "renew analyses": _every(30.0, "reviews.tasks.renew_analyses"),
        "sweep feeds": _every(15.0, "claims.tasks.sweep_feeds"),
        "sweep feed items": _every(5.0, "claims.tasks.sweep_feed_items"),
        "sweep watches": _every(30.0, "claims.tasks.sweep_watches"),
        "watch pages": _every(600.0, "reviews.tasks.watch_pages"),
        "tell of page changes": _every(60.0, "reviews.tasks.tell_of_page_changes"),
        "sweep offers": _every(10.0, "claims.tasks.sweep_offers"),
        "sweep imports": _every(5.0, "claims.tasks.sweep_imports"),
        "sweep captures": _every(10.0, "claims.tasks.sweep_captures"),
        "archive evidence": _every(30.0, "reviews.tasks.archive_evidence"),
        "open reviews": _every(15.0, "reviews.tasks.open_reviews"),
        "reweigh": _every(15.0, "reviews.tasks.reweigh"),
        "expire leases": _every(30.0, "reviews.tasks.expire_leases"),
        "keep dates": _every(30.0, "reviews.tasks.keep_dates"),
        "tell of ending leases": _every(30.0, "reviews.tasks.tell_of_ending_leases"),
        "send letters": _every(15.0, "reviews.tasks.send_letters"),
        "write digests": {
            "task": "reviews.tasks.write_digests",
            "schedule": crontab(hour="6", minute="0"),
        },
        "sweep approved": _every(30.0, "reviews.tasks.sweep_approved"),
        "verify history": {
            "task": "reviews.tasks.verify_history",
            "schedule": crontab(hour="3", minute="30"),
        },
        "forget": {"task": "claims.tasks.forget", "schedule": crontab(minute="40")},
        # One a day; asked every hour, so that a day on which the folder was away has one yet.
        "take checkpoint": {
            "task": "reviews.tasks.take_checkpoint",
            "schedule": crontab(minute="10"),
        },
        "deliver checkpoints": _every(60.0, "reviews.tasks.deliver_checkpoints"),
    },
)
app.autodiscover_tasks()
