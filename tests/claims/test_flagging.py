"""Findings become flags; what a person decided about one outranks the machine, for ever."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from reversion.models import Version

from claims import extraction, flagging
from claims import text as engine
from claims.models import Flag
from tests import factories
from tests.together import together

TEXT = "Two trawlers sank, police said. The Courier could not verify this. It is unclear why."
CLAIM = engine.DetectedClaim(
    span=engine.Span(0, 17), sentence=engine.Span(0, 31), wording="Two trawlers sank.",
    claimant="", claimant_kind="none", attribution=None, worthiness=0.5, reasons=(),
)  # fmt: skip
DISCLAIMER = engine.Finding(
    kind=engine.FlagKind.SELF_DISCLAIMER, cue=engine.Span(44, 60), sentence=engine.Span(32, 66),
    rule="en.self", who=engine.Who.SELF, agent="The Courier", scope=engine.Scope.PREVIOUS,
    covers=(CLAIM.span,), confidence=0.9,
)  # fmt: skip
UNKNOWN = replace(
    DISCLAIMER, kind=engine.FlagKind.UNKNOWN_FACT, cue=engine.Span(73, 80), covers=(),
    sentence=engine.Span(67, 85), rule="en.unknown", who=engine.Who.NOBODY, agent="",
)  # fmt: skip


@pytest.fixture
def article(db):
    return factories.article(TEXT)


@transaction.atomic
def store(article, *findings: engine.Finding) -> None:
    """What an analysis with these findings stores."""
    analysis = engine.Analysis(
        language="en", supported=True, sentences=(), claims=(CLAIM,), flags=findings
    )
    extraction.store_appearances(article, analysis)
    flagging.store_flags(article, analysis)


def decide(flag: Flag, state: str, reason: str = ""):
    person = factories.fact_checker()
    flagging.decide(flag, by=person, at=timezone.now(), state=state, reason=reason)
    return person


def rows(article):
    return [*article.flags.order_by("pk").values()]


def test_a_finding_is_a_flag_with_everything_that_was_found(article):
    store(article, DISCLAIMER)

    flag = article.flags.get()
    assert (flag.kind, flag.cue) == ("self_disclaimer", "could not verify")
    assert (flag.sentence_start, flag.sentence_end, flag.rule) == (32, 66, "en.self")
    assert (flag.who, flag.agent, flag.scope) == ("self", "The Courier", "previous")
    assert (flag.confidence, flag.state, flag.claim) == (0.9, "open", None)
    assert [*flag.covers.all()] == [article.appearances.get()]


def test_the_same_findings_again_are_the_same_flags(article):
    store(article, DISCLAIMER, UNKNOWN)
    before = rows(article)

    store(article, DISCLAIMER, UNKNOWN)

    assert rows(article) == before
    assert article.flags.get(kind="self_disclaimer").covers.count() == 1


def test_a_flag_no_longer_found_goes_while_nobody_decided_it(article):
    store(article, DISCLAIMER, UNKNOWN)

    store(article, DISCLAIMER)

    assert [*article.flags.values_list("kind", flat=True)] == ["self_disclaimer"]


@pytest.mark.parametrize("state", ["confirmed", "dismissed"])
def test_a_persons_decision_outlasts_every_analysis(article, state):
    store(article, DISCLAIMER, UNKNOWN)
    flag = article.flags.get(kind="self_disclaimer")
    person = decide(flag, state, "Read it twice.")

    store(article, UNKNOWN)  # a rule changed, and it is not found any more
    store(article, replace(DISCLAIMER, confidence=0.2, rule="en.newer"), UNKNOWN)

    flag.refresh_from_db()
    assert (flag.state, flag.reason, flag.decided_by) == (state, "Read it twice.", person)
    assert (flag.rule, flag.confidence) == ("en.newer", 0.2)
    assert article.flags.count() == 2


def test_a_decision_taken_back_is_the_machines_again(article):
    store(article, DISCLAIMER)
    flag = article.flags.get()
    decide(flag, "dismissed", "Read it twice.")

    decide(flag, "open")
    assert (flag.state, flag.reason, flag.decided_by, flag.decided_at) == ("open", "", None, None)

    store(article)
    assert not article.flags.exists()


def test_flags_found_by_comparing_copies_are_not_the_texts(article):
    derived = Flag.objects.create(
        article=article, claim=factories.claim(), kind="disclaimer_dropped", start=0, end=17,
        sentence_start=0, sentence_end=31, rule="derived", confidence=1,
    )  # fmt: skip

    store(article, DISCLAIMER)
    store(article)

    assert [*article.flags.all()] == [derived]


def test_every_decision_there_ever_was_is_kept(article):
    store(article, DISCLAIMER)
    flag = article.flags.get()
    first = decide(flag, "confirmed")
    second = decide(flag, "dismissed", "It speaks of another ship.")
    decide(flag, "dismissed", "It speaks of another ship.")  # a double click

    versions = [*Version.objects.get_for_object(flag).order_by("pk").select_related("revision")]
    assert [version.field_dict["state"] for version in versions] == ["confirmed", "dismissed"]
    assert [version.revision.user for version in versions] == [first, second]
    assert versions[1].revision.comment == "Dismissed: It speaks of another ship."


def test_many_findings_cost_no_more_queries_than_two(db):
    def cost(count):
        article = factories.article(f"{TEXT} {count}")
        many = [replace(UNKNOWN, cue=engine.Span(start, start + 2)) for start in range(count)]
        store(article, *many[1:])
        with CaptureQueriesContext(connection) as captured:
            store(article, *many[:-1])
        return len(captured)

    assert cost(30) == cost(3)


@pytest.mark.django_db(transaction=True)
def test_a_decision_crossing_an_analysis_is_never_lost():
    for _ in range(10):
        article = factories.article(TEXT)
        store(article, DISCLAIMER)
        flag = article.flags.get()
        person = factories.fact_checker()

        def judge(flag=flag, person=person):
            mine = Flag.objects.get(pk=flag.pk)
            flagging.decide(mine, by=person, at=timezone.now(), state="dismissed", reason="Read.")

        judged, analysed = together(judge, partial(store, article, UNKNOWN))

        assert analysed is None
        if judged is None:
            flag.refresh_from_db()
            assert (flag.state, flag.decided_by) == ("dismissed", person)
        else:
            assert isinstance(judged, Flag.DoesNotExist)
            assert not article.flags.filter(pk=flag.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_an_analysis_waits_for_a_decision_under_way():
    article = factories.article(TEXT)
    store(article, DISCLAIMER)
    flag, person = article.flags.get(), factories.fact_checker()
    decided, waiting = threading.Event(), threading.Event()

    def judge():
        with transaction.atomic():
            mine = Flag.objects.get(pk=flag.pk)
            flagging.decide(mine, by=person, at=timezone.now(), state="confirmed")
            decided.set()
            assert not waiting.wait(0.3)

    def analyse():
        assert decided.wait(10)
        store(article)
        waiting.set()

    assert together(judge, analyse) == [None, None]
    flag.refresh_from_db()
    assert (flag.state, flag.decided_by) == ("confirmed", person)
