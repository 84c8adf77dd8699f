"""What the engine finds becomes appearances; what it no longer finds stays, no longer current."""

from __future__ import annotations

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from claims import extraction
from claims import text as engine
from claims.models import Appearance, Claimant
from tests import factories

TEXT = "Two trawlers sank, police said. The catch fell by half, the union said."


def found(*spans: tuple[int, int], **fields) -> engine.Analysis:
    """An analysis that found claims at these spans."""
    claims = []
    for start, end in spans:
        given_fields = {
            "span": engine.Span(start, end), "sentence": engine.Span(start, end),
            "wording": TEXT[start:end], "claimant": "police", "claimant_kind": "organisation",
            "attribution": None, "worthiness": 0.5, "reasons": ("names a figure",),
        } | fields  # fmt: skip
        claims.append(engine.DetectedClaim(**given_fields))
    return engine.Analysis(language="en", supported=True, sentences=(), claims=tuple(claims))


@pytest.fixture
def article(db):
    return factories.article(TEXT)


def stored(article):
    rows = article.appearances.order_by("start", "end")
    return [(row.start, row.end, row.current) for row in rows]


def test_a_claim_found_is_an_appearance_with_everything_that_was_found(article):
    attribution = engine.Attribution(
        source=engine.Span(19, 25), name="police", cue=engine.Span(26, 30),
        content=engine.Span(0, 17), direct=False, anonymous=False,
    )  # fmt: skip

    extraction.store_appearances(
        article, found((0, 17), sentence=engine.Span(0, 31), attribution=attribution)
    )

    row = article.appearances.get()
    assert (row.start, row.end, row.wording) == (0, 17, "Two trawlers sank")
    assert (row.sentence_start, row.sentence_end) == (0, 31)
    assert (row.cue_start, row.cue_end) == (26, 30)
    assert (row.claimant.name, row.claimant.kind) == ("police", "organisation")
    assert (row.worthiness, row.reasons, row.current) == (0.5, ["names a figure"], True)
    assert (row.claim, row.linked_by) == (None, None)


def test_the_same_findings_again_are_the_same_rows(article):
    extraction.store_appearances(article, found((0, 17), (32, 54)))
    before = [*Appearance.objects.order_by("pk").values()]

    extraction.store_appearances(article, found((0, 17), (32, 54)))

    assert [*Appearance.objects.order_by("pk").values()] == before


def test_what_is_no_longer_found_stays_and_comes_back(article):
    extraction.store_appearances(article, found((0, 17), (32, 54)))
    extraction.store_appearances(article, found((32, 54)))
    assert stored(article) == [(0, 17, False), (32, 54, True)]

    extraction.store_appearances(article, found((0, 17)))
    assert stored(article) == [(0, 17, True), (32, 54, False)]


def test_a_new_finding_keeps_the_link_and_what_a_person_linked(article):
    extraction.store_appearances(article, found((0, 17)))
    person = factories.fact_checker()
    claim = factories.claim()
    article.appearances.update(claim=claim, linked_by=person, link_score=0.9)

    extraction.store_appearances(article, found((0, 17), worthiness=0.9))

    row = article.appearances.get()
    assert (row.claim, row.linked_by, row.link_score) == (claim, person, 0.9)
    assert row.worthiness == 0.9


@pytest.mark.parametrize(
    ("name", "kind"), [("", "none"), ("", "anonymous"), ("The reporter", "none")]
)
def test_who_is_nobody_in_particular_is_no_claimant(article, name, kind):
    extraction.store_appearances(article, found((0, 17), claimant=name, claimant_kind=kind))

    assert article.appearances.get().claimant is None
    assert not Claimant.objects.exists()


def test_a_known_claimant_keeps_what_people_made_of_them(article):
    Claimant.objects.create(name="police", kind="person")

    extraction.store_appearances(article, found((0, 17)))

    claimant = Claimant.objects.get()
    assert (claimant.kind, article.appearances.get().claimant) == ("person", claimant)


def test_many_findings_cost_no_more_queries_than_one(article):
    def cost(analysis):
        with CaptureQueriesContext(connection) as captured:
            extraction.store_appearances(article, analysis)
        return len(captured)

    extraction.store_appearances(article, found((0, 3), (4, 12)))
    one = cost(found((4, 12), (13, 17)))

    assert cost(found((4, 12), *((start, start + 2) for start in range(20, 50)))) == one


def test_after_any_row_of_analyses_what_is_current_is_what_was_found_last(article):
    pick = random.Random(11)
    pool = [(start, start + length) for start in range(0, 40, 4) for length in (2, 5)]
    ever: set[tuple[int, int]] = set()
    for _ in range(30):
        spans = sorted(pick.sample(pool, pick.randrange(6)))
        ever |= {*spans}

        extraction.store_appearances(article, found(*spans))

        current = article.appearances.current().order_by("start", "end")
        assert [*current.values_list("start", "end")] == spans
        assert {*article.appearances.values_list("start", "end")} == ever
