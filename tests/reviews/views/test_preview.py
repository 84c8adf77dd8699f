"""The preview: the public page from what is typed, to who may save it, and stored nowhere."""

from __future__ import annotations

import re

import pytest

from reviews import history, publication, workflow
from reviews.models import Publication, Verdict, VerdictVersion
from reviews.states import Status
from tests import factories

HTMX = {"hx-request": "true"}


@pytest.fixture
def held(db):
    return factories.review_at(Status.IN_PROGRESS)


def draw(client, review, *, headers=HTMX, **fields):
    draft = factories.DRAFT
    given = {
        "token": review.lease_token, "seq": history.of(review).seq, "rating": draft.rating,
        "claim_wording": draft.claim_wording, "summary": draft.summary,
        "explanation": draft.explanation,
    } | fields  # fmt: skip
    return client.post(f"{review.get_absolute_url()}preview/", given, headers=headers)


def article(html: str) -> str:
    """The check as it is drawn, its days and its record apart."""
    drawn = re.search(r'<article class="reading">.*?</article>', html, re.DOTALL).group()
    drawn = re.sub(r'<time datetime="[^"]+">[^<]+</time>', "", drawn)
    return re.sub(r"<dt>(Approved by|Record)</dt><dd>.*?</dd>", "", drawn)


def test_nothing_is_stored(sign_in, held):
    answer = draw(sign_in(held.checker), held)

    assert answer.status_code == 200
    assert "Preview, not published." in answer.content.decode()
    assert not Verdict.objects.exists()
    assert not VerdictVersion.objects.exists()
    held.refresh_from_db()
    assert held.lease_expires_at


def test_it_is_the_page_that_readers_will_see(sign_in, client, held):
    factories.write_verdict(held, held.checker)
    preview = draw(sign_in(held.checker), held).content.decode()
    assert "nobody yet" in preview
    assert "version 3, not sealed yet" in preview

    factories.submit(held)
    factories.approve(held, by=factories.supervisor())
    publication.publish(review_id=held.pk)
    public = client.get(f"/checks/{held.ref}/").content.decode()

    assert article(preview) == article(public)


def test_a_correction_is_drawn_with_what_readers_will_be_told(sign_in, db):
    review = factories.review_at(Status.PUBLISHED)
    workflow.correct(review, by=review.checker, reason="The year was wrong.")

    html = draw(sign_in(review.checker), review, correction="It was 2025.").content.decode()

    assert "It was 2025." in html
    assert "not approved yet" in html
    assert Publication.objects.count() == 1


def test_before_a_rating_is_chosen_it_says_so(sign_in, held):
    html = draw(sign_in(held.checker), held, rating="", summary="").content.decode()

    assert "No rating yet" in html
    assert "is not a place on our scale" not in html
    assert "is-here" not in html


def test_what_is_typed_and_cited_is_never_markup(sign_in, held):
    markup = '<img src=x hx-get="/x"><script>alert(1)</script>'
    factories.attach(held, quote=markup, title=markup)
    fields = dict.fromkeys(("claim_wording", "summary", "explanation"), markup)

    html = draw(sign_in(held.checker), held, **fields).content.decode()

    assert "<img" not in html
    assert "<script" not in html
    assert html.count("&lt;img") == 5


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_only_who_may_save_it_sees_it(sign_in, held, headers):
    for person in (factories.fact_checker(), factories.supervisor(), factories.superuser()):
        answer = draw(sign_in(person), held, headers=headers)
        assert answer.status_code == 409
        assert f"{held.checker} is checking it." in answer.content.decode()
        assert factories.DRAFT.summary not in answer.content.decode()
    assert draw(sign_in(held.checker), held, token=99, headers=headers).status_code == 409
    factories.run_out(held)
    assert draw(sign_in(held.checker), held, headers=headers).status_code == 409


def test_what_is_too_long_is_named(sign_in, held):
    answer = draw(sign_in(held.checker), held, summary="x" * 601)

    assert answer.status_code == 422
    assert "Summary: Ensure this value has at most 600 characters" in answer.content.decode()


def test_without_scripts_it_is_a_page_of_its_own(sign_in, held):
    html = draw(sign_in(held.checker), held, headers={}).content.decode()

    assert "<title>Preview, not published" in html
    assert factories.DRAFT.summary in html
    assert f'formaction="{held.get_absolute_url()}preview/" formtarget="_blank"' in (
        sign_in(held.checker).get(held.get_absolute_url()).content.decode()
    )


def test_much_evidence_costs_no_more_queries_than_little(
    sign_in, held, django_assert_max_num_queries
):
    factories.attach(held)
    client = sign_in(held.checker)
    draw(client, held)
    for number in range(12):
        factories.attach(held, title=f"Register {number}")

    with django_assert_max_num_queries(22):
        draw(client, held)
