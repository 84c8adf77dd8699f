"""Rows for measurements, made in bulk and different from each other in every word that matters."""

from __future__ import annotations

import hashlib
import random

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from claims.models import Analysis, Article, Claim, Claimant, Source
from reviews.models import ReviewTopic, User
from reviews.states import Action, Status

BEGINNINGS = (
    "al", "bren", "cor", "dor", "el", "fjel", "gor", "hav", "is", "jel", "kor", "lun", "mor", "nes",
    "or", "pel", "quin", "ros", "sal", "tor",
)  # fmt: skip
ENDINGS = (
    "borg", "na", "vo", "sel", "vas", "by", "nia", "re", "tra", "sa", "da", "de", "vik", "ham",
    "lund", "stad", "mar", "ton", "dal", "ria",
)  # fmt: skip
VERBS = (
    "closed", "sold", "rebuilt", "flooded", "counted", "hired", "returned", "repaired", "searched",
    "seized", "tested", "moved", "planted", "burned", "registered", "fined", "inspected",
)  # fmt: skip
NOUNS = [beginning + ending for beginning in BEGINNINGS for ending in ENDINGS]
REPORTS = (
    "{name} said on {day} March that {count:,} {noun} {other} were {verb} in {place}.",
    "In {place}, {count:,} {noun} {other} had been {verb} by {day} March, the {third} office said.",
    "{name}, who leads the council, told us that {count:,} {noun} were {verb} at the {other}.",
    "The {place} {third} ministry reported {count:,} {verb} {noun}, {share} percent more.",
)
SMALL_WORDS = ("the", "of", "a", "with", "under", "beside", "no", "some", "and", "near", "between")


def article_text(number: int, *, paragraphs: int = 12) -> str:
    """Return a news article: two reports and two asides a paragraph; every tenth repeats another.

    A word in 30 or so begins a claim, as in news full of figures, and claims of different articles
    share few words but small ones.
    """
    is_copy = number % 10 == 9
    pick = random.Random(number - is_copy)
    place = _name(pick)
    lines = [f"Our report number {number} repeats another."] if is_copy else []
    for _ in range(paragraphs):
        sentences = (_report(pick, place), _aside(pick), _report(pick, place), _aside(pick))
        lines.append(" ".join(sentences))
    lines.insert(
        len(lines) // 2, f"The Daily Example could not independently verify the {place} figures."
    )
    return "\n\n".join(lines)


def _report(pick: random.Random, place: str) -> str:
    return pick.choice(REPORTS).format(
        name=f"{_name(pick)} {_name(pick)}", place=pick.choice((place, _name(pick))),
        noun=pick.choice(NOUNS), other=pick.choice(NOUNS), third=pick.choice(NOUNS),
        verb=pick.choice(VERBS), count=pick.randrange(12, 90_000),
        share=pick.randrange(2, 80), day=pick.randrange(1, 29),
    )  # fmt: skip


def _aside(pick: random.Random) -> str:
    """A sentence that claims nothing, of words of which few are frequent and most are rare."""
    words = []
    for _ in range(pick.randrange(12, 22)):
        rank = min(int(pick.paretovariate(0.7)), len(NOUNS))
        words.append(pick.choice((pick.choice(SMALL_WORDS), NOUNS[rank - 1])))
    return " ".join(words).capitalize() + "."


def _name(pick: random.Random) -> str:
    middle = pick.choice(BEGINNINGS)
    return (pick.choice(BEGINNINGS) + middle + pick.choice(ENDINGS)).capitalize()


def articles(count: int, *, first: int = 0, paragraphs: int = 12) -> list[int]:
    """Store `count` articles that wait to be analysed; return their ids."""
    source, _ = Source.objects.get_or_create(name="The Daily Example")
    rows = []
    for number in range(first, first + count):
        text = article_text(number, paragraphs=paragraphs)
        rows.append(
            Article(
                source=source, title=f"Report {number}", language="en", text=text,
                text_sha256=hashlib.sha256(text.encode()).hexdigest(),
            )
        )  # fmt: skip
    with transaction.atomic():
        Article.objects.bulk_create(rows)
        Analysis.objects.bulk_create(Analysis(article=row) for row in rows)
    return [row.pk for row in rows]


LANGUAGES = ["en", "en", "en", "de", "fr", "uk"]
TOPICS = ["health", "war", "climate", "economy", "courts", "sport"]
KINDS = ["self_disclaimer", "caution_dropped", "figure_changed"]


