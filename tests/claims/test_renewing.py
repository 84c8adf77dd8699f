"""Newer rules read old articles again: in order of need, behind what is new, bound by people."""

from __future__ import annotations

import pytest
from django.db.models import Q
from django.utils import timezone

from claims import analysis, derivation, flagging, grouping, tasks
from claims import text as engine
from claims.analysis import Turn
from claims.models import Analysis, Article
from reviews import queue
from reviews.models import Review
from tests import factories
from tests.claims.test_analysis import TEXT, made

OLD = {"engine_version": "1", "rules_version": "en-00000000"}


@pytest.fixture
def analysed(db):
    def analysed(text: str = TEXT, **fields) -> Article:
        article = factories.article(text, **fields)
        assert analysis.analyse(article_id=article.pk)
        return article

    return analysed


def old(*articles: Article, **fields) -> None:
    Analysis.objects.filter(article__in=articles).update(**OLD | fields)


def waiting() -> list[int]:
    rows = Analysis.objects.unfinished().filter(again=True).order_by("article_id")
    return [*rows.values_list("article_id", flat=True)]


def renewed(article: Article) -> Analysis:
    assert analysis.analyse(article_id=article.pk)
    return Analysis.objects.get(article=article)


def test_what_the_rules_of_today_read_is_left_alone(analysed):
    analysed()

    assert queue.renew_analyses() == 0


@pytest.mark.parametrize("older", [{"engine_version": "1"}, {"rules_version": "en-00000000"}])
def test_what_older_code_or_rules_read_is_read_again(analysed, older):
    article = analysed()
    Analysis.objects.update(**older)

    assert queue.renew_analyses() == 1
    row = renewed(article)
    assert (row.status, row.again, row.attempts) == ("analysed", False, 1)
    assert (row.engine_version, row.rules_version) == (
        engine.ENGINE_VERSION, engine.rules_version("en"),
    )  # fmt: skip
    assert queue.renew_analyses() == 0


def test_another_languages_rules_are_no_reason(analysed):
    german = analysed("Der Hafen sei geschlossen, sagte der Bürgermeister.", language="de")
    english = analysed()
    old(english, engine_version=engine.ENGINE_VERSION)

    queue.renew_analyses()

    assert waiting() == [english.pk]
    assert german.pk not in waiting()


def test_articles_of_undecided_reviews_come_first_then_the_newest(analysed, settings):
    settings.ANALYSIS_RENEWALS = 2
    reviewed = analysed()
    queue.open_reviews()
    assert Review.objects.filter(claim__appearances__article=reviewed).exists()
    others = [analysed(f"Nothing happened in {name}.") for name in ("Brenna", "Corvo", "Dorsel")]
    old(reviewed, *others)

    assert queue.renew_analyses() == 2

    assert waiting() == [reviewed.pk, others[2].pk]


def test_only_so_many_wait_at_a_time(analysed, settings):
    settings.ANALYSIS_RENEWALS = 2
    old(*(analysed(f"Nothing happened in {name}.") for name in ("Brenna", "Corvo", "Dorsel")))

    assert [queue.renew_analyses(), queue.renew_analyses()] == [2, 0]


def test_the_new_is_told_of_first_and_taken_first(analysed, monkeypatch, settings):
    settings.ANALYSIS_CHUNK = 10
    old(*(analysed(f"Nothing happened in {name}.") for name in ("Brenna", "Corvo", "Dorsel")))
    queue.renew_analyses()
    new = factories.article("A new one.")
    told = []
    monkeypatch.setattr(tasks, "_tell", lambda ids, turn: told.append((ids, turn)))

    tasks.sweep_analyses()

    renewals = waiting()
    assert told == [
        ([new.pk], Turn.FIRST), (renewals[:2], Turn.LAST), (renewals[2:], Turn.LAST),
    ]  # fmt: skip
    assert sorted(Turn, key=tasks.PRIORITIES.get) == [*Turn]


def test_what_was_tried_often_waits_behind_the_new_and_alone(db, monkeypatch):
    tried = [factories.article(f"Number {n}.").pk for n in range(2)]
    Analysis.objects.update(attempts=analysis.TRIED)
    new = factories.article("A new one.").pk
    told = []
    monkeypatch.setattr(tasks, "_tell", lambda ids, turn: told.append((ids, turn)))

    tasks.sweep_analyses()

    assert told == [
        ([new], Turn.FIRST), ([tried[0]], Turn.LATER), ([tried[1]], Turn.LATER),
    ]  # fmt: skip


def test_a_message_that_comes_again_leaves_what_was_tried_often_to_one_of_its_own(db):
    tried, new = factories.article("Tried.").pk, factories.article("A new one.").pk
    Analysis.objects.filter(article=tried).update(attempts=analysis.TRIED)

    tasks.analyse(article_ids=[tried, new])
    left = [*Analysis.objects.unfinished().values_list("article_id", flat=True)]
    tasks.analyse(article_ids=[tried], later=True)

    assert left == [tried]
    assert not Analysis.objects.unfinished().exists()


def test_what_a_dead_worker_had_begun_goes_before_everything(db, monkeypatch):
    new = factories.article("A new one.").pk
    begun = factories.article("A second one.").pk
    assert analysis._begin(begun)
    told = []
    monkeypatch.setattr(tasks, "_tell", lambda ids, turn: told.append((ids, turn)))

    tasks.sweep_analyses()

    assert told == [([begun], Turn.AT_ONCE), ([new], Turn.FIRST)]


def test_what_people_decided_stays_as_it_was(analysed):
    """Flags, links, placings and derivations: every row is the same after other rules' findings."""
    article, copy = analysed(), analysed(source=factories.source("Daily Tide"))
    person, now = factories.supervisor(), timezone.now()
    flag = article.flags.core().get()
    flagging.decide(flag, by=person, at=now, state="dismissed", reason="It is verified.")
    edge = article.derivations.get()
    derivation.decide(edge, by=person, at=now, decision="rejected", reason="No such media.")
    derivation.add(copy, on=article.source, by=person, at=now, reason="They told us.")
    grouping.place(copy, None, by=person, at=now, reason="Another event.")
    before = made()
    old(article, copy)

    assert queue.renew_analyses() == 2
    for each in (article, copy):
        renewed(each)

    assert made() == before
    copy.refresh_from_db()
    assert (copy.story, copy.placed_by) == (None, person)


def test_a_decided_flag_stays_when_newer_rules_find_nothing(analysed, monkeypatch):
    article, person = analysed(), factories.supervisor()
    flag = article.flags.core().get()
    flagging.decide(flag, by=person, at=timezone.now(), state="confirmed")
    link = article.appearances.order_by("start")[0]
    old(article)
    nothing = engine.Analysis("en", True, engine.split_sentences(TEXT))
    monkeypatch.setattr(analysis.engine, "analyse", lambda *args, **facts: nothing)

    assert analysis.renew(first=Q()) == 1
    renewed(article)

    flag.refresh_from_db()
    assert (flag.state, flag.decided_by) == ("confirmed", person)
    link.refresh_from_db()
    assert (link.current, link.claim_id is None) == (False, False)


def test_an_article_that_cannot_be_read_again_keeps_what_was_found(analysed, monkeypatch, settings):
    settings.ANALYSIS_ATTEMPTS = 1
    article = analysed()
    before = made()
    old(article)
    queue.renew_analyses()
    monkeypatch.setattr(analysis.engine, "analyse", lambda *args, **facts: 1 / 0)

    assert not analysis.analyse(article_id=article.pk)

    assert made() == before
    assert [row.article_id for row in Analysis.objects.failed()] == [article.pk]
