"""Handing articles in, without scripts: three ways, a look at what was read, keeping, dropping."""

from __future__ import annotations

import json
import re
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from claims import importing, offering, reading
from claims.models import Article, Import, Offer
from claims.reading import apart
from reviews.models import User
from tests import factories, files
from tests.hostile import page
from tests.serving import signed_in


@pytest.fixture
def desk(db) -> Client:
    return signed_in(factories.fact_checker())


def html(answer) -> str:
    return unescape(answer.content.decode())


def file(content: bytes | str, name: str = "harbour.html") -> BytesIO:
    made = BytesIO(content if isinstance(content, bytes) else content.encode())
    made.name = name
    return made


def send(desk: Client, *those: BytesIO) -> Any:
    return desk.post("/articles/new/", {"way": "files", "files": list(those)})


def paste(desk: Client, text: str, **fields: str) -> Any:
    return desk.post("/articles/new/", {"way": "text", "text": text} | fields)


def form_of(answer) -> dict[str, str]:
    """What the form of the page would send if nobody touched it."""
    form = answer.context["form"]
    fields = {name: form[name].value() or "" for name in form.fields}
    return fields | {"match": answer.context["match"].token}


def look(desk: Client, answer) -> Any:
    return desk.get(answer["Location"])


class TestText:
    def test_from_the_text_to_the_article(self, desk):
        shown = look(desk, paste(desk, "Harbour opens\n\nIt opens.", stands_at="tide.example/1"))
        assert "Is this what it says?" in html(shown)
        assert "Not known yet" in html(shown)
        assert not Article.objects.exists()

        where = shown.wsgi_request.path
        done = desk.post(f"{where}keep/", form_of(shown) | {"source": "Daily Tide"}, follow=True)

        article = Article.objects.get()
        assert "Kept." in html(done)
        assert done.redirect_chain[-1][0] == f"/articles/{article.ref}/"
        assert (article.title, article.source.name, article.url) == (
            "Harbour opens", "Daily Tide", "https://tide.example/1",
        )  # fmt: skip

    def test_guesses_are_marked_with_a_word_and_the_rest_is_not(self, desk):
        shown = html(look(desk, paste(desk, "Harbour opens\n\nIt opens.")))

        labels = re.findall(r'<label for="id_(\w+)">(.*?)</label>', shown)
        assert [name for name, label in labels if "</span> guessed</span>" in label] == ["title"]

    @pytest.mark.parametrize("text", ["", "  \n "])
    def test_nothing_is_refused_and_what_was_typed_beside_it_stays(self, desk, text):
        answer = paste(desk, text, stands_at="tide.example/1")

        assert answer.status_code == 422
        assert 'value="tide.example/1"' in html(answer)
        assert not Offer.objects.exists()

    def test_an_address_that_is_none_is_named_and_the_text_stays(self, desk):
        answer = paste(desk, "Harbour opens.", stands_at="mailto:a@b.example")

        assert answer.status_code == 422
        assert "This is not a web address." in html(answer)
        assert "Harbour opens.</textarea>" in html(answer)

    def test_what_cannot_be_seen_is_shown_by_its_name(self, desk):
        shown = html(look(desk, paste(desk, "Har\u200bbour \u202eopens\u202c.")))

        assert 'data-name="zero width space"' in shown
        assert "3 characters that cannot be seen" in shown

    def test_markup_in_it_is_text(self, desk):
        shown = look(desk, paste(desk, "He said <img src=x hx-get=/sign-out/> so."))

        assert "&lt;img src=x hx-get=/sign-out/&gt;" in shown.content.decode()
        assert "<img" not in shown.content.decode()


