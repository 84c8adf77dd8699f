"""Feeds bring articles by themselves: each once, politely, and whatever breaks."""

from __future__ import annotations

import gzip
import io
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from warcio.archiveiterator import ArchiveIterator

from claims import archiving, following, gathering, polling
from claims.models import Article, Feed, FeedItem, Sighting
from tests import factories, files
from tests.feeds import (
    gather_all,
    in_seconds,
    index,
    kept,
    poll,
    rss,
    sitemap,
    story,
    time_passes,
)
from tests.hostile import moved, page
from tests.together import PATIENCE

pytestmark = pytest.mark.django_db


def asked(web, path):
    return [one for one in web.web.requests if one.split(b" ")[1] == path.encode()]


def serve(web, *numbers):
    return [web.serves(story(number), path=f"/{number}") for number in numbers]


# One article


def test_an_address_becomes_an_article_with_the_exchange_that_brought_it(web):
    web.serves(moved("/1"), path="/short")
    serve(web, 1)

    (receipt,) = gathering.receive(web.url("/short")).receipts

    snapshot = receipt.article.snapshots.get()
    assert (receipt.is_new, snapshot.location) == (True, web.url("/short"))
    assert (snapshot.address, receipt.article.canonical_url) == (web.url("/1"), web.url("/1"))
    assert ["Content-Type", "text/html; charset=utf-8"] in snapshot.response_headers
    assert "User-Agent" in dict(snapshot.request_headers)
    assert snapshot.taken_at is not None
    assert snapshot.request_headers[0] == [":path", "/1"]
    assert snapshot.response_headers[:3] == [
        [":redirect", f"302 {web.url('/short')}"], [":status", "200"], [":server", "127.0.0.1"],
    ]  # fmt: skip


def test_the_exchange_leaves_as_a_warc_as_it_was(web):
    web.serves(moved("/1?page=2"), path="/short")
    web.serves(story(2).replace(b"200 OK", b"203 Other", 1), path="/1?page=2")
    (receipt,) = gathering.receive(web.url("/short")).receipts

    packed = archiving.as_warc(receipt.article.snapshots.all())

    answered, asked = ArchiveIterator(io.BytesIO(packed))
    assert answered.http_headers.get_statuscode() == "203"
    assert answered.rec_headers.get_header("WARC-IP-Address") == "127.0.0.1"
    assert asked.http_headers.statusline == "/1?page=2 HTTP/1.1"
    names = {name for name, _ in (*answered.http_headers.headers, *asked.http_headers.headers)}
    assert not [name for name in names if name.startswith(":")]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (page(b"", status="404 Not Found"), "It answers 404: there is no such page."),
        (page(b"", status="503 Busy"), "It answers 503: the site fails."),
        (page(b"<p></p>", "Content-Type: text/html"), "no article text in it"),
        (moved("http://a.test"), "It redirects to http://a.test/. There is no host a.test."),
    ],
)  # fmt: skip
def test_what_cannot_be_had_is_named_with_its_reason(web, answer, why):
    url = web.serves(answer, path="/x")

    (failure,) = gathering.receive(url).failures

    assert (failure.place, failure.why) == (url, why)


FACTS = f"""---
title: Boats
source: Daily Tide
url: https://tide.example/boats
demo: true
---
{files.SENTENCE}
"""


