"""What comparing copies shows becomes a flag on the claim; a person's decision on it stays."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.contrib.auth import get_user_model

from claims import drift, provenance
from claims.models import Appearance, Claim, Derivation, Flag
from tests.counting import rows_read
from tests.factories import article

pytestmark = pytest.mark.django_db

WORDINGS = {
    1: "Orlov counted more than 410 hens.",
    2: "Orlov counted 410 hens.",
    3: "Some 400 hens were counted by Orlov.",
    4: "Orlov counted 900 hens.",
    5: "Orlov counted hens.",
}


@pytest.fixture
def copies() -> dict[int, Appearance]:
    """Copies of one claim, by day: the figure kept, lost, rounded, changed and left out."""
    claim = Claim.objects.create(wording=WORDINGS[1], language="en")
    return {
        day: Appearance.objects.create(
            article=article(wording, published_on=date(2026, 3, day)), claim=claim, start=0,
            end=len(wording), sentence_start=0, sentence_end=len(wording), wording=wording,
            worthiness=0.5,
        )
        for day, wording in WORDINGS.items()
    }  # fmt: skip


def _days(kind: str) -> list[int]:
    found = Flag.objects.filter(kind=kind).order_by("article__published_on")
    return [flag.article.published_on.day for flag in found]


def test_a_changed_figure_is_flagged_and_a_rounded_one_is_not(copies):
    drift.refresh(copies[3].article)

    assert _days("figure_changed") == [2, 4]


def test_the_flag_is_on_the_claim_and_shows_the_passage(copies):
    drift.refresh(copies[4].article)

    flag = Flag.objects.get(article=copies[4].article)
    assert (flag.claim, flag.cue) == (copies[4].claim, WORDINGS[4])


def test_refreshing_again_changes_nothing(copies):
    drift.refresh(copies[1].article)
    before = list(Flag.objects.order_by("pk").values())

    drift.refresh(copies[2].article)

    assert list(Flag.objects.order_by("pk").values()) == before


def test_a_flag_that_no_longer_holds_goes(copies):
    drift.refresh(copies[1].article)
    Appearance.objects.filter(pk=copies[4].pk).update(wording=WORDINGS[1])

    drift.refresh(copies[1].article)

    assert _days("figure_changed") == [2]


def test_a_persons_decision_outlives_the_finding(copies):
    drift.refresh(copies[1].article)
    person = get_user_model().objects.create_user("checker")
    Flag.objects.filter(article=copies[4].article).update(
        state="dismissed", reason="A typing error.", decided_by=person,
        decided_at=copies[4].article.received_at,
    )  # fmt: skip
    Appearance.objects.filter(pk=copies[4].pk).update(wording=WORDINGS[1])

    drift.refresh(copies[1].article)

    assert Flag.objects.get(article=copies[4].article).reason == "A typing error."


def test_a_caution_is_dropped_only_where_one_is_known(copies):
    drift.refresh(copies[1].article)

    assert _days("disclaimer_dropped") == []


# A claim in very many copies


CAUTION = " The Post could not verify it."


def _copy(claim: Claim, wording: str, day: date, *, caution: str = "") -> Appearance:
    row = article(wording + caution, published_on=day)
    copy = Appearance.objects.create(
        article=row, claim=claim, start=0, end=len(wording), sentence_start=0,
        sentence_end=len(wording), wording=wording, worthiness=0.5,
    )  # fmt: skip
    if caution:
        flag = Flag.objects.create(
            article=row, kind="self_disclaimer", start=len(wording) + 1, end=len(row.text),
            sentence_start=len(wording) + 1, sentence_end=len(row.text), rule="x", confidence=0.5,
        )  # fmt: skip
        flag.covers.add(copy)
    return copy


@pytest.fixture
def few(monkeypatch) -> None:
    """Of a claim with more than four passages only some are read."""
    monkeypatch.setattr(provenance, "READ", 4)
    monkeypatch.setattr(provenance, "CAUTIOUS", 1)


def _many(copies: int) -> Claim:
    """Copies of one claim by day, of which only the fourth but last has the caution."""
    claim = Claim.objects.create(wording=WORDINGS[1], language="en")
    for day in range(copies):
        caution = CAUTION if day == copies - 4 else ""
        _copy(claim, WORDINGS[1], date(2026, 1, 1) + timedelta(day), caution=caution)
    return claim


def test_more_copies_of_a_claim_are_not_more_rows(few):
    read = []
    for copies in (12, 24):
        new = _copy(_many(copies), WORDINGS[4], date(2026, 3, 1))
        Flag.objects.filter(claim__isnull=False).delete()
        with rows_read() as rows:
            drift.refresh(new.article)
        read.append(rows())

    assert read[0] == read[1]


def test_of_very_many_copies_the_first_the_cautious_and_the_own_are_read(few):
    claim = _many(12)
    first, *_, cautious, last, _, _ = claim.appearances.order_by("article__published_on")
    kept = Flag.objects.create(
        article=last.article, claim=claim, kind="figure_changed", start=0, end=1, confidence=0.5,
        sentence_start=0, sentence_end=1, rule="compare.figure_changed",
    )  # fmt: skip
    new = _copy(claim, WORDINGS[4], date(2026, 3, 1))
    Derivation.objects.create(
        article=new.article, on_source=cautious.article.source, kind="citation", start=0, end=5,
        score=1,
    )  # fmt: skip

    drift.refresh(new.article)

    found = {(flag.kind, flag.against) for flag in claim.derived_flags.filter(article=new.article)}
    assert found == {("figure_changed", first), ("disclaimer_dropped", cautious)}
    assert list(claim.derived_flags.filter(article=last.article)) == [kept]


def test_what_a_copy_rests_on_is_read_however_many_there_are(few):
    claim = _many(12)
    late = claim.appearances.order_by("article__published_on").last()
    new = _copy(claim, WORDINGS[1], date(2026, 3, 1))
    Derivation.objects.create(article=new.article, on_article=late.article, kind="copy", score=1)

    (standing,) = provenance.standings([claim], of=new.article).values()

    assert not standing.whole
    assert late.article in [row.article for row in standing.fates]
    assert standing.fates[-1].rests_on == (late.article.source.name,)


def test_no_text_of_a_copy_is_read_whole():
    claim = _many(8)

    fates = provenance.standing(claim).fates

    assert all("text" in row.article.get_deferred_fields() for row in fates)
    assert {row.words for row in fates} == {"", CAUTION.strip()}