class TestWhatIsKnown:
    TEXT = "Harbour opens\n\nIt opens."

    def again(self, desk, **typed: str):
        """Keep a text that is known, with what is typed of it; the page that this leads to."""
        shown = look(desk, paste(desk, self.TEXT, stands_at="tide.example/1"))
        assert "Known already" in html(shown)
        sent = form_of(shown) | typed
        return html(desk.post(f"{shown.wsgi_request.path}keep/", sent, follow=True))

    @pytest.fixture
    def known(self, desk) -> Article:
        shown = look(desk, paste(desk, self.TEXT, stands_at="tide.example/1"))
        desk.post(f"{shown.wsgi_request.path}keep/", form_of(shown))
        return Article.objects.get()

    def test_what_is_typed_of_it_is_written_into_it(self, desk, known):
        shown = self.again(desk, title="The harbour", author="Ada Brenna")

        known.refresh_from_db()
        assert (known.title, known.author, known.guessed) == ("The harbour", "Ada Brenna", [])
        assert "Known already: noted as seen again." in shown
        assert "Corrected: title, author." in shown
        assert "Corrected title, author: Said when it was handed in again." in shown

    def test_its_words_stay_and_that_is_said(self, desk, known):
        shown = self.again(desk, text="Harbour  opens\r\n\r\nIt opens.")

        assert "Its text and its canonical address stay as they are known." in shown
        assert Article.objects.get().text == self.TEXT

    def test_line_ends_of_the_browser_are_no_correction(self, desk, known):
        shown = self.again(desk, text=self.TEXT.replace("\n", "\r\n"))

        assert "stay as they are known" not in shown
        assert "Corrected" not in shown

    def test_who_may_not_correct_is_told_so(self, db, known):
        person = User.objects.create_user("sender")
        person.user_permissions.set(Permission.objects.filter(codename="add_offer"))
        shown = self.again(signed_in(person), author="Ada Brenna")

        assert "What you typed is not written into it. Your role does not allow this." in shown
        known.refresh_from_db()
        assert known.author == ""

    def test_nothing_typed_changes_nothing(self, desk, known):
        shown = self.again(desk)

        assert "Corrected" not in shown
        assert known.sightings.count() == 2


class TestBusy:
    """While the reader is at work for others."""

    @pytest.fixture(autouse=True)
    def busy(self, monkeypatch):
        monkeypatch.setattr(reading, "WAIT", 0.05)
        with apart._desk.held(None):
            yield

    def test_who_pastes_a_text_is_told_and_it_stays(self, desk):
        answer = paste(desk, "Harbour opens.", stands_at="tide.example/1")

        assert answer.status_code == 503
        assert str(apart.Busy()) in html(answer)
        assert "Harbour opens.</textarea>" in html(answer)
        assert 'value="tide.example/1"' in html(answer)

    def test_who_sends_a_file_is_told(self, desk):
        answer = send(desk, file(files.PAGE))

        assert answer.status_code == 503
        assert str(apart.Busy()) in html(answer)
        assert not Offer.objects.exists()

    def test_who_pastes_checks_of_others_is_told_and_they_stay(self, desk):
        pasted = json.dumps(files.claim_review())
        answer = desk.post("/outside-checks/", {"text": pasted})

        assert answer.status_code == 503
        assert str(apart.Busy()) in html(answer)
        assert f"{pasted}</textarea>" in html(answer)

    def test_several_files_need_no_reader(self, desk):
        assert send(desk, file("One.", "1.txt"), file("Two.", "2.txt")).status_code == 302


