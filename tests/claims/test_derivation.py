"""What articles rest on: edges with their evidence, what people decide about them, circles."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone
from reversion.models import Version

from claims import analysis, derivation, grouping, provenance, stories
from claims.models import Appearance, Article, Claim, Derivation, Flag, Source, Story
from tests import factories
from tests.claims.test_provenance import DROPPED, ORIGIN, OWN_REPORT, _analysed, _barrels
from tests.counting import rows_read

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(db):
    return get_user_model().objects.create_user("editor")


@pytest.fixture
def report() -> Article:
    return _analysed(ORIGIN, "Reuters", 2)


def _again(article: Article) -> None:
    analysis.restart(article.analysis)
    assert analysis.analyse(article_id=article.pk)


def _edges(article: Article) -> set[tuple[str, str]]:
    rows = Derivation.objects.standing().filter(article=article)
    return {(row.kind, str(row.on_source or row.on_article)) for row in rows}


def test_an_edge_has_the_words_and_the_overlap_that_show_it(report):
    copy = _analysed(DROPPED, "Evening Echo", 4)

    edge = Derivation.objects.get(article=copy, on_article=report)
    assert edge.words in copy.text
    assert 0.3 <= edge.score <= 1
    assert ("citation", "Reuters") in _edges(copy)


def test_an_edge_shows_the_longest_passage_that_is_shared():
    short = "The ferry stayed in port all of Tuesday."
    long = "Twelve crates of copper wire left the north quay of Havn before guards came to count."
    _analysed(f"{short} Nobody was hurt. {long}", "Reuters", 2)
    copy = _analysed(f"{short} The weather was mild. {long}", "Evening Echo", 4)

    edge = Derivation.objects.get(article=copy, on_article__isnull=False)
    assert edge.words in long


def test_the_older_article_never_rests_on_the_newer(report):
    older = _analysed(DROPPED, "Evening Echo", 1)

    assert not Derivation.objects.filter(article=older, on_article__isnull=False).exists()
    assert Derivation.objects.filter(article=report, on_article=older).exists()


def test_articles_of_one_story_are_compared_though_they_share_no_claim(report):
    copy = _analysed(DROPPED, "Evening Echo", 4)
    Derivation.objects.filter(on_article__isnull=False).delete()
    for appearance in copy.appearances.all():
        appearance.claim = Claim.objects.create(wording=appearance.wording, language="en")
        appearance.save(update_fields=["claim"])

    assert report in derivation.near(copy)


def test_a_rejected_edge_stays_rejected_whatever_is_analysed_again(report, person):
    copy = _analysed(DROPPED, "Evening Echo", 4)
    for row in Derivation.objects.filter(article=copy):
        derivation.decide(
            row, by=person, at=timezone.now(), decision="rejected", reason="Their own divers."
        )
    _again(copy)

    assert _edges(copy) == set()
    assert provenance.standing(_barrels()).origin_names == ("Evening Echo", "Reuters")


def test_a_decision_can_be_taken_back_and_the_log_keeps_it(report, person):
    copy = _analysed(DROPPED, "Evening Echo", 4)
    row = Derivation.objects.get(article=copy, on_article=report)
    derivation.decide(row, by=person, at=timezone.now(), decision="rejected", reason="No.")
    derivation.decide(row, by=person, at=timezone.now(), decision="")

    assert ("copy", report.title) in _edges(copy) or ("paraphrase", report.title) in _edges(copy)
    comments = [version.revision.comment for version in Version.objects.get_for_object(row)]
    assert comments == ["Taken back: ", "Rejected: No."]


def test_nothing_is_rejected_or_added_without_a_reason(report, person):
    copy = _analysed(DROPPED, "Evening Echo", 4)
    row = Derivation.objects.filter(article=copy).first()

    with pytest.raises(ValueError, match="why"):
        derivation.decide(row, by=person, at=timezone.now(), decision="rejected")
    with pytest.raises(ValueError, match="how you know"):
        derivation.add(copy, on=report, by=person, at=timezone.now(), reason="")
    with pytest.raises(ValueError, match="itself"):
        derivation.add(copy, on=copy, by=person, at=timezone.now(), reason="Because.")


def test_an_edge_that_a_person_adds_outranks_what_the_machine_found(report, person):
    alone = _analysed(OWN_REPORT, "Town Crier", 5)
    assert provenance.standing(_barrels()).origins == 2

    derivation.add(alone, on=report, by=person, at=timezone.now(), reason="Their editor told me.")
    _again(alone)

    assert provenance.standing(_barrels()).origin_names == ("Reuters",)
    edge = Derivation.objects.get(article=alone, by_hand=True)
    assert (edge.decision, edge.reason) == ("confirmed", "Their editor told me.")


def test_an_added_edge_that_is_taken_back_no_longer_counts(report, person):
    alone = _analysed(OWN_REPORT, "Town Crier", 5)
    wire = Source.objects.create(name="Wire Agency")
    row = derivation.add(alone, on=wire, by=person, at=timezone.now(), reason="By-line.")
    assert provenance.standing(_barrels()).origin_names == ("Reuters", "Wire Agency")

    derivation.decide(row, by=person, at=timezone.now(), decision="")

    assert provenance.standing(_barrels()).origin_names == ("Reuters", "Town Crier")


# Roots that rest on each other


def test_a_root_that_rests_on_another_is_none(report):
    _analysed(DROPPED, "Evening Echo", 3)
    _analysed(DROPPED.replace("according to Reuters", "the Evening Echo reported"), "Post", 4)
    Derivation.objects.filter(article__source__name="Post").delete()
    Derivation.objects.create(
        article=Article.objects.get(source__name="Post"), kind="citation", score=1, start=0, end=9,
        on_source=Source.objects.get(name="Evening Echo"),
    )  # fmt: skip

    assert provenance.standing(_barrels()).origin_names == ("Reuters",)


def test_outlets_that_cite_each_other_are_one_origin_and_shown_as_a_circle():
    first = _analysed(DROPPED.replace("Reuters", "the Mirror"), "Echo", 3)
    second = _analysed(DROPPED.replace("Reuters", "the Echo"), "Mirror", 4)
    Derivation.objects.all().delete()
    for article, on in ((first, second), (second, first)):
        Derivation.objects.create(
            article=article, on_source=on.source, kind="citation", score=1, start=0, end=9
        )

    first.refresh_from_db()
    assert provenance.standing(_barrels()).origin_names == ("Echo",)
    assert stories.table(first.story).circular == (("Echo", "Mirror"),)


# By which names a source is found


@pytest.mark.parametrize(
    ("name", "cited"),
    [
        ("Norrby Tribune", "NORRBY TRIBUNE"),
        ("Straßenblatt", "STRASSENBLATT"),
        ("ΣΊΣΥΦΟΣ", "Σίσυφος"),
        ("Press Oﬃce", "Press Office"),
        ("İzmir Post", "i̇zmir post"),
    ],
)
@pytest.mark.parametrize("is_other_name", [False, True])
def test_a_cited_source_is_found_in_whatever_case(name, cited, is_other_name):
    names = {"name": "The Paper", "aliases": ["TP", name]} if is_other_name else {"name": name}
    source = Source.objects.create(**names)

    assert derivation._sources({cited: "outlet", name: "outlet"}) == {cited: source, name: source}
    assert Source.objects.count() == 1


def test_a_name_that_only_looks_alike_is_another_source():
    Source.objects.create(name="Ⅳ News")

    assert derivation._sources({"IV News": "outlet"})["IV News"].name == "IV News"
    assert Source.objects.count() == 2


def test_of_two_sources_with_a_name_the_later_is_meant():
    Source.objects.create(name="First", aliases=["the post"])
    later = Source.objects.create(name="Second", aliases=["The Post"])

    assert derivation._sources({"The Post": "outlet"}) == {"The Post": later}


def test_sources_that_nobody_cites_are_not_read():
    Source.objects.bulk_create(Source(name=f"Institute {number}") for number in range(50))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # which few rows would get

    with rows_read() as rows:
        derivation._sources({"institute 7": "outlet", "INSTITUTE 9": "outlet"})
    assert rows() == 2
    assert "claims_source_folded" in Source.objects.named_like(["Institute 7"]).explain()
    assert {"claims_source_named", "claims_source_aliases"} <= set(
        Source.objects.named("Institute 7").explain().split()
    )


# Large stories


def _large(members: int) -> Article:
    """The newest article of a story whose others lie further back, day by day."""
    story = Story.objects.create(title="The harbour")
    days = [date(2026, 5, 1) - timedelta(number) for number in range(members)]
    rows = [factories.article(f"Day {day}.", published_on=day, story=story) for day in days]
    return rows[0]


def test_the_nearest_of_a_story_are_compared_those_that_share_claims_first():
    newest = _large(12)
    claim = Claim.objects.create(wording="Nine boats sank.", language="en")
    oldest = newest.story.articles.order_by("published_on").first()
    for row in (newest, oldest):
        Appearance.objects.create(
            article=row, claim=claim, start=0, end=3, sentence_start=0, sentence_end=3,
            wording="Nine boats sank.", worthiness=0.5,
        )  # fmt: skip

    near = derivation.near(newest)

    ages = sorted((newest.published_on - row.published_on).days for row in near)
    assert ages == [1, 2, 3, 4, 5, 11]


@pytest.mark.parametrize(
    "work", [derivation.near, lambda row: grouping._members({row.story_id}, row)]
)
def test_more_articles_of_a_story_are_not_more_rows(work, monkeypatch):
    monkeypatch.setattr(grouping, "WHOLE", 8)
    read = []
    for members in (12, 30):
        newest = _large(members)
        with rows_read() as rows:
            work(newest)
        read.append(rows())

    assert read in ([12, 12], [8, 8])


def test_more_cautions_of_a_story_are_not_more_rows(monkeypatch):
    monkeypatch.setattr(provenance, "AROUND", 3)
    read = []
    for members in (8, 16):
        newest = _large(members)
        claim = Claim.objects.create(wording="Nine boats sank.", language="en")
        for row in newest.story.articles.all():
            copy = Appearance.objects.create(
                article=row, start=0, end=3, sentence_start=0, sentence_end=3,
                wording=f"Nine boats sank on day {row.pk}.", worthiness=0.5,
                claim=claim if row == newest else None,
            )  # fmt: skip
            Flag.objects.create(
                article=row, kind="self_disclaimer", start=0, end=3, sentence_start=0,
                sentence_end=3, rule="x", confidence=0.5, agent=newest.source.name,
            ).covers.add(copy)  # fmt: skip
        with rows_read() as rows:
            (standing,) = provenance.standings([claim], of=newest).values()
        assert standing.unverified_by == (newest.source.name,)
        read.append(rows())

    assert read[0] == read[1]


def test_a_caution_elsewhere_in_a_story_counts_if_a_root_says_it_of_the_same_matter():
    newest = _large(2)
    claim = Claim.objects.create(wording="Nine boats sank off Havn.", language="en")
    other = newest.story.articles.exclude(pk=newest.pk).get()
    copies = [
        Appearance.objects.create(
            article=row, claim=said, start=0, end=3, sentence_start=0, sentence_end=3,
            wording="Nine boats sank off Havn.", worthiness=0.5,
        )
        for row, said in ((newest, claim), (other, None))
    ]  # fmt: skip
    flag = Flag.objects.create(
        article=other, kind="self_disclaimer", start=0, end=3, sentence_start=0, sentence_end=3,
        rule="x", confidence=0.5, agent=newest.source.name,
    )  # fmt: skip
    assert not provenance.standing(claim).unverified
    flag.covers.add(copies[1])

    assert provenance.standing(claim).unverified
    Flag.objects.update(agent="Somebody else")
    assert not provenance.standing(claim).unverified
    copies[1].claim, copies[1].current = claim, False
    copies[1].save()
    assert provenance.standing(claim).unverified


def test_articles_of_two_stories_are_compared_if_they_share_two_claims():
    ours, theirs, others = _large(1), _large(1), _large(1)
    for number, makers in enumerate([(ours, theirs), (ours, theirs, others)]):
        claim = Claim.objects.create(wording=f"{number} boats sank.", language="en")
        for row in makers:
            Appearance.objects.create(
                article=row, claim=claim, start=number, end=3, sentence_start=0, sentence_end=3,
                wording=claim.wording, worthiness=0.5,
            )  # fmt: skip

    assert derivation.near(ours) == [theirs]
