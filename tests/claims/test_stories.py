"""Stories come together whatever the order, and their tables say what each copy did to a figure."""

from __future__ import annotations

from datetime import date
from functools import partial

import pytest
from django.db import transaction

from claims import stories
from claims.models import Appearance, Article, Claim, Derivation, Source, Story
from tests.factories import article, source
from tests.together import together

pytestmark = pytest.mark.django_db


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


def _partition() -> set[frozenset[int]]:
    return {frozenset(story.articles.values_list("pk", flat=True)) for story in Story.objects.all()}


def test_articles_that_share_a_claim_are_one_story():
    barrels = _claim("Divers found barrels.")
    first, second = _article(1, (barrels, "Divers found.")), _article(2, (barrels, "It found."))

    assert stories.group(first) == stories.group(second)
    assert _partition() == {frozenset({first.pk, second.pk})}


def test_a_story_is_named_after_its_first_article():
    barrels = _claim("Divers found barrels.")
    _article(1, (barrels, "Divers found."), title="What the divers found")
    newer = _article(2, (barrels, "Divers found."), title="Barrels")

    story = stories.group(newer)
    assert story is not None
    assert story.title == "What the divers found"


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (0, 4, 2, 1, 3)])
def test_an_article_that_connects_two_stories_makes_them_one(order):
    pier, quay = _claim("The pier fell."), _claim("The quay fell.")
    rows = [
        _article(1, (pier, "The pier fell.")),
        _article(2, (pier, "The pier fell.")),
        _article(3, (quay, "The quay fell.")),
        _article(4, (quay, "The quay fell.")),
        _article(5, (pier, "The pier fell."), (quay, "The quay fell.")),
    ]
    for number in order:
        stories.group(rows[number])

    assert _partition() == {frozenset(row.pk for row in rows)}


def test_grouping_again_changes_nothing():
    pier = _claim("The pier fell.")
    rows = [_article(day, (pier, "The pier fell.")) for day in (1, 2, 3)]
    first = {stories.group(row) for row in rows}

    assert {stories.group(row) for row in rows} == first
    assert _partition() == {frozenset(row.pk for row in rows)}


def test_a_claim_no_longer_found_connects_nothing():
    pier = _claim("The pier fell.")
    first, second = _article(1, (pier, "The pier fell.")), _article(2, (pier, "The pier fell."))
    second.appearances.update(current=False)

    assert stories.group(first) is None


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one_story():
    pier = _claim("The pier fell.")
    rows = [_article(day, (pier, "The pier fell.")) for day in (1, 2)]

    def group(row: Article) -> Story | None:
        with transaction.atomic():
            return stories.group(row)

    found = together(*(partial(group, row) for row in rows))

    assert found[0] == found[1]
    assert Story.objects.get() == found[0]


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
    story = stories.group(rows[0])
    assert story is not None

    table = stories.table(story)

    assert [row.article.published_on.day for row in table.rows] == [1, 2, 3, 4, 5, 6]
    assert [[cell.outcome for cell in row.figures] for row in table.rows] == [
        ["first"], ["qualifier_lost"], ["rounded"], ["changed"], ["none"], ["equal"],
    ]  # fmt: skip
    assert table.sentence == "Six articles, one independent origin; no caution is known."


def test_who_cites_nobody_is_an_origin():
    pier = _claim("The pier fell.")
    rows = [_article(day, (pier, "The pier fell."), source=source()) for day in (1, 2)]
    story = stories.group(rows[0])
    assert story is not None

    assert stories.table(story).sentence == (
        "Two articles, two independent origins; no caution is known."
    )


def test_a_story_of_no_shared_claim_claims_to_know_nothing():
    story = Story.objects.create(title="Put together by hand")
    Article.objects.filter(pk__in=[_article(1).pk, _article(2).pk]).update(story=story)

    table = stories.table(story)

    assert table.main_claim is None
    assert table.sentence == "Two articles, no known origin; no caution is known."
