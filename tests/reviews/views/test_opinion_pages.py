"""Second opinions on the pages: blind everywhere until both are in, then told side by side."""

from __future__ import annotations

import re

import pytest

from claims.models import Flag
from reviews import comments, opinions, saved, urls, workflow
from reviews.models import Comment, Review, VerdictVersion
from reviews.states import Status
from tests import factories
from tests.url_policy import checked_before

SECRET = "zanderbank"  # in all that the first checker writes, in no claim or article


@pytest.fixture
def review(db) -> Review:
    """A submitted review whose checker left their mark in everything they wrote."""
    row = factories.review_at(Status.IN_PROGRESS)
    factories.write_verdict(row, row.checker)
    factories.attach(row, title=f"The {SECRET} register", quote=SECRET, publisher=SECRET)
    factories.save(row, summary=f"{SECRET} fell.", explanation=f"See the {SECRET}.")
    comments.say(row, by=row.checker, body=f"What of the {SECRET}?")
    factories.ask(row, whom=f"The {SECRET}", question=f"What of the {SECRET}?")
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


def routes(review: Review) -> list[str]:
    """Every address of a review and of what belongs to it."""
    cited = factories.archived(review)
    change = factories.copy_change(cited.copy.capture)
    given = {
        "ref": review.ref, "seq": 3, "evidence_ref": cited.ref,
        "contact_ref": review.contacts.latest("pk").ref,
        "comment_ref": Comment.objects.filter(review=review).latest("pk").ref,
        "flag_ref": Flag.objects.filter(article__appearances__claim=review.claim)[0].ref,
        "change_ref": change.ref, "checked_ref": checked_before(review).ref,
    }  # fmt: skip
    every = [f"/{one.pattern}" for one in urls.urlpatterns]
    theirs = [route for route in every if route.startswith("/reviews/<")]
    return [re.sub(r"<\w+:(\w+)>", lambda one: str(given[one[1]]), route) for route in theirs]


def tells(answer) -> bool:
    """Whether an answer has the mark, or is a file: each has to do with evidence or history."""
    is_file = answer.get("Content-Disposition", "").startswith("attachment")
    return is_file or SECRET in said(answer)


@pytest.mark.parametrize(("role", "asked"), [("supervisor", "one"), ("fact_checker", "anybody")])
def test_no_address_and_no_form_brings_the_second_checker_the_first_verdict(
    sign_in, review, role, asked
):
    """Where an answer leads on to is among the addresses, and shows what it had to say.

    Each form is sent empty by one of the two, and filled by the other; with htmx the other way.
    """
    second = getattr(factories, role)()
    factories.second_opinion(review, of=second if asked == "one" else None)
    client, every = sign_in(second), routes(review)
    filled = {
        "token": review.lease_token, "seq": review.verdict.seq, "comment": "Mine.",
        "reason": "A private person.", "body": "Look.", "resolved": "yes", "state": "confirmed",
    }  # fmt: skip

    forms = ({}, filled) if asked == "one" else (filled, {})
    for headers, form in zip(({}, {"HX-Request": "true"}), forms, strict=True):
        for address in [*every, review.get_absolute_url()]:
            assert not tells(client.post(address, form, headers=headers)), address
            assert not tells(client.get(address, headers=headers)), address
    assert len(every) > 50
    assert opinions.hidden_from(second, review), "they were no longer blind"
    assert not VerdictVersion.objects.filter(verdict__review=review, content="").exists()


def test_the_same_addresses_tell_it_to_who_decides(sign_in, review):
    """So that the mark is where it was looked for."""
    client, where = sign_in(factories.supervisor()), review.get_absolute_url()

    telling = [address for address in routes(review) if tells(client.get(address))]

    assert {f"{where}history/3/", f"{where}history.json", f"{where}approval/"} < {*telling}
    assert len([address for address in telling if "/copy" in address]) == 4
    assert tells(client.post(f"{where}history/3/redact/"))


def test_who_cannot_begin_it_reads_why_where_they_would(sign_in, review):
    decider, returned = factories.supervisor(), factories.fact_checker()
    factories.second_opinion(review, of=returned, by=decider)
    where = review.get_absolute_url()
    returns = sign_in(returned)
    returns.post(f"{where}opinion/decline/", {"decline_opinion-reason": "I am away."})

    page = returns.get(where).content.decode()
    assert 'aria-disabled="true" aria-describedby="begin-refusal"' in page
    assert "who gave it back does not take it again" in page
    decides = sign_in(decider)
    assert "can read the verdict, as you can, does not" in decides.get(where).content.decode()
    told = decides.post(f"{where}opinion/take/", follow=True).content.decode()
    assert "who approves verdicts reads the first one" in told
    assert review.opinions.get().second_checker is None
    blind = sign_in(factories.fact_checker()).get(where).content.decode()
    assert "begin-refusal" not in blind


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
