"""The contact log on the page of a review: writing it, and who only reads it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from reviews.models import Contact
from reviews.states import Status
from tests import factories

HTMX = {"hx-request": "true"}
MARKUP = '<img src=x hx-get="/x">'


@pytest.fixture
def held(db):
    return factories.review_at(Status.IN_PROGRESS)


def send(client, review, form, contact=None, *, headers=HTMX, **fields):
    given = {
        "token": review.lease_token, "whom": "The mayor", "way": "phone",
        "asked_on": "2020-03-02", "question": "Since when?\r\nWhy?",
    } | fields  # fmt: skip
    where = f"{review.get_absolute_url()}contacts/"
    if contact:
        where += f"{contact.ref}/{form}/"
    given = {f"{form}-{name}": value for name, value in given.items()}
    return client.post(where, given, headers=headers)


def shown(client, review) -> str:
    return client.get(review.get_absolute_url()).content.decode()


def test_it_is_written_and_read_without_scripts(sign_in, held):
    client = sign_in(held.checker)
    panel = f"{held.get_absolute_url()}#contacts-panel"

    assert send(client, held, "contact", headers={})["Location"] == panel
    contact = Contact.objects.get()
    assert (contact.whom, contact.question) == ("The mayor", "Since when?\nWhy?")
    reply = {"replied_on": "2020-03-04", "reply": "Since May."}
    assert send(client, held, "reply", contact, headers={}, **reply)["Location"] == panel
    replied = Contact.objects.get(corrects=contact)
    given = reply | {"way": "in_person", "why": "We met."}
    assert send(client, held, "correct", replied, headers={}, **given)["Location"] == panel

    html = shown(client, held)
    assert "in person, 2 Mar 2020" in html
    assert "replied on 4 March 2020" in html
    assert "As it stood before (2)" in html
    assert "We met." in html


def test_htmx_gets_the_panel(sign_in, held):
    html = send(sign_in(held.checker), held, "contact").content.decode()

    assert html.lstrip().startswith('<section id="contacts-panel"')
    assert "no reply yet" in html


@pytest.mark.parametrize(
    ("form", "fields", "status", "says"),
    [
        ("contact", {"whom": ""}, 422, "This field is required."),
        ("contact", {"asked_on": "2999-01-01"}, 409, "That day is still to come."),
        ("reply", {"replied_on": "2019-01-01"}, 409, "Nobody replies before they are asked."),
        ("correct", {"why": ""}, 422, "This field is required."),
        ("correct", {"token": 99}, 409, "You took this review again"),
    ],
)
def test_what_was_typed_comes_back_with_the_reason(sign_in, held, form, fields, status, says):
    contact = factories.ask(held) if form != "contact" else None
    given = {"question": "Since 2nd May?", "reply": "Since 2nd May?", "replied_on": "2020-03-04"}

    answer = send(sign_in(held.checker), held, form, contact, **{"why": "So."} | given | fields)

    html = answer.content.decode()
    assert answer.status_code == status
    assert says in html
    assert "Since 2nd May?</textarea>" in html
    assert Contact.objects.count() == (1 if contact else 0)


def test_a_form_over_a_row_that_was_corrected_meanwhile_stays_with_its_entry(sign_in, held):
    client, contact = sign_in(held.checker), factories.ask(held)
    send(client, held, "reply", contact, replied_on="2020-03-04", reply="Since May.")

    answer = send(client, held, "reply", contact, replied_on="2020-03-05", reply="Since June.")
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "Since May." in html
    assert send(client, held, "correct", contact, why="So.").status_code == 409
    assert "Since when?" in send(client, held, "correct", contact, why="So.").content.decode()
    assert Contact.objects.count() == 2


def test_others_read_it_and_are_offered_no_form(sign_in, held):
    contact = factories.ask(held)

    html = shown(sign_in(factories.supervisor()), held)

    assert contact.question in html
    assert f"/contacts/{contact.ref}/" not in html
    assert "Note whom you asked" not in html


def test_whoever_approves_reads_it_beside_the_checklist(sign_in, held):
    contact = factories.ask(held)
    factories.write_verdict(held, held.checker)
    factories.submit(held)

    html = sign_in(factories.supervisor()).get(f"{held.get_absolute_url()}approval/").content
    assert contact.question in html.decode()
    assert 'id="checklist-panel"' in html.decode()


def test_a_contact_of_another_review_is_not_found_here(sign_in, held):
    other = factories.review_at(Status.IN_PROGRESS)
    contact = factories.ask(other)
    client = sign_in(held.checker)

    answers = [send(client, held, form, contact).status_code for form in ("reply", "correct")]

    assert answers == [404, 404]


def test_what_somebody_replied_is_never_markup(sign_in, held):
    client = sign_in(held.checker)
    contact = factories.ask(held, whom=MARKUP, question=MARKUP)
    send(client, held, "reply", contact, replied_on="2020-03-04", reply=MARKUP)

    html = shown(client, held)

    assert "<img" not in html
    assert "&lt;img" in html


@pytest.mark.parametrize(
    ("days", "says"), [(None, "no reply yet"), (-1, "no reply by"), (5, "reply asked for by")]
)
def test_it_says_where_a_reply_is_due_and_how_long_one_could_wait(sign_in, held, days, says):
    day = None if days is None else timezone.localdate() + timedelta(days=days)
    factories.ask(held, reply_by=day)

    html = shown(sign_in(held.checker), held)

    proposed = timezone.localdate() + timedelta(days=5 if days == 5 else 3)
    assert says in html
    assert f'name="snooze-until" id="wait-{Contact.objects.get().ref}" value="{proposed}"' in html


def test_a_wait_begins_from_an_entry(sign_in, held):
    factories.ask(held)
    client, day = sign_in(held.checker), timezone.localdate() + timedelta(days=3)

    client.post(
        f"{held.get_absolute_url()}snooze/",
        {
            "snooze-token": held.lease_token, "snooze-until": day,
            "snooze-waits_for": "The fishers' union: reply, asked by mail on 2 March 2020",
        },
    )  # fmt: skip

    held.refresh_from_db()
    assert (held.status, held.waits_until.date()) == (Status.WAITING, day)


def test_many_entries_cost_no_more_queries_than_one(sign_in, held, queries):
    client, address = sign_in(held.checker), held.get_absolute_url()
    factories.ask(held)
    few = queries(client, address)
    for number in range(20):
        factories.ask(held, whom=f"Board {number}")

    assert queries(client, address) == few
