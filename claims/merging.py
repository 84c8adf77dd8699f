"""What people do to the grouping of claims: confirm, reject and link, merge and split, and undo.

Nothing is lost: a merge and a split keep a record from which undoing restores both claims exactly.
Locks are taken in one order, appearances, then the lock of linking, then claims, each by rising id,
so that neither two people nor a person and an analysis wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, Subquery

from claims import drift, index, matching
from claims.links import SuggestionQuerySet
from claims.models import Appearance, Claim, ClaimMerge, ClaimSplit, Flag, Suggestion

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser


WORDINGS = 100  # of one claim, in a preview
UNDECIDED: dict[str, Any] = {
    "state": Suggestion.State.OPEN, "decided_by": None, "decided_at": None, "reason": "",
    "left": None, "merge": None, "moved": [],
}  # fmt: skip


class Refused(ValueError):
    """What was asked cannot be done to these claims now; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One wording of a claim: what is linked or split off moves all appearances that have it.

    :ivar first: the oldest of its `copies` appearances, with its article and source.
    """

    first: Appearance
    copies: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a merge would move, and the `wordings` of the claim, at most `WORDINGS` of them."""

    wordings: list[Wording]
    appearances: int
    flags: int
    suggestions: int


# Deciding on one link


@transaction.atomic
def confirm(
    suggestion: Suggestion, *, by: AbstractUser, at: datetime, reason: str = ""
) -> Suggestion:
    """Link the appearance, and those of identical wording beside it, to the suggested claim.

    Where nothing else stands in the claim that they leave, that is a merge. Undone by `reopen`.

    :raises Refused: if it was decided already, or asks nothing any more.
    """
    _lock(suggestion.appearance.claim_id, suggestion.claim_id)
    _lock_suggestion(suggestion)
    appearance, claim = suggestion.appearance, matching.survivor(suggestion.claim)
    if suggestion.state != Suggestion.State.OPEN:
        raise Refused(f"This was {suggestion.get_state_display().lower()} already.")
    left = appearance.claim
    if left is None or left.pk == claim.pk:
        raise Refused("The appearance belongs to this claim already.")
    same = _identical(appearance, left)
    pks = [one.pk for one in same]
    if left.appearances.exclude(pk__in=pks).exists():
        _move(same, claim)
        claim.worthiness = max(claim.worthiness, *(one.worthiness for one in same))
        claim.save(update_fields=["worthiness"])
        Appearance.objects.filter(pk=appearance.pk).update(linked_by=by)
        _compare_again(left, claim)
        suggestion.moved = pks
    else:
        suggestion.merge = merge(left, claim, by=by, at=at, reason=reason)
    suggestion.left = left
    _decide(suggestion, Suggestion.State.CONFIRMED, by=by, at=at, reason=reason)
    return suggestion


@transaction.atomic
def reject(suggestion: Suggestion, *, by: AbstractUser, at: datetime, reason: str = "") -> None:
    """Say that the appearance does not state the claim: never to be linked or suggested again.

    :raises Refused: if it was decided already.
    """
    _lock_suggestion(suggestion)
    if suggestion.state != Suggestion.State.OPEN:
        raise Refused(f"This was {suggestion.get_state_display().lower()} already.")
    _decide(suggestion, Suggestion.State.REJECTED, by=by, at=at, reason=reason)


@transaction.atomic
def reopen(suggestion: Suggestion, *, by: AbstractUser, at: datetime) -> ClaimMerge | None:
    """Take a decision back: the link is as it was before, and the suggestion open again.

    Later identical wordings that came by the decision go back, too. Returns the merge that this
    undid, if confirming it was one.

    :raises Refused: if it is open, or what came of it was changed since.
    """
    _lock(suggestion.appearance.claim_id, suggestion.claim_id, suggestion.left_id)
    _lock_suggestion(suggestion)
    if suggestion.state == Suggestion.State.OPEN:
        raise Refused("Nobody has decided this yet.")
    confirmed = suggestion.state == Suggestion.State.CONFIRMED
    merged, left, moved = suggestion.merge, suggestion.left, suggestion.moved
    if confirmed and left is None:
        raise Refused("This came of a merge or a split; undo that instead.")
    suggestion.merge, suggestion.left, suggestion.moved = None, None, []
    _decide(suggestion, Suggestion.State.OPEN, by=None, at=None, reason="")
    if merged is not None:
        undo_merge(merged, by=by, at=at)
    elif left is not None:
        _move_back(suggestion, left, moved)
    return merged


