"""What stands at the address of evidence is archived beside it, and never changes again."""

from __future__ import annotations

import io

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from warcio.archiveiterator import ArchiveIterator

from claims import archiving, capturing, depositing, photographing
from claims.models import Capture, Deposit, Picture
from reviews import evidence
from reviews.models import Evidence, EvidenceCopy, Review
from reviews.states import Status
from tests import factories
from tests.serving import signed_in


@pytest.fixture
def review(db) -> Review:
    """A review in progress, without evidence."""
    return factories.review_at(Status.IN_PROGRESS)


@pytest.fixture
def desk(review) -> Client:
    return signed_in(review.checker)


def cited(review: Review, url: str) -> Evidence:
    one = factories.attach(review, url=url)
    evidence.order_copies()
    return one


def kept(capture: Capture) -> Capture:
    """The same page with its bytes, and nothing else of it."""
    told = {"sha256": archiving.keep(b"<p>Landings"), "size": 11, "media_type": "text/html"}
    Capture.objects.filter(pk=capture.pk).update(state="kept", taken_at=Now(), **told)
    return Capture.objects.get(pk=capture.pk)


def html(answer) -> str:
    return answer.content.decode()


class TestOrdering:
    def test_each_piece_with_an_address_once(self, review):
        one = factories.attach(review)
        factories.attach(review, url="", title="A letter")

        assert (evidence.order_copies(), evidence.order_copies()) == (1, 0)

        assert EvidenceCopy.objects.get().evidence == one
        assert Capture.objects.get().asked == one.url

    def test_none_of_what_was_withdrawn(self, review):
        factories.withdraw(factories.attach(review))

        assert evidence.order_copies() == 0


