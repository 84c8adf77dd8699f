"""What a supervisor reads, and a decision that names exactly what was read."""

from __future__ import annotations

from html import unescape

import pytest

from claims.models import Claimant
from reviews import arranging, comments, history, workflow
from reviews.models import Decision, ReviewTopic
from reviews.states import Status
from tests import factories
from tests.looks import LOOKS, desk, look_at


@pytest.fixture
def submitted(db):
    return factories.review_at(Status.SUBMITTED)


def decide(client, review, what, **fields):
    verdict = history.of(review)
    fields = {"seq": verdict.seq, "content_hash": verdict.content_hash, "comment": ""} | fields
    return client.post(f"{review.get_absolute_url()}{what}/", fields)


def test_approving_names_the_version_and_leads_to_the_review(sign_in, submitted):
    approver = factories.supervisor()

    answer = decide(sign_in(approver), submitted, "approve")

    decision = Decision.objects.get()
    assert answer["Location"] == submitted.get_absolute_url()
    assert (decision.kind, decision.version.seq, decision.by) == ("approved", 2, approver)


def test_approving_what_changed_meanwhile_is_409_and_keeps_the_comment(sign_in, submitted):
    read = history.of(submitted)
    workflow.withdraw(submitted, by=submitted.checker)
    draft = history.Draft("false", "The catch fell.", "By a tenth.", "The register shows it.")
    token = submitted.lease_token
    history.save(submitted, by=submitted.checker, token=token, seq=read.seq, draft=draft)
    told = factories.told(submitted)
    workflow.submit(submitted, by=submitted.checker, token=token, seq=read.seq + 1, told=told)

    answer = decide(
        sign_in(factories.supervisor()), submitted, "approve",
        seq=read.seq, content_hash=read.content_hash, comment="Well done.",
    )  # fmt: skip

    html = answer.content.decode()
    assert answer.status_code == 409
    assert "The verdict changed while you were reading. Read it again." in html
    assert "Well done.</textarea>" in html
    assert not Decision.objects.exists()


def test_after_a_refusal_the_page_names_the_version_it_now_shows(sign_in, submitted):
    answer = decide(sign_in(factories.supervisor()), submitted, "approve", seq=1, comment="Fine.")

    assert '<input type="hidden" name="seq" value="2"' in answer.content.decode()


def test_a_contributor_reads_why_they_may_not_approve(sign_in, db):
    author = factories.supervisor()
    review = factories.review_at(Status.SUBMITTED, checker=author)
    client = sign_in(author)

    page = client.get(f"{review.get_absolute_url()}approval/").content.decode()
    answer = decide(client, review, "approve")

    assert 'aria-disabled="true" aria-describedby="approve-refusal"' in page
    assert "You contributed to this verdict; another supervisor decides it." in page
    assert answer.status_code == 409
    assert not Decision.objects.exists()


def test_returning_needs_a_comment(sign_in, submitted):
    client = sign_in(factories.supervisor())

    refused = decide(client, submitted, "return")
    decide(client, submitted, "return", comment="Name the year.")

    submitted.refresh_from_db()
    assert refused.status_code == 409
    assert "Say what the checker should change." in unescape(refused.content.decode())
    assert submitted.status == Status.RETURNED


def test_it_shows_what_changed_since_the_version_decided_on(sign_in, db):
    review = factories.review_at(Status.RETURNED)
    workflow.take(review, by=review.checker)
    draft = history.Draft(
        factories.DRAFT.rating, factories.DRAFT.claim_wording,
        f"{factories.DRAFT.summary} That was in 2025.", factories.DRAFT.explanation,
    )  # fmt: skip
    token = review.lease_token
    history.save(review, by=review.checker, token=token, seq=2, draft=draft)
    workflow.submit(review, by=review.checker, token=token, seq=3, told=factories.told(review))

    answer = sign_in(factories.supervisor()).get(f"{review.get_absolute_url()}approval/")

    page = answer.context["page"]
    assert [(field.field, [c.op for c in field.changes]) for field in page.changes] == [
        ("summary", ["equal", "insert"])
    ]
    assert "What changed since version 2" in answer.content.decode()


def test_it_shows_everything_that_readers_will_be_told(sign_in, db):
    review = factories.review_at(Status.PUBLISHED)
    workflow.correct(review, by=factories.fact_checker(), reason="Typo")
    factories.save(review, summary="By a ninth.", correction="The register was of another year.")
    factories.submit(review)
    Claimant.objects.update(name="Renamed since")

    html = unescape(
        sign_in(factories.supervisor())
        .get(f"{review.get_absolute_url()}approval/")
        .content.decode()
    )

    told = html[html.index('id="told"') : html.index("What is known now")]
    article = review.claim.appearances.get().article
    assert "The register was of another year." in html
    assert "Said by <strong>The fishers' union</strong>" in told
    assert article.title in told
    assert "the origin's own caution" in told
    assert "2 March 2026" in told


def test_thin_evidence_is_named(sign_in, db):
    review = factories.review_at(Status.IN_PROGRESS)
    client = sign_in(factories.supervisor())
    address = f"{review.get_absolute_url()}approval/"

    assert client.get(address).context["page"].evidence_gaps == ["There is no evidence."]

    factories.attach(
        review,
        title="A leaflet",
        publisher="The ministry",
        stance="context",
        url="",
        is_primary=False,
    )
    assert client.get(address).context["page"].evidence_gaps == [
        "None of it is a primary source.",
        "It gives context, but neither supports nor refutes the claim.",
        "“A leaflet” has no address to look it up.",
    ]


# Comments on passages


def comment(client, review, *, headers=None, **fields):
    given = {
        "page": "approval", "about": "summary", "quote": "fell by a tenth",
        "body": "Of what?",
    } | fields  # fmt: skip
    return client.post(f"{review.get_absolute_url()}comment/", given, headers=headers or {})


