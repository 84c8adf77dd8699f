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

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date
from enum import StrEnum

from django.db import connection
from django.db.models import (
    DateField,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    prefetch_related_objects,
)
from django.db.models.functions import Coalesce, Substr, TruncDate

from claims import text as engine
from claims.models import CORE_KINDS, Appearance, Article, Claim, Derivation, Flag, Source

SAME_MATTER = 0.5  # score from which a caution about one claim is a caution about another
WORDINGS = 4  # of one claim that are compared with those of another
CONFIRMED_WITHIN = 300  # characters after a claim in which its confirmation is looked for
READ = 200  # passages of a claim that are read for one article, if there are more
CAUTIOUS = 50  # of these, the first of those that a caution covers
AROUND = 200  # cautions in the same stories that are asked for one article, the nearest in date

PASSAGE = Substr(  # the sentence of an appearance, and where its confirmation may stand
    "article__text",
    F("sentence_start") + 1,
    F("sentence_end") - F("sentence_start") + CONFIRMED_WITHIN,
)
CUE = Substr("article__text", F("start") + 1, F("end") - F("start"))
A_FEW = """
SELECT few.id
FROM unnest(%(claims)s::bigint[]) AS claim (id)
CROSS JOIN LATERAL (
    SELECT id FROM claims_appearance
    WHERE claim_id = claim.id AND current AND (article_id = %(article)s OR article_id IN (
        SELECT on_article_id FROM claims_derivation WHERE article_id = %(article)s
    ))
    UNION
    (
        SELECT copy.id FROM claims_appearance copy JOIN claims_article article
            ON article.id = copy.article_id
        WHERE copy.claim_id = claim.id AND copy.current AND EXISTS (
            SELECT FROM claims_flag_covers covers JOIN claims_flag flag ON flag.id = covers.flag_id
            WHERE covers.appearance_id = copy.id AND flag.claim_id IS NULL
            AND flag.state <> 'dismissed' AND flag.kind = ANY(%(core)s)
        )
        ORDER BY coalesce(published_on, (received_at AT TIME ZONE 'UTC')::date), article.id, copy.id
        LIMIT %(cautious)s
    )
    UNION
    (
        SELECT copy.id FROM claims_appearance copy JOIN claims_article article
            ON article.id = copy.article_id
        WHERE copy.claim_id = claim.id AND copy.current
        ORDER BY coalesce(published_on, (received_at AT TIME ZONE 'UTC')::date), article.id, copy.id
        LIMIT %(first)s
    )
) AS few
"""


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
    CONTRADICTED = "contradicted", "caution contradicted"
    NONE = "none", "no caution known"


