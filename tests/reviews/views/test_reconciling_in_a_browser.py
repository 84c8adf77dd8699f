"""A conflict in a real browser: one key a field, the focus goes on, and no word is ever lost."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from reviews import history
from reviews.states import Status
from tests import factories
from tests.looks import desk, look_at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

START = replace(
    factories.DRAFT, claim_wording="Dredging halved the catch.", summary="It fell by a tenth.",
    explanation="One register shows it. The year was wet. Nobody disputes it.",
)  # fmt: skip
THEIRS = replace(
    START, rating="false", claim_wording="Dredging halved the catch in 2025.",
    summary="It fell by half.",
    explanation="Two registers show it. The year was wet. Nobody disputes it.",
)  # fmt: skip


def save(review, draft) -> None:
    history.save(
        review, by=review.checker, token=review.lease_token, seq=history.of(review).seq,
        draft=draft,
    )  # fmt: skip


def test_keys_put_two_saves_together_and_nothing_is_lost(transactional_db):
    review = factories.review_at(Status.IN_PROGRESS)
    save(review, START)
    with desk("dark on a phone", review.checker, refused=True) as [page]:
        page.goto(review.get_absolute_url())
        summary, claim = page.get_by_label("Summary"), page.get_by_label("Claim as checked")
        explanation = page.get_by_label("Explanation")
        claim.fill("Dredging cut the catch.")
        summary.fill("It rose.")
        explanation.fill("One register shows it. The year was wet. One skipper disputes it.")
        save(review, THEIRS)
        page.locator("#verdict-save").click()

        # What is in nobody's way is put together; the first that is asked about has the focus.
        expect(page.locator("#meeting-claim_wording")).to_be_focused()
        expect(page.locator("input[name=rating][value=false]")).to_be_checked()
        expect(explanation).to_have_value(
            "Two registers show it. The year was wet. One skipper disputes it."
        )
        expect(summary).to_have_value("It rose.")
        look_at(page, "conflict on a phone")

        page.keyboard.press("t")
        expect(claim).to_have_value(THEIRS.claim_wording)
        expect(page.locator("#meeting-summary")).to_be_focused()

        # A reload, and another save meanwhile: the words come back, and meet both.
        summary.fill("It rose a little.")
        page.reload()
        save(review, replace(THEIRS, summary="It fell by a third."))
        page.get_by_role("button", name="Put them back").click()
        expect(summary).to_have_value("It rose a little.")
        page.locator("#verdict-save").click()
        expect(page.locator("#meeting-summary")).to_be_focused()
        expect(page.locator("[data-asked]")).to_have_count(1)
        page.keyboard.press("m")
        expect(page.locator("#verdict-save")).to_be_focused()
        page.keyboard.press("s")

        expect(page.locator("[data-saved]")).to_contain_text("Version 4 saved")
        expect(page.locator(".meeting")).to_have_count(0)
        page.reload()
        expect(summary).to_have_value("It rose a little.")
        expect(page.locator("#kept-draft")).to_be_hidden()
    assert history.draft_of(history.of(review)) == replace(
        THEIRS, summary="It rose a little.",
        explanation="Two registers show it. The year was wet. One skipper disputes it.",
    )  # fmt: skip


def test_writing_below_decides_by_hand_and_an_open_question_is_not_saved_over(transactional_db):
    review = factories.review_at(Status.IN_PROGRESS)
    save(review, START)
    with desk("light", review.checker, refused=True) as [page]:
        page.goto(review.get_absolute_url())
        page.get_by_label("Summary").fill("It rose.")
        save(review, THEIRS)
        page.get_by_role("button", name=re.compile("^Save")).click()
        expect(page.locator("#meeting-summary")).to_be_focused()
        page.get_by_role("button", name="Save both together").click()
        expect(page.get_by_text("Say first whose stands: “Summary”.")).to_be_visible()
        assert history.of(review).seq == 2

        look_at(page, "conflict")

        page.get_by_label("Summary").fill("It rose. Slightly.")
        expect(page.get_by_label("by hand")).to_be_checked()
        page.get_by_role("button", name="Save both together").click()
        expect(page.locator("[data-saved]")).to_contain_text("Version 3 saved")
    assert history.of(review).summary == "It rose. Slightly."
