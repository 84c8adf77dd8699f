"""The health page: what it measures, and that it tells no secret."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from claims.models import Analysis, Article
from factcheck import celery_app
from tests import factories

pytestmark = pytest.mark.django_db


def health():
    answer = Client().get("/health/")
    return answer.status_code, answer.json()


def test_a_desk_that_works_is_well_without_sign_in():
    status, body = health()

    assert status == 200
    assert body == {
        "well": True,
        "checks": {
            "database": {"well": True},
            "broker": {"well": True},
            "analyses": {"well": True, "oldest_unfinished_seconds": None},
            "feeds": {"well": True, "oldest_overdue_poll_seconds": None},
            "sweeps": {"well": True, "newest_sweep_seconds": None},
        },
    }


def test_a_broker_that_does_not_answer_is_503_and_its_address_is_not_told(monkeypatch):
    monkeypatch.setattr(celery_app.conf, "broker_url", "redis://secret@127.0.0.1:9/0")

    status, body = health()

    assert (status, body["well"]) == (503, False)
    assert body["checks"]["broker"].keys() == {"well", "problem"}
    assert "secret" not in str(body)


def test_an_article_that_waits_too_long_is_503():
    article = factories.article()
    Article.objects.filter(pk=article.pk).update(received_at=timezone.now() - timedelta(hours=1))
    assert Analysis.objects.unfinished().get().article == article

    status, body = health()

    assert status == 503
    assert body["checks"]["analyses"]["oldest_unfinished_seconds"] >= 3600


def test_a_feed_that_nobody_polls_is_503():
    factories.feed(next_poll_at=timezone.now() - timedelta(hours=1))
    factories.feed(next_poll_at=timezone.now() - timedelta(hours=2), paused="A trial.")

    status, body = health()

    assert status == 503
    assert 3600 <= body["checks"]["feeds"]["oldest_overdue_poll_seconds"] < 7200


def test_a_timetable_that_stopped_is_503():
    every = IntervalSchedule.objects.create(every=10, period="seconds")
    PeriodicTask.objects.create(
        name="sweep", task="sweep", interval=every,
        last_run_at=timezone.now() - timedelta(minutes=30),
    )  # fmt: skip

    status, body = health()

    assert status == 503
    assert body["checks"]["sweeps"]["well"] is False
