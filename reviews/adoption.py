"""Already checked? Which published verdicts a claim may share, and taking one over as a draft."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from claims import text as engine
from claims.models import Claim, Suggestion
from reviews import history, leases, workflow
from reviews.models import Evidence, Publication, Review, User, VerdictVersion
from reviews.states import Action

MOST = 5  # earlier checks shown of one claim


@dataclass(frozen=True, slots=True)
class Earlier:
    """A published check of a claim that may be the same, and how the two claims compare."""

    publication: Publication
    comparison: engine.Comparison

    @property
    def rating(self) -> str:
        """The verdict as readers are told it."""
        return str(self.publication.document["rating"]["label"])

    @property
    def wording(self) -> str:
        return str(self.publication.document["claim"])


def earlier_checks(claims: Iterable[Claim]) -> dict[int, list[Earlier]]:
    """Map the key of each claim to its earlier checks, likeliest first. Cost: three queries.

    They are the published checks of claims merged into it, and of claims suggested or confirmed as
    the same; what a person rejected is none.
    """
    known = {claim.pk: claim for claim in claims}
    pairs = set(_merged(known)) | set(_suggested(known))
    checks = {
        publication.review.claim_id: publication
        for publication in Publication.objects.current()
        .filter(review__claim__in={other for _, other in pairs})
        .select_related("review__claim", "version")
    }
    found: dict[int, list[Earlier]] = {}
    for pk, other in sorted(pairs):
        if other in checks and other != pk:
            comparison = engine.compare(known[pk].wording, checks[other].review.claim.wording)
            found.setdefault(pk, []).append(Earlier(checks[other], comparison))
    for rows in found.values():
        rows.sort(key=lambda one: -one.comparison.score)
        del rows[MOST:]
    return found


def _merged(known: Iterable[int]) -> Iterable[tuple[int, int]]:
    rows = Claim.objects.filter(merged_into__in=list(known), review__publications__isnull=False)
    return ((kept or 0, merged) for kept, merged in rows.values_list("merged_into", "pk"))


def _suggested(known: Iterable[int]) -> Iterable[tuple[int, int]]:
    """Pairs of a claim and another that an appearance of one of them is said to state."""
    pks = set(known)
    rows = Suggestion.objects.exclude(state=Suggestion.State.REJECTED).filter(
        Q(appearance__claim__in=pks) | Q(claim__in=pks), appearance__current=True
    )
    for ours, theirs in rows.values_list("appearance__claim", "claim"):
        if ours in pks:
            yield ours, theirs
        if theirs in pks and ours is not None:
            yield theirs, ours


@transaction.atomic
def adopt(
    review: Review, publication: Publication, *, by: User, token: int, seq: int
) -> VerdictVersion | None:
    """Take the words, rating and evidence of an earlier check over as a draft on top of `seq`.

    It still has to be submitted and approved by somebody else. None if nothing changed.

    :raises leases.Refused: if the lease is lost, or it is no earlier check of this claim.
    :raises history.Conflict: if `seq` is not the newest version.
    """
    actor, now = leases.begin_write(review, by, token)
    if reason := workflow.refusal(Action.ADOPT, review, actor):
        raise leases.Refused(reason)
    earlier = earlier_checks([review.claim]).get(review.claim_id, [])
    if publication.pk not in {one.publication.pk for one in earlier}:
        raise leases.Refused("This is no earlier check of the claim any more.")
    verdict = history.of(review)
    if verdict.seq != seq:
        raise history.Conflict(verdict, history.draft_of(verdict))
    content = history.read(publication.version)
    attached = set(review.evidence.standing().values_list("sha256", flat=True))
    originals = Evidence.objects.filter(ref__in=[item["ref"] for item in content["evidence"]])
    for item in originals.order_by("pk"):
        if item.sha256 not in attached:
            Evidence.objects.create(
                review=review, url=item.url, title=item.title, publisher=item.publisher,
                quote=item.quote, stance=item.stance, is_primary=item.is_primary,
                interest=item.interest, sha256=item.sha256, added_by=actor, added_at=now,
            )  # fmt: skip
    note = f"The check “{content['claim']}”, version {publication.version.seq}"
    version = history.adopt(review, content=content, by=actor, at=now, reason=f"Adopted: {note}")
    review.move(Action.ADOPT, by=actor, at=now, note=note)
    return version
