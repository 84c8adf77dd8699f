"""What comparing copies shows becomes a flag on the claim; a person's decision on it stays."""

from __future__ import annotations

from datetime import date

import pytest
from django.contrib.auth import get_user_model

from claims import drift
from claims.models import Appearance, Claim, Flag
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