@dataclass(frozen=True, slots=True)
class ArticleFate:
    """One article's copy of a claim: what it rests on, and what it did to the caution.

    :ivar appearance: the first of its `appearances`.
    :ivar words: the caution's own words in the article, or those that contradict it; else "".
    :ivar edges: all that the article is known to rest on.
    :ivar is_newest: whether none of the others is a later version of its page.
    """

    article: Article
    appearances: tuple[Appearance, ...]
    edges: tuple[Derivation, ...]
    fate: Fate
    words: str
    rests_on: tuple[str, ...]
    is_newest: bool = True

    @property
    def appearance(self) -> Appearance:
        return self.appearances[0]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a claim over all its copies.

    :ivar copies: articles in which it appears; versions of one page are one.
    :ivar origins: roots that do not rest on each other; `origin_names` names them.
    :ivar unverified: whether any copy says that it is not verified.
    :ivar covered: articles in which a caution covers this very claim, not only the same matter.
    :ivar unverified_by: who could not verify it, where somebody is named.
    :ivar fates: one for each article, earlier versions of its page included, by date.
    :ivar whole: whether all copies were read; else the numbers are those of the few that were.
    """

    copies: int
    origins: int
    origin_names: tuple[str, ...]
    unverified: bool
    covered: int
    unverified_by: tuple[str, ...]
    fates: tuple[ArticleFate, ...]
    whole: bool = True

    def count(self, fate: Fate) -> int:
        """Return how many articles met the caution with `fate`, in their newest version."""
        return sum(row.fate == fate for row in self.fates if row.is_newest)


# Articles and what they rest on


def age(article: Article) -> tuple[date, int]:
    return article.published_on or article.received_at.date(), article.pk


def days_from(article: Article, of: str = "") -> Func:
    """The days between the date of `article` and that of a row, or of the article `of` a row."""
    day = Coalesce(f"{of}published_on", TruncDate(f"{of}received_at", tzinfo=UTC))
    return Func(
        day, Value(age(article)[0], DateField()),
        template="abs(%(expressions)s)", arg_joiner=" - ", output_field=IntegerField(),
    )  # fmt: skip


# Asking about claims


def standing(claim: Claim) -> Standing:
    """Return the standing of one claim."""
    return standings([claim])[claim.pk]


def standings(claims: Iterable[Claim], *, of: Article | None = None) -> dict[int, Standing]:
    """Return the standing of each claim, by its id. Cost: six queries, however many claims.

    :param of: for the sake of this article. Of a claim with more than `READ` passages then only so
        many are read: in it and in what it rests on, the first that a caution covers, the first of
        all. That takes two queries more, and a microsecond or two for each of the others.
    """
    rows = list(claims)
    prefetch_related_objects(rows, "claimant")
    common = _common(rows) if of else set()
    whole = Q(claim__in=[claim.pk for claim in rows if claim.pk not in common])
    copies = _copies(whole | Q(pk__in=_a_few(common, of)) if of and common else whole)
    articles = {pk: found[0].article for by_id in copies.values() for pk, found in by_id.items()}
    derivations = derivations_of(articles)
    roots = {claim.pk: _roots(copies[claim.pk], derivations) for claim in rows}
    names = {name for found in roots.values() for name in _named(found.values()).values()}
    cautions = _Cautions(_cautions_about(rows, articles, names, of))
    return {
        claim.pk: _standing(
            claim, copies[claim.pk], roots[claim.pk], derivations, cautions,
            whole=claim.pk not in common,
        )
        for claim in rows
    }  # fmt: skip


def _common(claims: Iterable[Claim]) -> set[int]:
    """Those of the claims that have more than `READ` passages."""
    passages = Appearance.objects.current().filter(claim=OuterRef("pk"))
    found = Claim.objects.filter(Exists(passages[READ:]), pk__in=[claim.pk for claim in claims])
    return set(found.values_list("pk", flat=True))


def _a_few(claims: Iterable[int], of: Article) -> list[int]:
    """The appearances of each of these claims that are read for an article."""
    with connection.cursor() as cursor:
        cursor.execute(
            A_FEW,
            {
                "claims": list(claims),
                "article": of.pk,
                "core": list(CORE_KINDS),
                "cautious": CAUTIOUS,
                "first": READ - CAUTIOUS,
            },
        )
        return [pk for (pk,) in cursor.fetchall()]


def _copies(which: Q) -> dict[int, dict[int, list[Appearance]]]:
    """These appearances by claim and article, each with its passage; no article has its text."""
    appearances = Appearance.objects.current().filter(which).annotate(passage=PASSAGE)
    copies: dict[int, dict[int, list[Appearance]]] = defaultdict(lambda: defaultdict(list))
    for one in (
        appearances.select_related("claimant", "article__source")
        .defer("article__text")
        .order_by("start", "pk")
    ):
        copies[one.claim_id or 0][one.article_id].append(one)
    return copies


def derivations_of(articles: Iterable[int]) -> dict[int, list[Derivation]]:
    found: dict[int, list[Derivation]] = defaultdict(list)
    standing_rows = Derivation.objects.standing().filter(article__in=articles)
    for row in standing_rows.select_related("on_source").order_by("start", "pk"):
        found[row.article_id].append(row)
    return found


def cautions_in(articles: Iterable[int]) -> dict[int, list[Flag]]:
    """The standing core flags in the text of `articles`, by article, each with its words."""
    return _by_article(_all_cautions().filter(article__in=list(articles)).annotate(words=CUE))


def _cautions_about(
    claims: Iterable[Claim],
    articles: Mapping[int, Article],
    roots: Iterable[str],
    of: Article | None,
) -> dict[int, list[Flag]]:
    """The cautions in `articles`; and, of others in their stories, those that may count.

    They cover one of the claims, or one of the roots could not verify what they cover.
    """
    stories = {article.story_id for article in articles.values()} - {None}
    covered = Flag.covers.through.objects.filter(flag=OuterRef("pk"))
    others = (
        _all_cautions()
        .filter(
            Q(Exists(covered), agent__in=list(roots))
            | Exists(covered.filter(appearance__claim__in=list(claims))),
            article__story__in=stories,
        )
        .exclude(article__in=list(articles))
    )
    if of:
        others = others.order_by(days_from(of, "article__"), "pk")[:AROUND]
    return _by_article(
        [*_all_cautions().filter(article__in=list(articles)).annotate(words=CUE), *others]
    )


def _all_cautions() -> QuerySet[Flag]:
    return Flag.objects.standing().core().filter(claim__isnull=True)


def _by_article(flags: Iterable[Flag]) -> dict[int, list[Flag]]:
    """The flags of each article in the order of its text, with what they cover."""
    rows = sorted(flags, key=lambda flag: (flag.start, flag.pk))
    prefetch_related_objects(rows, "covers")
    found: dict[int, list[Flag]] = defaultdict(list)
    for flag in rows:
        found[flag.article_id].append(flag)
    return found


def _standing(
    claim: Claim,
    copies: dict[int, list[Appearance]],
    roots: dict[int, list[Source]],
    derivations: dict[int, list[Derivation]],
    cautions: _Cautions,
    *,
    whole: bool,
) -> Standing:
    names = _named(roots.values())
    passages = sorted(
        (one for found in copies.values() for one in found), key=lambda one: (one.start, one.pk)
    )
    about = cautions.about(claim, passages, set(names.values()))
    by_date = sorted(copies, key=lambda article_id: age(copies[article_id][0].article))
    agents = {flag.agent for flags in about.values() for flag in flags if flag.agent}
    newest = _newest(found[0].article for found in copies.values())
    return Standing(
        copies=len(newest),
        origins=len(names),
        origin_names=tuple(sorted(names.values())),
        unverified=bool(about),
        covered=len(newest & {flag.article_id for flag in cautions.covering[claim.pk]}),
        unverified_by=tuple(sorted(agents)),
        fates=tuple(
            _fate(
                copies[pk],
                roots[pk],
                about.get(pk, []),
                cautions.of[pk],
                derivations[pk],
                known=bool(about),
                is_newest=pk in newest,
            )
            for pk in by_date
        ),
        whole=whole,
    )


def _newest(articles: Iterable[Article]) -> set[int]:
    """The ids of those articles of which no other one is a later version of the same page."""
    pages: dict[tuple[int, str], int] = {}
    for article in articles:
        page = (article.source_id, article.canonical_url or f"only {article.pk}")
        pages[page] = max(article.pk, pages.get(page, 0))
    return set(pages.values())


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
        if not own or _said_by_people(derivations[article_id], copies):
            roots[article_id] = _inherited(article_id, copies, derivations, roots, set())
    return _followed(roots, copies)


def _said_by_people(rows: list[Derivation], copies: Container[int | None]) -> bool:
    """Whether a person says that an article rests on another one, and on no source."""
    own = [row for row in rows if row.by_hand]
    return any(row.on_article_id in copies for row in own) and not any(r.on_source for r in own)


def _followed(
    roots: dict[int, list[Source]], copies: dict[int, list[Appearance]]
) -> dict[int, list[Source]]:
    """Follow each root whose own copy we hold to what that rests on; articles in a circle rest on
    the earliest of them.
    """
    articles = {pk: appearances[0].article for pk, appearances in copies.items()}
    sources = {source.pk: source for found in roots.values() for source in found}
    sources |= {article.source_id: article.source for article in articles.values()}
    onward: dict[int, set[int]] = defaultdict(set)
    for pk, found in roots.items():
        onward[articles[pk].source_id] |= {source.pk for source in found}
    ends = {pk for pk in sources if pk in onward.get(pk, {pk})}
    first: dict[int, tuple[date, int]] = {}
    for article in articles.values():
        known = first.get(article.source_id, age(article))
        first[article.source_id] = min(known, age(article))

    def end_of(source: Source) -> list[Source]:
        reached = _reach(source.pk, onward, ends)
        final = reached & ends or {min(reached, key=lambda pk: first[pk])}
        return [sources[pk] for pk in sorted(final)]

    follow = {pk: end_of(source) for pk, source in sources.items()}
    return {
        article_id: list({s.pk: s for source in found for s in follow[source.pk]}.values())
        for article_id, found in roots.items()
    }


def _reach(start: int, onward: dict[int, set[int]], ends: Iterable[int] = ()) -> set[int]:
    """All that can be reached from `start`, itself included; nothing leads on from `ends`."""
    reached, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        new = onward.get(here, set()) - reached if here not in ends else set()
        reached |= new
        waiting += new
    return reached


def circles(
    articles: Iterable[Article], derivations: dict[int, list[Derivation]]
) -> tuple[tuple[str, ...], ...]:
    """Name the sources whose articles rest on each other in a circle, each circle once."""
    rows = {article.pk: article for article in articles}
    names = {article.source_id: article.source.name for article in rows.values()}
    onward: dict[int, set[int]] = defaultdict(set)
    for article in rows.values():
        for edge in derivations[article.pk]:
            copied = rows.get(edge.on_article_id or 0)
            on = copied.source_id if copied else edge.on_source_id
            if on in names and on != article.source_id:
                onward[article.source_id].add(on or 0)
    reach = {pk: _reach(pk, onward) for pk in names}
    found = {frozenset(other for other in reach[pk] if pk in reach[other]) for pk in names}
    return tuple(sorted(tuple(sorted(names[pk] for pk in one)) for one in found if len(one) > 1))


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
    """The sources cited in the claim's own sentence, else the nearest one.

    Where a person says what the article rests on, no other citation counts.
    """
    rows = [row for row in rows if row.by_hand] or rows
    cited = [(_distance(appearance, row), row.on_source) for row in rows if row.on_source]
    nearest = min((distance for distance, _ in cited), default=0)
    found = {source.pk: source for distance, source in cited if distance == nearest}
    return list(found.values())


def _distance(appearance: Appearance, row: Derivation) -> int:
    """Characters between the claim's sentence and a citation; 0 inside the sentence."""
    if row.start is None or row.end is None:
        return 0  # a person says so of the whole article
    start, end = row.start, row.end
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
    for row in sorted(derivations[article_id], key=lambda row: (not row.by_hand, -row.score)):
        copied = row.on_article_id
        if copied in copies and copied not in seen and copied is not None:
            return roots[copied] or _inherited(copied, copies, derivations, roots, seen)
    return [copies[article_id][0].article.source]


