"""What readers are told besides what a checker types: who said it, and where it appeared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.dateparse import parse_date

from claims.provenance import Fate
from reviews import history
from reviews.models import Review, VerdictVersion


@dataclass
class Known:
    """That of a review as it is known now: its checker reads it before submitting.

    :ivar newest: the version that tells what was known when it was sealed.
    :ivar posted: the hash that the page named which was just sent, if it named any.
    """

    review: Review
    newest: VerdictVersion | None
    posted: str | None

    @cached_property
    def context(self) -> dict[str, Any]:
        return history.context_of(self.review.claim)

    @property
    def shown(self) -> dict[str, Any]:
        return readable(self.context)

    @property
    def told(self) -> str:
        return history.told(self.context)

    @cached_property
    def changes(self) -> list[history.FieldDiff]:
        """What readers would be told otherwise than the newest version does."""
        return history.untold(self.context, self.newest)

    @property
    def is_new(self) -> bool:
        """Whether it is otherwise than the newest version, or the page just sent, had it."""
        return bool(self.changes) or self.posted not in (None, self.told)


def readable(context: dict[str, Any]) -> dict[str, Any]:
    """Return a context with dates and fates as templates show them."""
    places = [
        place | {"date": parse_date(place["date"]), "fate": Fate(place["caution"])}
        for place in context.get("appearances", [])
    ]
    return context | {"appearances": places}
