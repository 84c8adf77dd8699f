"""Cited pages are looked at again: what changed is told, and the copy stays as it was kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from claims import archiving, capturing, comparing, watching
from claims.comparing import Change
from claims.models import Capture, Revision, Watch
from tests import factories, files
from tests.feeds import story
from tests.hostile import moved, page

pytestmark = pytest.mark.django_db

SAID = "The page changed after it was read:"
HTML = "Content-Type: text/html; charset=utf-8"


def kept(web, answer: bytes) -> Capture:
    """The copy of a page that was archived an hour and a half ago, and is watched since."""
    Capture.objects.create(asked=web.serves(answer, path="/1"))
    (capture_id,) = capturing.hint()
    capturing.take(capture_id=capture_id)
    copy = Capture.objects.get(pk=capture_id)
    watching.watch([], copies=[copy], since=datetime.now(UTC) - timedelta(minutes=90))
    return copy


@pytest.fixture
def copy(web) -> Capture:
    return kept(web, story(1, "The catch was 17 tonnes."))


def look(web, *steps: bytes) -> Watch:
    """The page as it is now is looked at, when its turn has come."""
    if steps:
        web.serves(*steps, path="/1")
    cache.clear()
    Watch.objects.update(next_look_at=Now(), hinted_at=None)
    for watch_id in watching.hint():
        assert watching.look(watch_id=watch_id)
    return Watch.objects.get()


def told() -> list[str]:
    return [str(revision) for revision in Revision.objects.order_by("pk")]


def test_a_page_that_stays_as_it_was_tells_nothing(web, copy):
    row = look(web)

    assert (told(), row.error, Capture.objects.count()) == ([], "", 1)
    assert row.next_look_at - row.since == timedelta(hours=3)


def test_other_bytes_with_the_same_words_are_no_change(web, copy):
    advert = b"<aside class='advert' data-token='8812'></aside></body>"
    answer = story(1, "The catch was 17 tonnes.").partition(b"\r\n\r\n")[2]
    unnamed = set(archiving.unreferenced())

    look(web, page(answer.replace(b"</body>", advert), HTML))

    assert (told(), Capture.objects.count()) == ([], 1)
    assert set(archiving.unreferenced()) == unnamed


def test_other_words_are_told_word_by_word_and_the_copy_stays(web, copy):
    look(web, story(1, "The catch was 71 tonnes, they say."))

    assert told() == [f"{SAID} 3 words"]
    change = Revision.objects.get()
    (passage,) = change.passages
    assert [(one["op"], one["text"]) for one in passage if one["op"] != "equal"] == [
        ("delete", "17"), ("insert", "71"), ("insert", ", they say"),
    ]  # fmt: skip
    assert (change.capture, change.before_capture) == (copy, copy)
    assert b"17 tonnes" in archiving.content_of(Capture.objects.get(pk=copy.pk))
    assert b"71 tonnes" in archiving.content_of(change.after_capture)
    assert list(archiving.faults()) == []
    assert archiving.place_of(change.after_capture.sha256) not in set(archiving.unreferenced())


def test_each_change_is_told_once_and_a_change_back_is_one(web, copy):
    changed, first = story(1, "The catch was 71 tonnes."), story(1, "The catch was 17 tonnes.")

    for answer in (changed, changed, first, first):
        look(web, answer)

    assert told() == [f"{SAID} 1 word"] * 2
    assert Revision.objects.latest("pk").after_capture.sha256 == copy.sha256


def test_a_new_headline_is_told_as_such(web, copy):
    look(web, story(1, "The catch was 17 tonnes.").replace(b">Quay 1<", b">Pier 1<"))

    change = Revision.objects.get()
    assert str(change) == f"{SAID} its headline and 1 word"
    assert (change.old_title, change.new_title) == ("Quay 1", "Pier 1")


def test_where_no_text_can_be_read_the_bytes_are_compared(web):
    kept(web, page(files.pdf(), "Content-Type: application/pdf"))

    look(web)
    look(web, page(files.pdf() + b"\n%", "Content-Type: application/pdf"))

    assert told() == [f"{SAID} its bytes, which have no text to compare"]


def test_of_a_web_page_without_text_nothing_is_told_but_that_it_cannot_be_compared(web):
    kept(web, page(b"<html><body><div id='app-1'></div></body></html>", HTML))

    row = look(web, page(b"<html><body><div id='app-2'></div></body></html>", HTML))

    assert told() == []
    assert row.error.startswith("What changes in it cannot be told, its copy has no text:")


def test_a_page_that_says_it_has_not_changed_is_believed(web, copy):
    answer = story(1, "The catch was 17 tonnes.").partition(b"\r\n\r\n")[2]
    look(web, page(answer, HTML, 'ETag: "7"'))

    look(web, page(b"", status="304 Not Modified"))

    assert b'\r\nIf-None-Match: "7"\r\n' in web.web.requests[-1]
    assert told() == []


@pytest.mark.parametrize(
    ("absent", "why"),
    [
        ("404", "It answers 404:"),
        ("elsewhere", "It leads to http://"),
        ("other words", "Something else stands there now: 0% of its words"),
        ("a picture", "No text stands there:"),
    ],
)
def test_what_is_not_found_once_is_doubted_and_twice_is_gone(web, copy, absent, why):
    other = b"<html><body><article><p>Please accept our many small biscuits, or else subscribe"
    answer = {
        "404": page(b"", status="404 Not Found"),
        "elsewhere": moved("/home"),
        "other words": page(other, HTML),
        "a picture": page(b"\x89PNG\r\n\x1a\n", "Content-Type: image/png"),
    }[absent]
    web.web.answers["/home"] = [page(other.replace(b"biscuits", b"sections"), HTML)]

    row = look(web, answer)
    assert (told(), row.doubts) == ([], 1)
    look(web, answer)
    look(web, answer)

    assert told() == ["The page is gone"]
    assert Revision.objects.get().why.startswith(why)
    assert Capture.objects.count() == 1


def test_gone_for_good_is_told_at_once_and_so_is_coming_back(web, copy):
    look(web, page(b"", status="410 Gone"))
    look(web, story(1, "The catch was 17 tonnes."))

    assert told() == ["The page is gone", "The page is there again"]


def test_a_site_that_fails_says_nothing_of_its_page(web, copy):
    for _ in range(3):
        row = look(web, page(b"", status="503 Busy"))

    assert (told(), row.error) == ([], "It answers 503: the site fails.")


def test_its_robots_txt_is_heeded(web, copy):
    web.serves(page(b"User-agent: *\nDisallow: /1", "Content-Type: text/plain"), path="/robots.txt")

    row = look(web, story(1, "The catch was 71 tonnes."))

    assert (told(), "robots.txt" in row.error) == ([], True)


def test_a_copy_that_is_missing_on_the_shelf_tells_nothing(web, copy):
    shelf = archiving.storages[archiving.SHELF]
    shelf.delete(archiving.place_of(copy.sha256))

    row = look(web, story(1, "The catch was 71 tonnes."))

    assert (told(), "its bytes are missing" in row.error) == ([], True)


def test_what_is_not_kept_is_not_watched(web):
    waiting = Capture.objects.create(asked="https://a.example/")

    watching.watch([], copies=[waiting], since=datetime.now(UTC))

    assert not Watch.objects.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE claims_watch SET capture_id = NULL",
        "UPDATE claims_watch SET article_id = %s, current_id = %s",
        "UPDATE claims_revision SET article_id = %s",
        "UPDATE claims_revision SET after_capture_id = NULL",
    ],
)
def test_a_watch_and_a_change_are_of_one_page(statement):
    copy = Capture.objects.create(
        asked="https://a.example/", state="kept", sha256="0" * 64, taken_at=Now()
    )
    factories.copy_change(Capture.objects.get(pk=copy.pk))
    article = factories.article().pk

    with (
        pytest.raises(IntegrityError, match=r"claims_(watch_of|revision_of|revision_changed)"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, [article] * statement.count("%s"))


class TestInBrief:
    def test_what_stays_is_left_out_but_for_what_stands_around_a_change(self):
        before, after = "a " * 500, "z " * 500

        found = comparing.passages(f"{before}17 {after}", f"{before}71 {after}")
        ((first, gone, come, last),) = comparing.brief(found)

        assert (gone, come) == (Change("delete", "17"), Change("insert", "71"))
        assert (first.text[:3], first.text[-2:]) == (" … ", "a ")
        assert (last.text[:3], last.text[-3:]) == (" z ", " … ")
        assert len(first.text) + len(last.text) < 3 * comparing.AROUND

    def test_of_very_much_the_first_is_shown_and_said_that_there_is_more(self):
        runs = [(Change("delete", "w" * 30_000), Change("insert", "v" * 30_000))] * 5

        brief = comparing.brief(runs)

        assert brief[-1][-1] == Change("equal", comparing.MORE)
        assert sum(len(one.text) for passage in brief for one in passage) < 2 * comparing.MOST
