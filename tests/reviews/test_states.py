"""The table of moves itself: complete, without dead ends, and held by the roles it names."""

from __future__ import annotations

import pytest

from reviews import roles
from reviews.states import APPROVE, CHECK, MOVES, OPEN_STATUSES, REDACT, SYSTEM, Action, Status


def reachable(start: Status) -> set[Status]:
    found, waiting = {start}, [start]
    while waiting:
        status = waiting.pop()
        for move in MOVES.values():
            if status in move.sources and move.leads(status) not in found:
                found.add(move.leads(status))
                waiting.append(move.leads(status))
    return found


def test_every_action_but_the_opening_is_one_move():
    assert set(MOVES) == set(Action) - {Action.OPEN}


@pytest.mark.parametrize("status", Status)
def test_from_every_status_every_other_can_be_reached(status):
    """No review is in a state that nobody can move, and none is lost to the rest for ever."""
    assert reachable(status) == set(Status)


def test_a_lease_ends_in_the_queue_with_a_supervisor_or_in_one_of_the_two_ends():
    ends = {
        move.leads(Status.IN_PROGRESS)
        for move in MOVES.values()
        if Status.IN_PROGRESS in move.sources
    }

    assert ends == {
        Status.QUEUED, Status.SUBMITTED, Status.DISMISSED, Status.PUBLISHED,
        Status.IN_PROGRESS,  # a colleague's lease, an earlier verdict adopted, a note
        Status.WAITING,
    }  # fmt: skip


def test_published_is_reached_through_approved_or_again_from_an_idle_correction():
    assert MOVES[Action.PUBLISH].sources == {Status.APPROVED}
    assert [action for action, move in MOVES.items() if move.target == Status.PUBLISHED] == [
        Action.PUBLISH, Action.KEEP,
    ]  # fmt: skip
    assert [action for action, move in MOVES.items() if move.target == Status.APPROVED] == [
        Action.APPROVE
    ]


def test_what_is_open_is_all_but_the_two_ends():
    assert set(Status) - OPEN_STATUSES == {Status.PUBLISHED, Status.DISMISSED}


def test_the_desk_alone_expires_publishes_wakes_and_reminds():
    assert {action for action, move in MOVES.items() if move.permission == SYSTEM} == {
        Action.EXPIRE, Action.PUBLISH, Action.WAKE, Action.OVERDUE, Action.REMIND,
    }  # fmt: skip


def test_supervisors_decide_and_everybody_who_checks_may_do_the_rest():
    brings = (*roles.HANDS_IN, *roles.BRINGS_IN)
    assert roles.ROLES[roles.FACT_CHECKERS] == (CHECK, *roles.OVERRULES, *brings)
    assert roles.ROLES[roles.SUPERVISORS] == (
        CHECK, APPROVE, "reviews.set_weights", "reviews.edit_checklist",
        "reviews.edit_policy", REDACT, *roles.OVERRULES, *roles.FEEDS, *brings,
        "claims.see_contact",
    )  # fmt: skip
    assert {action for action, move in MOVES.items() if move.permission == APPROVE} == {
        Action.RETURN, Action.APPROVE, Action.CO_APPROVE, Action.REOPEN, Action.TAKE_OVER,
        Action.ASK_OPINION, Action.CALL_OFF, Action.ADJUDICATE,
    }  # fmt: skip


def test_data_editors_hold_no_permission_on_reviews():
    assert [name for name in roles.ROLES[roles.DATA_EDITORS] if name.startswith("reviews.")] == []
