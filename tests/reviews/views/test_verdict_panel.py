"""The verdict editor: saving, conflicts, lost leases, submitting. Nothing typed is ever lost."""

from __future__ import annotations

import pytest

from claims.models import Article
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
        "token": review.lease_token, "seq": history.of(review).seq,
        "told": factories.told(review), "rating": "false",
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


@pytest.mark.parametrize("field", ["claim_wording", "summary", "explanation", "correction"])
@pytest.mark.parametrize("what", ["save", "submit"])
def test_a_character_that_nobody_can_see_is_refused_and_what_was_typed_stays(
    sign_in, held, field, what
):
    answer = send(sign_in(held.checker), held, what, **{field: "It fell\x1b by half."})

    html = answer.content.decode()
    assert answer.status_code == 422
    if field != "correction":  # asked for in a correction alone
        assert "After “It fell” stands a character that nobody can see" in html
        assert "It fell\x1b by half.</textarea>" in html
    assert history.of(held).seq == 0


def test_a_claim_with_such_a_character_begins_with_one_that_is_seen(sign_in, db):
    review = factories.review(wording="Landings fell\x01 by half.")
    workflow.take(review, by=factories.fact_checker())
    client = sign_in(review.checker)

    page = client.get(review.get_absolute_url()).content.decode()
    answer = send(client, review, claim_wording="Landings fell\ufffd by half.")

    assert "Landings fell\ufffd by half.</textarea>" in page
    assert answer.status_code == 200


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
def test_a_stale_save_is_409_shows_all_three_and_keeps_what_was_typed(sign_in, held, headers):
    client = sign_in(held.checker)
    send(client, held, summary="Saved in another window.")

    answer = send(client, held, seq=0, headers=headers)

    html = answer.content.decode()
    assert answer.status_code == 409
    assert f"{WORDS}</textarea>" in html
    assert "<ins>Saved in another window.</ins>" in html
    assert f"<ins>{WORDS}</ins>" in html
    assert "Version 1: <strong>" in html
    assert '<input type="hidden" name="seq" value="1"' in html
    assert history.of(held).summary == "Saved in another window."
    assert answer["HX-Retarget"] == "#verdict-panel"


def conflicting(client, review):
    """Both changed the summary, the other window the rating, too; what the save is answered."""
    send(client, review, rating="false", summary="")
    send(client, review, rating="true", summary="Saved in another window.")
    return send(client, review, rating="false", seq=1)


def answers(**fields):
    """What the page sends back after a conflict over version 1, with the summary asked about."""
    return {
        "seq": 2, "base": 1, "rating": "true", "asked": "summary",
        "theirs-summary": "Saved in another window.", "mine-summary": WORDS,
    } | fields  # fmt: skip


def test_what_only_the_other_changed_is_proposed_with_who_and_when(sign_in, held):
    html = conflicting(sign_in(held.checker), held).content.decode()

    assert f"taken over from {held.checker}, version 2" in " ".join(html.split())
    assert 'value="true" checked' in html
    assert 'name="asked" value="summary"' in html
    assert html.count('data-asked="') == 1


@pytest.mark.parametrize(
    ("take", "stands"),
    [
        ({"take-summary": "mine", "summary": "Ignored."}, WORDS),
        ({"take-summary": "theirs"}, "Saved in another window."),
        ({"take-summary": "hand", "summary": "By hand."}, "By hand."),
    ],
)
def test_whose_words_stand_is_answered_without_scripts(sign_in, held, take, stands):
    client = sign_in(held.checker)
    conflicting(client, held)

    answer = send(client, held, headers={}, **answers(**take))

    verdict = history.of(held)
    assert answer.status_code == 302
    assert (verdict.rating, verdict.summary) == ("true", stands)


def test_what_is_asked_must_be_answered_and_nothing_is_saved_before(sign_in, held):
    client = sign_in(held.checker)
    conflicting(client, held)

    answer = send(client, held, headers={}, **answers())

    html = answer.content.decode()
    assert (answer.status_code, history.of(held).seq) == (409, 2)
    assert "Say first whose stands: “Summary”." in html
    assert f"{WORDS}</textarea>" in html
    assert 'name="base" value="1"' in html


def test_a_second_conflict_meanwhile_keeps_what_was_decided(sign_in, held):
    client = sign_in(held.checker)
    conflicting(client, held)
    send(client, held, rating="true", summary="Saved once more.", seq=2)

    answer = send(client, held, **answers(**{"take-summary": "hand", "summary": "By hand."}))

    html = answer.content.decode()
    assert answer.status_code == 409
    assert "By hand.</textarea>" in html
    assert 'name="mine-summary" value="By hand."' in html
    assert 'name="theirs-summary" value="Saved once more."' in html
    assert 'name="base" value="2"' in html


def test_submitting_meets_a_conflict_as_saving_does(sign_in, held):
    client = sign_in(held.checker)
    conflicting(client, held)

    answer = send(client, held, "submit", headers={}, **answers())

    held.refresh_from_db()
    assert (answer.status_code, held.status) == (409, Status.IN_PROGRESS)


def test_after_a_conflict_one_may_save_on_top(sign_in, held):
    client = sign_in(held.checker)
    conflicting(client, held)

    send(client, held, seq=2)

    assert (history.of(held).seq, history.of(held).summary) == (3, WORDS)


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


def test_what_others_changed_is_shown_and_read_before_it_is_submitted(sign_in, held):
    """An article's title is what readers see; nobody but its checker has read the new one."""
    factories.write_verdict(held, held.checker)
    client, before = sign_in(held.checker), factories.told(held)
    page = client.get(held.get_absolute_url()).content.decode()
    assert f'name="told" value="{before}"' in page
    assert "changed: read it before you submit" not in page
    Article.objects.update(title="<b>The mayor is a thief</b>")

    answer = send(client, held, "submit", told=before)

    html = answer.content.decode()
    held.refresh_from_db()
    assert (answer.status_code, held.status) == (409, Status.IN_PROGRESS)
    assert "changed since this page was opened" in html
    assert "changed: read it before you submit" in html
    assert "&lt;b&gt;The mayor is a thief&lt;/b&gt;" in html
    assert f'name="told" value="{factories.told(held)}"' in html

    send(client, held, "submit")
    held.refresh_from_db()
    assert held.status == Status.SUBMITTED


def test_what_changed_before_the_first_save_is_shown_with_its_answer(sign_in, held):
    before = factories.told(held)
    Article.objects.update(title="The mayor is a thief")

    html = send(sign_in(held.checker), held, told=before).content.decode()

    assert "changed: read it before you submit" in html


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
