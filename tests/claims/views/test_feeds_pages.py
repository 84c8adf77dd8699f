"""Adding, keeping and watching feeds, without scripts."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from claims import polling
from claims.models import Feed, FeedItem
from tests import chromium, factories
from tests.feeds import poll, rss, time_passes
from tests.hostile import page
from tests.serving import problems_of, served, sign_in, signed_in


@pytest.fixture
def desk(db) -> Client:
    return signed_in(factories.supervisor())


def html(answer) -> str:
    return answer.content.decode()


def look_at(web, desk, content: bytes, path: str = "/rss") -> Feed:
    """Propose what stands at `path`, as the page does, and let a worker look at it."""
    answer = desk.post("/feeds/", {"address": web.serves(page(content), path=path)})
    feed = Feed.objects.get(ref=answer["Location"].split("/")[2])
    return poll(feed)


class TestAdding:
    def test_from_the_address_to_the_first_poll(self, web, desk):
        feed = look_at(web, desk, rss(web.url("/1")))
        shown = html(desk.get(f"/feeds/{feed.ref}/"))
        assert f"Of {web.url('/1')}" in shown
        assert "Keep the feed" in shown

        answer = desk.post(
            f"/feeds/{feed.ref}/keep/", {"source": "The Courier", "every": ""}, follow=True
        )
        assert "Kept. Its articles come in from now on." in html(answer)
        poll(feed)

        assert [item.address for item in feed.items.all()] == [web.url("/1")]
        assert [event.action for event in feed.events.order_by("pk")] == ["added", "kept"]
        assert feed.source.name == "The Courier"

    def test_a_page_that_names_one_feed_leads_to_it(self, web, desk):
        web.serves(page(rss(web.url("/1"))), path="/rss")
        link = b"<link rel=alternate type=application/rss+xml href=/rss>"
        feed = look_at(web, desk, b"<!doctype html><title>Home</title>" + link, path="/")

        poll(feed)

        assert (feed.address, feed.kind) == (web.url("/rss"), "rss")

    def test_a_page_that_names_several_lets_people_choose(self, web, desk):
        links = b"".join(
            b"<link rel=alternate type=application/atom+xml href=/%s title=%s>" % (one, one)
            for one in (b"news", b"sport")
        )
        feed = look_at(web, desk, b"<!doctype html>" + links, path="/")
        assert html(desk.get(f"/feeds/{feed.ref}/")).count("See what it brings") == 2

        desk.post(f"/feeds/{feed.ref}/look/", {"address": web.url("/news")})

        feed.refresh_from_db()
        assert (feed.address, feed.state) == (web.url("/news"), "looking")

    def test_while_it_is_looked_at_the_page_asks_again_and_then_shows_all(self, web, desk):
        answer = desk.post("/feeds/", {"address": web.serves(page(rss()), path="/rss")})
        where = answer["Location"]
        waiting = desk.get(where, headers={"hx-request": "true"})
        assert html(waiting).startswith('<div id="feed" class="stack" hx-get=')
        time_passes()
        polling.poll(feed_id=Feed.objects.get().pk)

        assert desk.get(where, headers={"hx-request": "true"})["HX-Refresh"] == "true"

    @pytest.mark.parametrize(
        ("address", "why"),
        [
            ("", "This field is required."),
            ("http://10.0.0.1/", "10.0.0.1 is private"),
            ("ftp://a.example/", "“ftp:” is not read"),
            ("https://a.example:22/", "Port 22 is not read"),
            ("\0", "Null characters are not allowed."),
        ],
    )
    def test_an_address_that_is_none_says_why_and_stays(self, desk, address, why):
        answer = desk.post("/feeds/", {"address": address})

        assert answer.status_code == 422
        assert why in html(answer)
        assert not Feed.objects.exists()

    def test_one_that_is_here_already_is_shown(self, desk):
        feed = factories.feed()

        answer = desk.post("/feeds/", {"address": feed.address})

        assert answer.status_code == 422
        assert f'<a href="/feeds/{feed.ref}/">' in html(answer)

    def test_what_is_no_feed_cannot_be_kept(self, web, desk):
        feed = look_at(web, desk, b"<!doctype html><p>News")
        assert "names no feed." in html(desk.get(f"/feeds/{feed.ref}/"))

        answer = desk.post(f"/feeds/{feed.ref}/keep/", {"source": "", "every": ""}, follow=True)

        assert "It was not seen to be a feed yet." in html(answer)


class TestChanging:
    def test_pause_resume_and_remove_with_reasons_that_stay(self, desk):
        feed = factories.feed()
        for action in ("pause", "resume", "remove"):
            desk.post(f"/feeds/{feed.ref}/{action}/", {"reason": f"We {action} it."})

        shown = html(desk.get(f"/feeds/{feed.ref}/"))
        assert [event.words for event in feed.events.order_by("pk")][-3:] == [
            "We pause it.", "We resume it.", "We remove it.",
        ]  # fmt: skip
        assert "We pause it." in shown
        assert "Remove for ever" not in shown
        assert polling.hint_feeds() == []

    @pytest.mark.parametrize("action", ["pause", "remove"])
    def test_without_a_reason_nothing_is_done(self, desk, action):
        feed = factories.feed()

        answer = desk.post(f"/feeds/{feed.ref}/{action}/", {"reason": " "}, follow=True)

        assert "Say why." in html(answer)
        assert Feed.objects.running().count() == 1

    def test_a_paused_feed_is_not_polled_and_what_waits_is_not_fetched(self, desk):
        feed = factories.feed(paused="A trial.")
        feed.items.create(address="https://a.example/", canonical="https://a.example/")

        answer = desk.post(f"/feeds/{feed.ref}/poll/", follow=True)

        assert "It is paused: resume it first." in html(answer)
        assert (polling.hint_feeds(), polling.hint_items()) == ([], [])

    def test_source_and_interval_are_changed_and_noted(self, desk):
        feed = factories.feed()

        desk.post(f"/feeds/{feed.ref}/change/", {"source": "Daily Tide", "every": "45"})

        feed.refresh_from_db()
        assert (feed.source.name, feed.interval) == ("Daily Tide", 2700)
        assert feed.events.latest("pk").words == (
            "Source: “Daily Tide”; polled every 45 minutes. "
            "Before: Source: as each page says; polled as it brings news."
        )

    def test_an_interval_out_of_bounds_is_refused_beside_what_was_typed(self, desk):
        feed = factories.feed()

        answer = desk.post(f"/feeds/{feed.ref}/change/", {"source": "Daily Tide", "every": "1"})

        assert answer.status_code == 422
        assert 'value="Daily Tide"' in html(answer)
        assert "greater than or equal to 5" in html(answer)

    def test_what_failed_is_tried_again(self, desk):
        item = factories.failed_item()

        answer = desk.post(f"/feeds/{item.feed.ref}/retry/", follow=True)

        assert "1 on the list again." in html(answer)
        assert polling.hint_items() == [item.pk]


class TestReading:
    def test_the_list_says_how_each_feed_goes(self, desk):
        failing = factories.feed(title="Failing", failures=3, error="It answers 500.")
        FeedItem.objects.create(
            feed=failing, address="https://a.example/", canonical="https://a.example/",
            state="stored", settled_at=failing.added_at, article=factories.article(),
        )  # fmt: skip
        factories.failed_item(failing)
        factories.feed(title="Resting", paused="Too many letters to the editor.")

        shown = html(desk.get("/feeds/"))
        assert 'It answers 500. <span class="soft">3 times in a row.</span>' in shown
        assert '<td class="number" data-label="New in 7 days">1</td>' in shown
        assert f'href="/feeds/{failing.ref}/?state=failed">1<' in shown
        assert "Too many letters to the editor." in shown
        assert "Resting" not in html(desk.get("/feeds/?state=failing"))

    def test_the_empty_list_says_what_to_do_to_those_who_may(self, desk):
        assert "Give the address of one above" in html(desk.get("/feeds/"))
        reader = html(signed_in(factories.fact_checker()).get("/feeds/"))
        assert "Supervisors and data editors add and change feeds." in reader
        assert "Give the address" not in reader

    def test_lists_take_the_same_queries_however_long_and_have_pages(self, desk):
        feed = factories.failed_item().feed
        few = [queries(desk, where) for where in ("/feeds/", f"/feeds/{feed.ref}/")]
        for _ in range(55):
            factories.feed(by=feed.added_by)
            factories.failed_item(feed)

        assert [queries(desk, where) for where in ("/feeds/", f"/feeds/{feed.ref}/")] == few
        assert "?state=failed&amp;after=" in html(desk.get(f"/feeds/{feed.ref}/?state=failed"))
        assert "?after=" in html(desk.get("/feeds/"))

    def test_what_a_feed_says_is_never_markup(self, web, desk):
        feed = look_at(web, desk, rss(web.url("/1"), title="&lt;b hx-get='/x'&gt;News"))

        for where in ("/feeds/", f"/feeds/{feed.ref}/"):
            assert "&lt;b hx-get=&#x27;/x&#x27;&gt;News" in html(desk.get(where))


def queries(desk: Client, where: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert desk.get(where).status_code == 200
    return len(captured)


@pytest.mark.browser
def test_the_pages_are_accessible_fit_a_phone_and_show_what_was_found(transactional_db):
    failing = factories.feed(title="The Courier " * 12, failures=3, error="It answers 500. " * 9)
    factories.failed_item(failing)
    proposed = factories.feed(
        kept=False, preview=[{"url": "https://a.example/" + "x" * 300, "title": "", "at": None}]
    )
    looking = factories.feed(kept=False, polled_at=None)
    changed = factories.page_change(factories.article())
    addresses = [
        "/feeds/", failing.get_absolute_url(), proposed.get_absolute_url(),
        changed.article.get_absolute_url(),
    ]  # fmt: skip
    phone = {"width": 360, "height": 740}

    with (
        served() as site,
        chromium.browser(base_url=site, color_scheme="dark", viewport=phone) as context,
    ):
        problems = problems_of(context)
        sign_in(context, failing.added_by, site)
        page = context.pages[0]
        for address in addresses:
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, address
            result = Axe().run(page)
            assert result.violations_count == 0, result.generate_report()
        page.goto(looking.get_absolute_url())
        Feed.objects.filter(pk=looking.pk).update(polled_at=looking.added_at)
        connections.close_all()  # beside Playwright's loop a test has one of its own
        page.get_by_role("button", name="Keep the feed").wait_for()

        assert problems == []
