"""What people ask us to check: sent by anybody, decided by the desk, forgotten as far as promised.

An accepted tip stands for a claim, known or new, and the queue pulls such claims as it pulls those
of articles. A tip is no article: it must not count as a copy or an origin of what it asks about.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from claims import matching, reading
from claims import text as engine
from claims.matching import Match
from claims.models import Claim, Tip

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

LONGEST = 5000  # characters of what is asked
LONGEST_WORDING = 1000  # of the claim that it becomes
LONGEST_NOTE = 2000
LONGEST_CONTACT = 300
ROWS = 50  # on one page


class Refused(Exception):
    """A tip cannot be taken or decided so; the message says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks about, as they sent it; unknown is ""/None."""

    text: str
    claimant: str = ""
    language: str = ""
    url: str = ""
    said_on: date | None = None
    note: str = ""
    contact: str = ""

    def cleaned(self) -> Asked:
        """Return it as it is stored.

        :raises Refused: if something is missing, too long, or not what it should be.
        """
        clean = Asked(
            text=reading.clean(self.text).strip(),
            claimant=reading.label(self.claimant, 201),
            language=self.language.strip().lower(),
            url=self.url.strip(),
            said_on=self.said_on,
            note=reading.clean(self.note).strip(),
            contact=reading.label(self.contact, LONGEST_CONTACT + 1),
        )
        if not clean.text:
            raise Refused("There is nothing in it to check.")
        for name, longest in _LONGEST.items():
            if len(getattr(clean, name)) > longest:
                raise Refused(f"Its {name} has more than {longest:,} characters.")
        if clean.language and not (clean.language.isascii() and clean.language.isalpha()):
            raise Refused(f"“{reading.label(clean.language, 20)}” is no code of a language.")
        if clean.url and not reading.web_address(clean.url):
            raise Refused(f"“{reading.label(clean.url, 80)}” is not a web address.")
        return clean


_LONGEST = {"text": LONGEST, "claimant": 200, "language": 3, "url": 2000, "note": LONGEST_NOTE,
            "contact": LONGEST_CONTACT}  # fmt: skip


def send(asked: Asked, *, way: Tip.Way, by: AbstractUser | None = None) -> Tip:
    """Store what somebody asks about, for the desk to decide.

    :raises Refused: if it cannot be taken as it is.
    """
    clean = asked.cleaned()
    return Tip.objects.create(
        way=way, text=clean.text, claimant=clean.claimant, language=clean.language, url=clean.url,
        said_on=clean.said_on, note=clean.note, contact=clean.contact,
        handed_by_id=by.pk if by else None,
    )  # fmt: skip


def key_of(asked: Asked) -> str:
    """Return what the same row of two tables shares."""
    parts = [matching.wording_key(asked.text), asked.claimant.casefold(), asked.url]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def language_of(asked: Asked) -> str:
    """Return the language of what is asked, as said or as the engine tells it; "" if it cannot."""
    return engine.language_of(asked.text, asked.language or None)


def page(state: Tip.State, *, after: str = "") -> tuple[list[Tip], str]:
    """Return tips in `state`, newest first, and the `ref` after which the next page starts."""
    rows = Tip.objects.filter(state=state).select_related("claim", "decided_by", "handed_by")
    place = Tip.objects.filter(ref=after).values("pk").first() if after else None
    if place:
        rows = rows.filter(pk__lt=place["pk"])
    found = list(rows.order_by("-pk")[: ROWS + 1])
    return found[:ROWS], found[ROWS - 1].ref if len(found) > ROWS else ""


def matches(tip: Tip) -> list[Match]:
    """Return the claims that may say what `tip` asks about, likeliest first."""
    found = matching.find_matches(tip.text, tip.language or engine.language_of(tip.text, None))
    return sorted(found, key=lambda one: one.rank, reverse=True)


# Deciding


@transaction.atomic
def accept(
    tip: Tip, *, by: AbstractUser, wording: str = "", language: str = "", into: Claim | None = None
) -> Claim:
    """Let `tip` stand for the claim `into`, or for the one of this `wording`, known or new.

    :raises Refused: if somebody decided it meanwhile, or wording or language cannot be a claim's.
    """
    _begin(tip)
    if into is None:
        words = reading.label(wording or tip.text, LONGEST_WORDING + 1)
        if not words or len(words) > LONGEST_WORDING:
            raise Refused(f"Word the claim in one to {LONGEST_WORDING:,} characters.")
        code = engine.language_of(words, language or tip.language or None)
        if not code:
            raise Refused("The language cannot be told. Name it.")
        into, _ = matching.join(words, language=code, claimant=tip.claimant)
    tip.claim = matching.survivor(into)
    _decide(tip, Tip.State.ACCEPTED, by=by, reason="")
    return tip.claim


@transaction.atomic
def dismiss(tip: Tip, *, by: AbstractUser, reason: str) -> None:
    """Decide that nothing is checked for `tip`.

    :raises Refused: without a reason, or if somebody decided it meanwhile.
    """
    _begin(tip)
    if not reason.strip():
        raise Refused("Say why.")
    _decide(tip, Tip.State.DISMISSED, by=by, reason=reading.clean(reason).strip())


@transaction.atomic
def take_back(tip: Tip) -> None:
    """Open a decided tip again. A review that it brought into the queue stays there.

    :raises Refused: if it is open already.
    """
    tip.refresh_from_db(from_queryset=Tip.objects.select_for_update())
    if tip.state == Tip.State.OPEN:
        raise Refused("It is open already.")
    tip.state, tip.claim, tip.decided_by, tip.decided_at, tip.reason = (
        Tip.State.OPEN, None, None, None, "",
    )  # fmt: skip
    tip.save(update_fields=["state", "claim", "decided_by", "decided_at", "reason"])


def forget_contacts() -> int:
    """Delete how to reach who sent a tip, once it is older than promised; return of how many."""
    old = Tip.objects.with_contact().filter(received_at__lt=Now() - settings.TIP_CONTACTS_KEPT)
    return old.update(contact="")


def _begin(tip: Tip) -> None:
    tip.refresh_from_db(from_queryset=Tip.objects.select_for_update())
    if tip.state != Tip.State.OPEN:
        raise Refused(f"Somebody decided it meanwhile: {tip.get_state_display().lower()}.")


def _decide(tip: Tip, state: Tip.State, *, by: AbstractUser, reason: str) -> None:
    tip.state, tip.decided_by_id, tip.decided_at = state, by.pk, timezone.now()
    tip.reason = reason
    tip.save(update_fields=["state", "claim", "decided_by", "decided_at", "reason"])
