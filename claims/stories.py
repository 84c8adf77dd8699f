"""A story as a table: its articles by date, and what each copy did."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from claims import provenance
from claims import text as engine
from claims.models import Appearance, Article, Claim, Derivation, Flag, Source, Story
from claims.provenance import ArticleFate, Fate, Standing


@dataclass(frozen=True, slots=True)
class FigureCell:
    """A shared claim with figures, as one article words it, against the origin or earliest copy."""

    claim: Claim
    wording: str
    outcome: str  # "first", "equal", "rounded", "changed", "qualifier_lost" or "none"


@dataclass(frozen=True, slots=True)
class StoryRow:
    """One article of a story. `rests_on_articles` are ids of articles of the same story.

    :ivar changes: derived flags on what it did to claims, each with the passage it compares with.
    """

    article: Article
    fate: Fate
    words: str
    rests_on: tuple[str, ...]
    rests_on_articles: tuple[int, ...]
    is_origin: bool
    figures: tuple[FigureCell, ...]
    claimants: tuple[str, ...]
    changes: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class StoryTable:
    """A story as a table, by date. Origins and fates are of `main_claim`.

    That is the shared claim which most of the cautions are about.

    :ivar circular: sources whose articles rest on each other, one tuple for each circle.
    """

    story: Story
    sentence: str
    main_claim: Claim | None
    origins: tuple[str, ...]
    rows: tuple[StoryRow, ...]
    circular: tuple[tuple[str, ...], ...] = ()


def table(story: Story) -> StoryTable:
    """Return the table of a story. Cost: eight queries, however many articles and claims."""
    appearances = list(
        Appearance.objects.current()
        .filter(article__story=story, claim__isnull=False)
        .select_related("claim__claimant", "claimant")
        .order_by("start")
    )
    articles = sorted(story.articles.select_related("source"), key=provenance.age)
    shared = _shared_claims(appearances)
    standings = _ranked(shared)
    main = standings[0][0] if standings else None
    derivations = provenance.derivations_of([article.pk for article in articles])
    fates = _story_fates(articles, [standing for _, standing in standings], derivations)
    figures = _figures(articles, appearances, shared, fates)
    changes = _changes(story)
    rows = tuple(
        StoryRow(
            article=article,
            fate=fates[article.pk].fate,
            words=fates[article.pk].words,
            rests_on=fates[article.pk].rests_on,
            rests_on_articles=_rests_on_articles(article, fates, derivations, articles),
            is_origin=fates[article.pk].fate == Fate.ORIGIN,
            figures=tuple(figures[article.pk]),
            claimants=_claimants(article, appearances),
            changes=tuple(changes[article.pk]),
        )
        for article in articles
    )
    origins = standings[0][1].origin_names if standings else ()
    circular = provenance.circles(articles, derivations)
    return StoryTable(story, _sentence(rows, origins), main, origins, rows, circular)


def _changes(story: Story) -> dict[int, list[Flag]]:
    """The standing derived flags of each article of the story."""
    found: dict[int, list[Flag]] = defaultdict(list)
    flags = Flag.objects.standing().filter(article__story=story, claim__isnull=False)
    for flag in flags.select_related("article__source", "against__article__source").order_by(
        "start", "kind"
    ):
        found[flag.article_id].append(flag)
    return found


def _shared_claims(appearances: list[Appearance]) -> list[Claim]:
    """The claims that more than one article makes, those that most make first."""
    articles: dict[int, set[int]] = defaultdict(set)
    claims: dict[int, Claim] = {}
    for appearance in appearances:
        if appearance.claim is not None:
            claims[appearance.claim.pk] = appearance.claim
            articles[appearance.claim.pk].add(appearance.article_id)
    shared = [pk for pk in claims if len(articles[pk]) > 1]
    return [claims[pk] for pk in sorted(shared, key=lambda pk: (-len(articles[pk]), pk))]


def _ranked(shared: list[Claim]) -> list[tuple[Claim, Standing]]:
    """The shared claims with their standing: first those that most cautions are about."""
    standings = provenance.standings(shared)
    ranked = [(claim, standings[claim.pk]) for claim in shared]
    return sorted(
        ranked, key=lambda pair: (-pair[1].covered, not pair[1].unverified, -pair[1].copies)
    )


@dataclass(frozen=True, slots=True)
class _StoryFate:
    fate: Fate
    words: str
    rests_on: tuple[str, ...]


def _story_fates(
    articles: list[Article], standings: list[Standing], derivations: dict[int, list[Derivation]]
) -> dict[int, _StoryFate]:
    """What each article did to the caution: about the first of the ranked claims that it shares.

    An article that shares no unverified claim may still carry a caution of its own; one that
    carries none, but cites the origin or unnamed media, dropped it.
    """
    known: dict[int, ArticleFate] = {}
    for standing in standings:
        for fate_known in standing.fates:
            known.setdefault(fate_known.article.pk, fate_known)
    cautions = provenance.cautions_in([article.pk for article in articles])
    fates = {}
    for article in articles:
        row, flags = known.get(article.pk), cautions[article.pk]
        rests_on = row.rests_on if row else ()
        if flags and not (row and row.words):
            roots = [article.source] if not rests_on else []
            fate = provenance.fate_of(article, roots, flags, known=True)
            words = article.text[flags[0].start : flags[0].end]
            fates[article.pk] = _StoryFate(fate, words, rests_on)
        else:
            fate, words = (row.fate, row.words) if row else (Fate.NONE, "")
            if fate == Fate.NONE and _passes_on(derivations[article.pk], standings):
                fate = Fate.DROPPED
            fates[article.pk] = _StoryFate(fate, words, rests_on)
    return fates


def _passes_on(derivations: list[Derivation], standings: list[Standing]) -> bool:
    """Whether an article cites the origin of the unverified main claim, or unnamed media."""
    if not standings or not standings[0].unverified:
        return False
    cited = [row.on_source for row in derivations if row.on_source]
    return any(
        source.kind == Source.Kind.MEDIA or source.name in standings[0].origin_names
        for source in cited
    )


def _rests_on_articles(
    article: Article,
    fates: dict[int, _StoryFate],
    derivations: dict[int, list[Derivation]],
    articles: list[Article],
) -> tuple[int, ...]:
    """The articles of the story it builds on: those it copies, and its root's own report."""
    ids = {other.pk for other in articles} - {article.pk}
    copied = {row.on_article_id for row in derivations[article.pk]} & ids
    names = fates[article.pk].rests_on
    by_root = {other.pk for other in articles if other.source.name in names} & ids
    return tuple(sorted(pk for pk in copied | by_root if pk is not None))


