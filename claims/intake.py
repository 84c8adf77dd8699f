"""What is handed in becomes Source, Article and Snapshot rows; the same again only adds a sighting.

`claims.reading` reads the bytes, in a process of its own. Nothing is fetched here.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from django.db import DatabaseError, OperationalError, connection, transaction
from django.utils import timezone
from reversion.models import Version

from claims import archiving, reading
from claims import text as engine
from claims.models import Analysis, Article, Sighting, Snapshot, Source
from claims.reading import Document, Failure, Reading, Unreadable, clean

# Files of a folder that tell about it, whatever their kind; they are no articles.
ABOUT = {"readme", "read-me", "license", "licence", "copying", "changelog", "contributing"}
LOCKS = 1000
FILLED_IN = ("url", "published_on", "author", "licence")  # when a known article comes again
LONGEST = {"title": reading.LONGEST_TITLE, "source": 200, "language": 8, "url": 2000}  # characters


class Unstored(Unreadable):
    """A document could not be stored now: the shelf or the database was in trouble."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a document: a `new` article, or one that was `known` already."""

    article: Article
    is_new: bool
    place: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """What is stored already of a document: the `same` article, or a `former` version of it."""

    same: Article | None = None
    former: Article | None = None

    @property
    def token(self) -> str:
        """The same in one word, to be sent along by who was told of it."""
        found = self.same or self.former
        return f"{'same' if self.same else 'former'}-{found.ref}" if found else "none"


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of all that was handed in at once, in its order.

    :ivar again: whether something of it failed that may be stored later.
    """

    receipts: tuple[Receipt, ...] = ()
    failures: tuple[Failure, ...] = ()
    again: bool = False


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file of a folder that is passed over, and why."""

    place: str
    why: str


def files_in(path: Path) -> Iterator[Path | Failure | Skipped]:
    """Yield `path` itself, or what is below a folder, in a stable order.

    Files that may be articles; folders that cannot be read, with why; and what is passed over, such
    as read-me files and licences. Links to folders are not followed.
    """
    waiting = [path]
    while waiting:
        one = waiting.pop()
        try:
            if one.is_dir() and (one == path or not one.is_symlink()):
                waiting += sorted(one.iterdir(), reverse=True)
            elif one != path and (why := _not_an_article(one)):
                yield Skipped(shown(one), why)
            else:
                yield one
        except OSError as error:
            yield Failure(shown(one), error.strerror or str(error))


def _not_an_article(file: Path) -> str:
    """Why a file of a folder is passed over; "" if it is not."""
    if file.is_symlink() and file.is_dir():
        return "a link to a folder"
    if not file.is_file():
        return "no file"
    if file.stem.lower() in ABOUT:
        return "it tells about the others"
    if file.suffix.lower() not in reading.SUFFIXES:
        return f"what is read of a folder: {reading.ENDINGS}"
    return ""


def receive(path: Path) -> Intake:
    """Store all articles in the file at `path`, each with its bytes, to be analysed.

    Never raises for what a file holds: what cannot be read or stored is named in `failures`.
    """
    try:
        if path.stat().st_size > reading.LARGEST_BUNDLE:
            why = f"larger than {reading.LARGEST_BUNDLE // 1_000_000} MB"
            return Intake(failures=(Failure(shown(path), why),))
        content = path.read_bytes()
    except OSError as error:
        return Intake(failures=(Failure(shown(path), error.strerror or str(error)),))
    return take_in(content, name=path.name, place=shown(path))


def take_in(
    content: bytes, *, name: str, media_type: str = "", location: str = "", place: str = ""
) -> Intake:
    """Read `content` and store every document in it; each is stored whole or not at all.

    :param name: what it is called, as a label.
    :param location: the web address it came from, if it has one.
    :param place: what messages and snapshots call it; `name` if not given.
    """
    return store_all(
        reading.read_apart(
            content, name=name, media_type=media_type, location=location, place=place
        )
    )


def store_all(found: Reading, *, vouched: bool = False) -> Intake:
    """Store every document that was read; each is stored whole or not at all.

    :param vouched: whether people say whose they are.
    """
    receipts: list[Receipt] = []
    failures, again = list(found.failures), False
    for document in found.documents:
        try:
            receipts.append(store(document, read=document if vouched else None))
        except Unreadable as error:
            failures.append(Failure(document.place, str(error)))
            again |= isinstance(error, Unstored)
    return Intake(tuple(receipts), tuple(failures), again)