def desk(*, open_reviews: int, elsewhere: int = 0, claims: int = 0) -> None:
    """Store a desk with `open_reviews` in the queue, and `elsewhere` in each of three other views.

    Each is of a claim of its own, in one of twenty sources, in several languages, topics and kinds;
    then as many claims without a review as make `claims` of them. Made by the database itself: the
    keys by which claims are matched are left empty.
    """
    system = User.objects.system()
    now = timezone.now()
    for slug in TOPICS:
        ReviewTopic.objects.create(slug=slug, name=slug.capitalize())
    sources = [Source.objects.create(name=f"The {_name(random.Random(n))} Post") for n in range(20)]
    statuses = [(Status.QUEUED, open_reviews)] + [
        (status, elsewhere) for status in (Status.WAITING, Status.SUBMITTED, Status.DISMISSED)
    ]
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("SELECT setseed(0.5)")
        for status, count in statuses:
            _claims(cursor, count, with_claimant=True)
            cursor.execute(REVIEWS, {
                "status": status, "now": now, "count": count, "topics": TOPICS, "kinds": KINDS,
                "sources": [source.pk for source in sources],
                "until": now if status == Status.WAITING else None,
            })  # fmt: skip
        cursor.execute(EVENTS, [Action.OPEN, system.pk, str(system), now])
        cursor.execute(ARTICLES, [sources[0].pk])
        cursor.execute(APPEARANCES)
    with connection.cursor() as cursor, transaction.atomic():
        _claims(cursor, claims - Claim.objects.count(), with_claimant=False)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _claims(cursor: CursorWrapper, count: int, *, with_claimant: bool) -> None:
    people = list(Claimant.objects.values_list("pk", flat=True))
    if not people:
        names = {_name(random.Random(number)) for number in range(2_000)}
        made = Claimant.objects.bulk_create(Claimant(name=f"{name} Council") for name in names)
        people = [one.pk for one in made]
    cursor.execute(CLAIMS, {
        "count": count, "stored": Claim.objects.count(), "languages": LANGUAGES,
        "people": people if with_claimant else [None],
        "verbs": list(VERBS), "beginnings": list(BEGINNINGS), "ends": list(ENDINGS),
    })  # fmt: skip


CLAIMS = """
INSERT INTO claims_claim
    (ref, wording, language, worthiness, fingerprint, created_at, claimant_id)
SELECT lpad(to_hex(%(stored)s + number), 10, '0'),
    (random() * 90000)::int || ' people '
        || (%(verbs)s::text[])[1 + floor(random() * 6)::int] || ' '
        || initcap((%(beginnings)s::text[])[1 + floor(random() * 20)::int]
            || (%(beginnings)s::text[])[1 + floor(random() * 20)::int]
            || (%(ends)s::text[])[1 + floor(random() * 20)::int])
        || ' and ' || initcap((%(beginnings)s::text[])[1 + floor(random() * 20)::int]
            || (%(ends)s::text[])[1 + floor(random() * 20)::int]) || '.',
    (%(languages)s::text[])[1 + floor(random() * 6)::int], random(), '{}', now(),
    (%(people)s::bigint[])[1 + floor(random() * cardinality(%(people)s::bigint[]))::int]
FROM generate_series(1, %(count)s) number
"""
REVIEWS = """
INSERT INTO reviews_review (
    ref, claim_id, status, language, priority, reasons, copies, origins, prioritised_at, opened_at,
    due_at, lease_token, dropped, news, claimant_id, due_by_hand, facts, kinds, rating, sources,
    topics, topics_by_hand, waits_for, waits_until
)
SELECT claim.ref, claim.id, %(status)s, claim.language, random() * 100,
    jsonb_build_array(
        jsonb_build_object('points', 18, 'kind', 'unverified', 'words', 'unverified by its origin'),
        jsonb_build_object('points', 12, 'kind', 'dropped', 'words', 'caution dropped in 2 copies'),
        jsonb_build_object('points', 9, 'kind', 'spread', 'words', 'in 4 articles of 2 origins'),
        jsonb_build_object('points', 7, 'kind', 'worth', 'words', 'a figure that can be checked')
    ),
    1 + floor(random() * 12)::int, 1 + floor(random() * 6)::int, %(now)s,
    %(now)s - random() * interval '30 days', %(now)s + (random() - 0.2) * interval '9 days',
    0, 0, '[]', claim.claimant_id, false, '{}',
    ARRAY[(%(kinds)s::text[])[1 + floor(random() * 3)::int]], '',
    ARRAY[(%(sources)s::bigint[])[1 + floor(random() * 20)::int]],
    ARRAY[(%(topics)s::text[])[1 + floor(random() * 6)::int]], false,
    CASE WHEN %(until)s::timestamptz IS NULL THEN '' ELSE 'a reply of the council' END,
    %(until)s::timestamptz
FROM (SELECT * FROM claims_claim ORDER BY id DESC LIMIT %(count)s) claim
"""
EVENTS = """
INSERT INTO reviews_reviewevent
    (review_id, action, old_status, new_status, actor_id, actor_name, at, note)
SELECT id, %s, '', status, %s, %s, %s, '' FROM reviews_review
"""
ARTICLES = """
INSERT INTO claims_article
    (ref, source_id, title, language, text, text_sha256, url, demo, received_at, placed_reason,
    author, licence, canonical_url, guessed)
SELECT min(ref), %s, 'Report', 'en', string_agg(wording, ' '), md5(min(ref)) || md5(min(ref)),
    '', false, now(), '', '', '', '', '{}'
FROM claims_claim GROUP BY id / 10
"""
APPEARANCES = """
INSERT INTO claims_appearance (
    ref, article_id, claim_id, start, "end", sentence_start, sentence_end, wording, worthiness,
    reasons, current, link_reasons, claimant_id
)
SELECT claim.ref, article.id, claim.id, claim.id, claim.id + 1, 0, 1, claim.wording, 0.5, '[]',
    true, '[]', claim.claimant_id
FROM claims_claim claim
JOIN (SELECT id / 10 AS tenth, min(ref) AS ref FROM claims_claim GROUP BY 1) first
    ON first.tenth = claim.id / 10
JOIN claims_article article ON article.ref = first.ref
"""