@pytest.mark.parametrize("kind", ["text/plain", "text/markdown"])
def test_no_site_says_of_itself_that_it_is_another(web, kind):
    tide = factories.article(
        source=factories.source("Daily Tide"), url="https://tide.example/boats",
        canonical_url="https://tide.example/boats",
    )  # fmt: skip
    url = web.serves(page(FACTS.encode(), f"Content-Type: {kind}"), path="/boats.txt")

    (receipt,) = gathering.receive(url).receipts

    article, snapshot = receipt.article, receipt.article.snapshots.get()
    assert (article.url, article.canonical_url, snapshot.address) == (url, url, url)
    assert (article.source.name, article.demo, article.revises) == ("news.example", False, None)
    assert (article.title, "source" in article.guessed) == ("Boats", True)
    assert tide.revisions.count() == 0


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (files.zipped({"1.txt": FACTS, "2.txt": "Two."}), "application/zip"),
        (files.zipped({"1.txt": FACTS}), "text/html"),
        (files.warc({"https://tide.example/boats": files.PAGE.encode()}), "application/warc"),
        (
            files.warc({"https://tide.example/boats": files.PAGE.encode()}, packed=False),
            "text/plain",
        ),
        (gzip.compress(FACTS.encode()), "application/octet-stream"),
        (files.mail(), "message/rfc822"),
        (files.mail(), ""),
    ],
    ids=["zip", "zip as a page", "warc", "warc as text", "gzip", "mail", "nameless mail"],
)
def test_what_may_speak_for_others_is_no_answer(web, content, kind):
    headers = [f"Content-Type: {kind}"] if kind else []
    feed = kept(web, rss(url := web.serves(page(content, *headers), path="/1")))

    poll(feed)

    assert gather_all() == [("/1", "failed")]
    assert FeedItem.objects.get().why.endswith(": download it and hand the file in.")
    assert not Article.objects.exists()
    assert len(gathering.receive(url).failures) == 1


@pytest.mark.parametrize(("source", "filled"), [("Daily Tide", True), ("", False)])
def test_what_a_feed_brings_again_fills_in_what_people_say_it_is_of(web, source, filled):
    head = (
        b"<meta property='og:site_name' content='Daily Tide'><meta name=author content='A. Hand'>"
    )
    content = files.page(files.SENTENCE * 9, head=head.decode())
    known = factories.article(files.SENTENCE * 9, source=factories.source("Daily Tide"), url="")
    url = web.serves(page(content, "Content-Type: text/html"), path="/1")
    feed = kept(web, rss(url), source=source)

    poll(feed)

    assert gather_all() == [("/1", "known")]
    known.refresh_from_db()
    assert (known.url, known.canonical_url) == ((url, url) if filled else ("", ""))


def test_a_file_without_an_outlet_has_its_host_for_one(web):
    url = web.serves(page(files.pdf(files.SENTENCE), "Content-Type: application/pdf"), path="/a")

    (receipt,) = gathering.receive(url).receipts

    assert (receipt.article.source.name, receipt.article.url) == ("news.example", url)


# Polling


def test_a_feed_brings_each_article_once_under_its_source(web):
    feed = kept(web, rss(*serve(web, 1, 2)), source="The Courier")

    poll(feed)
    assert gather_all() == [("/1", "stored"), ("/2", "stored")]
    poll(feed)
    assert gather_all() == [("/1", "stored"), ("/2", "stored")]

    assert [article.source.name for article in Article.objects.all()] == ["The Courier"] * 2
    assert len(asked(web, "/1")) == 1


def test_a_proposed_feed_is_looked_at_and_brings_nothing(web):
    feed = following.propose(
        web.serves(page(rss(*serve(web, 1))), path="/rss"), by=factories.supervisor()
    )

    poll(feed)

    assert (feed.kind, feed.title, feed.kept_at) == ("rss", "The Courier", None)
    assert [one["url"] for one in feed.preview] == [web.url("/1")]
    assert not FeedItem.objects.exists()
    assert not polling.poll(feed_id=feed.pk)


def test_what_has_not_changed_is_told_by_304_and_costs_nothing(web):
    feed = kept(web, rss())
    web.serves(page(rss(*serve(web, 1)), 'ETag: "7"', "Last-Modified: x"), path="/rss")
    poll(feed)
    web.serves(page(b"", status="304 Not Modified"), path="/rss")

    poll(feed)

    assert b'\r\nIf-None-Match: "7"\r\n' in asked(web, "/rss")[-1]
    assert (feed.etag, feed.failures, feed.error) == ('"7"', 0, "")
    assert FeedItem.objects.count() == 1


def test_news_brings_the_next_poll_nearer_and_none_puts_it_off(web):
    feed = kept(web, rss(*serve(web, 1)))
    Feed.objects.update(interval=3600)

    intervals = [poll(feed).interval for _ in range(12)]

    assert intervals[:3] == [1800, 2700, 4050]
    assert intervals[-1] == polling.LONGEST


def test_an_interval_that_people_set_stays(web):
    feed = kept(web, rss(*serve(web, 1)), every=45)

    assert [poll(feed).interval for _ in range(2)] == [2700, 2700]


