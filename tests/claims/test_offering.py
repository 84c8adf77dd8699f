"""One document handed in: what was read is a row until somebody keeps it, and then an article."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models.functions import Now

from claims import archiving, gathering, intake, offering
from claims.models import Analysis, Article, Import, Offer, Snapshot
from claims.offering import Changed, NotOffered
from tests import factories, files
from tests.hostile import page

PAGE = files.PAGE.encode()


def handed_in(content: bytes = PAGE, name: str = "harbour.html", **fields) -> Offer | Import:
    return offering.offer(content, name=name, by=factories.fact_checker(), **fields)


def kept(row: Offer, **fields) -> Article:
    token = intake.match(intake.corrected(offering.document_of(row), **fields)).token
    return offering.keep(row, match=token, **fields).article


class TestOffering:
    def test_what_was_read_is_shown_with_its_guesses_and_is_no_article_yet(self, db):
        row = handed_in()

        assert (row.state, row.title, row.source) == (
            "read",
            "Harbour opens again",
            "Coast Courier",
        )
        assert (str(row.published_on), row.language) == ("2026-03-02", "en")
        assert archiving.content_at(row.sha256) == PAGE
        assert not Article.objects.exists()

    def test_bytes_of_an_offer_are_named(self, db):
        row = handed_in()

        assert archiving.place_of(row.sha256) not in set(archiving.unreferenced())

    def test_several_documents_in_one_file_are_an_import(self, db):
        batch = handed_in(files.zipped({"a.txt": "One.", "b.txt": "Two."}), "two.zip")

        assert isinstance(batch, Import)
        assert [item.place for item in batch.items.all()] == ["two.zip"]

    def test_what_cannot_be_read_says_what_and_why(self, db):
        with pytest.raises(NotOffered, match=r"^harbour.png: a PNG picture; what is read: "):
            handed_in(b"\x89PNG\r\n", "harbour.png")
        assert not Offer.objects.exists()

    def test_bytes_that_cannot_be_kept_are_not_offered(self, db, settings, tmp_path):
        (tmp_path / "file").touch()
        settings.STORAGES = settings.STORAGES | {
            "snapshots": {
                "BACKEND": "claims.archiving.Shelf", "OPTIONS": {"location": tmp_path / "file"},
            }
        }  # fmt: skip
        with pytest.raises(NotOffered, match="its bytes cannot be kept: Not a directory"):
            handed_in()


class TestKeeping:
    def test_it_becomes_an_article_with_its_bytes_to_be_analysed(self, db):
        row = handed_in()

        article = kept(row)

        assert (article.title, article.source.name) == ("Harbour opens again", "Coast Courier")
        assert archiving.content_of(article.snapshots.get()) == PAGE
        assert Analysis.objects.get().article == article
        row.refresh_from_db()
        assert (row.state, row.article) == ("kept", article)

    def test_what_its_sender_corrects_is_no_guess(self, db):
        row = handed_in(b"The harbour opens.\nIt does.", "note.txt")
        assert "title" in row.guessed

        article = kept(row, title="The harbour", source="Daily Tide", text="The harbour opens.")

        assert (article.title, article.source.name, article.text) == (
            "The harbour", "Daily Tide", "The harbour opens.",
        )  # fmt: skip
        assert "title" not in article.guessed
        assert archiving.content_of(article.snapshots.get()) == b"The harbour opens.\nIt does."

    def test_a_guess_that_nobody_changed_stays_one(self, db):
        row = handed_in(b"The harbour opens.", "note.txt")

        assert "title" in kept(row, title=row.title).guessed

    def test_twice_is_once(self, db):
        row = handed_in()
        first = kept(row)

        again = offering.keep(row, match="none")

        assert (again.article, again.is_new) == (first, False)
        assert Article.objects.get().sightings.count() == 1

    def test_how_a_page_came_goes_along(self, db):
        row = handed_in(files.warc({"https://courier.example/harbour": PAGE}), "page.warc")

        snapshot = Snapshot.objects.get(article=kept(row))

        assert snapshot.address == "https://courier.example/harbour"
        assert snapshot.taken_at == row.taken_at
        assert snapshot.response_headers == row.response_headers

    def test_known_already_is_told_first_and_only_noted(self, db):
        article = kept(handed_in())
        row = handed_in()
        match = intake.match(offering.document_of(row))

        receipt = offering.keep(row, match=match.token)

        assert (match.same, receipt.article, receipt.is_new) == (article, article, False)
        assert article.sightings.count() == 2

    def test_another_wording_at_a_known_address_is_told_first(self, db):
        article = kept(handed_in())
        row = handed_in(PAGE.replace(b"two weeks", b"three weeks"))

        match = intake.match(offering.document_of(row))

        assert (match.same, match.former) == (None, article)
        assert kept(row).revises == article

    def test_what_became_known_meanwhile_is_told_before_it_is_kept(self, db):
        row = handed_in()
        article = kept(handed_in())

        with pytest.raises(Changed) as changed:
            offering.keep(row, match="none")

        assert changed.value.match.same == article
        row.refresh_from_db()
        assert row.state == "read"

    def test_bytes_that_are_gone_are_not_kept_as_an_article(self, db, settings):
        row = handed_in(b"Only here: the harbour was closed for a fortnight.", "gone.txt")
        folder = settings.STORAGES["snapshots"]["OPTIONS"]["location"]
        (Path(folder) / archiving.place_of(row.sha256)).unlink()

        with pytest.raises(NotOffered, match="its bytes are missing"):
            kept(row)
        assert not Article.objects.exists()


class TestForgetting:
    def test_dropped_is_gone(self, db):
        row = handed_in()

        assert offering.drop(row) is True
        assert not Offer.objects.exists()

    def test_what_was_kept_is_not_dropped(self, db):
        row = handed_in()
        kept(row)

        assert offering.drop(row) is False

    def test_nobody_kept_it_in_a_week(self, db):
        late, fresh = handed_in(), handed_in()
        Offer.objects.filter(pk=late.pk).update(at=Now() - timedelta(days=7, minutes=1))

        assert offering.expire() == 1
        assert Offer.objects.get() == fresh


class TestAddresses:
    def asked(self, url: str, **fields) -> Offer:
        return offering.ask(url, by=factories.fact_checker(), **fields)

    def test_it_is_fetched_and_read(self, db, web):
        row = self.asked(web.serves(page(PAGE, "Content-Type: text/html"), path="/harbour"))

        assert offering.hint() == [row.pk]
        offering.look(offer_id=row.pk)

        row.refresh_from_db()
        assert (row.state, row.title, row.url) == ("read", "Harbour opens again", row.asked)
        assert dict(row.response_headers)["Content-Type"] == "text/html"
        assert kept(row).snapshots.get().taken_at == row.taken_at

    def test_twice_told_is_read_once(self, db, web):
        row = self.asked(web.serves(page(PAGE), path="/harbour"))
        assert (offering.hint(), offering.hint()) == ([row.pk], [])
        offering.look(offer_id=row.pk)
        row.refresh_from_db()

        offering.look(offer_id=row.pk)

        again = Offer.objects.get()
        assert (again.attempts, again.taken_at) == (1, row.taken_at)

    def test_while_it_is_fetched_nobody_else_is_told_of_it(self, db, web, monkeypatch):
        row = self.asked(web.serves(page(PAGE), path="/harbour"))
        told, ask = [], gathering.ask
        monkeypatch.setattr(gathering, "ask", lambda url: told.append(offering.hint()) or ask(url))

        offering.look(offer_id=row.pk)

        assert told == [[]]

    def test_an_answer_that_is_no_page_says_why_and_may_be_asked_again(self, db, web):
        row = self.asked(web.serves(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
        offering.look(offer_id=row.pk)
        row.refresh_from_db()
        assert (row.state, row.why) == ("failed", "It answers 404: there is no such page.")

        assert offering.look_again(row) is True
        assert offering.hint() == [row.pk]

    @pytest.mark.parametrize(
        ("content", "kind", "why"),
        [
            (files.zipped({"a.txt": "One.", "b.txt": "Two."}), "application/zip",
             "A zip file: download it and hand the file in."),
            (b"<rss version='2.0'></rss>", "application/rss+xml",
             "This is a feed: add it under Feeds."),
        ],
        ids=["zip", "feed"],
    )  # fmt: skip
    def test_what_is_no_article_is_refused_with_what_to_do(self, db, web, content, kind, why):
        row = self.asked(web.serves(page(content, f"Content-Type: {kind}"), path="/all"))

        offering.look(offer_id=row.pk)

        row.refresh_from_db()
        assert (row.state, row.why) == ("failed", why)

    def test_a_worker_that_dies_each_time_is_told_of(self, db):
        row = self.asked("https://courier.example/harbour")
        Offer.objects.update(attempts=offering.ATTEMPTS)

        offering.look(offer_id=row.pk)

        row.refresh_from_db()
        assert (row.state, row.why) == ("failed", offering.DIED)

    @pytest.mark.parametrize(
        ("address", "why"),
        [
            ("http://10.0.0.1/", "10.0.0.1 is private"),
            ("ftp://a.example/", "“ftp:” is not read"),
            ("javascript:alert(1)", "not"),
        ],
    )
    def test_what_the_desk_would_not_fetch_is_refused_at_once(self, db, address, why):
        with pytest.raises(NotOffered, match=why):
            self.asked(address)
        assert not Offer.objects.exists()


def test_every_field_of_a_document_is_kept_in_an_offer():
    names = {field.name for field in dataclasses.fields(offering.Document)}

    assert names == {*offering.FIELDS, "guessed", "received"}
