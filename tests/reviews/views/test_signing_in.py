"""The door: sign-in, throttling, passwords, error pages."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests import factories

PASSWORD = "a long enough password"


@pytest.fixture
def person(db):
    user = factories.fact_checker()
    user.set_password(PASSWORD)
    user.save()
    return user


def enter(client, person, password):
    return client.post("/sign-in/", {"username": person.username, "password": password})


def test_one_is_led_through_the_door_to_the_page_one_wanted(person):
    client = Client()
    asked = client.get("/?view=approve")

    answer = client.post(asked["Location"], {"username": person.username, "password": PASSWORD})

    assert asked["Location"] == "/sign-in/?next=/%3Fview%3Dapprove"
    assert answer.status_code == 302


def test_the_form_carries_where_one_wanted_to_go(db):
    html = Client().get("/sign-in/?next=/%3Fview%3Dapprove").content.decode()

    assert '<input type="hidden" name="next" value="/?view=approve">' in html


def test_a_wrong_password_is_said_and_nothing_is_revealed(person):
    answer = enter(Client(), person, "wrong")

    assert answer.status_code == 200
    assert "Please enter a correct username and password." in answer.content.decode()


def test_after_too_many_wrong_passwords_the_right_one_waits_too(person):
    client = Client()
    for _ in range(settings.AXES_FAILURE_LIMIT):
        enter(client, person, "wrong")

    answer = enter(client, person, PASSWORD)

    assert answer.status_code == 429
    assert "Too many wrong passwords" in answer.content.decode()


def test_the_many_addresses_of_one_ipv6_network_count_as_one(person):
    tried = [f"2001:db8:1:2::{n:x}" for n in range(1, settings.AXES_FAILURE_LIMIT + 1)]
    for address in tried:
        enter(Client(REMOTE_ADDR=address), person, "wrong")

    same = enter(Client(REMOTE_ADDR="2001:db8:1:2:ffff::1"), person, PASSWORD)
    other = enter(Client(REMOTE_ADDR="2001:db8:1:3::1"), person, PASSWORD)

    assert (same.status_code, other.status_code) == (429, 302)


def test_ipv4_addresses_written_as_ipv6_are_told_apart(person):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        enter(Client(REMOTE_ADDR="::ffff:192.0.2.1"), person, "wrong")

    same = enter(Client(REMOTE_ADDR="192.0.2.1"), person, PASSWORD)
    other = enter(Client(REMOTE_ADDR="::ffff:192.0.2.2"), person, PASSWORD)

    assert (same.status_code, other.status_code) == (429, 302)


def test_signing_out_is_a_post(person, sign_in):
    client = sign_in(person)

    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/")["Location"] == "/sign-in/"


def test_the_password_can_be_changed(person, sign_in):
    new = "another long password"

    answer = sign_in(person).post(
        "/password/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    )

    person.refresh_from_db()
    assert answer["Location"] == reverse("password-changed")
    assert person.check_password(new)


def test_an_address_that_does_not_exist_has_a_page(person, sign_in):
    answer = sign_in(person).get("/reviews/nothing/")

    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()


def test_a_form_without_its_token_is_explained(person):
    client = Client(enforce_csrf_checks=True)
    client.force_login(person, backend="reviews.roles.RoleBackend")

    answer = client.post("/reviews/take-next/")

    assert answer.status_code == 403
    assert "This form came from an older page" in answer.content.decode()


def test_the_admin_is_offered_to_staff_only(sign_in, db):
    link = 'href="/admin/"'

    assert link in sign_in(factories.data_editor()).get("/").content.decode()
    assert link not in sign_in(factories.fact_checker()).get("/").content.decode()
