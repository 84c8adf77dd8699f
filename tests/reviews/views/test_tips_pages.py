"""What readers send by the public form, and what the desk makes of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from claims import matching, tasks, tips
from claims.models import Claim, Tip
from reviews import publication, queue, regrouping, workflow
from reviews.models import Publication, Review
from reviews.states import Status
from tests import factories
from tests.serving import signed_in

pytestmark = pytest.mark.django_db
SENT = {"text": "The harbour lost 40 boats in a year.", "url": "https://bay.example/1",
        "contact": "reader@mail.example"}  # fmt: skip


@pytest.fixture(autouse=True)
def _nobody_sent_anything():
    cache.clear()


def accepted(text: str = "The harbour lost 40 boats in a year.", **fields) -> Tip:
    tip = factories.tip(text)
    tips.accept(tip, by=factories.fact_checker(), language="en", **fields)
    return tip


# The public form


def test_a_reader_sends_a_claim_and_is_thanked(client):
    answer = client.post("/checks/send/", SENT, follow=True)

    tip = Tip.objects.get()
    assert answer.redirect_chain == [("/checks/send/thanks/", 302)]
    assert "Thank you" in answer.content.decode()
    assert (tip.way, tip.state, tip.text, tip.url, tip.contact, tip.handed_by) == (
        "form", "open", SENT["text"], SENT["url"], SENT["contact"], None,
    )  # fmt: skip
    assert Claim.objects.count() == 0


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"text": " "}, "This field is required."),
        ({"text": "x" * 5001}, "at most 5000 characters"),
        ({"url": "javascript:alert(1)"}, "is not a web address."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(client, fields, words):
    answer = client.post("/checks/send/", SENT | fields)
    page = answer.content.decode()

    assert answer.status_code == 422
    assert words in page
    assert 'value="reader@mail.example"' in page
    assert Tip.objects.count() == 0


def test_a_machine_that_fills_in_everything_is_thanked_for_nothing(client):
    answer = client.post("/checks/send/", SENT | {"website": "https://spam.example/"})

    assert (answer.status_code, Tip.objects.count()) == (302, 0)


def test_the_form_needs_its_secret():
    client = Client(enforce_csrf_checks=True)

    assert client.post("/checks/send/", SENT).status_code == 403


def test_one_address_and_all_together_are_limited(settings):
    settings.TIPS_PER_ADDRESS, settings.TIPS_PER_HOUR = 2, 3

    def send(address: str):
        return Client(REMOTE_ADDR=address).post("/checks/send/", SENT)

    first = [send("192.0.2.1").status_code for _ in range(3)]
    six = [send(f"2001:db8::{end}").status_code for end in (1, 2)]  # one network, the third in all
    assert (first, six) == ([302, 302, 429], [302, 429])
    refused = send("192.0.2.9")
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert "We get too much at once." in refused.content.decode()
    assert Tip.objects.count() == 3


def test_ipv4_addresses_written_as_ipv6_do_not_close_the_form_for_each_other(settings):
    settings.TIPS_PER_ADDRESS = 1

    def send(address: str) -> int:
        return Client(REMOTE_ADDR=address).post("/checks/send/", SENT).status_code

    senders = ("::ffff:192.0.2.1", "::ffff:192.0.2.2", "192.0.2.1")
    assert [send(address) for address in senders] == [302, 302, 429]


def test_what_is_sent_is_shown_as_text_and_never_as_markup():
    hostile = '<img src=x onerror="alert(1)" hx-get="/">'
    tip = factories.tip(hostile, note=hostile)
    client = signed_in(factories.fact_checker())

    for where in ("/tips/", f"/tips/{tip.ref}/"):
        page = client.get(where).content.decode()
        assert "<img" not in page
        assert "&lt;img" in page


# Personal data


def test_how_to_reach_a_sender_is_shown_to_those_who_may():
    tip = factories.tip()
    pages = {
        who: signed_in(who()).get(f"/tips/{tip.ref}/").content.decode()
        for who in (factories.supervisor, factories.fact_checker, factories.data_editor)
    }

    assert [tip.contact in page for page in pages.values()] == [True, False, False]


def test_how_to_reach_a_sender_is_forgotten_after_a_time(settings):
    kept, old = factories.tip(), factories.tip()
    long_ago = timezone.now() - settings.TIP_CONTACTS_KEPT - timedelta(minutes=1)
    Tip.objects.filter(pk=old.pk).update(received_at=long_ago)
    tasks.forget()

    assert list(Tip.objects.with_contact()) == [kept]
    assert Tip.objects.get(pk=old.pk).text == old.text


# Deciding


def test_an_accepted_tip_becomes_a_claim_that_the_queue_pulls():
    tip = factories.tip("Boats lost!!")
    client = signed_in(factories.fact_checker())
    wording = "The harbour lost 40 boats in a year."
    client.post(f"/tips/{tip.ref}/accept/", {"wording": wording, "language": "en"})
    queue.open_reviews()

    review = Review.objects.get()
    assert (review.claim.wording, review.status) == (wording, Status.QUEUED)
    assert Tip.objects.get().claim == review.claim
    assert client.get(f"/reviews/{review.ref}/").status_code == 200
    assert wording in client.get("/").content.decode()
    assert "which has a review" in client.get(f"/tips/{tip.ref}/").content.decode()


def test_a_claim_that_nobody_printed_is_checked_and_published():
    claim = accepted().claim
    queue.open_reviews()
    review, checker = Review.objects.get(claim=claim), factories.fact_checker()
    workflow.take(review, by=checker)
    factories.write_verdict(review, checker)
    factories.submit(review)
    factories.approve(review, by=factories.supervisor())
    publication.publish(review_id=review.pk)

    client = signed_in(checker)
    pages = [f"/claims/{claim.ref}/", f"/claims/{claim.ref}/regroup/", f"/reviews/{review.ref}/",
             f"/reviews/{review.ref}/approval/", f"/reviews/{review.ref}/history/"]  # fmt: skip
    assert [client.get(where).status_code for where in pages] == [200] * 5
    markup = publication.claim_review(Publication.objects.get())
    assert "appearance" not in markup["itemReviewed"]
    assert Client().get(f"/checks/{review.ref}/").status_code == 200


def test_a_wording_that_is_known_joins_its_claim():
    known = factories.claim("Harbour dredging cut the catch of cod by half in 2025.")
    matching.reindex(known)

    assert accepted(known.wording).claim == known


def test_a_tip_joins_the_claim_that_a_person_names():
    known = factories.claim("Harbour dredging cut the catch of cod by half in 2025.")
    matching.reindex(known)
    tip = factories.tip("Dredging cut the catch of cod by half.")
    client = signed_in(factories.fact_checker())
    assert known.wording in client.get(f"/tips/{tip.ref}/").content.decode()
    client.post(f"/tips/{tip.ref}/accept/", {"into": known.ref})

    assert Tip.objects.get().claim == known


def test_a_merged_claim_hands_what_is_asked_on_to_the_other():
    claim = accepted().claim
    other = factories.claim(worthiness=0.1)
    other.derived_flags.all().delete()
    other.appearances.all().delete()
    claim.merged_into = other
    claim.save(update_fields=["merged_into"])
    queue.open_reviews()

    assert [one.claim for one in Review.objects.all()] == [other]


def test_what_is_asked_is_handed_on_through_every_merge():
    tip, person = accepted(), factories.fact_checker()
    between, last = (
        Claim.objects.create(wording=wording, language="en", worthiness=0.1)
        for wording in ("Forty boats left the bay.", "The bay lost forty of its boats.")
    )
    regrouping.merge(tip.claim, between, by=person, reason="The same.")
    queue.open_reviews()

    regrouping.merge(between, last, by=person, reason="The same.")
    queue.open_reviews()

    assert Review.objects.get(claim=between).status == Status.DISMISSED
    assert Review.objects.get(claim=last).status == Status.QUEUED


def test_a_dismissed_tip_says_why_and_can_be_taken_back():
    tip = factories.tip()
    client = signed_in(factories.supervisor())
    assert client.post(f"/tips/{tip.ref}/dismiss/", {"reason": ""}).status_code == 409
    client.post(f"/tips/{tip.ref}/dismiss/", {"reason": "An opinion, not a fact."})
    assert "An opinion, not a fact." in client.get("/tips/?show=dismissed").content.decode()
    assert Tip.objects.get().state == "dismissed"
    client.post(f"/tips/{tip.ref}/take-back/")

    tip.refresh_from_db()
    assert (tip.state, tip.reason, tip.decided_by) == ("open", "", None)


def test_a_tip_taken_back_asks_for_nothing_any_more():
    tip = accepted()
    tips.take_back(tip)

    assert queue.open_reviews() == 0


def test_of_two_who_decide_the_second_is_told():
    tip = factories.tip()
    page = signed_in(factories.fact_checker())
    tips.dismiss(tip, by=factories.supervisor(), reason="A joke.")
    answer = page.post(f"/tips/{tip.ref}/accept/", {"wording": "It fell.", "language": "en"})

    assert answer.status_code == 409
    assert "Somebody decided it meanwhile: dismissed." in answer.content.decode()
    assert Claim.objects.count() == 0


def test_the_list_costs_the_same_however_long_it_is_and_goes_on(monkeypatch):
    client, cost = signed_in(factories.supervisor()), []
    for more in (1, 20):
        for _ in range(more):
            accepted()
        with CaptureQueriesContext(connection) as queries:
            client.get("/tips/?show=accepted")
        cost.append(len(queries))
    assert cost[0] == cost[1]
    monkeypatch.setattr(tips, "ROWS", 15)

    rows, after = tips.page(Tip.State.ACCEPTED)
    rest, end = tips.page(Tip.State.ACCEPTED, after=after)
    assert (len(rows), len(rest), end) == (15, 6, "")
