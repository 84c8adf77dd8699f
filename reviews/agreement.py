"""How far two checkers agree who rated the same claim without seeing each other's rating.

Only second opinions that met a verdict count: each is two ratings of one claim. Cohen's kappa is
agreement beyond what two people with these habits would reach by chance; Krippendorff's alpha is
the same in one pool of ratings, so that it compares between tables of different people. Both are 1
for full agreement and 0 for chance. Ratings are taken as names, not as places on a scale, because
"Unproven" has no place on it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from reviews import ratings
from reviews.models import ReviewTopic, SecondOpinion

SHOWN = 50
FEWEST = 10  # below this a coefficient says more about luck than about people


@dataclass(frozen=True, slots=True)
class Pair:
    """Two ratings of one claim, and what they are counted under."""

    first: str
    second: str
    people: tuple[str, str]
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """What `count` pairs of ratings say. A coefficient that cannot be told is None, with `why`."""

    name: str
    count: int
    same: int
    kappa: float | None
    alpha: float | None
    why: str

    @property
    def share(self) -> int:
        """The same rating, in a hundred."""
        return round(100 * self.same / self.count)


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    rows: list[Agreement]


def pairs() -> list[Pair]:
    """Return every pair of ratings that met. Cost: one query."""
    met = (
        SecondOpinion.objects.met().select_related("first_checker", "second_checker").order_by("pk")
    )
    found = []
    for opinion in met:
        people = sorted([str(opinion.first_checker), str(opinion.second_checker)])
        found.append(
            Pair(
                opinion.first_rating, opinion.second_rating, (people[0], people[1]),
                tuple(opinion.topics),
            )
        )  # fmt: skip
    return found


def tables() -> list[Table]:
    """Return agreement overall, per pair of checkers, rating and topic. Cost: two queries."""
    met = pairs()
    topics = dict(ReviewTopic.objects.values_list("slug", "name"))
    return [
        Table("All", [measure("All second opinions", met)] if met else []),
        Table("Pairs of checkers", _grouped(met, lambda pair: [" and ".join(pair.people)])),
        Table("Each rating against all others", _each_rating(met)),
        Table(
            "Topics",
            _grouped(met, lambda pair: [topics.get(slug, slug) for slug in pair.topics]),
        ),
    ]


def measure(name: str, met: Iterable[Pair]) -> Agreement:
    """Return what these pairs say. The first ratings are one rater's, the second another's."""
    met = list(met)
    same = sum(pair.first == pair.second for pair in met)
    given = Counter(rating for pair in met for rating in (pair.first, pair.second))
    if len(met) < FEWEST:
        return Agreement(name, len(met), same, None, None, f"fewer than {FEWEST}: too few to say")
    if len(given) == 1:
        return Agreement(name, len(met), same, None, None, "all of one rating: nothing to compare")
    from nltk.metrics.agreement import AnnotationTask  # noqa: PLC0415  a second to load, for one page

    task = AnnotationTask(
        [
            rated
            for number, pair in enumerate(met)
            for rated in (("first", number, pair.first), ("second", number, pair.second))
        ]
    )
    return Agreement(name, len(met), same, task.kappa(), task.alpha(), "")


def _each_rating(met: list[Pair]) -> list[Agreement]:
    """Measure, for each rating that anybody gave, whether both gave it or both did not."""
    labels = dict(ratings.choices())
    given = {rating for pair in met for rating in (pair.first, pair.second)}
    return [
        measure(
            labels.get(rating, rating),
            [
                replace(pair, first=str(pair.first == rating), second=str(pair.second == rating))
                for pair in met
            ],
        )
        for rating in sorted(given, key=list(labels).index)
    ]


def _grouped(met: Iterable[Pair], names: Callable[[Pair], Iterable[str]]) -> list[Agreement]:
    """Measure each group of pairs, the largest first; a pair may be in several."""
    groups: dict[str, list[Pair]] = defaultdict(list)
    for pair in met:
        for name in names(pair):
            groups[name].append(pair)
    rows = [measure(name, found) for name, found in groups.items()]
    return sorted(rows, key=lambda row: (-row.count, row.name))[:SHOWN]
