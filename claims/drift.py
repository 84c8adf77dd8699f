"""What each copy of a claim did to it, against the origin or the earliest copy, as flags.

A flag names the copy's passage and the one it is compared with. A person's decision on a flag
outranks the comparison, for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from claims import provenance
from claims import text as engine
from claims.models import Appearance, Article, Claim, Derivation, Flag
from claims.provenance import ArticleFate, Fate
from claims.text import FlagKind

OTHERS = 24  # passages of further copies that are asked whether they name an actor
ATTRIBUTED_WITHIN = 160  # characters after a sentence in which a citation still is about it
MANY = 40  # copies of a claim that are all compared anew when one more is found
CONFIDENCE = 0.7
LONGEST = 300  # characters of a detail
IN_ALL = frozenset({FlagKind.SCOPE_WIDENED, FlagKind.ATTRIBUTION_LOST})
OTHER_KINDS = (FlagKind.AGENT_CHANGED, FlagKind.SCOPE_WIDENED, FlagKind.ATTRIBUTION_LOST)
ACROSS = "compare.figure_of_another_claim"
UPDATED = ("start", "end", "sentence_start", "sentence_end", "rule", "against", "detail")

Key = tuple[int, int, str]  # article, claim, kind


@dataclass(frozen=True, slots=True)
class Found:
    """One difference: the copy's passage, the one it is compared with, and both in words."""

    passage: Appearance
    against: Appearance | None
    rule: str
    detail: str


def refresh(article: Article, *, near: Sequence[Article] = ()) -> None:
    """Store what comparing copies shows for every claim of `article`, in all its copies.

    Those flags that no longer hold go, unless a person decided them. Safe to repeat.

    :param near: articles of the same matter, in which a figure of one claim may have got into
        another claim.

    Cost: a dozen statements, and about a millisecond for each copy, of at most `MANY` of a claim:
    of more, only the copy in `article` is compared, unless it is what the others are compared with.
    Of very many only a few are read (`provenance.standings`), and the flags of the others stay.
    """
    claims = Claim.objects.filter(
        appearances__article=article, appearances__current=True
    ).select_related("claimant")
    standings = provenance.standings(claims.distinct(), of=article)
    found: dict[Key, Found] = {}
    kept: set[int] = set()
    partly: dict[int, set[int]] = {}
    for claim_id, standing in standings.items():
        order = sorted(standing.fates, key=lambda row: row.fate != Fate.ORIGIN)
        only = article.pk if len(order) > MANY and order[0].article != article else None
        kept |= {claim_id} if only else set()
        if not standing.whole:
            partly[claim_id] = {row.article.pk for row in order}
        for key, one in _differences(order, only=only):
            found.setdefault(key, one)
    within = _across([article, *near]) if near else {}
    compared = {article.pk, *(other.pk for other in near)}
    _store(standings.keys(), within | found, compared, kept, partly, own=article.pk)


# One claim in its copies


def _differences(order: Sequence[ArticleFate], *, only: int | None) -> Iterator[tuple[Key, Found]]:
    """What each copy did, or the copy in one article `only`, to all but the caution."""
    cautious = next((row for row in order if row.fate != Fate.CONTRADICTED and row.words), None)
    for row in order:
        if row.fate in (Fate.DROPPED, Fate.CONTRADICTED):
            yield _caution_changed(row, cautious)
    figured = next((row for row in order if _figures(row)), None)
    for row in order:
        if only not in (None, row.article.pk):
            continue
        if figured and figured is not row:
            yield from _changed(row, figured, [], {FlagKind.FIGURE_CHANGED})
        if row is not order[0]:
            yield from _changed(row, order[0], _others(row, order), OTHER_KINDS)


def _others(row: ArticleFate, order: Sequence[ArticleFate]) -> list[Appearance]:
    """The passages of all copies but `row`, the first of each copy first."""
    others = [other for other in order if other is not row]
    first = [other.appearance for other in others]
    return (first + [one for other in others for one in other.appearances[1:]])[:OTHERS]


def _caution_changed(row: ArticleFate, cautious: ArticleFate | None) -> tuple[Key, Found]:
    kind = f"disclaimer_{row.fate}"
    detail = f"“{cautious.words}”" if cautious else ""
    if row.fate == Fate.CONTRADICTED:
        detail = f"“{row.words}” for {detail}"
    against = cautious.appearance if cautious else None
    return _key(row, kind), Found(row.appearance, against, f"compare.{kind}", detail[:LONGEST])


def _changed(
    row: ArticleFate,
    origin: ArticleFate,
    others: Sequence[Appearance],
    kinds: Iterable[FlagKind],
) -> Iterator[tuple[Key, Found]]:
    """What `row` changed against `origin`, of these `kinds`.

    One passage that shows it is enough for a figure or an actor; that one became many, or that
    nobody states it any more, must be so in all of them.
    """
    compared = []
    said_elsewhere = [engine.Said(other.wording) for other in others]
    for passage in row.appearances:
        other = _closest(passage, origin)
        found = engine.changes(_said(passage, row), _said(other, origin), others=said_elsewhere)
        compared.append((passage, other, {change.kind: change for change in found}))
    for kind in kinds:
        said = [
            one
            for one in compared
            if kind != FlagKind.ATTRIBUTION_LOST or not _is_headline(one[0], row.article)
        ]
        shown = [one for one in said if kind in one[2]]
        if shown and (kind not in IN_ALL or shown == said):
            passage, other, changes = shown[0]
            change = changes[kind]
            against = others[change.place - 1] if change.place else other
            yield _key(row, kind), Found(passage, against, f"compare.{kind}", _detail(change))


