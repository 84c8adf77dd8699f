"""The table of a story says what each copy did to the caution and the figures."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims import stories
from claims.models import Appearance, Article, Claim, Derivation, Source, Story
from tests.factories import article, source

pytestmark = pytest.mark.django_db
SIGNS = ("=", "+", "-", "@", "＝")


def _article(day: int, *claims: tuple[Claim, str], **fields) -> Article:
    """An article of March that words these claims so."""
    text = " ".join(wording for _, wording in claims) or f"Nothing to check on day {day}."
    row = article(text, published_on=date(2026, 3, day), **fields)
    start = 0
    for claim, wording in claims:
        end = start + len(wording)
        Appearance.objects.create(
            article=row, claim=claim, start=start, end=end, sentence_start=start,
            sentence_end=end, wording=wording, worthiness=0.5,
        )  # fmt: skip
        start = end + 1
    return row


def _claim(wording: str) -> Claim:
    return Claim.objects.create(wording=wording, language="en")


def _story(rows: list[Article]) -> Story:
    story = Story.objects.create(title=rows[0].title)
    Article.objects.filter(pk__in=[row.pk for row in rows]).update(story=story)
    return story


def test_figures_are_set_against_the_earliest_copy():
    hens = _claim("Orlov counted more than 410 hens.")
    outlet = Source.objects.create(name="Coast Courier")
    wordings = [
        "Orlov counted more than 410 hens.",
        "Orlov counted 410 hens.",
        "More than 400 hens were counted by Orlov.",
        "Orlov counted 900 hens.",
        "Orlov counted hens.",
        "Orlov counted more than 410 hens.",
    ]
    rows = [_article(day, (hens, wording)) for day, wording in enumerate(wordings, 1)]
    Derivation.objects.bulk_create(
        Derivation(article=row, on_source=outlet, kind="citation", score=1, start=0, end=1)
        for row in rows
    )

    table = stories.table(_story(rows))

    assert [row.article.published_on.day for row in table.rows] == [1, 2, 3, 4, 5, 6]
    assert [[cell.outcome for cell in row.figures] for row in table.rows] == [
        ["first"], ["qualifier_lost"], ["rounded"], ["changed"], ["none"], ["equal"],
    ]  # fmt: skip
    assert table.sentence == "Six articles, one independent origin; no caution is known."


def test_who_cites_nobody_is_an_origin():
    pier = _claim("The pier fell.")
    rows = [_article(day, (pier, "The pier fell."), source=source()) for day in (1, 2)]

    assert stories.table(_story(rows)).sentence == (
        "Two articles, two independent origins; no caution is known."
    )


def test_a_story_of_no_shared_claim_claims_to_know_nothing():
    story = Story.objects.create(title="Put together by hand")
    Article.objects.filter(pk__in=[_article(1).pk, _article(2).pk]).update(story=story)

    table = stories.table(story)

    assert table.main_claim is None
    assert table.sentence == "Two articles, no known origin; no caution is known."


# Export


def _exported(rows: list[Article]) -> tuple[list[dict[str, str]], dict]:
    table = stories.table(_story(rows))
    return list(csv.DictReader(io.StringIO(stories.as_csv(table)))), stories.as_document(table)


def test_csv_and_json_say_the_same():
    hens = _claim("Orlov counted more than 410 hens.")
    rows = [_article(1, (hens, "Orlov counted more than 410 hens.")),
            _article(2, (hens, "Orlov counted 900 hens."))]  # fmt: skip

    lines, document = _exported(rows)

    assert lines == document["rows"]
    assert [line["date"] for line in lines] == ["2026-03-01", "2026-03-02"]
    assert document["sentence"].startswith("Two articles")


@pytest.mark.parametrize("title", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_cell_is_a_formula(title):
    lines, document = _exported([_article(1, title=title), _article(2)])

    assert lines[0]["article"] == f"'{title}"
    assert document["rows"][0]["article"] == title


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("Boats fell;=1+cmd|'/c calc'!A1;by half", "Boats fell;'=1+cmd|'/c calc'!A1;by half"),
        ("Boats fell; \u00a0=1", "Boats fell;' \u00a0=1"), ("a, b;@SUM(1)", "a, b;'@SUM(1)"),
        ('a;"=1+1"', "a;'\"=1+1\""), ("a\t-1", "a\t'-1"), ("a|+1", "a|'+1"), (" =1", "' =1"),
        ("a\r\n=1", "a\r\n'=1"), ("＝1", "'＝1"), ("a;＠SUM(1)", "a;'＠SUM(1)"),
        ("10 + 5 = 15; 5,-; it's @home", "10 + 5 = 15; 5,-; it's @home"),
        ("well-known; e-mail: a@b.example", "well-known; e-mail: a@b.example"),
    ],
)  # fmt: skip
def test_no_part_of_a_cell_is_a_formula_either(cell, written):
    assert stories.inert(cell) == written


WRITTEN = st.text(st.sampled_from(";,|\t\n\r\"' =+-@＝x\u2028\u00a0\v"), max_size=12)


@given(st.lists(st.lists(WRITTEN, min_size=1, max_size=4), min_size=1, max_size=3))
def test_no_spreadsheet_finds_a_formula_wherever_it_parts_cells(rows):
    lines = io.StringIO()
    csv.writer(lines).writerows(map(stories.inert, row) for row in rows)
    text = lines.getvalue()

    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        [stories.inert(cell) for cell in row] for row in rows
    ]
    for parted in (",", ";", "\t", "|"):
        cells = {
            cell for row in csv.reader(text.splitlines(True), delimiter=parted) for cell in row
        }
        if parted != ",":  # bluntly, whatever is quoted
            cells |= {cell for line in text.splitlines() for cell in line.split(parted)}
        assert not [cell for cell in cells if cell.strip().startswith(SIGNS)]
