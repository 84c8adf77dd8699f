"""Telling people what concerns them: at most once for each occasion, on the page and by mail.

`tell` writes the notification, and the letter that carries it at once, in the transaction of
whatever it tells of. The sweeps here may run at any time, any number of times, and beside each
other: the unique key of `Notification` keeps a second one from being made.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.db import transaction

from reviews import leases, mail
from reviews.inbox import DEFAULTS, Kind, Mail, MailChoice, Notification
from reviews.models import Review, User
from reviews.standing_in import STAND_IN, rows_for
from reviews.states import Status

SHOWN = 100  # notifications on the list page; what is older stays in the database
COUNTED = 99  # the badge says "99+" beyond
DIGESTED = 200  # in one letter; the rest is in the next


@transaction.atomic
def tell(
    person: User | None, kind: Kind, review: Review, *,
    occasion: str, words: str, at: datetime, note: str = "",
) -> Notification | None:  # fmt: skip
    """Tell `person` about `review`, once for each `occasion`; None if they were told already.

    `words` and the wording of the claim are all that a mail carries; `note`, what a colleague
    wrote, is shown at the desk alone. Nobody, and who cannot sign in, is told nothing.
    """
    if person is None or not person.is_active or person.is_system:
        return None
    told, is_new = Notification.objects.get_or_create(
        person=person, kind=kind, review=review, occasion=occasion,
        defaults={"words": words, "note": note, "at": at, "mail": _wanted(person, kind)},
    )  # fmt: skip
    if not is_new:
        return None
    if told.mail == Mail.AT_ONCE:
        told.letter = mail.write(person, [told], at=at)
        told.save(update_fields=["letter"])
    return told


def _wanted(person: User, kind: Kind) -> Mail:
    if not person.email:
        return Mail.NEVER
    chosen = MailChoice.objects.filter(person=person, kind=kind).values_list("mail", flat=True)
    return Mail(chosen.first() or DEFAULTS[kind])


# Reading


def unread(person: User) -> int:
    """Return how many notifications wait to be read, counted up to one more than `COUNTED`."""
    [[count]] = rows_for(person.pk, *_unread(COUNTED + 1))
    return int(count)


@cache
def _unread(at_most: int) -> tuple[str, tuple[Any, ...]]:
    waiting = Notification.objects.unread().filter(person=STAND_IN).values("pk")[:at_most]
    query, values = waiting.query.sql_with_params()
    return f"SELECT count(*) FROM ({query}) n", values  # noqa: S608  it is Django's own SQL


def newest(person: User) -> list[Notification]:
    """Return what `person` was told last, with reviews, claims and letters. Cost: one query."""
    told = person.notifications.select_related("review__claim", "letter")
    return list(told.order_by("-pk")[:SHOWN])


def read(person: User, notification: Notification) -> None:
    """Note that `person` has read one of theirs."""
    person.notifications.unread().filter(pk=notification.pk).update(read_at=leases.clock())


def read_all(person: User, *, up_to: int) -> int:
    """Note that `person` has read all up to the key they were shown; return how many."""
    shown = person.notifications.unread().filter(pk__lte=up_to)
    return shown.update(read_at=leases.clock())


def choices(person: User) -> dict[Kind, Mail]:
    """Return how `person` wants each kind by mail. Cost: one query."""
    chosen = dict(person.mail_choices.values_list("kind", "mail"))
    return {kind: Mail(chosen.get(kind, DEFAULTS[kind])) for kind in Kind}


@transaction.atomic
def choose(person: User, wanted: Mapping[Kind, Mail]) -> None:
    """Store how `person` wants each kind by mail, for what they are told from now on."""
    MailChoice.objects.bulk_create(
        [MailChoice(person=person, kind=kind, mail=mail) for kind, mail in wanted.items()],
        update_conflicts=True,
        unique_fields=["person", "kind"],
        update_fields=["mail"],
    )


# Sweeps


def tell_of_ending_leases() -> int:
    """Tell who holds a lease that ends soon; return how many were told.

    Once for each end of a lease: who renews it in time may be told again before the next.
    """
    now, told = leases.clock(), 0
    ending = Review.objects.filter(
        status=Status.IN_PROGRESS,
        lease_expires_at__gt=now,
        lease_expires_at__lte=now + settings.LEASE_ENDS_SOON,
    ).select_related("checker")
    for review in ending.order_by("lease_expires_at"):
        until = review.lease_expires_at or now
        told += bool(
            tell(
                review.checker, Kind.EXPIRING, review, at=now,
                occasion=f"{review.lease_token} {until.isoformat()}",
                words=f"Your lease ends at {until:%H:%M} UTC",
            )
        )  # fmt: skip
    return told


def write_digests() -> int:
    """Write each person one letter of what they want once a day; return how many letters."""
    waiting = Notification.objects.for_digests().values("person")
    people = User.objects.filter(pk__in=waiting, is_active=True).exclude(email="")
    return sum(_digest(person) for person in people.order_by("pk"))


@transaction.atomic
def _digest(person: User) -> bool:
    """Put into one letter what no letter has; another digest at work has its own rows."""
    waiting = person.notifications.for_digests().select_related("review__claim").order_by("pk")
    told = list(waiting.select_for_update(of=("self",), skip_locked=True)[:DIGESTED])
    if not told:
        return False
    letter = mail.write(person, told, at=leases.clock())
    Notification.objects.filter(pk__in=[one.pk for one in told]).update(letter=letter)
    return True