class _Cautions:
    """The cautions around some claims, ready to be asked which of them are about one claim.

    :ivar of: those of each article.
    :ivar covering: those that cover each claim in their text.
    """

    def __init__(self, of: dict[int, list[Flag]]) -> None:
        self.of = of
        self.covering: dict[int, list[Flag]] = defaultdict(list)
        self._covered = {
            flag.pk: list(flag.covers.all()) for flags in of.values() for flag in flags
        }
        self._by_agent: dict[str, list[Flag]] = defaultdict(list)
        self._matters = _Matters()
        for flag in (flag for flags in of.values() for flag in flags):
            self._by_agent[flag.agent].append(flag)
            for claim_id in {one.claim_id for one in self._covered[flag.pk]} - {None}:
                self.covering[claim_id or 0].append(flag)

    def about(
        self, claim: Claim, appearances: list[Appearance], roots: Iterable[str]
    ) -> dict[int, list[Flag]]:
        """Return the cautions about this claim by article, without articles that have none.

        Those that cover it in the text; and, unless a named person states it, those by which one
        of its own roots says that it could not verify something so like it that it is the same
        matter.
        """
        wordings = [claim.wording, *(appearance.wording for appearance in appearances)]
        own = tuple(list(dict.fromkeys(wordings))[:WORDINGS])
        flags = {flag.pk: flag for flag in self.covering[claim.pk]}
        if claim.claimant is None or claim.claimant.kind != "person":
            for flag in (flag for root in roots for flag in self._by_agent[root]):
                if any(self._matters.same(own, other) for other in self._covered[flag.pk]):
                    flags[flag.pk] = flag
        about: dict[int, list[Flag]] = defaultdict(list)
        for flag in sorted(flags.values(), key=lambda flag: flag.start):
            about[flag.article_id].append(flag)
        return dict(about)


