"""The claimant-contact log: who was asked, how and what, and what they replied.

Rows are never rewritten: a reply, and whatever is put right, is a further row on top of the one
before, and the earlier ones stay to be read. Only who holds the review writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from reviews import leases
from reviews.leases import Refused
from reviews.models import Contact, Review, User

REPLIED = "The reply came."


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one row tells: whom, how, when and what, until when, and what came back."""

    whom: str
    way: str
    asked_on: date
    question: str
    reply_by: date | None = None
    replied_on: date | None = None
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands now, with what stood before it, newest first."""

    now: Contact
    earlier: Sequence[Contact]

    @property
    def first(self) -> Contact:
        """The row with which it began: who asked, and when that was noted."""
        return self.earlier[-1] if self.earlier else self.now


@transaction.atomic
def note(review: Review, *, by: User, token: int, told: Told) -> Contact:
    """Note that somebody was asked; the same once more stands once.

    :raises Refused: if the lease is lost, or the dates make no sense.
    """
    actor, now = leases.begin_write(review, by, token)
    _need_sense(told, now)
    for entry in entries(review):
        if told_by(entry.now) == told:
            return entry.now
    return _write(review, told, by=actor, at=now)


@transaction.atomic
def note_reply(contact: Contact, *, by: User, token: int, replied_on: date, reply: str) -> Contact:
    """Note what was replied, on top of `contact`.

    :raises Refused: if the lease is lost, `contact` stands no longer, or the day makes no sense.
    """
    actor, now = leases.begin_write(contact.review, by, token)
    told = replace(told_by(contact), replied_on=replied_on, reply=reply)
    return _correct(contact, told, why=REPLIED, by=actor, at=now)


@transaction.atomic
def correct(contact: Contact, *, by: User, token: int, told: Told, why: str) -> Contact:
    """Put right what `contact` tells, on top of it.

    :raises Refused: if the lease is lost, nobody says why, nothing differs, `contact` stands no
        longer, or the dates make no sense.
    """
    actor, now = leases.begin_write(contact.review, by, token)
    if not why.strip():
        raise Refused("Say why it is corrected.")
    return _correct(contact, told, why=why.strip(), by=actor, at=now)


def entries(review: Review) -> list[Entry]:
    """Return the log of a review, in the order in which it was begun. Cost: one query."""
    chains: dict[int, list[Contact]] = {}
    for row in review.contacts.order_by("pk"):
        chain = chains.pop(row.corrects_id, []) if row.corrects_id else []
        chains[row.pk] = [row, *chain]
    found = [Entry(rows[0], rows[1:]) for rows in chains.values()]
    return sorted(found, key=lambda entry: entry.first.pk)


def told_by(contact: Contact) -> Told:
    return Told(**{name: getattr(contact, name) for name in Told.__slots__})


def _correct(contact: Contact, told: Told, *, why: str, by: User, at: datetime) -> Contact:
    if Contact.objects.filter(corrects=contact).exists():
        raise Refused("This entry was corrected meanwhile. Read it as it stands now.")
    if told == told_by(contact):
        raise Refused("That is what it says already.")
    _need_sense(told, at)
    return _write(contact.review, told, by=by, at=at, corrects=contact, why=why)


def _write(
    review: Review, told: Told, *,
    by: User, at: datetime, corrects: Contact | None = None, why: str = "",
) -> Contact:  # fmt: skip
    return Contact.objects.create(
        review=review, corrects=corrects, why=why, by=by, by_name=str(by), at=at, **asdict(told)
    )


def _need_sense(told: Told, now: datetime) -> None:
    today = timezone.localdate(now)
    if told.asked_on > today or (told.replied_on and told.replied_on > today):
        raise Refused("That day is still to come.")
    if told.reply_by and told.reply_by < told.asked_on:
        raise Refused("A reply is asked for by a day after the question.")
    if told.replied_on and told.replied_on < told.asked_on:
        raise Refused("Nobody replies before they are asked.")
    if bool(told.replied_on) != bool(told.reply.strip()):
        raise Refused("A reply has its day and its words.")