class TestFiles:
    def test_one_is_shown_first(self, desk):
        shown = html(look(desk, send(desk, file(files.PAGE))))

        assert 'value="Coast Courier"' in shown
        assert 'value="2026-03-02"' in shown

    def test_several_are_an_import(self, desk):
        answer = send(desk, file("One.", "1.txt"), file("Two.", "2.txt"))

        batch = Import.objects.get()
        assert answer["Location"] == f"/imports/{batch.ref}/"
        assert [item.place for item in batch.items.order_by("pk")] == ["1.txt", "2.txt"]

    def test_a_zip_with_several_is_an_import(self, desk):
        answer = send(desk, file(files.zipped({"1.txt": "One.", "2.txt": "Two."}), "all.zip"))

        assert answer["Location"] == f"/imports/{Import.objects.get().ref}/"

    def test_a_zip_too_large_to_be_opened_at_once_is_an_import(self, desk, monkeypatch):
        monkeypatch.setattr("claims.views_of_offers.AT_ONCE", 10)

        send(desk, file(files.zipped({"1.txt": "One."}), "all.zip"))

        assert [item.place for item in Import.objects.get().items.all()] == ["all.zip"]

    def test_what_cannot_be_read_is_named(self, desk):
        answer = send(desk, file(b"\x89PNG\r\n", "harbour.png"))

        assert answer.status_code == 422
        assert "harbour.png: a PNG picture" in html(answer)

    def test_none_is_asked_for(self, desk):
        answer = desk.post("/articles/new/", {"way": "files"})

        assert answer.status_code == 422
        assert "Choose at least one file." in html(answer)

    def test_one_too_large_is_named_and_nothing_of_it_is_kept(self, desk, settings):
        settings.UPLOAD_FILE = 10_000_000
        answer = send(desk, file(b"x" * 10_000_001, "huge.txt"))

        assert answer.status_code == 422
        assert "huge.txt: larger than 10 MB" in html(answer)

    @pytest.mark.parametrize(
        ("limit", "value", "why"),
        [
            ("UPLOAD_FILE", 100_000, "larger than 0 MB"),
            ("UPLOAD_ALL", 150_000, "more than 0 MB at once"),
            ("UPLOAD_FILES", 1, "more than 1 files at once"),
        ],
    )
    def test_beyond_a_limit_the_others_are_taken_and_it_is_in_the_report(
        self, desk, settings, limit, value, why
    ):
        setattr(settings, limit, value)
        send(desk, file("One.", "1.txt"), file(b"x" * 160_000, "2.txt"))

        items = Import.objects.get().items.order_by("pk")
        assert [(item.place, item.state, item.why) for item in items] == [
            ("1.txt", "waiting", ""), ("2.txt", "failed", why),
        ]  # fmt: skip

    def test_what_comes_after_one_too_large_is_whole(self, desk, settings):
        settings.UPLOAD_FILE = 100_000
        content = b"Quay 3 opens. " * 6000
        send(desk, file(b"x" * 160_000, "1.txt"), file(content, "2.txt"), file("Two.", "3.txt"))

        sizes = dict(Import.objects.get().items.values_list("place", "size"))
        assert sizes == {"2.txt": 84_000, "3.txt": 4, "1.txt": 0}

    def test_nobody_sends_files_without_signing_in(self, db, monkeypatch):
        written = []
        monkeypatch.setattr("tempfile.TemporaryFile", lambda: written.append(1))

        answer = send(Client(), file(files.PAGE))

        assert answer["Location"].startswith("/sign-in/")
        assert written == []


class TestAddresses:
    def test_it_waits_for_the_worker_and_shows_what_it_read(self, desk, web):
        url = web.serves(page(files.PAGE.encode(), "Content-Type: text/html"), path="/harbour")
        answer = desk.post(
            "/articles/new/",
            {"way": "address", "address": url, "quotation": "closed for  two weeks"},
        )
        where, row = answer["Location"], Offer.objects.get()
        assert "Being fetched" in html(desk.get(where))
        assert "HX-Refresh" not in desk.get(where, headers={"hx-request": "true"})

        offering.look(offer_id=row.pk)

        assert desk.get(where, headers={"hx-request": "true"})["HX-Refresh"] == "true"
        assert '<mark class="mark mark-claim">closed for two weeks</mark>' in html(desk.get(where))

    def test_a_passage_that_does_not_stand_there_is_told(self, desk, web):
        url = web.serves(page(files.PAGE.encode(), "Content-Type: text/html"), path="/harbour")
        row = offering.ask(url, by=factories.fact_checker(), quotation="It never closed.")
        offering.look(offer_id=row.pk)

        assert "does not stand in what was read" in html(desk.get(f"/offers/{row.ref}/"))

    def test_what_failed_is_told_and_asked_for_again(self, desk):
        row = factories.asked_for(failed=True)
        assert "It answers 404." in html(desk.get(f"/offers/{row.ref}/"))

        desk.post(f"/offers/{row.ref}/look/")

        assert offering.hint() == [row.pk]

    @pytest.mark.parametrize(
        ("address", "why"),
        [
            ("", "This field is required."),
            ("http://10.0.0.1/", "10.0.0.1 is private"),
            ("https://a.example:22/", "Port 22 is not read"),
        ],
    )
    def test_one_that_is_none_says_why_and_the_passage_stays(self, desk, address, why):
        given = {"way": "address", "address": address, "quotation": "It never closed."}

        answer = desk.post("/articles/new/", given)

        assert answer.status_code == 422
        assert why in html(answer)
        assert "It never closed.</textarea>" in html(answer)


