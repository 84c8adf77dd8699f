"""What feeds of every kind name; no database, no network."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest

from claims.reading import FeedKind, Unreadable, feeds

AT = "https://courier.example/feed"
RSS = b"""<?xml version="1.0"?>
<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://a.example/rss.dtd">
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>The Courier</title><link>https://courier.example/</link>
<atom:link rel="self" href="https://courier.example/feed"/>
<item><title>Herring &amp; cod</title><link>/herring</link><guid isPermaLink="false">77</guid>
<pubDate>Mon, 02 Mar 2026 10:00:00 +0100</pubDate>
<media:group><title>A picture</title></media:group></item>
<item><guid>https://courier.example/guid</guid><pubDate>yesterday</pubDate></item>
<item><title>No address</title></item>
<item><link>javascript:alert(1)</link></item></channel></rss>"""
RDF = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Tide</title></channel>
<item><title>Ebb</title><link>https://tide.example/ebb</link><dc:date>2026-03-02</dc:date></item>
</rdf:RDF>"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Tide</title><entry>
<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Ebb <b>and</b> flow</div></title>
<link rel="enclosure" href="/ebb.mp3"/><link href="/ebb"/><link rel="replies" href="/replies"/>
<updated>2026-03-09T10:00:00Z</updated><published>2026-03-02T10:00:00+01:00</published>
</entry></feed>"""
JSON = b"""{"version": "https://jsonfeed.org/version/1.1", "title": "Tide", "items": [
{"id": "1", "url": "https://tide.example/ebb", "title": "Ebb", "date_published": "2026-03-02"},
{"id": "2"}, 3]}"""
SITEMAP = b"""<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://tide.example/ebb</loc>
<lastmod>2026-03-09</lastmod><news:news><news:publication_date>2026-03-02</news:publication_date>
<news:title>Ebb</news:title></news:news></url></urlset>"""
DAY = datetime(2026, 3, 2, tzinfo=UTC)


def named(content: bytes):
    listing = feeds.read(content, location=AT)
    entries = [(one.url, one.title, one.at) for one in listing.entries]
    return listing.kind, listing.title, entries, listing.unlisted


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (RSS, (FeedKind.RSS, "The Courier", [
            ("https://courier.example/herring", "Herring & cod", DAY.replace(hour=9)),
            ("https://courier.example/guid", "", None),
        ], 2)),
        (RDF, (FeedKind.RSS, "Tide", [("https://tide.example/ebb", "Ebb", DAY)], 0)),
        (ATOM, (FeedKind.ATOM, "Tide", [
            ("https://courier.example/ebb", "Ebb and flow", DAY.replace(hour=9)),
        ], 0)),
        (JSON, (FeedKind.JSON, "Tide", [("https://tide.example/ebb", "Ebb", DAY),
                                        ("https://courier.example/2", "", None)], 1)),
        (SITEMAP, (FeedKind.SITEMAP, "", [("https://tide.example/ebb", "Ebb", DAY)], 0)),
        (gzip.compress(SITEMAP), (FeedKind.SITEMAP, "",
                                  [("https://tide.example/ebb", "Ebb", DAY)], 0)),
    ],
)  # fmt: skip
def test_what_each_kind_of_feed_names(content, expected):
    assert named(content) == expected


def test_a_page_names_its_feeds_and_not_its_other_languages():
    links = (
        '<link rel="alternate" type="application/rss+xml" href="/rss" title="All">'
        '<link rel="alternate" hreflang="nb" href="/nb">'
        '<link rel="alternate" type="application/feed+json; charset=utf-8" href="/json">'
        '<link rel="stylesheet" type="application/rss+xml" href="/style">'
    )
    kind, _, entries, _ = named(f"<!doctype html><title>Home</title>{links}".encode())

    assert kind == FeedKind.PAGE
    assert [url for url, _, _ in entries] == [
        "https://courier.example/rss", "https://courier.example/json",
    ]  # fmt: skip


def test_a_sitemap_that_unpacks_to_too_much_is_refused():
    with pytest.raises(Unreadable, match=r"^it unpacks to more than 10 MB$"):
        feeds.read(gzip.compress(bytes(11_000_000)))


def test_entries_beyond_the_limit_are_counted_and_cost_no_memory(monkeypatch):
    monkeypatch.setattr(feeds, "MOST_ENTRIES", 3)
    item = b"<item><link>https://courier.example/x</link></item>"

    listing = feeds.read(b"<rss><channel>" + item * 5 + b"</channel></rss>", location=AT)

    assert (len(listing.entries), listing.unlisted) == (3, 2)


def test_entities_in_broken_xml_stay_unread():
    bomb = b"<!DOCTYPE r [<!entity a 'x'>]><rss><channel><item>&a; & </rss>"

    with pytest.raises(Unreadable, match=r"^it declares entities"):
        feeds.read(bomb)
