"""What is handed in becomes rows once; a bad file is named and changes nothing."""

from __future__ import annotations

import hashlib
import os
from datetime import date
from pathlib import Path

import pytest
from django.db import IntegrityError, connection

from claims import archiving, correcting, intake, reading
from claims.models import Analysis, Article, Snapshot, Source
from tests import factories, files
from tests.together import together

TEXT = "Harbour opens again\n\nThe harbour of Brenna opens on Friday, the port authority said.\n"
FACTS = """---
title: "Harbour opens again"
source: Coast Courier
url: https://courier.example/harbour
date: 2026-03-02
language: en
demo: true
---
"""
HTML = """<html lang="en"><head><title>Harbour opens again</title>
<meta property="og:site_name" content="Coast Courier">
<meta property="og:url" content="https://courier.example/harbour">
<meta property="article:published_time" content="2026-03-02T08:00:00Z"></head>
<body><nav><a href="/">Home</a></nav><article><h1>Harbour opens again</h1>
<p>The harbour of Brenna opens on Friday, the port authority said on Monday morning.</p>
<p>It had been closed for two weeks after a storm broke the outer wall in two places.</p>
<script>alert("never stored")</script></article></body></html>"""


@pytest.fixture
def write(tmp_path):
    def written(content, name="harbour.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def counts():
    return [model.objects.count() for model in (Source, Article, Snapshot, Analysis)]


def one(path):
    """The receipt of the one article in a file."""
    taken = intake.receive(path)
    assert taken.failures == ()
    (receipt,) = taken.receipts
    return receipt


def read_as(text, **fields):
    """A document as it is read, with its bytes."""
    received = reading.Received(text.encode(), "text/plain")
    told = {"title": "Harbour", "source": "Coast Courier", "place": "a.txt", "received": received}
    return reading.Document(text, **told | fields)


def test_a_file_becomes_its_rows(db, write):
    path = write(FACTS + TEXT)

    receipt = one(path)

    article = receipt.article
    assert receipt.is_new
    assert (article.title, article.source.name) == ("Harbour opens again", "Coast Courier")
    assert (article.url, article.published_on) == (
        "https://courier.example/harbour", date(2026, 3, 2),
    )  # fmt: skip
    assert (article.language, article.demo) == ("en", True)
    assert article.text == TEXT.strip("\n")
    assert article.text_sha256 == hashlib.sha256(article.text.encode()).hexdigest()
    snapshot = article.snapshots.get()
    assert archiving.content_of(snapshot) == path.read_bytes()
    assert snapshot.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (snapshot.media_type, snapshot.location) == ("text/plain", str(path))
    assert snapshot.size == path.stat().st_size
    sighting = article.sightings.get()
    assert (sighting.snapshot, sighting.location) == (snapshot, str(path))
    assert article.analysis.status == "received"


def test_the_same_file_again_is_only_seen_again(db, write):
    path = write(FACTS + TEXT)
    first = one(path)

    again = one(path)

    assert (again.article, again.is_new) == (first.article, False)
    assert counts() == [1, 1, 1, 1]
    assert first.article.sightings.count() == 2


def test_the_same_text_in_other_bytes_is_one_article_with_two_snapshots(db, write):
    first = one(write(FACTS + TEXT))

    again = one(write((FACTS + TEXT).replace("\n", "\r\n"), "windows.txt"))

    assert (again.article, again.is_new) == (first.article, False)
    assert counts() == [1, 1, 2, 1]


def test_the_same_text_from_another_source_is_another_article(db, write):
    one(write(FACTS + TEXT))

    other = one(write(FACTS.replace("Coast Courier", "Daily Tide") + TEXT, "tide.txt"))

    assert other.is_new
    assert counts() == [2, 2, 2, 2]


@pytest.mark.django_db(transaction=True)
def test_the_same_file_received_by_four_at_once_is_one_article(write):
    path = write(FACTS + TEXT)

    receipts = together(*[lambda: one(path)] * 4)

    assert sorted(receipt.is_new for receipt in receipts) == [False, False, False, True]
    assert len({receipt.article.pk for receipt in receipts}) == 1
    assert counts() == [1, 1, 1, 1]


def test_a_source_known_by_citation_alone_is_outside_until_something_of_it_is_read(db, write):
    cited = Source.objects.create(name="Coast Courier", outside=True)

    one(write(FACTS + TEXT))

    cited.refresh_from_db()
    assert not cited.outside
    assert Source.objects.count() == 1


def test_a_plain_file_has_its_first_line_as_title(db, write):
    article = one(write(TEXT)).article

    assert (article.title, article.source.name) == ("Harbour opens again", "Unknown source")
    assert (article.url, article.published_on, article.language) == ("", None, "")


def test_a_web_page_is_read_without_its_furniture_and_scripts(db, write):
    path = write(HTML, "harbour.html")

    article = one(path).article

    assert article.title == "Harbour opens again"
    assert article.source.name == "Coast Courier"
    assert (article.url, article.published_on) == (
        "https://courier.example/harbour", date(2026, 3, 2),
    )  # fmt: skip
    assert "storm broke the outer wall" in article.text
    assert "alert" not in article.text
    assert "Home" not in article.text
    assert archiving.content_of(article.snapshots.get()) == path.read_bytes()


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        ("cafe\u0301", "caf\u00e9"), ("one\r\ntwo\rthree", "one\ntwo\nthree"), ("a\0b", "a␀b"),
        ("漁港 ‘quote’ 🎣", "漁港 ‘quote’ 🎣"),
    ],
    ids=["composed", "newlines", "NUL", "kept"],
)  # fmt: skip
def test_text_is_stored_in_one_spelling(raw, stored):
    assert intake.clean(raw) == stored
    assert intake.clean(stored) == stored