@transaction.atomic
def link(
    appearance: Appearance, claim: Claim, *, by: AbstractUser, at: datetime, reason: str = ""
) -> Suggestion:
    """Link an appearance to a claim by hand, in whatever language.

    :raises Refused: if it belongs there already, or the claim was merged away.
    """
    _lock(appearance.claim_id, claim.pk)
    claim.refresh_from_db()
    if claim.merged_into_id:
        raise Refused("This claim was merged away.")
    suggestion, _ = Suggestion.objects.get_or_create(
        appearance=appearance,
        claim=claim,
        defaults={"wording_key": matching.wording_key(appearance.wording)},
    )
    if suggestion.state != Suggestion.State.OPEN:
        suggestion.merge, suggestion.left, suggestion.moved = None, None, []
        _decide(suggestion, Suggestion.State.OPEN, by=None, at=None, reason="")
    return confirm(suggestion, by=by, at=at, reason=reason)


# Merging


def preview(claim: Claim, into: Claim | None = None) -> Preview:
    """Return the wordings of `claim`, and what merging it (into `into`) would move.

    Cost: five queries, however many appearances.
    """
    grouped = claim.appearances.values("wording").annotate(first=Min("pk"), copies=Count("pk"))
    found: dict[str, tuple[int, int]] = {}
    for row in grouped.order_by("first")[:WORDINGS]:
        first, copies = found.get(key := matching.wording_key(row["wording"]), (row["first"], 0))
        found[key] = first, copies + row["copies"]
    appearances = Appearance.objects.select_related("article__source").defer("article__text")
    firsts = appearances.in_bulk([first for first, _ in found.values()])
    return Preview(
        [Wording(firsts[first], copies) for first, copies in found.values()],
        claim.appearances.count(),
        (_flags_that_fit(claim, into) if into else claim.derived_flags).count(),
        (_suggestions_that_fit(claim, into) if into else claim.suggestions).open().count(),
    )


@transaction.atomic
def merge(
    claim: Claim,
    into: Claim,
    *,
    by: AbstractUser,
    at: datetime,
    reason: str = "",
    undone: ClaimSplit | None = None,
) -> ClaimMerge:
    """Move everything of `claim` to `into`; `claim` stays and points to where it went.

    Later wordings identical to those moved go to `into`, too.

    :param undone: the split that this merge undoes: then nothing is decided for later wordings.
    :raises Refused: if they are one claim, or one of them was merged away already.
    """
    _lock(claim.pk, into.pk)
    claim.refresh_from_db()
    into.refresh_from_db()
    if claim.pk == into.pk:
        raise Refused("This is one and the same claim.")
    if claim.merged_into_id or into.merged_into_id:
        raise Refused("One of these claims was merged away meanwhile.")
    confirmed = Suggestion.State.CONFIRMED
    record: dict[str, Any] = {
        "decisions": _decide_all(
            [(one, into, confirmed) for one in claim.appearances.current() if undone is None],
            by=by,
            at=at,
            reason=reason,
        ),
        "appearances": _pks(claim.appearances.all()),
        "flags": _pks(_flags_that_fit(claim, into)),
        "suggestions": _pks(_suggestions_that_fit(claim, into)),
        "fingerprint": list(claim.fingerprint),
        "worthiness": [into.worthiness, max(into.worthiness, claim.worthiness)],
    } | ({"split": undone.pk} if undone else {})
    Flag.objects.filter(pk__in=record["flags"]).update(claim=into)
    Suggestion.objects.filter(pk__in=record["suggestions"]).update(claim=into)
    Appearance.objects.filter(pk__in=record["appearances"]).update(claim=into)
    record["keys"] = _hand_over_keys(claim, into)
    into.worthiness = max(into.worthiness, claim.worthiness)
    into.save(update_fields=["fingerprint", "worthiness"])
    claim.merged_into = into
    claim.save(update_fields=["fingerprint", "merged_into"])
    made = ClaimMerge.objects.create(
        claim=claim,
        into=into,
        by=by,
        at=at,
        reason=reason,
        record=record,  # type: ignore[misc]
    )
    _compare_again(into)
    return made


