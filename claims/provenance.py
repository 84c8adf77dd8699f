"""Who rests on whom, how many independent origins a claim has, what copies did to its caution.

What an article cites is a fact of its text; which of its citations a claim rests on is decided when
it is asked, over all copies at once, so that the answer does not depend on the order of arrival:

- a claim rests on the sources cited in its sentence, else on the nearest one; an article that cites
  nobody rests on what it copies, and else is its own root;
- an institution cited for the claim together with media is a relay, not an origin;
- unnamed media ("media reports") are an origin only where no copy names one.

Counting too few independent origins is the safe error: two that look independent may not be.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.db.models import Q, prefetch_related_objects

from claims import text as engine
from claims.models import Appearance, Article, Claim, Derivation, Flag, Source

SAME_MATTER = 0.5  # score from which a caution about one claim is a caution about another
MOSTLY_SHARED = 0.6  # share of wording from which an article copies another
PARTLY_SHARED = 0.3  # share of wording from which it paraphrases one
COMPARED_WITH = 5  # articles whose wording a new one is compared with, those sharing most claims
SHARED_AT_LEAST = 2  # claims that two articles share before their wording is compared


class Fate(StrEnum):
    """What a copy did to the caution of the report it rests on."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Fate:
        fate = str.__new__(cls, value)
        fate._value_ = value
        fate.label = label
        return fate

    ORIGIN = "origin", "the origin's own caution"
    KEPT = "kept", "caution kept"
    RELAYED = "relayed", "caution relayed"
    WEAKENED = "weakened", "caution weakened"
    DROPPED = "dropped", "caution dropped"
    NONE = "none", "no caution known"


