"""What readers are shown: one frozen document, the same in every form, corrected in the open."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

import pytest
from django.core.exceptions import ImproperlyConfigured

from claims.models import Claim, Claimant, Flag, Source
from reviews import history, publication, ratings, tasks, workflow
from reviews.models import Publication, Review, ReviewEvent, User
from reviews.states import Status
from tests import factories
from tests.factories import DRAFT, fact_checker, review_at, supervisor

pytestmark = pytest.mark.usefixtures("record_holds")


@pytest.fixture
def published(db) -> Review:
    return review_at(Status.PUBLISHED)


def corrected(review: Review, reason: str, **fields) -> Publication:
    """Correct a published review as people do, and publish the correction."""
    workflow.correct(review, by=fact_checker(), reason=reason)
    factories.save(review, **fields)
    factories.submit(review)
    factories.approve(review, by=supervisor())
    found = publication.publish(review_id=review.pk)
    review.refresh_from_db()
    return found


# Publishing


def test_publishing_freezes_the_approved_version(db):
    review = review_at(Status.APPROVED)

    found = publication.publish(review_id=review.pk)

    review.refresh_from_db()
    verdict = history.of(review)
    assert review.status == Status.PUBLISHED
    assert (found.version.seq, found.version.content_hash) == (verdict.seq, verdict.content_hash)
    assert found.approval.version == found.version
    assert found.correction == ""
    event = review.events.latest("pk")
    assert (event.action, event.actor.is_system, event.at) == ("publish", True, found.published_at)


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.APPROVED}))
def test_what_is_not_approved_is_not_published(db, status):
    review = review_at(status)
    before = Publication.objects.count(), ReviewEvent.objects.count()

    assert publication.publish(review_id=review.pk) is None

    assert (Publication.objects.count(), ReviewEvent.objects.count()) == before


def test_the_document_says_everything_that_readers_are_shown(db):
    checker, decider = fact_checker(), supervisor()
    review = review_at(Status.PUBLISHED, checker=checker, approver=decider)

    row = Publication.objects.get()
    document = row.document
    version = row.version
    assert document["claim"] == DRAFT.claim_wording
    assert (document["summary"], document["explanation"]) == (DRAFT.summary, DRAFT.explanation)
    assert document["rating"] == {
        "code": "mostly_false", "label": "Mostly false", "value": 2, "worst": 1, "best": 5,
        "scale": 1, "meaning": ratings.rating("mostly_false").meaning,
    }  # fmt: skip
    assert document["claimant"] == {"name": "The fishers' union", "kind": "organisation"}
    assert document["url"].endswith(f"/checks/{review.ref}/")
    assert (document["checked_by"], document["approved_by"]) == ([str(checker)], str(decider))
    assert document["version"] == {"seq": 2, "hash": version.hash}
    assert document["corrections"] == []
    assert document["published_at"] == document["modified_at"]
    (item,) = document["evidence"]
    assert item == history.read(version)["evidence"][0] | {"stance_label": "Refutes the claim"}
    (appearance,) = document["appearances"]
    assert appearance["caution"] == "origin"
    assert appearance["url"].startswith("https://courier.example/")


def test_everybody_who_wrote_is_named_once_in_order(db):
    first, second = fact_checker(), fact_checker()
    review = review_at(Status.IN_PROGRESS, checker=first)
    factories.write_verdict(review, first)
    workflow.release(review, by=first, token=review.lease_token)
    workflow.take(review, by=second)
    factories.save(review, summary="Landings fell by a ninth.")
    workflow.release(review, by=second, token=review.lease_token)
    workflow.take(review, by=first)
    factories.save(review, summary="Landings fell by a tenth, not by half.")
    factories.submit(review)
    factories.approve(review, by=supervisor())

    document = publication.publish(review_id=review.pk).document

    assert document["checked_by"] == [str(first), str(second)]


def test_what_changes_afterwards_changes_nothing_that_is_published(published):
    before = Publication.objects.get().document

    Claim.objects.update(wording="Reworded.")
    Claimant.objects.update(name="Renamed")
    Source.objects.update(name="Renamed")
    published.checker.first_name = "Renamed"
    published.checker.save()
    workflow.correct(published, by=published.checker, reason="The year was wrong.")
    factories.save(published, rating="true", summary="Landings doubled.")

    assert Publication.objects.current().get().document == before


def test_what_is_published_is_what_was_approved_whatever_changed_since(db):
    """Between the approval and its publication lies a queue."""
    checker, decider = fact_checker(last_name="Before"), supervisor(last_name="Before")
    review = review_at(Status.APPROVED, checker=checker, approver=decider)
    approved = history.read(review.verdict.versions.latest("seq"))["context"]
    Claim.objects.update(wording="Reworded.", claimant=None)
    Source.objects.update(name="Renamed")
    Flag.objects.all().delete()
    User.objects.filter(pk__in=[checker.pk, decider.pk]).update(last_name="After")

    document = publication.publish(review_id=review.pk).document

    assert document["claimant"] == approved["claimant"] == {
        "name": "The fishers' union", "kind": "organisation",
    }  # fmt: skip
    (appearance,) = document["appearances"]
    assert appearance == approved["appearances"][0] | {"caution_label": "the origin's own caution"}
    assert (document["checked_by"], document["approved_by"]) == (["Person Before"], "Person Before")


def test_each_author_is_named_as_they_were_called_when_they_last_wrote(db):
    author = fact_checker(last_name="Before")
    review = review_at(Status.IN_PROGRESS, checker=author)
    factories.write_verdict(review, author)
    User.objects.filter(pk=author.pk).update(last_name="After")
    factories.save(review, summary="Landings fell by a ninth.")
    factories.submit(review)
    factories.approve(review, by=supervisor())

    assert publication.publish(review_id=review.pk).document["checked_by"] == ["Person After"]


# Retried and lost tasks


def test_a_retried_task_publishes_once(db):
    review = review_at(Status.APPROVED)

    tasks.publish(review_id=review.pk)
    tasks.publish(review_id=review.pk)

    assert Publication.objects.count() == 1
    assert review.events.filter(action="publish").count() == 1


def test_the_sweep_finds_what_a_lost_message_left_approved(db):
    approved = [review_at(Status.APPROVED), review_at(Status.APPROVED)]
    review_at(Status.SUBMITTED)
    review_at(Status.PUBLISHED)

    assert {*Review.objects.awaiting_publication()} == {*approved}


def test_nothing_is_published_while_nobody_said_where_readers_find_it(db, settings):
    review = review_at(Status.APPROVED)
    settings.PUBLIC_URL = ""

    with pytest.raises(
        ImproperlyConfigured, match="FACTCHECK_PUBLIC_URL must be the https:// addr"
    ):
        publication.publish(review_id=review.pk)

    assert Publication.objects.count() == 0
    assert {*Review.objects.awaiting_publication()} == {review}


# Corrections


def test_a_correction_is_a_further_publication_that_says_what_changed(published):
    first = Publication.objects.get()

    second = corrected(published, "The year was wrong.", summary="Landings fell by a ninth.")

    assert [*Publication.objects.order_by("pk")] == [first, second]
    assert (first.document["summary"], second.document["summary"]) == (
        DRAFT.summary, "Landings fell by a ninth.",
    )  # fmt: skip
    assert second.correction == "The year was wrong."
    assert [note["text"] for note in second.document["corrections"]] == ["The year was wrong."]
    assert second.document["corrections"][0]["at"] == second.document["modified_at"]
    assert second.document["published_at"] == first.document["published_at"]
    assert second.published_at - first.published_at >= publication.APART
    assert second.document["modified_at"] > first.document["modified_at"]
    assert [*Publication.objects.current()] == [second]


def test_readers_see_every_correction_newest_first(published):
    corrected(published, "The year was wrong.", summary="Landings fell by a ninth.")
    last = corrected(published, "The port was wrong.", summary="Landings at the pier fell.")

    notes = [note["text"] for note in last.document["corrections"]]
    assert notes == ["The port was wrong.", "The year was wrong."]


def test_readers_are_told_the_note_that_was_approved(published):
    row = corrected(
        published, "Typo, sorry", summary="Landings fell by a ninth.",
        correction="The register was of another year.",
    )  # fmt: skip

    assert row.correction == "The register was of another year."
    assert [note["text"] for note in row.document["corrections"]] == [row.correction]


def test_two_publications_in_one_second_are_told_apart_by_their_dates(published):
    rows = [
        corrected(published, f"Round {n}.", summary=f"Landings fell by {n} %.") for n in range(3)
    ]

    told = [row.document["modified_at"] for row in rows]
    assert told == sorted({*told})


def test_a_correction_begun_by_one_and_finished_by_another_keeps_its_reason(published):
    first, second = fact_checker(), fact_checker()
    workflow.correct(published, by=first, reason="The year was wrong.")
    workflow.release(published, by=first, token=published.lease_token)
    workflow.take(published, by=second)
    factories.save(published, summary="Landings fell by a ninth.")
    factories.submit(published)
    factories.approve(published, by=supervisor())

    assert publication.publish(review_id=published.pk).correction == "The year was wrong."


# ClaimReview


def test_the_claim_review_says_what_the_document_says(published):
    row = Publication.objects.get()
    document, markup = row.document, publication.claim_review(row)

    assert (markup["@context"], markup["@type"]) == ("https://schema.org", "ClaimReview")
    assert markup["url"] == document["url"]
    assert markup["claimReviewed"] == document["claim"]
    assert markup["inLanguage"] == "en"
    assert markup["author"] == {"@type": "Organization", **document["organisation"]}
    assert markup["reviewRating"] == {
        "@type": "Rating", "alternateName": "Mostly false", "ratingExplanation": DRAFT.summary,
        "ratingValue": 2, "worstRating": 1, "bestRating": 5,
    }  # fmt: skip
    item, (appearance,) = markup["itemReviewed"], document["appearances"]
    assert item["author"] == {"@type": "Organization", "name": "The fishers' union"}
    assert item["datePublished"] == "2026-03-02"
    assert item["firstAppearance"] == item["appearance"][0] == {
        "@type": "CreativeWork", "url": appearance["url"], "name": appearance["title"],
        "publisher": {"@type": "Organization", "name": appearance["source"]},
        "datePublished": "2026-03-02",
    }  # fmt: skip
    assert "correction" not in markup
    assert json.loads(json.dumps(markup)) == markup


def test_unproven_is_off_the_scale_and_has_no_number(db):
    review = review_at(Status.IN_PROGRESS)
    factories.write_verdict(review, review.checker, replace(DRAFT, rating="unproven"))
    factories.submit(review)
    factories.approve(review, by=supervisor())

    markup = publication.claim_review(publication.publish(review_id=review.pk))

    assert markup["reviewRating"] == {
        "@type": "Rating", "alternateName": "Unproven", "ratingExplanation": DRAFT.summary,
    }  # fmt: skip


def test_a_claim_without_claimant_address_or_date_names_none(db):
    review = review_at(Status.IN_PROGRESS)
    Claim.objects.update(claimant=None)
    factories.Article.objects.update(url="", published_on=None)
    review.refresh_from_db()
    factories.write_verdict(review, review.checker)
    factories.submit(review)
    factories.approve(review, by=supervisor())

    markup = publication.claim_review(publication.publish(review_id=review.pk))

    assert markup["itemReviewed"] == {"@type": "Claim"}


def test_the_claim_review_carries_every_correction(published):
    row = corrected(published, "The year was wrong.", summary="Landings fell by a ninth.")
    markup = publication.claim_review(row)

    assert markup["correction"] == [
        {
            "@type": "CorrectionComment",
            "text": "The year was wrong.",
            "datePublished": row.document["modified_at"],
        }
    ]
    assert datetime.fromisoformat(markup["dateModified"]) >= datetime.fromisoformat(
        markup["datePublished"]
    )


def test_the_feed_holds_the_newest_publication_of_each_review(db):
    untouched, changed = review_at(Status.PUBLISHED), review_at(Status.PUBLISHED)
    newest = corrected(changed, "The year was wrong.", summary="Landings fell by a ninth.")
    rows = Publication.objects.current().order_by("-published_at")

    feed = publication.data_feed(rows)

    assert (feed["@type"], feed["dateModified"]) == ("DataFeed", newest.document["modified_at"])
    assert [item["item"] for item in feed["dataFeedElement"]] == [
        [publication.claim_review(newest)],
        [publication.claim_review(Publication.objects.get(review=untouched))],
    ]


def test_a_feed_of_nothing_is_still_a_feed():
    feed = publication.data_feed([])

    assert (feed["dataFeedElement"], feed["dateModified"]) == ([], "")


# The scale


@pytest.mark.parametrize("scale", ratings.SCALES)
def test_a_scale_is_whole_numbers_from_one_upwards_each_once(scale):
    values = [rating.value for rating in ratings.SCALES[scale] if rating.value is not None]

    assert sorted(values) == [*range(1, len(values) + 1)]
    codes = [rating.code for rating in ratings.SCALES[scale]]
    assert len(codes) == len(set(codes))


def test_a_rating_that_is_not_on_the_scale_is_named():
    with pytest.raises(KeyError, match="scale 1 has no rating 'pants on fire'"):
        ratings.rating("pants on fire", scale=1)
