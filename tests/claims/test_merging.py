"""Merging, splitting and deciding lose nothing, and undoing restores both claims exactly."""

from __future__ import annotations

from functools import partial

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from claims import matching, merging
from claims import text as engine
from claims.models import (
    Appearance,
    Article,
    Claim,
    ClaimKey,
    ClaimMerge,
    ClaimSplit,
    Flag,
    Suggestion,
)
from tests.factories import article
from tests.together import together

BARRELS = "Divers found 40 barrels of solvent under the old pier at Havn."
BARRELS_AGAIN = "Under the old pier at Havn, divers discovered 40 barrels of solvent."
CASKS = "Forty casks of paint thinner lay under a jetty in Havn, divers say."
MUSEUM = "The museum of Elvas reopens in May with 300 paintings."
FERRY = "The ferry to Olmo will stop running in 2027."
WORDINGS = [BARRELS, BARRELS_AGAIN, CASKS, MUSEUM, FERRY]


def editor():
    return get_user_model().objects.get_or_create(username="editor")[0]


def found(*wordings: str, language: str = "en") -> Article:
    """An article of these sentences, each found as a claim and linked."""
    row = article(" ".join(wordings), language=language)
    start = 0
    for wording in wordings:
        end = start + len(wording)
        Appearance.objects.create(
            article=row, start=start, end=end, sentence_start=start, sentence_end=end,
            wording=wording, worthiness=0.5,
        )  # fmt: skip
        start = end + 1
    matching.link_appearances(row)
    return row


def claim_of(row: Article) -> Claim:
    return Claim.objects.get(appearances=row.appearances.order_by("start")[0])


def decide(what, *args, **fields):
    return what(*args, by=editor(), at=timezone.now(), **fields)


def everything() -> dict[str, object]:
    """All that merging and splitting may touch: rows as they are, keys as sets."""
    return {
        "claims": [
            {**row, "fingerprint": sorted(row["fingerprint"])}
            for row in Claim.objects.order_by("pk").values()
        ],
        "appearances": [*Appearance.objects.order_by("pk").values()],
        "suggestions": [*Suggestion.objects.order_by("pk").values()],
        "flags": [_described(row) for row in Flag.objects.order_by("article", "kind").values()],
        "keys": {key: n for key, n in ClaimKey.objects.values_list("key", "claims") if n},
    }


def _described(flag: dict[str, object]) -> dict[str, object]:
    """A flag; one found by comparing copies goes and comes with them, under another reference."""
    found_anew = flag["claim_id"] and flag["state"] == Flag.State.OPEN
    return {name: flag[name] for name in flag if not (found_anew and name in ("id", "ref"))}


def likely(monkeypatch_settings) -> Suggestion:
    """A suggestion that BARRELS_AGAIN states BARRELS, because nothing is certain."""
    monkeypatch_settings.FACTCHECK_MATCH_CERTAIN = 1.01
    found(BARRELS)
    found(BARRELS_AGAIN)
    return Suggestion.objects.get()


