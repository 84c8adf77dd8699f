"""The markup that machines read, taken from the served page as they take it, against its rules."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import extruct
import jsonschema
import pytest

from reviews import publication, ratings
from reviews.models import Publication
from reviews.states import Status
from tests import factories
from tests.publishing import corrected, published

OUR_SCHEMA = json.loads((Path(__file__).parent / "claimreview.schema.json").read_text())
SHARED_SCHEMA = (
    Path(__file__).resolve().parents[2]
    / "shared" / "data" / "claimreview" / "claimreview.schema.json"
)  # fmt: skip
HOSTILE = '</script><script>alert(1)</script><!-- <![CDATA[ &lt; " \\ \u2028 &amp;'


def markup_on(page: str) -> list[dict[str, Any]]:
    """What a crawler reads in the page."""
    return extruct.extract(page, syntaxes=["json-ld"])["json-ld"]


def problems(markup: dict[str, Any], schema: dict[str, Any] = OUR_SCHEMA) -> list[str]:
    """Name everything wrong with a ClaimReview: by the schema, then by the rules on numbers."""
    validator = jsonschema.Draft202012Validator(schema)
    found = [error.message for error in validator.iter_errors(markup)]
    rating = markup.get("reviewRating")
    if not isinstance(rating, dict) or "ratingValue" not in rating:
        return found
    worst, value, best = (rating.get(k) for k in ("worstRating", "ratingValue", "bestRating"))
    if None not in (worst, best):
        if worst >= best:
            found.append("the worst rating is not below the best")
        if not worst <= value <= best:
            found.append("the rating is not on the scale")
    return found


@pytest.fixture
def page_of(client, db):
    def read(row: Publication) -> str:
        return client.get(row.get_absolute_url()).content.decode()

    return read


@pytest.mark.parametrize("rating", [code for code, _ in ratings.choices()])
def test_every_rating_gives_valid_markup(page_of, rating):
    row = published(rating=rating)

    (markup,) = markup_on(page_of(row))

    assert problems(markup) == []
    assert markup == publication.claim_review(row)


def test_the_markup_says_what_the_page_was_published_with(page_of):
    row = published(rating="mostly_false")
    article = row.review.claim.appearances.get().article

    (markup,) = markup_on(page_of(row))

    work = {
        "@type": "CreativeWork",
        "url": article.url,
        "name": article.title,
        "datePublished": "2026-03-02",
        "publisher": {"@type": "Organization", "name": article.source.name},
    }
    assert markup["claimReviewed"] == factories.DRAFT.claim_wording
    assert markup["reviewRating"] == {
        "@type": "Rating",
        "alternateName": "Mostly false",
        "ratingExplanation": factories.DRAFT.summary,
        "ratingValue": 2,
        "worstRating": 1,
        "bestRating": 5,
    }
    assert markup["itemReviewed"] == {
        "@type": "Claim",
        "author": {"@type": "Organization", "name": "The fishers' union"},
        "datePublished": "2026-03-02",
        "firstAppearance": work,
        "appearance": [work],
    }


def test_unproven_carries_its_words_and_no_number(page_of):
    (markup,) = markup_on(page_of(published(rating="unproven")))

    assert markup["reviewRating"]["alternateName"] == "Unproven"
    assert {"ratingValue", "worstRating", "bestRating"} & markup["reviewRating"].keys() == set()


def test_no_text_can_end_the_data_block(page_of):
    row = published(claim_wording=HOSTILE, summary=HOSTILE, explanation=HOSTILE)

    page = page_of(row)

    (markup,) = markup_on(page)
    assert markup["claimReviewed"] == HOSTILE
    assert markup == publication.claim_review(row)
    assert (page.count("<script"), page.count("</script>"), page.count("<!--")) == (1, 1, 0)


def test_a_correction_is_in_the_markup_with_its_date(page_of):
    first = published()
    second = corrected(first, "The year was wrong.", explanation="The register of 2025 shows it.")

    (markup,) = markup_on(page_of(second))

    assert problems(markup) == []
    assert [note["text"] for note in markup["correction"]] == ["The year was wrong."]
    assert markup["datePublished"] == first.document["published_at"]
    assert markup["dateModified"] == second.document["modified_at"] >= markup["datePublished"]


def test_the_feed_is_a_data_feed_of_the_same_markup(client, db):
    rows = [published(rating="false"), published(rating="unproven")]

    feed = client.get("/checks/feed.json").json()

    assert (feed["@context"], feed["@type"]) == ("https://schema.org", "DataFeed")
    assert [entry["@type"] for entry in feed["dataFeedElement"]] == ["DataFeedItem"] * 2
    items = [entry["item"] for entry in feed["dataFeedElement"]]
    assert items == [[publication.claim_review(row)] for row in reversed(rows)]
    assert [problems(item) for (item,) in items] == [[], []]


@pytest.mark.skipif(
    not SHARED_SCHEMA.exists(), reason="../shared is not there: its schema is not compared with"
)
def test_the_markup_passes_the_shared_schema_too(page_of):
    schema = json.loads(SHARED_SCHEMA.read_text())
    row = corrected(published(), "The year was wrong.", explanation="It was 2025.")

    for markup in [*markup_on(page_of(row)), *markup_on(page_of(published(rating="unproven")))]:
        assert problems(markup, schema) == []


BREAKS = {
    "no claim": lambda m: m.pop("claimReviewed"),
    "an empty claim": lambda m: m.update(claimReviewed=" "),
    "no address": lambda m: m.pop("url"),
    "a relative address": lambda m: m.update(url="/checks/abc/"),
    "no rating": lambda m: m.pop("reviewRating"),
    "a rating of words alone": lambda m: m.update(reviewRating="False"),
    "a rating without its text": lambda m: m["reviewRating"].pop("alternateName"),
    "a number without a scale": lambda m: m["reviewRating"].pop("bestRating"),
    "a scale without a number": lambda m: m["reviewRating"].pop("ratingValue"),
    "a number above the scale": lambda m: m["reviewRating"].update(ratingValue=6),
    "a scale upside down": lambda m: m["reviewRating"].update(worstRating=5, bestRating=1),
    "no author": lambda m: m.pop("author"),
    "a check without a date": lambda m: m.pop("datePublished"),
    "a date in words": lambda m: m.update(dateModified="yesterday"),
    "nothing reviewed": lambda m: m.pop("itemReviewed"),
    "an article reviewed": lambda m: m["itemReviewed"].update({"@type": "Article"}),
    "an appearance as an address": lambda m: m["itemReviewed"].update(appearance="https://a.b/"),
    "a misspelt property": lambda m: m.update(claimReviwed="x"),
}


@pytest.mark.django_db
def test_the_rules_catch_what_is_wrong():
    good = publication.claim_review(published())
    caught = {}
    for name, break_it in BREAKS.items():
        broken = copy.deepcopy(good)
        break_it(broken)
        caught[name] = bool(problems(broken))

    assert problems(good) == []
    assert caught == dict.fromkeys(BREAKS, True)


@pytest.mark.django_db
def test_what_is_not_published_has_no_markup(client):
    for status in set(Status) - {Status.PUBLISHED}:
        review = factories.review_at(status)
        assert client.get(f"/checks/{review.ref}/").status_code == 404, status
    assert client.get("/checks/feed.json").json()["dataFeedElement"] == []
