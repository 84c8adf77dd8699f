"""What only a browser can show: keys, words that are never lost, marks that lead to their flag."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connections
from django.db.models import F
from django.test import Client
from django.test.testcases import LiveServerThread
from playwright.sync_api import Page, expect

from claims.models import Article, Flag
from reviews import history, workflow
from reviews.models import Review, User
from reviews.states import Status
from tests import chromium, factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WORDS = "The contract says 2.4 million."


@pytest.fixture
def address(transactional_db) -> Iterator[str]:
    """A server in this process, with static files from WhiteNoise as in production."""
    server = LiveServerThread("127.0.0.1", lambda application: application)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    server.httpd.daemon_threads = False  # closing waits for them, and so for their database
    yield f"http://127.0.0.1:{server.port}"
    server.terminate()


@pytest.fixture
def opened(address) -> Iterator[Callable[[User, str], Page]]:
    """Open pages as somebody. An error in a script fails the test."""
    errors: list[str] = []
    with chromium.launched() as browser:
        context = browser.new_context(base_url=address)
        context.set_default_timeout(5_000)
        context.on("weberror", lambda error: errors.append(str(error.error)))

        def open_page(user: User, path: str) -> Page:
            client = Client()
            client.force_login(user, backend="reviews.roles.RoleBackend")
            session = client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
            page = context.new_page()
            page.goto(path)
            return page

        yield open_page
        # Beside Playwright's loop the test has a connection of its own, seen from here only.
        connections.close_all()
    assert errors == []


@pytest.fixture
def held(transactional_db) -> Review:
    return factories.review_at(Status.IN_PROGRESS)


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.id || document.activeElement.textContent")


def test_keys_walk_the_queue_and_open_a_row(opened, transactional_db):
    for _ in range(3):
        review = factories.review()
    page = opened(factories.fact_checker(), "/")
    wordings = page.locator("[data-item]").all_inner_texts()

    page.keyboard.press("j")
    page.keyboard.press("j")
    assert focused(page) == wordings[1]
    page.keyboard.press("k")
    assert focused(page) == wordings[0]
    page.keyboard.press("o")

    expect(page.locator("h1")).to_have_text(wordings[0])
    assert review.claim.wording in wordings


def test_a_correction_is_worded_for_readers_and_one_begun_by_mistake_is_given_up(
    opened, transactional_db
):
    review, checker = factories.review_at(Status.PUBLISHED), factories.fact_checker()
    page = opened(checker, review.get_absolute_url())

    page.get_by_text("Take for a correction", exact=True).first.click()
    page.locator("#id_correct-reason").fill("Wrong port")
    page.get_by_role("button", name="Take for a correction").click()
    note = page.get_by_label(re.compile("What is corrected, for readers"))
    expect(note).to_have_value("Wrong port")
    page.get_by_text("Keep what is published", exact=True).click()
    page.get_by_role("button", name="Yes, keep it as it is").click()
    expect(page.get_by_text("readers see what they saw before")).to_be_visible()

    page.get_by_text("Take for a correction", exact=True).first.click()
    page.locator("#id_correct-reason").fill("Wrong year")
    page.get_by_role("button", name="Take for a correction").click()
    expect(note).to_have_value("Wrong year")
    page.get_by_label("Summary").fill("Landings fell by a ninth.")
    note.fill("The register was of 2024, not of 2025.")
    page.get_by_role("button", name=re.compile("^Save")).click()
    expect(page.locator("[data-saved]")).to_contain_text("Version 3")
    expect(note).to_have_value("The register was of 2024, not of 2025.")
    page.get_by_role("button", name=re.compile("^Submit")).click()
    expect(page.get_by_text("Submitted.")).to_be_visible()

    page = opened(factories.supervisor(), f"{review.get_absolute_url()}approval/")
    told = page.locator(".verdict-correction")
    expect(told).to_contain_text("The register was of 2024, not of 2025.")
    expect(page.locator("#told")).to_contain_text("The fishers' union")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert Axe().run(page).violations_count == 0


def test_no_key_fires_while_someone_types(opened, transactional_db):
    review = factories.review()
    page = opened(factories.fact_checker(), "/")

    page.keyboard.press("/")
    assert focused(page) == "id_q"
    page.keyboard.type("n?oj")

    expect(page.locator("#id_q")).to_have_value("n?oj")
    expect(page.locator("#key-help")).to_be_hidden()
    expect(page.locator("#queue-results")).to_contain_text("Nothing here under these filters.")
    assert "/?view=open&q=n%3Foj&" in page.url
    review.refresh_from_db()
    assert review.status == Status.QUEUED


def test_the_help_opens_and_gives_the_focus_back(opened, transactional_db):
    page = opened(factories.fact_checker(), "/")

    page.keyboard.press("j")
    page.get_by_role("button", name=re.compile("Keys")).focus()
    page.keyboard.press("?")
    expect(page.locator("#key-help")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator("#key-help")).to_be_hidden()
    assert focused(page).split() == ["Keys", "?"]


def test_two_keys_go_to_the_queue(opened, held):
    page = opened(held.checker, held.get_absolute_url())

    page.keyboard.press("g")
    page.keyboard.press("q")

    expect(page.locator("#queue-results")).to_be_visible()


def test_leaving_the_form_saves_and_saving_again_is_no_conflict(opened, held):
    page = opened(held.checker, held.get_absolute_url())

    page.get_by_label("Summary").fill(WORDS)
    page.get_by_label("Comment for your colleagues").focus()
    expect(page.locator("[data-saved]")).to_contain_text("Version 1 saved")
    page.get_by_label("Summary").fill(f"{WORDS} Not 4.2.")
    page.locator("h1").click()
    page.keyboard.press("s")

    expect(page.locator("[data-saved]")).to_contain_text("Version 2 saved")
    assert history.of(held).summary == f"{WORDS} Not 4.2."


def test_typing_goes_on_and_saves_again_while_a_save_is_under_way(opened, held):
    page = opened(held.checker, held.get_absolute_url())
    under_way = []
    page.route("**/save/", lambda route: under_way.append(route))  # noqa: PLW0108
    page.get_by_label("Summary").fill("First words.")
    with page.expect_request("**/save/"):
        page.evaluate("document.getElementById('verdict-save').click()")
    page.get_by_label("Summary").fill("First words. Second words.")
    page.locator("h1").click()
    page.keyboard.press("s")
    expect(page.locator("#verdict-state")).to_contain_text("Not saved yet")

    under_way[0].continue_()
    page.unroute("**/save/")

    expect(page.locator("[data-saved]")).to_contain_text("Version 2 saved")
    expect(page.get_by_label("Summary")).to_have_value("First words. Second words.")
    assert history.of(held).summary == "First words. Second words."
    assert len(under_way) == 1


def test_words_that_could_not_be_sent_are_back_after_a_reload(opened, held):
    page = opened(held.checker, held.get_absolute_url())
    page.route("**/save/", lambda route: route.abort())
    page.get_by_label("Summary").fill(WORDS)
    page.get_by_label("Comment for your colleagues").focus()
    expect(page.locator("#notices")).to_contain_text("The desk cannot be reached.")

    page.reload()

    expect(page.get_by_label("Summary")).to_have_value(WORDS)


def test_a_lost_lease_keeps_the_words_and_offers_to_take_it_again(opened, held):
    page = opened(held.checker, held.get_absolute_url())
    page.get_by_label("Summary").fill(WORDS)
    workflow.release(held, by=held.checker, token=held.lease_token)

    page.locator("#verdict-save").click()

    expect(page.locator("#verdict-panel [role=alert]")).to_contain_text(
        "You no longer hold this review"
    )
    expect(page.get_by_label("Summary")).to_have_value(WORDS)
    page.get_by_role("button", name="Take it again").click()
    page.get_by_role("button", name="Put them back").click()
    expect(page.get_by_label("Summary")).to_have_value(WORDS)


def test_attaching_evidence_leaves_typed_words_and_the_next_save_is_no_conflict(opened, held):
    page = opened(held.checker, held.get_absolute_url())
    page.get_by_label("Summary").fill(WORDS)
    page.get_by_text("Attach evidence").click()
    page.get_by_label("Refutes the claim").check()
    page.get_by_label("Quote").fill("The sum is 2.4 million.")
    page.get_by_label("Title of the document").fill("The contract")
    page.get_by_label("Publisher").fill("The ministry")
    page.get_by_role("button", name="Attach", exact=True).click()
    expect(page.locator(".evidence-list")).to_contain_text("The contract")

    page.locator("#verdict-save").click()

    expect(page.get_by_label("Summary")).to_have_value(WORDS)
    expect(page.locator("#verdict-panel [role=alert]")).to_have_count(0)
    expect(page.locator("#missing")).to_have_text(
        "As saved, it still needs a rating and an explanation."
    )


def test_a_mark_opens_its_flag_and_a_decision_stays_in_place(opened, held):
    flag = Flag.objects.get(covers__claim=held.claim)
    page = opened(held.checker, held.get_absolute_url())

    page.locator(f"#mark-{flag.ref}").click()
    expect(page.locator(f"#flag-{flag.ref}")).to_have_attribute("open", "")
    page.get_by_label("Reason").fill("It is about last year.")
    page.get_by_role("button", name="Dismiss", exact=True).click()

    expect(page.locator(f"#flag-{flag.ref}")).to_contain_text("It is about last year.")
    expect(page.locator(f"#mark-{flag.ref}")).to_have_class("mark mark-flag dismissed")
    page.get_by_role("button", name="Take the decision back").click()
    expect(page.get_by_role("button", name="Confirm")).to_be_visible()


def test_a_long_article_begins_where_the_claim_stands_in_it(opened, held):
    article = Article.objects.get(appearances__claim=held.claim)
    before = "Nothing much happened in the harbour.\n\n" * 60
    Article.objects.filter(pk=article.pk).update(text=before + article.text)
    for found in (article.appearances, article.flags):
        found.update(start=F("start") + len(before), end=F("end") + len(before))

    page = opened(held.checker, held.get_absolute_url())

    expect(page.locator(".article-text .mark-claim").first).to_be_in_viewport()
    assert page.evaluate("window.scrollY") == 0


@pytest.mark.parametrize("name", ["claim_wording", "summary", "explanation"])
def test_the_field_that_has_the_focus_is_not_under_the_bar(opened, held, name):
    page = opened(held.checker, held.get_absolute_url())

    page.locator(f"[name={name}]").focus()

    over = """(field) => {
        const box = field.getBoundingClientRect();
        return document.elementFromPoint(box.x + 20, box.bottom - 6) === field;
    }"""
    assert page.locator(f"[name={name}]").evaluate(over)


def test_control_and_enter_submit_from_within_the_form(opened, held):
    factories.write_verdict(held, held.checker)
    page = opened(held.checker, held.get_absolute_url())

    page.get_by_label("Comment for your colleagues").fill("Done?")
    page.keyboard.press("Control+Enter")
    page.get_by_label("Summary").fill(WORDS)
    page.keyboard.press("Control+Enter")

    expect(page.get_by_text("Submitted.")).to_be_visible()
    held.refresh_from_db()
    assert (held.status, history.of(held).summary) == (Status.SUBMITTED, WORDS)
    assert not held.comments.exists()


def test_a_sign_out_elsewhere_leaves_the_page_and_its_words(opened, held):
    page = opened(held.checker, held.get_absolute_url())
    page.get_by_label("Summary").fill(WORDS)
    page.context.clear_cookies(name="sessionid")

    page.locator("#verdict-save").click()

    expect(page.locator("#notices")).to_contain_text("You are signed out.")
    expect(page.get_by_label("Summary")).to_have_value(WORDS)


def test_a_theme_chosen_by_hand_is_kept(opened, transactional_db):
    page = opened(factories.fact_checker(), "/")

    page.get_by_role("button", name="Light or dark").click()
    page.reload()

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
