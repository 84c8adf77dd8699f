"""An appearance joins the claim that says the same, or becomes a new one; a person's link stands.

Candidates come from the index of claims; the engine's comparison decides. Certain ones are linked,
a likely one is suggested to people, and what people decided about a wording is done again for later
identical ones. All linking runs under one lock, so two workers give the same claims as one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

from claims import text as engine
from claims.index import Candidate, candidates, enter, enter_anew
from claims.models import Appearance, Article, Claim, Claimant, Suggestion

CANDIDATES = 6  # claims compared with one appearance, those sharing most of its weight
WORDINGS = 8  # in which one candidate is compared, besides its own
AS_DECIDED = "a person decided so for the same wording"


@dataclass(frozen=True, slots=True)
class Match:
    """A claim, how many of its wordings certainly say the same, and the likeliest comparison."""

    candidate: Candidate
    certain: int
    comparison: engine.Comparison

    @property
    def rank(self) -> tuple[int, float]:
        """Counting wordings keeps one matter in one claim.

        A wording between two claims joins the one that more copies have joined.
        """
        return self.certain, self.comparison.score


@dataclass(slots=True)
class Decided:
    """What people decided about one wording: the claims it states, and those it does not."""

    confirmed: list[Claim] = field(default_factory=list)
    rejected: set[int] = field(default_factory=set)


def link_appearances(article: Article) -> int:
    """Link every unlinked appearance of `article` to a claim; return how many claims are new.

    Safe to repeat. Cost, for each appearance: two index look-ups
    and up to 2 × `CANDIDATES` × `WORDINGS` comparisons.
    """
    lock()
    unlinked = article.appearances.current().filter(claim__isnull=True, linked_by__isnull=True)
    rows = list(unlinked.select_related("claimant").order_by("start"))
    decided = _decisions(rows)
    suggestions: list[Suggestion] = []
    new = 0
    for row in rows:
        found = _link(row, article.language, decided.get(wording_key(row.wording), Decided()))
        new += found is not None
        suggestions += found or []
    Appearance.objects.bulk_update(rows, ["claim", "link_score", "link_reasons"])
    Suggestion.objects.bulk_create(suggestions, ignore_conflicts=True)
    _raise_worthiness(article)
    return new


@transaction.atomic
def join(wording: str, *, language: str, claimant: str = "") -> tuple[Claim, bool]:
    """Return the claim that says what somebody words so outside of any article, and whether new.

    As for an appearance: what a person decided about the wording, else a certain match, else a new
    claim; a likely one is suggested, where it appears. It appears nowhere yet.
    """
    lock()
    decided = _decisions([Appearance(wording=wording)]).get(wording_key(wording), Decided())
    if decided.confirmed:
        return decided.confirmed[-1], False
    matches = find_matches(wording, language, decided.rejected)
    certain = max((one for one in matches if one.certain), key=lambda one: one.rank, default=None)
    if certain is not None:
        return Claim.objects.get(pk=certain.candidate.claim_id), False
    said_by = Claimant.objects.get_or_create(name=claimant)[0] if claimant else None
    found = engine.analyse(wording, language=language)
    worthiness = max((one.worthiness for one in found.claims), default=0.0)
    claim = Claim(wording=wording, language=language, claimant=said_by, worthiness=worthiness)
    enter(claim, [wording])
    claim.save()
    for likely in _likely(matches):
        there = Appearance.objects.current().filter(claim=likely.candidate.claim_id).order_by("pk")
        if first := there.first():
            match = replace(likely, candidate=replace(likely.candidate, claim_id=claim.pk))
            Suggestion.objects.bulk_create([_suggestion(first, match)], ignore_conflicts=True)
    return claim, True


@transaction.atomic
def reindex(claim: Claim) -> None:
    """Let the index find `claim` by the words it has now, and by those of its appearances.

    A claim merged away is not found.
    """
    lock()
    claim.refresh_from_db(fields=["fingerprint"])
    enter_anew(claim, [] if claim.merged_into_id else [claim.wording, *wordings_of(claim)])
    claim.save(update_fields=["fingerprint"])


def wordings_of(claim: Claim) -> QuerySet[Appearance, str]:
    """The wordings in which `claim` appears, in alphabetical order."""
    found = claim.appearances.current().order_by("wording")
    return found.values_list("wording", flat=True).distinct()


def wording_key(wording: str) -> str:
    """Return what identical wordings share: case and spaces aside, the same words."""
    return hashlib.sha256(" ".join(wording.split()).casefold().encode()).hexdigest()


def same_as(claims: Iterable[int]) -> list[Any]:
    """Return the parameters of `SAME` for these claims."""
    return [sorted(claims), Suggestion.State.REJECTED, Suggestion.State.OPEN]


# What a query begins with that asks of claims (`own`) which others say the same, or may: `same` are
# pairs of `ours` and `theirs`, and `gone` the claims that were merged `into_id`, itself among them.
SAME = """
WITH RECURSIVE own (id) AS (
    SELECT unnest(%s::bigint[])
), same (ours, theirs) AS (
    SELECT id, id FROM own
    UNION
    SELECT pair.* FROM claims_suggestion suggestion
    JOIN claims_appearance appearance ON appearance.id = suggestion.appearance_id
    CROSS JOIN LATERAL (
        VALUES (appearance.claim_id, suggestion.claim_id),
               (suggestion.claim_id, appearance.claim_id)
    ) pair (ours, theirs)
    WHERE suggestion.id IN (
        SELECT id FROM claims_suggestion WHERE claim_id IN (SELECT id FROM own)
        UNION
        SELECT said.id FROM claims_suggestion said
        JOIN claims_appearance place ON place.id = said.appearance_id
        WHERE place.claim_id IN (SELECT id FROM own)
    )
    AND appearance.current AND suggestion.state <> %s
    AND NOT (suggestion.state = %s AND suggestion.score IS NULL)  -- was taken back
    AND pair.ours IN (SELECT id FROM own)
), gone (id, into_id) AS (
    SELECT theirs, theirs FROM same
    UNION
    SELECT claim.id, gone.into_id FROM claims_claim claim
    JOIN gone ON claim.merged_into_id = gone.id
)
"""


def lock() -> None:
    """Let nobody else link, merge or split until the transaction ends. Rows are locked after it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock('claims_claim'::regclass::oid::bigint)")


