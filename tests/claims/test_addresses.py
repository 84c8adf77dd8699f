"""Many web addresses at once: each is asked for as its site allows, and its fate is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db.models.functions import Now
from django.utils import timezone

from claims import importing, polling
from claims.models import Article, Import, ImportItem
from claims.reading import Unreadable
from tests import factories
from tests.claims.conftest import turn_comes_meanwhile
from tests.feeds import story
from tests.hostile import moved, page
from tests.serving import signed_in

pytestmark = pytest.mark.django_db


def begun(*lines: str) -> Import:
    return importing.begin(importing.asked_for("\n".join(lines)), by=factories.fact_checker())


def time_passes() -> None:
    """Every site may be asked again, and what was put off is due."""
    cache.clear()
    ImportItem.objects.waiting().update(next_try_at=Now(), hinted_at=None)


def all_asked() -> None:
    """Let workers fetch whatever waits, as often as that takes; a bounded number of rounds."""
    for _ in range(20):
        time_passes()
        for item_id in importing.hint_addresses():
            importing.gather(item_id=item_id)
    assert not ImportItem.objects.waiting().exists()


def told(batch: Import) -> list[tuple[str, str, str]]:
    return [(place, outcome, why) for place, outcome, _, _, why in importing.report(batch)]


class TestReadingTheLines:
    def test_each_address_is_asked_once_and_what_is_none_is_told(self):
        handed = importing.asked_for(
            "https://a.example/1\n\n  https://a.example/1#end \nb.example/2\r\nftp://c.example/3\n"
            "not one\n"
        )

        assert [(one.place, one.asked) for one in handed] == [
            ("https://a.example/1", "https://a.example/1"),
            ("b.example/2", "https://b.example/2"),
            ("ftp://c.example/3", ""),
            ("not one", ""),
        ]
        assert all(one.why for one in handed if not one.asked)

    @pytest.mark.parametrize("lines", ["", " \n\t\n", "not one\nneither this"])
    def test_lines_without_an_address_are_refused_whole(self, lines):
        with pytest.raises(Unreadable, match="There is no web address in it"):
            importing.asked_for(lines)

    def test_too_many_are_refused_whole(self):
        lines = "\n".join(f"https://a.example/{number}" for number in range(5001))

        with pytest.raises(Unreadable, match="More than 5,000 addresses"):
            importing.asked_for(lines)


class TestAsking:
    def test_new_known_and_failed_are_told_in_the_order_of_the_lines(self, web):
        first = web.serves(story(1), path="/1")
        again = web.serves(moved("/1"), path="/again")
        gone = web.serves(page(b"", status="404 Not Found"), path="/gone")
        batch = begun(first, again, "not one", gone)

        all_asked()

        assert [(place, outcome) for place, outcome, _ in told(batch)] == [
            (first, "New"), (again, "Known already"), ("not one", "Failed"), (gone, "Failed"),
        ]  # fmt: skip
        assert told(batch)[-1][2] == "It answers 404: there is no such page."
        snapshot = Article.objects.get().snapshots.get(address=first)
        assert dict(snapshot.response_headers)["Content-Type"].startswith("text/html")

    def test_a_site_is_asked_for_one_at_a_time(self, web):
        web.names.records["tide.example"] = [["127.0.0.1"]]
        begun(web.url("/1"), web.url("/2"), web.url("/3", host="tide.example"))

        assert len(importing.hint_addresses()) == 2

    def test_who_is_not_to_be_asked_yet_waits_and_loses_no_attempt(self, web):
        batch = begun(web.serves(story(1), path="/1"), web.serves(story(2), path="/2"))
        first, second = batch.items.order_by("pk")
        assert importing.gather(item_id=first.pk)

        assert not importing.gather(item_id=second.pk)

        second.refresh_from_db()
        assert (second.state, second.attempts) == ("waiting", 0)
        assert importing.hint_addresses() == []
        time_passes()
        assert importing.hint_addresses() == [second.pk]

    def test_a_site_that_fails_is_asked_again_later_and_thrice_at_most(self, web):
        batch = begun(web.serves(page(b"", status="503 Later"), path="/1"))
        (item_id,) = batch.items.values_list("pk", flat=True)

        time_passes()
        assert not importing.gather(item_id=item_id)
        assert importing.hint_addresses() == []
        time_passes()
        assert not importing.gather(item_id=item_id)
        time_passes()
        assert importing.gather(item_id=item_id)

        assert [outcome for _, outcome, _ in told(batch)] == ["Failed"]

    def test_a_message_that_comes_again_asks_nobody_before_its_time(self, web):
        batch = begun(web.serves(page(b"", "Retry-After: 1800", status="429 Slow down"), path="/1"))
        (item_id,) = batch.items.values_list("pk", flat=True)

        for _ in range(5):
            cache.clear()
            assert not importing.gather(item_id=item_id)

        item = batch.items.get()
        assert (item.state, item.attempts) == ("waiting", 1)
        assert item.next_try_at > timezone.now() + timedelta(minutes=29)
        assert [one.split()[1] for one in web.web.requests].count(b"/1") == 1

    def test_a_message_that_comes_again_leaves_it_to_who_is_at_it(self, web, monkeypatch):
        batch = begun(web.serves(story(1), path="/1"))
        batch.items.update(attempts=importing.ATTEMPTS - 1)
        item_id, ask = batch.items.get().pk, polling.ask

        def while_asking(*how):
            assert not importing.gather(item_id=item_id)
            return ask(*how)

        monkeypatch.setattr(polling, "ask", while_asking)

        assert importing.gather(item_id=item_id)
        assert [outcome for _, outcome, _ in told(batch)] == ["New"]

    def test_what_robots_txt_forbids_is_told_as_that(self, web):
        web.serves(page(b"User-agent: *\nDisallow: /", "Content-Type: text/plain"),
                   path="/robots.txt")  # fmt: skip
        batch = begun(web.serves(story(1), path="/1"))

        all_asked()

        (_, outcome, why) = told(batch)[0]
        assert (outcome, "robots.txt" in why) == ("Failed", True)
        assert Article.objects.count() == 0

    def test_one_that_killed_its_worker_is_given_up(self, web):
        batch = begun(web.serves(story(1), path="/1"))
        batch.items.update(attempts=importing.ATTEMPTS)

        assert importing.gather(item_id=batch.items.get().pk)

        assert told(batch)[0][1:] == ("Failed", importing.DIED)

    def test_one_whose_turn_comes_just_now_is_not_given_up(self, web):
        batch = begun(web.serves(story(1), path="/1"))
        batch.items.update(attempts=1)

        with turn_comes_meanwhile(ImportItem):
            assert not importing.gather(item_id=batch.items.get().pk)

        assert batch.items.values_list("state", "attempts").get() == ("waiting", 1)

    def test_what_failed_is_tried_again(self, web):
        batch = begun(web.serves(page(b"", status="404 Not Found"), path="/1"), "not one")
        all_asked()
        web.serves(story(1), path="/1")

        assert importing.retry(batch) == 1
        all_asked()

        assert [outcome for _, outcome, _ in told(batch)] == ["New", "Failed"]

    def test_two_workers_at_one_address_make_one_article(self, web):
        batch = begun(web.serves(story(1), path="/1"))
        item_id = batch.items.get().pk
        importing.gather(item_id=item_id)
        cache.clear()

        assert importing.gather(item_id=item_id)

        assert Article.objects.count() == 1
        assert [outcome for _, outcome, _ in told(batch)] == ["New"]

    def test_the_look_for_the_next_costs_the_same_for_many(self, web, django_assert_num_queries):
        ImportItem.objects.update(hinted_at=Now() - timedelta(minutes=2))
        begun(*[f"https://a{number % 7}.example/{number}" for number in range(200)])

        with django_assert_num_queries(6):
            assert len(importing.hint_addresses()) == 7


class TestThePage:
    def send(self, lines: str):
        answer = signed_in(factories.fact_checker()).post(
            "/articles/new/", {"way": "addresses", "addresses": lines}
        )
        return answer, answer.content.decode()

    def test_lines_become_an_import(self):
        answer, _ = self.send("https://a.example/1\nb.example/2\nnothing at all")

        batch = Import.objects.get()
        assert (answer.status_code, answer.url) == (302, batch.get_absolute_url())
        assert list(batch.items.order_by("pk").values_list("host", "state")) == [
            ("a.example", "waiting"), ("b.example", "waiting"), ("", "failed"),
        ]  # fmt: skip

    def test_what_holds_no_address_is_refused_and_stays_in_the_field(self):
        answer, words = self.send("only words")

        assert answer.status_code == 422
        assert "There is no web address in it" in words
        assert "only words</textarea>" in words
        assert not Import.objects.exists()
