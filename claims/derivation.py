"""What each article rests on: sources it cites, articles whose wording it shares, what people say.

An edge found by the machine is found again from the text; one that a person confirmed, rejected or
added stays as the person left it, and no newer analysis changes it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

import reversion
from django.db import connection, transaction
from django.db.models import Q

from claims import drift, matching, provenance
from claims import text as engine
from claims.models import Article, Derivation, Source

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

MOSTLY_SHARED = 0.6  # share of wording from which an article copies another
PARTLY_SHARED = 0.3  # share of wording from which it paraphrases one
COMPARED_WITH = 6  # articles whose wording a new one is compared with, those sharing most claims
SHARED_AT_LEAST = 2  # claims that articles of two stories share before their wording is compared

NEAR = """
WITH sharing AS (
    SELECT other.article_id AS id, count(DISTINCT other.claim_id) AS shared
    FROM claims_appearance own JOIN claims_appearance other USING (claim_id)
    WHERE own.article_id = %(article)s AND own.current
    AND other.article_id <> %(article)s AND other.current
    GROUP BY other.article_id
),
near AS (
    SELECT id, shared FROM sharing WHERE shared >= %(at_least)s
    UNION
    SELECT id, coalesce(shared, 0) FROM claims_article LEFT JOIN sharing USING (id)
    WHERE story_id = %(story)s AND id <> %(article)s
)
SELECT id FROM near JOIN claims_article USING (id)
ORDER BY
    shared DESC,
    abs(coalesce(published_on, (received_at AT TIME ZONE 'UTC')::date) - %(day)s),
    id
LIMIT %(limit)s
"""

reversion.register(Derivation)


# What the machine finds


def derive(article: Article, citations: Iterable[engine.Citation]) -> None:
    """Store what `article` rests on: sources it cites, and articles whose wording it shares.

    Articles that share its wording but are newer rest on it in turn. What a person decided stays.
    Safe to repeat. Call when the article has its claims and its story.
    """
    _store_citations(article, list(citations))
    others = near(article)
    known = _edges_between(article, others)
    for other in others:
        newer, older = sorted((article, other), key=provenance.age, reverse=True)
        overlap = engine.shared_wording(newer.text, older.text)
        _store_wording(newer, older, overlap, known[other.pk])


def near(article: Article) -> list[Article]:
    """The few articles that `article` is compared with: of its story, or sharing claims with it.

    Those that share most claims come first, then those nearest in date.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            NEAR,
            {
                "article": article.pk,
                "story": article.story_id,
                "at_least": SHARED_AT_LEAST,
                "day": provenance.age(article)[0],
                "limit": COMPARED_WITH,
            },
        )
        chosen = [pk for (pk,) in cursor.fetchall()]
    return list(Article.objects.filter(pk__in=chosen).select_related("source").order_by("pk"))


def _store_citations(article: Article, citations: list[engine.Citation]) -> None:
    sources = _sources({citation.name: citation.kind for citation in citations})
    found = {
        (sources[citation.name].pk, citation.span.start): citation
        for citation in citations
        if sources[citation.name].pk != article.source_id
    }
    stored = {
        (row.on_source_id, row.start): row
        for row in article.derivations.filter(on_source__isnull=False)
    }
    gone = [stored[key].pk for key in stored.keys() - found.keys() if _is_machines(stored[key])]
    article.derivations.filter(pk__in=gone).delete()
    Derivation.objects.bulk_create(
        Derivation(
            article=article, on_source_id=source_id, kind=Derivation.Kind.CITATION, score=1,
            start=start, end=citation.span.end, words=citation.cue.of(article.text),
        )
        for (source_id, start), citation in found.items()
        if (source_id, start) not in stored
    )  # fmt: skip


def _sources(kinds: dict[str, str]) -> dict[str, Source]:
    """Return the source of each name, by name or other name; one not known yet is outside."""
    known: dict[str, Source] = {}
    for source in Source.objects.named_like(kinds).order_by("pk") if kinds else ():
        for name in (source.name, *source.aliases):
            known[name.casefold()] = source
    for name in sorted(kinds.keys()):
        if name.casefold() not in known:
            known[name.casefold()], _ = Source.objects.get_or_create(
                name=name, defaults={"kind": kinds[name], "outside": True}
            )
    return {name: known[name.casefold()] for name in kinds}