@transaction.atomic
def undo_merge(merge: ClaimMerge, *, by: AbstractUser, at: datetime) -> None:
    """Give the merged claim back all that was moved; what came to the other since stays there.

    Only wordings that the merge itself drew in since go with it, as nothing else links them.

    :raises Refused: if it was undone already, or what it moved was moved on since.
    """
    _lock(merge.claim_id, merge.into_id)
    merge.refresh_from_db()
    claim, into, record = merge.claim, merge.into, merge.record
    if merge.undone_at:
        raise Refused("This merge was undone already.")
    if "split" in record:
        raise Refused("This put a split back together; split the appearances off again instead.")
    if into.merged_into_id:
        raise Refused("The claim it was merged into was merged on since; undo that first.")
    moved = Appearance.objects.filter(pk__in=record["appearances"])
    if moved.exclude(claim=into).exists():
        raise Refused("What was merged has been split or linked elsewhere since; undo that first.")
    moved.update(claim=claim)
    Flag.objects.filter(pk__in=record["flags"], claim=into).update(claim=claim)
    decided_since = Q(decided_at__gt=merge.at)
    given = Suggestion.objects.filter(pk__in=record["suggestions"], claim=into)
    given.exclude(decided_since).update(claim=claim)
    came = _came_by({row["pk"] for row in record["decisions"] if not _was_confirmed(row)}, into)
    Appearance.objects.filter(pk__in=[one.pk for one in came]).update(claim=claim)
    _restore(record["decisions"])
    Suggestion.objects.filter(merge=merge).update(**UNDECIDED)
    _take_keys_back(claim, into, record)
    before, after = record["worthiness"]
    if into.worthiness == after:
        into.worthiness = before
    into.save(update_fields=["fingerprint", "worthiness"])
    claim.merged_into = None
    claim.save(update_fields=["fingerprint", "merged_into"])
    merge.undone_by, merge.undone_at = by, at  # type: ignore[assignment]
    merge.save(update_fields=["undone_by", "undone_at"])
    _compare_again(claim, into)


# Splitting


@transaction.atomic
def split(
    claim: Claim,
    appearances: Iterable[Appearance],
    *,
    by: AbstractUser,
    at: datetime,
    reason: str = "",
) -> ClaimSplit:
    """Take these appearances out of `claim` into a new claim, with all of identical wording.

    Their wordings are never linked to `claim` again.

    :raises Refused: if nothing or everything would move, or the claim was merged away.
    """
    chosen = {one.pk for one in appearances}
    _lock(claim.pk)
    claim.refresh_from_db()
    if claim.merged_into_id:
        raise Refused("This claim was merged away meanwhile.")
    found = claim.appearances.select_related("article", "claimant").defer("article__text")
    rows = list(found.order_by("pk"))
    keys = {matching.wording_key(row.wording) for row in rows if row.pk in chosen}
    moved = [row for row in rows if matching.wording_key(row.wording) in keys]
    if not moved or len(moved) == len(rows):
        raise Refused("Choose some of the appearances, and leave at least one other wording.")
    new = Claim.objects.create(
        wording=moved[0].wording,
        language=moved[0].article.language,
        claimant=moved[0].claimant,
        worthiness=max(row.worthiness for row in moved),
    )
    rejected, confirmed = Suggestion.State.REJECTED, Suggestion.State.CONFIRMED
    parted = [pair for row in moved for pair in ((row, claim, rejected), (row, new, confirmed))]
    record = {
        "appearances": [row.pk for row in moved],
        "decisions": _decide_all(parted, by=by, at=at, reason=reason),
    }
    _move(moved, new)
    gone = claim.derived_flags.exclude(article__appearances__claim=claim)
    gone.update(claim=new)
    matching.reindex(new)
    matching.reindex(claim)
    made = ClaimSplit.objects.create(
        claim=claim,
        new_claim=new,
        by=by,
        at=at,
        reason=reason,
        record=record,  # type: ignore[misc]
    )
    _compare_again(claim, new)
    return made