class TestKeeping:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE claims_capture SET sha256 = repeat('0', 64)",
            "UPDATE claims_capture SET state = 'failed', why = 'x', sha256 = '', taken_at = NULL",
            "DELETE FROM claims_capture",
            "UPDATE claims_picture SET print_sha256 = repeat('0', 64)",
            "DELETE FROM claims_picture",
            "UPDATE claims_deposit SET address = 'https://elsewhere.example/'",
            "DELETE FROM claims_deposit",
            "UPDATE reviews_evidencecopy SET capture_id = capture_id",
        ],
    )
    def test_a_hash_that_was_captured_stays_with_its_evidence(self, review, statement):
        factories.attach(review)
        factories.archived(review)

        with (
            pytest.raises(IntegrityError, match="refused: rows of"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    def test_bytes_that_changed_are_named(self, review):
        factories.attach(review)
        capture = factories.archived(review).copy.capture
        shelf = archiving.storages[archiving.SHELF]
        with open(shelf.path(archiving.place_of(capture.sha256)), "wb") as file:
            file.write(b"other")

        told = [str(fault) for fault in archiving.faults()]

        assert told == [
            f"{capture.asked} {capture.sha256}: its bytes are not what was received: there are 5"
        ]


class TestPages:
    def test_it_is_shown_beside_the_evidence_and_handed_out_as_a_file(self, review, desk):
        factories.attach(review)
        one = factories.archived(review)
        capture = one.copy.capture

        shown = html(desk.get(review.get_absolute_url()))
        where = f"/reviews/{review.ref}/evidence/{one.ref}/copy/"
        assert f'title="{capture.sha256}">{capture.sha256[:12]}</span>' in shown
        assert f'<a href="{where}" download>' in shown
        answer = desk.get(where)

        assert answer.content == b"<p>Landings"
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Disposition"] == (
            f'attachment; filename="evidence-{one.ref}-{capture.sha256[:12]}.html.txt"'
        )

    def test_it_leaves_with_the_exchange_as_a_warc(self, review, desk):
        factories.attach(review)
        one = factories.archived(review)
        where = f"/reviews/{review.ref}/evidence/{one.ref}/copy.warc.gz"
        assert f'<a href="{where}" download>' in html(desk.get(review.get_absolute_url()))

        answer = desk.get(where)

        record = next(ArchiveIterator(io.BytesIO(answer.content), check_digests="raise"))
        assert record.rec_headers.get_header("WARC-Target-URI") == one.url
        assert record.content_stream().read() == b"<p>Landings"
        assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"

    @pytest.mark.parametrize(
        ("what", "column", "ending", "content"),
        [("picture", "sha256", "png", b"\x89PNG\r\n\x1a\nLandings"),
         ("print", "print_sha256", "pdf", b"%PDF-1.4 Landings")],
    )  # fmt: skip
    def test_its_picture_is_handed_out_as_a_file_and_never_shown(
        self, review, desk, what, column, ending, content
    ):
        factories.attach(review)
        one = factories.archived(review)
        sha256 = getattr(one.copy.capture.picture, column)

        shown = html(desk.get(review.get_absolute_url()))
        where = f"/reviews/{review.ref}/evidence/{one.ref}/copy/{what}/"
        assert f'title="{sha256}">{sha256[:12]}</span>' in shown
        assert f'<a href="{where}" download>' in shown
        assert f'src="{where}"' not in shown
        answer = desk.get(where)

        assert answer.content == content
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer["Content-Disposition"] == (
            f'attachment; filename="evidence-{one.ref}-{sha256[:12]}.{ending}"'
        )

    def test_a_public_copy_is_linked(self, review, desk):
        factories.attach(review)
        factories.archived(review)

        shown = html(desk.get(review.get_absolute_url()))

        assert '<a href="https://archive.example/2026/landings" rel="noreferrer noopener"' in shown

    @pytest.mark.parametrize(
        ("archive", "is_said"), [("", False), ("https://archive.example/save/{url}", True)]
    )
    def test_who_attaches_is_told_that_a_public_archive_learns_of_it(
        self, review, desk, settings, archive, is_said
    ):
        settings.PUBLIC_ARCHIVE = archive

        shown = html(desk.get(review.get_absolute_url()))

        assert "What stands there is archived by the desk." in shown
        assert ("archive.example is told the address" in shown) is is_said

    @pytest.mark.parametrize(
        ("missing", "said"),
        [(0, None), (1, "without 1 part of the page"), (3, "without 3 parts of the page")],
    )
    def test_parts_that_did_not_load_are_counted(self, review, desk, missing, said):
        factories.attach(review)
        factories.archived(review, missing=missing)

        shown = html(desk.get(review.get_absolute_url()))

        assert said in shown if said else "did not load" not in shown

    def test_without_a_browser_it_says_so(self, review, desk, settings):
        settings.CHROMIUM = ""
        cited(review, "https://port.example/register")
        capture = kept(Capture.objects.get())

        photographing.order(capture)

        shown = html(desk.get(review.get_absolute_url()))
        assert "No picture: No browser is set up here." in shown
        assert "Try again" not in shown

    def test_a_picture_and_a_public_copy_that_failed_are_tried_again(self, review, desk, settings):
        settings.CHROMIUM = "/bin/true"
        one = cited(review, "https://port.example/register")
        capture = kept(Capture.objects.get())
        picture = Picture.objects.create(capture=capture, state="failed", why="It is too large.")
        deposit = Deposit.objects.create(
            capture=capture, asked="https://archive.example/", state="failed", why="It answers 403."
        )
        shown = html(desk.get(review.get_absolute_url()))
        assert "It is too large." in shown
        assert "It answers 403." in shown

        desk.post(f"/reviews/{review.ref}/evidence/{one.ref}/copy/again/")

        assert photographing.hint() == [picture.pk]
        assert depositing.hint() == [deposit.pk]
        assert capturing.hint() == []

    def test_a_picture_that_is_not_there_yet_is_no_page(self, review, desk):
        one = cited(review, "https://port.example/register")
        Picture.objects.create(capture=kept(Capture.objects.get()))

        assert "A picture of it is being taken." in html(desk.get(review.get_absolute_url()))
        for what in ("picture", "print"):
            where = f"/reviews/{review.ref}/evidence/{one.ref}/copy/{what}/"
            assert desk.get(where).status_code == 404

    def test_a_failure_is_shown_and_tried_again(self, review, desk):
        factories.attach(review)
        one = factories.archived(review, failed=True)
        assert "It answers 404." in html(desk.get(review.get_absolute_url()))

        desk.post(f"/reviews/{review.ref}/evidence/{one.ref}/copy/again/")

        assert capturing.hint() == [one.copy.capture_id]

    def test_a_copy_that_is_not_there_yet_is_no_page(self, review, desk):
        one = cited(review, "https://port.example/register")

        assert "is being archived" in html(desk.get(review.get_absolute_url()))
        assert desk.get(f"/reviews/{review.ref}/evidence/{one.ref}/copy/").status_code == 404

    def test_copies_cost_no_query_each(self, review, desk):
        asked = []
        for number in range(4):
            factories.attach(review, url=f"https://port.example/{number}")
            factories.archived(review)
            with CaptureQueriesContext(connection) as queries:
                desk.get(review.get_absolute_url())
            asked.append(len(queries))

        assert len(set(asked[1:])) == 1
