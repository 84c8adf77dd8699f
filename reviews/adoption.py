"""Already checked? Which published verdicts a claim may share, and taking one over as a draft."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, prefetch_related_objects
from django.urls import reverse

from claims import text as engine
from claims.models import Claim, Flag, Suggestion
from reviews import history, leases, workflow
from reviews.models import Evidence, Publication, Review, ReviewEvent, User, VerdictVersion
from reviews.states import Action

MOST = 5  # earlier checks shown of one claim
READ_BY_WORDS = "en"  # the language in which the engine says more of two wordings than the figures
FIGURES = {
    "changed": "a figure is another one",
    "qualifier_lost": "one figure is exact, the other not",
    "rounded": "a figure is rounded",
}


@dataclass(frozen=True, slots=True)
class Earlier:
    """A published check of a claim that may be the same, and how the two claims compare.

    :ivar differs: in what this claim differs from the one that was checked, in words.
    """

    publication: Publication
    comparison: engine.Comparison
    differs: tuple[str, ...]

    @property
    def rating(self) -> str:
        """The verdict as readers are told it."""
        return str(self.publication.document["rating"]["label"])

    @property
    def wording(self) -> str:
        return str(self.publication.document["claim"])

    def as_document(self) -> dict[str, Any]:
        """Return it for other programs, as plain values for JSON."""
        review = self.publication.review
        return {
            "claim": self.wording,
            "rating": self.publication.document["rating"]["code"],
            "rating_label": self.rating,
            "summary": self.publication.document["summary"],
            "url": settings.PUBLIC_URL + reverse("public:check", args=[review.ref]),
            "published_at": self.publication.document["published_at"],
            "version": self.publication.version.seq,
            "likeness": self.comparison.score,
            "reasons": list(self.comparison.reasons),
            "differs": list(self.differs),
        }


# Asking


def earlier_checks(claims: Iterable[Claim]) -> dict[int, list[Earlier]]:
    """Map the key of each claim to its earlier checks, likeliest first. Cost: five queries.

    They are the published checks of claims merged into it, and of claims suggested or confirmed as
    the same, with all merged into those; what a person rejected is none.
    """
    known = {claim.pk: claim for claim in claims}
    prefetch_related_objects(list(known.values()), "claimant")
    pairs = {(pk, pk) for pk in known} | set(_suggested(known))
    standing = _merged_into({other for _, other in pairs})
    checks = {
        publication.review.claim_id: publication
        for publication in Publication.objects.current()
        .filter(review__claim__in=standing)
        .select_related("review__claim__claimant", "version")
    }
    by_claim: dict[int, list[Publication]] = {}
    for pk, publication in sorted(checks.items()):
        by_claim.setdefault(standing[pk], []).append(publication)
    found = {
        (pk, publication.review.claim_id): publication
        for pk, other in sorted(pairs)
        for publication in by_claim.get(other, [])
        if publication.review.claim_id != pk
    }
    cautious = _cautious({pk for pair in found for pk in pair})
    earlier: dict[int, list[Earlier]] = {}
    for (pk, _), publication in found.items():
        earlier.setdefault(pk, []).append(_compare(known[pk], publication, cautious))
    for rows in earlier.values():
        rows.sort(key=lambda one: -one.comparison.score)
        del rows[MOST:]
    return earlier


def _suggested(known: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Pairs of a claim and another that an appearance of one of them is said to state."""
    pks = set(known)
    rows = Suggestion.objects.exclude(state=Suggestion.State.REJECTED).filter(
        Q(appearance__claim__in=pks) | Q(claim__in=pks), appearance__current=True
    )
    taken_back = Q(state=Suggestion.State.OPEN, score__isnull=True)
    for ours, theirs in rows.exclude(taken_back).values_list("appearance__claim", "claim"):
        if ours in pks:
            yield ours, theirs
        if theirs in pks and ours is not None:
            yield theirs, ours


def _merged_into(claims: Iterable[int]) -> dict[int, int]:
    """Map each of these claims, and each that was merged into one of them, to that one."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE gone (id, into_id) AS (
                SELECT id, id FROM unnest(%s::bigint[]) AS own(id)
                UNION
                SELECT claim.id, gone.into_id FROM claims_claim claim
                JOIN gone ON claim.merged_into_id = gone.id
            )
            SELECT id, into_id FROM gone ORDER BY id = into_id, into_id
            """,
            [sorted(claims)],
        )
        return dict(cursor.fetchall())


def _cautious(claims: Iterable[int]) -> dict[int, tuple[bool, bool]]:
    """Of each claim: whether a copy says that it is unverified, and whether one dropped that."""
    standing = Flag.objects.standing()
    says = standing.core().filter(covers__claim=OuterRef("pk"), covers__current=True)
    dropped = standing.filter(
        claim=OuterRef("pk"), kind__in=["disclaimer_dropped", "disclaimer_contradicted"]
    )
    rows = Claim.objects.filter(pk__in=set(claims))
    marked = rows.annotate(says=Exists(says), dropped=Exists(dropped))
    return {pk: (says, gone) for pk, says, gone in marked.values_list("pk", "says", "dropped")}


