"""The verdict editor: saving, conflicts, lost leases, submitting. Nothing typed is ever lost."""

from __future__ import annotations

import pytest

from reviews import history, workflow
from reviews.states import Status
from tests import factories

HTMX = {"hx-request": "true"}
WORDS = "The contract says 2.4 million."


@pytest.fixture
def held(db):
    return factories.review_at(Status.IN_PROGRESS)


def typed(review, **fields):
    return {
        "token": review.lease_token, "seq": history.of(review).seq, "rating": "false",
        "claim_wording": "The bridge cost 4.2 million.", "summary": WORDS,
        "explanation": "Two figures were swapped.\r\nSee page 3.",
    } | fields  # fmt: skip


def send(client, review, what="save", *, headers=HTMX, **fields):
    return client.post(
        f"{review.get_absolute_url()}{what}/", typed(review, **fields), headers=headers
    )


def test_saving_makes_a_version_and_answers_with_its_number(sign_in, held):
    answer = send(sign_in(held.checker), held)

    html = answer.content.decode()
    assert answer.status_code == 200
    assert html.startswith('<div id="verdict-state"')
    assert '<input type="hidden" name="seq" value="1"' in html
    assert "Version 1 saved" in html
    assert "it still needs at least one piece of evidence." in html
    assert history.of(held).explanation == "Two figures were swapped.\nSee page 3."


def test_saving_the_same_again_adds_no_version(sign_in, held):
    client = sign_in(held.checker)
    send(client, held)

    send(client, held)

    assert history.of(held).seq == 1


def test_saving_without_scripts_leads_back_to_the_page(sign_in, held):
    answer = send(sign_in(held.checker), held, headers={})

    assert (answer.status_code, answer["Location"]) == (
        302,
        f"{held.get_absolute_url()}#verdict-panel",
    )


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_a_stale_save_is_409_shows_both_sides_and_keeps_what_was_typed(sign_in, held, headers):
    client = sign_in(held.checker)
    send(client, held, summary="Saved in another window.")

    answer = send(client, held, seq=0, headers=headers)

    html = answer.content.decode()
    assert answer.status_code == 409
    assert f"{WORDS}</textarea>" in html
    assert "<del>Saved" in html
    assert '<input type="hidden" name="seq" value="1"' in html
    assert history.of(held).summary == "Saved in another window."
    assert answer["HX-Retarget"] == "#verdict-panel"


def test_after_a_conflict_one_may_save_on_top(sign_in, held):
    client = sign_in(held.checker)
    send(client, held, summary="Saved in another window.")
    send(client, held, seq=0)

    send(client, held, seq=1)

    assert (history.of(held).seq, history.of(held).summary) == (2, WORDS)


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_a_lost_lease_is_409_and_keeps_what_was_typed(sign_in, held, headers):
    client, token = sign_in(held.checker), held.lease_token
    workflow.release(held, by=held.checker, token=token)

    answer = send(client, held, token=token, headers=headers)

    html = answer.content.decode()
    assert answer.status_code == 409
    assert f"{WORDS}</textarea>" in html
    assert "You no longer hold this review" in html
    assert history.of(held).seq == 0


def test_what_is_too_long_is_422_and_kept(sign_in, held):
    answer = send(sign_in(held.checker), held, summary="x" * 601)

    html = answer.content.decode()
    assert answer.status_code == 422
    assert f"{'x' * 601}</textarea>" in html
    assert 'aria-invalid="true"' in html


def test_submitting_saves_what_is_typed_first(sign_in, held):
    factories.write_verdict(held, held.checker)

    answer = send(sign_in(held.checker), held, "submit", headers={})

    held.refresh_from_db()
    assert answer["Location"] == "/"
    assert held.status == Status.SUBMITTED
    assert history.of(held).summary == WORDS


def test_a_refused_submit_names_what_is_missing_and_keeps_the_save(sign_in, held):
    answer = send(sign_in(held.checker), held, "submit", headers={})

    html = answer.content.decode()
    held.refresh_from_db()
    assert (answer.status_code, held.status) == (409, Status.IN_PROGRESS)
    assert "The verdict still needs at least one piece of evidence." in html
    assert f"{WORDS}</textarea>" in html
    assert history.of(held).seq == 1


def test_a_submitted_verdict_can_be_taken_back(sign_in, db):
    review = factories.review_at(Status.SUBMITTED)

    sign_in(review.checker).post(f"{review.get_absolute_url()}withdraw/")

    review.refresh_from_db()
    assert review.status == Status.IN_PROGRESS


def test_others_read_the_verdict_and_see_no_form(sign_in, held):
    factories.write_verdict(held, held.checker)

    html = sign_in(factories.supervisor()).get(held.get_absolute_url()).content.decode()

    assert 'id="verdict-form"' not in html
    assert factories.DRAFT.summary in html
