"""Every state a page can show, looked at once: in the light and in the dark on a phone by turns.

What is reached by working is looked at where it is worked with; here is the rest.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests import factories, scenes
from tests.looks import LOOKS, desk, look_at

pytestmark = pytest.mark.django_db(transaction=True)

EMPTY = (
    "/",
    "/tips/",
    "/feeds/",
    "/imports/",
    "/work-in-progress/",
    "/stories/",
    "/outside-checks/",
    "/suggested/",
)
MORE = (
    "/tips/",
    "/feeds/",
    "/work-in-progress/",
    "/imports/",
    "/notifications/",
    "/articles/",
    "/policy/",
)


@pytest.mark.browser
@pytest.mark.parametrize("look", LOOKS)
def test_nothing_sticks_out_and_nobody_is_left_out(transactional_db, site, look):
    checker, supervisor = factories.fact_checker(), factories.supervisor()
    there = scenes.arrange(checker, supervisor) | {where: where for where in MORE}
    turn = list(LOOKS).index(look)
    with desk(look, supervisor) as (page,):
        for name, where in list(there.items())[turn :: len(LOOKS)]:
            assert page.goto(where).ok, name
            look_at(page, name)


@pytest.mark.browser
@pytest.mark.parametrize("look", LOOKS)
def test_what_changed_on_a_page_opens_in_place(transactional_db, site, look):
    there = scenes.arrange(factories.fact_checker(), person := factories.supervisor())
    with desk(look, person) as (page,):
        for name in ("claim-changed", "review-changed", "evidence-changed"):
            page.goto(there[name])
            for what in page.get_by_text("What changed").all():
                what.click()
            expect(page.locator("del").first).to_be_visible()
            look_at(page, name)


@pytest.mark.browser
def test_where_nothing_is_yet_it_is_said(transactional_db):
    with desk("dark on a phone", factories.supervisor()) as (page,):
        for where in EMPTY:
            page.goto(where)
            assert page.locator(".empty").is_visible(), where
            look_at(page, where)


@pytest.mark.browser
def test_the_menu_opens_and_closes_by_keys_and_needs_no_script(transactional_db):
    with desk("light", factories.supervisor()) as (page,):
        page.goto("/tips/")
        menu, feeds = page.get_by_text("More", exact=True), page.get_by_role("link", name="Feeds")
        expect(feeds).to_be_hidden()
        menu.press("Enter")
        expect(feeds).to_be_visible()
        look_at(page, "the menu")
        feeds.focus()
        page.keyboard.press("Escape")
        expect(feeds).to_be_hidden()
        expect(menu).to_be_focused()

        with page.context.browser.new_context(java_script_enabled=False) as plain:
            plain.add_cookies(page.context.cookies())
            other = plain.new_page()
            other.goto(page.url)
            other.get_by_text("More", exact=True).click()
            other.get_by_role("link", name="Feeds").click()
            assert other.url.endswith("/feeds/")
