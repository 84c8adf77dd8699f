"""An article becomes appearance rows, through the engine; the same text gives the same rows."""

from __future__ import annotations

from claims import text as engine
from claims.models import Appearance, Article, Claimant

FOUND_FIELDS = (
    "sentence_start", "sentence_end", "wording", "claimant", "cue_start", "cue_end",
    "worthiness", "reasons", "current",
)  # fmt: skip


def store_appearances(article: Article, analysis: engine.Analysis) -> None:
    """Make the article's current appearances those of `analysis`.

    One that is no longer found stays, no longer `current`, so that a review resting on it keeps its
    passage. Safe to repeat. Cost: six statements, however many claims.
    """
    claimants = _claimants(analysis)
    stored = article.appearances.order_by("pk").select_for_update(no_key=True)
    known = {(row.start, row.end): row for row in stored}
    rows = []
    for found in analysis.claims:
        span = found.span
        row = known.get((span.start, span.end))
        if row is None:
            row = Appearance(article=article, start=span.start, end=span.end)
        _describe(row, found, claimants)
        rows.append(row)
    gone = known.keys() - {(row.start, row.end) for row in rows}
    article.appearances.filter(pk__in=[known[span].pk for span in gone]).update(current=False)
    Appearance.objects.bulk_update([row for row in rows if row.pk is not None], FOUND_FIELDS)
    Appearance.objects.bulk_create([row for row in rows if row.pk is None])


def _describe(row: Appearance, found: engine.DetectedClaim, claimants: dict[str, Claimant]) -> None:
    row.sentence_start, row.sentence_end = found.sentence.start, found.sentence.end
    row.wording = found.wording
    row.claimant = claimants.get(found.claimant)
    cue = found.attribution.cue if found.attribution else None
    row.cue_start, row.cue_end = (cue.start, cue.end) if cue else (None, None)
    row.worthiness, row.reasons = found.worthiness, list(found.reasons)
    row.current = True


def _claimants(analysis: engine.Analysis) -> dict[str, Claimant]:
    kinds = {
        found.claimant: found.claimant_kind
        for found in analysis.claims
        if found.claimant and found.claimant_kind in Claimant.Kind.values
    }
    Claimant.objects.bulk_create(
        [Claimant(name=name, kind=kind) for name, kind in sorted(kinds.items())],
        ignore_conflicts=True,
    )
    return {claimant.name: claimant for claimant in Claimant.objects.filter(name__in=kinds)}
