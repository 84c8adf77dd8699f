"""A blind second opinion, from the asking to the decision between two, by keys and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from reviews import history
from reviews.models import Review
from reviews.states import Status
from tests import factories
from tests.looks import LOOKS, desk, look_at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("look", LOOKS)
def test_two_check_blind_disagree_and_a_supervisor_adjudicates(look, transactional_db):
    review = factories.review_at(Status.SUBMITTED)
    finding = history.of(review).summary
    second, decider = factories.fact_checker(), factories.supervisor()
    where = review.get_absolute_url()
    with desk(look, decider, second, review.checker) as (supervisors, seconds, firsts):
        supervisors.goto(f"{where}approval/")
        supervisors.get_by_text("Ask for a second opinion").click()
        supervisors.get_by_label("Of whom").select_option(second.username)
        supervisors.get_by_label("Why", exact=True).fill("It is close.")
        look_at(supervisors, "asking for a second opinion")
        supervisors.get_by_role("button", name="Ask", exact=True).click()
        expect(supervisors.get_by_text("Asked. The verdict is approved once")).to_be_visible()

        seconds.goto("/?view=opinions")
        look_at(seconds, "the list of second opinions")
        seconds.get_by_role("link", name=review.claim.wording).press("Enter")
        expect(seconds.get_by_text("It is close.")).to_be_visible()
        expect(seconds.get_by_text(finding)).to_have_count(0)
        look_at(seconds, "a second opinion, not begun")
        seconds.wait_for_load_state()
        seconds.keyboard.press("t")
        expect(seconds.get_by_role("button", name="Give it")).to_be_visible()
        seconds.get_by_role("radio", name="Half true").focus()
        seconds.keyboard.press("Space")
        seconds.get_by_label("What you found").fill("The fall is half of what is said.")
        seconds.get_by_label("What it rests on").fill("The register of the port.")
        look_at(seconds, "a second opinion being written")
        seconds.reload()
        expect(seconds.get_by_label("What you found")).to_have_value(
            "The fall is half of what is said."
        )
        expect(seconds.get_by_role("radio", name="Half true")).to_be_checked()
        expect(seconds.get_by_text(finding)).to_have_count(0)
        seconds.keyboard.press("Control+Enter")
        expect(seconds.get_by_text("Given. You see the first verdict")).to_be_visible()
        expect(seconds.get_by_text(finding).first).to_be_visible()

        firsts.goto(where)
        expect(firsts.get_by_text("The fall is half of what is said.")).to_be_visible()
        look_at(firsts, "the first checker reads the second")

        supervisors.goto(f"{where}approval/")
        expect(supervisors.get_by_text("The two checkers disagree")).to_be_visible()
        look_at(supervisors, "two that disagree")
        supervisors.get_by_label("The first verdict stands").check()
        supervisors.get_by_label("Why, for both checkers").fill("The register shows a tenth.")
        supervisors.get_by_role("button", name="Adjudicate").click()
        expect(supervisors.get_by_text("Adjudicated; both checkers")).to_be_visible()
        supervisors.wait_for_load_state()
        supervisors.keyboard.press("Control+Enter")
        expect(supervisors.get_by_text("Approved. It is being published.")).to_be_visible()

        for page, name in (("agreement", "agreement"), ("rule", "the rule")):
            supervisors.goto(f"/second-opinions/{page}/")
            look_at(supervisors, name)

    assert Review.objects.get().status == Status.APPROVED
