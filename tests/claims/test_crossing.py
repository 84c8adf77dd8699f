"""Two who write of the same rows at once: nothing of either is lost, and neither is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from threading import Event
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from psycopg.errors import DiskFull
from reversion.models import Version

from claims import (
    analysis,
    correcting,
    derivation,
    drift,
    extraction,
    matching,
    merging,
    polling,
    tables,
    watching,
)
from claims import text as engine
from claims.gathering import NotGathered
from claims.models import (
    Analysis,
    Appearance,
    Article,
    Claim,
    Claimant,
    ClaimKey,
    Derivation,
    Flag,
    Revision,
    Watch,
)
from reviews import flags, queue, workflow
from reviews.models import Review
from tests import factories
from tests.claims.test_provenance import DROPPED, ORIGIN, OWN_REPORT, RELAY, _analysed
from tests.serving import signed_in
from tests.together import PATIENCE, together, wait_until_somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)


class Halfway:
    """A call that stops before it goes into `name` of a room, until somebody waits for its locks.

    Who is to meet it there waits for it with `reached`.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: Any, name: str) -> None:
        self._there, self._go_in = Event(), getattr(room, name)
        monkeypatch.setattr(room, name, self._stop)

    def _stop(self, *args: Any, **kwargs: Any) -> Any:
        if not self._there.is_set():
            self._there.set()
            wait_until_somebody_waits()
        return self._go_in(*args, **kwargs)

    def reached(self) -> None:
        assert self._there.wait(PATIENCE)


def crossing(first: Callable[[], Any], halfway: Halfway, second: Callable[[], Any]) -> list[Any]:
    """Make the second call while the first has stopped halfway; return what each returned."""

    def later() -> Any:
        halfway.reached()
        return second()

    return together(first, later)


def analyse(article: Article) -> bool:
    analysis.restart(article.analysis)
    return analysis.analyse(article_id=article.pk)


# Articles


def edit_in_the_admin(article: Article) -> Callable[[], int]:
    client = signed_in(factories.data_editor())
    typed = {
        "title": "A person's title", "source": article.source_id, "url": article.url,
        "published_on": "2026-03-02", "language": "nb", "author": "", "licence": "",
    }  # fmt: skip
    address = reverse("admin:claims_article_change", args=[article.pk])
    return lambda: client.post(address, typed).status_code


def restore_in_the_admin(article: Article) -> Callable[[], int]:
    by, title, language = factories.fact_checker(), article.title, article.language
    correcting.correct(article, by=by, title="A person's title", language="nb")
    version = Version.objects.get_for_object(article)[0]
    correcting.correct(article, by=by, title=title, language=language)
    client = signed_in(factories.data_editor())
    address = reverse("admin:claims_article_revision", args=[article.pk, version.pk])
    return lambda: client.post(address).status_code


@pytest.mark.parametrize("how", [edit_in_the_admin, restore_in_the_admin])
def test_what_the_admin_writes_waits_for_the_analysis_that_is_at_work(how, monkeypatch):
    article = factories.article(language="")
    halfway = Halfway(monkeypatch, analysis.engine, "analyse")

    assert crossing(lambda: analyse(article), halfway, how(article)) == [True, 302]

    article.refresh_from_db()
    assert (article.language, article.title) == ("nb", "A person's title")
    assert Version.objects.get_for_object(article)[0].field_dict["language"] == "nb"
    assert Analysis.objects.get().status == "received"


FULL = OperationalError("No space left on device")
FULL.__cause__ = DiskFull()


@pytest.mark.parametrize(
    ("problem", "written_by", "attempts"),
    [(ValueError("A rule went wrong"), "_fail", 1), (FULL, "_give_back", 0)],
)
def test_an_analysis_that_fails_says_so_after_the_correction_that_waited_for_it(
    problem, written_by, attempts, monkeypatch
):
    article, by = factories.article(), factories.fact_checker()
    monkeypatch.setattr(analysis.engine, "analyse", Mock(side_effect=problem))
    halfway = Halfway(monkeypatch, analysis.engine, "analyse")
    corrects, write = Halfway(monkeypatch, correcting, "_changed"), getattr(analysis, written_by)

    def write_meanwhile(*args) -> None:
        corrects.reached()
        write(*args)

    monkeypatch.setattr(analysis, written_by, write_meanwhile)

    _, changed = crossing(
        lambda: analyse(article), halfway, lambda: correcting.correct(article, by=by, title="Other")
    )

    row = Analysis.objects.get()
    assert (changed, row.status, row.attempts) == (["title"], "received", attempts)
    assert row.error == f"{type(problem).__name__}: {problem}"


