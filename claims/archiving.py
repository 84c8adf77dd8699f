"""The shelf of snapshots: bytes kept under their hash, the same content once.

Bytes first, row after: whoever stores a row has called `keep` before its transaction, so that a
crash leaves at most bytes that no row names, and never a row without bytes.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage, storages
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from claims.models import Capture, ImportItem, Offer, Picture, Snapshot

SHELF = "snapshots"  # in `settings.STORAGES`
# What a downloaded file is called. A page is called text, so that a click does not open it as one.
ENDINGS = {
    "text/html": ".html.txt", "text/plain": ".txt", "text/markdown": ".md",
    "application/pdf": ".pdf", "message/rfc822": ".eml",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}  # fmt: skip
CHUNK = 500  # rows read at once when all are checked
# The columns that name bytes: of articles, of pages that are cited, of what is no article yet.
NAMING = (
    (Snapshot.objects, "sha256"), (Capture.objects, "sha256"), (Picture.objects, "sha256"),
    (Picture.objects, "print_sha256"), (Offer.objects, "sha256"), (ImportItem.objects, "sha256"),
)  # fmt: skip
_PLACE = re.compile(r"[0-9a-f]{2}/[0-9a-f]{2}/([0-9a-f]{64})")


class Missing(Exception):
    """The bytes of a snapshot are not on the shelf, or are not what they were."""


class Unkept(Exception):
    """Bytes cannot be put on the shelf; the message says why."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Bytes that are not right, whose they are, and what is wrong with them."""

    whose: str
    sha256: str
    why: str

    def __str__(self) -> str:
        return f"{self.whose} {self.sha256}: {self.why}"


class Shelf(FileSystemStorage):
    """Files written whole or not at all: beside their place, to the disk, then put there."""

    def _save(self, name: str, content: File[Any]) -> str:
        place = Path(self.path(name))
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, beside = tempfile.mkstemp(prefix=".", dir=place.parent)  # mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            Path(beside).replace(place)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
        for folder in (place.parent, place.parent.parent, Path(self.location)):
            _fsync(folder)
        return name

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Return `name`: what lies there already has the same bytes."""
        return name


def keep(content: bytes) -> str:
    """Put `content` on the shelf, if it does not lie there yet; return its SHA-256.

    Safe to repeat and at once.

    :raises Unkept: if they cannot be written, whatever the storage says then.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    name, shelf = place_of(sha256), _shelf()
    try:
        if not shelf.exists(name) or shelf.size(name) != len(content):
            kept_as = shelf.save(name, ContentFile(content))
            if kept_as != name:  # a storage that never overwrites, and something else lies there
                shelf.delete(kept_as)
                raise FileExistsError(f"something else lies at {name}")
    except Exception as error:  # each storage has errors of its own
        raise Unkept(f"its bytes cannot be kept: {_said(error)}") from error
    return sha256


def content_of(snapshot: Snapshot | Capture) -> bytes:
    """Return the bytes of a snapshot or capture.

    :raises Missing: if they are not there, or are not what was received.
    """
    return content_at(snapshot.sha256)


def content_at(sha256: str) -> bytes:
    """Return the bytes that `keep` put on the shelf under this hash.

    :raises Missing: if they are not there, or are others now.
    """
    try:
        with _shelf().open(place_of(sha256)) as file:
            content: bytes = file.read()
    except FileNotFoundError as error:
        raise Missing("its bytes are missing") from error
    except Exception as error:  # each storage has errors of its own
        raise Missing(f"its bytes cannot be read: {_said(error)}") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Missing(f"its bytes are not what was received: there are {len(content)}")
    return content


