"""Which stored claims a longer or looser text repeats, best first: a post, a question, a headline.

Candidates come from the index of claims, as at intake, only more of them; the engine ranks them.
"""

from __future__ import annotations

from dataclasses import dataclass

from claims import index
from claims import text as engine
from claims.models import Claim

CANDIDATES = 200  # claims that are ranked for one query
ROWS = 6000  # claims from which they are chosen: thorough, where intake is quick
SAMPLE = 20_000  # claims from which the engine learns how rare words are


@dataclass(frozen=True, slots=True)
class Ranked:
    """A claim and how likely the query repeats it, 0 to 1."""

    claim_id: int
    score: float


def frequencies() -> engine.Frequencies:
    """Learn how rare words are from the newest claims. About 60 µs a claim."""
    newest = Claim.objects.order_by("-pk").values_list("wording", flat=True)[:SAMPLE]
    return engine.count_frequencies(newest.iterator())


def rank(query: str, *, language: str, limit: int, known: engine.Frequencies) -> list[Ranked]:
    """Return the claims in `language` that `query` most likely repeats, best first.

    :param known: what `frequencies` has learned.

    Cost: one look-up in the index and up to `CANDIDATES` rankings, about 30 ms in all.
    """
    post = engine.read_post(query)
    found = index.candidates(
        f"{post.body} {post.author}", language=language, limit=CANDIDATES, rows=ROWS, least=0
    )
    ids = [one.claim_id for one in found]
    wordings = dict(Claim.objects.filter(pk__in=ids).values_list("pk", "wording"))
    scores = engine.rank(query, [wordings[claim] for claim in ids], known)
    ranked = [Ranked(claim, score) for claim, score in zip(ids, scores, strict=True)]
    return sorted(ranked, key=lambda one: (-one.score, one.claim_id))[:limit]
