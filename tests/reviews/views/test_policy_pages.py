"""The page on which supervisors edit the policy, and the panel that names what it asks."""

from __future__ import annotations

from html import unescape

import pytest

from reviews import policy
from reviews.models import Exemption
from reviews.states import Status
from tests import factories
from tests.looks import LOOKS, desk, look_at

HTMX = {"hx-request": "true"}


@pytest.fixture
def held(db):
    factories.policy(sources="or_reason")
    review = factories.review_at(Status.IN_PROGRESS)
    factories.write_verdict(review, review.checker)
    return review


def send(client, review, what="go-without", *, headers=HTMX, **fields):
    given = {"token": review.lease_token, "requirement": "sources", "reason": "One office."}
    return client.post(f"{review.get_absolute_url()}{what}/", given | fields, headers=headers)


def test_what_is_missing_is_named_where_the_button_is(sign_in, held):
    html = sign_in(held.checker).get(held.get_absolute_url()).content.decode()

    missing = html[html.index('id="missing"') :].split("</p>")[0]
    assert "it still needs 2 independent named sources (1 so far) or a stated reason." in missing


def test_a_reason_is_stated_in_place_and_taken_back(sign_in, held):
    client = sign_in(held.checker)

    html = send(client, held).content.decode()
    assert html.lstrip().startswith('<section id="policy-panel"')
    assert "goes without" in html
    assert 'id="missing" hx-swap-oob="true" hidden' in html

    answer = send(client, held, "go-without/not", headers={})
    assert answer["Location"] == f"{held.get_absolute_url()}#policy-panel"
    assert [one.reason for one in Exemption.objects.order_by("pk")] == ["One office.", ""]


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"token": 99}, 409, "You took this review again"),
        ({"requirement": "contact"}, 409, "takes no reason instead of this"),
        ({"requirement": "luck"}, 422, "Select a valid choice"),
        ({"reason": "x" * 501}, 422, "at most 500 characters"),
    ],
)
def test_a_refused_reason_says_why_and_is_kept(sign_in, held, fields, status, says):
    answer = send(sign_in(held.checker), held, **fields)

    html = unescape(answer.content.decode())
    assert answer.status_code == status
    assert says in html
    assert fields.get("reason", "One office.") in html
    assert not Exemption.objects.exists()


def test_whoever_approves_reads_the_reason(sign_in, held):
    factories.go_without(held, "sources", "One office alone keeps it.")
    factories.submit(held)

    page = sign_in(factories.supervisor()).get(f"{held.get_absolute_url()}approval/")

    html = page.content.decode()
    assert "One office alone keeps it." in html[html.index('id="policy-panel"') :]
    assert 'name="requirement"' not in html


def typed(**fields) -> dict:
    newest = policy.in_force()
    return {
        "seq": newest.seq, "why": "After the port story.", "checklist": "always",
        "sources": "always", "at_least": 3, "contact": "or_reason", "both_sides": "off",
        "primary": "off",
    } | fields  # fmt: skip


def test_a_supervisor_writes_a_version(sign_in, held):
    client = sign_in(factories.supervisor())

    answer = client.post("/policy/edit/", typed())

    assert answer["Location"] == "/policy/"
    asked = policy.terms(policy.in_force())
    assert asked == policy.Terms(sources="always", at_least=3, contact="or_reason")
    html = client.get("/policy/").content.decode()
    assert "<del>asked, or a stated reason: 2</del> <ins>always asked: 3</ins>" in html


@pytest.mark.parametrize(
    ("wrong", "status", "says"),
    [
        ({"at_least": 9}, 422, "less than or equal to 5"),
        ({"contact": "sometimes"}, 422, "Select a valid choice"),
        ({"why": ""}, 422, "This field is required"),
        ({"seq": 1}, 409, "edited meanwhile"),
    ],
)
def test_what_makes_no_sense_is_kept_as_typed(sign_in, held, wrong, status, says):
    answer = sign_in(factories.supervisor()).post("/policy/edit/", typed(**wrong))

    assert answer.status_code == status
    assert says in unescape(answer.content.decode())
    assert policy.in_force().seq == 2


def test_a_fact_checker_reads_it_and_edits_nothing(sign_in, held):
    client = sign_in(factories.fact_checker())

    html = client.get("/policy/").content.decode()

    assert "asked, or a stated reason: 2" in html
    assert "<form" not in html[html.index("<main") : html.index("</main")]
    assert client.post("/policy/edit/", typed()).status_code == 409


def test_a_hundred_versions_are_read_page_by_page(sign_in, held, queries):
    client = sign_in(factories.supervisor())
    few = queries(client, "/policy/")
    for number in range(24):
        factories.policy(contact="always" if number % 2 else "off", primary="always")
        factories.policy(sources="always") if number == 23 else None

    html = client.get("/policy/").content.decode()
    assert queries(client, "/policy/") == few
    older = html.split('rel="next" href="')[1].split('"')[0].split("#")[0]
    assert "Version 1<" in client.get(f"/policy/{older}").content.decode()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("look", LOOKS)
def test_a_reason_and_the_policy_as_people_see_them(transactional_db, look):
    factories.policy(sources="or_reason", contact="always", both_sides="or_reason")
    review = factories.review_at(Status.IN_PROGRESS)
    factories.write_verdict(review, review.checker)
    supervisor = factories.supervisor()
    with desk(look, review.checker, supervisor) as [page, other]:
        page.goto(review.get_absolute_url())
        page.get_by_text("State why it goes without").first.click()
        page.get_by_label("Why it goes without").first.fill("One office alone keeps it.")
        page.get_by_role("button", name="State it").first.click()
        page.get_by_text("goes without", exact=True).wait_for()
        look_at(page, f"policy panel, {look}")
        other.goto("/policy/")
        look_at(other, f"policy, {look}")
