"""The queue page: views, counts, filters, pages, and the answer to htmx."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from claims.models import Claimant, Flag
from reviews import leases, listing, priority, queue, workflow
from reviews.models import Review, ReviewTopic, Weights
from reviews.states import Status
from tests import factories


def rows(response) -> list[str]:
    return [row.wording for row in response.context["rows"]]


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
        "turn": "3", "open": "0", "work": "4", "waiting": "1", "approve": "1", "published": "1",
        "dismissed": "1", "opinions": "0",
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
    queue.refresh(Review.objects.filter(pk=other.pk))
    Review.objects.filter(pk=other.pk).update(language="de")
    source = wanted.claim.appearances.get().article.source
    query = query.format(source=source.ref, holder=checker.username)

    answer = sign_in(factories.supervisor()).get(f"/?view=work&{query}")

    assert rows(answer) == [wanted.claim.wording]


@pytest.mark.parametrize("looked_up", [1000, 1], ids=["by key", "too many to look up"])
def test_a_claimant_is_found_by_any_part_of_the_name(sign_in, monkeypatch, looked_up):
    monkeypatch.setattr(listing, "NAMED", looked_up)
    names = ("The Harbour Board", "Old harbour guild", "100% Fishers_Union")
    by_name = {}
    for name in names:
        claimant = Claimant.objects.create(name=name)
        by_name[name] = factories.review(wording=f"Said by {name}.", claimant=claimant)
    client = sign_in(factories.fact_checker())

    def found(part: str) -> set[str]:
        answer = client.get("/", {"claimant": part})
        assert counts(answer)["open"] == str(len(rows(answer)))
        return set(rows(answer))

    assert found("HARBOUR") == {by_name[name].claim.wording for name in names[:2]}
    assert found("0% f") == {by_name[names[2]].claim.wording}
    assert found("s_u") == {by_name[names[2]].claim.wording}
    assert found("nobody at all") == set()


def test_a_dismissed_flag_no_longer_brings_its_claim_into_the_list(sign_in):
    review = factories.review_at(Status.IN_PROGRESS)
    flag = Flag.objects.get(covers__claim=review.claim)
    workflow.decide_flag(
        review, flag=flag, by=review.checker, token=review.lease_token,
        state=Flag.State.DISMISSED, reason="It is about last year.",
    )  # fmt: skip
    client = sign_in(factories.supervisor())
    assert rows(client.get("/?view=work&kind=self_disclaimer")) == [review.claim.wording]

    queue.open_reviews()  # the sweep of every few seconds

    assert rows(client.get("/?view=work&kind=self_disclaimer")) == []


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


KEYS = {
    "priority": lambda review: (-review.priority, review.pk),
    "due": lambda review: (review.due_at, review.pk),
    "newest": lambda review: (-review.opened_at.timestamp(), -review.pk),
    "oldest": lambda review: (review.opened_at, review.pk),
    "spread": lambda review: (-review.copies, -review.pk),
}


@pytest.mark.parametrize("sort", listing.Sort)
@pytest.mark.parametrize("narrowed", ["", "&q=harbour", "&due=week", "&topic=ports"])
def test_pages_and_export_of_every_order_give_each_row_once(sign_in, monkeypatch, sort, narrowed):
    monkeypatch.setattr(listing, "ROWS", 2)
    now = leases.clock()
    for number in range(7):  # with ties in every order
        review = factories.review()
        Review.objects.filter(pk=review.pk).update(
            priority=number // 3, copies=number % 2, topics=["ports"] * (number % 2),
            due_at=now + timedelta(days=number), opened_at=now - timedelta(hours=number // 2),
        )  # fmt: skip
    ReviewTopic.objects.create(slug="ports", name="Ports")
    client = sign_in(factories.fact_checker())

    found, query = [], f"view=open&sort={sort.value}{narrowed}"
    while query:
        answer = client.get(f"/?{query}")
        found += [row.address.split("/")[-2] for row in answer.context["rows"]]
        query = answer.context["next_query"]
    csv_rows = client.get(f"/queue.csv?view=open&sort={sort.value}{narrowed}").getvalue().decode()

    wanted = Review.objects.all()
    wanted = wanted.filter(topics=["ports"]) if "topic" in narrowed else wanted
    wanted = [row for row in wanted if now < row.due_at] if "due" in narrowed else [*wanted]
    assert found == [row.ref for row in sorted(wanted, key=KEYS[sort.value])]
    assert [line.split(",")[0] for line in csv_rows.splitlines()] == ["ref", *found]
    assert counts(client.get(f"/?view=open{narrowed}"))["open"] == str(len(found))


def test_an_export_holds_nothing_that_a_spreadsheet_would_run(sign_in):
    factories.review(wording="=HYPERLINK(1)")

    lines = sign_in(factories.fact_checker()).get("/queue.csv?view=open").getvalue().decode()

    assert lines.splitlines()[1].split(",")[1] == "'=HYPERLINK(1)"


@pytest.mark.parametrize("sign", ["=1+cmd|'/c calc'!A1", '"=1+1"', "\u00a0@SUM(A1)"])
def test_nor_would_one_that_splits_the_export_at_semicolons(sign_in, sign):
    factories.review(wording=f"Boats fell;{sign};by half, they say")

    lines = sign_in(factories.fact_checker()).get("/queue.csv?view=open").getvalue().decode()

    cells = [cell for row in csv.reader(io.StringIO(lines), delimiter=";") for cell in row]
    assert len(cells) > len(lines.splitlines())  # it was split
    assert not [cell for cell in cells if cell.strip().startswith(("=", "@"))]


def test_words_are_found_in_any_form_and_in_verdicts_too(sign_in):
    review = factories.review_at(Status.IN_PROGRESS)
    factories.save(review, summary="Landings of herring fell.")

    client = sign_in(factories.supervisor())

    assert rows(client.get("/?view=work&q=landing+whales+herrings")) == []
    assert rows(client.get("/?view=work&q=landing+herrings")) == [review.claim.wording]


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


def test_what_articles_say_is_never_markup_and_the_page_itself_is(sign_in):
    wording = "<b onclick=x>Ports</b> {{ 7 * 7 }} & quays"
    claim = factories.claim(wording=wording)
    queue.open_reviews()

    shown = sign_in(factories.fact_checker()).get("/").content.decode()

    assert "&lt;b onclick=x&gt;Ports&lt;/b&gt; {{ 7 * 7 }} &amp; quays" in shown
    assert "<b onclick" not in shown
    assert f'href="/reviews/{claim.review.ref}/"' in shown
    assert '<section id="queue-results"' in shown
    assert '<nav id="queue-views"' in shown


def test_a_rating_narrows_to_verdicts_that_give_it(sign_in):
    unproven = factories.review_at(Status.SUBMITTED)
    factories.review_at(Status.SUBMITTED)
    Review.objects.filter(pk=unproven.pk).update(rating="unproven")

    answer = sign_in(factories.fact_checker()).get("/?view=approve&rating=unproven")

    assert rows(answer) == [unproven.claim.wording]
    assert counts(answer)["approve"] == "1"


def test_words_are_found_in_articles_when_asked_there(sign_in):
    review = factories.review(wording="The catch was halved.")
    article = review.claim.appearances.get().article
    article.text += " A lighthouse keeper was asked in vain."
    article.save(update_fields=["text"])
    factories.review(wording="The bridge cost four million.")
    client = sign_in(factories.fact_checker())

    assert rows(client.get("/?q=lighthouse")) == []
    assert rows(client.get("/?q=lighthouses&where=articles")) == ["The catch was halved."]
    assert rows(client.get("/?q=lighthouse+bridge&where=articles")) == []


def test_every_icon_of_a_page_and_of_a_reason_is_drawn():
    """One that is missing is a solid square."""
    drawn = Path(settings.BASE_DIR, "factcheck/static/desk/icons.css").read_text()
    pages = "".join(
        path.read_text() for path in Path(settings.BASE_DIR, "templates").rglob("*.[hj]*")
    )
    facts = priority.Facts(
        worthiness=1, unverified=True, dropped=1, copies=3, origins=1, per_hour=9
    )
    now = timezone.now()
    times = priority.Times(now - timedelta(days=9), now, now)
    topic = ReviewTopic(slug="sea", name="The sea", harm=3)
    found = priority.reasons(facts, Weights(topics={"sea": 5}), [topic], times)
    kinds = {reason.kind for reason in found}
    named = set(re.findall(r"\bicon-([a-z]+(?:-[a-z]+)*)(?=[\s\"])", pages)) | kinds

    assert len(named) > 30
    assert len(kinds) == 9
    assert {name for name in named if f".icon-{name}" not in drawn} == set()
