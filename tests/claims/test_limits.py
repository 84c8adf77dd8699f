"""What one article may take: seconds and memory; what takes more says so and stops nothing else."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time

import psycopg
import pytest
from django.db import OperationalError, connection

from claims import analysis, limits, tasks
from claims.models import Analysis
from tests import factories

MEGABYTE = 2**20


def hoard(megabytes: int) -> list[bytearray]:
    return [bytearray(MEGABYTE) for _ in range(megabytes)]


def reads(monkeypatch, what) -> None:
    """Let the engine do `what` with a text that begins with "Odd" before it reads it."""
    real = analysis.engine.analyse

    def analyse(text, **facts):
        if text.startswith("Odd"):
            what()
        return real(text, **facts)

    monkeypatch.setattr(analysis.engine, "analyse", analyse)


def row(article) -> Analysis:
    return Analysis.objects.get(article=article)


def test_what_takes_too_long_is_stopped(settings):
    settings.ANALYSIS_SECONDS = 0.1

    with pytest.raises(limits.TooSlow), limits.of_one_article():
        sum(number * 0 for number in itertools.count())


def test_what_is_quick_enough_is_not_stopped_later(settings):
    settings.ANALYSIS_SECONDS = 0.1

    with limits.of_one_article():
        pass

    time.sleep(0.2)


@pytest.mark.skipif(not limits.STATM.exists(), reason="memory is limited on Linux only")
def test_what_takes_too_much_memory_is_stopped_and_the_next_may_take_as_much(settings):
    settings.ANALYSIS_MEMORY = 50
    for _ in range(2):
        with pytest.raises(MemoryError), limits.of_one_article():
            hoard(200)

    with limits.of_one_article():
        hoard(10)
    hoard(200)


def test_what_never_comes_back_to_python_ends_the_process_and_the_log_says_where():
    code = (
        "import django; django.setup()\n"
        "from claims import limits\n"
        "from collections import deque; from itertools import repeat\n"
        "def loops(): deque(repeat(None), maxlen=0)\n"
        "with limits.of_one_article(): loops()\n"
    )
    begun = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60,
        env=os.environ | {
            "DJANGO_SETTINGS_MODULE": "factcheck.settings",
            "FACTCHECK_ANALYSIS_SECONDS": "0.5",
            "FACTCHECK_ANALYSIS_SECONDS_TO_STOP": "0.5",
        },
    )  # fmt: skip

    assert (ended.returncode, "in loops" in ended.stderr) == (1, True)
    assert time.monotonic() - begun >= 1


def test_a_slow_article_says_so_and_the_rest_of_its_chunk_is_analysed(db, monkeypatch, settings):
    settings.ANALYSIS_SECONDS = 1
    slow, good = factories.article("Odd and slow."), factories.article("Good.")
    reads(monkeypatch, lambda: time.sleep(5))

    tasks.analyse(article_ids=[slow.pk, good.pk])

    assert (row(slow).status, row(slow).attempts, row(slow).error) == (
        "received", 1, analysis.TOO_SLOW,
    )  # fmt: skip
    assert row(good).status == "analysed"


@pytest.mark.skipif(not limits.STATM.exists(), reason="memory is limited on Linux only")
def test_an_article_that_wants_too_much_memory_says_so(db, monkeypatch, settings):
    settings.ANALYSIS_MEMORY, settings.ANALYSIS_ATTEMPTS = 100, 1
    greedy, good = factories.article("Odd and greedy."), factories.article("Good.")
    reads(monkeypatch, lambda: hoard(400))

    tasks.analyse(article_ids=[greedy.pk, good.pk])

    assert (row(greedy).status, row(greedy).error) == ("failed", analysis.TOO_MUCH)
    assert row(good).status == "analysed"


@pytest.mark.django_db(transaction=True)
def test_a_query_that_takes_too_long_is_stopped_and_the_row_says_so(monkeypatch, settings):
    settings.ANALYSIS_SECONDS = 1
    article = factories.article("Odd.")

    def wait():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(40)")

    reads(monkeypatch, wait)

    begun = time.monotonic()
    assert not analysis.analyse(article_id=article.pk)

    assert (row(article).status, row(article).error) == ("received", analysis.TOO_SLOW)
    assert time.monotonic() - begun < 30


def test_trouble_of_the_database_costs_the_article_no_attempt(db, monkeypatch):
    article = factories.article("Odd.")

    def full():
        raise OperationalError("could not extend file") from psycopg.errors.DiskFull()

    reads(monkeypatch, full)

    for _ in range(3):
        with pytest.raises(OperationalError):
            analysis.analyse(article_id=article.pk)

    state = row(article)
    assert (state.status, state.attempts) == ("received", 0)
    assert state.error == "OperationalError: could not extend file"
    assert analysis.hint() == [article.pk]
