"""Appearances that say the same share a claim, whoever comes first, however often it is asked."""

from __future__ import annotations

from functools import partial

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction

from claims import index, matching
from claims import text as engine
from claims.models import Appearance, Article, Claim, ClaimKey, Suggestion
from tests.factories import article
from tests.together import together

pytestmark = pytest.mark.django_db

BARRELS = "Divers found 40 barrels of solvent under the old pier at Havn."
BARRELS_AGAIN = "Under the old pier at Havn, divers discovered 40 barrels of solvent."
OTHER_COUNT = "Divers found 900 barrels of solvent under the old pier at Havn."
MUSEUM = "The museum of Elvas reopens in May with 300 paintings."


def _article(*wordings: str, worthiness: float = 0.5, language: str = "en") -> Article:
    """An article of these sentences, each found as a claim."""
    row = article(" ".join(wordings), language=language)
    start = 0
    for wording in wordings:
        end = start + len(wording)
        Appearance.objects.create(
            article=row, start=start, end=end, sentence_start=start, sentence_end=end,
            wording=wording, worthiness=worthiness,
        )  # fmt: skip
        start = end + 1
    return row


def _groups() -> set[frozenset[str]]:
    """The wordings of each claim, whatever its id."""
    return {
        frozenset(claim.appearances.values_list("wording", flat=True))
        for claim in Claim.objects.all()
    }


def _rows() -> list[dict[str, object]]:
    return [*Appearance.objects.order_by("pk").values(), *Claim.objects.order_by("pk").values()]


def test_the_same_claim_in_two_articles_is_one():
    assert matching.link_appearances(_article(BARRELS, MUSEUM)) == 2
    assert matching.link_appearances(_article(BARRELS_AGAIN)) == 0

    assert _groups() == {frozenset({BARRELS, BARRELS_AGAIN}), frozenset({MUSEUM})}


def test_words_that_too_many_claims_share_bring_none_of_them(monkeypatch):
    matching.link_appearances(_article(BARRELS))
    assert index.candidates(BARRELS, language="en", limit=5)
    monkeypatch.setattr(index, "RAREST", 0)

    assert index.candidates(BARRELS, language="en", limit=5) == []


def test_two_words_are_looked_up_together_only_where_few_claims_should_have_both(monkeypatch):
    matching.link_appearances(_article(BARRELS, MUSEUM))
    counts, total = index._counts(engine.fingerprint(BARRELS))

    assert total == 2
    assert index._twos(counts, counts, total)
    monkeypatch.setattr(index, "ROWS_OF_TWO", 0)
    assert index._twos(counts, counts, total) == []


def test_a_claim_so_worded_is_found_among_any_number_that_share_as_much():
    """The names begin alike, so that no key tells them apart."""
    towns = [f"Jelgor{end}" for end in ("borg", "lund", "mar", "nia", "sel", "tra", "vas", "zum")]
    stored = [f"The {town} bridge stays closed." for town in towns]
    for wording in stored:
        claim = Claim(wording=wording, language="en")
        index.enter(claim, [wording])
        claim.save()

    for wording in stored:
        first, *_ = index.candidates(wording, language="en", limit=matching.CANDIDATES)
        assert first.wording == wording


def test_two_wordings_in_one_article_are_one_claim():
    assert matching.link_appearances(_article(BARRELS, BARRELS_AGAIN)) == 1


def test_another_figure_is_another_claim():
    matching.link_appearances(_article(BARRELS, OTHER_COUNT))

    assert _groups() == {frozenset({BARRELS}), frozenset({OTHER_COUNT})}


def test_a_link_says_how_sure_it_is_and_why():
    matching.link_appearances(_article(BARRELS))
    matching.link_appearances(_article(BARRELS_AGAIN))

    linked = Appearance.objects.get(wording=BARRELS_AGAIN)
    expected = engine.compare(BARRELS_AGAIN, BARRELS)
    assert linked.link_score == expected.score
    assert linked.link_reasons == list(expected.reasons)
    assert Appearance.objects.get(wording=BARRELS).link_score is None


def test_nothing_is_linked_below_the_threshold(settings):
    settings.FACTCHECK_MATCH_CERTAIN = 1.01
    matching.link_appearances(_article(BARRELS, BARRELS_AGAIN))

    assert Claim.objects.count() == 2


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_order_of_arrival_does_not_matter(order):
    texts = [(BARRELS, MUSEUM), (BARRELS_AGAIN,), (OTHER_COUNT, MUSEUM)]
    for number in order:
        matching.link_appearances(_article(*texts[number]))

    assert _groups() == {
        frozenset({BARRELS, BARRELS_AGAIN}), frozenset({OTHER_COUNT}), frozenset({MUSEUM}),
    }  # fmt: skip


