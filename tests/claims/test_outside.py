"""ClaimReview of others: read however it is written, named where it is broken, never ours."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from claims import matching, outside, reading
from claims.models import Claim, OutsideCheck, Suggestion
from reviews import queue
from reviews.models import Review
from reviews.states import Status
from tests import factories, files
from tests.files import claim_review
from tests.serving import signed_in

pytestmark = pytest.mark.django_db
WORDING = "The harbour lost 40 boats in a year."


def take_in(data: object, name: str = "checks.json") -> outside.Taken:
    content = data if isinstance(data, bytes) else json.dumps(data).encode()
    return outside.take_in(content, name=name)


def rating(**fields: object) -> dict[str, object]:
    return {"reviewRating": {"@type": "Rating"} | fields}


def test_a_check_is_stored_as_it_stands():
    take_in(claim_review())

    row = OutsideCheck.objects.get()
    assert (row.publisher, row.publisher_url, row.url, row.wording, row.claimant) == (
        "Bay Facts", "https://facts.example/", "https://facts.example/boats", WORDING, "The mayor",
    )  # fmt: skip
    assert (row.rating, row.rating_number, row.language) == ("Mostly wrong", "2 of 1 to 5", "en")
    assert (row.published_on, row.appearances) == (
        date(2026, 3, 5), ["https://bay.example/speech"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "stored"),
    [
        (rating(alternateName="False", ratingValue=-1, worstRating=-1, bestRating=-1),
         ("False", "")),
        (rating(alternateName="False", ratingValue=0, worstRating=1, bestRating=5), ("False", "")),
        (rating(alternateName="False", ratingValue="1", worstRating="1", bestRating="5"),
         ("False", "1 of 1 to 5")),
        (rating(alternateName=["False", "Untrue"]), ("False", "")),
        (rating(alternateName={"@value": "False", "@language": "en"}), ("False", "")),
        (rating(alternateName="False", ratingValue="NaN", bestRating=[]), ("False", "")),
        (rating(properties={"alternateName": "False"}), ("False", "")),
        ({"reviewRating": "False"}, ("False", "")),
        ({"reviewRating": [{"alternateName": "False"}]}, ("False", "")),
    ],
)  # fmt: skip
def test_a_rating_is_read_however_it_is_written_and_never_mapped(fields, stored):
    take_in(claim_review(**fields))

    row = OutsideCheck.objects.get()
    assert (row.rating, row.rating_number) == stored


def item(**fields: object) -> dict[str, object]:
    return {"itemReviewed": {"@type": "Claim"} | fields}


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        (item(appearance="https://bay.example/a"), ["https://bay.example/a"]),
        (item(appearance=["https://bay.example/a", {"url": "https://bay.example/b"}]),
         ["https://bay.example/a", "https://bay.example/b"]),
        (item(firstAppearance={"url": "https://bay.example/a"}, appearance={"@id": "javascript:x"}),
         ["https://bay.example/a"]),
        ({"itemReviewed": None}, []),
        ({"itemReviewed": "a speech"}, []),
        ({"itemReviewed": []}, []),
    ],
)  # fmt: skip
def test_appearances_are_read_however_they_are_written(fields, found):
    take_in(claim_review(**fields))

    assert OutsideCheck.objects.get().appearances == found


FEED = {"@type": "DataFeed", "dataFeedElement": [
    {"@type": "DataFeedItem", "item": [claim_review()]},
    {"@type": "DataFeedItem", "item": None},
    {"@type": "DataFeedItem", "item": claim_review(url="https://facts.example/2")},
]}  # fmt: skip
UNDER_PROPERTIES = {
    "type": "ClaimReview",
    "properties": {name: value for name, value in claim_review().items() if name[0] != "@"},
}


@pytest.mark.parametrize(
    ("data", "count"),
    [
        ([claim_review(), claim_review(url="https://facts.example/2")], 2),
        ({"@graph": [{"@type": "Article"}, claim_review()]}, 1),
        (claim_review(**{"@type": ["Review", "https://schema.org/ClaimReview"]}), 1),
        (FEED, 2),
        (UNDER_PROPERTIES, 1),
    ],
    ids=["list", "graph", "kinds", "feed", "properties"],
)
def test_checks_are_found_wherever_they_stand(data, count):
    taken = take_in(data)

    assert (len(taken.receipts), taken.failures) == (count, ())


def test_a_page_gives_what_its_markup_says():
    other = json.dumps({"@type": "NewsArticle", "headline": "Boats"})
    blocks = "".join(
        f'<script type="application/ld+json">{block}</script>'
        for block in (other, json.dumps(claim_review()), "{broken")
    )
    taken = take_in(files.page(files.SENTENCE, head=blocks), name="page.html")

    assert [one.check.rating for one in taken.receipts] == ["Mostly wrong"]
    assert [one.place for one in taken.failures] == ["page.html › block 3"]


@pytest.mark.parametrize(
    ("data", "place", "why"),
    [
        (claim_review(url=""), "checks.json › check 1", "it has no web address (url)"),
        (claim_review(url="javascript:alert(1)"), "checks.json › check 1",
         "it has no web address (url)"),
        (claim_review(claimReviewed=None), "checks.json › check 1",
         "it names no claim (claimReviewed)"),
        (claim_review(claimReviewed={"@type": "Person", "name": "x"}), "checks.json › check 1",
         "it names no claim (claimReviewed)"),
        (claim_review(claimReviewed="x " * 501), "checks.json › check 1",
         "its claim has more than 1,000 characters"),
        (claim_review(reviewRating=None), "checks.json › check 1",
         "its rating has no words (reviewRating.alternateName)"),
        (claim_review(reviewRating={"ratingValue": 1}), "checks.json › check 1",
         "its rating has no words (reviewRating.alternateName)"),
        ({"a": 1}, "checks.json", "no ClaimReview in it"),
        (b"words", "checks.json", "neither JSON nor a page with JSON-LD"),
        (b"\x00\x01\x02\x03" * 50, "checks.json", "its bytes are no text"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named_with_its_place(data, place, why):
    taken = take_in(data)

    assert [(one.place, one.why) for one in taken.failures] == [(place, why)]
    assert OutsideCheck.objects.count() == 0


def test_one_broken_check_stops_no_other():
    taken = take_in([claim_review(url=""), claim_review(), 7, None])

    assert (len(taken.receipts), len(taken.failures)) == (1, 1)


def test_what_is_nested_too_deep_is_named():
    taken = take_in(b"[" * 200_000)

    assert taken.failures[0].why.startswith("it is no JSON")


def test_again_it_is_known_and_follows_what_its_publisher_says_now():
    def outcome(**fields) -> str:
        (receipt,) = take_in(claim_review(**fields)).receipts
        return receipt.outcome

    assert [outcome(), outcome(), outcome(**rating(alternateName="False"))] == [
        "new", "known", "changed",
    ]  # fmt: skip
    row = OutsideCheck.objects.get()
    assert (row.rating, row.changed_at is not None, Claim.objects.count()) == ("False", True, 1)


# Beside our own claims


def shown(review: Review) -> str:
    return signed_in(factories.fact_checker()).get(f"/reviews/{review.ref}/").content.decode()


def test_it_stands_beside_the_review_of_the_same_claim_and_in_the_queue():
    review = factories.review(wording=WORDING)
    matching.reindex(review.claim)
    take_in(claim_review())

    assert "Checked by Bay Facts: <strong>Mostly wrong</strong>" in shown(review)
    page = signed_in(factories.fact_checker()).get("/").content.decode()
    assert "checked by Bay Facts: Mostly wrong" in page


def test_it_is_found_where_it_came_before_the_claim():
    check = factories.outside_check()
    assert queue.open_reviews() == 0  # nobody here asks for it yet
    article = factories.article(WORDING)
    article.appearances.create(
        start=0, end=len(WORDING), sentence_start=0, sentence_end=len(WORDING), wording=WORDING,
        worthiness=0.9,
    )  # fmt: skip
    matching.link_appearances(article)
    queue.open_reviews()

    review = Review.objects.get()
    assert review.claim == check.claim
    assert "Bay Facts" in shown(review)


@pytest.mark.parametrize(("state", "is_shown"), [("open", True), ("rejected", False)])
def test_what_may_be_the_same_is_shown_until_somebody_says_it_is_not(state, is_shown):
    review, check = factories.review(), factories.outside_check()
    decided = {} if state == "open" else {
        "decided_by": factories.supervisor(), "decided_at": review.opened_at, "reason": "No.",
    }  # fmt: skip
    Suggestion.objects.create(
        appearance=review.claim.appearances.get(), claim=check.claim, score=0.5, state=state,
        **decided,
    )  # fmt: skip

    assert ("Bay Facts" in shown(review)) == is_shown


def test_a_likely_claim_is_suggested_as_the_same():
    known = factories.claim("The harbour lost 41 boats in a year, its master said in May 2025.")
    matching.reindex(known)
    check = factories.outside_check()

    suggested = list(Suggestion.objects.values_list("appearance__claim", "claim"))
    assert suggested == ([] if check.claim == known else [(known.pk, check.claim.pk)])


def test_nothing_of_it_is_published_as_ours():
    factories.outside_check()
    review = factories.review_at(Status.PUBLISHED)
    matching.reindex(review.claim)
    factories.outside_check(url="https://facts.example/3", claimReviewed=review.claim.wording)

    assert "Bay Facts" in shown(review)
    for where in (f"/checks/{review.ref}/", "/checks/", "/checks/feed.json", "/checks/feed.xml"):
        assert "Bay Facts" not in Client().get(where).content.decode()


def test_the_newest_few_cost_the_same_for_any_number_of_claims():
    claims = []
    for number in range(7):
        claim = factories.outside_check(
            url=f"https://facts.example/{number}", datePublished=f"2026-03-0{number + 1}"
        ).claim
        claims.append(claim.pk)
    claims += [factories.claim().pk for _ in range(3)]
    with CaptureQueriesContext(connection) as queries:
        found = outside.beside(claims)[claims[0]]

    assert len(queries.captured_queries) == 2
    assert [one.published_on.day for one in found] == [7, 6, 5, 4, 3]


# The page and the command


def test_a_person_pastes_a_check_and_reads_what_became_of_it():
    client = signed_in(factories.fact_checker())
    broken = claim_review(url="", claimReviewed="It sank.")
    page = client.post("/outside-checks/", {"text": json.dumps([claim_review(), broken])})
    html = page.content.decode()

    assert page.status_code == 200
    assert "New: <strong>1</strong>" in html
    assert "Failed: <strong>1</strong>" in html
    assert "what was pasted › check 2</strong>: it has no web address (url)" in html
    assert OutsideCheck.objects.get().handed_by is not None


@pytest.mark.parametrize("sent", [{}, {"text": " "}, {"text": "words"}])
def test_the_page_says_what_is_wrong(sent):
    answer = signed_in(factories.fact_checker()).post("/outside-checks/", sent)

    assert answer.status_code == 422
    assert OutsideCheck.objects.count() == 0


def test_the_list_goes_on_at_the_same_cost(monkeypatch):
    client, cost = signed_in(factories.supervisor()), []
    for start, end in ((0, 1), (1, 9)):
        for number in range(start, end):
            factories.outside_check(url=f"https://facts.example/{number}")
        with CaptureQueriesContext(connection) as queries:
            client.get("/outside-checks/")
        cost.append(len(queries))
    assert cost[0] == cost[1]
    monkeypatch.setattr(outside, "ROWS", 5)

    rows, after = outside.page()
    assert (len(rows), len(outside.page(after=after)[0])) == (5, 4)


def test_the_command_names_what_failed(tmp_path, capsys):
    path = tmp_path / "feed.json"
    path.write_text(json.dumps([claim_review(), claim_review(url="")]))
    with pytest.raises(CommandError, match="Some checks failed"):
        call_command("import_checks", path)

    said = capsys.readouterr()
    assert said.out == "1 new, 0 changed, 0 known, 1 failed\n"
    assert said.err == "feed.json › check 2: it has no web address (url)\n"


def test_a_hostile_value_stays_text():
    check = factories.outside_check(
        claimReviewed='<img src=x onerror="alert(1)"> sank.', inLanguage="en",
        reviewRating="<b>False</b>\u202e", author="<i>Bay</i>",
    )  # fmt: skip
    page = signed_in(factories.fact_checker()).get("/outside-checks/").content.decode()

    assert check.rating == "<b>False</b>⟨U+202E⟩"
    assert "<img" not in page
    assert "<i>Bay" not in page


def test_reading_is_done_apart():
    read = reading.read_checks_apart(json.dumps(claim_review()).encode(), place="a")

    assert read.checks[0].published_on == date(2026, 3, 5)
