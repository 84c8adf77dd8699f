"""Reading and holding one review: marks, flags, lease, comments, and what asks for a reason."""

from __future__ import annotations

import re
from html import unescape

import pytest

from claims import marking
from claims.models import Appearance, Article, Flag
from reviews import comments, workflow
from reviews.states import Status
from tests import factories

HTMX = {"hx-request": "true"}


@pytest.fixture
def held(db):
    return factories.review_at(Status.IN_PROGRESS)


def flag_of(review) -> Flag:
    return Flag.objects.get(covers__claim=review.claim)


def decide(client, review, flag, **fields):
    fields = {"token": review.lease_token, "state": "confirmed", "reason": ""} | fields
    headers = fields.pop("headers", {})
    return client.post(f"{review.get_absolute_url()}flags/{flag.ref}/", fields, headers=headers)


def test_the_article_is_shown_whole_with_the_claim_and_its_flag_marked(sign_in, held):
    html = sign_in(held.checker).get(held.get_absolute_url()).content.decode()

    text = re.search(r'<div class="article-text".*?<p>(.*?)</p>', html, re.DOTALL).group(1)
    unmarked = re.sub(r'<span class="hide">.*?</span>', "", text)
    assert unescape(re.sub(r"<[^>]+>", "", unmarked)).strip() == factories.TEXT
    flag = flag_of(held)
    assert f'<mark class="mark mark-claim">{factories.TEXT[:38]}</mark>' in text
    assert f'href="#flag-{flag.ref}">{flag.cue}<' in text
    assert html.count(f'id="flag-{flag.ref}"') == 1


def test_flags_in_what_a_page_leaves_out_of_a_long_article_are_there_too(sign_in, held):
    near = flag_of(held)
    text = near.article.text + "\nx" * marking.LINES + "\nNobody could verify it."
    Article.objects.filter(pk=near.article_id).update(text=text)
    far = Flag.objects.create(
        article=near.article, kind=near.kind, rule="en.nobody", confidence=0.5,
        start=len(text) - 10, end=len(text), sentence_start=len(text) - 23, sentence_end=len(text),
    )  # fmt: skip

    html = sign_in(held.checker).get(held.get_absolute_url()).content.decode()

    assert "characters more are not shown here" in html
    assert [html.count(f'id="flag-{flag.ref}"') for flag in (near, far)] == [1, 1]


def test_a_claim_in_many_articles_has_tabs_for_some_and_for_the_one_asked_for(
    sign_in, held, monkeypatch
):
    monkeypatch.setattr("reviews.views.page.ARTICLES", 2)
    rows = []
    for _ in range(4):
        rows.append(factories.article(published_on="2031-01-01"))
        Appearance.objects.create(
            article=rows[-1], claim=held.claim, start=0, end=9, sentence_start=0, sentence_end=9,
            wording=rows[-1].text[:9], worthiness=0.5,
        )  # fmt: skip
    where = f"{held.get_absolute_url()}?article={rows[-1].ref}"
    html = sign_in(held.checker).get(where).content.decode()

    tabs = re.findall(r'id="tab-(\w+)"( aria-current="true")?', html)
    assert len(tabs) == 3
    assert tabs[-1] == (rows[-1].ref, ' aria-current="true"')
    assert "2 more" in html


def test_what_articles_say_is_never_markup(sign_in, db):
    text = factories.TEXT + ' <img src=x onerror="alert(1)" hx-get="/x">'
    review = factories.review_at(Status.IN_PROGRESS)
    article = factories.article(text)
    Appearance.objects.create(
        article=article, claim=review.claim, start=0, end=9, sentence_start=0, sentence_end=9,
        wording=text[:9], worthiness=0.5,
    )  # fmt: skip

    html = (
        sign_in(review.checker)
        .get(f"{review.get_absolute_url()}?article={article.ref}")
        .content.decode()
    )

    assert "<img" not in html
    assert "&lt;img src=x onerror=&quot;alert(1)&quot;" in html


def test_it_answers_htmx_with_the_article_only(sign_in, held):
    answer = sign_in(held.checker).get(held.get_absolute_url(), headers=HTMX)

    assert answer.content.decode().startswith('<section id="article-panel"')
    assert answer["Vary"].split(", ").count("HX-Request") == 1