# Manners


def test_robots_txt_is_obeyed_and_told(web):
    feed = kept(web, rss())
    web.serves(page(b"User-agent: *\nDisallow: /rss"), path="/robots.txt")

    poll(feed)

    assert feed.error == "The robots.txt of news.example forbids it."
    assert len(asked(web, "/rss")) == 1


@pytest.mark.parametrize("host", ["news.example", "other.example"])
def test_robots_txt_is_obeyed_where_a_redirect_leads(web, host):
    web.names.records["other.example"] = [["127.0.0.1"]]
    web.serves(page(b"User-agent: *\nDisallow: /private"), path="/robots.txt")
    web.serves(moved(web.url("/private/1", host)), path="/public")
    web.serves(story(1), path="/private/1")
    poll(kept(web, rss(web.url("/public"))))

    assert gather_all() == [("/public", "waiting")]

    item = FeedItem.objects.get()
    there = web.url("/private/1", host)
    assert item.why == f"It redirects to {there}. The robots.txt of {host} forbids it."
    assert item.next_try_at - datetime.now(UTC) > timedelta(minutes=59)
    assert (len(asked(web, "/public")), asked(web, "/private/1")) == (1, [])


def test_a_host_that_another_asks_is_not_asked_for_its_robots_txt(web):
    feed = kept(web, rss())
    time_passes()
    web.web.requests.clear()
    free, held = threading.Event(), threading.Event()

    def hold():
        with polling.turn_at(feed.address, every=1):
            held.set()
            free.wait(PATIENCE)
        connection.close()

    another = threading.Thread(target=hold)
    another.start()
    assert held.wait(PATIENCE)
    is_asked = polling.poll(feed_id=feed.pk)
    free.set()
    another.join()

    assert (is_asked, web.web.requests) == (False, [])
    assert poll(feed).failures == 0
    assert [one.split(b" ")[1] for one in web.web.requests] == [b"/robots.txt", b"/rss"]


def test_a_host_is_asked_one_thing_at_a_time_with_a_pause(web):
    feed = kept(web, rss(*serve(web, 1, 2)))
    poll(feed)
    time_passes()

    first, second = FeedItem.objects.order_by("pk")
    assert polling.hint_items() == [first.pk]
    assert polling.gather(item_id=first.pk)
    assert not polling.gather(item_id=second.pk)

    second.refresh_from_db()
    assert (second.state, second.attempts, second.held_until) == ("waiting", 0, None)


@pytest.mark.parametrize("wait", ["7200", "date"])
def test_a_site_says_how_long_to_stay_away(web, wait):
    feed = kept(web, rss())
    header = f"Retry-After: {in_seconds(7200) if wait == 'date' else wait}"
    web.serves(page(b"", header, status="503 Busy"), path="/rss")

    poll(feed)

    assert feed.failures == 1
    assert feed.next_poll_at - feed.polled_at >= timedelta(seconds=7190)


def test_each_failure_doubles_the_time_and_a_success_forgives_them(web):
    feed = kept(web, rss())
    web.serves(page(b"", status="500 Oops"), path="/rss")

    waits = [(poll(feed).next_poll_at - feed.polled_at).total_seconds() for _ in range(10)]
    web.serves(page(rss()), path="/rss")
    poll(feed)

    assert [round(wait) for wait in waits[:3]] == [600, 1200, 2400]
    assert round(waits[-1]) == polling.LONGEST_BACKOFF
    assert (feed.failures, feed.error) == (0, "")


def test_a_feed_that_is_gone_is_paused_by_the_machine_with_the_reason(web):
    feed = kept(web, rss())
    web.serves(page(b"", status="410 Gone"), path="/rss")

    poll(feed)

    assert (feed.paused_by, feed.pause_reason) == (
        None,
        "It answers 410: the page is gone for good.",
    )
    assert feed.events.latest("pk").action == "paused"
    assert polling.hint_feeds() == []


def test_a_feed_that_moved_for_good_is_followed_and_one_that_did_not_is_not(web):
    feed = kept(web, rss())
    web.serves(page(rss(*serve(web, 1))), path="/new")

    web.serves(moved("/new"), path="/rss")
    assert poll(feed).address == web.url("/rss")
    web.serves(moved("/new", status="301 Moved"), path="/rss")
    assert poll(feed).address == web.url("/new")

    words = f"From {web.url('/rss')} to {web.url('/new')}, as the site says."
    assert feed.events.latest("pk").words == words


