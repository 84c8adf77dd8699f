"""The five real articles, which are not part of the project, as a careful reader reads them."""

from __future__ import annotations

import json

import pytest

from claims import analysis, intake, provenance, reading, stories
from claims.models import Appearance, Article, Flag
from claims.provenance import Fate
from tests.desk import REAL_SEEDS

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not REAL_SEEDS.is_dir(), reason="../shared/seeds is not beside the project"),
]


@pytest.fixture
def articles() -> dict[str, Article]:
    """The five, analysed in order, by the first three letters of their file's name."""
    stored = {}
    for expected in json.loads((REAL_SEEDS / "expected.json").read_text())["articles"]:
        path = REAL_SEEDS / expected["file"]
        (document,) = reading.read(path.read_bytes(), name=path.name).documents
        receipt = intake.store(intake.corrected(document, source=expected["source"]))
        assert analysis.analyse(article_id=receipt.article.pk)
        stored[path.name[:3]] = receipt.article
    return stored


def test_the_story_has_one_independent_origin_and_two_dropped_the_caution(articles):
    story = Article.objects.get(pk=articles["000"].pk).story

    table = stories.table(story)

    assert table.sentence == ("Five articles, one independent origin; two dropped the caution.")
    assert table.origins == ("RFE/RL",)
    fates = {row.article.pk: row.fate for row in table.rows}
    assert [fates[articles[name].pk] for name in ("000", "001", "002", "003", "004")] == [
        Fate.RELAYED, Fate.DROPPED, Fate.DROPPED, Fate.KEPT, Fate.KEPT,
    ]  # fmt: skip


def test_what_the_man_at_the_border_was_told_is_one_claim_in_the_four_that_report_it(articles):
    quote = Appearance.objects.get(
        article=articles["002"], wording__contains="included in the mobilization list"
    )

    found = Appearance.objects.filter(claim=quote.claim).values_list("article", flat=True)

    assert set(found) == {articles[name].pk for name in ("000", "002", "003", "004")}
    standing = provenance.standing(quote.claim)
    assert (standing.origins, standing.unverified_by) == (1, ("RFE/RL",))


SAME_CLAIMS = [
    ("000", "preventing migrant workers from leaving the country", "000 001 002 003 004"),
    ("002", "more than half a million people", "002 003 004"),
    ("002", "duty to defend", "002 003 004"),
]


@pytest.mark.parametrize(("first", "words", "expected"), SAME_CLAIMS)
def test_what_several_articles_claim_is_one_claim(articles, first, words, expected):
    appearance = articles[first].appearances.filter(wording__contains=words).first()

    found = Appearance.objects.filter(claim=appearance.claim).values_list("article", flat=True)

    assert set(found) == {articles[name].pk for name in expected.split()}


def test_that_they_may_not_leave_has_one_origin(articles):
    appearance = articles["000"].appearances.order_by("start").first()

    assert provenance.standing(appearance.claim).origin_names == ("RFE/RL",)


def test_a_rounded_figure_is_not_reported_as_changed(articles):
    rounded = articles["002"].appearances.get(wording__contains="half a million")

    flagged = Flag.objects.filter(kind="figure_changed", claim=rounded.claim)

    assert not flagged.exists()


def test_the_copy_that_dropped_the_caution_is_flagged(articles):
    flagged = Flag.objects.filter(kind="disclaimer_dropped", article=articles["002"])

    assert flagged.exists()
    assert not Flag.objects.filter(kind="disclaimer_dropped", article=articles["003"]).exists()


def test_analysing_again_changes_nothing(articles):
    def rows():
        return (
            list(Appearance.objects.order_by("pk").values_list("pk", "claim", "wording")),
            sorted(Flag.objects.values_list("article", "kind", "start", "end", "claim")),
        )

    before = rows()
    for article in articles.values():
        analysis.restart(article.analysis)
        assert analysis.analyse(article_id=article.pk)

    assert rows() == before


def flagged(kind: str) -> list[tuple[str, str]]:
    """The flags of a kind: the file's article by source, and what differs."""
    rows = Flag.objects.filter(kind=kind).order_by("pk")
    return [(row.article.source.name, row.detail) for row in rows.select_related("article__source")]


def test_half_a_year_that_became_a_year_is_found_and_shown_with_both_passages(articles):
    assert [name for name, _ in flagged("figure_changed")] == [articles["004"].source.name]

    flag = Flag.objects.get(kind="figure_changed")
    assert flag.against.article == articles["003"]
    assert "2022" in flag.detail
    assert "first half of 2022" in flag.detail


def test_the_actor_that_no_other_copy_names_is_found(articles):
    ((name, detail),) = flagged("agent_changed")

    assert name == articles["001"].source.name
    assert detail.startswith("“The Russian President” for ")


def test_no_copy_is_accused_of_what_it_did_not_do(articles):
    assert flagged("scope_widened") == []
    assert flagged("attribution_lost") == []
    assert flagged("disclaimer_contradicted") == []
