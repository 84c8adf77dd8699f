"""The pages on which supervisors arrange the queue, and people say what they check."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from reviews import arranging, queue
from reviews.models import Conflict, Review, ReviewTopic, Weights
from tests import factories
from tests.looks import LOOKS, desk, look_at

POINTS = dict.fromkeys(arranging.PARTS, 10)


@pytest.fixture
def topic(db) -> ReviewTopic:
    return ReviewTopic.objects.create(slug="ports", name="Ports", words=["harbour"], harm=1)


def test_a_preview_shows_the_order_and_puts_nothing_in_force(sign_in, topic):
    factories.review()

    answer = sign_in(factories.fact_checker()).post(
        "/queue/weights/", POINTS | {"topic-ports": 20, "preview": "1"}
    )

    assert [one.place for one in answer.context["placed"]] == [1]
    assert not Weights.objects.exists()


def test_weights_are_put_in_force_and_older_ones_filled_in_again(sign_in, topic):
    client = sign_in(factories.supervisor())
    client.post("/queue/weights/", POINTS | {"topic-ports": -5, "why": "Ports are quiet."})
    client.post("/queue/weights/", POINTS | {"age": 50, "topic-ports": 0, "why": "Old first."})
    older, newer = Weights.objects.order_by("pk")

    form = client.get(f"/queue/weights/?from={older.pk}").context["form"]

    assert (older.topics, newer.topics, newer.age) == ({"ports": -5}, {}, 50)
    assert (form["age"].value(), form["topic-ports"].value()) == (10, -5)


@pytest.mark.parametrize("wrong", [{"age": 101}, {"age": "x"}, {"topic-ports": 21}, {"why": ""}])
def test_what_makes_no_sense_comes_back_as_it_was_typed(sign_in, topic, wrong):
    given = POINTS | {"topic-ports": 0, "why": "A trial."} | wrong

    answer = sign_in(factories.supervisor()).post("/queue/weights/", given)

    assert answer.status_code == 422
    name = next(iter(wrong))
    assert answer.context["form"][name].value() == str(wrong[name])
    assert answer.context["form"].errors.keys() == wrong.keys()
    assert not Weights.objects.exists()


def test_a_topic_is_made_and_its_words_are_cleaned(sign_in, db):
    answer = sign_in(factories.supervisor()).post(
        "/queue/topics/",
        {
            "name": "The sea", "words": " tide*\n\nharbour\ntide*\n*", "harm": "2",
            "approvals": "3",
        },
    )  # fmt: skip

    assert answer.status_code == 302
    topic = ReviewTopic.objects.get()
    assert (topic.slug, topic.words, topic.harm) == ("the-sea", ["tide*", "harbour"], 2)
    assert topic.approvals == 3


def test_twenty_topics_and_reviews_cost_the_pages_no_more_queries(sign_in, queries, topic):
    client = sign_in(factories.supervisor())
    addresses = ("/queue/weights/", "/queue/topics/", "/me/", "/conflicts/")
    factories.arrange_the_queue(by=factories.supervisor())
    factories.review()
    few = [queries(client, address) for address in addresses]
    for _ in range(5):
        factories.arrange_the_queue(by=factories.supervisor())
        factories.review()

    assert [queries(client, address) for address in addresses] == few


def test_people_say_in_what_they_check_and_take_next_goes_by_it(sign_in, topic):
    person = factories.fact_checker()
    other = factories.review(wording="The bridge cost four million.")
    client = sign_in(person)

    client.post("/me/", {"languages": ["en", "fr"], "topics": ["ports"]})

    person.refresh_from_db()
    assert (person.languages, person.topics) == (["en", "fr"], ["ports"])
    Review.objects.filter(pk=other.pk).update(topics=["roads"])
    assert queue.take_next(person) is None
    assert client.post("/me/", {"languages": ["xx"]}).status_code == 422


@pytest.mark.parametrize("about", ["source", "topic", "claimant"])
def test_a_conflict_is_declared_once_keeps_the_review_away_and_ends(sign_in, topic, about):
    review = factories.review()
    source = review.claim.appearances.get().article.source
    named = {"source": source.ref, "topic": "ports", "claimant": review.claim.claimant.name.upper()}
    person = factories.fact_checker()
    client = sign_in(person)
    given = {about: named[about], "words": "My brother works there."}

    assert client.post("/me/conflicts/", given).status_code == 302
    assert client.post("/me/conflicts/", given).status_code == 422
    assert queue.take_next(person) is None
    conflict = Conflict.objects.get()
    client.post(f"/me/conflicts/{conflict.ref}/end/")

    assert queue.take_next(person) == review


@pytest.mark.parametrize(
    "given",
    [
        {}, {"claimant": "Nobody at all"}, {"source": "x"},
        {"topic": "ports", "claimant": "The fishers' union"},
    ],
)  # fmt: skip
def test_a_conflict_is_about_one_thing_that_is_known(sign_in, topic, given):
    factories.review()

    answer = sign_in(factories.fact_checker()).post("/me/conflicts/", given | {"words": "Mine."})

    assert answer.status_code == 422
    assert "Mine." in answer.content.decode()
    assert not Conflict.objects.exists()


def test_supervisors_read_what_everybody_declared_and_nobody_ends_that_of_another(sign_in, topic):
    person = factories.fact_checker()
    sign_in(person).post("/me/conflicts/", {"topic": "ports", "words": "My sister."})
    conflict = Conflict.objects.get()

    client = sign_in(factories.supervisor())

    assert "My sister." in client.get("/conflicts/").content.decode()
    client.post(f"/me/conflicts/{conflict.ref}/end/")
    conflict.refresh_from_db()
    assert conflict.ended_at is None


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("look", LOOKS)
def test_the_pages_are_for_everybody(look, transactional_db):
    ReviewTopic.objects.create(slug="ports", name="Ports", words=["harbour"], harm=1)
    for _ in range(3):
        factories.review()
    with desk(look, factories.supervisor()) as (page,):
        page.goto("/queue/weights/")
        page.get_by_label("Worth checking").fill("90")
        page.get_by_role("button", name="Show the new order").click()
        expect(page.get_by_text("points ·").first).to_be_visible()
        look_at(page, "weights with a preview")
        page.get_by_label("Why they change").fill("A trial.")
        page.get_by_role("button", name="Put in force").click()
        expect(page.get_by_text("In force. The queue is being weighed anew.")).to_be_visible()
        look_at(page, "weights being applied")
        for address, name in (
            ("/queue/topics/", "topics"), ("/queue/topics/ports/", "a topic"), ("/me/", "profile"),
        ):  # fmt: skip
            page.goto(address)
            look_at(page, name)
        page.get_by_label("Topic").select_option("ports")
        page.get_by_label("What it is").fill("My sister works there.")
        page.get_by_role("button", name="Declare").click()
        expect(page.get_by_text("Declared. Nothing about")).to_be_visible()
        look_at(page, "a conflict declared")
        page.goto("/conflicts/")
        look_at(page, "conflicts of everybody")
