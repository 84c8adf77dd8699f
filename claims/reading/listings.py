"""What a feed names, as values that pass between processes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class FeedKind(StrEnum):
    """What something that names addresses is."""

    RSS = "rss"
    ATOM = "atom"
    JSON = "json"
    SITEMAP = "sitemap"
    INDEX = "index"  # of sitemaps
    PAGE = "page"  # that may name feeds


@dataclass(frozen=True, slots=True)
class Entry:
    """An address that a feed names. `at` is when it was published or, failing that, changed."""

    url: str
    title: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What a feed, a sitemap or a page names, in its order, and what must be said of it."""

    kind: FeedKind
    title: str = ""
    entries: tuple[Entry, ...] = ()
    unlisted: int = 0  # entries beyond the limit, or without an address that can be read
    note: str = ""


def listed(listing: Listing) -> dict[str, Any]:
    """Return a listing as it is written in JSON."""
    entries = [(one.url, one.title, one.at and one.at.isoformat()) for one in listing.entries]
    return {
        "kind": listing.kind, "title": listing.title, "entries": entries,
        "unlisted": listing.unlisted, "note": listing.note,
    }  # fmt: skip


def untold(told: dict[str, Any]) -> Listing:
    """Return the listing that `listed` wrote."""
    entries = tuple(_moments(told.pop("entries")))
    return Listing(kind=FeedKind(told.pop("kind")), entries=entries, **told)


def _moments(rows: list[tuple[str, str, str | None]]) -> Iterator[Entry]:
    for url, title, at in rows:
        yield Entry(url, title, datetime.fromisoformat(at) if at else None)
