"""Origins, fates and stories, on articles written for it."""

from __future__ import annotations

from datetime import date

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from claims import analysis, provenance, stories
from claims.models import Appearance, Article, Claim, Derivation, Flag, Source
from claims.provenance import Fate
from reviews import history
from tests.factories import article, source

pytestmark = pytest.mark.django_db

ORIGIN = (
    "Divers found 40 barrels of solvent under the pier at Havn, a dock worker told Reuters "
    "on Monday. Reuters could not independently verify his account."
)
RELAY = (
    "Divers found 40 barrels of solvent under the pier at Havn, Reuters reported. "
    "Reuters was unable to verify the claim, the report said."
)
DROPPED = (
    "Divers found 40 barrels of solvent under the pier at Havn, according to Reuters. "
    "The harbour was closed for a day."
)


def _analysed(text: str, name: str, day: int):
    outlet = Source.objects.filter(name=name).first() or source(name)
    row = article(text, title=text[:40], source=outlet, published_on=date(2026, 3, day))
    assert analysis.analyse(article_id=row.pk)
    row.refresh_from_db()
    return row


def _barrels() -> Claim:
    claims = Claim.objects.filter(wording__contains="40 barrels")
    return claims.get()


@pytest.fixture
def three():
    rows = (
        _analysed(ORIGIN, "Reuters", 2),
        _analysed(RELAY, "Inland Mirror", 3),
        _analysed(DROPPED, "Evening Echo", 4),
    )
    for row in rows:
        row.refresh_from_db()
    return rows


def test_three_articles_that_rest_on_one_report_have_one_origin(three):
    standing = provenance.standing(_barrels())

    assert (standing.copies, standing.origin_names) == (3, ("Reuters",))
    assert standing.unverified_by == ("Reuters",)


def test_each_copy_kept_relayed_or_dropped_the_caution(three):
    fates = [row.fate for row in provenance.standing(_barrels()).fates]

    assert fates == [Fate.ORIGIN, Fate.RELAYED, Fate.DROPPED]


def test_the_order_of_arrival_does_not_matter():
    _analysed(DROPPED, "Evening Echo", 4)
    _analysed(RELAY, "Inland Mirror", 3)
    _analysed(ORIGIN, "Reuters", 2)

    standing = provenance.standing(_barrels())

    assert [row.fate for row in standing.fates] == [Fate.ORIGIN, Fate.RELAYED, Fate.DROPPED]
    assert standing.origin_names == ("Reuters",)


OWN_REPORT = (
    "Divers found 40 barrels of solvent under the pier at Havn. We watched from the old mole as a "
    "crane lifted them out, one by one, from dawn until lunch. The crew wore masks and would not "
    "talk to us. A ferry captain, Ole Brask, let our photographer climb his mast. "
    "He has complained of a smell of glue since last autumn. Two anglers packed up and went home."
)


def test_an_article_that_cites_nobody_is_an_origin_of_its_own(three):
    _analysed(OWN_REPORT, "Town Crier", 5)

    assert provenance.standing(_barrels()).origin_names == ("Reuters", "Town Crier")


def test_who_repeats_the_words_of_a_report_without_naming_it_rests_on_it(three):
    copy = _analysed("Divers found 40 barrels of solvent under the pier at Havn.", "Town Crier", 5)

    assert provenance.standing(_barrels()).origin_names == ("Reuters",)
    edges = Derivation.objects.filter(article=copy, on_article__isnull=False)
    assert {edge.kind for edge in edges} == {"copy"}
    assert {edge.words for edge in edges} == {
        "Divers found 40 barrels of solvent under the pier at Havn"
    }


def test_a_citation_that_a_person_rejected_no_longer_counts(three):
    rejected = Derivation.objects.filter(article=three[2], on_source__isnull=False)
    person = get_user_model().objects.create_user("someone")
    rejected.update(
        decision="rejected", reason="An old one.", decided_by=person, decided_at=timezone.now()
    )
    Derivation.objects.filter(article=three[2]).exclude(kind="citation").delete()

    assert "Evening Echo" in provenance.standing(_barrels()).origin_names


def test_a_dismissed_caution_is_no_caution(three):
    person = get_user_model().objects.create_user("someone")
    Flag.objects.core().update(
        state="dismissed", decided_by=person, decided_at=three[0].received_at, reason="A quote."
    )

    assert not provenance.standing(_barrels()).unverified


def test_the_story_says_it_in_one_sentence(three):
    table = stories.table(three[0].story)

    assert table.sentence == "Three articles, one independent origin; one dropped the caution."
    assert [row.is_origin for row in table.rows] == [True, False, False]


def test_an_article_about_something_else_is_in_no_story(three):
    alone = _analysed("The museum of Elvas reopens in May with 300 paintings.", "Town Crier", 6)

    assert alone.story is None


def test_a_table_of_more_articles_asks_no_more(three, django_assert_max_num_queries):
    with django_assert_max_num_queries(14) as few:
        stories.table(three[0].story)
    for number in range(8):
        _analysed(f"{DROPPED} It is edition {number}.", f"Echo of place {number}", 7)

    with django_assert_max_num_queries(len(few)):
        stories.table(three[0].story)


def test_a_persons_link_is_never_touched(three):
    person = get_user_model().objects.create_user("editor")
    other = Claim.objects.exclude(pk=_barrels().pk).first()
    moved = Appearance.objects.filter(article=three[2], claim=_barrels())
    moved.update(claim=other, linked_by=person)
    analysis.restart(three[2].analysis)

    assert analysis.analyse(article_id=three[2].pk)

    assert Appearance.objects.get(linked_by=person).claim == other


def test_versions_of_a_page_are_one_copy_that_did_what_the_newest_does(three):
    *_, dropped = three
    address = "https://echo.example/barrels"
    Article.objects.filter(pk=dropped.pk).update(canonical_url=address)
    words = f"{RELAY} The pier is closed."
    mended = article(
        words, title="Barrels", source=dropped.source, canonical_url=address, revises=dropped,
        published_on=dropped.published_on,
    )  # fmt: skip
    assert analysis.analyse(article_id=mended.pk)

    standing = provenance.standing(_barrels())

    met = [standing.count(fate) for fate in (Fate.DROPPED, Fate.RELAYED)]
    assert (standing.copies, met) == (3, [0, 2])
    assert [row.article.pk for row in standing.fates if not row.is_newest] == [dropped.pk]
    told = history.context_of(_barrels())["appearances"]
    assert [one["caution"] for one in told] == ["origin", "relayed", "relayed"]


def test_articles_of_different_outlets_at_one_address_are_copies(three):
    Article.objects.update(canonical_url="https://syndicate.example/1")

    assert provenance.standing(_barrels()).copies == 3
