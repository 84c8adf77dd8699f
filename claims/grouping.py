"""Articles about the same event become one story, whatever order they come in.

Two articles are alike by their words, by the claims they share, and less so by each week between
them. Clustering by average likeness keeps two events apart that one article mentions together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from math import exp, log
from typing import TYPE_CHECKING

import reversion
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Q, Window
from django.db.models.functions import RowNumber

from claims import provenance
from claims import text as engine
from claims.models import Appearance, Article, Story, Topic, TopicKey

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

NEIGHBOURS = 40  # articles compared with a new one, those sharing most of its rare words
RAREST = 60  # words by which neighbours are looked up
ROWS = 400  # articles that those words may bring
ALONE = 20  # times as many the rarest word alone may bring: only common words find nothing
FEW = 10_000  # articles that are counted; of more it is told about how many there are
REACH = timedelta(days=45)  # between the dates of neighbours
FRESH, FADES = 2, 14  # days without loss, and the days in which likeness then falls to 1/e
SHARED_CLAIM, SHARED_CLAIMS = 0.05, 3  # what one shared claim adds, and how many may
WHOLE = 20  # articles: a larger story is not taken apart again; so many of it stand for all
NEARBY = 20  # stories offered to a person who moves an article

reversion.register(Article)


def group(article: Article) -> Story | None:
    """Put `article` into the story of the event it reports; None while no other reports it.

    Its neighbours and their stories are clustered anew, so that the order in which articles come
    makes no difference. Safe to repeat and to run twice at once. Cost: a dozen statements, and
    about 20 µs for each pair of some tens of articles.
    """
    _lock()
    article.refresh_from_db(fields=["story", "placed_by"])
    topic = _store_topic(article)
    around = _around(article, topic)
    if len(around.articles) > 1 and not _is_apart(article):
        _assign(_clusters(around), around)
    article.refresh_from_db(fields=["story"])
    return article.story


@transaction.atomic
def place(
    article: Article, story: Story | None, *, by: AbstractUser, at: datetime, reason: str
) -> None:
    """Put `article` into `story`, or into none, as a person; grouping leaves it there for ever.

    The caller has checked that they may. Every such decision is a reversion version.

    :raises ValueError: without a reason.
    """
    if not reason:
        raise ValueError("Say why it belongs there.")
    _lock()
    article.refresh_from_db(fields=["story"])
    article.story, article.placed_reason = story, reason
    article.placed_by, article.placed_at = by, at  # type: ignore[assignment]
    _log(article, by, f"Into “{story}”: {reason}" if story else f"Into no story: {reason}")


def nearby(article: Article) -> list[Story]:
    """The stories `article` may belong to, at most `NEARBY`, its own left out.

    Those that make most of its claims come first, then the newest.
    """
    claims = article.appearances.current().filter(claim__isnull=False).values("claim")
    about_them = Q(articles__appearances__claim__in=claims, articles__appearances__current=True)
    sharing = Count("articles__appearances__claim", filter=about_them, distinct=True)
    others = Story.objects.exclude(articles=article)
    related = others.filter(about_them).annotate(shared=sharing).order_by("-shared", "-pk")[:NEARBY]
    newest = others.order_by("-pk")[:NEARBY]
    return list({story.pk: story for story in (*related, *newest)}.values())[:NEARBY]


@transaction.atomic
def take_back(article: Article, *, by: AbstractUser) -> None:
    """Take a person's placing back: the machine groups the article anew."""
    article.placed_by = article.placed_at = None
    article.placed_reason = ""
    _log(article, by, "Placing taken back")
    group(article)


def _log(article: Article, by: AbstractUser, comment: str) -> None:
    with reversion.create_revision():
        article.save(update_fields=["story", "placed_by", "placed_at", "placed_reason"])
        reversion.set_user(by)
        reversion.set_comment(comment)
        reversion.add_to_revision(article)


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock('claims_story'::regclass::oid::bigint)")


def _is_apart(article: Article) -> bool:
    """Whether a person decided that an article belongs to no story."""
    return article.placed_by_id is not None and article.story_id is None


