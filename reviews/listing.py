"""Lists of reviews: the views of the queue, what narrows them, their counts, and their pages.

Every status belongs to exactly one view besides *Your turn*, so that nothing is in none of them. A
count is of the same rows as its list, under the same filters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import chain
from typing import Any

from django.db import connection
from django.db.models import (
    BooleanField,
    CharField,
    Expression,
    F,
    FloatField,
    Func,
    Q,
    QuerySet,
    TextChoices,
    Value,
)
from django.db.models.expressions import Combinable, RawSQL
from django.db.models.functions import Concat, Trim
from django.db.models.lookups import GreaterThan, LessThan
from django.utils import timezone

from claims.links import SuggestionQuerySet
from claims.models import Claim, Source, Suggestion
from reviews import opinions, saved
from reviews.models import Review, ReviewQuerySet, ReviewTopic, SavedView, User
from reviews.standing_in import STAND_IN, rows_for, values_for
from reviews.states import APPROVE, Status

ROWS = 50  # on one page
WORDS = 8  # searched for at most
NAMED = 1000  # claimants looked up by key; where more are called so, any list is soon full
EXPORTED = 500  # rows of an export fetched at once
NOBODY = 0  # a key that no row has
COUNTED = 1000  # counting stops here: beyond it "1,000+" says enough


class View(TextChoices):
    TURN = "turn", "Your turn"
    OPEN = "open", "Open"
    WORK = "work", "In work"
    WAITING = "waiting", "Waiting"
    OPINIONS = "opinions", "Second opinions"
    APPROVE = "approve", "To approve"
    PUBLISHED = "published", "Published"
    DISMISSED = "dismissed", "Dismissed"


class Sort(TextChoices):
    PRIORITY = "priority", "Priority"
    DUE = "due", "Due first"
    NEWEST = "newest", "Newest first"
    OLDEST = "oldest", "Oldest first"
    SPREAD = "spread", "Most copies"


# What each order goes by, and whether downwards; the key of the review settles ties the same way,
# so that one comparison of rows finds a place in the index.
ORDERS: dict[Sort, tuple[Combinable, bool]] = {
    Sort.PRIORITY: (F("priority") * -1, False),
    Sort.DUE: (F("due_at"), False),
    Sort.NEWEST: (F("opened_at"), True),
    Sort.OLDEST: (F("opened_at"), False),
    Sort.SPREAD: (F("copies"), True),
}


class Due(TextChoices):
    OVERDUE = "overdue", "Overdue"
    TODAY = "today", "In the next 24 hours"
    WEEK = "week", "In the next 7 days"


# All words of a search are in the claim or the verdict on it, or in an article that has the claim.
IN_REVIEWS = "reviews_review.words @@ %s::tsquery"
IN_ARTICLES = """
    reviews_review.claim_id IN (
        SELECT place.claim_id FROM claims_article article
        JOIN claims_appearance place ON place.article_id = article.id AND place.current
        WHERE article.search @@ %s::tsquery
    )
"""

STATUSES: dict[View, tuple[Status, ...]] = {
    View.OPEN: (Status.QUEUED,),
    View.WORK: (Status.IN_PROGRESS, Status.RETURNED, Status.APPROVED),
    View.WAITING: (Status.WAITING,),
    View.APPROVE: (Status.SUBMITTED,),
    View.PUBLISHED: (Status.PUBLISHED,),
    View.DISMISSED: (Status.DISMISSED,),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a list; everything empty narrows nothing."""

    kind: str = ""
    language: str = ""
    source: int = 0  # its key
    holder: int = 0  # their key
    search: str = ""  # as `asked` read it
    in_articles: bool = False  # searched there instead of in claims and verdicts
    topic: str = ""
    status: str = ""
    rating: str = ""
    due: str = ""
    origins: int = 0
    claimant: str = ""
    claimants: tuple[int, ...] = ()  # keys of those called so, where `asked` found few enough
    unseen: tuple[int, ...] | None = None  # keys of reviews, as `asked` found them


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person's questions about verdicts come to."""

    searches: dict[str, str]  # what finds all words of each text, in any of their forms
    claimants: dict[str, tuple[int, ...]]  # by each name the keys of those called so; () if many
    unseen: tuple[int, ...]  # keys of the reviews whose verdict is hidden from them


