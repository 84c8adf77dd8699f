"""A file becomes Source, Article and Snapshot rows; the same content again changes nothing.

Text files may begin with front matter between `---` lines: `title`, `source`, `url`, `date`,
`language`, `demo`. HTML files are read with trafilatura. Nothing is fetched.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import DatabaseError, transaction

from claims.models import Analysis, Article, Snapshot, Source

MEDIA_TYPES = {".txt": "text/plain", ".html": "text/html", ".htm": "text/html"}
LARGEST = 10_000_000  # bytes; the longest articles are under 1 MB with their markup
LONGEST_TITLE = 500
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character, which UTF-8 cannot write
LONGEST = {"source": 200, "language": 8, "url": 2000}  # characters


class Unreadable(Exception):
    """A file cannot become an article; the message names it and says why. Nothing of it is kept."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says: text, and what is known of where it comes from. Unknown is ""/None."""

    text: str
    title: str
    source: str
    url: str = ""
    published_on: date | None = None
    language: str = ""
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a file: `new` article, or one that was `known` already."""

    article: Article
    is_new: bool


def files_in(path: Path) -> Iterator[Path]:
    """Yield `path` itself, or every article file below a folder, in a stable order.

    Read-me files of a folder are not articles.
    """
    if not path.is_dir():
        yield path
        return
    for child in sorted(path.rglob("*")):
        if child.suffix.lower() in MEDIA_TYPES and child.is_file():
            yield child


def receive(path: Path) -> Receipt:
    """Store the article in the file at `path`, with its bytes, to be analysed.

    :raises Unreadable: if it is missing, too large, of another kind, not text, or empty, or if the
        database does not take it.
    """
    content = _read(path)
    document = _document(path, content)
    media_type = MEDIA_TYPES[path.suffix.lower()]
    try:
        return store(document, content=content, media_type=media_type, location=shown(path))
    except DatabaseError as error:
        raise Unreadable(f"{shown(path)}: the database does not take it: {_line(error)}") from error


@transaction.atomic
def store(document: Document, *, content: bytes, media_type: str, location: str) -> Receipt:
    """Store a document and the bytes it was read from. One article for one source and text."""
    source = Source.objects.named(document.source).order_by("pk").first()
    if source is None:
        source, _ = Source.objects.get_or_create(name=document.source)
    article, is_new = Article.objects.get_or_create(
        source=source,
        text_sha256=hashlib.sha256(document.text.encode()).hexdigest(),
        defaults={
            "title": document.title,
            "url": document.url,
            "published_on": document.published_on,
            "language": document.language,
            "text": document.text,
            "demo": document.demo,
        },
    )
    Snapshot.objects.get_or_create(
        article=article,
        sha256=hashlib.sha256(content).hexdigest(),
        defaults={"content": content, "media_type": media_type, "location": location},
    )
    if is_new:
        Analysis.objects.create(article=article)
    if source.outside:
        Source.objects.filter(pk=source.pk).update(outside=False)
    return Receipt(article, is_new)


def from_row(row: object, *, place: Path) -> Document:
    """Return the document of a JSON object with `title`, `text` and perhaps `date` and `source`.

    :raises Unreadable: if something in it cannot be what it should be; says what, and `place`.
    """
    if not isinstance(row, Mapping):
        raise Unreadable(f"{shown(place)}: not a JSON object")
    for field in ("title", "text", "date", "source"):
        if not isinstance(row.get(field) or "", str):
            raise Unreadable(f"{shown(place)}: its {field} is not text")
    document = Document(
        text=clean(row.get("text") or ""),
        title=clean(row.get("title") or "")[:LONGEST_TITLE],
        source=clean(row.get("source") or "Unknown source"),
        published_on=_date(place, (row.get("date") or "")[:10]),
    )
    return _checked(place, document)


def _read(path: Path) -> bytes:
    if path.suffix.lower() not in MEDIA_TYPES:
        raise Unreadable(f"{shown(path)}: only {', '.join(MEDIA_TYPES)} files are read")
    try:
        if path.stat().st_size > LARGEST:
            raise Unreadable(f"{shown(path)}: larger than {LARGEST // 1_000_000} MB")
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{shown(path)}: {error.strerror}") from error


def _document(path: Path, content: bytes) -> Document:
    is_html = MEDIA_TYPES[path.suffix.lower()] == "text/html"
    document = _from_html(path, content) if is_html else _from_text(path, content)
    return _checked(path, document)


def _checked(path: Path, document: Document) -> Document:
    if not document.text.strip():
        raise Unreadable(f"{shown(path)}: no article text in it")
    for field, longest in LONGEST.items():
        if len(getattr(document, field)) > longest:
            raise Unreadable(f"{shown(path)}: its {field} has more than {longest} characters")
    return document


def _from_text(path: Path, content: bytes) -> Document:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{shown(path)}: not UTF-8 text (byte {error.start})") from error
    facts, body = _front_matter(path, clean(text))
    body = body.strip("\n")
    first_line = body.split("\n", 1)[0].strip()
    return Document(
        text=body,
        title=(facts.get("title") or first_line)[:LONGEST_TITLE],
        source=facts.get("source") or "Unknown source",
        url=_address(path, facts.get("url", "")),
        published_on=_date(path, facts.get("date", "")),
        language=facts.get("language", ""),
        demo=facts.get("demo", "").lower() == "true",
    )


def _from_html(path: Path, content: bytes) -> Document:
    import trafilatura  # noqa: PLC0415  slow to load, and most files are text

    try:
        found = trafilatura.bare_extraction(content, with_metadata=True, include_comments=False)
    except Exception as error:  # whatever markup does to the parsers, the file is named
        what = f"{type(error).__name__}: {_line(error)}"
        raise Unreadable(f"{shown(path)}: its markup cannot be read ({what})") from error
    if not isinstance(found, trafilatura.settings.Document) or not found.text:
        raise Unreadable(f"{shown(path)}: no article text in it")
    url = found.url or ""
    return Document(
        text=clean(found.text),
        title=clean(found.title or path.stem)[:LONGEST_TITLE],
        source=clean(found.sitename or urlsplit(url).hostname or "Unknown source")[:200],
        url=url if _is_address(url) else "",
        published_on=_date(path, (found.date or "")[:10]),
    )


def clean(text: str) -> str:
    """Return `text` as it is stored: composed characters, plain newlines, no NUL, no surrogates."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text).replace("\0", "␀")


def shown(path: Path) -> str:
    """Return the name of a file as it can be printed and stored, whatever bytes it has."""
    return os.fsencode(path).decode(errors="replace")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _front_matter(path: Path, text: str) -> tuple[dict[str, str], str]:
    match = re.match(r"---\n(.*?)\n---(?:\n|$)", text, re.DOTALL)
    if match is None:
        return {}, text
    facts = {}
    for number, line in enumerate(match[1].split("\n"), start=2):
        key, colon, value = line.partition(":")
        if not colon and line.strip():
            raise Unreadable(
                f"{shown(path)}: line {number} of the front matter is not “key: value”"
            )
        facts[key.strip().lower()] = value.strip().strip("\"'")
    return facts, text[match.end() :]


def _date(path: Path, value: str) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise Unreadable(f"{shown(path)}: “{value}” is not a date such as 2026-01-31") from error


def _address(path: Path, value: str) -> str:
    if value and not _is_address(value):
        raise Unreadable(f"{shown(path)}: “{value}” is not a web address")
    return value


def _is_address(value: str) -> bool:
    try:
        URLValidator(schemes=["http", "https"])(value)
    except ValidationError:
        return False
    return True
