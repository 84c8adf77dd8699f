"""An appearance joins the claim that says the same, or becomes a new one; a person's link stands.

Candidates come from an index of fingerprints (hashes of rare stems and pairs of them); the engine's
comparison decides. All linking runs under one lock, so two workers give the same claims as one.
"""

from __future__ import annotations

from django.conf import settings
from django.db import connection

from claims import text as engine
from claims.models import Appearance, Article, Claim

MATCH_LOCK = 0x6D617463  # the key of the advisory lock under which appearances are linked
FINGERPRINT = 24  # hashes kept of one wording
FINGERPRINT_OF_CLAIM = 200  # hashes kept of all wordings of one claim
CANDIDATES = 60  # claims compared with one appearance, those sharing most hashes


def link_appearances(article: Article) -> int:
    """Link every unlinked appearance of `article` to a claim; return how many claims are new.

    Safe to repeat. Cost: one index look-up and up to `CANDIDATES` comparisons for each appearance.
    """
    _lock()
    unlinked = article.appearances.current().filter(claim__isnull=True, linked_by__isnull=True)
    new = 0
    for appearance in unlinked.select_related("claimant").order_by("start"):
        new += _link(appearance, article.language)
    _raise_worthiness(article)
    return new


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [MATCH_LOCK])


def _link(appearance: Appearance, language: str) -> bool:
    """Link one appearance; return whether its claim is new."""
    fingerprint = list(engine.fingerprint(appearance.wording, FINGERPRINT))
    best, comparison = _best(appearance.wording, fingerprint, language)
    is_new = best is None
    if best is None:
        best = Claim.objects.create(
            wording=appearance.wording,
            language=language,
            claimant=appearance.claimant,
            worthiness=appearance.worthiness,
            fingerprint=fingerprint,
        )
    else:
        best.fingerprint = sorted({*best.fingerprint, *fingerprint})[:FINGERPRINT_OF_CLAIM]
        best.save(update_fields=["fingerprint"])
    appearance.claim = best
    appearance.link_score = comparison.score if comparison else None
    appearance.link_reasons = list(comparison.reasons) if comparison else []
    appearance.save(update_fields=["claim", "link_score", "link_reasons"])
    return is_new


def _best(
    wording: str, fingerprint: list[int], language: str
) -> tuple[Claim | None, engine.Comparison | None]:
    """Return the claim that says the same as `wording` with most certainty, if any does."""
    best, best_comparison = None, None
    candidates = _candidates(fingerprint, language)
    wordings = _wordings(candidates)
    for candidate in candidates:
        for known in wordings[candidate.pk]:
            comparison = engine.compare(known, wording)
            if comparison.score < settings.FACTCHECK_MATCH_CERTAIN:
                continue
            if best_comparison is None or comparison.score > best_comparison.score:
                best, best_comparison = candidate, comparison
    return best, best_comparison


def _wordings(claims: list[Claim]) -> dict[int, set[str]]:
    """Each claim's own wording and those of its appearances, so that a chain of copies holds."""
    wordings = {claim.pk: {claim.wording} for claim in claims}
    linked = Appearance.objects.current().filter(claim__in=claims)
    for claim_id, wording in linked.values_list("claim", "wording"):
        wordings[claim_id].add(wording)
    return wordings


def _candidates(fingerprint: list[int], language: str) -> list[Claim]:
    """The claims that share most hashes with `fingerprint`, oldest first among equals."""
    if not fingerprint:
        return []
    return list(
        Claim.objects.raw(
            """
            SELECT claim.* FROM claims_claim claim
            CROSS JOIN LATERAL (
                SELECT count(*) AS hashes FROM unnest(claim.fingerprint) AS own(hash)
                WHERE own.hash = ANY(%(fingerprint)s)
            ) AS shared
            WHERE claim.fingerprint && %(fingerprint)s::int[] AND claim.language = %(language)s
            ORDER BY shared.hashes DESC, claim.id LIMIT %(limit)s
            """,
            {"fingerprint": fingerprint, "language": language, "limit": CANDIDATES},
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