def asked(user: User, texts: Iterable[str], names: Iterable[str] = ()) -> Asked:
    """Read each text as PostgreSQL searches for it, and look up what `user` must not be told.

    And which claimants have each of `names` in theirs: to join them to each count would cost more.

    Cost: one query for all of them.
    """
    hidden, keys = opinions.hidden(user).values("review").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT ARRAY({hidden}), (
                SELECT json_object_agg(given, claims_search_query(given)::text)
                FROM unnest(%s::text[]) given
            ), (
                SELECT json_object_agg(given, ARRAY(
                    SELECT id FROM claims_claimant WHERE position(upper(given) IN upper(name)) > 0
                    LIMIT {NAMED + 1}
                ))
                FROM unnest(%s::text[]) given
            )
            """,  # noqa: S608  it is Django's own SQL
            [*keys, sorted(set(filter(None, texts))), sorted(set(filter(None, names)))],
        )
        unseen, searches, called = cursor.fetchone()
    claimants = {
        name: tuple(found or [NOBODY]) if len(found) <= NAMED else ()
        for name, found in (called or {}).items()
    }
    return Asked(searches or {}, claimants, tuple(unseen))


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in order, and the `ref` after which the next page starts ("" on the last page)."""

    rows: list[dict[str, Any]]
    next_after: str


def listed(view: View, user: User, filters: Filters) -> ReviewQuerySet:
    """Return the reviews of `view` for `user` that pass `filters`, in no order."""
    reviews: ReviewQuerySet = Review.objects.all()
    if view == View.TURN:
        reviews = reviews.turn_of(user)
    elif view == View.OPINIONS:
        approves = user.has_perm(APPROVE)
        waiting = opinions.open_to(user, approves=approves)
        reviews = reviews.filter(pk__in=waiting.values("review"))
    else:
        reviews = reviews.filter(status__in=STATUSES[view])
    return _narrowed(reviews, filters)


def _narrowed(reviews: ReviewQuerySet, filters: Filters) -> ReviewQuerySet:
    for asked in _columns(filters):
        reviews = reviews.filter(asked)
    return reviews


def counts(user: User, filters: Filters) -> dict[View, int]:
    """Count each view under the same filters, at most to `COUNTED` + 1. Cost: one query."""
    narrowed = _narrowed(Review.objects.all(), filters).values("status", "pk")
    # Made into text once: to make that of each view would cost more than counting it.
    of_all, values = narrowed.query.sql_with_params()
    of_view = f"SELECT FROM ({of_all}) n WHERE status = ANY(%s::varchar[])"
    lists: dict[View, tuple[str, Sequence[Any]]] = {}
    for view in View:
        if view in STATUSES:
            lists[view] = of_view, [*values, list(STATUSES[view])]
        else:
            own, keys = _own(view, approves=user.has_perm(APPROVE))
            of_own = f"SELECT FROM ({of_all}) n WHERE pk IN ({own})"
            lists[view] = of_own, [*values, *values_for(user.pk, keys)]
    return dict(zip(lists, _count(list(lists.values())), strict=True))


def shown(count: int) -> str:
    """Write a count as people read it, and one that was not counted to its end as such."""
    return f"{count:,}" if count <= COUNTED else f"{COUNTED:,}+"


def count_each(lists: Iterable[ReviewQuerySet]) -> list[int]:
    """Count each of these lists, at most to `COUNTED` + 1. Cost: one query, none without lists."""
    return _count([rows.values("pk").query.sql_with_params() for rows in lists])


def _count(lists: Sequence[tuple[str, Sequence[Any]]]) -> list[int]:
    """Count what each of these queries, with its values, finds."""
    if not lists:
        return []
    columns = [f"(SELECT count(*) FROM ({rows} LIMIT {COUNTED + 1}) c)" for rows, _ in lists]  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)}", [one for _, given in lists for one in given])
        return list(cursor.fetchone())


# What is a person's own


ANYBODY = User(pk=STAND_IN)


