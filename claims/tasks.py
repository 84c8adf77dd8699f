"""Background work on articles. Every task is safe twice; the sweep makes every enqueue a hint."""

from __future__ import annotations

import time

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings

from claims import analysis, tips, tokens

# No article is begun later than this, so that the time limit of the task meets none but a slow one.
BEGIN_WITHIN = 60  # seconds


@shared_task
def analyse(*, article_ids: list[int]) -> None:
    """Analyse a chunk of articles, one transaction each; hand on what there is no time for."""
    begun, rest = time.monotonic(), list(article_ids)
    try:
        while rest and time.monotonic() - begun < BEGIN_WITHIN:
            analysis.analyse(article_id=rest.pop(0))
    except SoftTimeLimitExceeded:
        pass  # the article says so in its row; the others get a task with time of its own
    if rest:
        analyse.delay(article_ids=rest)


@shared_task
def sweep_analyses() -> None:
    """Tell the workers of articles that wait without a hint, in chunks."""
    article_ids = analysis.hint()
    for start in range(0, len(article_ids), settings.ANALYSIS_CHUNK):
        analyse.delay(article_ids=article_ids[start : start + settings.ANALYSIS_CHUNK])


@shared_task
def forget() -> None:
    """Delete what is kept for a time only: how to reach senders, what programs were answered."""
    tips.forget_contacts()
    tokens.forget_handings()
