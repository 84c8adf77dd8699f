"""What people say of themselves: what they check, and where they are not impartial."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from claims.models import Claimant, Source
from reviews import gate, leases
from reviews.gate import Refused
from reviews.models import Conflict, ReviewTopic, User


def choose(person: User, *, languages: Sequence[str], topics: Sequence[str]) -> None:
    """Store in which languages and on which topics `person` is offered reviews; none means all."""
    person.languages, person.topics = sorted(languages), sorted(topics)
    person.save(update_fields=["languages", "topics"])


@transaction.atomic
def declare(person: User, *, about: Source | Claimant | ReviewTopic, words: str) -> Conflict:
    """Declare that `person` is not impartial: nothing about it is offered to them any more.

    :raises Refused: if nobody says why, or it is declared already.
    """
    gate.need(words, "Say what it is: work, family, money, a dispute.")
    User.objects.select_for_update(no_key=True).get(pk=person.pk)
    names = {Source: "source", Claimant: "claimant", ReviewTopic: "topic"}
    of = {names[type(about)]: about}
    if person.conflicts.standing().filter(**of).exists():
        raise Refused(f"You declared this about {about} already.")
    return Conflict.objects.create(
        person=person, words=words.strip(), declared_at=leases.clock(), **of
    )


@transaction.atomic
def end(conflict: Conflict, *, by: User) -> None:
    """End a declaration; it stays on record.

    :raises Refused: if it is somebody else's.
    """
    if conflict.person_id != by.pk:
        raise Refused("Only who declared it can end it.")
    standing = Conflict.objects.standing().filter(pk=conflict.pk)
    standing.update(ended_at=leases.clock())
