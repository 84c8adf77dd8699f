"""What merging, splitting and linking do to reviews: undoing brings back all there was."""

from __future__ import annotations

from functools import partial

import pytest
from django.conf import settings

from claims import matching, merging
from claims.models import Appearance, Claim, ClaimMerge, Suggestion
from reviews import history, leases, queue, regrouping, workflow
from reviews.leases import Refused
from reviews.models import Review
from reviews.states import Action, Status
from tests import factories
from tests.factories import fact_checker, review_at, supervisor
from tests.together import together

WENT_ON = (Status.QUEUED, Status.IN_PROGRESS, Status.RETURNED, Status.WAITING)


def trace(review: Review) -> dict[str, object]:
    """The row of a review, but for when its priority was computed, and its verdict."""
    row = Review.objects.filter(pk=review.pk).values().get()
    del row["prioritised_at"]
    verdict = history.of(review)
    return row | {"verdict": (verdict.seq, verdict.content_hash)}


def suggested(review: Review, claim: Claim, *, others: bool = False) -> Suggestion:
    """A suggestion that what the reviewed claim says is `claim`; with `others`, one of two."""
    appearance = review.claim.appearances.get()
    if others:
        more = factories.claim().appearances.get()
        Appearance.objects.filter(pk=more.pk).update(claim=review.claim)
    return Suggestion.objects.create(
        appearance=appearance, claim=claim, score=0.6,
        wording_key=matching.wording_key(appearance.wording),
    )  # fmt: skip


@pytest.mark.usefixtures("record_holds")
class TestMerging:
    @pytest.mark.parametrize("status", WENT_ON)
    def test_a_review_that_a_merge_ended_comes_back_as_it_was(self, status):
        review = review_at(status, checker=(checker := supervisor()))
        before = trace(review)
        merge = regrouping.merge(review.claim, factories.claim(), by=checker, reason="The same.")
        review.refresh_from_db()
        assert review.status == Status.DISMISSED
        regrouping.undo_merge(merge, by=fact_checker())

        assert trace(review) == before

    def test_the_page_that_was_open_still_saves_after_the_merge_is_undone(self, db):
        review = review_at(Status.IN_PROGRESS)
        token = review.lease_token
        merge = regrouping.merge(review.claim, factories.claim(), by=review.checker, reason="")
        regrouping.undo_merge(merge, by=fact_checker())

        version = history.save(review, by=review.checker, token=token, seq=0, draft=factories.DRAFT)
        assert version.seq == 1

    def test_a_lease_that_ran_out_meanwhile_is_not_given_back_and_the_history_says_so(self, db):
        review = review_at(Status.IN_PROGRESS)
        checker = review.checker
        merge = regrouping.merge(review.claim, factories.claim(), by=checker, reason="")
        merge.record["review"]["expires_at"] = leases.clock().isoformat()
        merge.save()
        regrouping.undo_merge(merge, by=checker)

        review.refresh_from_db()
        note = review.events.latest("pk").note
        assert (review.status, review.checker) == (Status.QUEUED, None)
        assert note == f"the claims are two again; the lease of {checker} has run out meanwhile"

    def test_who_holds_as_many_as_they_may_gets_no_further_one_back(self, db):
        review = review_at(Status.IN_PROGRESS)
        checker = review.checker
        merge = regrouping.merge(review.claim, factories.claim(), by=checker, reason="")
        for _ in range(settings.LEASES_PER_PERSON):
            workflow.take(factories.review(), by=checker)
        regrouping.undo_merge(merge, by=checker)

        review.refresh_from_db()
        assert review.status == Status.QUEUED
        assert "holds as many others now" in review.events.latest("pk").note

    def test_who_checks_no_more_gets_nothing_back(self, db):
        review = review_at(Status.RETURNED, checker=(checker := fact_checker()))
        merge = regrouping.merge(review.claim, factories.claim(), by=supervisor(), reason="")
        checker.groups.clear()
        regrouping.undo_merge(merge, by=supervisor())

        review.refresh_from_db()
        assert review.status == Status.QUEUED
        assert "checks no claims any more" in review.events.latest("pk").note

    @pytest.mark.parametrize("status", [Status.SUBMITTED, Status.APPROVED])
    def test_what_is_on_its_way_to_readers_is_not_merged_away(self, status):
        review = review_at(status)

        with pytest.raises(Refused, match="stands in the way"):
            regrouping.merge(review.claim, factories.claim(), by=supervisor(), reason="")
        assert not ClaimMerge.objects.exists()

    def test_what_a_colleague_holds_is_not_merged_away(self, db):
        review = review_at(Status.IN_PROGRESS)

        with pytest.raises(Refused, match=f"{review.checker} is checking this claim"):
            regrouping.merge(review.claim, factories.claim(), by=supervisor(), reason="")

    def test_a_published_check_stays_published_and_can_be_corrected(self, db):
        review, other = review_at(Status.PUBLISHED), factories.claim()
        regrouping.merge(review.claim, other, by=(checker := fact_checker()), reason="")
        review.refresh_from_db()
        assert review.status == Status.PUBLISHED

        workflow.correct(review, by=checker, reason="The year was wrong.")
        factories.save(review, summary="Landings fell by a ninth.")
        factories.submit(review)
        told = history.of(review).context["appearances"]
        assert len(told) == 2  # where the claim appears now that both are one

    def test_the_refusal_shown_before_is_the_one_given(self, db):
        review, other, person = review_at(Status.SUBMITTED), factories.claim(), supervisor()

        shown = regrouping.refusal(review.claim, other, person)
        with pytest.raises(Refused) as given:
            regrouping.merge(review.claim, other, by=person, reason="")
        assert str(given.value) == shown != ""

    def test_nobody_merges_splits_or_links_without_the_permission(self, db):
        review, other, nobody = factories.review(), factories.claim(), factories.data_editor()
        suggestion = suggested(review, other)
        appearance = review.claim.appearances.get()
        for what in (
            partial(regrouping.merge, review.claim, other, reason=""),
            partial(regrouping.split, review.claim, [appearance], reason=""),
            partial(regrouping.link, appearance, other),
            partial(regrouping.decide, suggestion, state="confirmed"),
        ):
            with pytest.raises(Refused, match="Your role does not allow this"):
                what(by=nobody)

    def test_undoing_a_split_ends_the_review_of_what_was_split_off(self, db):
        review = factories.review()
        more = factories.claim().appearances.get()
        Appearance.objects.filter(pk=more.pk).update(claim=review.claim)
        split = regrouping.split(review.claim, [more], by=(person := fact_checker()), reason="")
        queue.open_reviews()
        opened = Review.objects.get(claim=split.new_claim)
        regrouping.undo_split(split, by=person)

        opened.refresh_from_db()
        assert (opened.status, opened.events.latest("pk").action) == (
            Status.DISMISSED, Action.MERGE,
        )  # fmt: skip


