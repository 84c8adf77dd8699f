"""Putting a review aside and going on with it, with keys alone; and under topics."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from reviews.models import Review, ReviewTopic
from reviews.states import Status
from tests import factories
from tests.looks import LOOKS, desk, look_at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("look", LOOKS)
def test_a_wait_begins_and_ends_without_the_mouse(look, transactional_db):
    review = factories.review_at(Status.IN_PROGRESS)
    with desk(look, review.checker) as (page,):
        page.goto(review.get_absolute_url())
        page.keyboard.press("z")
        expect(page.get_by_label("What you wait for")).to_be_visible()
        look_at(page, "wait for a reply")
        page.get_by_label("What you wait for").focus()
        page.keyboard.type("The port's press office, on the register")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Put aside. It comes back")).to_be_visible()
        expect(page.get_by_text("waits for: The port's press office")).to_be_visible()
        look_at(page, "waiting")
        page.goto("/?view=waiting")
        expect(page.get_by_text("The port's press office, on the register")).to_be_visible()
        look_at(page, "the list of what waits")
        page.goto(review.get_absolute_url())
        page.keyboard.press("z")
        expect(page.get_by_text("Yours for")).to_be_visible()

    assert Review.objects.get().status == Status.IN_PROGRESS


@pytest.mark.parametrize("look", LOOKS)
def test_topics_are_ticked_kept_over_a_reload_and_set(look, transactional_db):
    ReviewTopic.objects.create(slug="sea", name="The sea")
    review = factories.review_at(Status.QUEUED)
    with desk(look, factories.fact_checker()) as (page,):
        page.goto(review.get_absolute_url())
        page.get_by_text("Topics: none: change").click()
        page.get_by_label("The sea").check()
        page.get_by_label("Why it belongs there").fill("It is about the harbour.")
        page.reload()
        expect(page.get_by_label("The sea")).to_be_checked()
        look_at(page, "topics by hand")
        page.get_by_role("button", name="Put it there").press("Enter")
        expect(page.get_by_text("It is under these topics now")).to_be_visible()
        expect(page.get_by_text("Topics: The sea: change")).to_be_visible()
        expect(page.get_by_label("The sea")).not_to_be_visible()
        look_at(page, "under a topic")

    assert Review.objects.get().topics == ["sea"]
