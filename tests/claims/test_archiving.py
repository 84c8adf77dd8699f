"""The shelf: bytes first and whole, found again or missed by name, handed out as files only."""

from __future__ import annotations

import hashlib
import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import connection
from warcio.archiveiterator import ArchiveIterator

from claims import archiving, intake, reading
from claims.models import Article, Snapshot
from tests import factories, files
from tests.serving import signed_in

CONTENT = b"<script>alert('from the article')</script> The harbour opens."


@pytest.fixture
def shelf(settings, tmp_path) -> Path:
    """An empty shelf."""
    folder = tmp_path / "shelf"
    backend = {"BACKEND": "claims.archiving.Shelf", "OPTIONS": {"location": folder}}
    settings.STORAGES = {**settings.STORAGES, archiving.SHELF: backend}
    return folder


def stored(content: bytes = CONTENT, **fields) -> Article:
    received = reading.Received(content, "text/html", **fields)
    document = reading.Document("The harbour opens.", "Harbour", "Coast Courier", received=received)
    return intake.store(document).article


def on(shelf: Path) -> list[Path]:
    return [path for path in sorted(shelf.rglob("*")) if path.is_file()]


def test_the_same_bytes_lie_on_the_shelf_once_under_their_hash(shelf):
    hashes = {archiving.keep(CONTENT), archiving.keep(CONTENT)}

    (sha256,) = hashes
    (path,) = on(shelf)
    assert path == shelf / sha256[:2] / sha256[2:4] / sha256
    assert path.read_bytes() == CONTENT
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_same_bytes_kept_by_four_at_once_lie_there_once(shelf):
    with ThreadPoolExecutor(4) as people:
        hashes = people.map(archiving.keep, [CONTENT * 1000] * 4)

    assert len(set(hashes)) == 1
    (path,) = on(shelf)
    assert path.read_bytes() == CONTENT * 1000


def test_a_write_that_breaks_off_leaves_nothing(shelf, monkeypatch):
    def broken(descriptor):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", broken)

    with pytest.raises(archiving.Unkept, match="its bytes cannot be kept: No space left"):
        archiving.keep(CONTENT)
    assert on(shelf) == []


def test_a_document_whose_bytes_cannot_be_kept_is_named_and_not_stored(db, shelf):
    shelf.write_text("a file where the shelf should be")

    (failure,) = intake.take_in(CONTENT, name="a.txt").failures

    assert str(failure).startswith("a.txt: its bytes cannot be kept: ")
    assert Article.objects.count() == 0


def test_a_crash_between_bytes_and_row_leaves_only_bytes(db, shelf, monkeypatch):
    monkeypatch.setattr(intake.Analysis.objects, "create", lambda **fields: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        stored()

    assert Snapshot.objects.count() == 0
    assert len(on(shelf)) == 1


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (Path.unlink, "its bytes are missing"),
        (lambda path: path.write_bytes(b"short"), "its bytes are not what was received"),
        (lambda path: path.write_bytes(CONTENT[::-1]), "its bytes are not what was received"),
    ],
    ids=["gone", "cut", "changed"],
)  # fmt: skip
def test_what_is_missing_or_changed_is_named(db, shelf, capsys, damage, said):
    article = stored()
    call_command("check_snapshots")
    assert capsys.readouterr().out == "1 snapshots: 0 broken. 0 files that no article names.\n"
    (path,) = on(shelf)

    damage(path)
    archiving.keep(b"bytes that no row names")

    with pytest.raises(CommandError, match="Restore the named files") as failed:
        call_command("check_snapshots")
    assert failed.value.returncode == 1
    told = capsys.readouterr()
    assert told.out == "1 snapshots: 1 broken. 1 files that no article names.\n"
    assert told.err.startswith(f"{article.ref} {path.name}: {said}")
    address = f"/articles/{article.ref}/snapshots/{path.name}/"
    assert signed_in(factories.fact_checker()).get(address).status_code == 404


def test_bytes_that_a_storage_puts_elsewhere_are_not_kept(db, settings):
    backend = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, archiving.SHELF: backend}
    place = archiving.place_of(hashlib.sha256(CONTENT).hexdigest())
    storages[archiving.SHELF].save(place, ContentFile(b"torn"))

    with pytest.raises(archiving.Unkept, match="something else lies at"):
        archiving.keep(CONTENT)

    assert storages[archiving.SHELF].listdir(place.rpartition("/")[0]) == (
        [], [place.rpartition("/")[2]],
    )  # fmt: skip


def test_a_shelf_elsewhere_is_a_setting(db, settings):
    backend = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, archiving.SHELF: backend}

    article = stored()

    assert archiving.content_of(article.snapshots.get()) == CONTENT
    assert storages[archiving.SHELF].exists(archiving.place_of(article.snapshots.get().sha256))
    assert list(archiving.faults()) == list(archiving.unreferenced()) == []


def test_bytes_are_handed_out_as_a_file_without_any_right(db, shelf):
    article = stored()
    snapshot = article.snapshots.get()
    client = signed_in(factories.fact_checker())

    answer = client.get(f"/articles/{article.ref}/snapshots/{snapshot.sha256}/")

    assert answer.content == CONTENT
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == (
        f'attachment; filename="{article.ref}-{snapshot.sha256[:12]}.html.txt"'
    )
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"
    other = factories.article()
    assert client.get(f"/articles/{other.ref}/snapshots/{snapshot.sha256}/").status_code == 404
    assert client.get(f"/articles/{other.ref}/snapshots.warc.gz").status_code == 404


def test_the_snapshots_of_an_article_leave_as_a_warc_that_is_read_again(db, shelf):
    crawl = files.warc({"https://courier.example/harbour": files.PAGE.encode()})
    (receipt,) = intake.take_in(crawl, name="crawl.warc.gz").receipts
    article = receipt.article
    text = reading.Received(b"The harbour opens.", "text/plain")
    intake.store(
        reading.Document(article.text, "Harbour", article.source.name, place="a", received=text)
    )

    answer = signed_in(factories.fact_checker()).get(f"/articles/{article.ref}/snapshots.warc.gz")

    records = [
        (record.rec_type, record.rec_headers.get_header("WARC-Target-URI"),
         record.content_stream().read())
        for record in ArchiveIterator(io.BytesIO(answer.content), check_digests="raise")
    ]  # fmt: skip
    urn = f"urn:sha256:{article.snapshots.latest('pk').sha256}"
    assert records == [
        ("response", "https://courier.example/harbour", files.PAGE.encode()),
        ("request", "https://courier.example/harbour", b""),
        ("resource", urn, b"The harbour opens."),
    ]
    again = reading.read(answer.content, name="a.warc.gz").documents[0]
    assert (again.text, again.received.response_headers) == (
        article.text, (("Content-Type", "text/html"), ("Server", "quay")),
    )  # fmt: skip


@pytest.mark.parametrize("place", range(len(archiving.NAMING)))
def test_who_names_a_file_is_looked_up_in_an_index(db, place):
    rows, column = archiving.NAMING[place]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # which few rows would get

    assert "_bytes" in rows.filter(**{column: "0" * 64}).explain()
