"""Articles handed in with a browser, by keys alone: typed, shown, corrected, kept; and many."""

from __future__ import annotations

import re

import pytest
from django.db import connections
from playwright.sync_api import Page, expect

from claims import importing
from claims.models import Article, Import, Offer
from tests import factories
from tests.looks import LOOKS, desk, look_at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TEXT = "Harbour opens\n\nIt \u202eopens\u202c on Friday, the port authority said."


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch):
    """Who is told to go on is a test; there is no worker here."""
    for name in ("sweep_analyses", "sweep_imports", "look_at_offer"):
        monkeypatch.setattr(f"claims.tasks.{name}.delay_on_commit", lambda **fields: None)


def go_to(page: Page, label: str) -> None:
    page.get_by_label(label, exact=True).focus()


@pytest.mark.parametrize("look", LOOKS)
def test_a_text_is_shown_corrected_and_kept(transactional_db, look):
    with desk(look, factories.fact_checker()) as [page]:
        page.goto("/articles/")
        page.keyboard.press("g")
        page.keyboard.press("a")
        expect(page.get_by_role("heading", name="Hand in articles")).to_be_visible()
        look_at(page, "the ways in")
        page.get_by_label("Text", exact=True).fill(TEXT)
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Is this what it says?")).to_be_visible()
        look_at(page, "what was read")
        page.get_by_label("Outlet").fill("Daily Tide")
        page.reload()
        expect(page.get_by_label("Outlet")).to_have_value("Daily Tide")
        page.get_by_role("button", name="Keep").press("Enter")
        expect(page.get_by_text("Kept.")).to_be_visible()
        connections.close_all()
        assert Article.objects.get().source.name == "Daily Tide"


@pytest.mark.parametrize("look", LOOKS)
def test_an_import_is_followed_to_its_report(transactional_db, look):
    with desk(look, factories.fact_checker()) as [page]:
        page.goto("/articles/new/")
        page.get_by_label("One file, or many").set_input_files(
            [
                {"name": "1.txt", "mimeType": "text/plain", "buffer": b"Quay 1 opens."},
                {"name": "2.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n"},
            ]
        )
        page.get_by_role("button", name="Hand in").press("Enter")
        expect(page.get_by_text("0 of 2 done")).to_be_visible()
        look_at(page, "an import that goes on")
        connections.close_all()
        for item_id in importing.hint():
            importing.take_in(item_id=item_id)
        connections.close_all()
        expect(page.get_by_text("1 new, 0 known already, 1 failed.")).to_be_visible()
        expect(page.get_by_text("a PNG picture")).to_be_visible()
        look_at(page, "an import that is done")
        page.goto("/imports/")
        look_at(page, "the imports")


def test_the_bookmarklet_brings_address_and_passage(transactional_db):
    with desk("light", factories.fact_checker()) as [page]:
        page.goto("/articles/new/bookmarklet/")
        look_at(page, "the bookmarklet")
        link = page.get_by_role("link", name="Hand in to the desk").get_attribute("href")
        page.goto("/stories/")
        page.evaluate("getSelection().selectAllChildren(document.querySelector('h1'))")
        with page.context.expect_page() as opened:
            page.evaluate(re.sub("^javascript:", "", link))

        form = opened.value
        expect(form.get_by_label("Web address of the article")).to_have_value(page.url)
        expect(form.get_by_label("Passage in it (optional)")).to_have_value("Stories")
        connections.close_all()
        assert (Offer.objects.count(), Import.objects.count()) == (0, 0)
