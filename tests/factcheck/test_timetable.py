"""The timetable as beat reads it from the database."""

from __future__ import annotations

import pytest
from celery.schedules import crontab
from django_celery_beat.schedulers import ModelEntry

from factcheck.celery import SWEEP_EXPIRES, app

pytestmark = pytest.mark.django_db


def test_sweeps_that_no_worker_took_are_dropped_and_what_is_done_once_a_day_is_not():
    entries = {
        name: ModelEntry.from_entry(name, app=app, **entry)
        for name, entry in app.conf.beat_schedule.items()
    }

    kept = {name for name, entry in entries.items() if "expires" not in entry.options}
    assert kept == {name for name, entry in entries.items() if isinstance(entry.schedule, crontab)}
    assert {"verify history", "take checkpoint"} < kept
    assert {entries[name].options["expires"] for name in entries.keys() - kept} == {SWEEP_EXPIRES}