@pytest.mark.django_db
class TestSuggesting:
    def test_a_likely_claim_is_suggested_with_score_and_reasons(self, settings):
        made = likely(settings)

        expected = engine.compare(BARRELS_AGAIN, BARRELS)
        assert (made.appearance.wording, made.claim.wording) == (BARRELS_AGAIN, BARRELS)
        assert (made.score, made.reasons) == (expected.score, list(expected.reasons))
        assert list(Suggestion.objects.open()) == [made]

    def test_what_is_unlikely_is_not_suggested(self):
        found(BARRELS)
        found(MUSEUM)

        assert not Suggestion.objects.exists()

    def test_a_confirmed_wording_links_later_identical_ones(self, settings):
        made = likely(settings)
        decide(merging.confirm, made)
        later = found(BARRELS_AGAIN.upper().capitalize())

        assert claim_of(later) == made.claim

    def test_a_rejected_pair_is_never_linked_or_suggested_again(self, settings):
        made = likely(settings)
        decide(merging.reject, made)
        settings.FACTCHECK_MATCH_CERTAIN = 0.6
        later = found(BARRELS_AGAIN)

        assert claim_of(later) == made.appearance.claim
        assert Suggestion.objects.count() == 1

    def test_taking_a_decision_back_restores_everything(self, settings):
        made = likely(settings)
        before = everything()
        decide(merging.confirm, made)
        assert everything() != before
        made.refresh_from_db()
        decide(merging.reopen, made)

        assert everything() == before

    def test_names_and_figures_suggest_a_claim_in_another_language(self):
        found("Mayor Anna Lindqvist of Havn closed 40 schools in 2021.")
        abroad = found("Anna Lindqvist aus Havn schloss 2021 40 Schulen.", language="de")

        made = Suggestion.objects.get(appearance__article=abroad)
        assert made.claim.language == "en"

    def test_languages_are_linked_by_hand_and_taken_apart_again(self):
        mine = claim_of(found(BARRELS))
        abroad = found("Taucher fanden Fässer unter der Mole.", language="de")
        before = everything()
        made = decide(merging.link, abroad.appearances.get(), mine)
        assert abroad.appearances.get().claim == mine

        decide(merging.reopen, made)
        after = everything()
        Suggestion.objects.all().delete()
        assert after | {"suggestions": []} == before


def among_others(monkeypatch_settings) -> Suggestion:
    """A suggestion about one of two wordings that stand in one claim: to confirm it is no merge."""
    monkeypatch_settings.FACTCHECK_MATCH_CERTAIN = 1.01
    found(BARRELS)
    mine = claim_of(found(MUSEUM))
    other = claim_of(found(BARRELS_AGAIN))
    made = Suggestion.objects.get()
    decide(merging.merge, mine, other)
    return made


@pytest.mark.django_db
class TestTakingBack:
    def test_a_link_out_of_a_claim_with_other_wordings_is_undone_exactly(self, settings):
        made = among_others(settings)
        Claim.objects.filter(pk=made.appearance.claim_id).update(worthiness=0.9)
        Appearance.objects.filter(pk=made.appearance_id).update(worthiness=0.9)
        before = everything()
        decide(merging.confirm, made)
        assert not ClaimMerge.objects.filter(into=made.claim).exists()
        assert Claim.objects.get(pk=made.claim_id).worthiness == 0.9
        decide(merging.reopen, made)

        assert everything() == before

    def test_identical_wordings_that_were_there_before_stay(self, settings):
        made = among_others(settings)
        there = found(FERRY)
        Appearance.objects.filter(article=there).update(
            claim=made.claim, wording=made.appearance.wording
        )
        decide(merging.confirm, made)
        decide(merging.reopen, made)

        assert there.appearances.get().claim == made.claim

    def test_what_came_by_the_decision_goes_back_with_it(self, settings):
        made = among_others(settings)
        left = made.appearance.claim
        decide(merging.confirm, made)
        later = found(BARRELS_AGAIN)
        assert claim_of(later) == made.claim
        decide(merging.reopen, made)

        assert claim_of(later) == left

    def test_a_link_by_hand_that_is_taken_back_asks_nobody(self):
        mine = claim_of(found(BARRELS))
        abroad = found("Taucher fanden Fässer unter der Mole.", language="de")
        made = decide(merging.link, abroad.appearances.get(), mine)
        decide(merging.reopen, made)

        assert not Suggestion.objects.open().exists()
        decide(merging.link, abroad.appearances.get(), mine)
        assert abroad.appearances.get().claim == mine

    def test_a_link_that_was_moved_on_is_not_taken_back_behind_the_later_one(self, settings):
        made = among_others(settings)
        third = claim_of(found(FERRY))
        decide(merging.confirm, made)
        decide(merging.link, made.appearance, third)

        with pytest.raises(merging.Refused, match="linked elsewhere since"):
            decide(merging.reopen, made)

    def test_what_was_linked_elsewhere_can_be_linked_again(self, settings):
        made = among_others(settings)
        third = claim_of(found(FERRY))
        decide(merging.confirm, made)
        decide(merging.link, made.appearance, third)
        decide(merging.link, made.appearance, made.claim)

        made.appearance.refresh_from_db()
        assert made.appearance.claim == made.claim

    def test_a_decision_that_a_merge_implied_is_undone_with_the_merge_only(self, settings):
        made = likely(settings)
        merge = decide(merging.merge, made.appearance.claim, made.claim)
        made.refresh_from_db()

        with pytest.raises(merging.Refused, match="undo that instead"):
            decide(merging.reopen, made)
        decide(merging.undo_merge, merge)
        assert list(Suggestion.objects.open()) == [made]

    def test_undoing_the_merge_opens_the_suggestion_that_was_it(self, settings):
        made = likely(settings)
        other = claim_of(found(MUSEUM))
        decide(merging.merge, made.claim, other)
        made.refresh_from_db()
        decide(merging.confirm, made)
        decide(merging.undo_merge, made.merge)

        made.refresh_from_db()
        assert (made.state, made.merge, made.left) == ("open", None, None)


