"""Sites that publish feeds, and time that passes at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from django.core.cache import cache
from django.db.models.functions import Now

from claims import following, polling
from claims.models import Feed, FeedItem
from tests import factories
from tests.hostile import page


def story(number: int, more: str = "") -> bytes:
    """A page whose article nobody else has."""
    words = " ".join(
        f"Quay {number} of the harbour took in {number + line} tonnes of herring in week {line}."
        for line in range(1, 12)
    )
    return page(
        f"<html lang='en'><head><title>Quay {number}</title></head><body><article>"
        f"<h1>Quay {number}</h1><p>{words} {more}</p></article></body></html>".encode(),
        "Content-Type: text/html; charset=utf-8",
    )


def rss(*links: str, title: str = "The Courier") -> bytes:
    items = "".join(f"<item><title>Of {link}</title><link>{link}</link></item>" for link in links)
    return f"<rss version='2.0'><channel><title>{title}</title>{items}</channel></rss>".encode()


def sitemap(*links: str, at: datetime | None = None) -> bytes:
    day = f"<lastmod>{(at or datetime.now(UTC)).isoformat()}</lastmod>"
    urls = "".join(f"<url><loc>{link}</loc>{day}</url>" for link in links)
    return f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{urls}</urlset>".encode()


def index(*links: str) -> bytes:
    maps = "".join(f"<sitemap><loc>{link}</loc></sitemap>" for link in links)
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f"<sitemapindex xmlns='{space}'>{maps}</sitemapindex>".encode()


def in_seconds(seconds: int) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


def time_passes() -> None:
    """Every turn comes, and every site may be asked again; no row is held any more that is free."""
    cache.clear()
    Feed.objects.update(next_poll_at=Now(), hinted_at=None)
    FeedItem.objects.waiting().update(next_try_at=Now(), hinted_at=None)


def kept(web, content: bytes, path: str = "/rss", **fields) -> Feed:
    """A feed that somebody proposed, saw and kept, and that was not polled since."""
    by = factories.supervisor()
    feed = following.propose(web.serves(page(content), path=path), by=by)
    time_passes()
    assert polling.poll(feed_id=feed.pk)
    feed.refresh_from_db()
    following.keep(feed, by=by, **fields)
    time_passes()
    return feed


def poll(feed: Feed) -> Feed:
    """One poll, when its turn has come; the row as it is then."""
    time_passes()
    polling.poll(feed_id=feed.pk)
    feed.refresh_from_db()
    return feed


def gather_all() -> list[tuple[str, str]]:
    """Let every item that waits be fetched; return all items as path and state."""
    for item in FeedItem.objects.waiting().order_by("pk"):
        time_passes()
        polling.gather(item_id=item.pk)
    rows = FeedItem.objects.order_by("pk")
    return [(f"/{row.address.split('/', 3)[3]}", row.state) for row in rows]