def place_of(sha256: str) -> str:
    """Return where on the shelf the content with this hash lies."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def faults() -> Iterator[Fault]:
    """Yield all bytes that a row names and that are missing or changed. Reads all of them."""
    for whose, sha256 in _named():
        try:
            content_at(sha256)
        except Missing as missing:
            yield Fault(whose, sha256, str(missing))


def _named() -> Iterator[tuple[str, str]]:
    """What the rows of articles and of cited pages name: whose bytes, and their hash."""
    rows = Snapshot.objects.select_related("article").defer("article__text").order_by("pk")
    for snapshot in rows.iterator(chunk_size=CHUNK):
        yield snapshot.article.ref, snapshot.sha256
    cited = Capture.objects.filter(state=Capture.State.KEPT).order_by("pk")
    for capture in cited.iterator(chunk_size=CHUNK):
        yield capture.asked, capture.sha256
    taken = Picture.objects.filter(state=Picture.State.KEPT).select_related("capture")
    for picture in taken.order_by("pk").iterator(chunk_size=CHUNK):
        yield f"{picture.capture.asked} (picture)", picture.sha256
        yield f"{picture.capture.asked} (print)", picture.print_sha256


def unreferenced() -> Iterator[str]:
    """Yield the places on the shelf that no row names, as a crash or a rollback leaves them."""
    for name in _names(_shelf(), ""):
        found = _PLACE.fullmatch(name)
        if found is None or not any(
            rows.filter(**{column: found[1]}).exists() for rows, column in NAMING
        ):
            yield name


def as_warc(rows: Iterable[Snapshot | Capture]) -> bytes:
    """Return snapshots or captures as one packed WARC, with what was kept of each exchange.

    :raises Missing: if bytes of one of them are not there.
    """
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True)
    for row in rows:
        content, told = content_of(row), _of_the_exchange(row)
        address = row.address or f"urn:sha256:{row.sha256}"
        at = row.taken_at or getattr(row, "received_at", None)
        named = {"WARC-Date": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
        server = {"WARC-IP-Address": told[":server"]} if ":server" in told else {}
        answer = _headers(row.response_headers, _status_line(told), protocol="HTTP/1.1")
        record = writer.create_warc_record(
            address,
            "response" if answer else "resource",
            payload=io.BytesIO(content),
            length=len(content),
            http_headers=answer,
            warc_content_type="" if answer else row.media_type,
            warc_headers_dict=named | server,
        )
        writer.write_record(record)
        line = f"GET {told.get(':path', '/')} HTTP/1.1"
        if asked := _headers(row.request_headers, line, is_http_request=True):
            together = {"WARC-Concurrent-To": record.rec_headers.get_header("WARC-Record-ID")}
            writer.write_record(
                writer.create_warc_record(
                    address, "request", http_headers=asked, warc_headers_dict=named | together
                )
            )
    return out.getvalue()


def _of_the_exchange(row: Snapshot | Capture) -> dict[str, str]:
    """What was kept of an exchange beside its headers, by the names of `Snapshot`."""
    pairs = [*row.request_headers, *row.response_headers]
    return {name: value for name, value in pairs if name.startswith(":")}


def _status_line(told: dict[str, str]) -> str:
    """Such as "200 OK", which is what others' records and ours from before are taken to say."""
    status = told.get(":status", "")
    code = int(status) if re.fullmatch("[1-5][0-9]{2}", status, re.ASCII) else 200
    known = {one.value: one.phrase for one in HTTPStatus}
    return f"{code} {known.get(code, '')}".strip()


def _headers(pairs: list[list[str]], first: str, **kind: Any) -> StatusAndHeaders | None:
    """Headers as they are written. What told of a coding of the bytes is true of them no more."""
    undone = ("content-encoding", "transfer-encoding", "content-length")
    kept = [
        (name, value)
        for name, value in pairs
        if name.lower() not in undone and not name.startswith(":")
    ]
    return StatusAndHeaders(first, kept, **kind) if pairs else None


def _shelf() -> Storage:
    return storages[SHELF]


def _names(shelf: Storage, folder: str) -> Iterator[str]:
    try:
        folders, files = shelf.listdir(folder)
    except FileNotFoundError:
        return
    for name in sorted(files):
        yield f"{folder}{name}"
    for name in sorted(folders):
        yield from _names(shelf, f"{folder}{name}/")


def _said(error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(reason.split())


def _fsync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
