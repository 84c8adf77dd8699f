"""Second opinions on the pages: blind everywhere until both are in, then told side by side."""

from __future__ import annotations

import re

import pytest

from reviews import comments, opinions, saved, urls, workflow
from reviews.models import Review
from reviews.states import Status
from tests import factories

OWN = {"take-opinion", "give-opinion", "decline-opinion"}
SECRET = "zanderbank"  # in all that the first checker writes, in no claim or article


@pytest.fixture
def review(db) -> Review:
    """A submitted review whose checker left their mark in everything they wrote."""
    row = factories.review_at(Status.IN_PROGRESS)
    factories.write_verdict(row, row.checker)
    factories.attach(row, title=f"The {SECRET} register", quote=SECRET, publisher=SECRET)
    factories.save(row, summary=f"{SECRET} fell.", explanation=f"See the {SECRET}.")
    comments.say(row, by=row.checker, body=f"What of the {SECRET}?")
    factories.submit(row)
    return row


def addresses(review: Review) -> list[str]:
    evidence = review.evidence.latest("pk").ref
    return [
        f"/reviews/{review.ref}/", f"/reviews/{review.ref}/approval/",
        f"/reviews/{review.ref}/history/", f"/reviews/{review.ref}/history/?old=1&new=3",
        f"/reviews/{review.ref}/earlier.json", f"/?q={SECRET}", f"/queue.csv?q={SECRET}",
        "/?view=approve", "/queue.csv?view=approve", "/?view=approve&rating=mostly_false",
        "/notifications/", "/queue/views/counts/", f"/claims/{review.claim.ref}/",
        f"/reviews/{review.ref}/#evidence-{evidence}",
    ]  # fmt: skip


def said(answer) -> str:
    """What an answer tells, but for the words that were asked for."""
    whole = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return re.sub(rf"[^ <>]*q={SECRET}[^ <>]*|value=\"{SECRET}\"", "", whole.decode())


@pytest.mark.parametrize("asked", ["one", "anybody"])
def test_no_page_fragment_or_file_tells_the_second_checker_of_the_first_verdict(
    sign_in, review, asked
):
    second = factories.fact_checker()
    comments.say(review, by=review.checker, body=f"@{second.username}, do you know a {SECRET}?")
    client = sign_in(second)
    before = [SECRET in said(client.get(address)) for address in addresses(review)]
    factories.second_opinion(review, of=second if asked == "one" else None)

    for headers in ({}, {"HX-Request": "true"}):
        for address in addresses(review):
            answer = client.get(address, headers=headers, follow=True)
            assert SECRET not in said(answer), address
    assert sum(before) > 4, "the mark is not where it was looked for"


def test_no_form_sent_by_the_second_checker_brings_the_first_verdict(sign_in, review):
    second = factories.fact_checker()
    factories.second_opinion(review, of=second)
    client = sign_in(second)
    routes = [str(one.pattern) for one in urls.urlpatterns if one.name not in OWN]
    everything = {"token": review.lease_token, "seq": review.verdict.seq, "comment": "Mine."}
    sent = 0

    for route in routes:
        if route.startswith("reviews/<slug:ref>/") and route.count("<") == 1:
            for headers in ({}, {"HX-Request": "true"}):
                path = f"/{route.replace('<slug:ref>', review.ref)}"
                answer = client.post(path, everything, headers=headers, follow=True)
                assert SECRET not in answer.content.decode(), route
                sent += 1
    assert sent > 40


def test_lists_narrowed_by_verdicts_leave_out_what_is_hidden_and_nothing_else(sign_in, review):
    second = factories.fact_checker()
    factories.second_opinion(review, of=second)
    other = factories.review_at(Status.SUBMITTED)
    saved.keep(second, name="Rated", query="view=approve&rating=mostly_false", shared=False)
    client = sign_in(second)

    rows = client.get("/?view=approve&rating=mostly_false").context["rows"]
    counted = client.get("/queue/views/counts/").context["saved"]

    assert [row.wording for row in rows] == [other.claim.wording]
    assert [one["count"] for one in counted] == ["1"]
    assert len(client.get("/?view=approve").context["rows"]) == 2
    assert (
        len(sign_in(review.checker).get("/?view=approve&rating=mostly_false").context["rows"]) == 2
    )


def test_the_first_checker_does_not_see_the_second_until_both_are_in(sign_in, review):
    second = factories.fact_checker()
    factories.second_opinion(review, of=second)
    workflow.withdraw(review, by=review.checker)
    opinions.take(review, by=second)
    opinions.give(
        review, by=second, found=opinions.Found("false", "It is a perchline.", "The perchline.")
    )
    client = sign_in(review.checker)
    assert "perchline" not in client.get(review.get_absolute_url()).content.decode()

    review.refresh_from_db()
    factories.save(review, summary="Landings fell a lot.")
    factories.submit(review)

    assert "perchline" in client.get(review.get_absolute_url()).content.decode()
    assert "Landings fell a lot." in sign_in(second).get(review.get_absolute_url()).content.decode()


def test_a_second_opinion_is_asked_begun_given_and_adjudicated_on_the_pages(sign_in, review):
    second, decider = factories.fact_checker(), factories.supervisor()
    where = f"/reviews/{review.ref}/opinion/"
    asked = {"ask_opinion-of": second.username, "ask_opinion-why": "It is close."}
    sign_in(decider).post(f"{where}ask/", asked)

    client = sign_in(second)
    assert [row.wording for row in client.get("/?view=opinions").context["rows"]] == [
        review.claim.wording
    ]
    client.post(f"{where}take/")
    refused = client.post(f"{where}give/", {"give_opinion-summary": "Kept words."})
    assert refused.status_code == 422
    assert "Kept words." in refused.content.decode()
    words = {"rating": "false", "summary": "No fall.", "reasons": "The register."}
    client.post(f"{where}give/", {f"give_opinion-{name}": word for name, word in words.items()})

    client = sign_in(decider)
    assert len(client.get("/?view=opinions").context["rows"]) == 1
    page = client.get(f"/reviews/{review.ref}/approval/").content.decode()
    assert "The two disagree" in page
    given = {"seq": review.verdict.seq, "outcome": "second", "reason": "The register decides."}
    client.post(
        f"{where}adjudicate/", {f"adjudicate-{name}": value for name, value in given.items()}
    )

    review.refresh_from_db()
    assert review.status == Status.RETURNED
    assert (
        "The register decides."
        in sign_in(review.checker).get(review.get_absolute_url()).content.decode()
    )


def test_twenty_second_opinions_cost_the_page_of_agreement_no_more_queries(sign_in, queries):
    client = sign_in(factories.fact_checker())
    address = "/second-opinions/agreement/"

    def one_more():
        row = factories.review_at(Status.SUBMITTED)
        factories.second_opinion(row)
        factories.give_opinion(row, by=factories.fact_checker(), rating="half_true")

    one_more()
    few = queries(client, address)
    for _ in range(11):
        one_more()

    assert queries(client, address) == few
    assert "12" in client.get(address).content.decode()
