"""Feeds are asked for what is new, and what they name is fetched, each in its own step.

The rows are the to-do list. A step holds its row for a while, speaks to the network outside any
transaction, and writes what came of it only if it still holds the row: so a worker may die at any
moment, and two may be told of the same row at once. A feed's validators are stored together with
the items of the answer they belong to, so that nothing is skipped.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now

from claims import fetching, gathering, hinting, reading
from claims.fetching import Fetched, Validators
from claims.gathering import NotGathered
from claims.models import Feed, FeedEvent, FeedItem, Sighting
from claims.reading import Entry, FeedKind, Listing, Unreadable

HELD = timedelta(minutes=6)  # longer than the time limit of a task
HINT_IS_LOST_AFTER = timedelta(minutes=1)
HINTS = 40  # rows of each kind that are on their way to workers
OF_ONE_FEED = 10  # items of one feed that are, at the most
SHORTEST, LONGEST = 600, 6 * 3600  # seconds between two polls, as a feed brings news or none
LONGEST_BACKOFF = 24 * 3600  # seconds that a failing feed or item is left alone
MOST_NEW = 200  # items taken from one poll, with all sitemaps; the rest come with the next
MOST_SITEMAPS = 50  # that an index may name, and that are read
DEEPEST_SITEMAP = 2
MOST_LED = 3  # pages that lead from one to the other until one is a feed
AGAIN = timedelta(days=1)  # after which a sitemap is read again that has no date
ATTEMPTS = 5
PREVIEWED = 12
PERMANENT = (301, 308)
GONE = 410
DIED = "The worker died while it was at it."
LISTS = (FeedKind.SITEMAP, FeedKind.INDEX)

Row = TypeVar("Row", Feed, FeedItem)


class NotNow(Exception):
    """The site was asked a moment ago, or is being asked: to be tried again in `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"in {seconds:g} s")
        self.seconds = seconds


def hint_feeds() -> list[int]:
    """Return the kept feeds that a worker should be told of now, and note that it was."""
    return _hinted_feeds(Feed.objects.due().running())


def hint_proposed() -> list[int]:
    """Return the feeds that somebody waits to see, as `hint_feeds` does those that are kept."""
    return _hinted_feeds(Feed.objects.due().proposed())


def hint_items() -> list[int]:
    """Return the items that a worker should be told of now, one for each host; note that it was.

    The feeds take turns, so that one that names much does not keep the others waiting.
    """
    due = FeedItem.objects.due()
    first = due.order_by("host", "next_try_at", "pk").distinct("host")
    rows = FeedItem.objects.filter(pk__in=first.values("pk"))
    turns = hinting.in_turns(rows, of="feed", most=OF_ONE_FEED)
    return hinting.hint(due, most=HINTS, lost_after=HINT_IS_LOST_AFTER, turns=turns)


def poll(*, feed_id: int) -> bool:
    """Ask one feed for what is new, if its turn has come; return whether it was asked.

    Safe to repeat and twice at once. Whatever goes wrong is written into the row.
    """
    feed = _hold(Feed.objects.due(), feed_id)
    if feed is None:
        return False
    try:
        fetched = ask(feed.address, Validators(feed.etag, feed.last_modified))
        listing = _listing(fetched)
    except NotNow as wait:
        _put_off(feed, wait.seconds)
        return False
    except NotGathered as error:
        _failed(feed, error)
    else:
        _polled(feed, fetched, listing)
    return True


def gather(*, item_id: int) -> bool:
    """Fetch and store what one item names, if its turn has come; return whether it was fetched.

    Safe to repeat and twice at once: what another feed brought already only gains a sighting.
    """
    item = _hold(FeedItem.objects.due().select_related("feed__source"), item_id)
    if item is None or _is_known(item):
        return False
    try:
        fetched = ask(item.address, None)
        if item.sitemap:
            _read_sitemap(item, fetched)
        else:
            _store(item, fetched)
    except NotNow as wait:
        _put_off(item, wait.seconds)
        return False
    except NotGathered as error:
        _not_gathered(item, error)
    return True


# Turns


def _hinted_feeds(due: QuerySet[Feed]) -> list[int]:
    rows = due.order_by("next_poll_at", "pk")
    return hinting.hint(rows, most=HINTS, lost_after=HINT_IS_LOST_AFTER)


@transaction.atomic
def _hold(due: QuerySet[Row], pk: int) -> Row | None:
    """Take a row whose turn has come; None if it has not, or somebody is at it.

    A row that somebody held until its time ran out killed its worker: that is a failure, too.
    """
    row = due.filter(pk=pk).select_for_update(of=("self",), skip_locked=True).first()
    if row is None:
        return None
    died, row.held_until, row.hinted_at = row.held_until is not None, clock() + HELD, None
    row.save(update_fields=["held_until", "hinted_at"])
    if isinstance(row, FeedItem):
        row.attempts += 1
        row.save(update_fields=["attempts"])
    if died and (isinstance(row, Feed) or row.attempts > ATTEMPTS):
        error = NotGathered(DIED, again=True)
        _failed(row, error) if isinstance(row, Feed) else _not_gathered(row, error)
        return None
    return row


@contextmanager
def _still_held(row: Row) -> Iterator[Row | None]:
    """The row as it is now, locked, if it is still held by who took it; else None."""
    with transaction.atomic():
        rows = type(row)._default_manager.filter(pk=row.pk, held_until=row.held_until)
        yield rows.select_for_update().first()


def _put_off(row: Row, seconds: float) -> None:
    """Give the row back without having tried."""
    with _still_held(row) as now:
        if now is None:
            return
        now.held_until = None
        until = clock() + timedelta(seconds=seconds)
        if isinstance(now, FeedItem):
            now.attempts, now.next_try_at = max(0, now.attempts - 1), until
        else:
            now.next_poll_at = until
        now.save()


def ask(address: str, known: Validators | None) -> Fetched:
    """Ask a site as its rules allow: what it lets machines read, one at a time, with pauses.

    Where it redirects to, the rules of that site are asked, too.

    :raises NotNow: if it is not our turn there.
    :raises NotGathered: if it may not be read, or nothing comes.
    """
    conditional = known if known and any(known) else None
    with _alone_at(address):
        _take_turn(address, every=max(_allowed(address), settings.HOST_PAUSE))
        return gathering.ask(address, conditional=conditional, on_redirect=_allowed_there)


def _allowed(address: str) -> float:
    """The seconds that a site wants between two requests; 0 if it does not say.

    :raises NotGathered: if its robots.txt lets no machine read the address.
    """
    try:
        manners = fetching.may_poll(address)
    except fetching.Refused as error:
        raise NotGathered(str(error), again=False) from error
    if manners.refusal:
        raise NotGathered(manners.refusal, again=True, after=3600)
    return manners.pause


def _allowed_there(address: str) -> None:
    try:
        _allowed(address)
    except NotGathered as error:
        why = f"It redirects to {address}. {error}"
        raise NotGathered(why, again=error.again, after=error.after) from error


@contextmanager
def turn_at(address: str, *, every: float) -> Iterator[None]:
    """Let the block ask the host of `address`, alone and after a pause.

    :raises NotNow: if it is not our turn there.
    """
    with _alone_at(address):
        _take_turn(address, every=every)
        yield


def _take_turn(address: str, *, every: float) -> None:
    if not fetching.take_turn(address, every=every):
        raise NotNow(every)


@contextmanager
def _alone_at(address: str) -> Iterator[None]:
    """Hold the host of `address`: a lock that ends with its holder, however that ends.

    :raises NotNow: if somebody else holds it.
    """
    host = host_of(address)
    keys = [zlib.crc32(b"claims.polling") - 2**31, zlib.crc32(host.encode()) - 2**31]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", keys)
        (is_ours,) = cursor.fetchone()
    if not is_ours:
        raise NotNow(settings.HOST_PAUSE)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", keys)


# Feeds


def _listing(fetched: Fetched) -> Listing | None:
    """What the answer names; None if nothing changed."""
    if fetched.unchanged:
        return None
    try:
        return reading.read_feed_apart(
            fetched.content, media_type=fetched.header("content-type"), location=fetched.url
        )
    except Unreadable as error:
        why = str(error)
        raise NotGathered(f"{why[:1].upper()}{why[1:]}.", again=True) from error


def _polled(held: Feed, fetched: Fetched, listing: Listing | None) -> None:
    """Write what one poll brought, all of it or nothing."""
    with _still_held(held) as feed:
        if feed is None or feed.removed_at:
            return
        now = clock()
        feed.held_until, feed.polled_at, feed.failures, feed.error = None, now, 0, ""
        if feed.kept_at is None and listing:
            _looked(feed, fetched, listing)
        elif listing and listing.kind == FeedKind.PAGE:
            _fail(feed, "It is a web page now, not a feed.")
        else:
            new = _news(feed, fetched, listing, now) if listing else 0
            _set_interval(feed, new)
            wait = max(feed.interval, gathering.retry_after(fetched))
            feed.next_poll_at = now + timedelta(seconds=wait)
        feed.save()


def _looked(feed: Feed, fetched: Fetched, listing: Listing) -> None:
    """Show what a proposed feed would bring. A page that names one feed leads to it."""
    named = listing.entries
    feed.kind, feed.title, feed.note = listing.kind, listing.title, _note(listing, 0, 0)
    feed.preview = [
        {"url": one.url, "title": one.title, "at": one.at and one.at.isoformat()}
        for one in named[:PREVIEWED]
    ]
    if listing.kind != FeedKind.PAGE:
        _move(feed, fetched)
    elif len(named) == 1 and not _is_taken(feed, named[0].url):
        _lead(feed, fetched, named[0].url)
    elif not named:
        feed.error = "It is a web page, and names no feed."


def _lead(feed: Feed, fetched: Fetched, address: str) -> None:
    """Have what a page names as its feed looked at instead; pages that name pages end somewhere."""
    led = feed.events.filter(action=FeedEvent.Action.CHANGED, by=None).count()
    if reading.canonical(address) in map(reading.canonical, (feed.address, fetched.url)):
        feed.error, feed.preview = "It is a web page that names itself as its feed.", []
    elif led == MOST_LED:
        feed.error, feed.preview = "It is a web page, as are those that led to it: no feed.", []
    else:
        words = f"Address: {address}, as {feed.address} says."
        FeedEvent.objects.create(feed=feed, action=FeedEvent.Action.CHANGED, words=words)
        feed.address, feed.kind, feed.preview, feed.polled_at = address, "", [], None


def _news(feed: Feed, fetched: Fetched, listing: Listing, now: datetime) -> int:
    """Add what is new; return how much that is."""
    _move(feed, fetched)
    feed.kind, feed.title = listing.kind, feed.title or listing.title
    new, left, old = add_items(feed, listing, now=now)
    feed.note = _note(listing, left, old)
    etag, last_modified = fetched.validators
    # What is left over must not be hidden by “nothing has changed”.
    # An unchanged index may name changed sitemaps.
    whole = not left and listing.kind != FeedKind.INDEX
    keep = whole and len(etag) <= 500 and len(last_modified) <= 100
    feed.etag, feed.last_modified = (etag, last_modified) if keep else ("", "")
    return new


def add_items(
    feed: Feed, listing: Listing, *, now: datetime, below: int = 0
) -> tuple[int, int, int]:
    """Note what a listing names and the feed had not: how many are new, left over, too old.

    The caller holds the lock of the feed.

    :param below: how deep among sitemaps the listing stands; 0 is the feed itself.
    """
    depth = below + 1 if listing.kind == FeedKind.INDEX else 0
    if depth > DEEPEST_SITEMAP:
        raise NotGathered("An index in an index of sitemaps is read, no deeper one.", again=False)
    entries = _distinct(listing.entries)
    fitting = {key: one for key, one in entries.items() if _is_young(one, listing, now)}
    known = {
        item.canonical: item
        for item in feed.items.filter(canonical__in=list(fitting)).only(
            "canonical", "at", "sitemap", "state", "settled_at"
        )
    }
    fresh = [(key, one) for key, one in fitting.items() if key not in known]
    fresh.sort(key=lambda pair: pair[1].at or now, reverse=True)
    fresh = fresh[:MOST_SITEMAPS] if depth else fresh
    most = _room(feed, now)
    FeedItem.objects.bulk_create(
        [_item(feed, key, one, depth, now) for key, one in fresh[:most]], ignore_conflicts=True
    )
    if depth:
        _read_again(fitting, known, now)
    return len(fresh[:most]), len(fresh[most:]), len(entries) - len(fitting)


def _room(feed: Feed, now: datetime) -> int:
    """How many more of its addresses may be taken: since it was polled, sitemaps and all; today."""
    taken = feed.items.filter(seen_at__gt=now - timedelta(days=1)).aggregate(
        today=Count("pk"), polled=Count("pk", Q(seen_at__gte=feed.polled_at or now))
    )
    room: int = min(MOST_NEW - taken["polled"], settings.FEED_ITEMS_A_DAY - taken["today"])
    return max(0, room)


def _distinct(entries: Iterable[Entry]) -> dict[str, Entry]:
    """The entries by the one spelling of their address, the first of each."""
    found: dict[str, Entry] = {}
    for entry in entries:
        if key := reading.canonical(entry.url):
            found.setdefault(key, entry)
    return found


def _is_young(entry: Entry, listing: Listing, now: datetime) -> bool:
    """Whether it is taken: sitemaps list all that a site ever had, so there only what is new is."""
    if listing.kind == FeedKind.INDEX and entry.at is None:
        return True
    oldest = now - timedelta(days=settings.SITEMAP_DAYS)
    return listing.kind not in LISTS or (entry.at is not None and entry.at >= oldest)


def _item(feed: Feed, key: str, entry: Entry, depth: int, now: datetime) -> FeedItem:
    return FeedItem(
        feed=feed, address=entry.url, canonical=key, host=host_of(entry.url), title=entry.title,
        at=entry.at, sitemap=depth, seen_at=now,
    )  # fmt: skip


def _read_again(entries: dict[str, Entry], known: dict[str, FeedItem], now: datetime) -> None:
    """Put sitemaps back on the list that changed, or do not say whether they did."""
    for key, item in known.items():
        at, settled = entries[key].at, item.settled_at
        changed = item.at is None or at > item.at if at else settled and settled < now - AGAIN
        if item.sitemap and settled and changed:
            FeedItem.objects.filter(pk=item.pk).update(
                state=FeedItem.State.WAITING, settled_at=None, attempts=0, at=at, why="",
                next_try_at=Now(), hinted_at=None,
            )  # fmt: skip


def _set_interval(feed: Feed, new: int) -> None:
    """News halves the time to the next poll, none makes it half as long again, within bounds."""
    if feed.every:
        feed.interval = feed.every * 60
    else:
        changed = feed.interval // 2 if new else feed.interval * 3 // 2
        feed.interval = max(SHORTEST, min(changed, LONGEST))


def _move(feed: Feed, fetched: Fetched) -> None:
    """Follow a feed that has moved for good; whoever answers elsewhere for now stays elsewhere."""
    hops = fetched.redirects
    for_good = hops and all(hop.status in PERMANENT for hop in hops)
    if for_good and not fetched.lost_https and not _is_taken(feed, fetched.url):
        words = f"From {feed.address} to {fetched.url}, as the site says."
        FeedEvent.objects.create(feed=feed, action=FeedEvent.Action.MOVED, words=words)
        feed.address = fetched.url


def _is_taken(feed: Feed, address: str) -> bool:
    return Feed.objects.standing().filter(address=address).exclude(pk=feed.pk).exists()


def _failed(held: Feed, error: NotGathered) -> None:
    """Write why a poll failed, and when to try again. What is gone for good is paused."""
    with _still_held(held) as feed:
        if feed is None:
            return
        now = clock()
        feed.held_until, feed.polled_at = None, now
        _fail(feed, str(error))
        feed.next_poll_at = max(feed.next_poll_at, now + timedelta(seconds=error.after))
        if error.answer == GONE and feed.kept_at:
            feed.paused_at, feed.paused_by, feed.pause_reason = now, None, str(error)
            FeedEvent.objects.create(
                feed=feed, action=FeedEvent.Action.PAUSED, words=feed.pause_reason
            )
        feed.save()


def _fail(feed: Feed, why: str) -> None:
    """One failure more in a row: each doubles the time to the next poll."""
    feed.failures += 1
    feed.error = why
    wait = min(feed.interval * 2 ** min(feed.failures - 1, 10), LONGEST_BACKOFF)
    feed.next_poll_at = clock() + timedelta(seconds=max(wait, SHORTEST))


def _note(listing: Listing, left: int, old: int) -> str:
    """What must be said of a listing: what of it was not taken, and why."""
    said = [
        listing.note,
        f"{left:,} more are taken with the next polls, at most {settings.FEED_ITEMS_A_DAY:,} a day."
        if left else "",
        f"{old:,} without a date, or more than {settings.SITEMAP_DAYS} days old, are not taken."
        if old else "",
        f"{listing.unlisted:,} have no readable address, or are too many." if listing.unlisted
        else "",
    ]  # fmt: skip
    return " ".join(filter(None, said))


# Items


def _is_known(item: FeedItem) -> bool:
    """Settle an item whose article another feed brought: it was seen again, and is not fetched."""
    twins = FeedItem.objects.filter(canonical=item.canonical, article__isnull=False)
    twin = twins.exclude(pk=item.pk).order_by("pk").first()
    if twin is None or twin.article_id is None or item.sitemap:
        return False
    with _still_held(item) as row:
        if row:
            Sighting.objects.create(
                article_id=twin.article_id, location=item.feed.address, at=clock()
            )
            _settle(row, FeedItem.State.KNOWN, article_id=twin.article_id)
    return True


def _store(item: FeedItem, fetched: Fetched) -> None:
    source, at = item.feed.source, item.at
    taken = gathering.take_in(
        fetched, asked=item.address, source=source.name if source else "",
        published_on=at.date() if at else None,
    )  # fmt: skip
    if not taken.receipts:
        why = "; ".join(failure.why for failure in taken.failures) or "there is nothing in it"
        raise NotGathered(f"{why[:1].upper()}{why[1:]}.", again=taken.again)
    receipt = taken.receipts[0]
    state = FeedItem.State.STORED if receipt.is_new else FeedItem.State.KNOWN
    with _still_held(item) as row:
        if row:
            _settle(row, state, article_id=receipt.article.pk)


def _read_sitemap(item: FeedItem, fetched: Fetched) -> None:
    listing = _listing(fetched)
    if listing is None or listing.kind not in LISTS:
        raise NotGathered("It is no sitemap.", again=False)
    feeds = Feed.objects.select_for_update(no_key=True)
    with transaction.atomic():  # the feed first, like all who lock both
        feed = feeds.get(pk=item.feed_id)
        with _still_held(item) as row:
            if row is None:
                return
            now = clock()
            _, left, old = add_items(feed, listing, now=now, below=item.sitemap)
            _settle(row, FeedItem.State.READ, why=_note(listing, left, old))
            if left:  # the rest when the index is next polled
                FeedItem.objects.filter(pk=row.pk).update(at=None, settled_at=now - AGAIN)
                _note_more(feed)


def _note_more(feed: Feed) -> None:
    """Say of an index that its sitemaps named more than is taken from one poll, or in a day."""
    most = f"{settings.FEED_ITEMS_A_DAY:,}"
    words = f"Its sitemaps name more, taken with the next polls, at most {most} a day."
    if words not in feed.note:
        Feed.objects.filter(pk=feed.pk).update(note=f"{feed.note} {words}".strip())


def _settle(row: FeedItem, state: str, *, article_id: int | None = None, why: str = "") -> None:
    row.state, row.article_id, row.why = state, article_id, why
    row.held_until, row.settled_at = None, clock()
    row.save()


def _not_gathered(item: FeedItem, error: NotGathered) -> None:
    """Write why there is no article: to be tried again later, or failed for good."""
    with _still_held(item) as row:
        if row is None:
            return
        if not error.again or row.attempts >= ATTEMPTS:
            _settle(row, FeedItem.State.FAILED, why=str(error))
            return
        wait = max(error.after, min(60 * 4 ** (row.attempts - 1), LONGEST_BACKOFF))
        row.held_until, row.why = None, str(error)
        row.next_try_at = clock() + timedelta(seconds=wait)
        row.save()


def host_of(address: str) -> str:
    """Return the host of an address as it is asked, in at most as many characters as one has."""
    return (urlsplit(address).hostname or "")[:255]


def clock() -> datetime:
    """The database's clock, which all workers share."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