def store(document: Document, *, read: Document | None = None) -> Receipt:
    """Store a document as it was read, or as its sender corrected that, with its bytes.

    The same article, told by `_known`, is not stored or analysed again: it gains a sighting, a
    snapshot if the bytes are others, and what was not known of it (`FILLED_IN`). Other words at the
    address of an article of the same source are a new article that `revises` it: the old one stays
    as it was, with all offsets into it.

    :param read: what somebody vouches for, without what they corrected: it fills in what is known
        already, since `correcting` writes the rest. What was fetched and nobody vouches for does so
        at its own address alone: any page may say that it is by somebody else.
    :raises Unreadable: if it says nothing, a field is too long, or the database does not take it.
    :raises Unstored: if the shelf is full, say, or others were in its way in the database.
    """
    if not document.text.strip():
        raise Unreadable("no article text in it")
    for field, longest in LONGEST.items():
        if len(getattr(document, field)) > longest:
            raise Unreadable(f"its {field} has more than {longest} characters")
    try:
        sha256 = archiving.keep(document.received.content) if document.received else ""
        return _stored(document, read, sha256)
    except archiving.Unkept as error:
        raise Unstored(str(error)) from error
    except DatabaseError as error:
        kind = Unstored if isinstance(error, OperationalError) else Unreadable
        raise kind(f"the database does not take it: {_line(error)}") from error


@transaction.atomic
def _stored(document: Document, read: Document | None, sha256: str) -> Receipt:
    canonical = identity(document)
    alone(canonical or document.source)
    source = _source(document)
    known, former = _known(document, source, canonical)
    if former:
        source = former.source
    article, is_new = (known, False) if known else _article(document, source, canonical, former)
    if known and (read or not _is_fetched(document) or known.canonical_url == canonical):
        article = _filled_in(known, read or document)
    snapshot = _snapshot(article, document, sha256)
    Sighting.objects.create(
        article=article, snapshot=snapshot, location=document.place, at=timezone.now()
    )
    if is_new:
        Analysis.objects.create(article=article)
    Source.objects.filter(pk=article.source_id, outside=True).update(outside=False)
    return Receipt(article, is_new, document.place)


def alone(key: str) -> None:
    """Wait until nobody else stores something of the same address or source, till the end.

    One of `LOCKS` is taken by all keys that share it, since the server has only so many.
    """
    with connection.cursor() as cursor:
        lock = "pg_advisory_xact_lock('claims_article'::regclass::oid::int, hashtext(%s) %% %s)"
        cursor.execute(f"SELECT {lock}", [key, LOCKS])


def match(document: Document) -> Match:
    """Say what `store` would find of `document`, as of now. Stores nothing."""
    same, former = _known(document, _source(document), identity(document))
    return Match(same, former)


def identity(document: Document) -> str:
    """Return the canonical address by which `document` is recognised; "" if it has none.

    What a page says of itself counts only where its own site says it: agencies and aggregators name
    the original's address on their copies, and a copy is another article.
    """
    declared, found_at = reading.canonical(document.canonical), reading.canonical(document.url)
    is_own = not document.url or reading.same_site(declared, found_at or document.url)
    return declared if declared and is_own else found_at


def _known(
    document: Document, source: Source | None, canonical: str
) -> tuple[Article | None, Article | None]:
    """The stored article that `document` is, or else the newest one it is a later version of.

    By address: the same words but for white space. By content: the same text of the same source.
    """
    sha256 = _sha256(document.text)
    if source and (same := source.articles.filter(text_sha256=sha256).first()):
        return same, None
    if not canonical:
        return None, None
    at_address = Article.objects.filter(canonical_url=canonical).select_related("source")
    is_open = "source" in document.guessed or document.source == reading.UNKNOWN_SOURCE
    versions = [
        version for version in at_address.order_by("-pk") if is_open or version.source == source
    ]
    words = document.text.split()
    for version in versions:
        if version.text.split() == words:
            return version, None
    return None, versions[0] if versions else None


def _source(document: Document) -> Source | None:
    return Source.objects.named(document.source).order_by("pk").first()