@cache
def _own(view: View, *, approves: bool) -> tuple[str, tuple[Any, ...]]:
    """The query for the keys of the reviews of a view that is each person's own."""
    if view == View.TURN:
        return Review.objects.turn_of(ANYBODY).values("pk").query.sql_with_params()
    waiting = opinions.open_to(ANYBODY, approves=approves)
    return waiting.values("review").query.sql_with_params()


@dataclass(frozen=True, slots=True)
class Rail:
    """What stands beside every list of a person, each in its order."""

    turn: list[dict[str, Any]]  # "ref", "status", "lease_expires_at", "wording"
    news: list[dict[str, Any]]  # "ref", "news", "wording"
    saved: list[dict[str, Any]]  # "name", "query", "shared"


def rail(user: User) -> Rail:
    """Return what waits for `user`, what copies did since they found no conclusion, their views.

    Those whose lease ends first, and the latest news, on top. Cost: one query.
    """
    [found] = rows_for(user.pk, *_rail())
    turn, news, views = (rows or [] for rows in found)
    for row in turn:
        until = row["lease_expires_at"]
        row["lease_expires_at"] = datetime.fromisoformat(until) if until else None
    return Rail(turn, news, views)


@cache
def _rail() -> tuple[str, tuple[Any, ...]]:
    wording = F("claim__wording")
    turn = Review.objects.turn_of(ANYBODY).order_by("lease_expires_at")
    news = Review.objects.with_news_for(ANYBODY).order_by("-prioritised_at")
    parts = [
        turn.values("ref", "status", "lease_expires_at", wording=wording)[:ROWS],
        news.values("ref", "news", wording=wording)[:ROWS],
        SavedView.objects.shown_to(ANYBODY).values("name", "query", "shared")[: 2 * saved.MOST],
    ]
    texts, values = zip(*(part.query.sql_with_params() for part in parts), strict=True)
    columns = ", ".join(f"(SELECT json_agg(n) FROM ({text}) n)" for text in texts)  # noqa: S608
    return f"SELECT {columns}", tuple(chain.from_iterable(values))


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that narrows a list: how the address names it, what it is called, and its key."""

    value: str
    name: str
    key: int


def vocabulary() -> dict[str, list[Choice]]:
    """Return the "topic", "source" and "holder" by which lists are narrowed, by name.

    Sources are those with articles here, holders those who may check. Cost: one query.
    """
    found: dict[str, list[Choice]] = {"topic": [], "source": [], "holder": []}
    with connection.cursor() as cursor:
        cursor.execute(*_vocabulary())
        for part, value, name, key in cursor.fetchall():
            found[part].append(Choice(value, name or value, key))
    for choices in found.values():
        choices.sort(key=lambda choice: choice.name.casefold())
    return found


@cache
def _vocabulary() -> tuple[str, tuple[Any, ...]]:
    """The query for it, which is the same for everybody; made into text once."""
    topics = ReviewTopic.objects.values_list(_constant("topic"), "slug", "name", "pk")
    sources = Source.objects.filter(outside=False).values_list(
        _constant("source"), "ref", "name", "pk"
    )
    people = (
        User.objects.checkers()
        .order_by()
        .values_list(
            _constant("holder"),
            "username",
            Trim(Concat("first_name", Value(" "), "last_name")),
            "pk",
        )
    )
    return topics.union(sources, people, all=True).query.sql_with_params()


def _constant(word: str) -> Value:
    return Value(word, CharField())


def page(reviews: ReviewQuerySet, *, sort: Sort = Sort.PRIORITY, after: str = "") -> Page:
    """Return the rows in the order of `sort` that follow the review `after`, else from the top.

    Cost: one query, and one for the place; neither grows with the pages before.
    """
    column, downwards = ORDERS[sort]
    rows = _in_order(reviews, sort)
    placed = Review.objects.annotate(place=column)
    place = placed.filter(ref=after).values("place", "pk").first() if after else None
    if place:
        beyond = LessThan if downwards else GreaterThan
        rows = rows.filter(
            beyond(_pair(F("place"), F("pk")), _pair(Value(place["place"]), Value(place["pk"])))
        )
    found: list[dict[str, Any]] = [dict(row) for row in rows[: ROWS + 1]]
    return Page(found[:ROWS], found[ROWS - 1]["ref"] if len(found) > ROWS else "")


def exported(reviews: ReviewQuerySet, sort: Sort) -> Iterator[dict[str, Any]]:
    """Yield every row of a list in its order, a chunk at a time, from one snapshot."""
    return _in_order(reviews, sort).iterator(chunk_size=EXPORTED)


def _in_order(reviews: ReviewQuerySet, sort: Sort) -> QuerySet[Review, Any]:
    column, downwards = ORDERS[sort]
    order = ("-place", "-pk") if downwards else ("place", "pk")
    return reviews.annotate(place=column).order_by(*order).values(
        "ref", "status", "language", "priority", "reasons", "copies", "origins", "opened_at",
        "due_at", "lease_expires_at", "checker_id", "claim_id", "topics", "waits_until",
        "waits_for", "claim__wording", "claim__claimant__name", "checker__first_name",
        "checker__last_name", "checker__username",
    )  # fmt: skip


def _pair(place: Combinable, key: Combinable) -> Expression:
    return Func(place, key, function="ROW", output_field=FloatField())


def suggestions(*, decided: bool = False, after: str = "") -> tuple[list[Suggestion], str]:
    """Return open suggestions, likeliest first, or `decided` ones, those decided last first.

    With the `ref` after which the next page starts. Cost: one query, and one for the place.
    """
    shown = shown_suggestions()
    rows = shown.answered() if decided else shown.open()
    column = "decided_at" if decided else "score"
    place = Suggestion.objects.filter(ref=after).values(column, "pk").first() if after else None
    if place and place[column] is not None:
        # The first condition walks the index; the second only settles ties at its edge.
        beyond = Q(pk__lt=place["pk"]) if decided else Q(pk__gt=place["pk"])
        rows = rows.filter(**{f"{column}__lte": place[column]}).filter(
            Q(**{f"{column}__lt": place[column]}) | beyond
        )
    found = list(rows.order_by(f"-{column}", "-pk" if decided else "pk")[: ROWS + 1])
    return found[:ROWS], found[ROWS - 1].ref if len(found) > ROWS else ""


def shown_suggestions() -> SuggestionQuerySet:
    """Suggestions with all that a row of the list names."""
    rows: SuggestionQuerySet = Suggestion.objects.select_related(
        "appearance__article__source", "appearance__claim", "claim", "decided_by", "left"
    ).defer("appearance__article__text")
    return rows


def claims_worded(words: str, *, but: Claim) -> QuerySet[Claim]:
    """Return the standing claims, in any language, that have every one of `words`, newest first."""
    rows = Claim.objects.filter(merged_into__isnull=True).exclude(pk=but.pk)
    for word in words.split()[:WORDS]:
        rows = rows.filter(wording__icontains=word)
    return rows.order_by("-pk")


def _columns(filters: Filters) -> Iterator[Q | RawSQL]:
    """What the filters ask of the columns of a review.

    :raises ValueError: if they ask about verdicts, and nobody asked who must not see which.
    """
    asked: dict[str, Any] = {
        "language": filters.language,
        "kinds__contains": [filters.kind] if filters.kind else [],
        "sources__contains": [filters.source] if filters.source else [],
        "checker": filters.holder,
        "topics__contains": [filters.topic] if filters.topic else [],
        "status": filters.status,
        "rating": filters.rating,
        "claimant__in": filters.claimants,
        "claimant__name__icontains": "" if filters.claimants else filters.claimant,
        "origins__gte": filters.origins,
    }
    yield Q(**{name: value for name, value in asked.items() if value})
    if filters.search or filters.rating:
        if filters.unseen is None:
            raise ValueError("for whom?")
        if filters.unseen:
            yield ~Q(pk__in=filters.unseen)
    if filters.search:
        place = IN_ARTICLES if filters.in_articles else IN_REVIEWS
        yield RawSQL(place, [filters.search], BooleanField())  # noqa: S611  it is a parameter
    if filters.due:
        yield _due(Due(filters.due))


def _due(due: Due) -> Q:
    now = timezone.now()
    if due == Due.OVERDUE:
        return Q(due_at__lte=now)
    return Q(due_at__gt=now, due_at__lte=now + timedelta(days=1 if due == Due.TODAY else 7))
