"""Who was asked, the checklist and the preview, in a real browser and with keys alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from claims.models import Article
from reviews import history
from reviews.models import ChecklistEvent, Contact, Review
from reviews.states import Status
from tests import factories
from tests.looks import LOOKS, desk, look_at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("look", LOOKS)
def test_somebody_is_asked_replies_and_is_waited_for(look, transactional_db):
    review = factories.review_at(Status.IN_PROGRESS)
    with desk(look, review.checker) as (page,):
        page.goto(review.get_absolute_url())
        page.keyboard.press("a")
        expect(page.get_by_label("Who was asked")).to_be_focused()
        look_at(page, "whom one asks")
        page.get_by_label("Who was asked").fill("The mayor")
        page.get_by_label("What was asked").fill("Which register is it from?")
        page.get_by_role("button", name="Note it").press("Enter")
        log = page.locator("#contacts-panel")
        expect(log).to_contain_text("no reply yet")
        expect(log).to_contain_text("1 asked")
        look_at(page, "somebody was asked")

        log.get_by_text("Note the reply").first.press("Enter")
        page.get_by_label("Reply", exact=True).fill("The one of 2025.")
        look_at(page, "a reply")
        page.get_by_role("button", name="Note the reply").press("Enter")
        expect(log).to_contain_text("replied on")
        expect(log.locator("blockquote")).to_have_text("The one of 2025.")
        log.get_by_text("As it stood before (1)").press("Enter")
        look_at(page, "an entry with what stood before")

        factories.ask(review, whom="The port")
        page.reload()
        log.get_by_text("Wait for this reply").press("Enter")
        look_at(page, "waiting for a reply")
        page.get_by_role("button", name="Put the review aside until then").press("Enter")
        expect(page.get_by_text("waits for: The port: reply, asked by mail on")).to_be_visible()

    assert Contact.objects.count() == 3
    assert Review.objects.get().status == Status.WAITING


@pytest.mark.parametrize("look", LOOKS)
def test_points_are_ticked_and_what_is_missing_follows(look, transactional_db):
    factories.checklist("It names a year", "The port was asked", required=True)
    review = factories.review_at(Status.IN_PROGRESS)
    factories.write_verdict(review, review.checker)
    with desk(look, review.checker) as (page,):
        page.goto(review.get_absolute_url())
        missing = page.locator("#missing")
        expect(missing).to_contain_text("a tick at “It names a year” and a tick at “The port")
        page.keyboard.press("l")
        panel = page.locator("#checklist-panel")
        page.get_by_label("Summary").fill("Typed, not saved.")
        panel.get_by_text("with a note").first.press("Enter")
        panel.get_by_label("Note").first.fill("2025")
        look_at(page, "a checklist")
        panel.get_by_role("button", name=re.compile("Tick.*It names a year")).press("Enter")
        expect(panel).to_contain_text("1 of 2 ticked")
        expect(panel).to_contain_text("2025")
        expect(page.locator("#tick-1")).to_be_focused()
        expect(missing).to_have_text("As saved, it still needs a tick at “The port was asked”.")
        panel.get_by_role("button", name=re.compile("Tick.*The port was asked")).press("Enter")
        expect(missing).to_be_hidden()
        expect(page.get_by_label("Summary")).to_have_value("Typed, not saved.")
        look_at(page, "a checklist gone through")
        page.keyboard.press("s")
        page.get_by_role("button", name=re.compile("^Submit")).press("Enter")
        expect(page.get_by_text("Submitted.")).to_be_visible()

    assert ChecklistEvent.objects.filter(action="tick").count() == 2


@pytest.mark.parametrize("look", LOOKS)
def test_what_others_changed_is_read_before_it_is_submitted(look, transactional_db):
    review = factories.review_at(Status.IN_PROGRESS)
    factories.write_verdict(review, review.checker)
    with desk(look, review.checker, refused=True) as (page,):
        page.goto(review.get_absolute_url())
        told = page.locator("#verdict-state details")
        expect(told).not_to_have_attribute("open", "")
        Article.objects.update(title="Half the fleet is gone, the port says")
        page.get_by_label("Summary").fill("Typed, and not saved.")
        page.keyboard.press("Control+Enter")

        expect(page.get_by_role("alert")).to_contain_text("changed since this page was opened")
        expect(told).to_contain_text("changed: read it before you submit")
        expect(told.get_by_text("Half the fleet is gone").last).to_be_visible()
        expect(page.get_by_label("Summary")).to_have_value("Typed, and not saved.")
        look_at(page, "what others changed")
        page.get_by_role("button", name=re.compile("^Submit")).press("Enter")
        expect(page.get_by_text("Submitted.")).to_be_visible()


@pytest.mark.parametrize("look", LOOKS)
def test_a_supervisor_writes_a_version(look, transactional_db):
    before = factories.checklist("It names a year", "The port was asked")
    with desk(look, factories.supervisor()) as (page,):
        page.goto("/checklist/")
        look_at(page, "the checklist, to be edited")
        page.get_by_label("Place").first.fill("3")
        page.get_by_label("No verdict is submitted without it").nth(1).check()
        page.get_by_label("Point (a sentence to tick)").nth(2).fill("Somebody read it twice")
        page.get_by_label("Why it changes").fill("Two pairs of eyes.")
        page.get_by_role("button", name="Write the new version").press("Enter")
        expect(page.get_by_text(f"Version {before.seq + 1} holds")).to_be_visible()
        page.get_by_text("What it changed").first.click()
        look_at(page, "what a version changed")
        changes = page.locator("details[open] li")
        expect(changes).to_have_text(
            [
                re.compile("changed The port was asked.*required now; in another place", re.DOTALL),
                re.compile("added Somebody read it twice"),
            ]
        )


@pytest.mark.parametrize("look", LOOKS)
def test_the_preview_is_drawn_from_what_is_typed_and_stores_nothing(look, transactional_db):
    review = factories.review_at(Status.IN_PROGRESS)
    factories.write_verdict(review, review.checker)
    with desk(look, review.checker) as (page,):
        page.route("**/save/", lambda route: None)  # what is typed is on its way all the while
        page.goto(review.get_absolute_url())
        page.keyboard.press("p")
        drawn = page.locator("#preview")
        expect(drawn).to_contain_text("Preview, not published.")
        expect(drawn.locator(".lead")).to_have_text(factories.DRAFT.summary)
        look_at(page, "a preview")
        page.get_by_label("Summary").fill(f"{factories.DRAFT.summary} <b>Or</b> so.")
        expect(drawn.locator(".lead")).to_have_text(f"{factories.DRAFT.summary} <b>Or</b> so.")
        page.get_by_role("radio", name=re.compile("^Half true")).check()
        expect(drawn.locator(".rating-label")).to_have_text("Half true")
        look_at(page, "a preview drawn anew")

    assert history.of(review).seq == 2


@pytest.mark.parametrize("look", LOOKS)
def test_a_preview_without_the_panel_opens_as_a_page(look, transactional_db):
    """As without scripts: the button sends the form, and the page comes in a tab of its own."""
    review = factories.review_at(Status.IN_PROGRESS)
    with desk(look, review.checker) as (page,):
        page.goto(review.get_absolute_url())
        page.get_by_label("Summary").fill("Typed.")
        page.evaluate("document.getElementById('preview-panel').remove()")
        with page.expect_popup() as opened:
            page.get_by_role("button", name=re.compile("^Preview")).click()
        alone = opened.value
        expect(alone.locator(".lead")).to_have_text("Typed.")
        expect(alone.get_by_text("Preview, not published.")).to_be_visible()
        look_at(alone, "a preview as a page")