def _edges_between(article: Article, others: Iterable[Article]) -> dict[int, list[Derivation]]:
    """The edges between `article` and each of `others`, in either direction, locked."""
    rows = list(others)
    between = Q(article=article, on_article__in=rows) | Q(article__in=rows, on_article=article)
    found: dict[int, list[Derivation]] = defaultdict(list)
    for edge in Derivation.objects.filter(between).order_by("pk").select_for_update():
        other = edge.on_article_id if edge.article_id == article.pk else edge.article_id
        found[other or 0].append(edge)
    return found


def _store_wording(
    newer: Article, older: Article, overlap: engine.Overlap, known: list[Derivation]
) -> None:
    """Store that one article shares the other's wording, or that it no longer does.

    :param known: the edges stored between the two.
    """
    if any(not _is_machines(row) for row in known):
        return
    shares = overlap.score >= PARTLY_SHARED and bool(overlap.spans)
    gone = [row.pk for row in known if not shares or row.article_id != newer.pk]
    if gone:
        Derivation.objects.filter(pk__in=gone).delete()
    if not shares:
        return
    edge = next((row for row in known if row.article_id == newer.pk), None)
    edge = edge or Derivation(article=newer, on_article=older)
    passage = max((here for here, _ in overlap.spans), key=lambda span: span.length)
    copies = overlap.score >= MOSTLY_SHARED
    edge.kind = Derivation.Kind.COPY if copies else Derivation.Kind.PARAPHRASE
    edge.score, edge.by_hand = overlap.score, False
    edge.start, edge.end, edge.words = passage.start, passage.end, passage.of(newer.text)
    edge.save()


def _is_machines(row: Derivation) -> bool:
    """Whether no person has a say in an edge: never decided, or decided and taken back."""
    return not row.decision


# What people decide


@transaction.atomic
def decide(
    row: Derivation,
    *,
    by: AbstractUser,
    at: datetime,
    decision: str,
    reason: str = "",
    seen: str | None = None,
) -> None:
    """Confirm or reject an edge, or take the decision back (`decision` ""), as a person.

    The caller has checked that they may. Every decision there ever was is a reversion version.

    :param seen: the decision that the person saw; None if whatever it is now is to be replaced.
    :raises ValueError: if an edge is rejected without a reason, or was decided since it was seen.
    """
    matching.lock()  # so that whoever compares copies meanwhile puts no flag back
    row.refresh_from_db(from_queryset=Derivation.objects.select_for_update())
    if (row.decision, row.reason) == (decision, reason):
        return
    if seen not in (None, row.decision):
        said = row.get_decision_display().lower() if row.decision else "taken back"
        raise ValueError(f"Somebody decided this meanwhile: it was {said}.")
    if decision == Derivation.Decision.REJECTED and not reason:
        raise ValueError("Say why it does not rest on that.")
    row.decision, row.decided_at = decision, at
    row.decided_by = by if decision else None  # type: ignore[assignment]
    row.reason = reason if decision else ""
    _log(row, by, f"{row.get_decision_display() if decision else 'Taken back'}: {reason}")
    drift.refresh(row.article)


@transaction.atomic
def add(
    article: Article, *, on: Article | Source, by: AbstractUser, at: datetime, reason: str
) -> Derivation:
    """Say, as a person, that `article` rests on another article or a source, and why.

    :raises ValueError: without a reason, or if it would rest on itself.
    """
    if not reason:
        raise ValueError("Say how you know.")
    if on in (article, article.source):
        raise ValueError("An article does not rest on itself.")
    matching.lock()
    column = "on_article" if isinstance(on, Article) else "on_source"
    place = {"article": article, column: on} | ({} if column == "on_article" else {"start": None})
    row = Derivation.objects.filter(**place).select_for_update().first()
    if row is None:
        row = Derivation(**place, kind=Derivation.Kind.CITATION, score=1, by_hand=True)
    row.decision, row.decided_by, row.decided_at = Derivation.Decision.CONFIRMED, by, at  # type: ignore[assignment]
    row.reason = reason
    _log(row, by, f"Added: {reason}")
    drift.refresh(article)
    return row


def _log(row: Derivation, by: AbstractUser, comment: str) -> None:
    with reversion.create_revision():
        row.save()
        reversion.set_user(by)
        reversion.set_comment(comment)
        reversion.add_to_revision(row)
