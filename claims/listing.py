"""Lists of stories and of articles: what a row says, and a page at a time from any place.

Cost of a page: a fixed number of queries, and none that grows with the pages before. Each function
returns the rows and the `ref` after which the next page starts ("" on the last).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import TypeVar

from django.db.models import (
    Count,
    Exists,
    F,
    Max,
    Min,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce, Now

from claims.models import (
    Analysis,
    Article,
    Claim,
    ClaimMerge,
    ClaimSplit,
    Feed,
    FeedItem,
    Flag,
    Import,
    ImportItem,
    Offer,
    Source,
    Story,
    Suggestion,
)

ROWS = 50  # on one page
NAMED = 6  # articles of a story that its row names
RECENT = timedelta(days=7)  # whose new articles are counted for each feed
COUNTED = 1000  # counting stops here: beyond it "1,000+" says enough

Row = TypeVar("Row", Article, Feed, FeedItem, Import, ImportItem, Story)


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


def not_done(*, ignored: bool = False, after: str = "") -> tuple[list[Analysis], str]:
    """Return the analyses that failed, or those ignored, newest article first, without texts."""
    every = Analysis.objects.ignored() if ignored else Analysis.objects.failed()
    rows = every.select_related("article__source", "ignored_by").defer("article__text")
    place = Analysis.objects.filter(article__ref=after).values("pk").first() if after else None
    if place:
        rows = rows.filter(pk__lt=place["pk"])
    found = list(rows.order_by("-pk")[: ROWS + 1])
    return found[:ROWS], found[ROWS - 1].article.ref if len(found) > ROWS else ""


FEED_VIEWS = {
    "": Feed.objects.standing,
    "failing": Feed.objects.failing,
    "paused": Feed.objects.paused,
    "removed": Feed.objects.removed,
}


def feeds(*, view: str = "", after: str = "") -> tuple[list[Feed], str]:
    """Return feeds, newest first, with their source, `new` articles of late and `failed` items."""
    rows = FEED_VIEWS[view]().select_related("source").defer("preview")
    late = Q(state=FeedItem.State.STORED, settled_at__gte=Now() - RECENT)
    rows = rows.annotate(new=_items(late), failed=_items(Q(state=FeedItem.State.FAILED)))
    place = Feed.objects.filter(ref=after).values("pk").first() if after else None
    if place:
        rows = rows.filter(pk__lt=place["pk"])
    return _page(rows.order_by("-pk"))


def feed_counts() -> dict[str, int]:
    """Count the feeds of each view, in one query."""
    running = Q(kept_at__isnull=False, paused_at__isnull=True)
    return Feed.objects.aggregate(
        all=Count("pk", Q(removed_at__isnull=True)),
        failing=Count("pk", running & Q(failures__gt=0)),
        paused=Count("pk", Q(removed_at__isnull=True, paused_at__isnull=False)),
        removed=Count("pk", Q(removed_at__isnull=False)),
    )


def feed_items(feed: Feed, *, state: str = "", after: str = "") -> tuple[list[FeedItem], str]:
    """Return what a feed named, last seen first, with its articles."""
    rows = feed.items.select_related("article").defer("article__text")
    if state:
        rows = rows.filter(state=state)
    place = feed.items.filter(ref=after).values("pk").first() if after else None
    if place:
        rows = rows.filter(pk__lt=place["pk"])
    return _page(rows.order_by("-pk"))


def _items(those: Q) -> Coalesce:
    """How many items of a feed are `those`."""
    counted = (
        FeedItem.objects.filter(those, feed=OuterRef("pk"))
        .order_by().values("feed").annotate(many=Count("pk")).values("many")
    )  # fmt: skip
    return Coalesce(Subquery(counted), 0)


def imports(*, after: str = "") -> tuple[list[Import], str]:
    """Return imports, newest first, with who began them and how many are `new`, `known` …"""
    rows = Import.objects.select_related("by").newest_first()
    place = Import.objects.filter(ref=after).values("pk").first() if after else None
    if place:
        rows = rows.filter(pk__lt=place["pk"])
    found, next_after = _page(rows)
    counted = ImportItem.objects.filter(batch__in=found).values_list("batch", "state").order_by()
    many = {(pk, state): number for pk, state, number in counted.annotate(many=Count("pk"))}
    for row in found:
        for state in ImportItem.State.values:
            setattr(row, state, many.get((row.pk, state), 0))
    return found, next_after


def import_items(
    batch: Import, *, state: str = "", after: str = ""
) -> tuple[list[ImportItem], str]:
    """Return what became of the files of an import, in their order, with the articles."""
    rows = batch.items.reported().select_related("article").defer("article__text")
    if state:
        rows = rows.filter(state=state)
    place = batch.items.filter(ref=after).values("pk").first() if after else None
    if place:
        rows = rows.filter(pk__gt=place["pk"])
    return _page(rows.order_by("pk"))


def offers(user_id: int) -> list[Offer]:
    """Return what a person handed in and neither kept nor dropped, the newest; without texts."""
    rows = Offer.objects.open().filter(by=user_id).defer("text").order_by("-pk")
    return list(rows[:ROWS])


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


@dataclass(frozen=True, slots=True)
class Work:
    """How far the machine is: articles in each state, and how fast it goes."""

    received: int
    analysing: int
    failed: int
    ignored: int
    came_in: int  # during the last hour, at most `COUNTED` + 1
    renewing: int
    outdated: int  # at most `COUNTED` + 1
    a_minute: int  # analysed during the last one

    @property
    def is_under_way(self) -> bool:
        return bool(self.received + self.analysing + self.renewing)

    @property
    def left(self) -> timedelta | None:
        """How long the new articles will take at this rate; None while nobody can know."""
        to_do = self.received + self.analysing
        return timedelta(minutes=to_do / self.a_minute) if to_do and self.a_minute else None

    @property
    def remaining(self) -> str:
        """The time left in words: rounded up, since a rate is never the same for long."""
        minutes = ceil(self.left / timedelta(minutes=1)) if self.left else 0
        if minutes < 90:
            return f"about {minutes} minute{'s' * (minutes != 1)}"
        return f"about {round(minutes / 60):,} hours"


def work() -> Work:
    """Count what the machine has to do and what it could not do. Cost: six index look-ups."""
    rows = Analysis.objects
    awaited = dict(rows.awaited().values_list("status").annotate(Count("pk")))
    not_done = dict((rows.failed() | rows.ignored()).values_list("status").annotate(Count("pk")))
    lately = Article.objects.filter(received_at__gt=Now() - timedelta(hours=1))
    return Work(
        received=awaited.get(Analysis.Status.RECEIVED, 0),
        analysing=awaited.get(Analysis.Status.ANALYSING, 0),
        failed=not_done.get(Analysis.Status.FAILED, 0),
        ignored=not_done.get(Analysis.Status.IGNORED, 0),
        came_in=lately[: COUNTED + 1].count(),
        renewing=rows.unfinished().filter(again=True).count(),
        outdated=rows.outdated()[: COUNTED + 1].count(),
        a_minute=rows.filter(finished_at__gt=Now() - timedelta(minutes=1)).count(),
    )


def progress() -> dict[Analysis.Status, int]:
    """Count the articles in each state of their analysis, at most to `COUNTED` + 1."""
    return {
        status: Analysis.objects.filter(status=status)[: COUNTED + 1].count()
        for status in Analysis.Status
    }


def _page(rows: QuerySet[Row]) -> tuple[list[Row], str]:
    found = list(rows[: ROWS + 1])
    return found[:ROWS], found[ROWS - 1].ref if len(found) > ROWS else ""
