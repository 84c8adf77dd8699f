"""One document handed in by a person: read, shown with what was guessed, then kept or dropped.

Until it is kept nothing of it is an article. Bytes are on the shelf before the row names them; an
address is fetched by a worker, and the row waits for it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from claims import archiving, fetching, gathering, hinting, importing, intake, reading
from claims.gathering import NotGathered
from claims.intake import Match, Receipt
from claims.models import Import, Offer
from claims.reading import Document, Reading, Received, Unreadable

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

State = Offer.State
KEPT_FOR = timedelta(days=7)  # that an offer waits for its sender
HINT_IS_LOST_AFTER = timedelta(minutes=1)
HINTS = 40  # that are on their way
ATTEMPTS = 3
PASTED = "Pasted text.txt"
LONGEST_QUOTATION = 2000  # characters
DIED = f"It was begun {ATTEMPTS} times and not finished once."
# The fields of a document that stand in the row under their own names.
FIELDS = (
    "text", "title", "source", "url", "published_on", "language", "author", "licence", "canonical",
    "demo", "place",
)  # fmt: skip


class NotOffered(Exception):
    """Nothing was taken; the message says of what, and why."""


class Changed(Exception):
    """What is known of the article is not what its sender was told; `match` is, now."""

    def __init__(self, match: Match) -> None:
        super().__init__("What is known of this article changed.")
        self.match = match


def offer(
    content: bytes, *, name: str, by: AbstractUser, media_type: str = "", url: str = ""
) -> Offer | Import:
    """Read what somebody handed in. Several documents in one are an import, which begins at once.

    Read is only as much as tells which of both it is.

    :param url: the web address where it stands, if they say so.
    :raises NotOffered: if there is no document in it, or it cannot be kept.
    :raises reading.Busy: if the reader is at work for others.
    """
    place = reading.label(name, 2000)
    found = reading.read_apart(
        content, name=name, media_type=media_type, location=url, place=place, most=2,
        wait=reading.WAIT,
    )  # fmt: skip
    is_several = len(found.documents) + len(found.failures) > 1
    if not found.documents and not is_several:
        raise NotOffered(" ".join(map(str, found.failures)))
    try:
        if is_several:
            handed = importing.Handed(place, archiving.keep(content), len(content), media_type)
            return importing.begin([handed], by=by)
        document = found.documents[0]
        row = Offer(by_id=by.pk, **_columns(document, _kept(document)))
    except archiving.Unkept as error:
        raise NotOffered(f"{place}: {error}") from error
    row.save()
    return row


def ask(url: str, *, by: AbstractUser, quotation: str = "") -> Offer:
    """Note an address to be fetched by a worker.

    :raises NotOffered: if the desk would not fetch it.
    """
    written = url.strip()
    written = written if "://" in written or not written else f"https://{written}"
    try:
        fetching.check_address(written)
    except fetching.Refused as error:
        raise NotOffered(str(error)) from error
    address = reading.web_address(written)
    if not address:
        raise NotOffered("This is not a web address.")
    quoted = reading.clean(quotation).strip()[:LONGEST_QUOTATION]
    return Offer.objects.create(by_id=by.pk, asked=address, quotation=quoted)


def hint() -> list[int]:
    """Return the offers whose address a worker should fetch now, and note that it was told."""
    looking = Offer.objects.looking().order_by("pk")
    return hinting.hint(looking, most=HINTS, lost_after=HINT_IS_LOST_AFTER)


def look(*, offer_id: int) -> None:
    """Fetch and read the address of an offer, if that was not done yet.

    Costs up to 15 seconds for the page. Safe to repeat and twice at once: the first answer counts.
    Whatever goes wrong is written into the row.
    """
    tried = Offer.objects.looking().filter(pk=offer_id)
    begun = tried.filter(attempts__lt=ATTEMPTS)
    if not begun.update(attempts=F("attempts") + 1, hinted_at=Now()):
        tried.update(state=State.FAILED, why=DIED)
        return
    row = Offer.objects.get(pk=offer_id)
    try:
        fetched = gathering.ask(row.asked)
    except NotGathered as error:
        _settle(row, state=State.FAILED, why=str(error))
        return
    found = gathering.read(fetched, asked=row.asked)
    try:
        _settle(row, **_outcome(found))
    except archiving.Unkept as error:
        _settle(row, state=State.FAILED, why=str(error))


def look_again(row: Offer) -> bool:
    """Let a worker fetch its address anew; return whether there is one that failed."""
    again = Offer.objects.filter(pk=row.pk, state=State.FAILED).exclude(asked="")
    return bool(again.update(state=State.LOOKING, why="", attempts=0, hinted_at=None))


def document_of(row: Offer) -> Document:
    """Return what was read of an offer, without its bytes."""
    return Document(**{name: getattr(row, name) for name in FIELDS}, guessed=frozenset(row.guessed))


def keep(row: Offer, *, match: str, **fields: Any) -> Receipt:
    """Store an offer as an article, with what its sender corrected; it may be known already.

    Safe to repeat: what was kept stays kept.

    :param match: what the sender was told is known (`Match.token`).
    :param fields: by the names of `Document`, what the sender says of it.
    :raises Changed: if something else is known by now, or with these corrections.
    :raises NotOffered: if it cannot be stored, or there is nothing to be kept.
    """
    with transaction.atomic():
        row.refresh_from_db(from_queryset=Offer.objects.select_for_update(of=("self",)))
        if row.article:
            return Receipt(row.article, is_new=False, place=row.place)
        if row.state != State.READ:
            raise NotOffered(row.why or "It was not read yet.")
        try:
            read = _with_bytes(row)
            document = intake.corrected(read, **fields)
            known = intake.match(document)
            if known.token != match:
                raise Changed(known)
            receipt = intake.store(document, read=read)
        except (Unreadable, archiving.Missing) as error:
            raise NotOffered(str(error)) from error
        row.state, row.article = State.KEPT, receipt.article
        row.save(update_fields=["state", "article"])
    return receipt


def drop(row: Offer) -> bool:
    """Forget an offer that was not kept; return whether it was there to be dropped."""
    return bool(Offer.objects.open().filter(pk=row.pk).delete()[0])


def expire() -> int:
    """Forget the offers that nobody kept in time, and those that were kept; return how many."""
    return Offer.objects.filter(at__lt=Now() - KEPT_FOR).delete()[0]


def _outcome(found: Reading) -> dict[str, Any]:
    """The columns that say what was found at an address: one document, or why there is none."""
    if not found.documents:
        why = "; ".join(failure.why for failure in found.failures)
        return {"state": State.FAILED, "why": f"{why[:1].upper()}{why[1:]}."}
    document = found.documents[0]
    return _columns(document, _kept(document))


@transaction.atomic
def _settle(row: Offer, **columns: Any) -> None:
    """Write what came of an address, unless another worker did, or its sender dropped it."""
    looking = Offer.objects.looking().select_for_update().filter(pk=row.pk).first()
    if looking is None:
        return
    for name, value in columns.items():
        setattr(looking, name, value)
    looking.save()


def _columns(document: Document, sha256: str) -> dict[str, Any]:
    received = document.received or Received(b"", "")
    return {
        **{name: getattr(document, name) for name in FIELDS},
        "state": State.READ,
        "guessed": sorted(document.guessed),
        "sha256": sha256,
        "media_type": received.media_type[:100],
        "address": received.address,
        "taken_at": received.taken_at,
        "request_headers": [list(pair) for pair in received.request_headers],
        "response_headers": [list(pair) for pair in received.response_headers],
    }


def _kept(document: Document) -> str:
    received = document.received
    return archiving.keep(received.content if received else document.text.encode())


def _with_bytes(row: Offer) -> Document:
    """What was read, with the bytes from the shelf and how they came."""
    received = Received(
        archiving.content_at(row.sha256),
        row.media_type,
        address=row.address,
        taken_at=row.taken_at,
        request_headers=_pairs(row.request_headers),
        response_headers=_pairs(row.response_headers),
    )
    return replace(document_of(row), received=received)


def _pairs(rows: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in rows)