class _Matters:
    """Whether wordings are about the same matter as a covered claim, each pair compared once."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[str, ...], int | str], bool] = {}

    def same(self, wordings: tuple[str, ...], covered: Appearance) -> bool:
        key = (wordings, covered.claim_id or covered.wording)
        if key not in self._known:
            self._known[key] = any(
                engine.compare(one, covered.wording).score >= SAME_MATTER for one in wordings
            )
        return self._known[key]


def _fate(
    appearances: list[Appearance],
    roots: list[Source],
    about: list[Flag],
    cautions: list[Flag],
    edges: list[Derivation],
    *,
    known: bool,
    is_newest: bool,
) -> ArticleFate:
    """Weigh what the article says `about` the claim, else any of its `cautions`, if one is known.

    An article that carries the origin's caution elsewhere did not drop it.
    """
    article = appearances[0].article
    flags = about or (cautions if known else [])
    fate = fate_of(article, roots, flags, known=known)
    words = flags[0].words if flags else ""  # type: ignore[attr-defined]  # annotated
    if fate == Fate.DROPPED and (confirmed := _confirmation(appearances)):
        fate, words = Fate.CONTRADICTED, confirmed
    rests_on = tuple(source.name for source in roots if source.pk != article.source_id)
    return ArticleFate(
        article, tuple(appearances), tuple(edges), fate, words, rests_on, is_newest
    )  # fmt: skip


def _confirmation(appearances: list[Appearance]) -> str:
    """Words near the claim by which its article says that it is confirmed; "" if there are none."""
    for appearance in appearances:
        passage = appearance.passage.split("\n\n", maxsplit=1)[0]  # type: ignore[attr-defined]  # annotated
        if span := engine.confirmation(passage):
            return span.of(passage)
    return ""


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
