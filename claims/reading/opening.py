"""Opens what was handed in: each kind by its reader, bundles member by member."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

from claims.reading import archive, docx, mail, page, pdf, plain, warc
from claims.reading.kinds import BUNDLES, ENDINGS, Kind, kind_of
from claims.reading.values import (
    DEEPEST,
    LARGEST,
    LARGEST_BUNDLE,
    Document,
    Failure,
    Given,
    Reading,
    Received,
    TooMuch,
    Unreadable,
    label,
    one_line,
)

Outcome = Document | Failure | None  # None: it was passed over

READERS: dict[Kind, Callable[[Given], Document]] = {
    Kind.TEXT: plain.read,
    Kind.MARKDOWN: partial(plain.read, markdown=True),
    Kind.HTML: page.read,
    Kind.PDF: pdf.read,
    Kind.DOCX: docx.read,
    Kind.MAIL: mail.read,
}


def read_all(content: bytes, *, name: str, media_type: str, location: str, place: str) -> Reading:
    """Return everything that can be read in `content`, and what cannot be."""
    place = place or label(name, 2000)
    given = Given(content, name=name, media_type=media_type, location=location, place=place)
    found = [one for _, one in read_each(given)]
    documents = tuple(one for one in found if isinstance(one, Document))
    failures = tuple(one for one in found if isinstance(one, Failure))
    return Reading(documents, failures)


def read_each(given: Given) -> Iterator[tuple[int, Outcome]]:
    """Yield the same one by one, numbered from 0: every document and failure, when it is read.

    The numbers of the same bytes are the same each time. None is what `given.budget.course` passes
    over; it still has its number.
    """
    course = given.budget.course
    for outcome in _opened(given):
        yield course.number, outcome
        course.number += 1
    if course.number == 0:
        yield 0, Failure(given.place, "nothing in it that is read")


def _opened(given: Given) -> Iterator[Outcome]:
    """Everything in one thing; what goes wrong with a part of it is a failure in its place."""
    course, size = given.budget.course, len(given.content)
    if not course.opens(given.place, size):
        yield None
        return
    try:
        kind = _kind(given)
        if kind not in BUNDLES:
            yield _document(given, kind) if course.reads(given.place, size) else None
        if kind == Kind.ZIP:
            yield from _members(given, archive.members(given))
        elif kind == Kind.WARC:
            yield from _packed(given)
    except TooMuch as error:
        if given.budget.depth:
            raise  # the outermost bundle tells it, once
        yield Failure(given.place, str(error))
    except Unreadable as error:
        yield Failure(given.place, str(error))
    if _kind_or_none(given) == Kind.MAIL:
        yield from _attached(given)


def _kind(given: Given) -> Kind:
    kind, otherwise = kind_of(given)
    if kind is None:
        raise Unreadable(f"{otherwise}; what is read: {ENDINGS}")
    largest = LARGEST_BUNDLE if kind in BUNDLES else LARGEST
    if len(given.content) > largest:
        raise Unreadable(f"larger than {largest // 1_000_000} MB")
    return kind


def _kind_or_none(given: Given) -> Kind | None:
    return kind_of(given)[0] if len(given.content) <= LARGEST else None


def _document(given: Given, kind: Kind) -> Document:
    try:
        document = READERS[kind](given)
    except (Unreadable, MemoryError):
        raise
    except Exception as error:  # a fault of a parser's own, which is nobody else's
        raise Unreadable(f"it cannot be read ({one_line(error)})") from error
    if not document.text.strip():
        raise Unreadable("no article text in it")
    received = document.received or Received(given.content, media_type=kind.value)
    return replace(document, place=given.place, received=received)


def _members(given: Given, members: Iterable[Given | Failure]) -> Iterator[Outcome]:
    for member in members:
        if given.budget.depth >= DEEPEST:
            raise Unreadable(f"a bundle in more than {DEEPEST} others is not opened")
        given.budget.depth += 1
        try:
            yield from [member] if isinstance(member, Failure) else _opened(member)
        finally:
            given.budget.depth -= 1


def _attached(given: Given) -> Iterator[Outcome]:
    """What is attached to a mail, as documents and failures."""
    try:
        yield from _members(given, mail.attachments(given))
    except TooMuch as error:
        if given.budget.depth:
            raise
        yield Failure(given.place, str(error))
    except Unreadable as error:
        yield Failure(given.place, str(error))


def _packed(given: Given) -> Iterator[Outcome]:
    """A WARC, or a single file that somebody packed with gzip."""
    if given.content.startswith(b"\x1f\x8b"):
        content = warc.gunzipped(given)
        if content is not None:
            given.budget.take(len(content))
            inner = replace(given, content=content, name=given.name.removesuffix(".gz"))
            yield from _members(given, [inner])
            return
    for found in warc.pages(given):
        if isinstance(found, Failure):
            yield found
            continue
        for read in _opened(found.given):
            yield replace(read, received=found.received) if isinstance(read, Document) else read
