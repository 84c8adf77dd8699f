"""From sign-in to the public page: two people, one claim, the whole stack, a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.desk import REAL_SEEDS, Desk

pytestmark = pytest.mark.browser

SUMMARY = "One unnamed witness says so; nobody else has seen it."
EXPLANATION = "The report rests on one interview, and its own editors could not check it."


@pytest.fixture
def checker(desk: Desk, browser: Browser) -> Iterator[Page]:
    with browser.new_context(base_url=desk.address) as context:
        yield _signed_in(context, desk, "checker")


@pytest.fixture
def supervisor(desk: Desk, browser: Browser) -> Iterator[Page]:
    with browser.new_context(base_url=desk.address) as context:
        yield _signed_in(context, desk, "supervisor")


def _signed_in(context: BrowserContext, desk: Desk, username: str) -> Page:
    page = context.new_page()
    page.set_default_timeout(10_000)
    problems: list[str] = []
    page.on("console", lambda message: message.type == "error" and problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.problems = problems
    page.goto("/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(desk.people[username])
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/(\?.*)?$"))
    return page


def _looks_right(page: Page) -> None:
    """No accessibility violation, no console error (a Content-Security-Policy break is one)."""
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert page.problems == []


def _attach_evidence(page: Page, title: str, stance: str) -> None:
    page.get_by_text("Attach evidence").click()
    page.get_by_label(stance).check()
    page.get_by_label("Quote").fill("We were not able to check this account.")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Publisher").fill("The broadcaster")
    page.get_by_role("button", name="Attach", exact=True).click()
    expect(page.locator("#evidence-panel .evidence-list")).to_contain_text(title)


def _write(page: Page, *, summary: str, explanation: str) -> None:
    page.get_by_role("radio", name=re.compile("Unproven")).check()
    page.get_by_label("Summary").fill(summary)
    page.get_by_label("Explanation").fill(explanation)


def test_a_claim_goes_from_the_queue_to_the_public_page(
    desk: Desk, checker: Page, supervisor: Page
) -> None:
    _looks_right(checker)
    checker.get_by_role("button", name=re.compile("Take next")).click()
    expect(checker.locator("#verdict-panel")).to_be_visible()
    review = checker.url
    _looks_right(checker)
    flag = checker.locator("#article-panel details.flag").first
    flag.locator("summary").click()
    flag.get_by_role("button", name="Confirm").click()
    expect(checker.locator("#article-panel details.flag").first).to_contain_text("confirmed")
    _attach_evidence(checker, "The broadcaster's own note", "Gives context")
    _write(checker, summary=SUMMARY, explanation=EXPLANATION)
    checker.get_by_role("button", name=re.compile("^Save")).click()
    expect(checker.locator("#verdict-panel")).to_contain_text("Version 2")
    _looks_right(checker)
    checker.get_by_role("button", name=re.compile("^Submit")).click()
    expect(checker.get_by_text("Submitted.")).to_be_visible()

    supervisor.goto(f"{review}approval/")
    _looks_right(supervisor)
    supervisor.get_by_label("To say with your decision").fill("Say how many witnesses there are.")
    supervisor.get_by_role("button", name=re.compile("^Return")).click()
    expect(supervisor.get_by_text("Returned to the checker").first).to_be_visible()

    checker.goto(review)
    checker.get_by_role("button", name=re.compile("Take this review")).click()
    expect(checker.get_by_label("Summary")).to_have_value(SUMMARY)
    checker.get_by_label("Summary").fill(f"{SUMMARY} There is one witness.")
    checker.get_by_role("button", name=re.compile("^Submit")).click()
    expect(checker.get_by_text("Submitted.")).to_be_visible()

    supervisor.goto(f"{review}approval/")
    expect(supervisor.locator("ins")).to_contain_text("There is one witness")
    supervisor.get_by_role("button", name=re.compile("^Approve version")).click()
    expect(supervisor.get_by_text("approved", exact=False).first).to_be_visible()
    supervisor.goto(f"{review}history/")
    expect(supervisor.get_by_text("Version 3").first).to_be_visible()
    _looks_right(supervisor)

    public = f"{desk.address}/checks/{review.rstrip('/').rsplit('/', 1)[1]}/"
    _wait_until_public(supervisor, public)
    supervisor.goto(public)
    expect(supervisor.get_by_text("There is one witness").first).to_be_visible()
    markup = json.loads(supervisor.locator("script[type='application/ld+json']").inner_text())
    assert markup["@type"] == "ClaimReview"
    assert markup["reviewRating"]["alternateName"] == "Unproven"
    assert "ratingValue" not in markup["reviewRating"]
    _looks_right(supervisor)
    assert "every chain holds" in desk.manage("verify")


def _wait_until_public(page: Page, address: str) -> None:
    """The worker publishes after the approval; the sweep would within half a minute."""
    for _ in range(80):
        if page.request.get(address).status == 200:
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"{address} was not published")


def test_the_story_counts_one_origin_and_the_dropped_cautions(desk: Desk, checker: Page) -> None:
    checker.goto("/stories/")
    checker.locator("main a[href^='/stories/']").first.click()

    expect(checker.locator("main")).to_contain_text(
        re.compile(r"\w+ articles, \w+ independent origins?; \w+ dropped the caution\.")
    )
    _looks_right(checker)


@pytest.mark.skipif(not REAL_SEEDS.is_dir(), reason="the real seeds are not beside the project")
def test_the_real_seeds_are_analysed_by_the_worker(desk: Desk, checker: Page) -> None:
    checker.goto("/articles/")

    titles = checker.locator("main").inner_text()

    assert "Can turn his back on him" in titles
    assert "Kyrgyz Employees With Russian Citizenship" in titles
    _looks_right(checker)
