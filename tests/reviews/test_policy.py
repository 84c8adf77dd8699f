"""The policy: versions, what is asked, whose sources are independent, and reasons to go without."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from claims.models import Derivation
from reviews import beginning, gate, policy
from reviews.models import Exemption, PolicyVersion
from reviews.policy import Terms
from reviews.states import Action, Status
from reviews.workflow import Refused
from tests import factories
from tests.factories import fact_checker, review_at, supervisor
from tests.record import commit


@pytest.fixture
def held(db):
    """A verdict with one piece of evidence: a primary source against the claim."""
    review = review_at(Status.IN_PROGRESS)
    factories.write_verdict(review, review.checker)
    return review


def state(review, **fields) -> None:
    given = {
        "by": review.checker, "token": review.lease_token, "requirement": "sources",
        "reason": "One office alone keeps it.",
    } | fields  # fmt: skip
    policy.state(review, **given)


# Versions


def test_a_desk_begins_with_a_policy_that_asks_what_was_always_asked(db):
    beginning.begin()

    [version] = PolicyVersion.objects.all()
    assert (version.seq, policy.terms(version), version.by.is_system) == (1, Terms(), True)


def test_supervisors_write_versions_that_can_be_compared(held):
    version = factories.policy(sources="or_reason", at_least=3, primary="always")

    assert version.seq == 2
    first = PolicyVersion.objects.get(seq=1)
    assert [(one.what, one.was, one.now) for one in policy.compare(first, version)] == [
        ("independent named sources", "not asked", "asked, or a stated reason: 3"),
        ("a primary source", "not asked", "always asked"),
    ]


@pytest.mark.parametrize(
    ("given", "because"),
    [
        ({"by": fact_checker}, "Your role does not allow this"),
        ({"seq": 0}, "edited meanwhile"),
        ({"asked": Terms()}, "what it asks already"),
        ({"asked": Terms(sources="always", at_least=0)}, "Ask for 1 to 5 sources"),
        ({"asked": Terms(checklist="or_reason")}, "is ticked, with a note"),
        ({"why": " "}, "Say why the policy changes"),
    ],
)
def test_a_version_that_makes_no_sense_is_refused(held, given, because):
    given = {
        "by": supervisor,
        "seq": 1,
        "asked": Terms(contact="always"),
        "why": "A trial.",
    } | given

    with pytest.raises(Refused, match=because):
        policy.edit(**given | {"by": given["by"]()})
    assert PolicyVersion.objects.count() == 1


def test_versions_and_reasons_are_sealed(held):
    factories.policy(sources="or_reason")
    state(held)
    commit()

    for row in (PolicyVersion, Exemption):
        for attempt in (row.objects.all().delete, lambda row=row: row.objects.update(by_name="x")):
            with pytest.raises(IntegrityError, match="are sealed"), transaction.atomic():
                attempt()
        with (
            pytest.raises(IntegrityError, match="sealed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"TRUNCATE {row._meta.db_table}")


# What is asked


@pytest.mark.parametrize(
    ("asked", "needs"),
    [
        ({}, []),
        ({"sources": "always"}, ["2 independent named sources (1 so far)"]),
        ({"sources": "always", "at_least": 1}, []),
        ({"contact": "or_reason"}, ["an entry in the contact log or a stated reason"]),
        ({"both_sides": "or_reason"}, ["evidence for the claim or a stated reason"]),
        ({"primary": "always"}, []),
    ],
)
def test_what_is_missing_is_named(held, asked, needs):
    if asked:
        factories.policy(**asked)

    assert gate.missing(held) == needs


def test_required_points_of_the_checklist_are_asked_unless_the_policy_says_no(db):
    factories.checklist("It names a year", required=True)
    review = review_at(Status.IN_PROGRESS)
    factories.write_verdict(review, review.checker)
    assert gate.missing(review) == ["a tick at “It names a year”"]

    factories.policy(checklist="off")

    assert gate.missing(review) == []


def test_what_is_asked_can_be_brought(held):
    factories.policy(sources="always", contact="always", both_sides="always", primary="always")
    assert gate.missing(held) == [
        "2 independent named sources (1 so far)", "an entry in the contact log",
        "evidence for the claim",
    ]  # fmt: skip

    factories.attach(held, title="Diary", publisher="Harbour museum", stance="supports")
    factories.ask(held)
    factories.submit(held)

    assert held.status == Status.SUBMITTED


# Independent sources


def test_one_publisher_is_one_source_however_it_is_spelled(held):
    factories.attach(held, title="Second register", publisher="The  port AUTHORITY")
    factories.attach(held, title="Diary", publisher="Harbour museum")

    assert policy.independent(held.evidence.standing()) == ["Port authority", "Harbour museum"]


def test_withdrawn_evidence_counts_no_more(held):
    factories.policy(sources="always")
    second = factories.attach(held, title="Diary", publisher="Harbour museum")
    assert gate.missing(held) == []

    factories.withdraw(second)

    assert gate.missing(held) == ["2 independent named sources (1 so far)"]


def test_articles_that_rest_on_one_report_are_one_source(held):
    agency, first, second = factories.source("Wire"), factories.article(), factories.article()
    for copy in (first, second):
        Derivation.objects.create(article=copy, on_source=agency, kind="citation", score=1)
        factories.attach(held, url=copy.url, title=copy.title, publisher=copy.source.name)
    factories.attach(held, url="", title="Wire report", publisher="the wire")

    assert policy.independent(held.evidence.standing()) == ["Port authority", first.source.name]


def test_a_copy_and_its_original_are_one_source(held):
    original, copy = factories.article(), factories.article()
    Derivation.objects.create(article=copy, on_article=original, kind="copy", score=1)
    for one in (copy, original):
        factories.attach(held, url=one.url, title=one.title, publisher=one.source.name)

    assert policy.independent(held.evidence.standing()) == ["Port authority", copy.source.name]


# Reasons


def test_a_stated_reason_does_instead_and_the_log_says_so(held):
    factories.policy(sources="or_reason")
    state(held)
    assert gate.missing(held) == []

    factories.submit(held)

    event = held.events.latest("pk")
    assert (event.action, event.note) == (
        Action.SUBMIT,
        "Policy version 2; without 2 independent named sources: One office alone keeps it.",
    )


def test_a_reason_is_taken_back_and_worded_anew_and_nothing_is_lost(held):
    factories.policy(sources="or_reason")
    state(held)
    state(held)  # a double click
    policy.take_back(
        held, by=held.checker, token=held.lease_token, requirement="sources"
    )  # fmt: skip
    assert gate.missing(held) == ["2 independent named sources (1 so far) or a stated reason"]

    state(held, reason="The museum refused.")

    reasons = Exemption.objects.order_by("pk").values_list("reason", flat=True)
    assert list(reasons) == ["One office alone keeps it.", "", "The museum refused."]


@pytest.mark.parametrize(
    ("given", "because"),
    [
        ({"token": 99}, "You took this review again"),
        ({"reason": " "}, "Say why the verdict goes without it"),
        ({"requirement": "primary"}, "takes no reason instead of this"),
        ({"requirement": "checklist"}, "takes no reason instead of this"),
    ],
)
def test_a_reason_that_does_not_do_is_refused(held, given, because):
    factories.policy(sources="or_reason", primary="always")

    with pytest.raises(Refused, match=because):
        state(held, **given)
    assert not Exemption.objects.exists()


def test_a_reason_does_no_more_once_the_policy_takes_none(held):
    factories.policy(sources="or_reason")
    state(held)

    factories.policy(sources="always")

    with pytest.raises(Refused, match="still needs 2 independent named sources"):
        factories.submit(held)
