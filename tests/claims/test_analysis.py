"""Every article ends analysed or visibly failed, once, whoever tries and whatever goes wrong."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from celery.signals import worker_init
from django.db import connection, transaction
from django.db.models.functions import Now

from claims import analysis, tasks
from claims import text as engine
from claims.models import Analysis, Appearance, Article, Claim, Claimant, Derivation, Flag, Source
from claims.text import Analysis as Found
from factcheck.celery import app
from tests import factories
from tests.together import together

TEXT = (
    "Harbour dredging cut the catch by half, the fishers' union said on Monday. "
    "The Coast Courier could not independently verify the figure.\n\n"
    "Local media reported that the port would close for 14 days."
)
MADE = (Appearance, Flag, Claim, Claimant, Derivation, Source)


@pytest.fixture
def article(db) -> Article:
    return factories.article(TEXT, source=factories.source("The Coast Courier"), language="")


def row(article) -> Analysis:
    return Analysis.objects.get(article=article)


def made():
    """Every row that an analysis makes, with its keys: what must not change when it is repeated."""
    covers = Flag.covers.through.objects.order_by("flag", "appearance")
    return [
        *(list(model.objects.order_by("pk").values()) for model in MADE),
        list(covers.values_list("flag", "appearance")),
    ]


def broken(monkeypatch, message="a rule went wrong"):
    def analyse(*args, **kwargs):
        raise ValueError(message)

    monkeypatch.setattr(analysis.engine, "analyse", analyse)


# Once


def test_an_article_is_analysed_into_claims_and_flags(article):
    assert analysis.analyse(article_id=article.pk)

    state = row(article)
    assert (state.status, state.attempts, state.error) == ("analysed", 1, "")
    assert (state.engine_version, state.supported) == (engine.ENGINE_VERSION, True)
    assert state.rules_version == engine.rules_version("en")
    assert state.finished_at is not None
    article.refresh_from_db()
    assert article.language == "en"
    wordings = [*article.appearances.order_by("start").values_list("wording", flat=True)]
    assert wordings == [
        "Harbour dredging cut the catch by half.", "The port would close for 14 days.",
    ]  # fmt: skip
    assert all(appearance.claim for appearance in article.appearances.all())
    assert [flag.cue for flag in article.flags.core()] == [
        "The Coast Courier could not independently verify"
    ]
    assert article.derivations.get().on_source.kind == "media"


def test_an_analysed_article_is_not_analysed_again_by_a_late_message(article):
    """A task delivered twice acts once."""
    tasks.analyse(article_ids=[article.pk])
    before = made(), row(article).finished_at

    tasks.analyse(article_ids=[article.pk, article.pk])

    assert (made(), row(article).finished_at) == before
    assert not analysis.analyse(article_id=article.pk)


def test_analysing_the_same_bytes_again_gives_the_same_rows(article):
    analysis.analyse(article_id=article.pk)
    before = made()

    for _ in range(2):
        analysis.restart(row(article))
        assert analysis.analyse(article_id=article.pk)

    assert made() == before


def test_another_copy_of_the_text_adds_appearances_and_no_claims(article):
    analysis.analyse(article_id=article.pk)
    claims = list(Claim.objects.values_list("pk", flat=True))
    copy = factories.article(TEXT, source=factories.source("Daily Tide"))

    analysis.analyse(article_id=copy.pk)

    assert [*Claim.objects.values_list("pk", flat=True)] == claims
    assert Appearance.objects.count() == 4


def test_an_article_in_an_unknown_language_is_analysed_and_says_so(db):
    dutch = factories.article(
        "De haven van Brenna gaat vrijdag weer open, meldde het havenbedrijf. "
        "Die was twee weken gesloten nadat een storm de pier had gebroken.",
        language="",
    )

    assert analysis.analyse(article_id=dutch.pk)

    dutch.refresh_from_db()
    assert dutch.language == "nl"
    assert (row(dutch).status, row(dutch).supported) == ("analysed", False)
    assert not dutch.appearances.exists()


def test_a_message_about_an_article_that_is_gone_does_nothing(db):
    assert not analysis.analyse(article_id=987_654)


# Twice at once


@pytest.mark.django_db(transaction=True)
def test_one_article_analysed_by_several_at_once_is_analysed_once():
    for number in range(5):
        article = factories.article(f"{TEXT} Number {number}.")
        calls = [lambda pk=article.pk: analysis.analyse(article_id=pk)] * 4

        assert sorted(together(*calls)) == [False, False, False, True]

        assert row(article).status == "analysed"
        assert article.appearances.count() == 2
        assert article.flags.core().count() == 1


@pytest.mark.django_db(transaction=True)
def test_copies_analysed_at_once_share_their_claims():
    for name in ("the fishers' union", "Local media"):  # no worker waits for another to name them
        Claimant.objects.create(name=name, kind="anonymous")
    copies = [factories.article(TEXT) for _ in range(6)]

    done = together(*(lambda pk=a.pk: analysis.analyse(article_id=pk) for a in copies))

    assert done == [True] * 6
    assert Claim.objects.count() == 2
    assert {claim.appearances.count() for claim in Claim.objects.all()} == {6}


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_loses_its_lock_and_the_next_does_the_work():
    article = factories.article(TEXT)

    def die_at_work():
        assert analysis._begin(article.pk)
        with connection.cursor() as cursor, transaction.atomic():
            assert analysis._lock(article.pk) is not None
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    (death,) = together(die_at_work)
    assert isinstance(death, Exception)
    assert (row(article).status, row(article).attempts) == ("analysing", 1)

    assert analysis.analyse(article_id=article.pk)
    assert (row(article).status, row(article).attempts) == ("analysed", 2)


# Failing


def test_an_article_that_breaks_the_engine_says_so_and_is_tried_again(article, monkeypatch, caplog):
    with monkeypatch.context() as patched:
        broken(patched, "a rule\0went wrong")
        assert not analysis.analyse(article_id=article.pk)

    state = row(article)
    assert (state.status, state.attempts) == ("received", 1)
    assert state.error == "ValueError: a rule␀went wrong"
    assert f"Article {article.pk} could not be analysed" in caplog.text
    assert analysis.analyse(article_id=article.pk)
    assert (row(article).status, row(article).error) == ("analysed", "")


def test_an_article_fails_visibly_when_no_attempt_is_left(article, monkeypatch, settings):
    settings.ANALYSIS_ATTEMPTS = 3
    broken(monkeypatch)
    states = []
    for _ in range(5):
        analysis.analyse(article_id=article.pk)
        states.append((row(article).status, row(article).attempts))

    assert states == [("received", 1), ("received", 2), *[("failed", 3)] * 3]
    assert [*Analysis.objects.failed()] == [row(article)]


def test_an_article_that_kills_every_worker_fails_visibly(article, settings):
    settings.ANALYSIS_ATTEMPTS = 2
    for _ in range(2):
        assert analysis._begin(article.pk)  # and the worker is gone

    assert not analysis.analyse(article_id=article.pk)

    state = row(article)
    assert (state.status, state.error) == ("failed", analysis.DIED)


def test_an_article_is_not_to_blame_while_workers_die_at_many(article, settings):
    settings.ANALYSIS_ATTEMPTS = 2
    others = [factories.article(f"Number {n}.") for n in range(analysis.MANY)]
    for one in (*others, article) * 2:
        assert analysis._begin(one.pk)  # and the worker is gone

    assert analysis.analyse(article_id=article.pk)

    assert (row(article).status, row(article).attempts) == ("analysed", 3)


def test_nor_is_it_spared_for_ever(article, settings):
    settings.ANALYSIS_ATTEMPTS = 2
    others = [factories.article(f"Number {n}.") for n in range(analysis.MANY)]
    begun = [[analysis._begin(one.pk) for one in (*others, article)] for _ in range(9)]

    assert [of_all[-1] for of_all in begun] == [True] * 8 + [False]
    assert row(article).status == "failed"


def test_a_failure_half_way_leaves_no_half_analysis(article, monkeypatch):
    monkeypatch.setattr(analysis.drift, "refresh", lambda article, near: 1 / 0)
    before = made()

    assert not analysis.analyse(article_id=article.pk)

    assert made() == before
    assert row(article).error == "ZeroDivisionError: division by zero"


def test_an_article_that_is_too_slow_says_so_and_the_rest_gets_its_own_time(db, monkeypatch):
    slow, good = factories.article("Slow."), factories.article("Good.")
    handed_on = []
    real = engine.analyse

    def analyse(text, **facts) -> Found:
        if text == "Slow.":
            raise SoftTimeLimitExceeded
        return real(text, **facts)

    monkeypatch.setattr(analysis.engine, "analyse", analyse)
    monkeypatch.setattr(tasks, "_tell", lambda article_ids, turn: handed_on.append(article_ids))

    tasks.analyse(article_ids=[slow.pk, good.pk])

    state = row(slow)
    assert (state.status, state.attempts, state.error) == ("received", 1, analysis.TOO_SLOW)
    assert (row(good).status, handed_on) == ("received", [[good.pk]])
    tasks.analyse(article_ids=handed_on[0])
    assert row(good).status == "analysed"


def test_an_article_that_is_always_too_slow_fails_visibly(article, monkeypatch, settings):
    settings.ANALYSIS_ATTEMPTS = 2

    def analyse(*args, **kwargs):
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(analysis.engine, "analyse", analyse)
    for _ in range(3):
        tasks.analyse(article_ids=[article.pk])

    assert (row(article).status, row(article).error) == ("failed", analysis.TOO_SLOW)


def test_no_article_is_begun_with_little_time_left(db, monkeypatch):
    articles, handed_on = [factories.article(f"Number {n}.") for n in range(3)], []
    clock = iter([0, 0, tasks.BEGIN_WITHIN])
    monkeypatch.setattr(tasks, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr(tasks, "_tell", lambda article_ids, turn: handed_on.append(article_ids))

    tasks.analyse(article_ids=[article.pk for article in articles])

    assert [row(article).status for article in articles] == ["analysed", "received", "received"]
    assert handed_on == [[articles[1].pk, articles[2].pk]]


def test_one_bad_article_in_a_chunk_does_not_stop_the_rest(db, monkeypatch):
    bad, good = factories.article("Bad."), factories.article("Good.")
    real = engine.analyse

    def analyse(text, **facts) -> Found:
        if text == "Bad.":
            raise ValueError("a rule went wrong")
        return real(text, **facts)

    monkeypatch.setattr(analysis.engine, "analyse", analyse)

    tasks.analyse(article_ids=[bad.pk, good.pk])

    assert (row(bad).status, row(good).status) == ("received", "analysed")


# The to-do list


def test_what_waits_is_hinted_at_once_and_again_when_the_hint_must_be_lost(article):
    assert analysis.hint() == [article.pk]
    assert analysis.hint() == []

    Analysis.objects.update(hinted_at=Now() - analysis.HINT_IS_LOST_AFTER - timedelta(seconds=1))
    assert analysis.hint() == [article.pk]


def test_what_a_dead_worker_had_begun_is_hinted_at_long_before_its_hint_must_be_lost(article):
    analysis.hint()
    analysis._begin(article.pk)
    assert analysis.hint(analysis.Turn.AT_ONCE) == []

    soon = Now() - analysis.DEAD_AFTER - timedelta(seconds=1)
    Analysis.objects.update(hinted_at=soon)
    assert analysis.hint(analysis.Turn.AT_ONCE) == []  # a worker may be about to lock it

    Analysis.objects.update(started_at=soon)
    assert analysis.hint(analysis.Turn.AT_ONCE) == [article.pk]
    assert analysis.hint(analysis.Turn.AT_ONCE) == []


def test_a_long_list_is_told_bit_by_bit_the_longest_forgotten_first(db, settings):
    settings.ANALYSIS_HINTS = 2
    first, second, third = (factories.article(f"Number {n}.").pk for n in range(3))
    lost = Now() - analysis.HINT_IS_LOST_AFTER
    Analysis.objects.filter(article=first).update(hinted_at=lost - timedelta(seconds=1))
    Analysis.objects.filter(article=second).update(hinted_at=lost - timedelta(seconds=2))

    assert analysis.hint() == [second, third]
    assert analysis.hint() == []

    Analysis.objects.filter(article=third).update(status="analysed", finished_at=Now())
    assert analysis.hint() == [first]


def test_what_is_done_or_failed_is_not_hinted_at(db):
    done, failed = factories.article("One."), factories.article("Two.")
    Analysis.objects.filter(article=done).update(status="analysed", finished_at=Now())
    Analysis.objects.filter(article=failed).update(status="failed")

    assert analysis.hint() == []


@pytest.mark.django_db(transaction=True)
def test_what_a_worker_is_busy_with_is_not_hinted_at():
    article = factories.article(TEXT)

    with transaction.atomic():
        analysis._lock(article.pk)
        assert together(analysis.hint) == [[]]

    assert together(analysis.hint) == [[article.pk]]


def test_a_failed_article_starts_over_with_all_its_attempts(article):
    Analysis.objects.update(status="failed", attempts=5, error="ValueError", hinted_at=Now())

    analysis.restart(row(article))

    state = row(article)
    assert (state.status, state.attempts, state.error) == ("received", 0, "")
    assert analysis.hint() == [article.pk]


def test_an_article_being_analysed_is_not_restarted(article):
    analysis._begin(article.pk)

    analysis.restart(row(article))

    assert (row(article).status, row(article).attempts) == ("analysing", 1)


@pytest.mark.parametrize(
    ("queues", "is_prepared"),
    [(["analysis"], True), (["desk", "analysis"], True), (["desk"], False), (["network"], False)],
)
def test_rules_are_read_before_a_worker_of_analyses_forks(monkeypatch, queues, is_prepared):
    prepared = []
    monkeypatch.setattr(analysis, "prepare", lambda: prepared.append(True))
    known = app.amqp.Queues(app.conf.task_queues)
    known.select(queues)
    desk = Mock(**{"app.amqp.queues": known})

    told = dict(worker_init.send(sender=desk))

    assert told[tasks._prepare] is None
    assert bool(prepared) is is_prepared
