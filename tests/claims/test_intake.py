"""A file becomes source, article and snapshot once; a bad one is named and changes nothing."""

from __future__ import annotations

import hashlib
import os
from datetime import date

import pytest
from django.db import connection

from claims import intake
from claims.models import Analysis, Article, Snapshot, Source
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


def test_a_file_becomes_its_rows(db, write):
    path = write(FACTS + TEXT)

    receipt = intake.receive(path)

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
    assert bytes(snapshot.content) == path.read_bytes()
    assert snapshot.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (snapshot.media_type, snapshot.location) == ("text/plain", str(path))
    assert article.analysis.status == "received"


def test_the_same_file_again_changes_nothing(db, write):
    path = write(FACTS + TEXT)
    first = intake.receive(path)

    again = intake.receive(path)

    assert (again.article, again.is_new) == (first.article, False)
    assert counts() == [1, 1, 1, 1]


def test_the_same_text_in_other_bytes_is_one_article_with_two_snapshots(db, write):
    first = intake.receive(write(FACTS + TEXT))

    again = intake.receive(write((FACTS + TEXT).replace("\n", "\r\n"), "windows.txt"))

    assert (again.article, again.is_new) == (first.article, False)
    assert counts() == [1, 1, 2, 1]


def test_the_same_text_from_another_source_is_another_article(db, write):
    intake.receive(write(FACTS + TEXT))

    other = intake.receive(write(FACTS.replace("Coast Courier", "Daily Tide") + TEXT, "tide.txt"))

    assert other.is_new
    assert counts() == [2, 2, 2, 2]


@pytest.mark.django_db(transaction=True)
def test_the_same_file_received_by_four_at_once_is_one_article(write):
    path = write(FACTS + TEXT)

    receipts = together(*[lambda: intake.receive(path)] * 4)

    assert sorted(receipt.is_new for receipt in receipts) == [False, False, False, True]
    assert len({receipt.article.pk for receipt in receipts}) == 1
    assert counts() == [1, 1, 1, 1]


def test_a_source_known_by_citation_alone_is_outside_until_something_of_it_is_read(db, write):
    cited = Source.objects.create(name="Coast Courier", outside=True)

    intake.receive(write(FACTS + TEXT))

    cited.refresh_from_db()
    assert not cited.outside
    assert Source.objects.count() == 1


def test_a_plain_file_has_its_first_line_as_title(db, write):
    article = intake.receive(write(TEXT)).article

    assert (article.title, article.source.name) == ("Harbour opens again", "Unknown source")
    assert (article.url, article.published_on, article.language) == ("", None, "")


def test_a_web_page_is_read_without_its_furniture_and_scripts(db, write):
    path = write(HTML, "harbour.html")

    article = intake.receive(path).article

    assert article.title == "Harbour opens again"
    assert article.source.name == "Coast Courier"
    assert (article.url, article.published_on) == (
        "https://courier.example/harbour", date(2026, 3, 2),
    )  # fmt: skip
    assert "storm broke the outer wall" in article.text
    assert "alert" not in article.text
    assert "Home" not in article.text
    assert bytes(article.snapshots.get().content) == path.read_bytes()


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
    article = intake.receive(write(b"\xef\xbb\xbf" + TEXT.encode())).article

    assert article.text.startswith("Harbour")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("harbour.pdf", b"%PDF", "only .txt, .html, .htm files are read"),
        ("empty.txt", b" \n\n", "no article text in it"),
        ("facts-only.txt", FACTS.encode(), "no article text in it"),
        ("empty.html", b"<html><body></body></html>", "no article text in it"),
        ("latin.txt", "Häfen".encode("latin-1"), "not UTF-8 text (byte 1)"),
        ("date.txt", b"---\ndate: 2 March\n---\nText", "“2 March” is not a date such as"),
        ("url.txt", b"---\nurl: javascript:alert(1)\n---\nText", "is not a web address"),
        ("facts.txt", b"---\ntitle: x\nnonsense\n---\nText", "line 3 of the front matter"),
        ("large.txt", b"x" * (intake.LARGEST + 1), "larger than 10 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_a_bad_file_is_named_and_changes_nothing(db, write, name, content, why):
    path = write(content, name)

    with pytest.raises(intake.Unreadable) as refused:
        intake.receive(path)

    assert str(refused.value).startswith(f"{path}: ")
    assert why in str(refused.value)
    assert counts() == [0, 0, 0, 0]


def test_markup_that_breaks_the_parser_is_named(db, write, monkeypatch):
    def broken(*args, **kwargs):
        raise ValueError("tag soup\nwithout end")

    monkeypatch.setattr("trafilatura.bare_extraction", broken)

    with pytest.raises(intake.Unreadable) as refused:
        intake.receive(write(HTML, "harbour.html"))

    assert str(refused.value).endswith(
        "harbour.html: its markup cannot be read (ValueError: tag soup without end)"
    )
    assert counts() == [0, 0, 0, 0]


def test_what_the_database_does_not_take_is_named_and_leaves_nothing(db, tmp_path):
    deep = tmp_path.joinpath(*["a" * 200] * 11)
    deep.mkdir(parents=True)
    path = deep / "harbour.txt"
    path.write_text(TEXT)

    with pytest.raises(intake.Unreadable, match="the database does not take it: value too long"):
        intake.receive(path)

    assert counts() == [0, 0, 0, 0]


def test_half_characters_and_odd_file_names_are_stored_in_words_that_can_be_written(db, tmp_path):
    assert intake.clean("a\ud800b") == "a�b"
    path = tmp_path / os.fsdecode(b"h\xe4fen.txt")
    path.write_text(TEXT)

    article = intake.receive(path).article

    assert article.snapshots.get().location == f"{tmp_path}/h�fen.txt"


def test_a_missing_file_is_named(db, tmp_path):
    with pytest.raises(intake.Unreadable, match=r"absent\.txt: No such file or directory"):
        intake.receive(tmp_path / "absent.txt")


def test_a_folder_gives_its_articles_in_a_stable_order(tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("b.txt", "a.html", "deep/c.TXT", "notes.md", "picture.png"):
        (tmp_path / name).write_text("x")

    found = [str(path.relative_to(tmp_path)) for path in intake.files_in(tmp_path)]

    assert found == ["a.html", "b.txt", "deep/c.TXT"]
    assert [*intake.files_in(tmp_path / "notes.md")] == [tmp_path / "notes.md"]


def test_a_failed_intake_leaves_nothing_behind(db, write, monkeypatch):
    monkeypatch.setattr(intake.Analysis.objects, "create", lambda **fields: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        intake.receive(write(FACTS + TEXT))

    assert not connection.needs_rollback
    assert counts() == [0, 0, 0, 0]
