"""What comes next: opens reviews for claims that deserve one, orders them, hands them out.

The queue pulls: it looks for claims without a review whenever it is asked to, so that a lost
message loses nothing.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from claims import analysis, provenance
from claims.models import Appearance, Claim, Flag, Tip
from claims.provenance import Fate, Standing
from reviews import gate, leases, notifications, priority, ratings, workflow
from reviews.inbox import Kind
from reviews.models import Review, ReviewEvent, ReviewTopic, User, Weights
from reviews.priority import Facts, Reason, Times
from reviews.states import UNDECIDED, Action, Status

BATCH = 200
SWEPT = 500  # moves of each kind that one sweep makes
PAUSES = (0.05, 0.1, 0.2, 0.4)  # seconds before take-next asks again
COMMITTED_WITHIN = timedelta(seconds=10)  # of the time that a row of an article tells
QUEUE_LOCK = 0x71756575  # the key of the advisory lock under which reviews are opened

LEARNT = (
    "facts", "copies", "origins", "dropped", "claimant", "kinds", "sources", "topics",
)  # fmt: skip
WEIGHED = ("priority", "reasons", "prioritised_at")
DECIDED = (Status.SUBMITTED, Status.APPROVED, Status.PUBLISHED)


# Handing out


def take_next(user: User) -> Review | None:
    """Give `user` the review of highest priority that nobody holds; None when there is none.

    It is one call of the database function `reviews_take_next`, a statement instead of thirteen,
    which knows the rules of `workflow.take`; when it gives nothing, Python says why. It never waits
    for a review that is locked, as all may be for a moment while they are weighed anew; so where
    one is to be had, it is asked again.

    :raises leases.Refused: if they may not check, or hold as many as a person may.
    """
    for pause in PAUSES:
        taken = Review.objects.raw(
            "SELECT id, ref, claim_id FROM reviews_take_next(%s, %s, %s)",
            [user.pk, settings.LEASE, settings.LEASES_PER_PERSON],
        )
        for review in taken:
            return review
        if reason := gate.cannot_take(user):
            raise leases.Refused(reason)
        if not Review.objects.available_to(User.objects.get(pk=user.pk)).exists():
            return None
        time.sleep(pause)
    return None


def expire_leases() -> int:
    """Free every review whose lease has run out; return how many. Safe to repeat."""
    ended = Review.objects.filter(status=Status.IN_PROGRESS, lease_expires_at__lte=leases.clock())
    return sum(workflow.expire(review) for review in ended)


def keep_dates() -> int:
    """Do what dates ask for: end waits, note what became overdue, remind of re-checks due.

    Return how many moves were made. Safe to repeat.
    """
    now, reviews = leases.clock(), Review.objects.order_by("pk")
    waited = reviews.filter(status=Status.WAITING, waits_until__lte=now)
    late = reviews.filter(status__in=UNDECIDED, due_at__lte=now, overdue_at__isnull=True)
    unproven = reviews.filter(
        status=Status.PUBLISHED, recheck_at__lte=now, reminded_at__isnull=True
    )
    return (
        sum(workflow.wake(review) for review in waited[:SWEPT])
        + sum(workflow.note_overdue(review) for review in late[:SWEPT])
        + sum(workflow.remind(review) for review in unproven[:SWEPT])
    )


# Renewing


def renew_analyses() -> int:
    """Have articles read again by newer rules, those of undecided reviews first; return how many.

    So many at a time, behind everything new. Safe to repeat.
    """
    undecided = Review.objects.filter(
        status__in=UNDECIDED, claim__appearances__article=OuterRef("article")
    )
    return analysis.renew(first=Q(Exists(undecided)))


# Opening


def open_reviews() -> int:
    """Open a review for every claim flagged, check-worthy or asked for that has none.

    Return how many.

    Also gives reviews their priority again where their claim was found in a new article since, or
    a person decided what its articles rest on. Safe to repeat and to run twice at once.
    """
    opened = 0
    while batch := _open_batch():
        opened += batch
    _refresh_stale()
    return opened


@transaction.atomic
def _open_batch() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [QUEUE_LOCK])
    # One after the other: together they would be one slow question about every claim.
    waiting = (rows.filter(review__isnull=True) for rows in (_deserving(), _asked_for()))
    claims = next(filter(None, (list(rows.order_by("pk")[:BATCH]) for rows in waiting)), [])
    if not claims:
        return 0
    now = leases.clock()
    system = User.objects.system()
    reviews = [
        Review(claim=claim, language=claim.language, opened_at=now, prioritised_at=now)
        for claim in claims
    ]
    _learn(reviews, now)
    for review in reviews:
        review.due_at = now + _allowance(review)
    _weigh(reviews, now)
    Review.objects.bulk_create(reviews)
    ReviewEvent.objects.bulk_create(
        ReviewEvent(
            review=review, action=Action.OPEN, new_status=Status.QUEUED,
            actor=system, actor_name=str(system), at=now,
        )
        for review in reviews
    )  # fmt: skip
    return len(reviews)


def _deserving() -> QuerySet[Claim]:
    """Claims worth checking, or said to be unverified in any article they appear in."""
    covering = Flag.objects.standing().core()
    flagged = covering.filter(covers__claim=OuterRef("pk"), covers__current=True)
    derived = Flag.objects.standing().filter(claim=OuterRef("pk"))
    appears = Appearance.objects.current().filter(claim=OuterRef("pk"))
    worthy = Q(worthiness__gte=settings.QUEUE_WORTHINESS)
    return Claim.objects.filter(Exists(appears)).filter(worthy | Exists(flagged) | Exists(derived))


def _asked_for() -> QuerySet[Claim]:
    """Claims for which an accepted tip stands; of one merged into another, the last of these."""
    asked = RawSQL(ASKED_FOR, [Tip.State.ACCEPTED])  # noqa: S611  it is a parameter
    return Claim.objects.filter(pk__in=asked, merged_into__isnull=True)


ASKED_FOR = """
WITH RECURSIVE asked (id) AS (
    SELECT claim_id FROM claims_tip WHERE state = %s
    UNION
    SELECT claim.merged_into_id FROM claims_claim claim JOIN asked ON asked.id = claim.id
)
SELECT id FROM asked
"""


# Priority


def refresh_priorities(reviews: Iterable[Review]) -> None:
    """Compute priority and reasons of `reviews` anew and store them. Cost: constant queries."""
    rows, now = list(reviews), leases.clock()
    _learn(rows, now)
    sooner = [row for row in rows if not row.due_by_hand and now + _allowance(row) < row.due_at]
    for row in sooner:
        row.due_at = now + _allowance(row)
    _weigh(rows, now)
    Review.objects.bulk_update(rows, [*LEARNT, *WEIGHED], batch_size=BATCH)
    for row in sooner:  # unless somebody sets the date by hand at this moment
        Review.objects.filter(pk=row.pk, due_by_hand=False).update(due_at=row.due_at)


def reweigh(reviews: Sequence[Review]) -> None:
    """Put `reviews` under their topics and weigh them anew; what changed is stored.

    What is submitted stays under those that ask for more approvals than the new ones would.
    Their facts stay as they were learnt, and with them the time at which they were; those that were
    opened before facts were kept learn them now. The caller has locked them.
    """
    if unlearnt := [review for review in reviews if not review.facts]:
        refresh_priorities(unlearnt)
    now, vocabulary = leases.clock(), list(ReviewTopic.objects.order_by("name"))
    topics, weights = {topic.slug: topic for topic in vocabulary}, Weights.objects.newest()
    changed = []
    for review in reviews:
        before = (review.priority, review.reasons, review.topics)
        if not review.topics_by_hand:
            read = priority.topics_of(review.claim.wording, vocabulary)
            fewer = _approvals(read, topics) < _approvals(review.topics, topics)
            if review.status != Status.SUBMITTED or not fewer:
                review.topics = read
        found = weighed(review, weights, topics, now)
        review.priority = priority.total(found)
        review.reasons = [asdict(reason) for reason in found]
        if (review.priority, review.reasons, review.topics) != before:
            changed.append(review)
    Review.objects.bulk_update(changed, ["priority", "reasons", "topics"], batch_size=BATCH)


def _approvals(slugs: Sequence[str], topics: Mapping[str, ReviewTopic]) -> int:
    return max((topics[slug].approvals for slug in slugs if slug in topics), default=1)


def _refresh_stale() -> None:
    """Refresh each review once of whose claim something may have been stored since it was.

    What is stored can be read a moment later than it says: only then is it committed.
    """
    copies = Appearance.objects.filter(claim=OuterRef("claim"))
    since = OuterRef("prioritised_at") - COMMITTED_WITHIN
    found = copies.filter(article__analysis__finished_at__gt=since)
    decided = copies.filter(
        Q(article__derivations__decided_at__gt=since) | Q(article__flags__decided_at__gt=since)
    )
    stale = Review.objects.filter(Exists(found) | Exists(decided))
    pks = list(stale.order_by("pk").values_list("pk", flat=True))
    for first in range(0, len(pks), BATCH):
        refresh(stale.filter(pk__in=pks[first : first + BATCH]), skip_locked=True)


@transaction.atomic
def refresh(reviews: QuerySet[Review], *, skip_locked: bool = False) -> int:
    """Give `reviews`, at most `BATCH`, their priority anew, and tell who found no conclusion.

    Those that ended, or are published with a conclusion, stay as they are. Returns how many it did.
    They stay locked meanwhile, so that of two who refresh one only one sees what is new.
    """
    concluded = Q(status=Status.PUBLISHED) & ~Q(verdict__rating=ratings.UNPROVEN)
    going_on = reviews.exclude(status=Status.DISMISSED).exclude(concluded)
    locked = going_on.select_for_update(of=("self",), skip_locked=skip_locked)
    rows = list(locked.select_related("claim", "checker").order_by("pk")[:BATCH])
    if rows:
        before = {review.pk: (review.dropped, review.origins) for review in rows}
        refresh_priorities(rows)
        _tell(rows, before)
    return len(rows)


def _tell(reviews: Iterable[Review], before: dict[int, tuple[int, int]]) -> None:
    """Tell whose claim it is that a copy dropped the caution, once for each count of such copies.

    For who found no conclusion the news stays on the review until it is read; of each kind the
    newest says all. The caller has locked the reviews.
    """
    submitters = _who_found_no_conclusion(before)
    told = []
    for review in reviews:
        dropped, origins = before[review.pk]
        if review.pk in submitters and (news := list(_news(review, dropped, origins))):
            kinds = {words.partition(":")[0] for words in news}
            older = [words for words in review.news if words.partition(":")[0] not in kinds]
            review.news = [*older, *news]
            told.append(review)
        if review.dropped > dropped:
            notifications.tell(
                submitters.get(review.pk, review.checker), Kind.DROPPED, review,
                at=leases.clock(), occasion=f"dropped in {review.dropped}",
                words="A copy dropped the caution",
            )  # fmt: skip
    Review.objects.bulk_update(told, ["news"])


def _who_found_no_conclusion(reviews: Iterable[int]) -> dict[int, User]:
    """Return who submitted each of those among `reviews` that are decided as unproven."""
    unproven = Review.objects.filter(verdict__rating=ratings.UNPROVEN, status__in=DECIDED)
    submitted = ReviewEvent.objects.filter(action=Action.SUBMIT, review__in=unproven)
    events = submitted.filter(review__in=list(reviews)).select_related("actor").order_by("pk")
    return {event.review_id: event.actor for event in events}


def _news(review: Review, dropped: int, origins: int) -> Iterable[str]:
    if review.dropped > dropped:
        yield f"a copy dropped the caution: {review.dropped} of {review.copies} now"
    if review.origins > origins:
        yield f"a new independent origin: {review.origins} now"


def read_news(review: Review, *, by: User) -> bool:
    """Note that who submitted the verdict has read the news; return whether `by` did."""
    mine = Review.objects.with_news_for(by).filter(pk=review.pk)
    return bool(Review.objects.filter(pk__in=mine.values("pk")).update(news=[]))


def _learn(reviews: list[Review], now: datetime) -> None:
    """Look at the claims: what is known of each, and by what the queue is narrowed."""
    standings = provenance.standings([review.claim for review in reviews])
    vocabulary = list(ReviewTopic.objects.order_by("name"))
    kinds = _kinds(reviews)
    for review in reviews:
        claim, standing = review.claim, standings[review.claim_id]
        review.facts = asdict(_facts(claim, standing))
        review.copies, review.origins = standing.copies, standing.origins
        review.dropped = _dropped(standing)
        review.claimant_id = claim.claimant_id
        review.kinds = sorted(kinds[review.claim_id])
        review.sources = sorted({row.article.source_id for row in standing.fates})
        if not review.topics_by_hand:
            review.topics = priority.topics_of(claim.wording, vocabulary)


def _facts(claim: Claim, standing: Standing) -> Facts:
    received = sorted(row.article.received_at for row in standing.fates)
    hours = (received[-1] - received[0]) / timedelta(hours=1) if received else 0
    return Facts(
        worthiness=claim.worthiness,
        unverified=standing.unverified,
        unverified_by=standing.unverified_by,
        dropped=_dropped(standing),
        copies=standing.copies,
        origins=standing.origins,
        per_hour=max(0, standing.copies - 1) / max(1, hours),
    )


def _kinds(reviews: list[Review]) -> dict[int, set[str]]:
    """Which kinds of flags stand on each claim, in an article or by comparison. Two queries."""
    claims = [review.claim_id for review in reviews]
    found: dict[int, set[str]] = defaultdict(set)
    flags = Flag.objects.standing()
    covering = flags.filter(covers__claim__in=claims, covers__current=True)
    for claim, kind in covering.values_list("covers__claim", "kind"):
        found[claim].add(kind)
    for claim, kind in flags.filter(claim__in=claims).values_list("claim", "kind"):
        found[claim or 0].add(kind)
    return found


def _weigh(reviews: Iterable[Review], now: datetime) -> None:
    """Give each review its priority and the reasons, from what is stored of it. Two queries."""
    weights = Weights.objects.newest()
    topics = {topic.slug: topic for topic in ReviewTopic.objects.all()}
    for review in reviews:
        found = weighed(review, weights, topics, now)
        review.priority = priority.total(found)
        review.reasons = [asdict(reason) for reason in found]
        review.prioritised_at = now


def weighed(
    review: Review, weights: Weights, topics: Mapping[str, ReviewTopic], now: datetime
) -> list[Reason]:
    """Return the reasons that `weights` give a review for its stored facts."""
    about = [topics[slug] for slug in review.topics if slug in topics]
    times = Times(review.opened_at, review.due_at, now)
    return priority.reasons(Facts(**review.facts), weights, about, times)


def _allowance(review: Review) -> timedelta:
    return priority.allowance(review.copies, review.facts["per_hour"])


def _dropped(standing: Standing) -> int:
    """How many copies lack the caution, or say the contrary."""
    return standing.count(Fate.DROPPED) + standing.count(Fate.CONTRADICTED)