@dataclass(frozen=True, slots=True)
class _Around:
    """An article, its neighbours and the other members of their stories; `whole` ones stay so."""

    articles: dict[int, Article]
    weights: dict[int, dict[int, float]]
    claims: dict[int, set[int]]
    whole: tuple[frozenset[int], ...]

    def likeness(self, one: int, other: int) -> float:
        """How likely two articles report the same event, 0 to 1."""
        words = engine.likeness(self.weights[one], self.weights[other])
        shared = len(self.claims[one] & self.claims[other])
        dates = self.articles[one].published_on, self.articles[other].published_on
        days = abs((dates[0] - dates[1]).days) if dates[0] and dates[1] else 0
        alike = words + SHARED_CLAIM * min(shared, SHARED_CLAIMS)
        return min(1.0, alike) * exp(-max(0, days - FRESH) / FADES)


# What an article is about, and how rare its words are


def _store_topic(article: Article) -> engine.Topic:
    """Store what the article is about, and count its words among those of all articles."""
    topic = engine.read_topic(article.title, article.text)
    row = Topic.objects.filter(article=article).first()
    before = set(row.keys) if row else set()
    _count(topic.counts.keys() - before, 1)
    _count(before - topic.counts.keys(), -1)
    Topic.objects.update_or_create(
        article=article,
        defaults={"keys": list(topic.counts), "counts": list(topic.counts.values())},
    )
    return topic


def _count(keys: Iterable[int], by: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO claims_topickey AS known (key, articles)
            SELECT unnest(%s::int[]), %s
            ON CONFLICT (key) DO UPDATE SET articles = known.articles + excluded.articles
            """,
            [sorted(keys), by],
        )


def _rarity(keys: Iterable[int]) -> engine.Rarity:
    """Weigh keys by how few of all articles have them (inverse document frequency)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, articles FROM claims_topickey WHERE key = ANY(%s)", [list(set(keys))]
        )
        known = dict(cursor.fetchall())
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'claims_topic'::regclass")
        total = int(cursor.fetchone()[0])
    if total <= FEW:  # the statistics say nothing yet; and few are counted soon
        total = Topic.objects.count()
    return lambda key: log(1 + total / max(1, known.get(key, 1)))


# Who is near


def _around(article: Article, topic: engine.Topic) -> _Around:
    near = [row for row in _neighbours(article, topic) if not _is_apart(row)]
    stories = {row.story_id for row in (article, *near)} - {None}
    members = _members(stories, article)
    whole = tuple(frozenset(m.pk for m in rows) for rows in members.values() if len(rows) >= WHOLE)
    articles = {row.pk: row for rows in members.values() for row in rows}
    articles |= {row.pk: row for row in (article, *near) if not _is_in(row, members, articles)}
    topics = {
        row.article_id: engine.Topic(dict(zip(row.keys, row.counts, strict=True)))
        for row in Topic.objects.filter(article__in=articles)
    }
    articles = {pk: row for pk, row in sorted(articles.items()) if pk in topics}
    rarity = _rarity(key for found in topics.values() for key in found.counts)
    weights = {pk: topics[pk].weights(rarity) for pk in articles}
    return _Around(articles, weights, _claims(articles), whole)


def _is_in(row: Article, members: dict[int, list[Article]], known: dict[int, Article]) -> bool:
    """Whether a neighbour is known already, or in a story for which other members stand."""
    return row.pk in known or len(members.get(row.story_id or 0, ())) >= WHOLE


def _neighbours(article: Article, topic: engine.Topic) -> list[Article]:
    """The articles of about the same date that share most of the rare words of `article`."""
    known = TopicKey.objects.filter(key__in=list(topic.counts), articles__gt=1)
    chosen: list[int] = []
    rows = 0
    for key, articles in known.order_by("articles", "key").values_list("key", "articles")[:RAREST]:
        rows += articles
        if rows > (ROWS if chosen else ALONE * ROWS):
            break
        chosen.append(key)
    on = article.published_on
    return list(
        Article.objects.raw(
            """
            SELECT article.id, article.source_id, article.title, article.published_on,
                article.received_at, article.story_id, article.placed_by_id
            FROM claims_topic topic
            JOIN claims_article article ON article.id = topic.article_id
            CROSS JOIN LATERAL (
                SELECT count(*) AS keys FROM unnest(topic.keys) AS own(key)
                WHERE own.key = ANY(%(chosen)s)
            ) AS shared
            WHERE topic.keys && %(chosen)s::int[] AND article.id <> %(article)s
            AND (%(first)s::date IS NULL OR article.published_on IS NULL
                OR article.published_on BETWEEN %(first)s AND %(last)s)
            ORDER BY shared.keys DESC, article.id LIMIT %(limit)s
            """,
            {
                "chosen": chosen,
                "article": article.pk,
                "first": on and on - REACH,
                "last": on and on + REACH,
                "limit": NEIGHBOURS,
            },
        )
    )


