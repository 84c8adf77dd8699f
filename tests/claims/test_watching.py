"""Pages are looked at again: what changed is told, and what was read stays as it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db.models.functions import Now

from claims import comparing, gathering, watching
from claims.models import Article, Revision, Watch
from tests.feeds import story
from tests.hostile import moved, page

pytestmark = pytest.mark.django_db


@pytest.fixture
def read(web) -> Article:
    """An article that was read an hour and a half ago, and is watched since."""
    url = web.serves(story(1, "The catch was 17 tonnes."), path="/1")
    (receipt,) = gathering.receive(url).receipts
    since = datetime.now(UTC) - timedelta(minutes=90)
    watching.watch([receipt.article], since=since)
    look(web)
    return receipt.article


def look(web, *steps) -> Watch:
    """The page as it is now is looked at, when its turn has come."""
    if steps:
        web.serves(*steps, path="/1")
    cache.clear()
    Watch.objects.update(next_look_at=Now(), hinted_at=None)
    for watch_id in watching.hint():
        assert watching.look(watch_id=watch_id)
    return Watch.objects.get()


def told():
    return [str(revision) for revision in Revision.objects.order_by("pk")]


def test_a_page_that_stays_as_it_was_tells_nothing(web, read):
    row = look(web)

    assert (told(), row.error, row.doubts) == ([], "", 0)
    assert row.next_look_at - row.since == timedelta(hours=3)


def test_other_words_are_told_word_by_word_and_what_was_read_stays(web, read):
    text = read.text

    look(web, story(1, "The catch was 71 tonnes, they say."))

    assert told() == ["The page changed after it was read: 3 words"]
    (shown,) = watching.changes_in(read)
    (passage,) = shown.passages
    assert [(one.op, one.text) for one in passage if one.op != "equal"] == [
        ("delete", "17"), ("insert", "71"), ("insert", ", they say"),
    ]  # fmt: skip
    read.refresh_from_db()
    assert (read.text, read.snapshots.count()) == (text, 1)
    later = shown.revision.after
    assert (later.revises, later.snapshots.count()) == (read, 1)


def test_each_change_is_told_once_and_a_change_back_is_one(web, read):
    changed, first = story(1, "The catch was 71 tonnes."), story(1, "The catch was 17 tonnes.")

    for answer in (changed, changed, first, first):
        look(web, answer)

    assert told() == ["The page changed after it was read: 1 word"] * 2
    assert Revision.objects.latest("pk").after == read


def test_a_new_headline_is_told_as_such(web, read):
    answer = story(1, "The catch was 17 tonnes.").replace(b">Quay 1<", b">Pier 1<")

    look(web, answer)

    (revision,) = Revision.objects.all()
    assert str(revision) == "The page changed after it was read: its headline and 1 word"
    assert (revision.old_title, revision.new_title) == ("Quay 1", "Pier 1")


def test_a_page_that_says_it_has_not_changed_is_believed(web, read):
    look(web, page(story(1, "The catch was 17 tonnes.").partition(b"\r\n\r\n")[2],
                   "Content-Type: text/html", 'ETag: "7"'))  # fmt: skip
    look(web, page(b"", status="304 Not Modified"))

    assert b'\r\nIf-None-Match: "7"\r\n' in web.web.requests[-1]
    assert told() == []


@pytest.mark.parametrize("absent", ["404", "elsewhere", "other words"])
def test_what_is_not_found_once_is_doubted_and_twice_is_gone(web, read, absent):
    web.serves(story(2), path="/2")
    answer = {
        "404": page(b"", status="404 Not Found"),
        "elsewhere": moved("/home"),
        "other words": page(b"<html><body><article><p>Please accept our many small biscuits, "
                            b"or else subscribe and pay.</p></article></body></html>",
                            "Content-Type: text/html"),
    }[absent]  # fmt: skip
    web.web.answers["/home"] = [page(b"<p>Weather, sport and all our other fine sections today"
                                     b" await you, dear visitor, below.</p>",
                                     "Content-Type: text/html")]  # fmt: skip

    row = look(web, answer)
    assert (told(), row.doubts) == ([], 1)
    look(web, answer)
    look(web, answer)

    assert told() == ["The page is gone"]
    assert Article.objects.count() == 1


def test_an_article_that_moved_and_changed_is_a_version_of_what_was_read(web, read):
    web.names.records["tide.example"] = [["127.0.0.1"]]
    web.serves(story(1, "The catch was 71 tonnes."), path="/new-headline")

    look(web, moved(web.url("/new-headline", host="tide.example"), status="301 Moved"))

    assert told() == ["The page changed after it was read: 1 word"]
    assert Revision.objects.get().after.revises == read


def test_gone_for_good_is_told_at_once_and_so_is_coming_back(web, read):
    look(web, page(b"", status="410 Gone"))
    look(web, story(1, "The catch was 17 tonnes."))

    assert told() == ["The page is gone", "The page is there again"]


def test_a_site_that_fails_says_nothing_of_its_page(web, read):
    for _ in range(3):
        row = look(web, page(b"", status="503 Busy"))

    assert (told(), row.error) == ([], "It answers 503: the site fails.")


def test_the_looks_become_rarer_and_end(web, read):
    gaps = []
    for hours in (*watching.TIMETABLE[:-1], 3000):
        since = datetime.now(UTC) - timedelta(hours=hours, minutes=1)
        Watch.objects.update(since=since)
        row = look(web)
        gaps.append(round((row.next_look_at - since).total_seconds() / 3600))

    assert gaps[:-1] == list(watching.TIMETABLE[1:])
    assert row.ended_at is not None
    assert watching.hint() == []

    watching.watch([read], since=datetime.now(UTC))
    assert Watch.objects.get().ended_at is None


def test_only_what_was_fetched_from_its_page_can_be_watched(web, read):
    Watch.objects.all().delete()
    saved = Article.objects.create(
        source=read.source, title="Saved", url="https://a.example/", text="Herring.",
        text_sha256="0" * 64,
    )  # fmt: skip
    saved.snapshots.create(sha256="0" * 64, size=1, media_type="text/html", location="a.html")

    assert list(Article.objects.filter(watching.watchable())) == [read]


def test_of_long_texts_only_the_paragraphs_that_differ_are_compared():
    old = [f"Quay {number} took in herring." for number in range(3000)]
    new = [*old[:1500], "Pier 1500 took in herring.", *old[1501:]]

    (passage,) = comparing.passages("\n".join(old), "\n".join(new))

    assert [(one.op, one.text) for one in passage][:2] == [("delete", "Quay"), ("insert", "Pier")]
    assert comparing.words([passage]) == 1
