"""The checklist: which version a review has, what a tick is, and what editing keeps."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from reviews import checklists, gate, workflow
from reviews.checklists import Point
from reviews.leases import Refused
from reviews.models import ChecklistEvent, ChecklistVersion, Review
from reviews.states import Status
from tests import factories

NAMED, DATED, ASKED = "It names a year", "It has a date", "The port was asked"


@pytest.fixture
def held(db) -> Review:
    """A review that began with three points, all of them required."""
    factories.checklist(NAMED, DATED, ASKED, required=True)
    return factories.review_at(Status.IN_PROGRESS)


def answer(review: Review, write, **fields) -> None:
    given = {"by": review.checker, "token": review.lease_token} | fields
    write(review, **given)


def ticked(review: Review) -> list[str]:
    return [item.point.text for item in checklists.sheet(review).items if item.ticked]


def newest() -> ChecklistVersion:
    return ChecklistVersion.objects.newest_first()[0]


def test_the_desk_begins_with_a_checklist_that_requires_nothing(db):
    first = ChecklistVersion.objects.get()

    assert (first.seq, first.by_name) == (1, "The desk")
    points = checklists.points(first)
    assert 6 <= len(points) <= 8
    assert [point for point in points if point.required] == []
    assert [point.kind for point in points if point.kind] == ["figure_changed"]


def test_a_required_point_is_missing_until_it_is_ticked(held):
    factories.write_verdict(held, held.checker)
    assert gate.missing(held) == [f"a tick at “{text}”" for text in (NAMED, DATED, ASKED)]

    factories.tick(held, NAMED, ASKED)
    assert gate.missing(held) == [f"a tick at “{DATED}”"]
    with pytest.raises(Refused, match="The verdict still needs a tick at “It has a date”"):
        factories.submit(held)

    factories.tick(held)
    factories.submit(held)
    assert held.status == Status.SUBMITTED


def test_a_tick_says_who_when_and_what_and_can_be_taken_back(held):
    answer(held, checklists.tick, point=NAMED, note=" 2025 ")
    answer(held, checklists.tick, point=NAMED, note="2025")  # a double click
    answer(held, checklists.untick, point=NAMED)
    answer(held, checklists.untick, point=NAMED)

    events = ChecklistEvent.objects.order_by("pk")
    assert [(event.action, event.point, event.note) for event in events] == [
        ("tick", NAMED, "2025"), ("untick", NAMED, ""),
    ]  # fmt: skip
    assert {(event.by, event.by_name) for event in events} == {(held.checker, str(held.checker))}
    assert ticked(held) == []


def test_only_who_holds_the_review_ticks(held):
    factories.checklist("Shorter")
    for write in (
        lambda review, **who: checklists.tick(review, point=NAMED, **who),
        lambda review, **who: checklists.untick(review, point=NAMED, **who),
        checklists.go_on_with_newest,
    ):
        with pytest.raises(Refused, match="is checking it"):
            answer(held, write, by=factories.supervisor())
        with pytest.raises(Refused, match="took this review again"):
            answer(held, write, token=held.lease_token + 1)

    assert not ChecklistEvent.objects.exists()


def test_nobody_ticks_what_is_not_asked(held):
    with pytest.raises(Refused, match="does not ask this"):
        answer(held, checklists.tick, point="It rhymes")


def test_a_point_is_asked_only_where_its_kind_of_flag_stands(held):
    by, seq = factories.supervisor(), newest().seq
    points = [Point(NAMED), Point("The change is explained", kind="figure_changed", required=True)]
    checklists.edit(by=by, seq=seq, points=points, why="A trial.")
    answer(held, checklists.go_on_with_newest)
    assert [item.point.text for item in checklists.sheet(held).items] == [NAMED]
    assert checklists.unticked(held) == []

    held.kinds = ["figure_changed", "self_disclaimer"]
    held.save(update_fields=["kinds"])

    assert checklists.unticked(held) == ["The change is explained"]


def test_a_review_keeps_the_version_it_began_with_until_its_checker_goes_on(held):
    factories.tick(held, NAMED, DATED)
    began = newest()
    factories.checklist("A new point", DATED, required=True)
    waiting = factories.review()

    assert checklists.sheet(held).version == began
    assert checklists.sheet(waiting).version == newest()

    answer(held, checklists.go_on_with_newest)
    answer(held, checklists.go_on_with_newest)
    assert (checklists.sheet(held).version, ticked(held)) == (newest(), [DATED])
    assert checklists.unticked(held) == ["A new point"]
    assert held.checklist_events.filter(action="move").count() == 1

    factories.checklist("Newer still")
    assert checklists.sheet(held).version.seq == newest().seq - 1


def test_taken_again_after_a_return_it_keeps_version_and_ticks(held):
    began = newest()
    factories.tick(held)
    factories.write_verdict(held, held.checker)
    factories.submit(held)
    workflow.return_to_checker(held, by=factories.supervisor(), seq=2, comment="Name the year.")
    factories.checklist("A new point", required=True)
    workflow.take(held, by=held.checker)

    assert (checklists.sheet(held).version, len(ticked(held))) == (began, 3)


def test_without_any_checklist_nothing_is_asked(held):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM reviews_checklistversion")
        cursor.execute("SET LOCAL session_replication_role = origin")

    assert checklists.sheet(held) is None
    assert checklists.unticked(held) == []
    factories.checklist("The first")
    assert newest().seq == 1


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"points": []}, "at least one point"),
        ({"points": [Point("A")] * 2}, "“A” stands there twice"),
        ({"points": [Point(" ")]}, "A point has words"),
        ({"points": [Point("x" * 201)]}, "at most 200 characters"),
        ({"points": [Point(str(n)) for n in range(41)]}, "at most 40 points"),
        ({"points": [Point(t, required=True) for t in (NAMED, DATED, ASKED)]}, "says already"),
        ({"why": " "}, "Say why"),
        ({"seq": 1}, "edited meanwhile"),
    ],
)
def test_an_edit_that_makes_no_sense_is_refused(held, fields, says):
    before, supervisor = newest(), factories.supervisor()

    with pytest.raises(Refused, match=says):
        checklists.edit(
            **{"by": supervisor, "seq": before.seq, "points": [Point(NAMED)], "why": "So."} | fields
        )

    assert newest() == before


@pytest.mark.parametrize("make", [factories.fact_checker, factories.data_editor])
def test_only_supervisors_edit(held, make):
    with pytest.raises(Refused, match="Your role does not allow this"):
        factories.checklist("Shorter", by=make())


def test_two_versions_are_compared_point_by_point(held):
    old = newest()
    points = [
        Point(ASKED, required=True), Point(NAMED, required=True),
        Point(DATED, help="Of the report"),
        Point("A new point"),
    ]  # fmt: skip
    new = checklists.edit(by=factories.supervisor(), seq=old.seq, points=points, why="So.")

    found = [(one.what, one.point.text, one.moved) for one in checklists.compare(old, new)]
    assert found == [
        ("moved", ASKED, True), ("changed", DATED, False), ("added", "A new point", False),
    ]  # fmt: skip
    assert [(one.what, one.point.text) for one in checklists.compare(new, old)] == [
        ("changed", DATED), ("moved", ASKED), ("removed", "A new point"),
    ]  # fmt: skip
    assert [one.what for one in checklists.compare(None, old)] == ["added"] * 3


@pytest.mark.parametrize("table", ["reviews_checklistversion", "reviews_checklistevent"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET by_name = 'X'", "DELETE FROM {}"])
def test_the_database_keeps_every_row(held, table, statement):
    factories.tick(held, NAMED)

    with (
        pytest.raises(IntegrityError, match=f"rows of {table} are sealed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table))


def test_the_sheet_takes_four_queries_however_much_was_ticked(held, django_assert_num_queries):
    factories.checklist("Newer")
    for _ in range(5):
        factories.tick(held)
        answer(held, checklists.untick, point=DATED)

    with django_assert_num_queries(4):
        checklists.sheet(held)
