"""Several flags of an article, decided for one reason: all of them or none."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import expect

from claims import flagging
from claims.models import Flag
from reviews import leases
from reviews.states import Status
from tests import factories
from tests.looks import LOOKS, desk, look_at

HTMX = {"hx-request": "true"}


@pytest.fixture
def held(db):
    return factories.review_at(Status.IN_PROGRESS)


def flags_in(review, *, more: int = 3) -> list[Flag]:
    """The open flags of its article: the one there is, and `more` of another rule."""
    first = Flag.objects.get(covers__claim=review.claim)
    others = [
        Flag.objects.create(
            article=first.article, kind="hedge", start=at, end=at + 4, sentence_start=0,
            sentence_end=30, rule="en.hedge.word", confidence=0.5,
        )
        for at in range(more)
    ]  # fmt: skip
    return [first, *others]


def decide(client, review, chosen=(), **fields):
    article = Flag.objects.filter(covers__claim=review.claim)[0].article
    data = {
        "token": review.lease_token, "article": article.ref, "state": "confirmed",
        "flag": [flag.ref for flag in chosen],
    }  # fmt: skip
    headers = fields.pop("headers", {})
    return client.post(f"{review.get_absolute_url()}flags/", data | fields, headers=headers)


def states() -> list[str]:
    return list(Flag.objects.order_by("pk").values_list("state", flat=True))


def test_chosen_flags_are_dismissed_for_one_reason_and_taken_back_together(sign_in, held):
    client, flags = sign_in(held.checker), flags_in(held)

    answer = decide(client, held, flags[:2], state="dismissed", reason=" Not about it. ")

    assert answer["Location"].endswith(f"?article={flags[0].article.ref}#flags-at-once")
    assert states() == ["dismissed", "dismissed", "open", "open"]
    assert set(Flag.objects.filter(state="dismissed").values_list("reason")) == {("Not about it.",)}
    shown = client.get(held.get_absolute_url()).content.decode()
    assert "You dismissed 2 flags together" in shown

    decide(client, held, flags[:2], state="open")
    assert states() == ["open"] * 4
    assert "flags together" not in client.get(held.get_absolute_url()).content.decode()


def test_all_open_flags_of_a_rule_are_chosen_by_its_name(sign_in, held):
    flags = flags_in(held)
    flagging.decide(flags[1], by=held.checker, at=leases.clock(), state="confirmed")

    answer = decide(
        sign_in(held.checker), held, rule="en.hedge.word", state="dismissed", reason="Idle.",
        headers=HTMX,
    )  # fmt: skip

    assert answer.status_code == 200
    assert states() == ["open", "confirmed", "dismissed", "dismissed"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"reason": " "}, "Say why the flags are dismissed."),
        ({"flag": []}, "Choose the flags first."),
        ({"flag": ["aaaaaaaaaa"]}, "One of these flags is no longer there. Nothing was changed."),
        ({"token": 99}, "You took this review again since this page was opened"),
    ],
)
def test_what_is_refused_changes_nothing_and_keeps_what_was_typed(sign_in, held, fields, says):
    flags = flags_in(held)
    sent = {"state": "dismissed", "reason": "Idle <words>."} | fields

    answer = decide(sign_in(held.checker), held, flags, **sent)

    shown = answer.content.decode()
    assert (answer.status_code, states()) == (409, ["open"] * 4)
    assert says in shown
    assert ('value="Idle &lt;words&gt;."' in shown) == (sent["reason"] != " ")
    assert (f'value="{flags[0].ref}" checked' in shown) == ("flag" not in fields)


def test_one_that_was_decided_meanwhile_stops_them_all(sign_in, held):
    flags, colleague = flags_in(held), factories.fact_checker()
    flagging.decide(flags[2], by=colleague, at=leases.clock(), state="confirmed")

    answer = decide(sign_in(held.checker), held, flags)

    assert (answer.status_code, states()) == (409, ["open", "open", "confirmed", "open"])
    assert f"{colleague} decided about" in answer.content.decode()


def test_nobody_takes_back_together_what_a_colleague_decided_since(sign_in, held):
    client, flags = sign_in(held.checker), flags_in(held)
    decide(client, held, flags)
    flagging.decide(
        flags[0], by=factories.supervisor(), at=leases.clock(), state="dismissed", reason="Wrong."
    )

    answer = decide(client, held, flags, state="open")

    assert (answer.status_code, states()) == (409, ["dismissed"] + ["confirmed"] * 3)


def test_flags_of_another_article_or_claim_are_not_reached(sign_in, held):
    flags_in(held)
    other = Flag.objects.get(covers__claim=factories.claim())

    for sent in ({}, {"article": other.article.ref}):
        answer = decide(sign_in(held.checker), held, [other], **sent)
        assert answer.status_code == 409
    assert set(states()) == {"open"}


def test_many_flags_cost_the_page_no_more_queries(sign_in, queries, held):
    client = sign_in(held.checker)
    flags_in(held, more=2)
    few = queries(client, held.get_absolute_url())
    Flag.objects.filter(kind="hedge").delete()
    flags_in(held, more=40)

    assert queries(client, held.get_absolute_url()) == few


def test_deciding_many_asks_a_fixed_number_of_queries_for_each(sign_in, held):
    client, flags = sign_in(held.checker), flags_in(held, more=21)
    decide(client, held, flags[:1], headers=HTMX)
    asked = []
    for some in (flags[1:2], flags[2:12], flags[12:22]):
        with CaptureQueriesContext(connection) as captured:
            decide(client, held, some, headers=HTMX)
        asked.append(len(captured))

    assert asked[2] == asked[1]


@pytest.mark.browser
@pytest.mark.parametrize("look", LOOKS)
def test_flags_are_walked_and_decided_without_the_mouse(look, transactional_db):
    review = factories.review_at(Status.IN_PROGRESS)
    flags = flags_in(review)
    with desk(look, review.checker) as (page,):
        page.goto(review.get_absolute_url())
        page.keyboard.press("j")
        first = page.evaluate("document.activeElement.id")
        page.keyboard.press("j")
        page.keyboard.press("k")
        assert page.evaluate("document.activeElement.id") == first
        assert first.startswith("summary-")
        page.keyboard.press("Enter")
        expect(page.locator("details.flag[open]")).to_have_count(1)
        page.locator("#several-flags").focus()
        page.keyboard.press("Enter")
        page.get_by_label("All 3 open ones of this rule").focus()
        page.keyboard.press("Space")
        look_at(page, "several flags")
        page.get_by_label("One reason for all").focus()
        page.keyboard.type("They only weigh words.")
        page.locator("#dismiss-all").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("You dismissed 3 flags together")).to_be_visible()
        look_at(page, "decided together")
        page.locator("#take-back-flags").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("flags together")).to_have_count(0)

    assert {*Flag.objects.values_list("state")} == {("open",)}
    assert len(flags) == 4
