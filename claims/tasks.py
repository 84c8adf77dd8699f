"""Background work on articles. Every task is safe twice; the sweep makes every enqueue a hint."""

from __future__ import annotations

import time

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings

from claims import analysis, capturing, importing, offering, polling

# No article is begun later than this, so that the time limit of the task meets none but a slow one.
BEGIN_WITHIN = 60  # seconds
IMPORT_CHUNK = 100  # files of an import that one task is given


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
def poll_feed(*, feed_id: int) -> None:
    """Ask one feed for what is new."""
    polling.poll(feed_id=feed_id)


@shared_task
def gather_item(*, item_id: int) -> None:
    """Fetch and store what one item of a feed names."""
    polling.gather(item_id=item_id)


@shared_task
def sweep_feeds() -> None:
    """Tell the workers of feeds whose turn has come."""
    for feed_id in polling.hint_feeds():
        poll_feed.delay(feed_id=feed_id)


@shared_task
def sweep_feed_items() -> None:
    """Tell the workers of items whose turn has come: one for each host, so that none is crowded."""
    for item_id in polling.hint_items():
        gather_item.delay(item_id=item_id)


@shared_task
def look_at_offer(*, offer_id: int) -> None:
    """Fetch and read the address that somebody handed in."""
    offering.look(offer_id=offer_id)


@shared_task
def sweep_offers() -> None:
    """Tell the workers of addresses that wait without a hint; forget what nobody kept in time."""
    for offer_id in offering.hint():
        look_at_offer.delay(offer_id=offer_id)
    offering.expire()


@shared_task
def take_in_files(*, item_ids: list[int]) -> None:
    """Take in a chunk of an import's files; hand on what there is no time for."""
    begun, rest = time.monotonic(), list(item_ids)

    def is_late() -> bool:
        return time.monotonic() - begun > BEGIN_WITHIN

    try:
        while rest and not is_late():
            if importing.take_in(item_id=rest[0], is_late=is_late):
                rest.pop(0)
    except SoftTimeLimitExceeded:
        pass  # what is settled stays; the rest gets a task with time of its own
    sweep_analyses.delay()
    if rest:
        take_in_files.delay(item_ids=rest)


@shared_task
def sweep_imports() -> None:
    """Tell the workers of files that wait without a hint, in chunks."""
    item_ids = importing.hint()
    for start in range(0, len(item_ids), IMPORT_CHUNK):
        take_in_files.delay(item_ids=item_ids[start : start + IMPORT_CHUNK])


@shared_task
def capture_page(*, capture_id: int) -> None:
    """Fetch and keep the bytes of one page that is cited."""
    capturing.take(capture_id=capture_id)


@shared_task
def sweep_captures() -> None:
    """Tell the workers of cited pages whose turn has come."""
    for capture_id in capturing.hint():
        capture_page.delay(capture_id=capture_id)
