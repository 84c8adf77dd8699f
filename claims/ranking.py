"""Which stored claims a longer or looser text repeats, best first: a post, a question, a headline.

Candidates come from the index of claims, as at intake, only more of them, and from what claims mean
where that extra is on; the engine ranks them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from claims import index
from claims import text as engine
from claims.models import Claim

CANDIDATES = 200  # claims that are ranked for one query
ROWS = 6000  # claims from which they are chosen: thorough, where intake is quick
NEAREST = 50  # claims that mean most alike, where that counts
SAMPLE = 20_000  # claims from which the engine learns how rare words are


@dataclass(frozen=True, slots=True)
class Ranked:
    """A claim and how likely the query repeats it, 0 to 1."""

    claim_id: int
    score: float


class Meanings(Protocol):
    """What `FACTCHECK_SEMANTIC` makes of claims, given by key and wording."""

    def nearest(self, query: str) -> Mapping[int, float]:
        """How alike in meaning each claim is to `query`, −1 to 1, the nearest first."""


def meanings() -> Meanings | None:
    """Read what all claims mean, if semantic matching is on and there are any."""
    claims = [*Claim.objects.order_by("pk").values_list("pk", "wording")]
    if not settings.FACTCHECK_SEMANTIC or not claims:
        return None
    return cast("Meanings", import_string(settings.FACTCHECK_SEMANTIC)(claims))


def frequencies() -> engine.Frequencies:
    """Learn how rare words are from the newest claims. About 60 µs a claim."""
    newest = Claim.objects.order_by("-pk").values_list("wording", flat=True)[:SAMPLE]
    return engine.count_frequencies(newest.iterator())


def rank(
    query: str,
    *,
    language: str,
    limit: int,
    known: engine.Frequencies,
    meant: Meanings | None = None,
) -> list[Ranked]:
    """Return the claims in `language` that `query` most likely repeats, best first.

    :param known: what `frequencies` has learned.
    :param meant: what the claims mean, if that is to count.

    Cost: one look-up in the index and up to `CANDIDATES` rankings, about 30 ms in all.
    """
    post = engine.read_post(query)
    found = index.candidates(
        f"{post.body} {post.author}", language=language, limit=CANDIDATES, rows=ROWS, least=0
    )
    alike = meant.nearest(query) if meant else {}
    wordings = {one.claim_id: one.wording for one in found}
    missing = {*[*alike][:NEAREST]} - {*wordings}
    if missing:
        wordings |= Claim.objects.filter(pk__in=missing).values_list("pk", "wording")
    scores = engine.rank(
        query, [*wordings.values()], known, [alike[claim] for claim in wordings if alike]
    )
    ranked = [Ranked(claim, score) for claim, score in zip(wordings, scores, strict=True)]
    return sorted(ranked, key=lambda one: (-one.score, one.claim_id))[:limit]
