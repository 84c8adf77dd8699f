"""Why a review comes early: facts about its claim, weighed with what supervisors set.

The facts are stored with the review, so that new weights need no look at the claims again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from reviews.ordering import HARM, ReviewTopic, Weights

MOST = 100  # no priority is above it
UNNAMED = 0.8  # of the points for a caution that names nobody
MANY_COPIES = 5  # from so many copies on, spread gives all of its points
FAST = 5.0  # copies an hour from which pace gives all of its points
OLD = timedelta(days=7)  # age that gives all of its points
DAY = timedelta(days=1)
# Until when a check is due after it was opened: (copies, or copies an hour, from which) and how
# long. What spreads is worth checking only while it does.
DUE = (
    (10, 3.0, timedelta(hours=6)),
    (5, 1.0, timedelta(hours=24)),
    (2, 0.2, timedelta(hours=48)),
)
DUE_OTHERWISE = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a priority: how many of its points, why in words, and what `kind` of reason.

    `kind` is "unverified", "dropped", "spread", "pace", "worth", "harm", "topic", "age" or "due".
    """

    points: int
    words: str
    kind: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a claim that makes it worth checking early.

    :ivar per_hour: copies an hour, from the first to the last that reached the desk.
    """

    worthiness: float = 0
    unverified: bool = False
    unverified_by: tuple[str, ...] = ()
    dropped: int = 0
    copies: int = 0
    origins: int = 0
    per_hour: float = 0


@dataclass(frozen=True, slots=True)
class Times:
    """When a review was opened and is due, seen from `now`."""

    opened_at: datetime
    due_at: datetime
    now: datetime


def reasons(
    facts: Facts, weights: Weights, topics: Iterable[ReviewTopic], times: Times
) -> list[Reason]:
    """Return why a review comes early, most telling first; parts without points are left out."""
    found = [
        *_said(facts, weights),
        *_spread(facts, weights),
        *_topical(list(topics), weights),
        *_timely(times, weights),
        Reason(
            round(weights.worthiness * facts.worthiness),
            f"check-worthiness {facts.worthiness:.2f}",
            "worth",
        ),
    ]
    return [reason for reason in found if reason.points]


def total(reasons: Iterable[Reason]) -> int:
    """Return the priority, 0 to 100."""
    return max(0, min(MOST, sum(reason.points for reason in reasons)))


def allowance(copies: int, per_hour: float) -> timedelta:
    """Return how long after it was opened a check is due."""
    for enough, fast, left in DUE:
        if copies >= enough or per_hour >= fast:
            return left
    return DUE_OTHERWISE


def _said(facts: Facts, weights: Weights) -> Iterator[Reason]:
    if facts.unverified_by:
        words = f"unverified by {_listed(facts.unverified_by)}"
        yield Reason(weights.unverified, words, "unverified")
    elif facts.unverified:
        points = round(UNNAMED * weights.unverified)
        yield Reason(points, "unverified, nobody named", "unverified")
    if facts.dropped:
        words = f"caution dropped in {facts.dropped} of {facts.copies} copies"
        yield Reason(weights.dropped, words, "dropped")


def _spread(facts: Facts, weights: Weights) -> Iterator[Reason]:
    if facts.copies > 1:
        origins = "1 origin" if facts.origins == 1 else f"{facts.origins} origins"
        points = round(weights.spread * min(1, facts.copies / MANY_COPIES))
        yield Reason(points, f"{facts.copies} copies of {origins}", "spread")
    points = round(weights.pace * min(1, facts.per_hour / FAST))
    pace = f"{round(facts.per_hour, 1):g}"
    yield Reason(points, f"{pace} {'copy' if pace == '1' else 'copies'} an hour", "pace")


def _topical(topics: list[ReviewTopic], weights: Weights) -> Iterator[Reason]:
    worst = max(topics, key=lambda topic: topic.harm, default=None)
    if worst:
        words = f"harm that false claims on {worst.name} can do: {dict(HARM)[worst.harm]}"
        yield Reason(round(weights.harm * worst.harm / max(dict(HARM))), words, "harm")
    for topic in topics:
        yield Reason(weights.topics.get(topic.slug, 0), f"topic {topic.name}", "topic")


def _timely(times: Times, weights: Weights) -> Iterator[Reason]:
    age = times.now - times.opened_at
    days = age // DAY
    words = "open for a day" if days == 1 else f"open for {days} days"
    yield Reason(round(weights.age * min(1, days * DAY / OLD)), words, "age")
    if times.due_at <= times.now:
        yield Reason(weights.due, "overdue", "due")
    elif times.due_at - times.now < DAY:
        yield Reason(round(weights.due / 2), "due within a day", "due")


def topics_of(text: str, vocabulary: Iterable[ReviewTopic]) -> list[str]:
    """Return the slugs of the topics of which a word stands in `text`, in the given order."""
    return [
        topic.slug
        for topic in vocabulary
        if topic.words and re.search(_pattern(tuple(topic.words)), text, re.IGNORECASE)
    ]


def _pattern(words: tuple[str, ...]) -> str:
    """Any of `words` as a whole word; one that ends in `*`, also at the beginning of another."""
    parts = (
        re.escape(word[:-1]) + r"\w*" if word.endswith("*") else re.escape(word) for word in words
    )
    return rf"\b(?:{'|'.join(parts)})\b"


def _listed(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