def survivor(claim: Claim) -> Claim:
    """Return the claim into which `claim` was merged in the end: itself, if it stands."""
    while claim.merged_into is not None:
        claim = claim.merged_into
    return claim


def suggest_anew(claim: Claim) -> None:
    """Renew what is suggested about the appearance with which `claim` began.

    What people decided stands. Safe to repeat: the same claims give the same suggestions.
    """
    first = claim.appearances.current().filter(wording=claim.wording).order_by("pk").first()
    if first is None:
        return
    decided = _decisions([first]).get(wording_key(first.wording), Decided())
    others = decided.rejected | {claim.pk, *(one.pk for one in decided.confirmed)}
    matches = [
        *_likely(find_matches(first.wording, claim.language, others, before=claim.pk)),
        *_agreeing(first.wording, claim.language, others, before=claim.pk),
    ]
    asked = Suggestion.objects.open().filter(appearance=first)
    asked.exclude(claim__in=[one.candidate.claim_id for one in matches]).delete()
    for match in matches:
        new = _suggestion(first, match)
        if not asked.filter(claim=new.claim_id).update(score=new.score, reasons=new.reasons):
            Suggestion.objects.bulk_create([new], ignore_conflicts=True)


# What people decided


def _decisions(rows: list[Appearance]) -> dict[str, Decided]:
    """What people decided about the wordings of `rows`; of one pair, the newest decision counts."""
    keys = {wording_key(row.wording) for row in rows}
    decided: dict[str, Decided] = {}
    known = Suggestion.objects.decided().filter(wording_key__in=keys).select_related("claim")
    newest: dict[tuple[str, int], tuple[Suggestion, Claim]] = {}
    for one in known.order_by("decided_at", "pk"):
        claim = survivor(one.claim)
        newest.pop((one.wording_key, claim.pk), None)
        newest[one.wording_key, claim.pk] = one, claim
    for (key, _), (one, claim) in newest.items():
        about = decided.setdefault(key, Decided())
        if one.state == Suggestion.State.CONFIRMED:
            about.confirmed.append(claim)
        else:
            about.rejected.add(claim.pk)
    return decided


