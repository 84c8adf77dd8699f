"""The health page: what it measures, and that it tells no secret."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from claims import correcting, failures
from claims.models import Analysis, Article
from factcheck import celery_app
from reviews import checkpoints, delivery
from reviews.models import Delivery, Verification
from reviews.states import Status
from tests import factories
from tests.witnessing import as_superuser

pytestmark = pytest.mark.django_db


RECORD = {
    "verification": {"well": True, "verified_seconds": None, "problems": 0},
    "checkpoints": {"well": True, "checkpoint_seconds": None, "undelivered": 0},
}


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
        "record": RECORD,
    }


def test_a_broker_that_does_not_answer_is_503_and_its_address_is_not_told(monkeypatch):
    monkeypatch.setattr(celery_app.conf, "broker_url", "redis://secret@127.0.0.1:9/0")

    status, body = health()

    assert (status, body["well"]) == (503, False)
    assert body["checks"]["broker"].keys() == {"well", "problem"}
    assert "secret" not in str(body)


def test_an_article_that_waits_too_long_is_503():
    factories.article()
    Analysis.objects.update(waiting_since=timezone.now() - timedelta(hours=1))

    status, body = health()

    assert status == 503
    assert body["checks"]["analyses"]["oldest_unfinished_seconds"] >= 3600


def corrected(article: Article) -> None:
    correcting.correct(article, by=factories.fact_checker(), title="Another title")


def retried(article: Article) -> None:
    failed = Analysis.objects.filter(article=article)
    failed.update(status="failed")
    assert failures.retry(failed, by=factories.fact_checker()) == 1


@pytest.mark.parametrize("do", [corrected, retried])
def test_an_old_article_that_is_to_be_analysed_again_waits_since_then(do):
    article = factories.article()
    old = timezone.now() - timedelta(days=400)
    Article.objects.update(received_at=old)
    Analysis.objects.update(status="analysed", finished_at=old, waiting_since=old)

    do(article)

    assert Analysis.objects.awaited().count() == 1
    status, body = health()
    assert (status, body["checks"]["analyses"]["well"]) == (200, True)


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


# The record: told to the load balancer, but a failure only to who watches it


def of_record() -> tuple[int, dict]:
    answer = Client().get("/health/record/")
    return answer.status_code, answer.json()["record"]


def written_days_ago(days: int) -> None:
    """A verdict whose only version is as old as that."""
    factories.save(factories.review_at(Status.IN_PROGRESS))
    as_superuser(f"UPDATE reviews_verdictversion SET at = at - interval '{days} days'")


def verified(*, days_ago: int = 0, problems: int = 0) -> None:
    at = timezone.now() - timedelta(days=days_ago)
    Verification.objects.create(
        begun_at=at, finished_at=at, verdicts=1, versions=1, problem_count=problems, problems=[]
    )


def test_an_empty_record_is_well():
    assert of_record() == (200, RECORD)


def test_a_broken_record_is_an_alarm_but_takes_no_desk_away():
    verified(problems=3)

    assert of_record() == (
        503, RECORD | {"verification": {"well": False, "verified_seconds": 0, "problems": 3}}
    )  # fmt: skip
    status, body = health()
    assert (status, body["well"], body["record"]["verification"]["problems"]) == (200, True, 3)


@pytest.mark.parametrize(("days", "well"), [(1, True), (3, False)])
def test_a_record_must_be_verified_and_signed_every_other_day(site, days, well):
    written_days_ago(days)

    status, record = of_record()
    assert status == (200 if well else 503)
    assert (record["verification"]["well"], record["checkpoints"]["well"]) == (well, well)
    verified(days_ago=days)
    assert of_record()[1]["verification"]["well"] == well

    verified()
    assert of_record()[1]["verification"]["well"] is True
    checkpoints.take()
    assert of_record()[0] == 200


def test_a_checkpoint_that_reaches_no_witness_for_a_day_is_an_alarm(site):
    checkpoints.take()
    assert of_record()[0] == 200
    Delivery.objects.update(written_at=timezone.now() - timedelta(days=1))

    status, record = of_record()

    assert (status, record["checkpoints"]["undelivered"]) == (503, 1)
    delivery.deliver_due()
    assert of_record()[0] == 200