def _members(stories: Iterable[int | None], article: Article) -> dict[int, list[Article]]:
    """The articles of each story; of a large one the `WHOLE` nearest in date."""
    members: dict[int, list[Article]] = defaultdict(list)
    place = Window(
        RowNumber(), partition_by="story", order_by=[provenance.days_from(article), "pk"]
    )
    ranked = Article.objects.filter(story__in=list(stories)).defer("text").annotate(place=place)
    for row in ranked.filter(place__lte=WHOLE).order_by("place", "pk"):
        members[row.story_id or 0].append(row)
    return members


def _claims(articles: Iterable[int]) -> dict[int, set[int]]:
    claims: dict[int, set[int]] = defaultdict(set)
    rows = Appearance.objects.current().filter(article__in=list(articles), claim__isnull=False)
    for article_id, claim_id in rows.values_list("article", "claim"):
        claims[article_id].add(claim_id or 0)
    return claims


# Clustering


def _clusters(around: _Around) -> list[list[int]]:
    """Join the two clusters most alike on average until none are alike enough."""
    kept_whole = set().union(*around.whole) if around.whole else set()
    clusters = {min(group): sorted(group) for group in around.whole}
    clusters |= {pk: [pk] for pk in around.articles if pk not in kept_whole}
    sums = {
        (one, other): sum(around.likeness(a, b) for a in clusters[one] for b in clusters[other])
        for one, other in combinations(sorted(clusters), 2)
    }
    while sums:
        mean = {
            pair: total / (len(clusters[pair[0]]) * len(clusters[pair[1]]))
            for pair, total in sums.items()
        }
        one, other = min(mean, key=lambda pair: (-mean[pair], pair))
        if mean[one, other] < settings.FACTCHECK_SAME_STORY:
            break
        clusters[one] += clusters.pop(other)
        del sums[one, other]
        for third in clusters.keys() - {one}:
            gone = sums.pop((min(other, third), max(other, third)))
            sums[min(one, third), max(one, third)] += gone
    return [sorted(members) for members in clusters.values()]


def _assign(clusters: Sequence[Sequence[int]], around: _Around) -> None:
    """Write each cluster's story: the oldest of its members' that no larger cluster has taken."""
    before = {pk: row.story_id for pk, row in around.articles.items()}
    taken: set[int] = set()
    for members in sorted(clusters, key=lambda members: (-len(members), members[0])):
        stories = sorted({before[pk] or 0 for pk in members} - taken - {0})
        story_id = None
        placed = _placed(members, around)
        if len(members) > 1:
            story_id = placed or (stories[0] if stories else _new_story(members, around).pk)
            taken.add(story_id)
        _move(members, story_id, {story for story in stories if story != story_id}, around)
    Story.objects.filter(pk__in=[pk for pk in before.values() if pk], articles=None).delete()


def _move(members: Sequence[int], story_id: int | None, emptied: set[int], around: _Around) -> None:
    """Move the members, and with a story that stays whole all its articles."""
    whole = [one for one in around.whole if one <= set(members)]
    free = Article.objects.filter(placed_by__isnull=True)
    left = {around.articles[pk].story_id for one in whole for pk in one} & emptied
    if story_id and left:
        free.filter(story__in=left).update(story=story_id)
    moved = [pk for pk in members if around.articles[pk].story_id != story_id]
    if moved:
        free.filter(pk__in=moved).update(story=story_id)


def _placed(members: Iterable[int], around: _Around) -> int | None:
    """The story into which people put most of these articles, if any; of equals the oldest."""
    rows = [around.articles[pk] for pk in members]
    stories = [row.story_id for row in rows if row.placed_by_id is not None and row.story_id]
    return min(stories, key=lambda story: (-stories.count(story), story), default=None)


def _new_story(members: Iterable[int], around: _Around) -> Story:
    first = min((around.articles[pk] for pk in members), key=provenance.age)
    return Story.objects.create(title=first.title)