# Linking


def _link(appearance: Appearance, language: str, decided: Decided) -> list[Suggestion] | None:
    """Give one appearance its claim; return what to suggest if that is new, else None.

    The caller stores the link.
    """
    matches = find_matches(appearance.wording, language, decided.rejected)
    certain = max((one for one in matches if one.certain), key=lambda one: one.rank, default=None)
    if decided.confirmed:
        claim = decided.confirmed[-1]
        appearance.link_reasons = [AS_DECIDED]
    elif certain is not None:
        claim = Claim.objects.get(pk=certain.candidate.claim_id)
        appearance.link_score = certain.comparison.score
        appearance.link_reasons = list(certain.comparison.reasons)
    else:
        claim = _new(appearance, language)
        appearance.claim = claim
        abroad = _agreeing(appearance.wording, language, decided.rejected)
        return [_suggestion(appearance, one) for one in (*_likely(matches), *abroad)]
    keys = len(claim.fingerprint)
    enter(claim, [appearance.wording])
    if len(claim.fingerprint) != keys:
        claim.save(update_fields=["fingerprint"])
    appearance.claim = claim
    return None


def _new(appearance: Appearance, language: str) -> Claim:
    claim = Claim(
        wording=appearance.wording,
        language=language,
        claimant=appearance.claimant,
        worthiness=appearance.worthiness,
    )
    enter(claim, [appearance.wording])
    claim.save()
    return claim


def _suggestion(appearance: Appearance, match: Match) -> Suggestion:
    return Suggestion(
        appearance=appearance,
        claim_id=match.candidate.claim_id,
        wording_key=wording_key(appearance.wording),
        score=match.comparison.score,
        reasons=list(match.comparison.reasons),
    )


def _likely(matches: list[Match]) -> list[Match]:
    """The likeliest of these, if it is likely at all: of the others too few are right to ask."""
    best = max(matches, key=lambda one: one.comparison.score, default=None)
    if best is None or best.comparison.score < settings.FACTCHECK_MATCH_LIKELY:
        return []
    return [best]


def _agreeing(
    wording: str, language: str, rejected: set[int], *, before: int | None = None
) -> list[Match]:
    """The likely claim in another language whose figures, dates among them, and names agree."""
    agreeing = [
        one
        for one in find_matches(wording, language, rejected, abroad=True, before=before)
        if one.comparison.figure in ("equal", "rounded")
        and one.comparison.score >= settings.FACTCHECK_MATCH_LIKELY
        and engine.names_agree(
            wording, one.candidate.wording, languages=(language, one.candidate.language)
        )
    ]
    return sorted(agreeing, key=lambda one: one.comparison.score)[-1:]


def find_matches(
    wording: str,
    language: str,
    rejected: Collection[int] = (),
    *,
    abroad: bool = False,
    before: int | None = None,
) -> list[Match]:
    """Compare `wording` with the claims that share most of it, in their wordings.

    Only with claims older than `before`, if that is given.
    """
    found = candidates(
        wording, language=language, limit=CANDIDATES, wordings=WORDINGS, abroad=abroad
    )
    matches = []
    for one in sorted(found, key=lambda one: one.claim_id):
        if one.claim_id in rejected or (before is not None and one.claim_id >= before):
            continue
        languages = language, one.language
        known = sorted({one.wording, *one.others})
        compared = [engine.compare(wording, each, languages=languages) for each in known]
        certain = sum(each.score >= settings.FACTCHECK_MATCH_CERTAIN for each in compared)
        matches.append(Match(one, certain, max(compared, key=lambda each: each.score)))
    return matches


def _raise_worthiness(article: Article) -> None:
    """A claim is as check-worthy as the most check-worthy of its appearances."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE claims_claim claim SET worthiness = found.worthiness
            FROM (
                SELECT claim_id, max(worthiness) AS worthiness FROM claims_appearance
                WHERE current AND article_id = %s GROUP BY claim_id
            ) AS found
            WHERE claim.id = found.claim_id AND claim.worthiness < found.worthiness
            """,
            [article.pk],
        )