@transaction.atomic
def undo_split(split: ClaimSplit, *, by: AbstractUser, at: datetime) -> ClaimMerge:
    """Put what was taken out back, with all that came to the new claim since.

    The new claim stays, merged into the one it came from; returns that merge.

    :raises Refused: if it was undone already, or what it moved was moved on since.
    """
    _lock(split.claim_id, split.new_claim_id)
    split.refresh_from_db()
    claim, new, record = split.claim, split.new_claim, split.record
    if split.undone_at:
        raise Refused("This split was undone already.")
    if claim.merged_into_id or new.merged_into_id:
        raise Refused("One of the two was merged since; undo that first.")
    moved = Appearance.objects.filter(pk__in=record["appearances"])
    if moved.exclude(claim=new).exists():
        raise Refused("What was split off has been linked elsewhere since; undo that first.")
    _restore(record["decisions"])
    made = merge(new, claim, by=by, at=at, reason="Undid the split", undone=split)
    claim.refresh_from_db()
    matching.reindex(claim)
    split.undone_by, split.undone_at = by, at  # type: ignore[assignment]
    split.save(update_fields=["undone_by", "undone_at"])
    return made


# Steps that these share


def _lock(*claims: int | None) -> None:
    """Lock all linking, then the appearances of these claims, then the claims, by rising id."""
    matching.lock()
    pks = {pk for pk in claims if pk is not None}
    appearances = Appearance.objects.filter(claim__in=pks).order_by("pk")
    list(appearances.select_for_update(no_key=True).values_list("pk", flat=True))
    rows = Claim.objects.filter(pk__in=pks).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk", flat=True))


def _lock_suggestion(suggestion: Suggestion) -> None:
    """Lock it and read it again, so that of two people who decide it one finds it decided."""
    suggestion.refresh_from_db(from_queryset=Suggestion.objects.select_for_update())


def _decide(
    suggestion: Suggestion, state: str, *, by: AbstractUser | None, at: datetime | None, reason: str
) -> None:
    suggestion.state, suggestion.reason = state, reason
    suggestion.decided_by, suggestion.decided_at = by, at  # type: ignore[assignment]
    suggestion.save()


def _identical(appearance: Appearance, claim: Claim) -> list[Appearance]:
    """Those of the claim's appearances whose wording is that of `appearance`."""
    key = matching.wording_key(appearance.wording)
    return [
        one for one in claim.appearances.order_by("pk") if matching.wording_key(one.wording) == key
    ]


def _move(appearances: Iterable[Appearance], claim: Claim) -> None:
    """Link these to `claim`, and let it be found by their wordings."""
    rows = list(appearances)
    Appearance.objects.filter(pk__in=[row.pk for row in rows]).update(claim=claim)
    claim.refresh_from_db()
    index.enter(claim, sorted({row.wording for row in rows}))
    claim.save(update_fields=["fingerprint"])


def _move_back(suggestion: Suggestion, left: Claim, moved: list[int]) -> None:
    """Undo the link that confirming `suggestion` was, with what came by the decision since."""
    claim, appearance = matching.survivor(suggestion.claim), suggestion.appearance
    rows = Appearance.objects.filter(pk__in=moved)
    if left.merged_into_id:
        raise Refused("The claim it came from was merged since; undo that first.")
    if rows.exclude(claim=claim).exists():
        raise Refused("It has been split off or linked elsewhere since; undo that first.")
    _move([*rows.order_by("pk"), *_came_by({suggestion.pk}, claim)], left)
    earlier = Suggestion.objects.answered().filter(appearance=appearance, claim=left)
    by_hand = earlier.filter(state=Suggestion.State.CONFIRMED).values("decided_by")[:1]
    Appearance.objects.filter(pk=appearance.pk).update(linked_by=Subquery(by_hand))
    matching.reindex(claim)
    most = claim.appearances.current().aggregate(most=Max("worthiness"))["most"]
    claim.worthiness = claim.worthiness if most is None else min(claim.worthiness, most)
    claim.save(update_fields=["worthiness"])
    _compare_again(left, claim)


