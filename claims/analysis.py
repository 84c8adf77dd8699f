"""Takes one article through extraction, flagging, matching and provenance, whatever dies.

The `Analysis` row is the to-do list; messages are only hints that a row is waiting. An attempt is
counted and committed before the work begins, so that an article that kills its worker is visibly
failed after `ANALYSIS_ATTEMPTS`. The work is one transaction under the row's lock, so its effects
happen once; a worker that dies loses its lock with its connection, and the next may begin at once.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from claims import derivation, drift, extraction, flagging, grouping, matching
from claims import text as engine
from claims.models import Analysis

HINT_IS_LOST_AFTER = timedelta(seconds=20)
TOO_SLOW = "It took longer than an article may."

logger = logging.getLogger(__name__)


def analyse(*, article_id: int) -> bool:
    """Analyse one article; return whether this call did it. Safe to repeat and twice at once.

    Whatever goes wrong is written into the row; the sweep tries again until no attempt is left.

    :raises SoftTimeLimitExceeded: if the worker's time was up, after writing that into the row; the
        worker must go on to nothing else in the same task.
    """
    if not _begin(article_id):
        return False
    try:
        return _work(article_id)
    except SoftTimeLimitExceeded:
        logger.warning("Article %s took too long", article_id)
        _fail(article_id, TOO_SLOW)
        raise
    except Exception as error:  # whatever an article does to the engine, its row must say so
        logger.exception("Article %s could not be analysed", article_id)
        _fail(article_id, f"{type(error).__name__}: {error}")
        return False


def hint() -> list[int]:
    """Return the articles that a worker should be told of now, and note that it was.

    Those never hinted at, then those whose hint must be lost because nobody is working on them, the
    longest ago first. At most `ANALYSIS_HINTS` hints are on their way at any time, however long the
    list is.
    """
    unfinished = Analysis.objects.unfinished()
    lost_before = Now() - HINT_IS_LOST_AFTER
    waiting = unfinished.filter(Q(hinted_at__isnull=True) | Q(hinted_at__lt=lost_before))
    on_their_way = unfinished.filter(hinted_at__gte=lost_before).count()
    room = max(0, settings.ANALYSIS_HINTS - on_their_way)
    by_hint = waiting.order_by(F("hinted_at").asc(nulls_first=True), "pk")
    with transaction.atomic():
        pks = list(by_hint.select_for_update(skip_locked=True).values_list("pk", flat=True)[:room])
        Analysis.objects.filter(pk__in=pks).update(hinted_at=Now())
    return list(
        Analysis.objects.filter(pk__in=pks).order_by("pk").values_list("article_id", flat=True)
    )


def restart(analysis: Analysis) -> None:
    """Put an analysed or failed article back on the to-do list, with all its attempts."""
    Analysis.objects.filter(pk=analysis.pk).exclude(status=Analysis.Status.ANALYSING).update(
        status=Analysis.Status.RECEIVED, attempts=0, error="", hinted_at=None, finished_at=None
    )


@transaction.atomic
def _begin(article_id: int) -> bool:
    row = _lock(article_id)
    if row is None:
        return False
    if row.attempts >= settings.ANALYSIS_ATTEMPTS:
        row.status = Analysis.Status.FAILED
        row.error = row.error or "The worker died each time it tried."
    else:
        row.status = Analysis.Status.ANALYSING
        row.attempts += 1
        row.started_at = Now()
    row.save(update_fields=["status", "error", "attempts", "started_at"])
    return row.status == Analysis.Status.ANALYSING


@transaction.atomic
def _work(article_id: int) -> bool:
    row = _lock(article_id)
    if row is None:
        return False
    article = row.article
    found = engine.analyse(
        article.text, language=article.language or None, outlet=article.source.name
    )
    if not article.language:
        article.language = found.language
        article.save(update_fields=["language"])
    extraction.store_appearances(article, found)
    flagging.store_flags(article, found)
    matching.link_appearances(article)
    grouping.group(article)
    derivation.derive(article, found.citations)
    drift.refresh(article, near=derivation.near(article))
    row.status, row.error = Analysis.Status.ANALYSED, ""
    row.engine_version, row.supported = engine.ENGINE_VERSION, found.supported
    row.finished_at = Now()
    row.save(update_fields=["status", "error", "engine_version", "supported", "finished_at"])
    return True


@transaction.atomic
def _fail(article_id: int, error: str) -> None:
    row = _lock(article_id)
    if row is None:
        return
    used_up = row.attempts >= settings.ANALYSIS_ATTEMPTS
    row.status = Analysis.Status.FAILED if used_up else Analysis.Status.RECEIVED
    row.error = error.replace("\0", "␀")
    row.save(update_fields=["status", "error"])


def _lock(article_id: int) -> Analysis | None:
    """Lock the article's unfinished row; None if it is finished or somebody is at work on it."""
    return (
        Analysis.objects.unfinished()
        .filter(article_id=article_id)
        .select_related("article__source")
        .select_for_update(of=("self",), skip_locked=True)
        .first()
    )
