"""The checklist: what every check goes through, in versions, and what was ticked where.

Supervisors edit it; an edit is a new version. A review keeps the version it began with, that is the
newest when it was first taken, until its checker goes on with the newest. A point is its text:
reworded it is another point, to be ticked anew; whatever keeps its text keeps its tick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from typing import Any

from django.db import transaction

from reviews import leases
from reviews.leases import Refused
from reviews.models import ChecklistEvent, ChecklistVersion, Review, ReviewEvent, User
from reviews.states import Action

EDIT = "reviews.edit_checklist"
AT_MOST = 40  # points
LONGEST_POINT = 200  # characters


@dataclass(frozen=True, slots=True)
class Point:
    """One thing to go through. `kind` asks it only where a flag of that kind stands."""

    text: str
    help: str = ""
    required: bool = False
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A point as it stands in one review: with what was last done to it, if anything."""

    point: Point
    last: ChecklistEvent | None

    @property
    def ticked(self) -> bool:
        return self.last is not None and self.last.action == ChecklistEvent.Action.TICK


@dataclass(frozen=True, slots=True)
class Sheet:
    """The checklist of one review: its version, the newest there is, and what is asked of it."""

    version: ChecklistVersion
    newest: int
    items: Sequence[Item]

    @property
    def ticked(self) -> int:
        return sum(item.ticked for item in self.items)

    @property
    def unticked(self) -> list[str]:
        """The required points that nobody has ticked."""
        return [one.point.text for one in self.items if one.point.required and not one.ticked]


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of one point between two versions: `was` is how it stood before.

    What is `changed` may have `moved` besides.
    """

    what: str  # "added", "removed", "moved" or "changed"
    point: Point
    was: Point | None = None
    moved: bool = False


# One review


def sheet(review: Review) -> Sheet | None:
    """Return the checklist of `review`; None while there is none. Cost: four queries at most."""
    newest = ChecklistVersion.objects.newest_first().first()
    if newest is None:
        return None
    events = list(review.checklist_events.order_by("pk"))
    version = _version(review, events, newest)
    last = {event.point: event for event in events}
    items = [
        Item(point, last.get(point.text))
        for point in points(version)
        if not point.kind or point.kind in review.kinds
    ]
    return Sheet(version, newest.seq, items)


def answers(review: Review) -> dict[str, Any]:
    """Return what the checklist of `review` asks and what was answered, as values for JSON."""
    found = sheet(review)
    if found is None:
        return {"version": 0, "points": []}
    return {
        "version": found.version.seq,
        "points": [
            {
                "point": item.point.text,
                "ticked": item.ticked,
                "note": item.last.note if item.last else "",
            }
            for item in found.items
        ],
    }


def unticked(review: Review) -> list[str]:
    """Return the required points of `review` that nobody has ticked."""
    found = sheet(review)
    return found.unticked if found else []


@transaction.atomic
def tick(review: Review, *, by: User, token: int, point: str, note: str = "") -> None:
    """Tick a point of the review's checklist; ticked twice with one note, it is noted once.

    :raises Refused: if the lease is lost, or this review's checklist asks no such thing.
    """
    _answer(review, ChecklistEvent.Action.TICK, point, note.strip(), by=by, token=token)


@transaction.atomic
def untick(review: Review, *, by: User, token: int, point: str, note: str = "") -> None:
    """Take a tick back; of a point that is not ticked there is nothing to take.

    :raises Refused: if the lease is lost, or this review's checklist asks no such thing.
    """
    _answer(review, ChecklistEvent.Action.UNTICK, point, note.strip(), by=by, token=token)


@transaction.atomic
def go_on_with_newest(review: Review, *, by: User, token: int) -> None:
    """Go on with the newest version; points with the same text keep their ticks.

    :raises Refused: if the lease is lost.
    """
    actor, now = leases.begin_write(review, by, token)
    found = sheet(review)
    if found is None or found.version.seq == found.newest:
        return
    ChecklistEvent.objects.create(
        review=review, version=ChecklistVersion.objects.get(seq=found.newest),
        action=ChecklistEvent.Action.MOVE, by=actor, by_name=str(actor), at=now,
    )  # fmt: skip


def _answer(
    review: Review, action: ChecklistEvent.Action, point: str, note: str, *, by: User, token: int
) -> None:
    actor, now = leases.begin_write(review, by, token)
    found = sheet(review)
    item = next((one for one in found.items if one.point.text == point), None) if found else None
    if found is None or item is None:
        raise Refused("The checklist of this review does not ask this.")
    ticks = action == ChecklistEvent.Action.TICK
    said_so = item.last is not None and item.last.note == note
    if item.ticked == ticks and (said_so or not ticks):
        return
    ChecklistEvent.objects.create(
        review=review, version=found.version, action=action, point=point, note=note,
        by=actor, by_name=str(actor), at=now,
    )  # fmt: skip


def _version(
    review: Review, events: list[ChecklistEvent], newest: ChecklistVersion
) -> ChecklistVersion:
    versions = ChecklistVersion.objects.newest_first()
    if moves := [event for event in events if event.action == ChecklistEvent.Action.MOVE]:
        return versions.get(pk=moves[-1].version_id)
    taken = ReviewEvent.objects.filter(review=review, action=Action.TAKE).order_by("pk").first()
    if taken is None or taken.at >= newest.at:
        return newest
    # A review that was taken before there was any checklist has the first.
    return versions.filter(at__lte=taken.at).first() or versions.reverse()[0]


# The checklist itself


def points(version: ChecklistVersion | None) -> list[Point]:
    """Return the points of a version, in their order."""
    return [Point(**fields) for fields in version.points] if version else []


@transaction.atomic
def edit(*, by: User, seq: int, points: Sequence[Point], why: str) -> ChecklistVersion:
    """Write `points` as the version after `seq`.

    :raises Refused: if `by` may not, nobody says why, a newer version was written meanwhile, or the
        points are none, too many, two with one text, or those of version `seq`.
    """
    actor = User.objects.select_for_update(no_key=True).get(pk=by.pk)
    if not actor.has_perm(EDIT):
        raise Refused("Your role does not allow this.")
    # All edits lock the same row, and read the newest version only then.
    ChecklistVersion.objects.select_for_update().order_by("seq").first()
    newest = ChecklistVersion.objects.newest_first().first()
    if seq != (newest.seq if newest else 0):
        raise Refused("The checklist was edited meanwhile. Read the newest version first.")
    if refusal := _no_checklist(points):
        raise Refused(refusal)
    fields = [asdict(point) for point in points]
    if newest and newest.points == fields:
        raise Refused("That is what it says already.")
    if not why.strip():
        raise Refused("Say why the checklist changes.")
    return ChecklistVersion.objects.create(
        seq=seq + 1, points=fields, why=why.strip(),
        by=actor, by_name=str(actor), at=leases.clock(),
    )  # fmt: skip


def compare(old: ChecklistVersion | None, new: ChecklistVersion) -> list[Difference]:
    """Return what differs between two versions: points as they are asked now, then those gone."""
    before = {point.text: point for point in points(old)}
    after = {point.text: point for point in points(new)}
    moved = _moved([text for text in before if text in after], [t for t in after if t in before])
    found = []
    for text, point in after.items():
        if text not in before:
            found.append(Difference("added", point))
        elif point != before[text]:
            found.append(Difference("changed", point, before[text], text in moved))
        elif text in moved:
            found.append(Difference("moved", point, point, moved=True))
    gone = [Difference("removed", point) for text, point in before.items() if text not in after]
    return found + gone


def _moved(old: list[str], new: list[str]) -> set[str]:
    """The fewest texts whose change of place explains another order."""
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    stayed = {text for block in blocks for text in new[block.b : block.b + block.size]}
    return set(new) - stayed


def _no_checklist(points: Sequence[Point]) -> str:
    texts = [point.text for point in points]
    if not texts:
        return "A checklist has at least one point."
    if len(texts) > AT_MOST:
        return f"A checklist has at most {AT_MOST} points."
    if any(not text.strip() or len(text) > LONGEST_POINT for text in texts):
        return f"A point has words, and at most {LONGEST_POINT} characters."
    if twice := next((text for text in texts if texts.count(text) > 1), ""):
        return f"“{twice}” stands there twice."
    return ""