def _article(
    document: Document, source: Source | None, canonical: str, former: Article | None
) -> tuple[Article, bool]:
    if source is None:
        source, _ = Source.objects.get_or_create(name=document.source)
    language, guessed = _language(document)
    return Article.objects.get_or_create(
        source=source,
        text_sha256=_sha256(document.text),
        defaults={
            "title": document.title,
            "url": document.url,
            "published_on": document.published_on,
            "language": language,
            "author": document.author,
            "licence": document.licence,
            "canonical_url": canonical,
            "guessed": sorted(guessed),
            "revises": former,
            "text": document.text,
            "demo": document.demo,
        },
    )


def _filled_in(known: Article, document: Document) -> Article:
    """A known article, with what nothing was known of and this arrival says.

    Not what somebody emptied, nor an address that another article has or its own site gives it not.
    """
    if not _lacking(known, document):
        return known
    rows = Article.objects.select_for_update(of=("self",), no_key=True)  # others may point to it
    article = rows.select_related("source").get(pk=known.pk)
    versions = [one.field_dict for one in Version.objects.get_for_object(article)]
    told = {
        name: value
        for name, value in _lacking(article, document).items()
        if not any(version.get(name) for version in versions)
    }
    canonical = identity(document)
    at_address = Article.objects.filter(canonical_url=canonical).exclude(pk=article.pk)
    if "url" in told and article.canonical_url != canonical:
        if article.canonical_url or not canonical or at_address.exists():
            del told["url"]
        else:
            told["canonical_url"] = canonical
    for name, value in told.items():
        setattr(article, name, value)
    article.guessed = sorted({*article.guessed, *(document.guessed & told.keys())})
    article.save(update_fields=[*told, "guessed"])
    return article


def _is_fetched(document: Document) -> bool:
    return bool(document.received and document.received.address)


def _lacking(article: Article, document: Document) -> dict[str, Any]:
    told = {name: getattr(document, name) for name in FILLED_IN if not getattr(article, name)}
    return {name: value for name, value in told.items() if value}


def _language(document: Document) -> tuple[str, set[str]]:
    """The language, unless it is a template's guess that the text contradicts."""
    guessed = set(document.guessed)
    if "language" in guessed and document.language:
        told = engine.language_of(document.text, None)
        if told and told != engine.language_of(document.text, document.language):
            return told, guessed
    return document.language, guessed


def _snapshot(article: Article, document: Document, sha256: str) -> Snapshot | None:
    received = document.received
    if received is None:
        return None
    snapshot, _ = Snapshot.objects.get_or_create(
        article=article,
        sha256=sha256,
        defaults={
            "size": len(received.content),
            "media_type": received.media_type[:100],
            "location": document.place,
            "address": received.address,
            "request_headers": [list(pair) for pair in received.request_headers],
            "response_headers": [list(pair) for pair in received.response_headers],
            "taken_at": received.taken_at,
        },
    )
    return snapshot


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
        title=reading.label(row.get("title") or "", reading.LONGEST_TITLE),
        source=clean(row.get("source") or reading.UNKNOWN_SOURCE),
        published_on=_date(place, (row.get("date") or "")[:10]),
        place=shown(place),
    )
    if not document.text.strip():
        raise Unreadable(f"{shown(place)}: no article text in it")
    if len(document.source) > LONGEST["source"]:
        raise Unreadable(f"{shown(place)}: its source has more than {LONGEST['source']} characters")
    return document


def corrected(document: Document, **fields: object) -> Document:
    """Return `document` with what its sender says instead; that is no guess any more.

    :param fields: by the names of `Document`; what is not named or not changed stays.
    :raises Unreadable: if an address is none.
    """
    changed = {name: value for name, value in fields.items() if getattr(document, name) != value}
    url = changed.get("url")
    if isinstance(url, str) and url and not reading.web_address(url):
        raise Unreadable(f"“{reading.label(url, 80)}” is not a web address")
    return replace(document, **changed, guessed=document.guessed - set(changed))  # type: ignore[arg-type]  # by name


def shown(path: Path) -> str:
    """Return the name of a file as it can be printed and stored, whatever bytes it has."""
    name = os.fsencode(path).decode(errors="replace")
    return reading.label(name, 9 * len(name) + 1)  # controls are written out


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _date(place: Path, value: str) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise Unreadable(f"{shown(place)}: “{value}” is not a date such as 2026-01-31") from error