@pytest.mark.django_db
class TestMergingAndSplitting:
    def test_a_merged_claim_points_to_where_it_went(self):
        one, other = claim_of(found(BARRELS)), claim_of(found(MUSEUM))
        decide(merging.merge, one, other)

        one.refresh_from_db()
        assert one.merged_into == other
        assert other.appearances.count() == 2

    def test_a_merged_claim_cannot_be_merged_again(self):
        one, other, third = (claim_of(found(wording)) for wording in (BARRELS, MUSEUM, FERRY))
        decide(merging.merge, one, other)

        with pytest.raises(merging.Refused, match="merged away"):
            decide(merging.merge, one, third)

    def test_the_later_merge_is_undone_first(self):
        one, other, third = (claim_of(found(wording)) for wording in (BARRELS, MUSEUM, FERRY))
        first = decide(merging.merge, one, other)
        decide(merging.merge, other, third)

        with pytest.raises(merging.Refused, match="undo that first"):
            decide(merging.undo_merge, first)

    def test_what_came_since_stays_with_the_claim_it_came_to(self):
        one, other = claim_of(found(BARRELS)), claim_of(found(MUSEUM))
        merge = decide(merging.merge, one, other)
        later = found(MUSEUM)
        decide(merging.undo_merge, merge)

        assert claim_of(later) == other
        assert one.appearances.count() == 1

    def test_what_the_merge_drew_in_since_goes_back_with_it(self):
        one, other = claim_of(found(BARRELS)), claim_of(found(MUSEUM))
        merge = decide(merging.merge, one, other)
        later = found(BARRELS)
        assert claim_of(later) == other
        decide(merging.undo_merge, merge)

        assert claim_of(later) == one

    def test_a_suggestion_that_moved_and_was_decided_since_stays_where_it_was_decided(
        self, settings
    ):
        made = likely(settings)
        other = claim_of(found(MUSEUM))
        merge = decide(merging.merge, made.claim, other)
        made.refresh_from_db()
        decide(merging.confirm, made)
        decide(merging.undo_merge, merge)

        made.refresh_from_db()
        assert (made.claim, made.state) == (other, "confirmed")
        decide(merging.reopen, made)
        assert claim_of(made.appearance.article) == Claim.objects.get(wording=BARRELS_AGAIN)

    def test_a_split_put_together_again_is_no_merge_to_undo(self):
        claim = claim_of(found(BARRELS))
        again = found(BARRELS_AGAIN)
        split = decide(merging.split, claim, again.appearances.all())
        decide(merging.undo_split, split)

        assert not ClaimMerge.objects.made_by_people().exists()
        with pytest.raises(merging.Refused, match="split the appearances off again"):
            decide(merging.undo_merge, ClaimMerge.objects.get())

    def test_nothing_is_split_off_a_claim_that_was_merged_away(self):
        row = found(BARRELS)
        claim = claim_of(row)
        decide(merging.merge, claim, claim_of(found(MUSEUM)))

        with pytest.raises(merging.Refused, match="merged away"):
            decide(merging.split, claim, row.appearances.all())

    def test_a_preview_counts_what_the_merge_then_moves(self, settings):
        made = likely(settings)
        again = found(BARRELS.upper().capitalize())
        again.appearances.update(claim=made.claim)
        Suggestion.objects.create(
            appearance=made.claim.appearances.all()[0], claim=made.appearance.claim,
            wording_key="", score=0.6,
        )  # fmt: skip
        told = merging.preview(made.claim, made.appearance.claim)
        merge = decide(merging.merge, made.claim, made.appearance.claim)

        assert [(one.first.wording, one.copies) for one in told.wordings] == [(BARRELS, 2)]
        assert told.appearances == len(merge.record["appearances"]) == 2
        assert told.suggestions == 1
        assert told.flags == len(merge.record["flags"])

    def test_a_wording_split_off_is_never_linked_back(self):
        row = found(BARRELS)
        again = found(BARRELS_AGAIN)
        claim = claim_of(row)
        split = decide(merging.split, claim, again.appearances.all())
        later = found(BARRELS_AGAIN)

        assert claim_of(later) == split.new_claim

    def test_nothing_or_everything_cannot_be_split_off(self):
        claim = claim_of(found(BARRELS))

        with pytest.raises(merging.Refused, match="leave at least one"):
            decide(merging.split, claim, claim.appearances.all())


