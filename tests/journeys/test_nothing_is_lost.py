"""A day at the desk without the mouse, and what is lost when things go wrong: nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.sessions.models import Session
from django.db import connections
from playwright.sync_api import BrowserContext, Page, expect

from reviews import history, leases, notifications, workflow
from reviews.inbox import Kind
from reviews.models import Review, User
from reviews.states import Status
from tests import chromium, factories
from tests.factories import fact_checker, review_at, supervisor
from tests.serving import served, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WORDS = "The register says 9.1 thousand tonnes."
EXPECTED = re.compile(r"ERR_INTERNET_DISCONNECTED|status of 409|^htmx:")  # the net, a refusal


@pytest.fixture
def opened(transactional_db) -> Iterator[Callable[..., Page]]:
    """Open pages, each person with a browser of their own; no script fails and nothing is told
    on the console but what the network did."""
    problems: list[str] = []
    with served() as address, chromium.launched() as browser:
        people: dict[int | None, BrowserContext] = {}

        def open_page(user: User | None, path: str) -> Page:
            if (key := user and user.pk) not in people:
                context = people[key] = browser.new_context(base_url=address)
                context.set_default_timeout(8_000)
                context.on("console", lambda message: problems.append(message.text))
                context.on("weberror", lambda error: problems.append(str(error.error)))
                if user:
                    sign_in(context, user, address)
            page = people[key].new_page()
            page.goto(path)
            return page

        yield open_page
        connections.close_all()
    assert [problem for problem in problems if not EXPECTED.search(problem)] == []


def looks_right(page: Page) -> None:
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def type_into(page: Page, *fields: str) -> None:
    """Type into one field after the other."""
    for words in fields:
        page.keyboard.type(words)
        page.keyboard.press("Tab")


def test_three_claims_from_sign_in_to_submit_without_the_mouse(opened):
    checker = fact_checker()
    checker.set_password("harbour-lights-at-six")
    checker.save()
    reviews = [factories.review() for _ in range(3)]
    page = opened(None, "/")
    looks_right(page)
    page.keyboard.type(checker.username)
    page.keyboard.press("Tab")
    page.keyboard.type("harbour-lights-at-six")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile("Take next"))).to_be_visible()
    for _ in reviews:
        page.wait_for_load_state()
        page.keyboard.press("n")
        expect(page.locator("#verdict-form")).to_be_visible()
        page.wait_for_load_state()
        page.keyboard.press("e")
        expect(page.get_by_label("Supports the claim")).to_be_focused()
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        type_into(page, "Landings: 9.1 thousand tonnes.", "Landing register", "Port authority")
        page.keyboard.press("Enter")
        expect(page.locator(".evidence-list")).to_contain_text("Landing register")
        page.keyboard.press("v")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        type_into(page, "Landings fell by a tenth.")
        page.keyboard.type("The register of the port says so.")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#notices")).to_contain_text("Submitted.")

    for review in reviews:
        review.refresh_from_db()
    assert [review.status for review in reviews] == [Status.SUBMITTED] * 3


def test_of_two_who_take_one_claim_one_holds_it_and_the_other_reads_who(opened):
    review, first, second = factories.review(), fact_checker(), fact_checker()
    pages = [opened(person, review.get_absolute_url()) for person in (first, second)]

    for page in pages:
        page.keyboard.press("t")
    for page in pages:
        expect(page.locator("#notices .notice, #verdict-form").first).to_be_visible()

    holding = [page for page in pages if page.locator("#verdict-form").count()]
    [late] = [page for page in pages if page not in holding]
    assert len(holding) == 1
    expect(late.locator("#notices")).to_contain_text("This review is being checked.")
    looks_right(late)


def test_a_lease_that_ends_while_typing_keeps_the_words_and_another_is_not_overwritten(opened):
    review = review_at(Status.IN_PROGRESS)
    checker, other = review.checker, supervisor()
    page = opened(checker, review.get_absolute_url())
    page.get_by_label("Summary").type(WORDS)
    factories.run_out(review)
    workflow.expire(review)
    workflow.take(review, by=other)
    factories.save(review, summary="Somebody else's words.")

    page.locator("#verdict-save").press("Enter")

    expect(page.locator("#verdict-panel [role=alert]")).to_contain_text("is checking it")
    expect(page.get_by_label("Summary")).to_have_value(WORDS)
    assert history.of(review).summary == "Somebody else's words."
    looks_right(page)


def test_a_session_that_ends_while_typing_leads_back_to_the_words(opened):
    review = review_at(Status.IN_PROGRESS)
    checker = review.checker
    checker.set_password("harbour-lights-at-six")
    checker.save()
    page = opened(checker, review.get_absolute_url())
    sign_in_again(page, checker)
    page.goto(review.get_absolute_url())
    page.get_by_label("Comment for your colleagues").type("Ask the port.")
    page.get_by_label("Summary").type(WORDS)
    Session.objects.all().delete()

    page.locator("#verdict-save").press("Enter")

    page.get_by_role("link", name="Sign in again").press("Enter")
    fill_in_the_sign_in(page, checker)
    expect(page).to_have_url(re.compile(re.escape(review.get_absolute_url())))
    expect(page.get_by_label("Summary")).to_have_value(WORDS)
    expect(page.get_by_label("Comment for your colleagues")).to_have_value("Ask the port.")
    page.locator("#verdict-save").press("Enter")
    expect(page.locator("[data-saved]")).to_contain_text("Version 1 saved")
    assert history.of(Review.objects.get(pk=review.pk)).summary == WORDS


def sign_in_again(page: Page, user: User) -> None:
    Session.objects.all().delete()
    page.goto("/sign-in/")
    fill_in_the_sign_in(page, user)


def fill_in_the_sign_in(page: Page, user: User) -> None:
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill("harbour-lights-at-six")
    page.get_by_label("Password").press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_a_network_that_drops_while_saving_is_said_and_tried_again(opened):
    review = review_at(Status.IN_PROGRESS)
    page = opened(review.checker, review.get_absolute_url())
    page.context.set_offline(True)
    page.get_by_label("Summary").type(WORDS)
    page.locator("#verdict-save").press("Enter")
    expect(page.locator("#notices")).to_contain_text("The desk cannot be reached.")
    expect(page.locator("[data-saved]")).to_contain_text("It is tried again")
    looks_right(page)

    page.context.set_offline(False)

    expect(page.locator("[data-saved]")).to_contain_text("Version 1 saved")
    expect(page.locator("#notices")).to_be_empty()
    assert history.of(review).summary == WORDS


def test_what_was_typed_is_there_after_a_reload_and_not_after_it_was_sent(opened):
    review = review_at(Status.IN_PROGRESS)
    page = opened(review.checker, review.get_absolute_url())
    comment = page.get_by_label("Comment for your colleagues")
    comment.type("Ask the port.")
    page.reload()
    expect(comment).to_have_value("Ask the port.")

    page.get_by_role("button", name="Comment", exact=True).press("Enter")
    expect(page.locator("#comments-panel .plain-list")).to_contain_text("Ask the port.")
    page.reload()

    expect(comment).to_have_value("")


def test_the_badge_follows_without_a_reload_and_the_list_is_read(opened):
    person, review = fact_checker(), factories.review()
    page = opened(person, "/")
    notifications.tell(
        person, Kind.ASSIGNED, review, occasion="once", words="A colleague handed a review over",
        at=leases.clock() - timedelta(minutes=1),
    )  # fmt: skip

    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#unread")).to_have_text(re.compile(r"1\s*unread"))

    page.keyboard.press("g")
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="Notifications")).to_be_visible()
    looks_right(page)
    page.keyboard.press("j")
    page.keyboard.press("o")
    expect(page).to_have_url(re.compile(re.escape(review.get_absolute_url())))
    expect(page.locator("#unread")).to_be_empty()
