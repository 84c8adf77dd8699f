"""What a program hands in: text, a page or a file with what its sender says of it; once per key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from claims import archiving, importing, intake, reading
from claims.intake import Intake, Receipt
from claims.models import ApiToken, Handing, Import
from claims.reading import Document, Failure, Received, Unreadable

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

LONGEST_KEY = 200
MOST_AT_ONCE = 20  # documents and failures of one file that its sender waits for
TEXT, PAGE = "text.txt", "page.html"  # what an unnamed text or page is called


class Clash(Exception):
    """A key was used before, for something else."""


@dataclass(frozen=True, slots=True)
class Handed:
    """Bytes, what they are called, and what their sender says of the article in them.

    :ivar as_it_stands: whether the bytes are the article's text, in UTF-8, and nothing else.
    :ivar fields: by the names of `Document`; only what was said.
    """

    content: bytes
    name: str
    media_type: str = ""
    as_it_stands: bool = False
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program is answered: an HTTP status and plain values for JSON."""

    status: int
    body: dict[str, Any]


def hand_in(handed: Handed, *, by: AbstractUser) -> Intake | Import:
    """Read and store what was handed in; what its sender says of it outranks what is read.

    A text is the article as it stands. Where a file holds several articles, what was said of one is
    said of none. A bundle is an import, which begins at once, and so is what holds more than
    `MOST_AT_ONCE`. Never raises for what it holds: what cannot be read or stored is in `failures`.

    :raises reading.Busy: if the reader is at work for others.
    """
    if not handed.as_it_stands and reading.is_bundle(handed.content, name=handed.name):
        return _several(handed, by)
    if handed.as_it_stands:
        found: list[Document] = [_as_it_stands(handed)]
        failures: list[Failure] = []
    else:
        read = reading.read_apart(
            handed.content, name=handed.name, media_type=handed.media_type,
            location=str(handed.fields.get("url", "")), most=MOST_AT_ONCE + 1, wait=reading.WAIT,
        )  # fmt: skip
        found, failures = list(read.documents), list(read.failures)
        if len(found) + len(failures) > MOST_AT_ONCE:
            return _several(handed, by)
    fields = handed.fields if len(found) == 1 else {}
    receipts: list[Receipt] = []
    for document in found:
        try:
            receipts.append(intake.store(intake.corrected(document, **fields)))
        except Unreadable as error:
            failures.append(Failure(document.place, str(error)))
    return Intake(tuple(receipts), tuple(failures))


def _several(handed: Handed, by: AbstractUser) -> Intake | Import:
    """Let workers take in what is in it."""
    place = reading.label(handed.name, 2000)
    try:
        sha256 = archiving.keep(handed.content)
    except archiving.Unkept as error:
        return Intake(failures=(Failure(place, str(error)),))
    size, media_type = len(handed.content), handed.media_type
    return importing.begin([importing.Handed(place, sha256, size, media_type)], by=by)


def _as_it_stands(handed: Handed) -> Document:
    text = reading.clean(handed.content.decode())
    first_line = text.strip("\n").split("\n", 1)[0]
    return Document(
        text=text.strip("\n"),
        title=reading.label(first_line, reading.LONGEST_TITLE),
        source=reading.UNKNOWN_SOURCE,
        guessed=frozenset({"title"}),
        place=handed.name,
        received=Received(handed.content, media_type="text/plain; charset=utf-8"),
    )


def told(taken: Intake | Import) -> Answer:
    """Return what to answer: 201 if an article is new, 200 if all are known, 422 if none came.

    Of an import 202, with where programs and people see how far it is.
    """
    if isinstance(taken, Import):
        where = reverse("api:import", args=[taken.ref])
        return Answer(202, {"ref": taken.ref, "where": where, "page": taken.get_absolute_url()})
    articles = [
        {"ref": one.article.ref, "new": one.is_new, "place": one.place} for one in taken.receipts
    ]
    failures = [{"field": one.place, "why": one.why} for one in taken.failures]
    is_new = any(one.is_new for one in taken.receipts)
    status = 201 if is_new else 200 if articles else 422
    return Answer(status, {"articles": articles, "errors": failures})


def once(token: ApiToken, key: str, body: bytes, do: Callable[[], Answer]) -> Answer:
    """Do it unless `token` had it done under `key` before; then return what was answered then.

    What was refused may be tried again under its key. Two at once both do it, which is safe, and
    the second is answered like the first.

    :raises Clash: if the key was used for another `body`.
    """
    sha256 = hashlib.sha256(body).hexdigest()
    known = Handing.objects.filter(token=token, key=key).first()
    if known is None:
        answer = do()
        if answer.status >= 400:
            return answer
        known, _ = Handing.objects.get_or_create(
            token=token, key=key,
            defaults={"body_sha256": sha256, "status": answer.status, "answer": answer.body},
        )  # fmt: skip
    if known.body_sha256 != sha256:
        raise Clash("This Idempotency-Key was used for something else.")
    return Answer(known.status, known.answer)
