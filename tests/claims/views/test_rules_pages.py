"""What people decided per rule: counted, put in order, listed and taken along."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from claims import flagging, rulebook
from claims.models import Flag
from reviews import leases
from tests import factories
from tests.looks import LOOKS, look_at
from tests.looks import desk as browsers
from tests.serving import signed_in


@pytest.fixture
def desk(db) -> Client:
    return signed_in(factories.fact_checker())


def flagged(rule: str, *states: str, language: str = "en") -> list[Flag]:
    """Flags of one rule in an article, decided as named."""
    article = factories.article(language=language)
    by, made = factories.fact_checker(), []
    for at, state in enumerate(states):
        flag = Flag.objects.create(
            article=article, kind="hedge", start=at, end=at + 7, sentence_start=0, sentence_end=75,
            rule=rule, confidence=0.5,
        )  # fmt: skip
        if state != "open":
            flagging.decide(flag, by=by, at=leases.clock(), state=state, reason="As read.")
        made.append(flag)
    return made


def queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize(
    ("hits", "of", "interval"),
    [  # as worked out by hand from the formula, with z = 1.95996
        (0, 0, (0.0, 1.0)),
        (0, 10, (0.0, 0.2775)),
        (10, 10, (0.7225, 1.0)),
        (5, 10, (0.2366, 0.7634)),
        (1, 1, (0.2065, 1.0)),
    ],
)
def test_the_interval_of_a_share_is_wilsons(hits, of, interval):
    assert rulebook.wilson(hits, of) == pytest.approx(interval, abs=5e-5)


def test_a_rule_that_is_surely_bad_comes_before_one_that_may_be(db):
    flagged("en.once", "dismissed")
    flagged("en.often", *["dismissed"] * 8, *["confirmed"] * 2, "open")
    flagged("en.good", *["confirmed"] * 5)
    flagged("en.new", "open", "open")

    found = rulebook.rules()

    assert [(rule.rule, rule.open, rule.confirmed, rule.dismissed) for rule in found] == [
        ("en.often", 1, 2, 8), ("en.once", 0, 0, 1), ("en.new", 2, 0, 0), ("en.good", 0, 5, 0),
    ]  # fmt: skip
    assert [rule.share for rule in found] == [0.8, 1.0, None, 0.0]


def test_only_articles_in_a_language_count_if_one_is_chosen(desk):
    flagged("compare.figure", "dismissed", "dismissed", language="de")
    flagged("compare.figure", "confirmed", language="en")

    (german,) = rulebook.rules(language="de")

    assert (german.confirmed, german.dismissed) == (0, 2)
    shown = desk.get("/flags/by-rule/compare.figure/?language=en").content.decode()
    assert shown.count("data-item") == 1
    assert rulebook.languages() == ["de", "en"]


def test_the_csv_is_the_list_on_the_page(desk):
    flagged("=en.odd", "dismissed", "confirmed", "open")

    answer = desk.get("/flags/by-rule.csv")

    (row,) = csv.DictReader(io.StringIO(answer.content.decode()))
    assert row == {
        "rule": "'=en.odd", "open": "1", "confirmed": "1", "dismissed": "1",
        "share_dismissed": "0.500", "at_least": "0.095", "at_most": "0.905",
    }  # fmt: skip


def test_the_flags_of_a_rule_are_paged_by_key_and_each_stands_once(desk, monkeypatch):
    monkeypatch.setattr(rulebook, "ROWS", 3)
    flags = flagged("en.hedge", *["open"] * 7)
    found, after = [], ""
    for _ in range(3):
        rows, after = rulebook.flags("en.hedge", after=after)
        found += [flag.ref for flag in rows]
        flagged("en.hedge", "open")  # what comes meanwhile moves nothing

    assert (found, after) == ([flag.ref for flag in reversed(flags)], "")


def test_a_flag_of_a_rule_shows_its_words_what_was_decided_and_leads_there(desk):
    (flag,) = flagged("en.hedge", "dismissed")

    shown = desk.get("/flags/by-rule/en.hedge/?state=dismissed").content.decode()

    assert f"“{flag.cue}”" in shown
    assert f'href="{flag.article.get_absolute_url()}#mark-{flag.ref}"' in shown
    assert "As read." in shown
    assert "None here." in desk.get("/flags/by-rule/en.hedge/?state=open").content.decode()


def test_a_rule_that_flagged_nothing_is_not_found(desk):
    assert desk.get("/flags/by-rule/en.never/").status_code == 404


def test_the_pages_take_as_many_queries_for_many_as_for_few(desk):
    flagged("en.hedge", "open", "dismissed")
    few = queries(desk, "/flags/by-rule/"), queries(desk, "/flags/by-rule/en.hedge/")
    for number in range(8):
        flagged(f"en.rule-{number}", "confirmed", "open")
        flagged("en.hedge", "dismissed", "open", "confirmed")

    assert (queries(desk, "/flags/by-rule/"), queries(desk, "/flags/by-rule/en.hedge/")) == few


@pytest.mark.browser
@pytest.mark.parametrize("look", LOOKS)
def test_a_bad_rule_is_found_and_read_without_the_mouse(look, transactional_db):
    flagged("en.hedge", "dismissed", "dismissed", "open")
    flagged("en.good", "confirmed")
    with browsers(look, factories.supervisor()) as (page,):
        page.goto("/flags/by-rule/")
        look_at(page, "rules")
        page.get_by_role("link", name="en.hedge", exact=True).focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/flags/by-rule/en.hedge/")
        look_at(page, "flags of a rule")
        page.keyboard.press("Escape")
        page.wait_for_url("**/flags/by-rule/")
