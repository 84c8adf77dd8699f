"""Attaching and withdrawing evidence on the review page."""

from __future__ import annotations

import pytest

from reviews import history, workflow
from reviews.states import Status
from tests import factories

HTMX = {"hx-request": "true"}


@pytest.fixture
def held(db):
    return factories.review_at(Status.IN_PROGRESS)


def attach(client, review, *, headers=HTMX, **fields):
    fields = {
        "token": review.lease_token, "stance": "refutes", "quote": "The sum is 2.4 million.",
        "title": "The contract", "publisher": "The ministry", "url": "https://ministry.example/c",
    } | fields  # fmt: skip
    data = {f"new-{name}": value for name, value in fields.items()}
    return client.post(f"{review.get_absolute_url()}evidence/", data, headers=headers)


def test_it_is_attached_and_the_open_verdict_form_learns_the_new_version(sign_in, held):
    answer = attach(sign_in(held.checker), held)

    html = answer.content.decode()
    assert answer.status_code == 200
    assert html.startswith('<section id="evidence-panel"')
    assert '<div id="verdict-state" class="verdict-state" hx-swap-oob="true">' in html
    assert '<input type="hidden" name="seq" value="1"' in html
    assert [item.title for item in held.evidence.standing()] == ["The contract"]


def test_a_form_on_an_older_version_learns_nothing_so_that_its_save_meets_the_newer(sign_in, held):
    factories.save(held)
    client, address = sign_in(held.checker), f"{held.get_absolute_url()}evidence/"
    given = {f"new-{name}": value for name, value in factories.EVIDENCE.items()}

    html = client.post(
        address, given | {"new-token": held.lease_token, "over": 0}, headers=HTMX
    ).content.decode()

    assert "Landing register" in html
    assert 'id="verdict-state"' not in html


def test_without_scripts_it_leads_back_to_the_list(sign_in, held):
    answer = attach(sign_in(held.checker), held, headers={})

    assert answer["Location"] == f"{held.get_absolute_url()}#evidence-panel"


def test_a_mistake_is_422_beside_its_field_and_the_rest_is_kept(sign_in, held):
    answer = attach(sign_in(held.checker), held, url="ftp:nowhere")

    html = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="id_new-url_error"' in html
    assert "The sum is 2.4 million.</textarea>" in html


def test_a_lost_lease_is_409_and_keeps_the_form(sign_in, held):
    client, token = sign_in(held.checker), held.lease_token
    workflow.release(held, by=held.checker, token=token)

    answer = attach(client, held, token=token)

    assert answer.status_code == 409
    assert "The sum is 2.4 million.</textarea>" in answer.content.decode()
    assert not held.evidence.exists()


def test_it_is_withdrawn_with_a_reason_and_stays_on_record(sign_in, held):
    factories.write_verdict(held, held.checker)
    item = held.evidence.get()
    address = f"{held.get_absolute_url()}evidence/{item.ref}/withdraw/"
    client = sign_in(held.checker)

    refused = client.post(address, {"token": held.lease_token, "reason": ""}, headers=HTMX)
    done = client.post(address, {"token": held.lease_token, "reason": "A forgery"}, headers=HTMX)

    item.refresh_from_db()
    assert (refused.status_code, done.status_code) == (422, 200)
    assert (item.withdrawn_by, item.withdrawn_reason) == (held.checker, "A forgery")
    assert history.of(held).seq == 3


def test_evidence_of_another_review_is_not_found(sign_in, held):
    other = factories.review_at(Status.SUBMITTED)
    item = other.evidence.get()

    answer = sign_in(held.checker).post(
        f"{held.get_absolute_url()}evidence/{item.ref}/withdraw/",
        {"token": held.lease_token, "reason": "A forgery"},
    )

    assert answer.status_code == 404