def test_an_article_is_corrected_while_its_page_is_found_gone(monkeypatch):
    article, by = factories.article(), factories.fact_checker()
    watching.watch([article], since=timezone.now() - timedelta(hours=2))
    gone = NotGathered("It answers 410.", again=False, answer=polling.GONE)
    monkeypatch.setattr(watching.polling, "ask", Mock(side_effect=gone))
    halfway = Halfway(monkeypatch, watching, "_note")
    elsewhere = {"url": "https://courier.example/harbour", "source": "Daily Tide"}

    looked, changed = crossing(
        lambda: watching.look(watch_id=Watch.objects.get().pk), halfway,
        lambda: correcting.correct(article, by=by, **elsewhere),
    )  # fmt: skip

    assert (looked, changed) == (True, ["url", "source"])
    assert (Revision.objects.get().kind, Watch.objects.get().gone_at is None) == ("gone", False)


def test_an_article_is_corrected_while_another_is_found_to_rest_on_it(monkeypatch):
    report, _ = _analysed(ORIGIN, "Reuters", 2), _analysed(RELAY, "Inland Mirror", 3)
    copy = factories.article(DROPPED.replace("Reuters", "Bloomberg"), published_on=date(2026, 3, 4))
    by, where = factories.fact_checker(), {"source": "Bloomberg"}
    halfway = Halfway(monkeypatch, derivation, "_edges_between")

    analysed, changed = crossing(
        lambda: analyse(copy), halfway, lambda: correcting.correct(report, by=by, **where)
    )

    assert (analysed, changed) == (True, ["source"])
    rests_on = copy.derivations.values_list("on_source__name", "on_article")
    assert {("Bloomberg", None), (None, report.pk)} <= {*rests_on}


# What articles rest on


def dropped(article: Article) -> bool:
    return Flag.objects.filter(article=article, kind="disclaimer_dropped").exists()


def test_a_copy_that_rests_on_nothing_any_more_is_compared_with_nothing(monkeypatch):
    _analysed(ORIGIN, "Reuters", 2)
    copy, by, at = _analysed(DROPPED, "Evening Echo", 4), factories.supervisor(), timezone.now()
    said = {"by": by, "at": at, "decision": "rejected", "reason": "Their own divers."}
    cited = Derivation.objects.get(article=copy, on_source__isnull=False)
    for row in Derivation.objects.filter(article=copy).exclude(pk=cited.pk):
        derivation.decide(row, **said)
    assert dropped(copy)
    halfway = Halfway(monkeypatch, drift, "_store")

    def decide() -> None:
        derivation.decide(cited, **said)

    assert crossing(lambda: analyse(copy), halfway, decide) == [True, None]
    assert not dropped(copy)


def test_a_copy_that_rests_on_another_is_compared_with_it(monkeypatch):
    report, alone = _analysed(ORIGIN, "Reuters", 2), _analysed(OWN_REPORT, "Town Crier", 5)
    by, at = factories.supervisor(), timezone.now()
    assert not dropped(alone)
    halfway = Halfway(monkeypatch, drift, "_store")

    def add() -> Derivation:
        return derivation.add(alone, on=report, by=by, at=at, reason="Their editor told me.")

    analysed, added = crossing(lambda: analyse(alone), halfway, add)

    assert (analysed, type(added)) == (True, Derivation)
    assert dropped(alone)


# Flags


