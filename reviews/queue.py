"""What comes next: opens reviews for claims that deserve one, orders them, hands them out.

The queue pulls: it looks for claims without a review whenever it is asked to, so that a lost
message loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from claims import provenance
from claims.models import Appearance, Claim, Flag
from claims.provenance import Fate, Standing
from reviews import leases, workflow
from reviews.models import Review, ReviewEvent, User
from reviews.states import Action, Status

BATCH = 200
QUEUE_LOCK = 0x71756575  # the key of the advisory lock under which reviews are opened

SOON, LATER = timedelta(hours=24), timedelta(hours=72)
UNPROVEN = "unproven"  # the rating of those who found no conclusion
DECIDED = (Status.SUBMITTED, Status.APPROVED, Status.PUBLISHED)
SOON_FROM = 60  # priority from which a check is due soon


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a priority: how many of its points, why in words, and what `kind` of reason.

    `kind` is "unverified", "dropped", "spread" or "worth".
    """

    points: int
    words: str
    kind: str


# Handing out


@transaction.atomic
def take_next(user: User) -> Review | None:
    """Give `user` the review of highest priority that nobody holds; None when there is none.

    :raises leases.Refused: if they hold as many as a person may.
    """
    review = (
        Review.objects.available_to(user)
        .by_priority()
        .select_for_update(of=("self",), skip_locked=True)
        .first()
    )
    if review:
        workflow.take(review, by=user)
    return review


def expire_leases() -> int:
    """Free every review whose lease has run out; return how many. Safe to repeat."""
    overdue = Review.objects.filter(status=Status.IN_PROGRESS, lease_expires_at__lte=leases.clock())
    return sum(workflow.expire(review) for review in overdue)


# Opening


def open_reviews() -> int:
    """Open a review for every flagged or check-worthy claim that has none; return how many.

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
    claims = list(_deserving().filter(review__isnull=True).order_by("pk")[:BATCH])
    if not claims:
        return 0
    now = leases.clock()
    system = User.objects.system()
    reviews = [
        Review(claim=claim, language=claim.language, opened_at=now, prioritised_at=now)
        for claim in claims
    ]
    _prioritise(reviews, now)
    for review in reviews:
        review.due_at = now + (SOON if review.priority >= SOON_FROM else LATER)
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


# Priority


def refresh_priorities(reviews: Iterable[Review]) -> None:
    """Compute priority and reasons of `reviews` anew and store them. Cost: constant queries."""
    rows = list(reviews)
    _prioritise(rows, leases.clock())
    Review.objects.bulk_update(
        rows,
        ["priority", "reasons", "copies", "origins", "dropped", "prioritised_at"],
        batch_size=BATCH,
    )


def _refresh_stale() -> None:
    copies = Appearance.objects.filter(claim=OuterRef("claim"))
    found = copies.filter(article__analysis__finished_at__gt=OuterRef("prioritised_at"))
    decided = copies.filter(article__derivations__decided_at__gt=OuterRef("prioritised_at"))
    while refresh(Review.objects.filter(Exists(found) | Exists(decided)), skip_locked=True):
        pass


@transaction.atomic
def refresh(reviews: QuerySet[Review], *, skip_locked: bool = False) -> int:
    """Give `reviews`, at most `BATCH`, their priority anew, and tell who found no conclusion.

    Those that ended, or are published with a conclusion, stay as they are. Returns how many it did.
    They stay locked meanwhile, so that of two who refresh one only one sees what is new.
    """
    concluded = Q(status=Status.PUBLISHED) & ~Q(verdict__rating=UNPROVEN)
    going_on = reviews.exclude(status=Status.DISMISSED).exclude(concluded)
    locked = going_on.select_for_update(of=("self",), skip_locked=skip_locked)
    rows = list(locked.select_related("claim").order_by("pk")[:BATCH])
    before = {review.pk: (review.dropped, review.origins) for review in rows}
    refresh_priorities(rows)
    _tell(rows, before)
    return len(rows)


def _tell(reviews: Iterable[Review], before: dict[int, tuple[int, int]]) -> None:
    """Tell those who found no conclusion what copies did since: the news stays until it is read.

    Of each kind the newest says all. The caller has locked the reviews.
    """
    unproven = Review.objects.filter(verdict__rating=UNPROVEN, status__in=DECIDED)
    pks = set(unproven.filter(pk__in=before).values_list("pk", flat=True))
    told = []
    for review in reviews:
        if review.pk in pks and (news := list(_news(review, *before[review.pk]))):
            kinds = {words.partition(":")[0] for words in news}
            older = [words for words in review.news if words.partition(":")[0] not in kinds]
            review.news = [*older, *news]
            told.append(review)
    Review.objects.bulk_update(told, ["news"])


def _news(review: Review, dropped: int, origins: int) -> Iterable[str]:
    if review.dropped > dropped:
        yield f"a copy dropped the caution: {review.dropped} of {review.copies} now"
    if review.origins > origins:
        yield f"a new independent origin: {review.origins} now"


def read_news(review: Review, *, by: User) -> bool:
    """Note that who submitted the verdict has read the news; return whether `by` did."""
    mine = Review.objects.with_news_for(by).filter(pk=review.pk)
    return bool(Review.objects.filter(pk__in=mine.values("pk")).update(news=[]))


def _prioritise(reviews: list[Review], now: datetime) -> None:
    standings = provenance.standings([review.claim for review in reviews])
    for review in reviews:
        standing = standings[review.claim_id]
        reasons = list(priority_reasons(review.claim, standing))
        review.priority = min(100, sum(reason.points for reason in reasons))
        review.reasons = [asdict(reason) for reason in reasons]
        review.copies, review.origins = standing.copies, standing.origins
        review.dropped = _dropped(standing)
        review.prioritised_at = now


def _dropped(standing: Standing) -> int:
    """How many copies lack the caution, or say the contrary."""
    return standing.count(Fate.DROPPED) + standing.count(Fate.CONTRADICTED)


def priority_reasons(claim: Claim, standing: Standing) -> Iterable[Reason]:
    """Yield why a claim comes early, most telling first; the points add up to at most 100.

    40 for check-worthiness, 25 for being unverified by its origin, 15 for a caution that copies
    dropped, 20 for how far it has spread on how few origins.
    """
    if standing.unverified_by:
        yield Reason(25, f"unverified by {_listed(standing.unverified_by)}", "unverified")
    elif standing.unverified:
        yield Reason(20, "unverified, nobody named", "unverified")
    dropped = _dropped(standing)
    if dropped:
        yield Reason(15, f"caution dropped in {dropped} of {standing.copies} copies", "dropped")
    if standing.copies > 1:
        origins = "1 origin" if standing.origins == 1 else f"{standing.origins} origins"
        spread = min(20, 4 * standing.copies)
        yield Reason(spread, f"{standing.copies} copies of {origins}", "spread")
    worthiness = round(40 * claim.worthiness)
    if worthiness:
        yield Reason(worthiness, f"check-worthiness {claim.worthiness:.2f}", "worth")


def _listed(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