def test_a_wording_between_two_claims_joins_the_one_that_more_copies_joined():
    matching.link_appearances(_article("Guards stopped dock workers leaving Havn."))
    matching.link_appearances(_article("Guards prevented dock workers from leaving Havn."))
    alone = _article("Guards at Havn stopped dock workers, forty police officers and two priests.")
    claim = Claim.objects.create(wording=alone.text, language="en")
    Appearance.objects.filter(article=alone).update(claim=claim)
    matching.reindex(claim)
    between = _article("Guards at Havn stopped dock workers from leaving with police officers.")

    assert engine.compare(between.text, alone.text).score >= 0.6
    matching.link_appearances(between)

    assert between.appearances.get().claim.appearances.count() == 3


def test_linking_again_changes_nothing():
    row = _article(BARRELS, MUSEUM)
    matching.link_appearances(row)
    before = list(Appearance.objects.values()), list(Claim.objects.order_by("pk").values())

    assert matching.link_appearances(row) == 0
    assert (
        list(Appearance.objects.values()),
        list(Claim.objects.order_by("pk").values()),
    ) == before


def test_a_persons_link_is_never_touched():
    matching.link_appearances(_article(BARRELS))
    matching.link_appearances(_article(MUSEUM))
    person = get_user_model().objects.create_user("editor")
    row = _article(BARRELS_AGAIN)
    elsewhere = Claim.objects.get(wording=MUSEUM)
    row.appearances.update(claim=elsewhere, linked_by=person)

    matching.link_appearances(row)

    assert row.appearances.get().claim == elsewhere


def test_a_person_may_leave_an_appearance_without_a_claim():
    matching.link_appearances(_article(BARRELS))
    row = _article(BARRELS_AGAIN)
    row.appearances.update(linked_by=get_user_model().objects.create_user("editor"))

    assert matching.link_appearances(row) == 0
    assert row.appearances.get().claim is None


def test_an_appearance_no_longer_found_gets_no_claim():
    row = _article(BARRELS)
    row.appearances.update(current=False)

    assert matching.link_appearances(row) == 0
    assert Claim.objects.count() == 0


def test_claims_of_two_languages_stay_apart():
    matching.link_appearances(_article(BARRELS))

    assert matching.link_appearances(_article(BARRELS, language="no")) == 1


@pytest.mark.parametrize(
    ("abroad", "asked"),
    [
        ("Mira Holt überwies im März 2019 900.000 Euro nach Elvas.", 1),
        ("Mira Holt überwies im März 2019 60.000 Euro nach Elvas.", 0),  # another figure
        ("Mira Holt überwies im Mai 2018 900.000 Euro nach Elvas.", 0),  # another date
        ("Im März 2019 transferred Jan Braun 900.000 Euro nach Olmo.", 0),  # other names
        ("Mira Holt transferred Euro nach Elvas.", 0),  # no figure to go by
    ],
)
def test_a_claim_in_another_language_is_suggested_where_figures_and_names_agree(abroad, asked):
    matching.link_appearances(
        _article("Mira Holt transferred 900,000 euros to Elvas in March 2019.")
    )
    matching.link_appearances(_article(abroad, language="de"))

    assert Suggestion.objects.open().count() == asked


def test_a_claim_is_as_checkworthy_as_its_most_checkworthy_appearance():
    matching.link_appearances(_article(BARRELS, worthiness=0.4))
    matching.link_appearances(_article(BARRELS_AGAIN, worthiness=0.9))
    matching.link_appearances(_article(BARRELS, worthiness=0.2))

    assert Claim.objects.get().worthiness == 0.9


def test_a_wording_without_words_to_go_by_becomes_a_claim_of_its_own():
    assert matching.link_appearances(_article("It was.", "…")) == 2


def test_keys_are_counted_once_though_another_wording_came_since_the_claim_was_read():
    matching.link_appearances(_article(BARRELS))
    read_before = Claim.objects.get()
    matching.link_appearances(_article(BARRELS_AGAIN))

    matching.reindex(read_before)

    stored = Claim.objects.get().fingerprint
    counted = ClaimKey.objects.filter(claims__gt=0).values_list("key", "claims")
    assert dict(counted) == dict.fromkeys(stored, 1)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_give_the_claims_of_one():
    rows = [_article(BARRELS, MUSEUM), _article(BARRELS_AGAIN, OTHER_COUNT, MUSEUM)]

    def link(row: Article) -> int:
        with transaction.atomic():
            return matching.link_appearances(row)

    new = together(*(partial(link, row) for row in rows))

    assert sum(new) == 3
    assert _groups() == {
        frozenset({BARRELS, BARRELS_AGAIN}), frozenset({OTHER_COUNT}), frozenset({MUSEUM}),
    }  # fmt: skip
