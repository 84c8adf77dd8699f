"""Celery: queues, limits, JSON only, and the timetable of sweeps. No task bodies.

The database row is the to-do list and every enqueue is only a hint, so a broker that loses
everything costs time, not work.
"""

from __future__ import annotations

import os

from celery import Celery
from celery.schedules import crontab
from kombu.entity import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "factcheck.settings")

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
        "sweep analyses": {"task": "claims.tasks.sweep_analyses", "schedule": 5.0},
        "renew analyses": {"task": "reviews.tasks.renew_analyses", "schedule": 30.0},
        "sweep feeds": {"task": "claims.tasks.sweep_feeds", "schedule": 15.0},
        "sweep feed items": {"task": "claims.tasks.sweep_feed_items", "schedule": 5.0},
        "sweep watches": {"task": "claims.tasks.sweep_watches", "schedule": 30.0},
        "watch pages": {"task": "reviews.tasks.watch_pages", "schedule": 600.0},
        "tell of page changes": {"task": "reviews.tasks.tell_of_page_changes", "schedule": 60.0},
        "sweep offers": {"task": "claims.tasks.sweep_offers", "schedule": 10.0},
        "sweep imports": {"task": "claims.tasks.sweep_imports", "schedule": 5.0},
        "sweep captures": {"task": "claims.tasks.sweep_captures", "schedule": 10.0},
        "archive evidence": {"task": "reviews.tasks.archive_evidence", "schedule": 30.0},
        "open reviews": {"task": "reviews.tasks.open_reviews", "schedule": 15.0},
        "reweigh": {"task": "reviews.tasks.reweigh", "schedule": 15.0},
        "expire leases": {"task": "reviews.tasks.expire_leases", "schedule": 30.0},
        "keep dates": {"task": "reviews.tasks.keep_dates", "schedule": 30.0},
        "tell of ending leases": {
            "task": "reviews.tasks.tell_of_ending_leases",
            "schedule": 30.0,
        },
        "send letters": {"task": "reviews.tasks.send_letters", "schedule": 15.0},
        "write digests": {
            "task": "reviews.tasks.write_digests",
            "schedule": crontab(hour="6", minute="0"),
        },
        "sweep approved": {"task": "reviews.tasks.sweep_approved", "schedule": 30.0},
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
        "deliver checkpoints": {"task": "reviews.tasks.deliver_checkpoints", "schedule": 60.0},
    },
)
app.autodiscover_tasks()
