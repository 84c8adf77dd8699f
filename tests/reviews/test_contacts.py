"""The contact log: who writes it, what makes sense in it, and that nothing in it is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from reviews import contacts
from reviews.contacts import Told
from reviews.leases import Refused
from reviews.models import Contact, Review
from reviews.states import Status
from tests import factories
from tests.record import commit

TOLD = Told(
    whom="Harbour Board", way="mail", asked_on=date(2020, 3, 2), question="Since when?",
    reply_by=date(2020, 3, 9),
)  # fmt: skip


@pytest.fixture
def held(db) -> Review:
    return factories.review_at(Status.IN_PROGRESS)


def note(review: Review, told: Told = TOLD, **fields) -> Contact:
    given = {"by": review.checker, "token": review.lease_token} | fields
    return contacts.note(review, told=told, **given)


def reply(contact: Contact, **fields) -> Contact:
    given = {
        "by": contact.review.checker, "token": contact.review.lease_token,
        "replied_on": date(2020, 3, 5), "reply": "Since May.",
    } | fields  # fmt: skip
    return contacts.note_reply(contact, **given)


def correct(contact: Contact, told: Told, **fields) -> Contact:
    given = {
        "by": contact.review.checker, "token": contact.review.lease_token, "why": "A slip.",
    } | fields  # fmt: skip
    return contacts.correct(contact, told=told, **given)


def log(review: Review) -> list[list[Told]]:
    """What the log tells: each entry from what stands now to how it began."""
    return [
        [contacts.told_by(row) for row in (entry.now, *entry.earlier)]
        for entry in contacts.entries(review)
    ]


def test_a_reply_and_a_correction_stand_on_top_of_what_was_noted(held):
    first = note(held)
    other = note(held, replace(TOLD, whom="The mayor"))
    replied = reply(first)
    corrected = correct(replied, replace(contacts.told_by(replied), way="phone"))

    with_reply = replace(TOLD, replied_on=date(2020, 3, 5), reply="Since May.")
    assert log(held) == [
        [replace(with_reply, way="phone"), with_reply, TOLD],
        [replace(TOLD, whom="The mayor")],
    ]
    assert [entry.first for entry in contacts.entries(held)] == [first, other]
    assert (replied.why, corrected.why) == ("The reply came.", "A slip.")
    assert (first.by, first.by_name) == (held.checker, str(held.checker))


def test_noted_twice_it_stands_once(held):
    assert note(held) == note(held)
    assert log(held) == [[TOLD]]


def test_only_who_holds_the_review_writes(held):
    contact, stranger = note(held), factories.supervisor()
    for write in (
        lambda **who: note(held, replace(TOLD, whom="The mayor"), **who),
        lambda **who: reply(contact, **who),
        lambda **who: correct(contact, replace(TOLD, way="phone"), **who),
    ):
        with pytest.raises(Refused, match="is checking it"):
            write(by=stranger)
        with pytest.raises(Refused, match="took this review again"):
            write(token=held.lease_token + 1)
    factories.run_out(held)
    with pytest.raises(Refused, match="lease ran out"):
        reply(contact)

    assert log(held) == [[TOLD]]


def test_what_was_corrected_meanwhile_is_not_corrected_again(held):
    contact = note(held)
    reply(contact)

    with pytest.raises(Refused, match="corrected meanwhile"):
        reply(contact, reply="Another.")

    assert len(log(held)[0]) == 2


TOMORROW = timezone.localdate() + timedelta(days=1)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"asked_on": TOMORROW}, "still to come"),
        ({"replied_on": TOMORROW, "reply": "Yes."}, "still to come"),
        ({"reply_by": date(2020, 3, 1)}, "by a day after"),
        ({"replied_on": date(2020, 3, 1), "reply": "Yes."}, "before they are asked"),
        ({"replied_on": date(2020, 3, 3)}, "its day and its words"),
        ({"reply": "Yes."}, "its day and its words"),
    ],
)
def test_what_makes_no_sense_is_refused(held, fields, says):
    contact = note(held)

    with pytest.raises(Refused, match=says):
        note(held, replace(TOLD, whom="The mayor", **fields))
    with pytest.raises(Refused, match=says):
        correct(contact, replace(TOLD, **fields))

    assert log(held) == [[TOLD]]


def test_a_correction_says_why_and_changes_something(held):
    contact = note(held)

    with pytest.raises(Refused, match="Say why"):
        correct(contact, replace(TOLD, way="phone"), why=" ")
    with pytest.raises(Refused, match="says already"):
        correct(contact, TOLD)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reviews_contact SET reply = 'No comment.'",
        "DELETE FROM reviews_contact",
        "TRUNCATE reviews_contact CASCADE",
    ],
)
def test_the_database_keeps_every_row(held, statement):
    note(held)
    commit()

    with (
        pytest.raises(IntegrityError, match="rows of reviews_contact are sealed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_the_log_takes_one_query_however_long(held, django_assert_num_queries):
    for number in range(8):
        reply(note(held, replace(TOLD, whom=f"Board {number}")))

    with django_assert_num_queries(1):
        assert len(log(held)) == 8
