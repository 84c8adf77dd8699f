"""WARC files: the pages in them, with the headers they were asked for and answered with."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from claims.reading import addresses
from claims.reading.kinds import Kind
from claims.reading.values import (
    LARGEST,
    LONGEST_LABEL,
    Failure,
    Given,
    Received,
    TooMuch,
    Unreadable,
    label,
    one_line,
)

READ = {"text/html", "application/xhtml+xml", "text/plain", "text/markdown", Kind.PDF, Kind.DOCX}
PIECE = 256_000  # bytes read before the limits are asked again
MOST_HEADERS = 200
LONGEST_HEADER = 8000
# Headers of a request that let somebody in: not kept.
SECRET = {"authorization", "cookie", "proxy-authorization", "set-cookie"}
_BROKEN = (
    ArchiveLoadFailed, OSError, EOFError, ValueError, KeyError, IndexError, AttributeError,
    TypeError, zlib.error, AssertionError, LookupError,
)  # fmt: skip
Headers = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Page:
    """One answer in a WARC, to be read, with what is kept of how it came."""

    given: Given
    received: Received


def pages(given: Given) -> Iterator[Page | Failure]:
    """Yield the pages in a WARC, packed or not, as far as the budget goes.

    :raises Unreadable: if it is none, or goes beyond a limit.
    """
    requests = _requests(given.content)
    try:
        for record in _records(given.content):
            if record.rec_type not in ("response", "resource"):
                continue
            found = _page(given, record, requests)
            if found is not None:
                yield found
    except _BROKEN as error:
        raise Unreadable(f"the WARC cannot be read further ({one_line(error)})") from error


def gunzipped(given: Given) -> bytes | None:
    """Return what a gzip holds if that is no WARC: a single packed file; None if it is one.

    :raises Unreadable: if it is broken or too large.
    """
    content = bytearray()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(given.content)) as packed:
            start = packed.read(5)
            if start == b"WARC/":
                return None
            content += start
            while piece := packed.read(PIECE):
                content += piece
                if len(content) > LARGEST:
                    raise Unreadable(f"it unpacks to more than {LARGEST // 1_000_000} MB")
    except _BROKEN as error:
        raise Unreadable(f"it cannot be unpacked ({one_line(error)})") from error
    return bytes(content)


def _records(content: bytes) -> Iterator[Any]:
    return iter(ArchiveIterator(io.BytesIO(content), no_record_parse=False))


def _requests(content: bytes) -> dict[str, Headers]:
    """The headers of each request, by the record it was made together with."""
    found: dict[str, Headers] = {}
    try:
        for record in _records(content):
            if record.rec_type == "request" and record.http_headers:
                kept = _headers(record.http_headers)
                for name in ("WARC-Concurrent-To", "WARC-Target-URI"):
                    found.setdefault(record.rec_headers.get_header(name) or "", kept)
    except _BROKEN:
        return found  # what is broken is told when the answers are read
    return found


def _page(given: Given, record: Any, requests: dict[str, Headers]) -> Page | Failure | None:
    address = record.rec_headers.get_header("WARC-Target-URI") or ""
    media_type = _media_type(record)
    essence = media_type.partition(";")[0].strip().lower()
    if essence not in READ or not _is_found(record):
        return None  # pictures, scripts, redirects: no documents, and no failures either
    place = f"{given.place} › {label(address or 'a record without address', LONGEST_LABEL)}"
    try:
        content = _content(record, given)
    except TooMuch:
        raise
    except (Unreadable, *_BROKEN) as error:
        given.budget.take(0)
        return Failure(place, str(error) if isinstance(error, Unreadable) else one_line(error))
    given.budget.take(len(content))
    where = addresses.web_address(address)
    named = record.rec_headers.get_header("WARC-Record-ID") or ""
    received = Received(
        content,
        media_type=essence,
        address=where,
        taken_at=_time(record.rec_headers.get_header("WARC-Date") or ""),
        request_headers=requests.get(named) or requests.get(address) or (),
        response_headers=_headers(record.http_headers) if record.http_headers else (),
    )
    inner = Given(
        content, name=address.split("?")[0], media_type=media_type, location=where, place=place,
        budget=given.budget,
    )  # fmt: skip
    return Page(inner, received)


def _content(record: Any, given: Given) -> bytes:
    """The bytes of an answer without their transfer coding, stopped at the limit."""
    stream = record.content_stream()
    content = bytearray()
    while piece := stream.read(PIECE):
        content += piece
        if len(content) > LARGEST:
            raise Unreadable(f"larger than {LARGEST // 1_000_000} MB")
        if len(content) > given.budget.unpacked:
            given.budget.take(len(content))
    return bytes(content)


def _media_type(record: Any) -> str:
    if record.http_headers:
        return str(record.http_headers.get_header("Content-Type") or "")
    return str(record.rec_headers.get_header("Content-Type") or "")


def _is_found(record: Any) -> bool:
    return record.http_headers is None or str(record.http_headers.get_statuscode()) == "200"


def _headers(headers: Any) -> Headers:
    return tuple(
        (label(name, 200), label(value, LONGEST_HEADER))
        for name, value in headers.headers[:MOST_HEADERS]
        if name.lower() not in SECRET
    )


def _time(stamp: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