def _key(row: ArticleFate, kind: str) -> Key:
    return row.article.pk, row.appearance.claim_id or 0, str(kind)


def _detail(change: engine.Change) -> str:
    words = f"“{change.words}”" if change.words else "nobody"
    return f"{words} for “{change.origin_words}”"[:LONGEST]


def _closest(passage: Appearance, origin: ArticleFate) -> Appearance:
    """The passage of the origin that is most like `passage`."""
    return max(
        origin.appearances, key=lambda one: engine.compare(passage.wording, one.wording).score
    )


def _figures(row: ArticleFate) -> bool:
    language = row.article.language or "en"
    return any(engine.find_figures(one.wording, language=language) for one in row.appearances)


def _said(passage: Appearance, row: ArticleFate) -> engine.Said:
    claimant = passage.claimant.name if passage.claimant else ""
    cited = any(
        (edge.start or 0) <= passage.sentence_end + ATTRIBUTED_WITHIN
        and (edge.end or 0) >= passage.sentence_start
        for edge in row.edges
        if edge.kind == Derivation.Kind.CITATION
    )
    attributed = bool(claimant) or passage.cue_start is not None or cited
    return engine.Said(passage.wording, claimant, attributed, row.article.language or "en")


def _is_headline(passage: Appearance, article: Article) -> bool:
    """Whether a passage is the title, which seldom has room for who says so."""
    read: str = passage.passage  # type: ignore[attr-defined]  # annotated
    return read[: passage.sentence_end - passage.sentence_start].strip() == article.title.strip()


# Two claims with one figure


def _across(articles: Sequence[Article]) -> dict[Key, Found]:
    """Figures that a newer article gives for another period than an older one's other claim."""
    passages: dict[int, list[Appearance]] = {article.pk: [] for article in articles}
    languages = {article.pk: article.language or "en" for article in articles}
    rows = Appearance.objects.current().filter(article__in=articles, claim__isnull=False)
    for passage in rows.select_related("claimant").order_by("start"):
        figures = engine.find_figures(passage.wording, language=languages[passage.article_id])
        if any(figure.scope for figure in figures):
            passages[passage.article_id].append(passage)
    found: dict[Key, Found] = {}
    order = sorted(articles, key=provenance.age)
    for place, newer in enumerate(order):
        for older in order[:place]:
            for ours in passages[newer.pk]:
                for theirs in passages[older.pk]:
                    if ours.claim_id != theirs.claim_id and (
                        one := _moved(ours, theirs, languages)
                    ):
                        key = (newer.pk, theirs.claim_id or 0, str(FlagKind.FIGURE_CHANGED))
                        found.setdefault(key, one)
    return found


def _moved(ours: Appearance, theirs: Appearance, languages: Mapping[int, str]) -> Found | None:
    copy, origin = (
        engine.Said(one.wording, language=languages[one.article_id]) for one in (ours, theirs)
    )
    change = engine.figure_elsewhere(copy, origin)
    if change is None:
        return None
    return Found(ours, theirs, ACROSS, _detail(change))


# Storing


def _store(
    claims: Iterable[int],
    found: dict[Key, Found],
    compared: set[int],
    kept: set[int],
    partly: dict[int, set[int]],
    *,
    own: int,
) -> None:
    """Make the derived flags those of `found`.

    A flag across two claims goes only when both of its articles were compared; one on a claim of
    which not all copies were compared (`kept`) only when its own article was; one on a claim of
    which only these articles were read (`partly`) only in them.
    """
    involved = {*claims, *(claim_id for _, claim_id, _ in found)}
    reached = compared.union(*partly.values())
    which = Q(claim__in=set(claims) - partly.keys()) | Q(claim__in=involved, article__in=reached)
    stored = {
        (flag.article_id, flag.claim_id or 0, flag.kind): flag
        for flag in Flag.objects.filter(which)
        .order_by("pk")
        .select_for_update(of=("self",))
        .select_related("against")
    }
    claims = set(claims)

    def no_longer(key: Key, flag: Flag) -> bool:
        if key in found or flag.state != Flag.State.OPEN:
            return False
        if flag.rule != ACROSS:
            if key[0] not in partly.get(key[1], {key[0]}):
                return False
            in_part = key[1] in kept and not key[2].startswith("disclaimer")
            return key[1] in claims and (not in_part or key[0] == own)
        return flag.article_id in compared and (
            flag.against is None or flag.against.article_id in compared
        )

    gone = [flag.pk for key, flag in stored.items() if no_longer(key, flag)]
    Flag.objects.filter(pk__in=gone).delete()
    changed = []
    for key, one in found.items():
        flag = stored.get(key) or Flag(
            article_id=key[0], claim_id=key[1], kind=key[2], confidence=CONFIDENCE
        )
        if flag.state == Flag.State.OPEN and _describe(flag, one):
            changed.append(flag)
    Flag.objects.bulk_update([flag for flag in changed if flag.pk], UPDATED)
    Flag.objects.bulk_create([flag for flag in changed if not flag.pk])


def _describe(flag: Flag, one: Found) -> bool:
    """Write what was found into the flag; return whether anything is new."""
    passage = one.passage
    values = {
        "start": passage.start,
        "end": passage.end,
        "sentence_start": passage.sentence_start,
        "sentence_end": passage.sentence_end,
        "rule": one.rule,
        "against_id": one.against.pk if one.against else None,
        "detail": one.detail,
    }
    is_new = any(getattr(flag, name) != value for name, value in values.items())
    for name, value in values.items():
        setattr(flag, name, value)
    return is_new
