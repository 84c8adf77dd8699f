"""An appearance joins the claim that says the same, or becomes a new one; a person's link stands.

Candidates come from the index of claims; the engine's comparison decides. All linking runs under
one lock, so two workers give the same claims as one.
"""

from __future__ import annotations

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

from claims import text as engine
from claims.index import Candidate, candidates, enter, enter_anew
from claims.models import Appearance, Article, Claim

CANDIDATES = 8  # claims compared with one appearance, those sharing most of its weight
WORDINGS = 8  # in which one candidate is compared, besides its own


def link_appearances(article: Article) -> int:
    """Link every unlinked appearance of `article` to a claim; return how many claims are new.

    Safe to repeat. Cost, for each appearance: one index look-up
    and up to `CANDIDATES` × `WORDINGS` comparisons.
    """
    _lock()
    unlinked = article.appearances.current().filter(claim__isnull=True, linked_by__isnull=True)
    rows = list(unlinked.select_related("claimant").order_by("start"))
    new = sum(_link(appearance, article.language) for appearance in rows)
    Appearance.objects.bulk_update(rows, ["claim", "link_score", "link_reasons"])
    _raise_worthiness(article)
    return new


@transaction.atomic
def reindex(claim: Claim) -> None:
    """Let the index find `claim` by the words it has now, and by those of its appearances."""
    _lock()
    wordings = [claim.wording, *_wordings_of(claim)]
    enter_anew(claim, wordings)
    claim.save(update_fields=["fingerprint"])


def _wordings_of(claim: Claim) -> QuerySet[Appearance, str]:
    found = claim.appearances.current().order_by("wording")
    return found.values_list("wording", flat=True).distinct()


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock('claims_claim'::regclass::oid::bigint)")


def _link(appearance: Appearance, language: str) -> bool:
    """Give one appearance its claim; return whether that is new. The caller stores the link."""
    found = _best(appearance.wording, language)
    if found is None:
        claim = Claim(
            wording=appearance.wording,
            language=language,
            claimant=appearance.claimant,
            worthiness=appearance.worthiness,
        )
    else:
        claim, comparison = found
        appearance.link_score, appearance.link_reasons = comparison.score, list(comparison.reasons)
    keys = len(claim.fingerprint)
    enter(claim, [appearance.wording])
    if found is None:
        claim.save()
    elif len(claim.fingerprint) != keys:
        claim.save(update_fields=["fingerprint"])
    appearance.claim = claim
    return found is None


def _best(wording: str, language: str) -> tuple[Claim, engine.Comparison] | None:
    """Return the claim more of whose wordings certainly say the same as `wording`, if any do.

    Among equals the likeliest. Counting wordings keeps one matter in one claim: a wording between
    two claims joins the one that more copies have joined.
    """
    best: tuple[tuple[int, float], Claim, engine.Comparison] | None = None
    for claim in _with_wordings(candidates(wording, language=language, limit=CANDIDATES)):
        wordings = sorted({claim.wording, *claim.other_wordings})  # type: ignore[attr-defined]
        compared = [engine.compare(wording, known) for known in wordings]
        certain = [one for one in compared if one.score >= settings.FACTCHECK_MATCH_CERTAIN]
        if certain:
            likeliest = max(certain, key=lambda one: one.score)
            rank = (len(certain), likeliest.score)
            if best is None or rank > best[0]:
                best = rank, claim, likeliest
    return best and best[1:]


def _with_wordings(found: list[Candidate]) -> list[Claim]:
    """The claims of these candidates, oldest first.

    Each has `other_wordings`, a few of those in which it appeared.
    """
    if not found:
        return []
    return list(
        Claim.objects.raw(
            """
            SELECT claim.*, ARRAY(
                SELECT DISTINCT wording FROM claims_appearance
                WHERE claim_id = claim.id AND current ORDER BY wording LIMIT %(wordings)s
            ) AS other_wordings
            FROM claims_claim claim WHERE claim.id = ANY(%(ids)s) ORDER BY claim.id
            """,
            {"ids": [one.claim_id for one in found], "wordings": WORDINGS},
        )
    )


def _raise_worthiness(article: Article) -> None:
    """A claim is as check-worthy as the most check-worthy of its appearances."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE claims_claim claim SET worthiness = found.worthiness
            FROM (
                SELECT claim_id, max(worthiness) AS worthiness FROM claims_appearance
                WHERE current AND article_id = %s GROUP BY claim_id
            ) AS found
            WHERE claim.id = found.claim_id AND claim.worthiness < found.worthiness
            """,
            [article.pk],
        )
