"""Background work on articles. Every task is safe twice; the sweep makes every enqueue a hint."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from celery import Task, shared_task
from celery.exceptions import SoftTimeLimitExceeded
from celery.signals import worker_init
from django.conf import settings

from claims import (
    analysis,
    capturing,
    depositing,
    importing,
    offering,
    photographing,
    polling,
    tips,
    tokens,
    watching,
)
from claims.analysis import Turn

# No article is begun later than this, so that the time limit of the task meets none but a slow one.
BEGIN_WITHIN = 60  # seconds
IMPORT_CHUNK = 100  # files of an import that one task is given
# What waits in the broker is taken by these, 0 first. What was tried three times is told of one by
# one, what is to be renewed in smaller chunks: neither keeps a worker from what is new for long.
PRIORITIES = {Turn.AT_ONCE: 0, Turn.FIRST: 3, Turn.LATER: 6, Turn.LAST: 9}
# On the queue `network` likewise: what somebody waits for, as is all that a page tells of itself;
# copies of what is cited; feeds; and what they and imports name, with pages to be looked at again.
ASKED, CITED, POLLED, NAMED = 0, 3, 6, 9
# Seconds until a message is dropped that nobody took. Its row was told of anew long before; later
# than that, since the clocks of two machines may be minutes apart.
EXPIRES = 600


@shared_task(expires=EXPIRES)
def analyse(*, article_ids: list[int], later: bool = False) -> None:
    """Analyse a chunk of articles, one transaction each; hand on what there is no time for."""
    begun, rest = time.monotonic(), analysis.unfinished(article_ids, later=later)
    try:
        while rest and time.monotonic() - begun < BEGIN_WITHIN:
            analysis.analyse(article_id=rest.pop(0))
    except SoftTimeLimitExceeded:
        pass  # the article says so in its row; the others get a task with time of its own
    if rest:
        _tell(rest, Turn.LATER if later else Turn.FIRST)


@shared_task
def sweep_analyses() -> None:
    """Tell the workers of articles that wait without a hint, in chunks."""
    whole = settings.ANALYSIS_CHUNK
    for turn, chunk, most in (
        (Turn.AT_ONCE, whole, settings.ANALYSIS_HINTS),
        (Turn.FIRST, whole, settings.ANALYSIS_HINTS),
        (Turn.LATER, 1, 2 * whole),
        (Turn.LAST, max(1, whole // 5), 2 * whole),
    ):
        article_ids = analysis.hint(turn, most=most)
        for start in range(0, len(article_ids), chunk):
            _tell(article_ids[start : start + chunk], turn)


def _tell(article_ids: list[int], turn: Turn) -> None:
    told = {"article_ids": article_ids, "later": turn == Turn.LATER}
    analyse.apply_async(kwargs=told, priority=PRIORITIES[turn])


def _tell_of_each(task: Task, name: str, pks: Iterable[int], priority: int) -> None:
    for pk in pks:
        task.apply_async(kwargs={name: pk}, priority=priority, expires=EXPIRES)


def _prepare(sender: Any, **rest: Any) -> None:
    """Before a worker forks its processes: those that analyse share the compiled rules."""
    if "analysis" in sender.app.amqp.queues.consume_from:
        analysis.prepare()


worker_init.connect(_prepare)


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
    _tell_of_each(poll_feed, "feed_id", polling.hint_proposed(), ASKED)
    _tell_of_each(poll_feed, "feed_id", polling.hint_feeds(), POLLED)


@shared_task
def sweep_feed_items() -> None:
    """Tell the workers of items whose turn has come: one for each host, so that none is crowded."""
    _tell_of_each(gather_item, "item_id", polling.hint_items(), NAMED)


@shared_task
def look_again(*, watch_id: int) -> None:
    """Look whether the page of one article changed."""
    watching.look(watch_id=watch_id)


@shared_task
def sweep_watches() -> None:
    """Tell the workers of pages whose turn to be looked at has come."""
    _tell_of_each(look_again, "watch_id", watching.hint(), NAMED)


@shared_task
def look_at_offer(*, offer_id: int) -> None:
    """Fetch and read the address that somebody handed in."""
    offering.look(offer_id=offer_id)


@shared_task
def sweep_offers() -> None:
    """Tell the workers of addresses that wait without a hint; forget what nobody kept in time."""
    _tell_of_each(look_at_offer, "offer_id", offering.hint(), ASKED)
    offering.expire()


@shared_task(expires=EXPIRES)
def take_in_files(*, item_ids: list[int]) -> None:
    """Take in a chunk of an import's files; hand on what there is no time for.

    The first file is always begun, and of a bundle one document always taken in: what is begun at
    the last moment has `reading`'s longest time, and then there is still some left to store it.
    """
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
def take_in_address(*, item_id: int) -> None:
    """Fetch and take in one address of an import."""
    if importing.gather(item_id=item_id):
        sweep_analyses.delay()


@shared_task
def sweep_imports() -> None:
    """Tell the workers of what waits without a hint: files in chunks, an address of each host."""
    _tell_of_each(take_in_address, "item_id", importing.hint_addresses(), NAMED)
    item_ids = importing.hint()
    for start in range(0, len(item_ids), IMPORT_CHUNK):
        take_in_files.delay(item_ids=item_ids[start : start + IMPORT_CHUNK])


@shared_task
def forget() -> None:
    """Delete what is kept for a time only: how to reach senders, what programs were answered."""
    tips.forget_contacts()
    tokens.forget_handings()


@shared_task
def capture_page(*, capture_id: int) -> None:
    """Fetch and keep the bytes of one page that is cited."""
    capturing.take(capture_id=capture_id)


@shared_task
def photograph_page(*, picture_id: int) -> None:
    """Have a browser show one page that is cited."""
    photographing.take(picture_id=picture_id)


@shared_task
def deposit_page(*, deposit_id: int) -> None:
    """Ask a public archive to keep one page that is cited."""
    depositing.take(deposit_id=deposit_id)


@shared_task
def sweep_captures() -> None:
    """Tell the workers of cited pages, pictures and deposits whose turn has come."""
    _tell_of_each(capture_page, "capture_id", capturing.hint(), CITED)
    _tell_of_each(photograph_page, "picture_id", photographing.hint(), CITED)
    _tell_of_each(deposit_page, "deposit_id", depositing.hint(), CITED)