@dataclass(frozen=True, slots=True)
class ArticleFate:
    """One article's copy of a claim: what it rests on, and what it did to the caution.

    `words` are the caution's own words in the article, "" where it has none.
    """

    article: Article
    appearance: Appearance
    fate: Fate
    words: str
    rests_on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a claim over all its copies.

    :ivar copies: articles in which it appears.
    :ivar origins: roots that do not rest on each other; `origin_names` names them.
    :ivar unverified: whether any copy says that it is not verified.
    :ivar covered: articles in which a caution covers this very claim, not only the same matter.
    :ivar unverified_by: who could not verify it, where somebody is named.
    :ivar fates: one for each article, by date.
    """

    copies: int
    origins: int
    origin_names: tuple[str, ...]
    unverified: bool
    covered: int
    unverified_by: tuple[str, ...]
    fates: tuple[ArticleFate, ...]

    def count(self, fate: Fate) -> int:
        """Return how many articles met the caution with `fate`."""
        return sum(row.fate == fate for row in self.fates)


# Storing what articles rest on


def derive(article: Article, citations: Iterable[engine.Citation]) -> None:
    """Store what `article` rests on: sources it cites, and articles whose wording it shares.

    Articles that share its wording but are newer rest on it in turn. What a person decided stays.
    Safe to repeat.
    """
    _store_citations(article, list(citations))
    for other in _sharing_claims(article):
        newer, older = sorted((article, other), key=age, reverse=True)
        overlap = engine.shared_wording(newer.text, older.text)
        if overlap.score >= PARTLY_SHARED and overlap.spans:
            _store_wording(newer, older, overlap)


def _store_citations(article: Article, citations: list[engine.Citation]) -> None:
    sources = _sources({citation.name: citation.kind for citation in citations})
    found = {
        (sources[citation.name].pk, citation.span.start): citation
        for citation in citations
        if sources[citation.name].pk != article.source_id
    }
    stored = {
        (row.on_source_id, row.start): row
        for row in article.derivations.filter(on_source__isnull=False)
    }
    gone = [stored[key].pk for key in stored.keys() - found.keys() if not stored[key].decision]
    article.derivations.filter(pk__in=gone).delete()
    Derivation.objects.bulk_create(
        Derivation(
            article=article, on_source_id=source_id, kind=Derivation.Kind.CITATION, score=1,
            start=start, end=citation.span.end, words=citation.cue.of(article.text),
        )
        for (source_id, start), citation in found.items()
        if (source_id, start) not in stored
    )  # fmt: skip


def _sources(kinds: dict[str, str]) -> dict[str, Source]:
    """Return the source of each name, by name or other name; one not known yet is outside."""
    known: dict[str, Source] = {}
    for source in Source.objects.all() if kinds else ():
        for name in (source.name, *source.aliases):
            known[name.casefold()] = source
    for name in sorted(kinds.keys()):
        if name.casefold() not in known:
            known[name.casefold()], _ = Source.objects.get_or_create(
                name=name, defaults={"kind": kinds[name], "outside": True}
            )
    return {name: known[name.casefold()] for name in kinds}


def _sharing_claims(article: Article) -> list[Article]:
    """The articles that share claims with `article`, those that share most first."""
    shared = Counter(
        Appearance.objects.current()
        .filter(claim__appearances__article=article, claim__appearances__current=True)
        .exclude(article=article)
        .values_list("article", "claim")
        .distinct()
        .values_list("article", flat=True)
    )
    most = sorted(
        (pk for pk, claims in shared.items() if claims >= SHARED_AT_LEAST),
        key=lambda pk: (-shared[pk], pk),
    )
    return list(Article.objects.filter(pk__in=most[:COMPARED_WITH]).order_by("pk"))


def _store_wording(newer: Article, older: Article, overlap: engine.Overlap) -> None:
    kind = Derivation.Kind.COPY if overlap.score >= MOSTLY_SHARED else Derivation.Kind.PARAPHRASE
    passage = overlap.spans[0][0]
    Derivation.objects.update_or_create(
        article=newer,
        on_article=older,
        defaults={
            "kind": kind,
            "score": overlap.score,
            "start": passage.start,
            "end": passage.end,
            "words": passage.of(newer.text),
        },
    )


def age(article: Article) -> tuple[date, int]:
    return article.published_on or article.received_at.date(), article.pk


# Asking about claims


def standing(claim: Claim) -> Standing:
    """Return the standing of one claim."""
    return standings([claim])[claim.pk]


def standings(claims: Iterable[Claim]) -> dict[int, Standing]:
    """Return the standing of each claim, by its id. Cost: five queries, however many claims."""
    rows = list(claims)
    prefetch_related_objects(rows, "claimant")
    copies: dict[int, list[Appearance]] = defaultdict(list)
    appearances = (
        Appearance.objects.current()
        .filter(claim__in=rows)
        .select_related("article__source", "claimant")
        .order_by("start")
    )
    for appearance in appearances:
        copies[appearance.claim_id or 0].append(appearance)
    articles = {a.article_id: a.article for group in copies.values() for a in group}
    derivations, cautions = derivations_of(articles), cautions_around(articles.values())
    return {claim.pk: _standing(claim, copies[claim.pk], derivations, cautions) for claim in rows}


def derivations_of(articles: Iterable[int]) -> dict[int, list[Derivation]]:
    found: dict[int, list[Derivation]] = defaultdict(list)
    standing_rows = Derivation.objects.standing().filter(article__in=articles)
    for row in standing_rows.select_related("on_source").order_by("start"):
        found[row.article_id].append(row)
    return found


def cautions_around(articles: Iterable[Article]) -> dict[int, list[Flag]]:
    """The standing core flags of `articles` and of the stories they belong to, by article."""
    rows = list(articles)
    around = Q(article__in=rows) | Q(article__story__in={row.story_id for row in rows} - {None})
    found: dict[int, list[Flag]] = defaultdict(list)
    flags = Flag.objects.standing().core().filter(around, claim__isnull=True)
    for flag in flags.prefetch_related("covers").order_by("start"):
        found[flag.article_id].append(flag)
    return found


def _standing(
    claim: Claim,
    appearances: list[Appearance],
    derivations: dict[int, list[Derivation]],
    cautions: dict[int, list[Flag]],
) -> Standing:
    copies: dict[int, list[Appearance]] = defaultdict(list)
    for appearance in appearances:
        copies[appearance.article_id].append(appearance)
    roots = _roots(copies, derivations)
    names = _named(roots.values())
    about = _about(claim, appearances, copies, set(names.values()), cautions)
    by_date = sorted(copies, key=lambda article_id: age(copies[article_id][0].article))
    agents = {flag.agent for flags in about.values() for flag in flags if flag.agent}
    return Standing(
        copies=len(copies),
        origins=len(names),
        origin_names=tuple(sorted(names.values())),
        unverified=any(about.values()),
        covered=sum(any(_covers(flag, claim) for flag in cautions[pk]) for pk in copies),
        unverified_by=tuple(sorted(agents)),
        fates=tuple(
            _fate(copies[pk][0], roots[pk], about[pk], cautions[pk], known=any(about.values()))
            for pk in by_date
        ),
    )


def _roots(
    copies: dict[int, list[Appearance]], derivations: dict[int, list[Derivation]]
) -> dict[int, list[Source]]:
    """Return the sources that each article's copy of the claim rests on in the end."""
    cited: dict[int, dict[int, Source]] = {}
    for article_id, appearances in copies.items():
        near = [_cited_near(appearance, derivations[article_id]) for appearance in appearances]
        cited[article_id] = {source.pk: source for sources in near for source in sources}
    passed_on = _passed_on(cited.values())
    roots = {
        article_id: [source for source in found.values() if source.pk not in passed_on]
        or list({s.pk: s for relay in found for s in passed_on[relay]}.values())
        for article_id, found in cited.items()
    }
    for article_id, own in roots.items():
        if not own:
            roots[article_id] = _inherited(article_id, copies, derivations, roots, set())
    return roots