def _compare(
    claim: Claim, publication: Publication, cautious: dict[int, tuple[bool, bool]]
) -> Earlier:
    checked = publication.review.claim
    languages = claim.language, checked.language
    comparison = engine.compare(claim.wording, checked.wording, languages=languages)
    differs = (
        *_other_words(claim, checked, comparison),
        *_other_caution(cautious[claim.pk], cautious[checked.pk]),
    )
    return Earlier(publication, comparison, differs)


def _other_words(claim: Claim, checked: Claim, comparison: engine.Comparison) -> Iterator[str]:
    if {claim.language, checked.language} == {READ_BY_WORDS}:
        for change in engine.changes(_said(claim), _said(checked)):
            words = f"“{change.words}”" if change.words else "nobody"
            yield f"{change.kind.label.lower()}: {words} for “{change.origin_words}”"
    elif comparison.figure in FIGURES:
        yield FIGURES[comparison.figure]
    if claim.claimant and checked.claimant and claim.claimant != checked.claimant:
        yield f"said by {claim.claimant.name}, there by {checked.claimant.name}"


def _other_caution(ours: tuple[bool, bool], theirs: tuple[bool, bool]) -> Iterator[str]:
    """What differs in the caution: whether it is there, and whether a copy dropped it."""
    if ours[0] != theirs[0]:
        yield (
            "said to be unverified here, not there"
            if ours[0]
            else "said to be unverified there, not here"
        )
    if ours[1] and not theirs[1]:
        yield "a copy dropped the caution here"


def _said(claim: Claim) -> engine.Said:
    name = claim.claimant.name if claim.claimant else ""
    return engine.Said(claim.wording, name, attributed=bool(name))


# Adopting


@transaction.atomic
def adopt(
    review: Review, publication: Publication, *, by: User, token: int, seq: int
) -> VerdictVersion | None:
    """Take the words, rating and evidence of an earlier check over as a draft on top of `seq`.

    It still has to be submitted, and approved by somebody who wrote neither. None if nothing
    changed.

    :raises leases.Refused: if the lease is lost, it is no earlier check of this claim, or readers
        do not see this version of it any more.
    :raises history.Conflict: if `seq` is not the newest version.
    """
    actor, now = leases.begin_write(review, by, token)
    if reason := workflow.refusal(Action.ADOPT, review, actor):
        raise leases.Refused(reason)
    earlier = {one.publication for one in earlier_checks([review.claim]).get(review.claim_id, [])}
    if publication.review_id not in {one.review_id for one in earlier}:
        raise leases.Refused("This is no earlier check of the claim any more.")
    if publication not in earlier:
        raise leases.Refused("That check was corrected since you opened this page. Read it again.")
    verdict = history.of(review)
    if verdict.seq != seq:
        raise history.Conflict(verdict, history.draft_of(verdict))
    content = history.read(publication.version)
    _attach(review, content["evidence"], by=actor, at=now)
    note = f"The check “{content['claim']}”, version {publication.version.seq}"
    version = history.adopt(review, content=content, by=actor, at=now, reason=f"Adopted: {note}")
    review.move(Action.ADOPT, by=actor, at=now, note=note, adopted=publication)
    return version


def _attach(review: Review, cited: list[dict[str, Any]], *, by: User, at: datetime) -> None:
    """Attach the evidence that a sealed version cites, but for what is attached already."""
    attached = set(review.evidence.standing().values_list("sha256", flat=True))
    originals = Evidence.objects.filter(ref__in=[item["ref"] for item in cited])
    Evidence.objects.bulk_create(
        Evidence(
            review=review, url=item.url, title=item.title, publisher=item.publisher,
            quote=item.quote, stance=item.stance, is_primary=item.is_primary,
            interest=item.interest, sha256=item.sha256, added_by=by, added_at=at,
        )
        for item in originals.order_by("pk")
        if item.sha256 not in attached
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Adopted:
    """The check from which a verdict was adopted, and what readers see of it now."""

    event: ReviewEvent
    publication: Publication
    newest: Publication

    @property
    def is_corrected(self) -> bool:
        """Whether the check was corrected after it was adopted: then read it again."""
        return self.newest.pk != self.publication.pk


def adopted(review: Review) -> Adopted | None:
    """Return what the present verdict was last adopted from, until readers see it.

    Cost: two queries.
    """
    events = review.events.filter(action=Action.ADOPT, adopted__isnull=False)
    published = Publication.objects.filter(review=review, published_at__gt=OuterRef("at"))
    event = (
        events.exclude(Exists(published))
        .select_related("adopted__review", "adopted__version")
        .order_by("-pk")
        .first()
    )
    if event is None or event.adopted is None:
        return None
    newest = Publication.objects.current().get(review=event.adopted.review)
    return Adopted(event, event.adopted, newest)
