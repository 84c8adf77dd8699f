"""What people do with feeds: propose one, see what it would bring, keep it, pause it, remove it.

Everything they do stands in its events. Asking the network is the business of `polling`: here the
row is told that its turn has come.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from claims import fetching, polling, reading
from claims.models import Feed, FeedEvent, FeedItem, Source

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

OFTENEST, RAREST = 5, 7 * 24 * 60  # minutes between two polls that people may ask for
Action = FeedEvent.Action


class NotDone(Exception):
    """It was not done, and nothing changed; the message says why. `feed` is the one in its way."""

    def __init__(self, why: str, feed: Feed | None = None) -> None:
        super().__init__(why)
        self.feed = feed


def propose(address: str, *, by: AbstractUser) -> Feed:
    """Note an address to be looked at: a feed, a sitemap, or a page that names one.

    :raises NotDone: if it is none that the desk would read, or is there already.
    """
    url = _checked(address)
    if there := Feed.objects.standing().filter(address=url).first():
        raise NotDone("This feed is here already.", there)
    try:
        with transaction.atomic():
            feed = Feed(address=url, interval=polling.SHORTEST)
            feed.added_by = by  # type: ignore[assignment]  # of `reviews`, which is not known here
            feed.save()
            _note(feed, Action.ADDED, by, url)
    except IntegrityError as error:
        raise NotDone("Somebody added this feed just now.") from error
    return feed


def look(feed: Feed, *, by: AbstractUser, address: str = "") -> None:
    """Have a proposed feed looked at again, at one of the addresses that its page named.

    :raises NotDone: if it was kept or removed, or the address is not one to be read.
    """
    url = _checked(address) if address else ""
    with _begun(feed):
        if feed.kept_at:
            raise NotDone("It was kept meanwhile.")
        if url and url != feed.address:
            if there := Feed.objects.standing().filter(address=url).exclude(pk=feed.pk).first():
                raise NotDone("This feed is here already.", there)
            feed.address, feed.kind = url, Feed.Kind.UNKNOWN
            _note(feed, Action.CHANGED, by, f"Address: {url}")
        feed.preview, feed.error, feed.note, feed.failures = [], "", "", 0
        feed.polled_at = feed.hinted_at = None
        _let_poll(feed)
        feed.save()


def keep(feed: Feed, *, by: AbstractUser, source: str = "", every: int | None = None) -> None:
    """Poll a proposed feed from now on.

    :raises NotDone: if it was not seen yet to be a feed, or is kept already.
    """
    with _begun(feed):
        if feed.kept_at:
            raise NotDone("It is kept already.")
        if feed.kind in (Feed.Kind.UNKNOWN, Feed.Kind.PAGE) or feed.error:
            raise NotDone("It was not seen to be a feed yet.")
        feed.kept_at = timezone.now()
        _set(feed, source, every)
        _let_poll(feed)
        feed.save()
        _note(feed, Action.KEPT, by, _settings(feed))


def change(feed: Feed, *, by: AbstractUser, source: str, every: int | None) -> None:
    """Say who publishes what it brings, and how often it is polled; None is as it brings news."""
    with _begun(feed):
        before = _settings(feed)
        _set(feed, source, every)
        if _settings(feed) == before:
            return
        if feed.kept_at and not feed.failures:
            feed.next_poll_at = Now()
        feed.save()
        _note(feed, Action.CHANGED, by, f"{_settings(feed)} Before: {before}")


def poll_now(feed: Feed) -> None:
    """Let its turn come now.

    :raises NotDone: if it rests.
    """
    with _begun(feed):
        if feed.paused_at:
            raise NotDone("It is paused: resume it first.")
        _let_poll(feed)
        feed.save()


def pause(feed: Feed, *, by: AbstractUser, reason: str) -> None:
    """Let it rest, with what it named and was not fetched yet.

    :raises NotDone: without a reason, or if it rests already.
    """
    with _begun(feed):
        if feed.paused_at:
            raise NotDone("It is paused already.")
        _rest(feed, by, reason)
        feed.save()
        _note(feed, Action.PAUSED, by, feed.pause_reason)


def resume(feed: Feed, *, by: AbstractUser, reason: str) -> None:
    """Poll it again, and fetch what waited.

    :raises NotDone: without a reason, or if it is not paused.
    """
    with _begun(feed):
        if not feed.paused_at:
            raise NotDone("It is not paused.")
        if not reason.strip():
            raise NotDone("Say why it is polled again.")
        feed.paused_at, feed.paused_by, feed.pause_reason = None, None, ""
        feed.failures, feed.error = 0, ""
        _let_poll(feed)
        feed.save()
        _note(feed, Action.RESUMED, by, reason.strip())


def remove(feed: Feed, *, by: AbstractUser, reason: str) -> None:
    """Let it rest for ever. What it brought and what was done to it stays.

    :raises NotDone: without a reason.
    """
    with _begun(feed):
        _rest(feed, by, reason)
        feed.removed_at = timezone.now()
        feed.save()
        _note(feed, Action.REMOVED, by, feed.pause_reason)


def try_again(feed: Feed) -> int:
    """Put its failed items back on the list, with all their attempts; return how many."""
    with _begun(feed):
        return feed.items.filter(state=FeedItem.State.FAILED).update(
            state=FeedItem.State.WAITING, settled_at=None, attempts=0, next_try_at=Now(),
            hinted_at=None,
        )  # fmt: skip


@contextmanager
def _begun(feed: Feed) -> Iterator[None]:
    """Lock the row and read it anew.

    :raises NotDone: if it was removed.
    """
    with transaction.atomic():
        feed.refresh_from_db(from_queryset=Feed.objects.select_for_update(of=("self",)))
        if feed.removed_at:
            raise NotDone("It was removed.")
        yield


def _checked(address: str) -> str:
    written = address.strip()
    written = written if "://" in written or not written else f"https://{written}"
    try:
        fetching.check_address(written)
    except fetching.Refused as error:
        raise NotDone(str(error)) from error
    url = reading.web_address(written)
    if not url:
        raise NotDone("This is not a web address.")
    return url


def _set(feed: Feed, source: str, every: int | None) -> None:
    name = reading.label(source, 200)
    feed.source = None
    if name:
        known = Source.objects.named(name).order_by("pk").first()
        feed.source = known or Source.objects.get_or_create(name=name)[0]
    feed.every = every
    if every:
        feed.interval = every * 60


def _settings(feed: Feed) -> str:
    source = f"“{feed.source}”" if feed.source else "as each page says"
    often = f"every {feed.every} minutes" if feed.every else "as it brings news"
    return f"Source: {source}; polled {often}."


def _let_poll(feed: Feed) -> None:
    feed.next_poll_at, feed.hinted_at = Now(), None


def _rest(feed: Feed, by: AbstractUser, reason: str) -> None:
    if not reason.strip():
        raise NotDone("Say why.")
    feed.paused_at, feed.paused_by = timezone.now(), by  # type: ignore[assignment]
    feed.pause_reason = reason.strip()


def _note(feed: Feed, action: str, by: AbstractUser, words: str) -> None:
    FeedEvent.objects.create(feed=feed, action=action, by_id=by.pk, words=words)