def test_a_flag_is_confirmed_in_place(sign_in, held):
    flag = flag_of(held)

    answer = decide(sign_in(held.checker), held, flag, headers=HTMX)

    flag.refresh_from_db()
    assert (answer.status_code, flag.state, flag.decided_by) == (200, "confirmed", held.checker)
    assert answer.content.decode().startswith('<section id="article-panel"')


def test_a_flag_decided_without_scripts_leads_back_to_it(sign_in, held):
    flag = flag_of(held)

    answer = decide(sign_in(held.checker), held, flag)

    assert answer["Location"] == (
        f"{held.get_absolute_url()}?article={flag.article.ref}#flag-{flag.ref}"
    )


def test_dismissing_a_flag_without_a_reason_is_refused_beside_the_field(sign_in, held):
    flag = flag_of(held)

    answer = decide(sign_in(held.checker), held, flag, state="dismissed", headers=HTMX)

    flag.refresh_from_db()
    assert (answer.status_code, flag.state) == (409, "open")
    assert "Say why the flag is dismissed." in answer.content.decode()


def test_a_lost_lease_keeps_the_typed_reason(sign_in, held):
    client, former = sign_in(held.checker), held.lease_token
    workflow.release(held, by=held.checker, token=former)
    held.lease_token = former

    answer = decide(client, held, flag_of(held), state="dismissed", reason="Old news", headers=HTMX)

    assert answer.status_code == 409
    assert 'value="Old news"' in answer.content.decode()


def test_renewing_answers_with_the_time_left(sign_in, held):
    answer = sign_in(held.checker).post(
        f"{held.get_absolute_url()}renew/", {"token": held.lease_token}, headers=HTMX
    )

    assert answer.status_code == 200
    assert answer.content.decode().startswith('<div id="lease"')


def test_renewing_a_lost_lease_is_409_and_says_so(sign_in, held):
    client, token = sign_in(held.checker), held.lease_token
    workflow.release(held, by=held.checker, token=token)

    answer = client.post(f"{held.get_absolute_url()}renew/", {"token": token}, headers=HTMX)

    assert answer.status_code == 409
    assert "You no longer hold this review" in answer.content.decode()


def test_taking_and_releasing_without_scripts(sign_in, db):
    review, checker = factories.review(), factories.fact_checker()
    client = sign_in(checker)

    client.post(f"{review.get_absolute_url()}take/")
    review.refresh_from_db()
    assert (review.status, review.checker) == (Status.IN_PROGRESS, checker)

    client.post(f"{review.get_absolute_url()}release/", {"token": review.lease_token})
    review.refresh_from_db()
    assert (review.status, review.checker) == (Status.QUEUED, None)


def test_taking_what_another_holds_is_refused_in_words(sign_in, held):
    answer = sign_in(factories.fact_checker()).post(f"{held.get_absolute_url()}take/", follow=True)

    assert [str(message) for message in answer.context["messages"]] == [
        "This review is being checked."
    ]


def test_a_comment_is_added_in_place(sign_in, held):
    answer = sign_in(factories.supervisor()).post(
        f"{held.get_absolute_url()}comment/", {"body": "Ask the port."}, headers=HTMX
    )

    assert answer.content.decode().startswith('<section id="comments-panel"')
    assert [comment.body for comment in held.comments.all()] == ["Ask the port."]


def test_a_refused_comment_is_kept(sign_in, held):
    answer = sign_in(factories.data_editor()).post(
        f"{held.get_absolute_url()}comment/", {"body": "Ask the port."}, headers=HTMX
    )

    assert answer.status_code == 409
    assert "Ask the port.</textarea>" in answer.content.decode()


def test_dismissing_asks_why_and_reopening_undoes_it(sign_in, db):
    review, person = factories.review(), factories.supervisor()
    client, address = sign_in(person), review.get_absolute_url()

    assert client.post(f"{address}dismiss/", {"dismiss-reason": " "}).status_code == 422
    client.post(f"{address}dismiss/", {"dismiss-reason": "An opinion."})
    review.refresh_from_db()
    assert review.status == Status.DISMISSED

    client.post(f"{address}reopen/", {"reopen-reason": "It names a figure."})
    review.refresh_from_db()
    assert review.status == Status.QUEUED