def _passed_on(cited: Iterable[dict[int, Source]]) -> dict[int, list[Source]]:
    """Return, for each institution that an article cites together with media, those media.

    It relays their report, also in the articles that cite nobody but the institution.
    """
    media: dict[int, list[Source]] = defaultdict(list)
    for found in cited:
        institutions = [pk for pk, s in found.items() if s.kind == Source.Kind.INSTITUTION]
        for pk in institutions:
            others = [source for source in found.values() if source.pk not in institutions]
            media[pk] += others
    return {pk: sources for pk, sources in media.items() if sources}


def _named(roots: Iterable[list[Source]]) -> dict[int, str]:
    """Name the roots by id; unnamed media count only where no copy names a root."""
    sources = {source.pk: source for found in roots for source in found}
    named = {pk: s.name for pk, s in sources.items() if s.kind != Source.Kind.MEDIA}
    return named or {pk: source.name for pk, source in sources.items()}


def _cited_near(appearance: Appearance, rows: list[Derivation]) -> list[Source]:
    """The sources cited in the claim's own sentence, else the nearest one."""
    cited = [(_distance(appearance, row), row.on_source) for row in rows if row.on_source]
    nearest = min((distance for distance, _ in cited), default=0)
    found = {source.pk: source for distance, source in cited if distance == nearest}
    return list(found.values())


def _distance(appearance: Appearance, row: Derivation) -> int:
    """Characters between the claim's sentence and a citation; 0 inside the sentence."""
    start, end = row.start or 0, row.end or 0
    return max(0, appearance.sentence_start - end, start - appearance.sentence_end)


def _inherited(
    article_id: int,
    copies: dict[int, list[Appearance]],
    derivations: dict[int, list[Derivation]],
    roots: dict[int, list[Source]],
    seen: set[int],
) -> list[Source]:
    """What an article that cites nobody rests on: that of what it copies, else itself."""
    seen.add(article_id)
    for row in sorted(derivations[article_id], key=lambda row: -row.score):
        copied = row.on_article_id
        if copied in copies and copied not in seen and copied is not None:
            return roots[copied] or _inherited(copied, copies, derivations, roots, seen)
    return [copies[article_id][0].article.source]


def _about(
    claim: Claim,
    appearances: list[Appearance],
    articles: Iterable[int],
    roots: set[str],
    cautions: dict[int, list[Flag]],
) -> dict[int, list[Flag]]:
    """Return, for each of `articles` and of their stories, the cautions that are about this claim.

    Those that cover it in the text; and, unless a named person states it, those by which one of its
    own roots says that it could not verify something so like it that it is the same matter.
    """
    wordings = {claim.wording, *(appearance.wording for appearance in appearances)}
    by_a_person = claim.claimant is not None and claim.claimant.kind == "person"

    def concerns(flag: Flag) -> bool:
        return _covers(flag, claim) or (
            flag.agent in roots
            and not by_a_person
            and any(
                _same_matter(one, other.wording) for one in wordings for other in flag.covers.all()
            )
        )

    return {pk: [f for f in cautions[pk] if concerns(f)] for pk in {*articles, *cautions}}


