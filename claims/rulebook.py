"""What people decided about the flags of each rule, so that a bad rule is seen.

Lists like those of `listing`: a fixed number of queries, whatever there is.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any, cast

from django.db.models import Count, F, Q
from django.db.models.functions import Substr

from claims.models import Flag
from claims.stories import inert

ROWS = 50  # flags on one page
CONFIDENCE = 0.95
COLUMNS = [
    "rule", "open", "confirmed", "dismissed", "share_dismissed", "at_least", "at_most",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judged:
    """What people decided about one rule; the shares are of the decided flags, from 0 to 1.

    :ivar low: the least share of dismissals that what was decided speaks for, `high` the largest.
    """

    rule: str
    open: int
    confirmed: int
    dismissed: int
    low: float
    high: float

    @property
    def decided(self) -> int:
        return self.confirmed + self.dismissed

    @property
    def share(self) -> float | None:
        """The share dismissed; None while nothing is decided."""
        return self.dismissed / self.decided if self.decided else None

    @property
    def percents(self) -> tuple[int, int, int]:
        """The share dismissed, and between what it lies, in percent."""
        return round(100 * (self.share or 0)), round(100 * self.low), round(100 * self.high)


def wilson(hits: int, of: int, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the score interval of a share (E. B. Wilson, 1927), between 0 and 1.

    Unlike the share plus or minus its error, it holds for few cases, and for none and all of them;
    of nothing it is (0, 1).
    """
    if not of:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, spread = hits / of, z * z / of
    middle = share + spread / 2
    reach = z * sqrt(share * (1 - share) / of + spread / (4 * of))
    low, high = (middle - reach) / (1 + spread), (middle + reach) / (1 + spread)
    return low if hits else 0.0, high if hits < of else 1.0  # exact, where rounding would not be


def rules(*, language: str = "") -> list[Judged]:
    """Return every rule that flagged anything in articles of `language` ("": in any).

    The worst come first: those of whose flags the largest share is surely dismissed. One query.
    """
    flags = Flag.objects.all()
    if language:
        flags = flags.filter(article__language=language)
    counted = flags.values("rule").annotate(
        **{state.value: Count("pk", filter=Q(state=state)) for state in Flag.State}
    )
    rows = cast(Iterable[dict[str, Any]], counted.order_by())
    return sorted(
        map(_judged, rows), key=lambda rule: (-rule.low, -rule.dismissed, -rule.open, rule.rule)
    )


def _judged(row: dict[str, Any]) -> Judged:
    low, high = wilson(row["dismissed"], row["confirmed"] + row["dismissed"])
    return Judged(low=low, high=high, **row)


def languages() -> list[str]:
    """Return the languages of articles in which something is flagged. One query."""
    found = Flag.objects.values_list("article__language", flat=True).distinct()
    return sorted(found.order_by())


def flags(
    rule: str, *, state: str = "", language: str = "", after: str = ""
) -> tuple[list[Flag], str]:
    """Return flags of `rule`, newest first, and the ref after which the next page starts ("").

    Each brings its article and source, without the article's text, but with the `words` that fired
    the rule and their `sentence`. At most two queries, at any depth.
    """
    rows = Flag.objects.filter(rule=rule)
    if state:
        rows = rows.filter(state=state)
    if language:
        rows = rows.filter(article__language=language)
    place = Flag.objects.filter(ref=after).values("pk").first() if after else None
    if place:
        rows = rows.filter(pk__lt=place["pk"])
    text = "article__text"
    shown = (
        rows.select_related("article__source", "decided_by")
        .defer(text)
        .annotate(
            words=Substr(text, F("start") + 1, F("end") - F("start")),
            sentence=Substr(text, F("sentence_start") + 1, F("sentence_end") - F("sentence_start")),
        )
    )
    found: list[Flag] = list(shown.order_by("-pk")[: ROWS + 1])
    return found[:ROWS], found[ROWS - 1].ref if len(found) > ROWS else ""


def as_csv(judged: list[Judged]) -> str:
    """The list as CSV; what a spreadsheet would take for a formula stands after "'"."""
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(COLUMNS)
    for rule in judged:
        share = "" if rule.share is None else f"{rule.share:.3f}"
        writer.writerow(
            [inert(rule.rule), rule.open, rule.confirmed, rule.dismissed, share,
             f"{rule.low:.3f}", f"{rule.high:.3f}"]
        )  # fmt: skip
    return lines.getvalue()
