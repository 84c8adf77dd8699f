"""Calls that regroup claims, and those that write what stands beside a verdict."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

from django.db import connection

from claims import matching
from claims.models import Appearance, Suggestion
from reviews import (
    beginning,
    checklists,
    comments,
    contacts,
    queue,
    regrouping,
)
from reviews.models import Comment, Contact, Review
from tests import factories
from tests.killed.arranged import (
    Arrange,
    Call,
    by_holder,
    checker,
    decider,
    given_up,
    held,
)


def _suggested(review: Review) -> Suggestion:
    appearance = review.claim.appearances.get()
    return Suggestion.objects.create(
        appearance=appearance, claim=factories.claim(), score=0.6,
        wording_key=matching.wording_key(appearance.wording),
    )  # fmt: skip


def _decide_suggestion() -> Call:
    review = held()
    return partial(
        regrouping.decide, _suggested(review), state="confirmed", by=review.checker, reason="So."
    )  # fmt: skip


def _link() -> Call:
    review = held()
    appearance = review.claim.appearances.get()
    return partial(regrouping.link, appearance, factories.claim(), by=review.checker, reason="So.")


def _merge() -> Call:
    review = given_up()
    fields = {"by": review.checker, "reason": "The same."}
    return partial(regrouping.merge, review.claim, factories.claim(), **fields)


def _undo_merge() -> Call:
    return partial(regrouping.undo_merge, _merge()(), by=checker())


def _split() -> Call:
    review = factories.review()
    more = factories.claim().appearances.get()
    Appearance.objects.filter(pk=more.pk).update(claim=review.claim)
    return partial(regrouping.split, review.claim, [more], by=checker(), reason="Two claims.")


def _undo_split() -> Call:
    split = _split()()
    queue.open_reviews()
    return partial(regrouping.undo_split, split, by=checker())


def _merge_away() -> Call:
    review = given_up()
    return partial(regrouping.merge_away, review, by=review.checker, note="into another")


def _unmerge() -> Call:
    call = _merge_away()
    before = call()
    return partial(regrouping.unmerge, call.args[0], by=checker(), note="two", before=before)


REGROUPING: dict[str, Arrange] = {
    "regrouping.merge": _merge,
    "regrouping.undo_merge": _undo_merge,
    "regrouping.split": _split,
    "regrouping.undo_split": _undo_split,
    "regrouping.decide": _decide_suggestion,
    "regrouping.link": _link,
    "regrouping.merge_away": _merge_away,
    "regrouping.unmerge": _unmerge,
}


# What stands beside the verdict


def _told(**fields: Any) -> contacts.Told:
    asked = {"whom": "The port", "way": "mail", "asked_on": date(2020, 3, 2), "question": "Why?"}
    return contacts.Told(**asked | fields)


def _contact() -> tuple[Review, Contact]:
    review = held()
    return review, factories.ask(review)


def _note_reply() -> Call:
    review, contact = _contact()
    fields = {"replied_on": date(2020, 3, 3), "reply": "It was measured."}
    return by_holder(contacts.note_reply, review, contact, **fields)


def _correct_contact() -> Call:
    review, contact = _contact()
    return by_holder(contacts.correct, review, contact, told=_told(), why="The port it was.")


POINT = "The port was asked"


def _checklist() -> Review:
    factories.checklist(POINT, required=True)
    return held()


def _untick() -> Call:
    review = _checklist()
    factories.tick(review, POINT)
    return by_holder(checklists.untick, review, point=POINT)


def _go_on() -> Call:
    review = _checklist()
    factories.checklist("Another")
    return by_holder(checklists.go_on_with_newest, review)


def _begin() -> Call:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("DELETE FROM reviews_checklistversion; DELETE FROM reviews_policyversion")
    connection.close()
    return partial(beginning.begin)


def _comment() -> Comment:
    return comments.say(held(), by=checker(), body="Ask the port.")


def _say() -> Call:
    review = held()
    fields = {"body": f"@{review.checker.username} why?", "about": "summary", "quote": "a tenth"}
    return partial(comments.say, review, by=checker(), **fields)


def _reply() -> Call:
    comment = _comment()
    comments.resolve(comment, by=checker())
    body = f"It was, @{comment.author.username}."
    return partial(comments.reply, comment, by=checker(), body=body)


def _reopen_thread() -> Call:
    comment = _comment()
    comments.resolve(comment, by=checker())
    return partial(comments.reopen, comment, by=checker())


BESIDE: dict[str, Arrange] = {
    "contacts.note": lambda: by_holder(contacts.note, held(), told=_told()),
    "contacts.note_reply": _note_reply,
    "contacts.correct": _correct_contact,
    "checklists.tick": lambda: by_holder(checklists.tick, _checklist(), point=POINT, note="Twice."),
    "checklists.untick": _untick,
    "checklists.go_on_with_newest": _go_on,
    "checklists.edit": lambda: partial(
        checklists.edit, by=decider(), seq=1, points=[checklists.Point(POINT)], why="A trial."
    ),
    "beginning.begin": _begin,
    "comments.say": _say,
    "comments.reply": _reply,
    "comments.resolve": lambda: partial(comments.resolve, _comment(), by=checker()),
    "comments.reopen": _reopen_thread,
}