class TestRoundTrip(TestCase):
    @settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(data=st.data())
    def test_undoing_in_reverse_restores_everything(self, data):
        for wording in data.draw(st.lists(st.sampled_from(WORDINGS), min_size=2, max_size=6)):
            found(wording)
        history = []
        for _ in range(data.draw(st.integers(1, 4))):
            standing = list(Claim.objects.filter(merged_into=None).order_by("pk"))
            before = everything()
            if data.draw(st.booleans()) and len(standing) > 1:
                pair = data.draw(st.permutations(standing))[:2]
                history.append((merging.undo_merge, decide(merging.merge, *pair), before))
                continue
            claim = data.draw(st.sampled_from(standing))
            if len(set(claim.appearances.values_list("wording", flat=True))) > 1:
                rows = claim.appearances.order_by("pk")[:1]
                history.append((merging.undo_split, decide(merging.split, claim, rows), before))
        shed = set()  # claims that were split off: undone, they stay, merged back and empty
        for undo, made, before in reversed(history):
            decide(undo, made)
            if undo is merging.undo_split:
                shed.add(made.new_claim_id)
            after = everything()
            after["claims"] = [row for row in after["claims"] if row["id"] not in shed]
            assert after == before


@pytest.mark.django_db(transaction=True)
def test_two_people_merging_each_into_the_other_end_with_one_merge():
    one, other = claim_of(found(BARRELS)), claim_of(found(MUSEUM))
    decide(merging.merge, claim_of(found(FERRY)), one)  # makes the editor, too
    calls = [partial(decide, merging.merge, *pair) for pair in ((one, other), (other, one))]
    said = together(*calls)

    assert sorted(type(answer).__name__ for answer in said) == ["ClaimMerge", "Refused"]
    assert Claim.objects.filter(merged_into=None).count() == 1
    assert Appearance.objects.filter(claim__merged_into=None).count() == 3


@pytest.mark.django_db(transaction=True)
def test_of_two_people_deciding_one_suggestion_the_second_finds_it_decided(settings):
    made = likely(settings)
    calls = [
        partial(decide, what, Suggestion.objects.get(pk=made.pk))
        for what in (merging.confirm, merging.reject)
    ]
    for _ in range(3):
        said = together(*calls)
        assert sorted(isinstance(answer, merging.Refused) for answer in said) == [False, True]
        decide(merging.reopen, Suggestion.objects.get(pk=made.pk))


@pytest.mark.django_db(transaction=True)
def test_an_undo_sent_twice_at_once_happens_once():
    merge = decide(merging.merge, claim_of(found(BARRELS)), claim_of(found(MUSEUM)))
    undo = partial(decide, merging.undo_merge)
    said = together(
        partial(undo, ClaimMerge.objects.get()), partial(undo, ClaimMerge.objects.get())
    )

    assert sorted(type(answer).__name__ for answer in said) == ["NoneType", "Refused"]
    assert ClaimMerge.objects.get(pk=merge.pk).undone_by == editor()
    assert not ClaimSplit.objects.exists()
