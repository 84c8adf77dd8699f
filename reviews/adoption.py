"""Already checked? Which published verdicts a claim may share, and taking one over as a draft."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse

from claims import matching
from claims import text as engine
from claims.models import Claim, Flag
from reviews import gate, history, leases
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
    def address(self) -> str:
        return reverse("public:check", args=[self.publication.review.ref])

    @property
    def wording(self) -> str:
        return str(self.publication.document["claim"])

    def as_document(self) -> dict[str, Any]:
        """Return it for other programs, as plain values for JSON."""
        return {
            "claim": self.wording,
            "rating": self.publication.document["rating"]["code"],
            "rating_label": self.rating,
            "summary": self.publication.document["summary"],
            "url": settings.PUBLIC_URL + self.address,
            "published_at": self.publication.document["published_at"],
            "version": self.publication.version.seq,
            "likeness": self.comparison.score,
            "reasons": list(self.comparison.reasons),
            "differs": list(self.differs),
        }


# Asking


def earlier_checks(claims: Iterable[int]) -> dict[int, list[Earlier]]:
    """Map the key of each claim to its earlier checks, likeliest first. Cost: one query, or three.

    They are the published checks of claims merged into it, and of claims suggested or confirmed as
    the same, with all merged into those; what a person rejected is none.
    """
    found = _checked(claims)
    if not found:
        return {}
    publications = Publication.objects.select_related("review", "version").in_bulk(
        {publication for _, publication in found}
    )
    checked = {one.review.claim_id for one in publications.values()}
    known = _claims({pk for pk, _ in found} | checked)
    earlier: dict[int, list[Earlier]] = {}
    for pk, publication in found:
        one = publications[publication]
        earlier.setdefault(pk, []).append(_compare(known[pk], known[one.review.claim_id], one))
    for rows in earlier.values():
        rows.sort(key=lambda one: -one.comparison.score)
        del rows[MOST:]
    return earlier


def _checked(claims: Iterable[int]) -> list[tuple[int, int]]:
    """Pairs of one of these claims and a publication that may be a check of the same, in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            {matching.SAME}
            SELECT DISTINCT same.ours, newest.id
            FROM same
            JOIN gone ON gone.into_id = same.theirs AND gone.id <> same.ours
            JOIN reviews_review review ON review.claim_id = gone.id
            JOIN LATERAL (
                SELECT id FROM reviews_publication
                WHERE review_id = review.id ORDER BY id DESC LIMIT 1
            ) newest ON true
            ORDER BY same.ours, newest.id
            """,  # noqa: S608  it holds no values
            matching.same_as(claims),
        )
        return list(cursor.fetchall())


def _claims(pks: Iterable[int]) -> dict[int, Any]:
    """These claims, with `says` and `dropped`: a copy says that it is unverified, one dropped that.

    Cost: one query.
    """
    standing = Flag.objects.standing()
    says = standing.core().filter(covers__claim=OuterRef("pk"), covers__current=True)
    dropped = standing.filter(
        claim=OuterRef("pk"), kind__in=["disclaimer_dropped", "disclaimer_contradicted"]
    )
    marked = Claim.objects.annotate(says=Exists(says), dropped=Exists(dropped))
    return marked.select_related("claimant").in_bulk(pks)


def _compare(claim: Claim, checked: Claim, publication: Publication) -> Earlier:
    languages = claim.language, checked.language
    comparison = engine.compare(claim.wording, checked.wording, languages=languages)
    differs = (
        *_other_words(claim, checked, comparison),
        *_other_caution(claim, checked),
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


def _other_caution(ours: Any, theirs: Any) -> Iterator[str]:
    """What differs in the caution of two claims, as `_claims` marked them."""
    if ours.says != theirs.says:
        yield (
            "said to be unverified here, not there"
            if ours.says
            else "said to be unverified there, not here"
        )
    if ours.dropped and not theirs.dropped:
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
    if reason := gate.refusal(Action.ADOPT, review, actor):
        raise leases.Refused(reason)
    found = earlier_checks([review.claim_id]).get(review.claim_id, [])
    earlier = {one.publication for one in found}
    if publication.review_id not in {one.review_id for one in earlier}:
        raise leases.Refused("This is no earlier check of the claim any more.")
    if publication not in earlier:
        raise leases.Refused("That check was corrected since you opened this page. Read it again.")
    verdict = history.of(review)
    if verdict.seq != seq:
        raise history.Conflict(verdict, history.draft_of(verdict), seq)
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