def _figures(
    articles: list[Article],
    appearances: list[Appearance],
    shared: list[Claim],
    fates: dict[int, _StoryFate],
) -> dict[int, list[FigureCell]]:
    """The shared claims with figures in each article, against the origin or the earliest copy."""
    place = {article.pk: index for index, article in enumerate(articles)}
    language = {article.pk: article.language or "en" for article in articles}
    cells: dict[int, list[FigureCell]] = defaultdict(list)
    for claim in shared:
        copies = {a.article_id: a for a in appearances if a.claim_id == claim.pk}
        order = sorted(copies, key=lambda pk: (fates[pk].fate != Fate.ORIGIN, place[pk]))
        with_figures = [
            pk for pk in order if engine.find_figures(copies[pk].wording, language=language[pk])
        ]
        if not with_figures:
            continue
        reference = copies[with_figures[0]]
        for article_id in order:
            wording = copies[article_id].wording
            outcome = (
                "first"
                if copies[article_id] is reference
                else engine.compare(
                    wording,
                    reference.wording,
                    languages=(language[article_id], language[reference.article_id]),
                ).figure
            )
            cells[article_id].append(FigureCell(claim, wording, outcome))
    return cells


def _claimants(article: Article, appearances: list[Appearance]) -> tuple[str, ...]:
    names = [a.claimant.name for a in appearances if a.article_id == article.pk and a.claimant]
    return tuple(dict.fromkeys(names))


NUMBERS = "no one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905


def _sentence(rows: tuple[StoryRow, ...], origins: tuple[str, ...]) -> str:
    """Say the story in one sentence; what is not known is said."""
    copies = _counted(len(rows), "article")
    roots = _counted(len(origins), "independent origin") if origins else "no known origin"
    dropped = sum(row.fate == Fate.DROPPED for row in rows)
    if dropped:
        fate = f"{_number(dropped)} dropped the caution"
    elif any(row.fate == Fate.CONTRADICTED for row in rows):
        fate = "a copy contradicts the caution"
    elif any(row.words for row in rows):
        fate = "none dropped the caution"
    else:
        fate = "no caution is known"
    return f"{copies[0].upper()}{copies[1:]}, {roots}; {fate}."


def _counted(count: int, noun: str) -> str:
    return f"{_number(count)} {noun}{'' if count == 1 else 's'}"


def _number(count: int) -> str:
    return NUMBERS[count] if count < len(NUMBERS) else f"{count:,}"


# Taking it elsewhere

COLUMNS = (
    "article", "source", "date", "caution", "words", "rests_on", "claimants", "figures", "changes",
)  # fmt: skip
# What a spreadsheet may run, and where a cell may begin: at its own beginning and where lines or
# cells are parted. Where lists are written with semicolons it splits a whole line there, quoted by
# us or not; blanks and quotation marks before a sign do not stop it then.
_SIGN = "[=+@＝＋－＠-]"
_PARTING = ";|\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029"
_FORMULA = re.compile(rf'^(?=[\t\r\n]|\s*{_SIGN})|[{_PARTING}](?=(?:[^\S{_PARTING}]|")*{_SIGN})')


def exported(table: StoryTable) -> list[dict[str, str]]:
    """The rows of a table as plain words, by `COLUMNS`: the same for every format."""
    return [
        {
            "article": row.article.title,
            "source": row.article.source.name,
            "date": row.article.published_on.isoformat() if row.article.published_on else "",
            "caution": row.fate.label,
            "words": row.words,
            "rests_on": "; ".join(row.rests_on),
            "claimants": "; ".join(row.claimants),
            "figures": "; ".join(f"{cell.wording} ({cell.outcome})" for cell in row.figures),
            "changes": "; ".join(f"{c.get_kind_display()}: {c.detail}" for c in row.changes),
        }
        for row in table.rows
    ]


def as_csv(table: StoryTable) -> str:
    """The table as CSV; what a spreadsheet would take for a formula stands after "'"."""
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(COLUMNS)
    for row in exported(table):
        writer.writerow(inert(row[name]) for name in COLUMNS)
    return lines.getvalue()


def as_document(table: StoryTable) -> dict[str, Any]:
    """The table as a document for JSON, with the sentence on top of its page."""
    return {
        "story": table.story.title,
        "sentence": table.sentence,
        "origins": list(table.origins),
        "circular": [list(circle) for circle in table.circular],
        "rows": exported(table),
    }


def inert(cell: str) -> str:
    """Return `cell` so that no spreadsheet takes it, or a part of it, for a formula: after "'"."""
    return _FORMULA.sub(r"\g<0>'", cell)
