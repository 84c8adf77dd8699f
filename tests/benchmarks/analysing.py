"""Articles analysed a second: by the engine alone, stored in this process, through the worker."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from django.conf import settings

from claims import analysis
from claims import text as engine
from claims.models import Analysis, Article
from claims.tasks import sweep_analyses
from tests.benchmarks import rows

NEEDS_DATABASE = True
COUNT = 100


def main(data: Path) -> None:
    """Print the three rates and their ratio to the engine alone, in this run."""
    ids = rows.articles(COUNT)
    texts = list(Article.objects.filter(pk__in=ids).values_list("text", flat=True))
    engine.analyse(texts[0], language="en")

    begun = time.perf_counter()
    for text in texts:
        engine.analyse(text, language="en")
    alone = COUNT / (time.perf_counter() - begun)

    begun = time.perf_counter()
    done = sum(analysis.analyse(article_id=article_id) for article_id in ids)
    stored = done / (time.perf_counter() - begun)

    through = _through_the_worker()
    print(f"engine alone, one process (baseline)   {alone:8.1f} articles/s   1.00")
    print(f"stored, one process                    {stored:8.1f} articles/s   {stored / alone:.2f}")
    print(
        f"through a worker of two processes      {through:8.1f} articles/s   {through / alone:.2f}"
    )


def _through_the_worker() -> float:
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "factcheck",
        "worker",
        "-c",
        "2",
        "-l",
        "ERROR",
        "-Q",
        "analysis,desk",
    ]
    worker = subprocess.Popen(command, cwd=settings.BASE_DIR)
    try:
        _wait_for(rows.articles(2, first=100_000))  # until the worker is up
        ids = rows.articles(COUNT, first=200_000)
        begun = time.perf_counter()
        _wait_for(ids)
        return COUNT / (time.perf_counter() - begun)
    finally:
        worker.terminate()
        worker.wait(60)


def _wait_for(ids: list[int]) -> None:
    sweep_analyses()
    waiting = Analysis.objects.filter(article__in=ids).unfinished()
    deadline = time.monotonic() + 300
    while waiting.exists():
        if time.monotonic() > deadline:
            raise SystemExit("the worker did not finish within 300 s")
        time.sleep(0.05)
