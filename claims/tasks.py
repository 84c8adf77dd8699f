"""Background work on articles. Every task is safe twice; the sweep makes every enqueue a hint."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings

from claims import analysis


@shared_task
def analyse(*, article_ids: list[int]) -> None:
    """Analyse a chunk of articles, one transaction each."""
    for article_id in article_ids:
        analysis.analyse(article_id=article_id)


@shared_task
def sweep_analyses() -> None:
    """Tell the workers of every article that waits without a hint, in chunks."""
    article_ids = analysis.hint()
    for start in range(0, len(article_ids), settings.ANALYSIS_CHUNK):
        analyse.delay(article_ids=article_ids[start : start + settings.ANALYSIS_CHUNK])
