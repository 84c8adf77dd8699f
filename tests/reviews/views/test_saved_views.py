"""Saved views: kept as the list stood, counted as their lists, changed by their owners alone."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import expect

from reviews import saved
from reviews.leases import Refused
from reviews.models import SavedView
from reviews.states import Status
from tests import factories
from tests.looks import LOOKS, desk, look_at

KEEP = "/queue/views/keep/"


@pytest.fixture
def owner(db):
    return factories.fact_checker()


def kept(owner, name="Ports", query="view=open", *, shared=False) -> SavedView:
    return saved.keep(owner, name=name, query=query, shared=shared)


def test_a_view_keeps_what_narrows_and_orders_the_list_and_nothing_else(sign_in, owner):
    query = "after=abc&sort=due&view=work&q=+dredging+&language=&language=uk&next=//evil.example"

    answer = sign_in(owner).post(KEEP, {"name": "Late in Ukrainian", "query": query})

    view = SavedView.objects.get()
    assert view.query == "view=work&language=uk&q=dredging&sort=due"
    assert answer["Location"] == f"/?{view.query}"


def test_the_same_list_is_written_alike_however_it_was_asked_for(sign_in, owner):
    kept(owner, query="view=open&language=de&sort=due")

    page = sign_in(owner).get("/?sort=due&language=de&kind=")

    html = page.content.decode()
    assert html.count('aria-current="page"><span>Ports') == 1


def test_each_count_is_the_number_of_rows_in_its_list(sign_in, owner):
    factories.review(wording="The bridge cost four million.")
    factories.review(wording="The catch was halved.")
    factories.review_at(Status.SUBMITTED)
    for query in ("view=open", "view=open&q=bridges", "view=approve", "view=published"):
        kept(owner, name=query, query=query)
    client = sign_in(owner)

    answer = client.get("/queue/views/counts/")

    shown = {item["view"].query: item["count"] for item in answer.context["saved"]}
    listed = {query: str(len(client.get(f"/?{query}").context["rows"])) for query in shown}
    assert shown == listed
    assert shown["view=open&q=bridges"] == "1"


def test_colleagues_see_what_is_shared_and_nothing_else(sign_in, owner):
    kept(owner, "Mine")
    kept(owner, "Ours", shared=True)

    answer = sign_in(factories.fact_checker()).get("/queue/views/")

    assert [item["view"].name for item in answer.context["saved"]] == ["Ours"]
    assert "Rename, share, remove" not in answer.content.decode()


def test_a_view_is_renamed_removed_and_brought_back(sign_in, owner):
    view = kept(owner)
    client = sign_in(owner)
    address = f"/queue/views/{view.ref}/"

    client.post(address, {"name": "Harbours", "shared": "on"})
    view.refresh_from_db()
    assert (view.name, view.shared) == ("Harbours", True)

    removed = client.post(address, {"remove": "1"}, follow=True)
    assert removed.context["saved"] == []
    back = client.post(address, {"bring_back": "1"}, follow=True)
    assert [item["view"].name for item in back.context["saved"]] == ["Harbours"]


@pytest.mark.parametrize("asked", [{"name": "X"}, {"remove": "1"}, {"bring_back": "1"}])
def test_nobody_changes_the_view_of_another_not_even_a_superuser(sign_in, owner, asked):
    view = kept(owner, shared=True)

    answer = sign_in(factories.superuser()).post(f"/queue/views/{view.ref}/", asked, follow=True)

    assert f"Only {owner} can change this view." in answer.content.decode()
    assert SavedView.objects.values("name", "removed_at").get() == {
        "name": "Ports", "removed_at": None,
    }  # fmt: skip


def test_two_views_of_one_person_never_share_a_name_and_the_form_comes_back(sign_in, owner):
    kept(owner, query="view=open")

    answer = sign_in(owner).post(KEEP, {"name": "Ports", "query": "view=work", "shared": "on"})

    assert answer.status_code == 422
    assert "You have a view named “Ports” already." in answer.content.decode()
    assert answer.context["form"]["query"].value() == "view=work"
    assert kept(factories.fact_checker()).name == "Ports"  # of another person


def test_a_removed_view_comes_back_only_under_a_free_name(owner):
    first = kept(owner)
    saved.remove(first, by=owner)
    kept(owner)

    with pytest.raises(Refused, match="already"):
        saved.bring_back(first, by=owner)


def test_nobody_keeps_views_without_end(owner, monkeypatch):
    monkeypatch.setattr(saved, "MOST", 1)
    kept(owner)

    with pytest.raises(Refused, match="Remove one first"):
        kept(owner, "More")


@pytest.mark.parametrize("address", ["/queue/views/", "/queue/views/counts/", "/"])
def test_twenty_views_cost_no_more_queries_than_one(sign_in, owner, address):
    client = sign_in(owner)
    kept(owner, query="view=open&q=bridge")
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for number in range(20):
        kept(owner, f"View {number}", query=f"view=open&q=bridge{number}")

    with CaptureQueriesContext(connection) as many:
        client.get(address)

    assert len(many) == len(few) <= 12


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("look", LOOKS)
def test_a_view_is_kept_and_found_again_in_the_rail(look, transactional_db):
    factories.review(wording="The bridge cost four million.")
    with desk(look, factories.fact_checker()) as (page,):
        page.goto("/?q=bridge&sort=due")
        page.get_by_text("Keep this view", exact=True).click()
        look_at(page, "keep a view")
        page.locator("#view-name").fill("Bridges, the most urgent first, wherever they are")
        page.locator("#view-name").press("Enter")
        expect(page.get_by_text("Kept as “Bridges")).to_be_visible()
        rail = page.locator("#saved-views")
        expect(rail.locator("[aria-current] .count")).to_have_text("1")
        look_at(page, "a saved view in the rail")
        rail.get_by_role("link", name="All saved views").click()
        page.get_by_text("Rename, share, remove").click()
        look_at(page, "saved views")
