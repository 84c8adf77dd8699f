"""Putting a review aside and going on with it, with keys alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from reviews.models import Review
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
