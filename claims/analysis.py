"""Takes one article through extraction, flagging, matching and provenance, whatever dies.

The `Analysis` row is the to-do list; messages are only hints that a row is waiting. An attempt is
counted and committed before the work begins, so that an article that kills its worker is visibly
failed after `ANALYSIS_ATTEMPTS`. The work is one transaction under the row's lock, so its effects
happen once; a worker that dies loses its lock with its connection, and the next may begin at once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from enum import Enum

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from claims import derivation, drift, extraction, flagging, grouping, limits, matching
from claims import text as engine
from claims.models import Analysis

HINT_IS_LOST_AFTER = timedelta(seconds=10)
# What is begun and not locked so long after has no worker any more: no need to wait for its hint.
DEAD_AFTER = timedelta(seconds=2)
TRIED = 3  # attempts after which an article waits behind the others
# So many other articles tried more than once so lately tell that it is not one that kills workers;
# it may then be tried so many times as often.
MANY, LATELY, SPARED = 3, timedelta(minutes=1), 4
COMPILED = ("en",)  # what most articles are in; all languages would take a worker nine seconds
SENTENCE = "Ann Holt said on 3 March that 12 boats could not be “independently verified”."
TOO_SLOW = "It took longer than an article may."
TOO_MUCH = "It needed more memory than an article may."
DIED = "The worker died while it was at work on it; its log may say how."
# States of SQL that tell of the server, whatever article it was asked for: a full disk, too many
# connections, a shutdown, a broken disk. https://www.postgresql.org/docs/current/errcodes-appendix.html
OF_THE_SERVER = ("53100", "53300", "57P", "58")

logger = logging.getLogger(__name__)


_BEGUN, _NEW = Q(status=Analysis.Status.ANALYSING), Q(again=False, attempts__lt=TRIED)


class Turn(Enum):
    """When the turn of an unfinished article is: each goes before all that stand below it.

    What a dead worker had begun; what is new; what was tried three times; what is to be renewed.
    """

    AT_ONCE = _NEW & _BEGUN
    FIRST = _NEW & ~_BEGUN
    LATER = Q(attempts__gte=TRIED)
    LAST = Q(again=True, attempts__lt=TRIED)


def prepare() -> None:
    """Read the rules of all languages now, and compile all of `COMPILED`: three processor seconds.

    Processes forked later share them; else each would do it before or at its first article.
    """
    for language in sorted(engine.LANGUAGES):
        engine.analyse(SENTENCE, language=language)
    for language in COMPILED:
        engine.compile_rules(language)
    engine.read_topic("", SENTENCE)
    said = engine.Said(SENTENCE)
    engine.changes(said, said, others=[said])
    engine.compare(SENTENCE, SENTENCE)
    engine.fingerprint(SENTENCE)


def analyse(*, article_id: int) -> bool:
    """Analyse one article; return whether this call did it. Safe to repeat and twice at once.

    Whatever goes wrong is written into the row; the sweep tries again until no attempt is left.

    :raises SoftTimeLimitExceeded: if the worker's time was up, after writing that into the row; the
        worker must go on to nothing else in the same task.
    :raises OperationalError: if the database is in trouble, which costs the article no attempt.
    """
    if not _begin(article_id):
        return False
    try:
        with limits.of_one_article():
            return _work(article_id)
    except SoftTimeLimitExceeded:
        _fail(article_id, TOO_SLOW)
        raise
    except limits.TooSlow:
        logger.warning("Article %s took too long", article_id)
        problem = TOO_SLOW
    except MemoryError:
        logger.warning("Article %s needed too much memory", article_id)
        problem = TOO_MUCH
    except Exception as error:  # whatever an article does to the engine, its row must say so
        logger.exception("Article %s could not be analysed", article_id)
        problem = f"{type(error).__name__}: {error}"
        if _is_of_the_server(error):
            _give_back(article_id, problem)
            raise
    _fail(article_id, problem)
    return False


def unfinished(article_ids: Iterable[int], *, later: bool = False) -> list[int]:
    """Those of these articles whose turn it still is, those tried least first.

    A message comes again when its worker dies, as often as that happens: without `later`, which
    says that it was sent for `Turn.LATER`, those tried three times are left to such a message.
    """
    rows = Analysis.objects.unfinished().filter(article__in=list(article_ids))
    rows = rows if later else rows.exclude(Turn.LATER.value)
    return list(rows.order_by("attempts", "pk").values_list("article_id", flat=True))


def hint(turn: Turn = Turn.FIRST, *, most: int | None = None) -> list[int]:
    """Return the articles of a turn that a worker should be told of now, and note that it was.

    Those never hinted at, then those whose hint must be lost because nobody is working on them, the
    longest ago first. At most `most` hints of one turn are on their way at any time, however long
    the list is: without it `ANALYSIS_HINTS`.
    """
    rows = Analysis.objects.unfinished().filter(turn.value)
    is_lost = Q(hinted_at__lt=Now() - HINT_IS_LOST_AFTER)
    if turn == Turn.AT_ONCE:  # whoever is at work holds the lock, and is passed over below
        soon = Now() - DEAD_AFTER
        is_lost = Q(hinted_at__lt=soon, started_at__lt=soon)
    waiting = rows.filter(Q(hinted_at__isnull=True) | is_lost)
    on_their_way = rows.filter(hinted_at__isnull=False).exclude(is_lost).count()
    room = max(0, (settings.ANALYSIS_HINTS if most is None else most) - on_their_way)
    by_hint = waiting.order_by(F("hinted_at").asc(nulls_first=True), "pk")
    with transaction.atomic():
        pks = list(by_hint.select_for_update(skip_locked=True).values_list("pk", flat=True)[:room])
        Analysis.objects.filter(pk__in=pks).update(hinted_at=Now())
    return list(
        Analysis.objects.filter(pk__in=pks).order_by("pk").values_list("article_id", flat=True)
    )


def restart(analysis: Analysis) -> None:
    """Put an analysed or failed article back on the to-do list, with all its attempts."""
    Analysis.objects.filter(
        pk=analysis.pk, status__in=[Analysis.Status.ANALYSED, Analysis.Status.FAILED]
    ).update(
        status=Analysis.Status.RECEIVED, again=False, waiting_since=Now(),
        attempts=0, error="", hinted_at=None, finished_at=None,
    )  # fmt: skip


def renew(*, first: Q) -> int:
    """Put articles that other rules or code analysed back on the list; return how many.

    Those that meet `first`, then the others, in both the last received first. At most
    `ANALYSIS_RENEWALS` wait at any time, behind everything new; what people decided stays.
    """
    waiting = Analysis.objects.unfinished().filter(again=True).count()
    room = max(0, settings.ANALYSIS_RENEWALS - waiting)
    outdated = Analysis.objects.outdated().order_by("-article_id")
    pks = list(outdated.filter(first).values_list("pk", flat=True)[:room])
    if len(pks) < room:
        others = outdated.exclude(pk__in=pks).values_list("pk", flat=True)
        pks += others[: room - len(pks)]
    return Analysis.objects.outdated().filter(pk__in=pks).update(
        status=Analysis.Status.RECEIVED, again=True, waiting_since=Now(),
        attempts=0, error="", hinted_at=None,
    )  # fmt: skip


@transaction.atomic
def _begin(article_id: int) -> bool:
    row = _lock(article_id)
    if row is None:
        return False
    if row.status == Analysis.Status.ANALYSING:  # and nobody holds its lock
        row.error = DIED
    if row.attempts >= settings.ANALYSIS_ATTEMPTS and not _is_spared(row):
        row.status = Analysis.Status.FAILED
    else:
        row.status = Analysis.Status.ANALYSING
        row.attempts += 1
        row.started_at = Now()
    row.save(update_fields=["status", "error", "attempts", "started_at"])
    return row.status == Analysis.Status.ANALYSING


def _is_spared(row: Analysis) -> bool:
    """Whether something else than this article seems to kill workers: they died at others, too.

    Not for ever, since the others may be as bad.
    """
    if row.error != DIED or row.attempts >= SPARED * settings.ANALYSIS_ATTEMPTS:
        return False
    others = Analysis.objects.filter(attempts__gt=1, started_at__gt=Now() - LATELY)
    return others.exclude(pk=row.pk)[:MANY].count() == MANY


@transaction.atomic
def _work(article_id: int) -> bool:
    row = _lock(article_id)
    if row is None:
        return False
    article = row.article
    found = engine.analyse(
        article.text, language=article.language or None, outlet=article.source.name
    )
    matching.lock()  # before any row that others lock, too
    if not article.language:
        article.language = found.language
        article.save(update_fields=["language"])
    extraction.store_appearances(article, found)
    flagging.store_flags(article, found)
    matching.link_appearances(article)
    grouping.group(article)
    derivation.derive(article, found.citations)
    drift.refresh(article, near=derivation.near(article))
    row.status, row.error, row.again = Analysis.Status.ANALYSED, "", False
    row.engine_version, row.supported = engine.ENGINE_VERSION, found.supported
    row.rules_version = engine.rules_version(found.language)
    row.finished_at = Now()
    row.save(update_fields=WRITTEN)
    return True


WRITTEN = (
    "status", "error", "again", "engine_version", "rules_version", "supported", "finished_at",
)  # fmt: skip


@transaction.atomic
def _fail(article_id: int, error: str) -> None:
    row = _lock(article_id, waits=True)
    if row is None:
        return
    used_up = row.attempts >= settings.ANALYSIS_ATTEMPTS
    row.status = Analysis.Status.FAILED if used_up else Analysis.Status.RECEIVED
    row.error, row.hinted_at = error.replace("\0", "␀"), None
    row.save(update_fields=["status", "error", "hinted_at"])


@transaction.atomic
def _give_back(article_id: int, error: str) -> None:
    """Take an attempt back that came to nothing through no fault of the article."""
    row = _lock(article_id, waits=True)
    if row is None:
        return
    row.status, row.attempts, row.error = Analysis.Status.RECEIVED, row.attempts - 1, error
    row.hinted_at = None
    row.save(update_fields=["status", "attempts", "error", "hinted_at"])


def _is_of_the_server(error: Exception) -> bool:
    state = getattr(error.__cause__, "sqlstate", None) or ""
    return isinstance(error, OperationalError) and state.startswith(OF_THE_SERVER)


def _lock(article_id: int, *, waits: bool = False) -> Analysis | None:
    """Lock the article's unfinished row; None if it is finished or somebody is at work on it.

    Who has to write what became of an attempt `waits`: it may be a person who is at work.
    """
    return (
        Analysis.objects.unfinished()
        .filter(article_id=article_id)
        .select_related("article__source")
        .select_for_update(of=("self",), skip_locked=not waits)
        .first()
    )
