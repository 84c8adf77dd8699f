"""Lists of stories and of articles: what a row says, and a page at a time from any place.

Cost of a page: a fixed number of queries, and none that grows with the pages before. Each function
returns the rows and the `ref` after which the next page starts ("" on the last).
"""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Prefetch, Q, QuerySet

from claims.models import (
    Analysis,
    Article,
    Claim,
    ClaimMerge,
    ClaimSplit,
    Flag,
    Source,
    Story,
    Suggestion,
)

ROWS = 50  # on one page
NAMED = 6  # articles of a story that its row names
WORDS = 8  # searched for at most
COUNTED = 1000  # counting stops here: beyond it "1,000+" says enough

Row = TypeVar("Row", Article, Claim, Story)


def stories(*, after: str = "") -> tuple[list[Story], str]:
    """Return stories, newest first, with `copies`, `first_on`, `last_on`, `is_dropped`, `named`.

    `is_dropped` tells whether a copy dropped a caution about any of its claims; `named` are the
    first `NAMED` of its articles with their sources, without their texts.
    """
    dropped = Flag.objects.standing().filter(
        kind="disclaimer_dropped", article__story=OuterRef("pk")
    )
    articles = Article.objects.select_related("source").defer("text").order_by("published_on", "pk")
    rows = Story.objects.annotate(
        copies=Count("articles"),
        first_on=Min("articles__published_on"),
        last_on=Max("articles__published_on"),
        is_dropped=Exists(dropped),
    ).prefetch_related(Prefetch("articles", articles[:NAMED], to_attr="named"))
    place = Story.objects.filter(ref=after).values("pk").first() if after else None
    if place:
        rows = rows.filter(pk__lt=place["pk"])
    return _page(rows.order_by("-pk"))


def articles(
    *, status: str = "", source: Source | None = None, after: str = ""
) -> tuple[list[Article], str]:
    """Return articles, last received first, with source and analysis, without their texts."""
    rows = Article.objects.select_related("source", "analysis").defer("text")
    if status:
        rows = rows.filter(analysis__status=status)
    if source:
        rows = rows.filter(source=source)
    place = Article.objects.filter(ref=after).values("received_at", "pk").first() if after else None
    if place:
        # The first condition walks the index; the second only settles ties at its edge.
        rows = rows.filter(received_at__lte=place["received_at"]).filter(
            Q(received_at__lt=place["received_at"]) | Q(pk__lt=place["pk"])
        )
    return _page(rows.order_by("-received_at", "-pk"))


def claims(*, words: str = "", language: str = "", after: str = "") -> tuple[list[Claim], str]:
    """Return the standing claims that have every one of `words`, newest first, with claimant.

    Cost: a search reads the claims until a page is full; without words the key is walked.
    """
    rows = Claim.objects.filter(merged_into__isnull=True).select_related("claimant", "merged_into")
    for word in words.split()[:WORDS]:
        rows = rows.filter(wording__icontains=word)
    if language:
        rows = rows.filter(language=language)
    place = Claim.objects.filter(ref=after).values("pk").first() if after else None
    if place:
        rows = rows.filter(pk__lt=place["pk"])
    return _page(rows.order_by("-pk"))


def suggestions(claim: Claim) -> list[Suggestion]:
    """Return the suggestions about `claim`: the open ones, then those decided last.

    At most `ROWS`, in one query.
    """
    rows = Suggestion.objects.filter(Q(claim=claim) | Q(appearance__claim=claim))
    return list(
        (rows.open() | rows.answered())
        .select_related("appearance__article__source", "appearance__claim", "claim", "decided_by")
        .defer("appearance__article__text")
        .order_by(F("decided_at").desc(nulls_first=True), "-score", "pk")[:ROWS]
    )


def merges(claim: Claim) -> list[ClaimMerge]:
    """Return what people merged into `claim`, newest first, undone ones included: one query."""
    rows = ClaimMerge.objects.made_by_people().filter(into=claim)
    return list(rows.select_related("claim", "by", "undone_by").order_by("-pk")[:ROWS])


def splits(claim: Claim) -> list[ClaimSplit]:
    """Return what was split off `claim`, and it off others, newest first: one query."""
    rows = ClaimSplit.objects.filter(Q(claim=claim) | Q(new_claim=claim))
    return list(rows.select_related("claim", "new_claim", "by", "undone_by").order_by("-pk")[:ROWS])


def progress() -> dict[Analysis.Status, int]:
    """Count the articles in each state of their analysis, at most to `COUNTED` + 1."""
    return {
        status: Analysis.objects.filter(status=status)[: COUNTED + 1].count()
        for status in Analysis.Status
    }


def _page(rows: QuerySet[Row]) -> tuple[list[Row], str]:
    found = list(rows[: ROWS + 1])
    return found[:ROWS], found[ROWS - 1].ref if len(found) > ROWS else ""