def test_a_byte_order_mark_is_no_part_of_the_text(db, write):
    article = one(write(b"\xef\xbb\xbf" + TEXT.encode())).article

    assert article.text.startswith("Harbour")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("empty.txt", b" \n\n", "no article text in it"),
        ("facts-only.txt", FACTS.encode(), "no article text in it"),
        ("url.txt", b"---\nurl: javascript:alert(1)\n---\nText",
         "“javascript:alert(1)” is not a web address"),
        ("source.txt", b"---\nsource: " + b"x" * 201 + b"\n---\nText",
         "its source has more than 200 characters"),
        ("large.txt", b"x" * (reading.LARGEST + 1), "larger than 10 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)  # fmt: skip
def test_a_bad_file_is_named_and_changes_nothing(db, write, name, content, why):
    path = write(content, name)

    assert intake.receive(path) == intake.Intake(failures=(reading.Failure(str(path), why),))
    assert counts() == [0, 0, 0, 0]


def test_what_the_database_does_not_take_is_named_and_leaves_nothing(db, tmp_path):
    deep = tmp_path.joinpath(*["a" * 200] * 11)
    deep.mkdir(parents=True)
    path = deep / "harbour.txt"
    path.write_text(TEXT)

    (failure,) = intake.receive(path).failures

    assert failure.place == str(path)
    assert failure.why.startswith("the database does not take it: value too long")
    assert counts() == [0, 0, 0, 0]


def test_half_characters_and_odd_file_names_are_stored_in_words_that_can_be_written(db, tmp_path):
    assert reading.clean("a\ud800b") == "a�b"
    path = tmp_path / os.fsdecode(b"h\xe4fen\x1b[2J\n.txt")
    path.write_text(TEXT)

    article = one(path).article

    assert article.snapshots.get().location == f"{tmp_path}/h�fen [2J .txt"
    assert intake.shown(Path("a\u202etxt.exe")) == "a⟨U+202E⟩txt.exe"


def test_a_missing_file_is_named(db, tmp_path):
    (failure,) = intake.receive(tmp_path / "absent.txt").failures

    assert str(failure) == f"{tmp_path}/absent.txt: No such file or directory"


def test_a_folder_gives_its_articles_in_a_stable_order_and_names_what_is_passed_over(tmp_path):
    (tmp_path / "deep").mkdir()
    names = (
        "b.txt", "a.html", "deep/c.TXT", "notes.md", "README.md", "LICENSE.txt", "picture.png",
        "ending",
    )  # fmt: skip
    for name in names:
        (tmp_path / name).write_text("x")
    (tmp_path / "again").symlink_to(tmp_path / "deep")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    passed_over = {
        "LICENSE.txt": "it tells about the others", "README.md": "it tells about the others",
        "again": "a link to a folder", "gone": "no file",
        "ending": f"what is read of a folder: {reading.ENDINGS}",
        "picture.png": f"what is read of a folder: {reading.ENDINGS}",
    }  # fmt: skip

    found = [*intake.files_in(tmp_path)]

    read = [one for one in found if not isinstance(one, intake.Skipped)]
    assert read == [tmp_path / name for name in ("a.html", "b.txt", "deep/c.TXT", "notes.md")]
    skipped = {one.place: one.why for one in found if isinstance(one, intake.Skipped)}
    assert skipped == {f"{tmp_path}/{name}": why for name, why in passed_over.items()}
    assert [*intake.files_in(tmp_path / "README.md")] == [tmp_path / "README.md"]


def test_a_folder_that_cannot_be_read_is_named_and_the_rest_goes_on(tmp_path, monkeypatch):
    (tmp_path / "closed").mkdir()
    (tmp_path / "open.txt").write_text("x")
    listed = Path.iterdir

    def refusing(path):
        if path.name == "closed":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", refusing)

    assert [*intake.files_in(tmp_path)] == [
        reading.Failure(f"{tmp_path}/closed", "Permission denied"), tmp_path / "open.txt",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", " \n\t ", "\u00a0\u2003"])
def test_what_says_nothing_is_refused_on_every_way(db, text):
    with pytest.raises(reading.Unreadable, match=r"^no article text in it$"):
        intake.store(read_as(text))

    assert counts() == [0, 0, 0, 0]


def test_the_database_takes_no_article_without_a_word(db):
    source = Source.objects.create(name="Coast Courier")

    with pytest.raises(IntegrityError, match="claims_article_has_text"):
        Article.objects.create(source=source, title="Harbour", text="", text_sha256="")


def test_a_failed_intake_leaves_nothing_behind(db, write, monkeypatch):
    monkeypatch.setattr(intake.Analysis.objects, "create", lambda **fields: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        intake.receive(write(FACTS + TEXT))

    assert not connection.needs_rollback
    assert counts() == [0, 0, 0, 0]


# Many in one


def test_each_member_of_a_bundle_is_stored_or_named_by_itself(db, write):
    crawl = files.warc({"https://courier.example/harbour": HTML.encode()})
    content = files.zipped({"a.txt": FACTS + TEXT, "b.txt": "", "crawl.warc.gz": crawl})

    taken = intake.receive(path := write(content, "report.zip"))

    assert [receipt.place for receipt in taken.receipts] == [
        f"{path} › a.txt", f"{path} › crawl.warc.gz › https://courier.example/harbour",
    ]  # fmt: skip
    assert [str(failure) for failure in taken.failures] == [
        f"{path} › b.txt: no article text in it"
    ]
    snapshot = taken.receipts[1].article.snapshots.get()
    assert snapshot.address == "https://courier.example/harbour"
    assert snapshot.response_headers == [["Content-Type", "text/html"], ["Server", "quay"]]
    assert snapshot.request_headers == [["Host", "courier.example"]]
    assert snapshot.taken_at.isoformat() == "2026-03-02T09:30:00+00:00"


# The same again


ADDRESS = "https://courier.example/harbour"


def test_the_same_words_at_the_same_address_are_the_same_article(db):
    first = intake.store(read_as("The harbour opens.", url=ADDRESS)).article

    again = intake.store(
        read_as(
            "The  harbour\nopens.",
            url=f"{ADDRESS}?utm_source=mail#top",
            source="courier.example",
            guessed=frozenset({"source"}),
        )
    )

    assert (again.article, again.is_new) == (first, False)
    assert counts() == [1, 1, 2, 1]
    assert [sighting.snapshot.size for sighting in first.sightings.order_by("at")] == [18, 19]


def test_other_words_at_the_same_address_are_a_later_version_and_the_first_stays(db):
    first = intake.store(read_as("The harbour opens on Friday.", url=ADDRESS)).article
    Analysis.objects.update(attempts=3)

    second = intake.store(read_as("The harbour opens on Sunday.", url=ADDRESS))

    assert second.is_new
    assert (second.article.revises, second.article.source) == (first, first.source)
    first.refresh_from_db()
    assert (first.text, first.revises, first.analysis.attempts) == (
        "The harbour opens on Friday.", None, 3,
    )  # fmt: skip
    third = intake.store(read_as("The harbour stays shut.", url=ADDRESS))
    assert third.article.revises == second.article
    assert not intake.store(read_as("The harbour opens on Friday.", url=ADDRESS)).is_new


def test_another_source_that_names_the_address_as_the_original_is_a_copy(db):
    first = intake.store(read_as("The harbour opens.", url=ADDRESS)).article

    elsewhere = intake.store(
        read_as(
            "The harbour opens.", source="Daily Tide", canonical=ADDRESS, url="https://t.example/1"
        )
    )
    unplaced = intake.store(read_as("It opens.", source="Evening Ebb", canonical=ADDRESS))

    assert (elsewhere.is_new, elsewhere.article.revises) == (True, None)
    assert elsewhere.article.canonical_url == "https://t.example/1"
    assert (unplaced.is_new, unplaced.article.revises) == (True, None)
    assert first.revisions.count() == 0


@pytest.mark.parametrize(
    ("canonical", "url", "identity"),
    [
        (f"{ADDRESS}#a", "https://amp.courier.example/harbour", ADDRESS),
        (ADDRESS, "", ADDRESS),
        (ADDRESS, "https://tide.example/1?gclid=1", "https://tide.example/1"),
        (ADDRESS, "https://notcourier.example/1", "https://notcourier.example/1"),
        (ADDRESS, "https://www.m.courier.example/harbour", ADDRESS),
        (f"https://www.{ADDRESS[8:]}", "https://courier.example/1", f"https://www.{ADDRESS[8:]}"),
        (ADDRESS, "https://evil.courier.example/1", "https://evil.courier.example/1"),
        ("https://news.courier.example/1", ADDRESS, ADDRESS),
        ("https://amp.example/1", "https://m.example/2", "https://m.example/2"),
        (ADDRESS, "https://tide.example/?a=b|c", ""),
        ("", "", ""),
    ],
)
def test_a_page_is_told_by_what_its_own_site_calls_it(canonical, url, identity):
    assert intake.identity(read_as("x", canonical=canonical, url=url)) == identity


@pytest.mark.django_db(transaction=True)
def test_two_versions_at_once_become_one_line_of_versions():
    texts = [f"The harbour opens at {hour}." for hour in range(4)]

    together(*[lambda text=text: intake.store(read_as(text, url=ADDRESS)) for text in texts])

    assert Article.objects.count() == 4
    assert Article.objects.filter(revises__isnull=True).count() == 1
    assert Article.objects.filter(revisions__isnull=True).count() == 1


def test_a_part_of_a_site_that_names_a_page_of_the_whole_is_no_later_version_of_it(db):
    first = intake.store(read_as("The harbour opens.", url=ADDRESS)).article

    forged = intake.store(
        read_as(
            "The harbour stays shut.",
            url="https://evil.courier.example/1",
            source="evil",
            canonical=ADDRESS,
            guessed=frozenset({"source"}),
        )
    )

    assert (forged.article.revises, forged.article.source.name) == (None, "evil")
    assert first.revisions.count() == 0


LATER = {
    "url": ADDRESS, "published_on": date(2026, 3, 2), "author": "Ada Brenna", "licence": "CC BY",
}  # fmt: skip


def of(article):
    article.refresh_from_db()
    return {name: getattr(article, name) for name in LATER}


def test_what_was_not_known_is_filled_in_when_it_comes_again(db):
    first = intake.store(read_as("The harbour opens.", guessed=frozenset({"title"}))).article

    again = intake.store(read_as("The harbour opens.", guessed=frozenset({"author"}), **LATER))

    assert (again.article, again.is_new, of(first)) == (first, False, LATER)
    assert (first.canonical_url, first.guessed) == (ADDRESS, ["author", "title"])
    assert intake.store(read_as("The  harbour opens.", url=ADDRESS)).article == first


def test_a_page_that_only_says_whose_it_is_fills_in_its_own_address_alone(db):
    first = intake.store(read_as("The harbour opens.")).article
    fetched = reading.Received(b"The harbour opens.", "text/html", address=ADDRESS)
    page = read_as("The harbour opens.", received=fetched, **LATER)

    intake.store(page)
    assert set(of(first).values()) == {"", None}

    intake.store(page, read=page)
    assert of(first) == LATER


def test_what_a_page_says_later_at_its_address_is_filled_in(db):
    fetched = reading.Received(b"The harbour opens.", "text/html", address=ADDRESS)
    first = intake.store(read_as("The harbour opens.", received=fetched, url=ADDRESS)).article

    intake.store(read_as("The harbour  opens.", received=fetched, **LATER))

    assert of(first) == LATER


def test_what_is_known_stays_when_it_comes_again(db):
    first = intake.store(read_as("The harbour opens.", **LATER)).article

    intake.store(
        read_as(
            "The harbour opens.", url="https://courier.example/2", published_on=date(2026, 3, 3),
            author="B. Ode", licence="All rights reserved", title="Another",
        )
    )  # fmt: skip

    assert (of(first), first.title, first.canonical_url) == (LATER, "Harbour", ADDRESS)


def test_an_address_that_another_article_has_is_not_filled_in(db):
    first = intake.store(read_as("The harbour opens.")).article
    intake.store(read_as("The harbour stays shut.", url=ADDRESS))

    intake.store(read_as("The harbour opens.", **LATER))

    assert of(first) == LATER | {"url": ""}
    assert first.canonical_url == ""


def test_what_somebody_emptied_stays_empty(db):
    first = intake.store(read_as("The harbour opens.", **LATER)).article
    correcting.correct(first, by=factories.fact_checker(), author="")

    intake.store(read_as("The harbour opens.", **LATER))

    assert of(first) == LATER | {"author": ""}


# What was guessed


def test_what_was_guessed_is_stored_as_such_until_somebody_says_otherwise(db):
    guessed = read_as("The harbour opens.", guessed=frozenset({"title", "source"}), author="")

    corrected = intake.corrected(guessed, title="Harbour opens", source="Coast Courier")
    article = intake.store(corrected).article

    assert (article.title, article.guessed) == ("Harbour opens", ["source"])
    with pytest.raises(reading.Unreadable, match="“harbour” is not a web address"):
        intake.corrected(guessed, url="harbour")


def test_a_language_set_by_a_template_gives_way_to_the_text(db):
    german = "Der Hafen von Brenna wird am Freitag geöffnet, teilte die Hafenbehörde am Montag mit."
    template = {"language": "en", "guessed": frozenset({"language"})}

    wrong = intake.store(read_as(german, **template)).article
    right = intake.store(read_as("The harbour of Brenna opens on Friday.", **template)).article
    declared = intake.store(read_as(f"{german} Ja.", language="en")).article

    assert [row.language for row in (wrong, right, declared)] == ["de", "en", "en"]