# Duplicates


def test_the_same_article_in_two_feeds_is_fetched_once_and_seen_twice(web):
    (link,) = serve(web, 1)
    first = kept(web, rss(link))
    second = kept(web, rss(f"{link}?utm_source=other#top"), path="/other")
    poll(first), poll(second)

    states = [state for _, state in gather_all()]

    assert states == ["stored", "known"]
    assert len(asked(web, "/1")) == 1
    article = Article.objects.get()
    assert article.sightings.count() == 2
    assert FeedItem.objects.get(feed=second).article == article


def test_the_same_words_at_two_addresses_of_a_source_are_one_article(web):
    web.serves(story(1), path="/a"), web.serves(story(1), path="/b")
    feed = kept(web, rss(web.url("/a"), web.url("/b")), source="The Courier")
    poll(feed)

    assert gather_all() == [("/a", "stored"), ("/b", "known")]
    assert Sighting.objects.filter(article=Article.objects.get()).count() == 2


# What breaks


def test_an_article_that_fails_is_tried_again_and_then_said_to_have_failed(web):
    feed = kept(web, rss(web.url("/1"), web.url("/2")))
    poll(feed)
    web.serves(page(b"", status="500 Oops"), path="/1")
    for _ in range(polling.ATTEMPTS):
        gather_all()

    lost, absent = FeedItem.objects.order_by("pk")
    assert (lost.state, lost.attempts, lost.why) == (
        "failed", polling.ATTEMPTS, "It answers 500: the site fails.",
    )  # fmt: skip
    assert (absent.attempts, absent.why) == (1, "It answers 404: there is no such page.")


def test_what_a_full_disk_did_not_take_is_fetched_again_when_there_is_room(web, disk):
    poll(kept(web, rss(*serve(web, 1))))
    disk.is_full = True
    assert gather_all() == [("/1", "waiting")]
    assert FeedItem.objects.get().why == "Its bytes cannot be kept: No space left on device."

    disk.is_full = False

    assert gather_all() == [("/1", "stored")]


def test_what_the_database_did_not_take_because_of_others_is_fetched_again(web):
    poll(kept(web, rss(*serve(web, 1))))
    others = connection.copy()
    with others.cursor() as theirs, connection.cursor() as ours:
        theirs.execute("BEGIN; LOCK TABLE claims_snapshot")
        ours.execute("SET LOCAL lock_timeout = '100ms'")
        assert gather_all() == [("/1", "waiting")]
    others.close()

    assert FeedItem.objects.get().why.startswith("The database does not take it: canceling")
    assert gather_all() == [("/1", "stored")]


def test_a_worker_that_dies_before_it_stores_loses_nothing(web, monkeypatch):
    feed = kept(web, rss())
    web.serves(page(rss(*serve(web, 1)), 'ETag: "7"'), path="/rss")
    with monkeypatch.context() as patch:
        patch.setattr(polling, "_polled", dies)
        with pytest.raises(KeyboardInterrupt):
            poll(feed)
    time_passes()
    assert not polling.poll(feed_id=feed.pk)  # it is still held

    Feed.objects.update(held_until=datetime.now(UTC))
    poll(feed)
    feed.refresh_from_db()
    assert (feed.failures, feed.error, feed.etag) == (1, polling.DIED, "")
    poll(feed)

    assert (feed.failures, feed.etag) == (0, '"7"')
    assert gather_all() == [("/1", "stored")]


def dies(*args):
    raise KeyboardInterrupt


def test_an_article_that_kills_every_worker_fails_in_the_end(web, monkeypatch):
    feed = kept(web, rss(*serve(web, 1)))
    poll(feed)
    monkeypatch.setattr(polling, "_store", dies)
    item = FeedItem.objects.get()
    for _ in range(polling.ATTEMPTS):
        time_passes()
        with pytest.raises(KeyboardInterrupt):
            polling.gather(item_id=item.pk)
        FeedItem.objects.update(held_until=datetime.now(UTC))
    time_passes()
    polling.gather(item_id=item.pk)

    item.refresh_from_db()
    assert (item.state, item.why) == ("failed", polling.DIED)