class TestKeeping:
    def test_a_field_that_is_wrong_is_named_and_all_that_was_typed_stays(self, desk):
        row = factories.offer()
        typed = {"title": "Mine", "text": "Mine, too.", "url": "x y", "language": "English"}

        answer = desk.post(f"/offers/{row.ref}/keep/", typed | {"match": "none"})

        assert answer.status_code == 422
        assert html(answer).count("This is not a web address.") == 1
        assert "This is not a language code such as en or pt-BR." in html(answer)
        assert 'value="Mine"' in html(answer)
        assert "Mine, too.</textarea>" in html(answer)
        assert not Article.objects.exists()

    def test_known_already_is_said_before_with_a_link(self, desk):
        first = factories.offer()
        shown = desk.get(f"/offers/{first.ref}/")
        desk.post(f"/offers/{first.ref}/keep/", form_of(shown))
        article = Article.objects.get()

        second = factories.offer()
        shown = desk.get(f"/offers/{second.ref}/")
        assert f'Known already: <a class="quoted" href="/articles/{article.ref}/">' in html(shown)
        done = desk.post(f"/offers/{second.ref}/keep/", form_of(shown), follow=True)

        assert "Known already: noted as seen again." in html(done)
        assert article.sightings.count() == 2

    def test_known_by_what_was_corrected_is_said_before_it_is_kept(self, desk):
        first, second = factories.offer("One."), factories.offer("Two.")
        shown = desk.get(f"/offers/{first.ref}/")
        desk.post(f"/offers/{first.ref}/keep/", form_of(shown))
        shown = desk.get(f"/offers/{second.ref}/")

        typed = form_of(shown) | {"text": "One."}
        answer = desk.post(f"/offers/{second.ref}/keep/", typed)

        assert answer.status_code == 409
        assert "Known already: <a" in html(answer)
        assert Article.objects.get().sightings.count() == 1
        again = desk.post(
            f"/offers/{second.ref}/keep/", typed | {"match": answer.context["match"].token}
        )
        assert again["Location"] == Article.objects.get().get_absolute_url()

    def test_a_second_click_leads_to_the_article(self, desk):
        row = factories.offer()
        typed = form_of(desk.get(f"/offers/{row.ref}/"))
        desk.post(f"/offers/{row.ref}/keep/", typed)

        answer = desk.post(f"/offers/{row.ref}/keep/", typed)

        assert answer["Location"] == Article.objects.get().get_absolute_url()
        assert desk.get(f"/offers/{row.ref}/")["Location"] == answer["Location"]

    def test_line_ends_of_a_browser_are_no_correction(self, desk):
        row = factories.offer("One.\nTwo.")
        typed = form_of(desk.get(f"/offers/{row.ref}/"))

        desk.post(f"/offers/{row.ref}/keep/", typed | {"text": "One.\r\nTwo."})

        assert Article.objects.get().text == "One.\nTwo."

    def test_a_long_text_is_kept_whole_though_it_is_not_in_the_page(self, desk):
        text = "Quay 3 opens. " * 20_000
        row = factories.offer(text)
        shown = desk.get(f"/offers/{row.ref}/")
        assert "The text is too long to be corrected in a page." in html(shown)

        desk.post(f"/offers/{row.ref}/keep/", form_of(shown))

        assert Article.objects.get().text == Offer.objects.get().text

    def test_dropped_is_said_and_gone(self, desk):
        row = factories.offer()

        done = desk.post(f"/offers/{row.ref}/drop/", follow=True)

        assert "Nothing of it is an article." in html(done)
        assert not Offer.objects.exists()

    def test_what_waits_for_me_is_listed_at_the_same_cost(self, db):
        me = factories.fact_checker()
        desk = signed_in(me)
        factories.offer(by=me)
        with CaptureQueriesContext(connection) as few:
            desk.get("/articles/new/")
        for _ in range(5):
            factories.offer(by=me)
        factories.offer("Somebody else's.")

        with CaptureQueriesContext(connection) as more:
            shown = html(desk.get("/articles/new/"))

        assert shown.count('<a class="quoted" href="/offers/') == 6
        assert len(more) == len(few)


