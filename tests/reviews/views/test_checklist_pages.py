"""Ticking on the page of a review, and the page on which supervisors edit the checklist."""

from __future__ import annotations

import re

import pytest

from reviews import checklists
from reviews.models import ChecklistEvent, ChecklistVersion
from reviews.states import Status
from tests import factories

HTMX = {"hx-request": "true"}
NAMED, ASKED = "It names a year", "The port was asked"


@pytest.fixture
def held(db):
    factories.checklist(NAMED, ASKED, required=True)
    return factories.review_at(Status.IN_PROGRESS)


def send(client, review, what="tick", *, headers=HTMX, **fields):
    given = {"token": review.lease_token, "point": NAMED} | fields
    return client.post(f"{review.get_absolute_url()}{what}/", given, headers=headers)


def test_a_tick_answers_with_the_panel_and_what_is_still_missing(sign_in, held):
    factories.write_verdict(held, held.checker)
    html = send(sign_in(held.checker), held, note="2025").content.decode()

    assert html.lstrip().startswith('<section id="checklist-panel"')
    assert "1 of 2 ticked" in html
    assert "2025" in html
    assert 'id="missing" hx-swap-oob="true">As saved, it still needs a tick at “The port' in html
    assert 'name="seq"' not in html  # an open editor stays on its version


def test_ticking_and_taking_back_work_without_scripts(sign_in, held):
    client = sign_in(held.checker)
    for what in ("tick", "untick"):
        answer = send(client, held, what, headers={})
        assert answer["Location"] == f"{held.get_absolute_url()}#checklist-panel"

    assert [event.action for event in ChecklistEvent.objects.order_by("pk")] == ["tick", "untick"]


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"token": 99}, 409, "You took this review again"),
        ({"point": "It rhymes"}, 409, "does not ask this"),
        ({"note": "x" * 501}, 422, "at most 500 characters"),
        ({"token": "x"}, 422, "Enter a whole number."),
    ],
)
def test_a_refused_tick_says_why_and_keeps_the_note(sign_in, held, fields, status, says):
    answer = send(sign_in(held.checker), held, **{"note": "As of 2nd May"} | fields)

    html = answer.content.decode()
    assert answer.status_code == status
    assert says in html
    assert fields.get("note", "As of 2nd May") in html
    assert not ChecklistEvent.objects.exists()


def test_a_newer_version_is_offered_to_its_checker_alone(sign_in, held):
    factories.tick(held, NAMED)
    factories.checklist(NAMED, "A new point")
    others = sign_in(factories.supervisor()).get(held.get_absolute_url()).content.decode()
    assert "is newer; this check keeps the one it began with" in others
    assert "Go on with version" not in others

    client = sign_in(held.checker)
    assert "Go on with version 3" in client.get(held.get_absolute_url()).content.decode()
    html = send(client, held, "newest-checklist").content.decode()
    assert "1 of 2 ticked" in html
    assert "A new point" in html


def test_many_points_cost_no_more_queries_than_few(sign_in, held, queries):
    client, address = sign_in(held.checker), held.get_absolute_url()
    few = queries(client, address)
    factories.checklist(*(f"Point {number}" for number in range(20)))
    checklists.go_on_with_newest(held, by=held.checker, token=held.lease_token)
    factories.tick(held, *(f"Point {number}" for number in range(15)))

    assert queries(client, address) <= few


# Editing


def typed(*texts: str, **fields) -> dict:
    """The form with these points in their order; `fields` are of the whole."""
    newest = ChecklistVersion.objects.newest_first().first()
    given = {
        "seq": newest.seq, "why": "A trial.",
        "form-TOTAL_FORMS": len(texts) + 2, "form-INITIAL_FORMS": len(texts),
    }  # fmt: skip
    for number, text in enumerate(texts):
        given |= {f"form-{number}-text": text, f"form-{number}-ORDER": number + 1}
    return given | fields


def edit(client, *texts: str, **fields):
    return client.post("/checklist/edit/", typed(*texts, **fields))


