"""Deciding what belongs together as people do it: with keys, on a phone, in the dark, and back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from claims import matching
from claims.models import Appearance, Claim, Suggestion
from reviews.states import Status
from tests import factories
from tests.looks import LOOKS, desk, look_at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def suggestion(wording: str, claim: Claim, **fields) -> Suggestion:
    appearance = factories.claim(wording=wording).appearances.get()
    return Suggestion.objects.create(
        appearance=appearance, claim=claim, wording_key=matching.wording_key(wording),
        reasons=["shares “dredging”, “catch”", "the figures agree"], **{"score": 0.71} | fields,
    )  # fmt: skip


@pytest.mark.parametrize("look", LOOKS)
def test_suggestions_are_decided_and_taken_back_without_the_mouse(look, transactional_db):
    claim = factories.claim(wording="Harbour dredging cut the catch by half, the union says.")
    suggestion("Since the dredging began, half of the catch is gone.", claim)
    second = suggestion("Dredging the harbour halved what the boats land.", claim, score=0.66)
    suggestion("Boats land half as much since the harbour was dredged.", claim, score=0.61)
    with desk(look, factories.fact_checker()) as (page,):
        page.goto("/suggested/")
        look_at(page, "suggested")
        row = page.locator(f"#suggestion-{second.ref}")
        by_keys = page.get_by_role("button", name=re.compile("^Down")).is_visible()
        if by_keys:  # a phone has none
            page.keyboard.press("j")
            page.keyboard.press("j")
            page.keyboard.press("Tab")
        else:
            row.get_by_label(re.compile("^Reason")).focus()
        page.keyboard.type("It names another harbour.")
        page.keyboard.press("Enter")  # decides nothing
        expect(row.get_by_role("button", name="Confirm")).to_be_visible()
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        back = row.get_by_role("button", name="Take the decision back")
        expect(back).to_be_focused()
        expect(row).to_contain_text("It names another harbour.")
        if by_keys:
            page.keyboard.press("j")
            expect(page.locator("[data-item]").nth(2)).to_be_focused()

        page.goto("/suggested/?show=decided")
        look_at(page, "decided")
        page.get_by_role("button", name="Take the decision back").press("Enter")
        expect(page.locator(f"#suggestion-{second.ref} input[name=reason]")).to_be_focused()
        page.goto(f"/claims/{claim.ref}/")
        look_at(page, "claim")
    second.refresh_from_db()
    assert second.state == Suggestion.State.OPEN


@pytest.mark.parametrize("look", LOOKS)
def test_merge_with_a_preview_and_split_and_undo_both(look, transactional_db):
    review = factories.review(wording="Harbour dredging cut the catch by half.")
    other = factories.claim(wording="Since the dredging began, half of the catch is gone.")
    with desk(look, factories.fact_checker()) as (page,):
        page.goto(f"/claims/{review.claim.ref}/regroup/")
        page.keyboard.press("/")
        page.keyboard.type("half catch gone")
        page.keyboard.press("Enter")
        page.get_by_role("link", name=other.wording).click()
        expect(page.get_by_text("If the merge is undone it goes on as it was")).to_be_visible()
        look_at(page, "merge")
        page.get_by_label(re.compile("^Why")).first.fill("One report of one union.")
        page.get_by_role("button", name="Merge", exact=True).click()
        expect(page.get_by_text("Merged. You can undo it below.")).to_be_visible()

        page.get_by_role("checkbox").first.check()
        look_at(page, "split")
        page.get_by_role("button", name="Split off what is ticked").click()
        expect(page.get_by_text("Split off. You can undo it below.")).to_be_visible()
        page.get_by_role("button", name=re.compile("Undo the split")).click()
        expect(page.get_by_text("Undone: everything is where it was.")).to_be_visible()
        page.get_by_role("button", name=re.compile("Undo the merge")).click()
        expect(page.get_by_text("Undone: everything is where it was.")).to_be_visible()
        look_at(page, "undone")
    review.refresh_from_db()
    assert review.status == Status.QUEUED
    assert Appearance.objects.get(claim=other).wording == other.wording


@pytest.mark.parametrize("look", LOOKS)
def test_a_verdict_is_adopted_with_one_press_and_approved_by_another(look, transactional_db):
    check = factories.review_at(Status.PUBLISHED)
    review = factories.review(wording="Harbour dredging cut the catch by 60 per cent.")
    appearance = review.claim.appearances.get()
    Suggestion.objects.create(appearance=appearance, claim=check.claim, score=0.71)
    with desk(look, factories.fact_checker(), factories.supervisor()) as (page, approver):
        page.goto("/")
        expect(page.get_by_text("already checked?")).to_be_visible()
        look_at(page, "queue")
        page.get_by_role("link", name=review.claim.wording).click()
        page.get_by_role("button", name=re.compile("Take this review")).click()
        expect(page.get_by_label("Summary")).to_be_editable()
        look_at(page, "already-checked")
        page.get_by_label("Summary").fill("A first thought.")
        page.locator("h1").click()
        expect(page.locator("[data-saved]")).to_contain_text("Version 1 saved")
        page.get_by_role("button", name=re.compile("Adopt this verdict")).click()
        expect(page.get_by_text("Adopted as a draft.")).to_be_visible()
        expect(page.get_by_label("Summary")).to_have_value(factories.DRAFT.summary)
        look_at(page, "adopted")
        page.get_by_role("button", name=re.compile("^Submit")).click()
        expect(page.get_by_text("Submitted.")).to_be_visible()

        approver.goto(f"{review.get_absolute_url()}approval/")
        look_at(approver, "to-approve")
        approver.get_by_role("button", name=re.compile("^Approve version")).click()
        approver.wait_for_load_state()
    review.refresh_from_db()
    assert review.status in (Status.APPROVED, Status.PUBLISHED)