@pytest.mark.usefixtures("record_holds")
class TestDeciding:
    def test_confirming_what_is_a_merge_ends_the_review_and_taking_it_back_brings_it_back(self):
        review, other = review_at(Status.IN_PROGRESS), factories.claim()
        before, made = trace(review), suggested(review, other)
        regrouping.decide(made, state="confirmed", by=review.checker)
        review.refresh_from_db()
        assert review.status == Status.DISMISSED
        regrouping.decide(made, state="open", by=fact_checker())

        assert trace(review) == before

    def test_confirming_one_of_two_wordings_leaves_the_review(self):
        review, other = factories.review(), factories.claim()
        before, made = trace(review), suggested(review, other, others=True)
        regrouping.decide(made, state="confirmed", by=fact_checker())
        review.refresh_from_db()
        assert review.status == Status.QUEUED
        regrouping.decide(made, state="open", by=fact_checker())

        assert review.claim.appearances.count() == 2
        assert trace(review)["status"] == before["status"]

    def test_a_link_made_meanwhile_does_not_end_the_review_of_the_claim_it_left(self):
        """The suggestion was read before somebody moved its appearance elsewhere."""
        review, third = factories.review(), factories.review()
        made = suggested(review, factories.claim())
        made.appearance.claim  # noqa: B018  read, as a view does
        appearance = Appearance.objects.get(pk=made.appearance_id)
        regrouping.link(appearance, third.claim, by=fact_checker())
        more = factories.claim().appearances.get()
        Appearance.objects.filter(pk=more.pk).update(claim=review.claim)
        regrouping.decide(made, state="confirmed", by=fact_checker())

        third.refresh_from_db()
        assert third.status == Status.QUEUED
        assert made.left == third.claim

    def test_what_is_no_decision_is_refused(self):
        made = suggested(factories.review(), factories.claim())
        regrouping.decide(made, state="rejected", by=fact_checker())

        with pytest.raises(Refused, match="confirmed, rejected, or open"):
            regrouping.decide(made, state="", by=fact_checker())
        made.refresh_from_db()
        assert made.state == "rejected"


class TestNews:
    def test_who_found_it_unproven_is_told_of_a_copy_that_a_merge_brought(self, db):
        review = factories.review()
        workflow.take(review, by=(checker := fact_checker()))
        factories.save(review, rating="unproven")
        factories.attach(review)
        factories.submit(review)
        regrouping.merge(factories.claim(), review.claim, by=fact_checker(), reason="The same.")

        review.refresh_from_db()
        assert review.news == ["a new independent origin: 2 now"]
        assert list(Review.objects.with_news_for(checker)) == [review]


@pytest.mark.django_db(transaction=True)
def test_a_merge_and_a_decision_on_the_review_it_ends_do_not_wait_for_each_other():
    """Whoever comes second finds what the first did; neither meets an error of the database."""
    review, other = review_at(Status.IN_PROGRESS), factories.claim()
    checker = review.checker
    for _ in range(3):
        said = together(
            partial(regrouping.merge, review.claim, other, by=checker, reason=""),
            partial(
                workflow.release, Review.objects.get(pk=review.pk), by=checker,
                token=review.lease_token,
            ),
        )  # fmt: skip
        assert {type(answer) for answer in said} <= {ClaimMerge, type(None), Refused}
        made = ClaimMerge.objects.get(undone_at=None)
        regrouping.undo_merge(made, by=checker)
        review.refresh_from_db()
        if review.status == Status.QUEUED:
            workflow.take(review, by=checker)
    assert not Suggestion.objects.filter(state="confirmed").exists()
    assert merging.preview(review.claim).appearances == 1