def newest_points() -> list[checklists.Point]:
    return checklists.points(ChecklistVersion.objects.newest_first()[0])


def test_a_supervisor_orders_adds_and_leaves_out(sign_in, held):
    answer = edit(
        sign_in(factories.supervisor()), "First", "Second", "Third",
        **{
            "form-0-ORDER": 9, "form-1-required": "on", "form-1-kind": "hearsay",
            "form-2-DELETE": "on", "form-3-text": "Fourth", "form-3-help": "Read it.",
        },
    )  # fmt: skip

    assert (answer.status_code, answer["Location"]) == (302, "/checklist/")
    assert newest_points() == [
        checklists.Point("Second", required=True, kind="hearsay"),
        checklists.Point("First"),
        checklists.Point("Fourth", help="Read it."),
    ]


@pytest.mark.parametrize(
    ("texts", "fields", "status", "says"),
    [
        (["A", "A"], {}, 409, "“A” stands there twice"),
        (["A"], {"seq": 1}, 409, "edited meanwhile"),
        (["A"], {"why": ""}, 422, "This field is required."),
        (["A" * 201], {}, 422, "at most 200 characters"),
        (["A"], {"form-0-kind": "gossip"}, 422, "Select a valid choice."),
        (["A"], {"form-TOTAL_FORMS": "many"}, 422, "ManagementForm"),
    ],
)
def test_a_refused_edit_says_why_and_keeps_what_was_typed(
    sign_in, held, texts, fields, status, says
):
    before = newest_points()

    answer = edit(sign_in(factories.supervisor()), *texts, **{"form-0-help": "Of 2nd May"} | fields)

    html = answer.content.decode()
    assert answer.status_code == status
    assert says in html
    assert "Of 2nd May" in html or says == "ManagementForm"
    assert newest_points() == before


def test_checkers_read_it_and_are_offered_no_form(sign_in, held):
    client = sign_in(factories.fact_checker())

    html = client.get("/checklist/").content.decode()
    assert NAMED in html
    assert 'action="/checklist/edit/"' not in html
    assert edit(client, "A").status_code == 409


def test_the_history_says_what_each_version_changed(sign_in, held):
    client = sign_in(factories.supervisor())
    edit(client, NAMED, "A new point", **{"form-0-required": "on", "form-0-help": "Of the report"})

    html = client.get("/checklist/").content.decode()
    newest = re.search(r"Version 3</strong>.*?Version 2</strong>", html, re.DOTALL).group()
    text = " ".join(re.sub(r"<[^>]+>", " ", newest).split())
    assert "A trial." in text
    assert re.findall(r"(changed|added|removed|moved) ([A-Z][a-z]* [a-z]+ [a-z]+)", text) == [
        ("changed", "It names a"), ("added", "A new point"), ("removed", "The port was"),
    ]  # fmt: skip
    assert "<ins>Of the report</ins>" in newest


def test_many_versions_are_paged_and_cost_no_more_queries(sign_in, held, queries, monkeypatch):
    monkeypatch.setattr("reviews.views.checklist.SHOWN", 3)
    client = sign_in(factories.supervisor())
    few = queries(client, "/checklist/")
    for number in range(6):
        factories.checklist(f"Point {number}")

    assert queries(client, "/checklist/") == few
    first = client.get("/checklist/").content.decode()
    assert re.findall(r"<strong>Version (\d+)<", first) == ["8", "7", "6"]
    assert 'href="?before=6#versions-title"' in first
    second = client.get("/checklist/?before=6").content.decode()
    assert re.findall(r"<strong>Version (\d+)<", second) == ["5", "4", "3"]
    assert client.get("/checklist/?before=x").status_code == 200


def test_what_supervisors_write_is_never_markup(sign_in, held):
    factories.checklist("<img src=x>", help="<b>x</b>")
    html = sign_in(factories.supervisor()).get("/checklist/").content.decode()

    assert "<img" not in html
    assert "<b>x" not in html