def test_decisions_about_flags_are_taken_back_while_their_article_is_analysed_again(monkeypatch):
    _analysed(ORIGIN, "Reuters", 2)
    copy, by = _analysed(DROPPED, "Evening Echo", 4), factories.fact_checker()
    span = {"start": 0, "end": 6, "sentence_start": 0, "sentence_end": 58}
    of_the_claim = copy.flags.get(kind="disclaimer_dropped")
    of_the_text = Flag.objects.create(article=copy, kind="no_confirmation", confidence=1, **span)
    queue.open_reviews()
    review = Review.objects.get(claim=of_the_claim.claim)
    workflow.take(review, by=by)
    chosen = {"article": copy.ref, "refs": [of_the_claim.ref, of_the_text.ref], "by": by}
    chosen["token"] = review.lease_token
    assert flags.decide(review, rules=[], state="confirmed", **chosen) == 2
    halfway = Halfway(monkeypatch, drift, "_store")

    assert of_the_claim.pk < of_the_text.pk
    assert crossing(lambda: analyse(copy), halfway, lambda: flags.take_back(review, **chosen)) == [
        True,
        2,
    ]


def test_an_analysis_locks_rows_in_one_order():
    copy = _analysed(DROPPED, "Evening Echo", 4)

    with CaptureQueriesContext(connection) as captured:
        assert analyse(copy)

    asked = [query["sql"] for query in captured if re.search(r" FOR .*UPDATE", query["sql"])]
    assert len(asked) > 4
    assert [sql for sql in asked if " ORDER BY " not in sql and " LIMIT " not in sql] == []


# Linking

BARRELS = "Ann Holt said divers found 40 barrels of solvent under the old pier at Havn."
BARRELS_AGAIN = (
    "Ann Holt said that under the old pier at Havn, divers discovered 40 barrels of solvent."
)


def test_a_table_and_an_article_may_name_the_same_claimants(monkeypatch):
    article, by = factories.article(BARRELS), factories.fact_checker()
    (named,) = {one.claimant for one in engine.analyse(BARRELS, language="en").claims}
    table = f"claim,who,language\nThe museum of Elvas reopens in May.,{named},en\n".encode()
    halfway = Halfway(monkeypatch, matching, "join")

    report, analysed = crossing(
        lambda: tables.take_in(table, name="t.csv", by=by), halfway, lambda: analyse(article)
    )

    assert (dict(report.counts())["new claim"], analysed) == (1, True)
    assert {claim.claimant for claim in Claim.objects.all()} == {Claimant.objects.get(name=named)}


def test_claims_are_merged_while_an_article_of_one_is_analysed_again(monkeypatch):
    article, other = factories.article(BARRELS), factories.article("Ferries to Olmo are full.")
    assert [analyse(article), analyse(other)] == [True, True]
    claim, into = (Appearance.objects.get(article=one).claim for one in (article, other))
    by, at = factories.supervisor(), timezone.now()
    halfway = Halfway(monkeypatch, extraction, "store_appearances")

    analysed, merged = crossing(
        lambda: analyse(article), halfway, lambda: merging.merge(claim, into, by=by, at=at)
    )

    assert (analysed, merged.into) == (True, into)
    assert {one.claim for one in Appearance.objects.all()} == {into}


def test_a_claim_is_reworded_in_the_admin_while_an_article_is_linked_to_it(monkeypatch):
    first, again = factories.article(BARRELS), factories.article(BARRELS_AGAIN)
    assert analyse(first)
    claim = Claim.objects.get()
    client = signed_in(factories.data_editor())
    address = reverse("admin:claims_claim_change", args=[claim.pk])
    typed = {"wording": "Divers found solvent at Havn.", "claimant": claim.claimant_id or ""}
    halfway = Halfway(monkeypatch, matching, "_link")

    analysed, answer = crossing(
        lambda: analyse(again), halfway, lambda: client.post(address, typed)
    )

    assert (analysed, answer.status_code) == (True, 302)
    claim = Claim.objects.get()
    assert (claim.wording, claim.appearances.count()) == (typed["wording"], 2)
    counted = ClaimKey.objects.filter(claims__gt=0).values_list("key", "claims")
    assert dict(counted) == dict.fromkeys(claim.fingerprint, 1)