def test_a_passage_is_commented_on_in_place_and_marked_there(sign_in, submitted):
    client = sign_in(factories.supervisor())

    html = comment(client, submitted, headers={"hx-request": "true"}).content.decode()

    [thread] = submitted.comments.all()
    assert html.lstrip().startswith('<section id="comments-panel"')
    assert f'id="mark-{thread.ref}" href="#comment-{thread.ref}">fell by a tenth<' in html
    assert 'id="marked" hx-swap-oob="true">with 1 comment on passages' in html


def test_without_scripts_one_comes_back_to_the_decision(sign_in, submitted):
    client = sign_in(factories.supervisor())

    answer = comment(client, submitted)
    wrong = comment(client, submitted, quote="nowhere to be found")

    thread = submitted.comments.get()
    where = f"{submitted.get_absolute_url()}approval/#comment-{thread.ref}"
    assert answer["Location"] == where
    assert wrong.status_code == 409
    assert "Your decision" in wrong.content.decode()
    assert "nowhere to be found" in wrong.content.decode()


def test_comments_on_passages_do_for_a_return_and_its_checker_finds_them(sign_in, submitted):
    approver = factories.supervisor()
    article = submitted.claim.appearances.get().article
    comments.say(submitted, by=approver, body="Before that: who counts?")  # on no passage
    comments.say(
        submitted, by=approver, body="Of what?", about="summary", quote="fell by a tenth"
    )  # fmt: skip
    comments.say(
        submitted, by=approver, body="Which union?", about="article", article=article.ref,
        quote="the fishers' union",
    )  # fmt: skip
    comments.say(
        submitted, by=factories.supervisor(), body="I like it.", about="summary", quote="Landings"
    )

    decide(sign_in(approver), submitted, "return")

    submitted.refresh_from_db()
    told = submitted.checker.notifications.latest("pk")
    assert Decision.objects.get().comment == "See the 2 comments on passages."
    assert told.words == f"{approver} returned your verdict, with 2 comments on passages"
    html = sign_in(submitted.checker).get(submitted.get_absolute_url()).content.decode()
    delivered = html[html.index("With 2 comments on passages:") :].split("</ul>")[0]
    assert "Of what?" in delivered
    assert "Which union?" in delivered
    assert delivered.count("<li>") == 2


def test_what_was_delivered_or_resolved_before_does_for_no_further_return(sign_in, submitted):
    approver = factories.supervisor()
    client = sign_in(approver)
    comments.say(submitted, by=approver, body="Of what?", about="summary", quote="a tenth")
    decide(client, submitted, "return")
    submitted.refresh_from_db()
    workflow.take(submitted, by=submitted.checker)
    factories.submit(submitted)
    resolved = comments.say(
        submitted, by=approver, body="Since when?", about="explanation", quote="over the year"
    )
    comments.resolve(resolved, by=approver)

    assert decide(client, submitted, "return").status_code == 409


# Several approvals


@pytest.fixture
def of_two(submitted):
    ReviewTopic.objects.create(slug="ports", name="Ports", approvals=2)
    arranging.put_under(submitted, by=submitted.checker, topics=["ports"], reason="A port.")
    return submitted


def test_the_first_of_two_is_noted_and_shown_to_everybody(sign_in, of_two):
    first = factories.supervisor()
    client, other = sign_in(first), sign_in(factories.supervisor())

    answer = decide(client, of_two, "approve")

    of_two.refresh_from_db()
    assert (answer["Location"], of_two.status) == (of_two.get_absolute_url(), Status.SUBMITTED)
    page = f"{of_two.get_absolute_url()}approval/"
    assert "You approved this version already" in client.get(page).content.decode()
    html = other.get(page).content.decode()
    assert "1 of 2 approvals" in html
    assert f"<strong>{first}</strong>" in html
    assert "approve-refusal" not in html
    assert "1 of 2 approvals: you" in client.get("/?view=approve").content.decode()
    assert f"1 of 2 approvals: {first}" in other.get("/?view=approve").content.decode()


def test_one_approval_of_two_leaves_what_changed_to_be_read(sign_in, of_two):
    factories.approve(of_two, by=factories.supervisor())

    page = sign_in(factories.supervisor()).get(f"{of_two.get_absolute_url()}approval/")

    assert page.context["page"].last_decision is None


def test_the_queue_asks_once_for_all_approvals(sign_in, queries, of_two):
    client = sign_in(factories.supervisor())
    few = queries(client, "/?view=approve")
    for _ in range(3):
        factories.approve(factories.review_at(Status.SUBMITTED), by=factories.supervisor())
        other = factories.review_at(Status.SUBMITTED)
        arranging.put_under(other, by=other.checker, topics=["ports"], reason="A port.")
        factories.approve(other, by=factories.supervisor())

    assert queries(client, "/?view=approve") == few


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("look", LOOKS)
def test_selected_words_are_commented_on_and_returned_from_the_keyboard(transactional_db, look):
    review, approver = factories.review_at(Status.SUBMITTED), factories.supervisor()
    with desk(look, approver) as [page]:
        page.goto(f"{review.get_absolute_url()}approval/")
        page.locator("[data-about=summary] p").select_text()
        page.keyboard.press("c")
        page.keyboard.type("Of what?")
        page.get_by_role("button", name="Comment", exact=True).click()
        page.locator("#verdict .mark-comment").wait_for()
        page.locator("#marked", has_text="with 1 comment on passages").wait_for()
        look_at(page, f"approval, {look}")
        page.locator("h1").click()
        page.keyboard.press("r")
        page.get_by_text("with your comments").wait_for()
    review.refresh_from_db()
    assert review.status == Status.RETURNED