def test_a_refused_dismissal_keeps_the_reason(sign_in, held):
    answer = sign_in(factories.fact_checker()).post(
        f"{held.get_absolute_url()}dismiss/", {"dismiss-reason": "An opinion."}
    )

    held.refresh_from_db()
    assert (answer.status_code, held.status) == (409, Status.IN_PROGRESS)
    assert f"{held.checker} is checking this claim." in unescape(answer.content.decode())


def test_a_correction_is_taken_with_its_reason(sign_in, db):
    review, checker = factories.review_at(Status.PUBLISHED), factories.fact_checker()

    sign_in(checker).post(
        f"{review.get_absolute_url()}correct/", {"correct-reason": "The year is wrong."}
    )

    review.refresh_from_db()
    assert (review.status, review.checker) == (Status.IN_PROGRESS, checker)
    assert review.events.latest("pk").note == "The year is wrong."


def test_a_correction_begun_by_mistake_is_kept_as_it_was(sign_in, db):
    review, checker = factories.review_at(Status.PUBLISHED), factories.fact_checker()
    workflow.correct(review, by=checker, reason="The year is wrong.")
    client, address = sign_in(checker), review.get_absolute_url()
    shown = client.get(address).content.decode()
    assert "Yes, keep it as it is" in shown
    assert "The year is wrong.</textarea>" in shown

    assert client.post(f"{address}keep/", {"token": "x"}).status_code == 422
    answer = client.post(f"{address}keep/", {"token": review.lease_token}, follow=True)

    review.refresh_from_db()
    assert review.status == Status.PUBLISHED
    assert "readers see what they saw before" in answer.content.decode()


def test_a_changed_correction_says_why_it_cannot_be_kept(sign_in, db):
    review, checker = factories.review_at(Status.PUBLISHED), factories.fact_checker()
    workflow.correct(review, by=checker, reason="The year is wrong.")
    factories.save(review, summary="Landings fell by a ninth.")
    client, address = sign_in(checker), review.get_absolute_url()

    shown = client.get(address).content.decode()
    answer = client.post(f"{address}keep/", {"token": review.lease_token}, follow=True)

    refusal = "The verdict is not what is published any more"
    assert "Yes, keep it as it is" not in shown
    assert refusal in shown
    assert [str(message)[: len(refusal)] for message in answer.context["messages"]] == [refusal]


def test_what_is_held_is_dismissed_from_the_page_that_holds_it(sign_in, held):
    client, address = sign_in(held.checker), held.get_absolute_url()
    late = client.post(f"{address}dismiss/", {"dismiss-reason": "An opinion.", "dismiss-token": 0})
    assert (late.status_code, held.status) == (409, Status.IN_PROGRESS)
    name = f'name="dismiss-token" value="{held.lease_token}"'
    assert name in client.get(address).content.decode()

    client.post(
        f"{address}dismiss/",
        {"dismiss-reason": "An opinion.", "dismiss-token": held.lease_token},
    )

    held.refresh_from_db()
    assert held.status == Status.DISMISSED


@pytest.mark.parametrize("status", list(Status))
def test_every_status_renders_for_its_people(sign_in, status):
    checker, approver = factories.fact_checker(), factories.supervisor()
    review = factories.review_at(status, checker=checker, approver=approver)

    for person in (checker, approver, factories.data_editor()):
        for page in ("", "approval/", "history/"):
            answer = sign_in(person).get(f"{review.get_absolute_url()}{page}")
            assert answer.status_code == 200


@pytest.mark.parametrize("name", ["take", "release", "renew", "save", "submit", "withdraw"])
def test_a_get_changes_nothing(sign_in, held, name):
    assert sign_in(held.checker).get(f"{held.get_absolute_url()}{name}/").status_code == 405


def test_thirty_of_everything_cost_no_more_queries_than_one(sign_in, queries, held):
    client, address = sign_in(held.checker), held.get_absolute_url()
    factories.write_verdict(held, held.checker)
    comments.say(held, by=held.checker, body="One.")
    one = queries(client, address)
    article = held.claim.appearances.get().article
    for number in range(29):
        comments.say(held, by=held.checker, body=f"Comment {number}")
        factories.attach(held, title=f"Register {number}")
        Flag.objects.create(
            article=article, kind="hearsay", start=number, end=number + 40, sentence_start=0,
            sentence_end=80, rule="en.hearsay", confidence=0.5,
        )  # fmt: skip

    assert queries(client, address) == one