def _covers(flag: Flag, claim: Claim) -> bool:
    return any(appearance.claim_id == claim.pk for appearance in flag.covers.all())


def _same_matter(wording: str, other: str) -> bool:
    return engine.compare(wording, other).score >= SAME_MATTER


def _fate(
    appearance: Appearance,
    roots: list[Source],
    about: list[Flag],
    cautions: list[Flag],
    *,
    known: bool,
) -> ArticleFate:
    """Weigh what the article says `about` the claim, else any of its `cautions`, if one is known.

    An article that carries the origin's caution elsewhere did not drop it.
    """
    article = appearance.article
    flags = about or (cautions if known else [])
    fate = fate_of(article, roots, flags, known=known)
    words = article.text[flags[0].start : flags[0].end] if flags else ""
    rests_on = tuple(source.name for source in roots if source.pk != article.source_id)
    return ArticleFate(article, appearance, fate, words, rests_on)


def fate_of(article: Article, roots: list[Source], flags: list[Flag], *, known: bool) -> Fate:
    """Weigh an article's own cautions against what is `known` from the other copies."""
    kinds = {flag.kind for flag in flags}
    if known and article.source_id in {source.pk for source in roots}:
        return Fate.ORIGIN
    if not flags:
        return Fate.DROPPED if known else Fate.NONE
    if kinds == {"partial"}:
        return Fate.WEAKENED
    return Fate.RELAYED if "relayed_disclaimer" in kinds else Fate.KEPT


# Derived flags


def refresh_derived_flags(article: Article) -> None:
    """Store what comparing copies shows for every claim of `article`, in all its copies.

    A dropped caution and a changed figure are flags on the claim. Those that no longer hold go,
    unless a person decided them. Safe to repeat.
    """
    claims = Claim.objects.filter(
        appearances__article=article, appearances__current=True
    ).select_related("claimant")
    found: dict[tuple[int, int, str], Appearance] = {}
    standing_by_claim = standings(claims.distinct())
    for claim_id, standing in standing_by_claim.items():
        for row in standing.fates:
            if row.fate == Fate.DROPPED:
                found[row.article.pk, claim_id, "disclaimer_dropped"] = row.appearance
        for appearance in _changed_figures(standing):
            found[appearance.article_id, claim_id, "figure_changed"] = appearance
    _store_derived(standing_by_claim.keys(), found)


def _changed_figures(standing: Standing) -> list[Appearance]:
    """The appearances whose figure is not the one of the origin or the earliest copy."""
    order = sorted(standing.fates, key=lambda row: row.fate != Fate.ORIGIN)
    copies = [row.appearance for row in order if engine.find_figures(row.appearance.wording)]
    return [
        copy
        for copy in copies[1:]
        if engine.compare(copy.wording, copies[0].wording).figure in ("changed", "qualifier_lost")
    ]


def _store_derived(claims: Iterable[int], found: dict[tuple[int, int, str], Appearance]) -> None:
    stored = {
        (flag.article_id, flag.claim_id, flag.kind): flag
        for flag in Flag.objects.filter(claim__in=list(claims)).select_for_update()
    }
    gone = [stored[key].pk for key in stored.keys() - found.keys() if stored[key].state == "open"]
    Flag.objects.filter(pk__in=gone).delete()
    Flag.objects.bulk_create(
        Flag(
            article_id=article_id, claim_id=claim_id, kind=kind, start=appearance.start,
            end=appearance.end, sentence_start=appearance.sentence_start,
            sentence_end=appearance.sentence_end, rule=f"compare.{kind}", confidence=0.7,
        )
        for (article_id, claim_id, kind), appearance in found.items()
        if (article_id, claim_id, kind) not in stored
    )  # fmt: skip