def _came_by(decisions: Iterable[int], claim: Claim) -> list[Appearance]:
    """The appearances that the machine linked to `claim` because of these suggestions."""
    keys = set(Suggestion.objects.filter(pk__in=decisions).values_list("wording_key", flat=True))
    came = claim.appearances.filter(link_reasons=[matching.AS_DECIDED]).order_by("pk")
    return [one for one in came if matching.wording_key(one.wording) in keys]


def _flags_that_fit(claim: Claim, into: Claim) -> QuerySet[Flag]:
    """The derived flags of `claim`, but for those that `into` has in the same article already."""
    there = into.derived_flags.filter(article=OuterRef("article"), kind=OuterRef("kind"))
    return claim.derived_flags.exclude(Exists(there))


def _suggestions_that_fit(claim: Claim, into: Claim) -> SuggestionQuerySet:
    """The suggestions of `claim`, but for those of an appearance that has one for `into`, too."""
    there = into.suggestions.filter(appearance=OuterRef("appearance"))
    return claim.suggestions.exclude(Exists(there))


def _hand_over_keys(claim: Claim, into: Claim) -> list[int]:
    """Let `into` be found by what `claim` was found by; return the keys it did not have."""
    handed = [key for key in claim.fingerprint if key not in set(into.fingerprint)]
    handed = handed[: max(0, index.KEYS_OF_CLAIM - len(into.fingerprint))]
    index.count(dict.fromkeys(claim.fingerprint, -1))
    index.count(dict.fromkeys(handed, 1))
    into.fingerprint = [*into.fingerprint, *handed]
    claim.fingerprint = []
    return handed


def _take_keys_back(claim: Claim, into: Claim, record: dict[str, Any]) -> None:
    """Undo `_hand_over_keys`; what came to `into` since keeps its keys."""
    handed = set(record["keys"])
    kept = [key for key in into.fingerprint if key not in handed]
    index.count(dict.fromkeys((key for key in into.fingerprint if key in handed), -1))
    into.fingerprint = kept
    index.enter(into, [into.wording, *matching.wordings_of(into)])
    index.count(dict.fromkeys(record["fingerprint"], 1))
    claim.fingerprint = record["fingerprint"]


def _pks(rows: QuerySet[Any]) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _compare_again(*claims: Claim) -> None:
    """Find anew what each copy of these claims did."""
    for claim in claims:
        found = claim.appearances.current().select_related("article__source").order_by("pk").first()
        if found is not None:
            drift.refresh(found.article)


# Decisions that a merge or a split implies


def _decide_all(
    pairs: Iterable[tuple[Appearance, Claim, str]], *, by: AbstractUser, at: datetime, reason: str
) -> list[dict[str, Any]]:
    """Decide each appearance's link to a claim; return how these rows were before.

    One for each wording is enough: a decision holds for every identical one.
    """
    before = []
    once = {(matching.wording_key(a.wording), claim.pk): (a, claim, s) for a, claim, s in pairs}
    for (key, _), (appearance, claim, state) in sorted(once.items()):
        row, is_new = Suggestion.objects.get_or_create(
            appearance=appearance, claim=claim, defaults={"wording_key": key}
        )
        was = {
            "state": row.state, "reason": row.reason, "decided_by_id": row.decided_by_id,
            "decided_at": row.decided_at.isoformat() if row.decided_at else None,
            "left_id": row.left_id, "merge_id": row.merge_id, "moved": row.moved,
        }  # fmt: skip
        before.append({"pk": row.pk, "was": None if is_new else was})
        row.left, row.merge, row.moved = None, None, []
        _decide(row, state, by=by, at=at, reason=reason)
    return before


def _was_confirmed(row: dict[str, Any]) -> bool:
    return bool(row["was"] and row["was"]["state"] == Suggestion.State.CONFIRMED)


def _restore(before: list[dict[str, Any]]) -> None:
    """Undo `_decide_all`."""
    for row in before:
        rows = Suggestion.objects.filter(pk=row["pk"])
        if row["was"] is None:
            rows.delete()
        else:
            rows.update(**row["was"])
