"""What a supervisor reads, and a decision that names exactly what was read."""

from __future__ import annotations

from html import unescape

import pytest

from claims.models import Claimant
from reviews import history, workflow
from reviews.models import Decision
from reviews.states import Status
from tests import factories


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
    workflow.submit(submitted, by=submitted.checker, token=token, seq=read.seq + 1)

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
    workflow.submit(review, by=review.checker, token=token, seq=3)

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
