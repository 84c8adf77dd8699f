"""What supervisors set about the order of the queue, seen before it is saved, and weighing anew.

Age and due dates give other points every day, so all open reviews are weighed anew once an hour;
and at once when weights or topics change. A pass goes through them a batch at a time, each batch in
a transaction of its own: a killed worker loses nothing, and the next one goes on from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils.text import slugify

from reviews import approvals, gate, leases, priority, queue
from reviews.gate import Refused
from reviews.models import Review, ReviewTopic, Reweighing, User, Weights
from reviews.states import APPROVE, UNDECIDED, Action, Status

MAY = "reviews.set_weights"
PARTS = ("worthiness", "unverified", "dropped", "spread", "pace", "harm", "age", "due")
COMPARED = 1_000  # the first of the queue, whose new order a preview tells
SHOWN = 20
BATCH = 200
EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Placed:
    """A review in the order that weights would give, and where it is now; both count from 1."""

    review: Review
    priority: int
    place: int
    before: int

    @property
    def up(self) -> int:
        """By how many places it rises; negative if it falls."""
        return self.before - self.place


def preview(weights: Weights) -> list[Placed]:
    """Return the first `SHOWN` reviews as `weights` would order them. Nothing is stored.

    Of the queue only the first `COMPARED` are weighed: what lies further down is not moved past
    them here. Cost: two queries.
    """
    waiting = Review.objects.queued().by_priority().select_related("claim")[:COMPARED]
    topics, now = _topics(), leases.clock()
    weighed = [
        (priority.total(queue.weighed(review, weights, topics, now)), before, review)
        for before, review in enumerate(waiting, 1)
    ]
    weighed.sort(key=lambda one: (-one[0], one[2].pk))
    return [
        Placed(review, points, place, before)
        for place, (points, before, review) in enumerate(weighed[:SHOWN], 1)
    ]


@transaction.atomic
def set_weights(
    *, by: User, points: Mapping[str, int], topics: Mapping[str, int], why: str
) -> Weights:
    """Put new weights in force, and begin to weigh the queue anew.

    :param points: for each of `PARTS`, 0 to 100.
    :param topics: points for topics by slug; those of none are left out.
    :raises Refused: if `by` may not set them, or nobody says why.
    """
    actor = _allowed(by)
    gate.need(why, "Say why the weights change.")
    weights = Weights.objects.create(
        by=actor, by_name=str(actor), at=leases.clock(), why=why.strip(),
        topics={slug: given for slug, given in topics.items() if given},
        **{part: points[part] for part in PARTS},
    )  # fmt: skip
    _begin(f"{actor} set new weights")
    return weights


@transaction.atomic
def set_topic(
    *, by: User, topic: ReviewTopic | None, name: str, words: Sequence[str], harm: int,
    approvals: int = 1,
) -> ReviewTopic:  # fmt: skip
    """Change a topic, or make one (`topic` is None), and put claims under it anew.

    :param approvals: how many people must approve a verdict under it, 1 to 5.
    :raises Refused: if `by` may not, or another topic has that name.
    """
    actor = _allowed(by)
    gate.need(name, "Give the topic a name.")
    others = ReviewTopic.objects.exclude(pk=topic.pk) if topic else ReviewTopic.objects.all()
    slug = topic.slug if topic else slugify(name)[:60]
    if not slug:
        raise Refused("The name needs a letter or a number.")
    if others.filter(name__iexact=name.strip()).exists() or others.filter(slug=slug).exists():
        raise Refused(f"There is a topic named “{name.strip()}” already.")
    kept = topic or ReviewTopic(slug=slug)
    kept.name, kept.words, kept.harm = name.strip(), list(words), harm
    kept.approvals = approvals
    kept.save()
    needs = "1 approval" if approvals == 1 else f"{approvals} approvals"
    _begin(f"{actor} changed the topic {kept.name} (it needs {needs})")
    return kept


@transaction.atomic
def put_under(review: Review, *, by: User, topics: Sequence[str], reason: str) -> None:
    """Put a review under these topics (by slug) by hand; its words no longer decide them.

    Fewer approvals than its topics ask for are a supervisor's to decide, and not of what is
    submitted.

    :raises Refused: if no reason is given, a topic is none, they are its topics by hand already, or
        they ask for fewer approvals.
    """
    actor, now = gate.begin(Action.PUT_UNDER, review, by)
    gate.need(reason, "Say why it belongs there.")
    names = {one.slug: one.name for one in ReviewTopic.objects.order_by("name")}
    if unknown := set(topics) - set(names):
        raise Refused(f"There is no topic “{min(unknown)}”.")
    chosen = [slug for slug in names if slug in topics]
    if review.topics_by_hand and sorted(review.topics) == sorted(chosen):
        raise Refused("It is under these topics already.")
    asked = approvals.needed(review.topics)
    if approvals.needed(chosen) < asked:
        if review.status == Status.SUBMITTED:
            raise Refused(f"It was submitted under topics that ask for {asked} approvals.")
        if not actor.has_perm(APPROVE):
            raise Refused(f"Its topics ask for {asked} approvals; a supervisor decides otherwise.")
    review.topics, review.topics_by_hand = chosen, True
    told = ", ".join(names[slug] for slug in chosen) or "none"
    review.move(Action.PUT_UNDER, by=actor, at=now, note=f"{told}: {reason.strip()}")
    queue.reweigh([review])


def _allowed(by: User) -> User:
    actor = User.objects.select_for_update(no_key=True).get(pk=by.pk)
    if not actor.has_perm(MAY):
        raise Refused("Your role does not allow this.")
    return actor


# Weighing anew


def _begin(why: str) -> None:
    """Begin a pass over the open reviews; one under way begins again from the top."""
    total = Review.objects.filter(status__in=UNDECIDED).count()
    fresh = {"why": why, "started_at": leases.clock(), "reached": 0, "done": 0, "total": total}
    under_way = Reweighing.objects.unfinished().select_for_update().first()
    if under_way is None:
        Reweighing.objects.create(**fresh)
    else:
        Reweighing.objects.filter(pk=under_way.pk).update(**fresh)


def reweigh() -> int:
    """Weigh what has to be weighed anew, and return how many reviews. Safe to repeat and kill."""
    _begin_when_due()
    done = 0
    while weighed := _batch():
        done += weighed
    return done


@transaction.atomic
def _begin_when_due() -> None:
    newest = Reweighing.objects.order_by("-pk").first()
    if newest is None or (newest.finished_at and newest.finished_at < leases.clock() - EVERY):
        _begin("Age and due dates")


@transaction.atomic
def _batch() -> int:
    """Weigh the next reviews of the pass under way; return how many. Two never do the same."""
    under_way = Reweighing.objects.unfinished().select_for_update(skip_locked=True).first()
    if under_way is None:
        return 0
    ahead = Review.objects.filter(status__in=UNDECIDED, pk__gt=under_way.reached)
    locked = ahead.select_for_update(of=("self",)).select_related("claim").order_by("pk")
    rows = list(locked[:BATCH])
    if rows:
        queue.reweigh(rows)
        under_way.reached, under_way.done = rows[-1].pk, under_way.done + len(rows)
    else:
        under_way.finished_at = leases.clock()
    under_way.save()
    return len(rows)


def _topics() -> dict[str, ReviewTopic]:
    return {topic.slug: topic for topic in ReviewTopic.objects.all()}