BOMB = b"<!DOCTYPE r [<!ENTITY a 'x'><!ENTITY b '&a;&a;'>]><rss><channel>&b;</channel></rss>"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "There is nothing in it."),
        (b"<p>News</p>", "No feed, sitemap or web page: it begins with <p>."),
        (b"{}", "JSON, but no JSON Feed: it names no version of jsonfeed.org."),
        (b"[" * 99_999, "No feed, sitemap or web page: it is no XML."),
        (b"{\"a\":" * 99_999, "Its JSON cannot be read (maximum recursion depth exceeded"),
        (BOMB, "It declares entities, which no feed needs and nobody should read."),
        (BOMB.decode().encode("utf-16"),
         "It declares entities, which no feed needs and nobody should read."),
        (b"<rss>" * 99_999, "Elements stand in each other more than 60 deep."),
    ],
)  # fmt: skip
def test_what_is_no_feed_says_so_and_brings_nothing(web, content, why):
    feed = following.propose(web.serves(page(content), path="/x"), by=factories.supervisor())

    poll(feed)

    assert feed.error[: len(why)] == why
    assert feed.failures == 1


def naming(address: str) -> bytes:
    """A page that names one feed."""
    link = f'<link rel="alternate" type="application/rss+xml" href="{address}">'
    return page(
        f"<html><head><title>News</title>{link}</head><body><p>News</p></body></html>".encode(),
        "Content-Type: text/html; charset=utf-8",
    )


@pytest.mark.parametrize(
    ("feeds", "looks", "why"),
    [
        (["/a"], 1, "It is a web page that names itself as its feed."),
        (["/a?utm_source=feed#top"], 1, "It is a web page that names itself as its feed."),
        (["/b", "/a"], 4, "It is a web page, as are those that led to it: no feed."),
        (["/b", "/c", "/d", "/e", "/f"], 4,
         "It is a web page, as are those that led to it: no feed."),
    ],
)  # fmt: skip
def test_a_page_whose_feed_is_a_page_is_not_looked_at_for_ever(web, feeds, looks, why):
    for path, named in zip("abcdef", feeds, strict=False):
        web.serves(naming(web.url(named)), path=f"/{path}")
    feed = following.propose(web.url("/a"), by=factories.supervisor())

    for _ in range(9):
        poll(feed)

    asked_for = [one.split(b" ")[1] for one in web.web.requests]
    assert len([path for path in asked_for if path != b"/robots.txt"]) == looks
    assert (feed.error, feed.preview, polling.hint_proposed()) == (why, [], [])


def test_which_address_a_page_led_to_is_told(web):
    web.serves(naming(web.url("/rss")), path="/a")
    web.serves(page(rss(*serve(web, 1))), path="/rss")
    feed = following.propose(web.url("/a"), by=factories.supervisor())

    poll(feed), poll(feed)

    assert (feed.kind, feed.error) == ("rss", "")
    assert feed.events.latest("pk").words == f"Address: {web.url('/rss')}, as {web.url('/a')} says."


def test_a_feed_without_end_is_a_failure_in_time(web):
    feed = kept(web, rss())

    def endless():
        yield b"HTTP/1.1 200 OK\r\n\r\n<rss><channel>"
        while True:
            yield b"<item><link>/x</link></item>" * 10_000

    web.web.answers["/rss"] = endless
    poll(feed)

    assert feed.error == "The answer is larger than 10 MB."


def test_broken_xml_gives_what_can_be_told_of_it(web):
    (link,) = serve(web, 1)
    feed = kept(web, rss(link).replace(b"Of ", b"Of & &nbsp;").replace(b"</channel>", b""))

    poll(feed)

    assert feed.note.startswith("Its XML is broken (not well-formed")
    assert gather_all() == [("/1", "stored")]


def test_ten_thousand_items_come_in_portions_the_newest_first(web):
    links = [web.url(f"/{number}") for number in range(10_000)]
    feed = kept(web, rss())
    web.serves(page(rss(*links), 'ETag: "7"'), path="/rss")

    poll(feed)
    assert feed.note == "9,800 more are taken with the next polls, at most 1,000 a day."
    assert feed.etag == ""
    assert FeedItem.objects.count() == polling.MOST_NEW
    web.serves(page(rss(*links[:300]), 'ETag: "7"'), path="/rss")
    poll(feed)

    assert feed.etag == '"7"'
    assert FeedItem.objects.count() == 300


