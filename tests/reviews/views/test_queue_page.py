"""The queue page: views, counts, filters, pages, and the answer to htmx."""

from __future__ import annotations

import pytest

from claims.models import Flag
from reviews import listing, queue, workflow
from reviews.models import Review
from reviews.states import Status
from tests import factories


def rows(response) -> list[str]:
    return [row["wording"] for row in response.context["rows"]]


def counts(response) -> dict[str, str]:
    return {view["name"]: view["count"] for view in response.context["views"]}


def test_every_status_is_in_exactly_one_view():
    listed = [status for statuses in listing.STATUSES.values() for status in statuses]

    assert sorted(listed) == sorted(Status)


def test_each_count_is_the_number_of_rows_in_its_view(sign_in):
    checker = factories.fact_checker()
    for status in Status:
        factories.review_at(status, checker=checker)
    client = sign_in(checker)
    client.post("/reviews/take-next/")

    answers = {view: client.get(f"/?view={view}") for view in listing.View.values}

    for view, answer in answers.items():
        assert counts(answer)[view] == str(len(rows(answer)))
    assert counts(answers["open"]) == {
        "turn": "3", "open": "0", "work": "4", "approve": "1", "published": "1", "dismissed": "1",
    }  # fmt: skip


def test_counts_and_rows_are_narrowed_alike(sign_in):
    wanted = factories.review(wording="The bridge cost four million.")
    factories.review(wording="The catch was halved.")

    answer = sign_in(factories.fact_checker()).get("/?q=BRIDGE")

    assert rows(answer) == [wanted.claim.wording]
    assert counts(answer)["open"] == "1"


@pytest.mark.parametrize(
    "query", ["kind=self_disclaimer", "language=en", "source={source}", "holder={holder}"]
)
def test_each_filter_finds_what_it_names_and_nothing_else(sign_in, query):
    checker = factories.fact_checker()
    wanted = factories.review_at(Status.IN_PROGRESS, checker=checker)
    other = factories.review_at(Status.IN_PROGRESS)
    Flag.objects.filter(covers__claim=other.claim).update(kind="hearsay")
    Review.objects.filter(pk=other.pk).update(language="de")
    source = wanted.claim.appearances.get().article.source
    query = query.format(source=source.ref, holder=checker.username)

    answer = sign_in(factories.supervisor()).get(f"/?view=work&{query}")

    assert rows(answer) == [wanted.claim.wording]


def test_a_dismissed_flag_no_longer_brings_its_claim_into_the_list(sign_in):
    review = factories.review_at(Status.IN_PROGRESS)
    flag = Flag.objects.get(covers__claim=review.claim)
    workflow.decide_flag(
        review, flag=flag, by=review.checker, token=review.lease_token,
        state=Flag.State.DISMISSED, reason="It is about last year.",
    )  # fmt: skip

    answer = sign_in(factories.supervisor()).get("/?view=work&kind=self_disclaimer")

    assert rows(answer) == []


def test_a_filter_that_makes_no_sense_narrows_nothing(sign_in):
    review = factories.review()

    answer = sign_in(factories.fact_checker()).get("/?view=nowhere&source=gone&kind=%00&after=x")

    assert rows(answer) == [review.claim.wording]


def test_pages_follow_each_other_without_a_gap_or_a_repeat(sign_in, monkeypatch):
    monkeypatch.setattr(listing, "ROWS", 2)
    for worthiness in (0.9, 0.7, 0.7, 0.7, 0.5):
        factories.claim(worthiness=worthiness)
    queue.open_reviews()
    client = sign_in(factories.fact_checker())

    found, query = [], "view=open"
    while query:
        answer = client.get(f"/?{query}")
        found.append(rows(answer))
        query = answer.context["next_query"]

    assert [len(page) for page in found] == [2, 2, 1]
    assert [wording for page in found for wording in page] == [
        review.claim.wording for review in Review.objects.by_priority().select_related("claim")
    ]


def test_it_answers_htmx_with_the_list_and_the_counts_only(sign_in):
    factories.review()

    answer = sign_in(factories.fact_checker()).get("/", headers={"hx-request": "true"})
    html = answer.content.decode()

    assert html.startswith('<section id="queue-results"')
    assert html.count('<nav id="queue-views"') == 1
    assert "<html" not in html
    assert answer["Vary"].split(", ").count("HX-Request") == 1


def test_take_next_leads_to_the_review_that_was_taken(sign_in):
    review = factories.review()
    checker = factories.fact_checker()

    answer = sign_in(checker).post("/reviews/take-next/")

    review.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (302, review.get_absolute_url())
    assert review.checker == checker


def test_take_next_of_an_empty_queue_says_so(sign_in):
    answer = sign_in(factories.fact_checker()).post("/reviews/take-next/", follow=True)

    assert [str(message) for message in answer.context["messages"]] == [
        "Nothing waits in your languages. Well done."
    ]


def test_take_next_asks_for_the_right(sign_in):
    review = factories.review()

    sign_in(factories.data_editor()).post("/reviews/take-next/")

    review.refresh_from_db()
    assert review.status == Status.QUEUED


@pytest.mark.parametrize("view", listing.View.values)
def test_thirty_rows_cost_no_more_queries_than_one(sign_in, queries, view):
    checker = factories.fact_checker()
    client = sign_in(checker)
    factories.review_at(Status.IN_PROGRESS, checker=checker)
    factories.review()
    one = queries(client, f"/?view={view}")
    for _ in range(29):
        factories.claim()
    queue.open_reviews()
    holder = factories.fact_checker()
    for review in Review.objects.queued()[:4]:
        workflow.take(review, by=holder)
        workflow.release(review, by=holder, token=review.lease_token)

    assert queries(client, f"/?view={view}") == one