class TestBookmarklet:
    def test_it_fills_the_form_and_changes_nothing(self, desk):
        shown = desk.get(
            "/articles/new/", {"url": "https://tide.example/1?a=1&b=2", "quote": "It “opens”."}
        )

        assert 'value="https://tide.example/1?a=1&b=2"' in html(shown)
        assert "It “opens”.</textarea>" in html(shown)
        assert not Offer.objects.exists()

    def test_the_address_survives_the_sign_in(self, db):
        answer = Client().get("/articles/new/", {"url": "https://tide.example/1"})

        assert answer["Location"] == (
            "/sign-in/?next=/articles/new/%3Furl%3Dhttps%253A%252F%252Ftide.example%252F1"
        )

    def test_its_link_names_this_desk(self, desk):
        shown = html(desk.get("/articles/new/bookmarklet/"))

        (link,) = re.findall(r'href="(javascript:[^"]+)"', shown)
        assert link == (
            "javascript:void(open('http://testserver/articles/new/"
            "?url='+encodeURIComponent(location.href)"
            "+'&quote='+encodeURIComponent(String(getSelection()).slice(0,1500))"
            ",'_blank','noopener'))"
        )


class TestImports:
    def test_progress_report_and_trying_again(self, desk):
        batch = factories.batch(("1.txt", b"One."), ("2.png", b"\x89PNG\r\n"))
        where = f"/imports/{batch.ref}/"
        assert "0 of 2 done" in html(desk.get(where))
        assert "HX-Refresh" not in desk.get(where, headers={"hx-request": "true"})
        for item_id in importing.hint():
            importing.take_in(item_id=item_id)

        shown = html(desk.get(where))
        assert "2 of 2 done: 1 new, 0 known already, 1 failed." in shown
        assert desk.get(where, headers={"hx-request": "true"})["HX-Refresh"] == "true"
        failed = html(desk.get(where, {"state": "failed"}))
        assert ("2.png" in failed, "1.txt" in failed) == (True, False)
        assert "1 on the list again." in html(desk.post(f"{where}retry/", follow=True))

    def test_the_report_is_a_file(self, desk):
        batch = factories.failed_import()

        answer = desk.get(f"/imports/{batch.ref}/report.csv")

        assert answer["Content-Disposition"] == f'attachment; filename="import-{batch.ref}.csv"'
        assert answer.content.decode().splitlines()[1].startswith("harbour.png,Failed,,,")

    def test_the_list_says_how_each_went_and_is_linked_from_work_in_progress(self, desk):
        batch = factories.failed_import()

        shown = html(desk.get("/imports/"))

        assert f'href="/imports/{batch.ref}/?state=failed">1<' in shown
        assert 'href="/imports/"' in html(desk.get("/articles/"))

    def test_an_import_costs_the_same_however_many_files_it_has(self, desk):
        asked = []
        for many in (1, 6):
            batch = factories.batch(*((f"{n}.txt", b"One.") for n in range(many)))
            with CaptureQueriesContext(connection) as queries:
                desk.get(f"/imports/{batch.ref}/")
            asked.append(len(queries))

        assert asked[0] == asked[1]