def test_a_feed_has_so_many_a_day_and_the_rest_waits(web, settings):
    settings.FEED_ITEMS_A_DAY = 3
    links = [web.url(f"/{number}") for number in range(5)]
    feed = kept(web, rss())
    web.serves(page(rss(*links), 'ETag: "7"'), path="/rss")

    notes = [poll(feed).note for _ in range(2)]
    assert notes == ["2 more are taken with the next polls, at most 3 a day."] * 2
    assert (feed.items.count(), feed.etag) == (3, "")
    feed.items.update(seen_at=datetime.now(UTC) - timedelta(days=1))
    poll(feed)

    assert (feed.items.count(), feed.note) == (5, "")


# Sitemaps


def test_an_index_of_sitemaps_is_read_step_by_step_and_only_what_is_young_is_taken(web):
    serve(web, 1)
    old = datetime.now(UTC) - timedelta(days=30)
    web.serves(page(sitemap(web.url("/1"))), path="/new.xml")
    web.serves(page(sitemap(web.url("/0"), at=old)), path="/old.xml")
    feed = kept(web, index(web.url("/new.xml"), web.url("/old.xml")), path="/sitemap.xml")

    poll(feed)
    gather_all()

    assert gather_all() == [("/new.xml", "read"), ("/old.xml", "read"), ("/1", "stored")]
    note = FeedItem.objects.get(canonical=web.url("/old.xml")).why
    assert note == "1 without a date, or more than 7 days old, are not taken."


def test_an_index_brings_no_more_from_one_poll_than_a_feed(web, monkeypatch):
    monkeypatch.setattr(polling, "MOST_NEW", 8)
    names = ["/a.xml", "/b.xml", "/c.xml"]
    for name in names[:2]:
        links = [web.url(f"{name}/{number}") for number in range(5)]
        web.serves(page(sitemap(*links)), path=name)
    web.serves(page(index(*[web.url(f"/{n}.xml") for n in range(5)])), path="/c.xml")
    feed = kept(web, index(*map(web.url, names)), path="/sitemap.xml")

    poll(feed)
    read(*names)
    assert feed.items.count() == 8
    why = feed.items.get(address=web.url("/c.xml")).why
    assert why == "5 more are taken with the next polls, at most 1,000 a day."
    feed.refresh_from_db()
    assert feed.note == (
        "Its sitemaps name more, taken with the next polls, at most 1,000 a day."
    )  # fmt: skip
    poll(feed)
    read(*names)

    assert feed.items.count() == 16
    poll(feed)
    read(*names)
    feed.refresh_from_db()
    assert (feed.items.count(), feed.note) == (3 + 5 + 5 + 5, "")


def read(*names):
    for name in names:
        (item,) = FeedItem.objects.filter(address__endswith=name, sitemap__gt=0)
        time_passes()
        polling.gather(item_id=item.pk)


def test_an_index_that_names_itself_ends(web):
    feed = kept(web, index(web.url("/2.xml")), path="/1.xml")
    web.serves(page(index(web.url("/3.xml"), web.url("/1.xml"))), path="/2.xml")
    web.serves(page(index(web.url("/4.xml"))), path="/3.xml")

    poll(feed)
    gather_all()
    states = gather_all()

    assert states == [("/2.xml", "read"), ("/3.xml", "failed"), ("/1.xml", "failed")]
    assert FeedItem.objects.get(canonical=web.url("/3.xml")).why == (
        "An index in an index of sitemaps is read, no deeper one."
    )


# Two at once


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_poll_at_once_ask_once_and_note_each_item_once(web):
    feed = kept(web, rss(*serve(web, 1, 2)))
    before = len(asked(web, "/rss"))
    start, done = threading.Barrier(2), []

    def work():
        start.wait()
        done.append(polling.poll(feed_id=feed.pk))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(done) == [False, True]
    assert len(asked(web, "/rss")) == before + 1
    assert FeedItem.objects.count() == 2
