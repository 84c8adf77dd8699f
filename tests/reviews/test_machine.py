"""The desk against a model of it: any people doing anything in any order, on pages old and new.

After every step the rows say exactly what the model says, and `record.problems()` finds nothing;
what the model refuses, the desk refuses, and it changes no row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from reversion.models import Version

from reviews import (
    arranging,
    evidence,
    history,
    leases,
    opinions,
    publication,
    queue,
    regrouping,
    workflow,
)
from reviews.models import (
    Decision,
    Evidence,
    Publication,
    Review,
    ReviewEvent,
    ReviewTopic,
    SecondOpinion,
    User,
    Verdict,
    VerdictVersion,
)
from reviews.states import UNDECIDED, UNSUBMITTED, WITH_ITS_CHECKER, Status
from reviews.workflow import Refused
from tests import factories, record
from tests.factories import fact_checker, superuser, supervisor
from tests.life import DRAFTS, TITLES, Before, Content, Model, Opinion, Page
from tests.thorough import THOROUGH

MOST_HELD = 2
DAY = timedelta(days=1)
SEA = "sea"  # a topic
START = (Status.QUEUED, Status.SUBMITTED, Status.PUBLISHED)


# Mostly somebody who may, having looked just now: else nearly everything would be refused. Which
# moves start from which status is no matter of chance; `test_workflow.py` tries them all.
people = st.sampled_from(["holder"] * 5 + [0, 1, 2, 3, 4])
deciders = st.sampled_from(["holder", 0, 2, 3, 4])
seconds = st.sampled_from(["second"] * 5 + [0, 1, 2, 3, 4])
picks = st.integers(0, len(START) - 1)
looked = st.sampled_from(["now"] * 5 + ["before"])


def at(*statuses: Status) -> Callable[[Any], Any]:
    """Try a step only while some review is at one of these statuses."""
    return precondition(lambda desk: bool(desk.cases(*statuses)))


# Only while some second opinion is open.
with_an_opinion = precondition(lambda desk: bool(desk.with_opinions()))


class Desk(RuleBasedStateMachine):
    """Five people, three reviews, and the desk itself; every example starts from the same rows."""

    everybody: list[User]
    refs: list[int]  # primary keys
    start: list[Model]
    done: Counter[str] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.models = [
            replace(
                model,
                versions=[*model.versions],
                writers=[*model.writers],
                public=[*model.public],
                opinions=[],
            )
            for model in self.start
        ]
        self.pages: dict[tuple[int, int], Page] = {}
        self.before: dict[int, regrouping.Before] = {}
        self.soon = leases.clock() + DAY
        self.rows = rows()
        self.changed = True

    def teardown(self) -> None:
        assert queue.open_reviews() == 0
        assert sorted(Review.objects.values_list("pk", flat=True)) == sorted(self.refs)
        transaction.set_rollback(True)
        self.undone.__exit__(None, None, None)

    # Steps

    def cases(self, *statuses: Status) -> list[int]:
        """The numbers of the reviews at these statuses."""
        return [n for n, model in enumerate(self.models) if model.status in statuses]

    def case(self, pick: int, *statuses: Status) -> int:
        found = self.cases(*statuses)
        return found[pick % len(found)]

    def who(self, name: str | int, model: Model) -> User:
        if name == "holder":
            return model.holder or self.everybody[0]
        if name == "second":
            opinion = model.open_opinion or Opinion(None)
            return opinion.second or opinion.asked or self.everybody[1]
        return self.everybody[int(name)]

    def look(self, person: User, number: int, when: str) -> tuple[Review, Page]:
        """The review as `person` sees it now, or as they saw it when they last looked."""
        review = Review.objects.get(pk=self.refs[number])
        if when == "now":
            verdict = history.of(review)
            page = Page(review.lease_token, verdict.seq, verdict.content_hash)
            self.pages[person.pk, number] = page
        return review, self.pages.get((person.pk, number), Page())

    def attempt(self, name: str, allowed: bool, call: Callable[[], Any]) -> bool:
        """Do it; say whether it was done, which is what the model expected."""
        try:
            call()
        except (Refused, history.Conflict):
            assert not allowed, f"{name} was refused"
            assert rows() == self.rows, f"{name} was refused, yet changed something"
            return False
        assert allowed, f"{name} was allowed"
        self.see(name)
        return True

    def see(self, name: str) -> None:
        """Look at the rows anew after something was done."""
        self.done[name] += 1
        self.rows = rows()
        self.changed = True

    def may_hold_another(self, person: User) -> bool:
        held = [
            model
            for model in self.models
            if model.status == Status.IN_PROGRESS and model.holder == person
        ]
        return len(held) < MOST_HELD

    def decides(self, person: User) -> bool:
        return person in self.everybody[2:]

    # The checker's moves

    @at(Status.QUEUED, Status.RETURNED)
    @rule(name=people, pick=picks)
    def take(self, name, pick):
        number = self.case(pick, Status.QUEUED, Status.RETURNED)
        model = self.models[number]
        person = self.who(name, model)
        review, _ = self.look(person, number, "now")
        allowed = self.may_hold_another(person) and not model.keeps_away(person)
        if self.attempt("take", allowed, lambda: workflow.take(review, by=person)):
            model.hold(person)

    @rule(name=st.integers(0, 4))
    def take_next(self, name):
        person = self.everybody[name]
        queued = [model for model in self.models if model.status == Status.QUEUED]
        waiting = [model for model in queued if not model.keeps_away(person)]
        allowed = self.may_hold_another(person)
        if self.attempt("take next", allowed, lambda: queue.take_next(person)) and waiting:
            waiting[0].hold(person)

    @at(Status.IN_PROGRESS)
    @rule(name=people, pick=picks, when=looked)
    def release(self, name, pick, when):
        number = self.case(pick, Status.IN_PROGRESS)
        model = self.models[number]
        person = self.who(name, model)
        review, page = self.look(person, number, when)
        allowed = model.writable(person, page)
        if self.attempt(
            "release", allowed, lambda: workflow.release(review, by=person, token=page.token)
        ):
            model.give_up()
            model.leave(Status.QUEUED)

    @at(Status.IN_PROGRESS)
    @rule(name=people, pick=picks, when=looked, to=st.integers(0, 4))
    def hand_over(self, name, pick, when, to):
        number = self.case(pick, Status.IN_PROGRESS)
        model = self.models[number]
        person, receiver = self.who(name, model), self.everybody[to]
        review, page = self.look(person, number, when)
        free = receiver != person and self.may_hold_another(receiver)
        free = free and not model.keeps_away(receiver)
        if self.attempt(
            "hand over", model.writable(person, page) and free,
            lambda: workflow.hand_over(
                review, to=receiver, by=person, token=page.token, note="You read Finnish."
            ),
        ):  # fmt: skip
            model.hold(receiver)

    @at(Status.IN_PROGRESS)
    @rule(name=deciders, pick=picks)
    def take_over(self, name, pick):
        number = self.case(pick, Status.IN_PROGRESS)
        model = self.models[number]
        person = self.who(name, model)
        review, _ = self.look(person, number, "now")
        allowed = self.decides(person) and model.holder != person and self.may_hold_another(person)
        allowed = allowed and not model.keeps_away(person)
        if self.attempt(
            "take over", allowed, lambda: workflow.take_over(review, by=person, reason="On leave.")
        ):
            model.hold(person)

    @at(Status.IN_PROGRESS)
    @rule(name=people, pick=picks, when=looked)
    def renew(self, name, pick, when):
        number = self.case(pick, Status.IN_PROGRESS)
        model = self.models[number]
        person = self.who(name, model)
        review, page = self.look(person, number, when)
        allowed = model.writable(person, page)
        self.attempt("renew", allowed, lambda: workflow.renew(review, by=person, token=page.token))

    @at(Status.IN_PROGRESS)
    @rule(name=people, pick=picks, when=looked, draft=st.sampled_from(DRAFTS))
    def save(self, name, pick, when, draft):
        number = self.case(pick, Status.IN_PROGRESS)
        model = self.models[number]
        person = self.who(name, model)
        review, page = self.look(person, number, when)
        allowed = model.writable(person, page) and page.seq == model.seq
        typed = replace(draft, correction=model.note)
        if self.attempt(
            "save", allowed,
            lambda: history.save(review, by=person, token=page.token, seq=page.seq, draft=typed),
        ):  # fmt: skip
            model.write(person, Content(draft, model.now.evidence))

    @at(Status.IN_PROGRESS)
    @rule(name=people, pick=picks, when=looked, seq=st.integers(1, 4))
    def restore(self, name, pick, when, seq):
        number = self.case(pick, Status.IN_PROGRESS)
        model = self.models[number]
        person = self.who(name, model)
        review, page = self.look(person, number, when)
        allowed = model.writable(person, page) and page.seq == model.seq >= seq
        if self.attempt(
            "restore", allowed,
            lambda: history.restore(
                review, by=person, token=page.token, seq=page.seq, version_seq=seq
            ),
        ):  # fmt: skip
            model.write(person, Content(model.versions[seq - 1].draft, model.now.evidence))

    @at(Status.IN_PROGRESS)
    @rule(name=people, pick=picks, when=looked, title=st.sampled_from(TITLES))
    def attach(self, name, pick, when, title):
        number = self.case(pick, Status.IN_PROGRESS)
        model = self.models[number]
        person = self.who(name, model)
        review, page = self.look(person, number, when)
        allowed = model.writable(person, page) and title not in model.now.evidence
        if self.attempt(
            "attach", allowed,
            lambda: evidence.attach(
                review, by=person, token=page.token, **factories.EVIDENCE | {"title": title}
            ),
        ):  # fmt: skip
            model.write(person, Content(model.now.draft, (*model.now.evidence, title)))

    @at(Status.IN_PROGRESS)
    @rule(name=people, pick=picks, when=looked)
    def withdraw_evidence(self, name, pick, when):
        number = self.case(pick, Status.IN_PROGRESS)
        model = self.models[number]
        person = self.who(name, model)
        review, page = self.look(person, number, when)
        attached = review.evidence.order_by("pk").last()
        if attached is None:
            return
        standing = attached.title in model.now.evidence
        if self.attempt(
            "withdraw evidence", model.writable(person, page) and standing,
            lambda: evidence.withdraw(attached, by=person, token=page.token, reason="Forged."),
        ):  # fmt: skip
            left = tuple(title for title in model.now.evidence if title != attached.title)
            model.write(person, Content(model.now.draft, left))

    @at(Status.IN_PROGRESS)
    @rule(name=people, pick=picks, when=looked)
    def submit(self, name, pick, when):
        number = self.case(pick, Status.IN_PROGRESS)
        model = self.models[number]
        person = self.who(name, model)
        review, page = self.look(person, number, when)
        ready = model.now.complete and page.seq == model.seq and not model.unchanged
        if self.attempt(
            "submit", model.writable(person, page) and ready,
            lambda: workflow.submit(review, by=person, token=page.token, seq=page.seq),
        ):  # fmt: skip
            model.leave(Status.SUBMITTED, keep_holder=True)
            model.meet()

    @at(Status.SUBMITTED)
    @rule(name=people, pick=picks)
    def withdraw(self, name, pick):
        number = self.case(pick, Status.SUBMITTED)
        model = self.models[number]
        person = self.who(name, model)
        review, _ = self.look(person, number, "now")
        mine = model.status == Status.SUBMITTED and model.holder == person
        if self.attempt(
            "withdraw", mine and self.may_hold_another(person),
            lambda: workflow.withdraw(review, by=person),
        ):  # fmt: skip
            model.hold(person)

    @at(Status.PUBLISHED)
    @rule(name=people, pick=picks)
    def correct(self, name, pick):
        number = self.case(pick, Status.PUBLISHED)
        model = self.models[number]
        person = self.who(name, model)
        review, _ = self.look(person, number, "now")
        allowed = self.may_hold_another(person) and not model.keeps_away(person)
        if self.attempt(
            "correct", allowed, lambda: workflow.correct(review, by=person, reason="Wrong year.")
        ):
            model.hold(person)
            model.begun_for, model.due = "Wrong year.", "later"

    @at(Status.IN_PROGRESS)
    @rule(name=people, pick=picks, when=looked)
    def keep(self, name, pick, when):
        number = self.case(pick, Status.IN_PROGRESS)
        model = self.models[number]
        person = self.who(name, model)
        review, page = self.look(person, number, when)
        allowed = model.writable(person, page) and model.unchanged
        if self.attempt(
            "keep", allowed, lambda: workflow.keep(review, by=person, token=page.token)
        ):
            model.leave(Status.PUBLISHED)

    @at(*UNSUBMITTED)
    @rule(name=people, pick=picks, when=looked)
    def dismiss(self, name, pick, when):
        number = self.case(pick, *UNSUBMITTED)
        model = self.models[number]
        person = self.who(name, model)
        review, page = self.look(person, number, when)
        put_aside = model.status in (Status.RETURNED, Status.WAITING)
        allowed = (
            model.status == Status.QUEUED
            or (put_aside and (model.holder == person or self.decides(person)))
            or model.writable(person, page)
        )
        if self.attempt(
            "dismiss", allowed and not model.public,
            lambda: workflow.dismiss(
                review, by=person, reason="Not checkable.", token=page.token
            ),
        ):  # fmt: skip
            model.give_up()
            model.leave(Status.DISMISSED)

    # The supervisor's moves

    @at(Status.SUBMITTED)
    @rule(name=deciders, pick=picks, when=looked)
    def return_to_checker(self, name, pick, when):
        number = self.case(pick, Status.SUBMITTED)
        model = self.models[number]
        person = self.who(name, model)
        review, page = self.look(person, number, when)
        allowed = self.decides(person) and page.seq == model.seq and not model.keeps_away(person)
        if self.attempt(
            "return", allowed,
            lambda: workflow.return_to_checker(
                review, by=person, seq=page.seq, comment="Name the year."
            ),
        ):  # fmt: skip
            model.leave(Status.RETURNED, keep_holder=True)

    @at(Status.SUBMITTED)
    @rule(name=deciders, pick=picks, when=looked)
    def approve(self, name, pick, when):
        number = self.case(pick, Status.SUBMITTED)
        model = self.models[number]
        person = self.who(name, model)
        review, page = self.look(person, number, when)
        allowed = (
            self.decides(person)
            and model.status == Status.SUBMITTED
            and page.seq == model.seq
            and person not in model.writers[model.approved_to :]
            and not model.keeps_away(person)
            and model.open_opinion is None
        )
        if self.attempt(
            "approve", allowed,
            lambda: workflow.approve(
                review, by=person, seq=page.seq, content_hash=page.content_hash or "0" * 64
            ),
        ):  # fmt: skip
            model.leave(Status.APPROVED, keep_holder=True)
            model.approved_to = model.seq

    @at(Status.DISMISSED)
    @rule(name=deciders, pick=picks)
    def reopen(self, name, pick):
        number = self.case(pick, Status.DISMISSED)
        model = self.models[number]
        person = self.who(name, model)
        review, _ = self.look(person, number, "now")
        allowed = self.decides(person) and model.status == Status.DISMISSED
        if self.attempt(
            "reopen", allowed, lambda: workflow.reopen(review, by=person, reason="Now checkable.")
        ):
            model.leave(Status.QUEUED)
            model.before_merge, model.due = None, "later"

    # Second opinions

    @at(Status.SUBMITTED)
    @rule(name=deciders, pick=picks, of=st.sampled_from([None, 0, 1, 2, 4]))
    def ask_opinion(self, name, pick, of):
        number = self.case(pick, Status.SUBMITTED)
        model = self.models[number]
        person, asked = self.who(name, model), None if of is None else self.everybody[of]
        review, _ = self.look(person, number, "now")
        allowed = self.decides(person) and model.open_opinion is None
        if self.attempt(
            "ask for an opinion", allowed and (asked is None or model.may_give(asked)),
            lambda: opinions.ask(review, by=person, why="It is close.", of=asked),
        ):  # fmt: skip
            model.opinions.append(Opinion(asked))

    @with_an_opinion
    @rule(name=seconds, pick=picks)
    def take_opinion(self, name, pick):
        number, model, opinion = self.asked(pick)
        person = self.who(name, model)
        review, _ = self.look(person, number, "now")
        free = opinion.second is None and opinion.asked in (None, person)
        if self.attempt(
            "take an opinion", free and model.may_give(person),
            lambda: opinions.take(review, by=person),
        ):  # fmt: skip
            opinion.second, opinion.state = person, "taken"

    @with_an_opinion
    @rule(name=seconds, pick=picks)
    def decline_opinion(self, name, pick):
        number, model, opinion = self.asked(pick)
        person = self.who(name, model)
        review, _ = self.look(person, number, "now")
        theirs = person in (opinion.asked, opinion.second)
        if self.attempt(
            "decline an opinion", theirs and not opinion.rating,
            lambda: opinions.decline(review, by=person, reason="Away."),
        ):  # fmt: skip
            opinion.asked, opinion.second, opinion.state = None, None, "asked"

    @with_an_opinion
    @rule(name=seconds, pick=picks, rating=st.sampled_from(["mostly_false", "unproven"]))
    def give_opinion(self, name, pick, rating):
        number, model, opinion = self.asked(pick)
        person = self.who(name, model)
        review, _ = self.look(person, number, "now")
        if self.attempt(
            "give an opinion", opinion.second == person and not opinion.rating,
            lambda: opinions.give(
                review, by=person, found=opinions.Found(rating, "It fell.", "The register.")
            ),
        ):  # fmt: skip
            opinion.rating, opinion.state = rating, "given"
            if model.status == Status.SUBMITTED:
                model.meet()

    @with_an_opinion
    @rule(name=deciders, pick=picks)
    def call_off(self, name, pick):
        number, model, opinion = self.asked(pick)
        person = self.who(name, model)
        review, _ = self.look(person, number, "now")
        allowed = self.decides(person) and not model.keeps_away(person)
        if self.attempt(
            "call an opinion off", allowed and opinion.state != "disagreed",
            lambda: opinions.call_off(review, by=person, reason="Urgent."),
        ):  # fmt: skip
            opinion.state = "called_off"

    @at(Status.SUBMITTED)
    @rule(name=deciders, pick=picks, when=looked, outcome=st.sampled_from(["first", "neither"]))
    def adjudicate(self, name, pick, when, outcome):
        number = self.case(pick, Status.SUBMITTED)
        model = self.models[number]
        person = self.who(name, model)
        review, page = self.look(person, number, when)
        opinion = model.open_opinion
        allowed = (
            self.decides(person)
            and person not in model.writers[model.approved_to :]
            and not model.keeps_away(person)
            and page.seq == model.seq
        )
        if self.attempt(
            "adjudicate", allowed and opinion is not None and opinion.state == "disagreed",
            lambda: workflow.adjudicate(
                review, by=person, seq=page.seq, outcome=outcome, reason="The register."
            ),
        ) and opinion:  # fmt: skip
            opinion.state = "adjudicated"
            if outcome != "first":
                model.leave(Status.RETURNED, keep_holder=True)

    def asked(self, pick: int) -> tuple[int, Model, Opinion]:
        """A review with an open second opinion."""
        found = self.with_opinions()
        number = found[pick % len(found)]
        opinion = self.models[number].open_opinion
        assert opinion
        return number, self.models[number], opinion

    def with_opinions(self) -> list[int]:
        return [
            number
            for number, model in enumerate(self.models)
            if model.open_opinion and model.status in WITH_ITS_CHECKER
        ]

    # Waiting, dates, merges

    @at(Status.IN_PROGRESS)
    @rule(name=people, pick=picks, when=looked)
    def snooze(self, name, pick, when):
        number = self.case(pick, Status.IN_PROGRESS)
        model = self.models[number]
        person = self.who(name, model)
        review, page = self.look(person, number, when)
        if self.attempt(
            "snooze", model.writable(person, page),
            lambda: workflow.snooze(
                review, by=person, token=page.token, until=self.soon, waits_for="The port"
            ),
        ):  # fmt: skip
            model.leave(Status.WAITING, keep_holder=True)

    @at(Status.WAITING)
    @rule(name=people, pick=picks)
    def unsnooze(self, name, pick):
        number = self.case(pick, Status.WAITING)
        model = self.models[number]
        person = self.who(name, model)
        review, _ = self.look(person, number, "now")
        allowed = model.holder == person and self.may_hold_another(person)
        if self.attempt("unsnooze", allowed, lambda: workflow.unsnooze(review, by=person)):
            model.waited = False
            model.hold(person)

    @at(*UNDECIDED)
    @rule(name=people, pick=picks)
    def set_due(self, name, pick):
        number = self.case(pick, *UNDECIDED)
        model = self.models[number]
        review, _ = self.look(self.who(name, model), number, "now")
        if self.attempt(
            "set due", model.due != "by hand",
            lambda: workflow.set_due(
                review, by=self.who(name, model), due_at=self.soon, reason="The council votes."
            ),
        ):  # fmt: skip
            model.due = "by hand"

    @at(*UNDECIDED)
    @rule(name=people, pick=picks, about_the_sea=st.booleans())
    def put_under(self, name, pick, about_the_sea):
        number = self.case(pick, *UNDECIDED)
        model = self.models[number]
        topics = (SEA,) if about_the_sea else ()
        review, _ = self.look(self.who(name, model), number, "now")
        if self.attempt(
            "put under topics", model.topics != topics,
            lambda: arranging.put_under(
                review, by=self.who(name, model), topics=topics, reason="It is, or is not."
            ),
        ):  # fmt: skip
            model.topics = topics

    @at(Status.PUBLISHED)
    @rule(name=people, pick=picks)
    def recheck(self, name, pick):
        number = self.case(pick, Status.PUBLISHED)
        model = self.models[number]
        person = self.who(name, model)
        review, _ = self.look(person, number, "now")
        if self.attempt(
            "recheck", model.look != "never",
            lambda: workflow.recheck(
                review, by=person, again_at=self.soon + DAY * model.token, found="Not out yet."
            ),
        ):  # fmt: skip
            model.look = "later"

    @at(*UNSUBMITTED)
    @rule(name=people, pick=picks)
    def merge(self, name, pick):
        number = self.case(pick, *UNSUBMITTED)
        model = self.models[number]
        person = self.who(name, model)
        review, _ = self.look(person, number, "now")
        mine = model.holder == person
        allowed = model.status == Status.QUEUED or mine
        if model.status in (Status.RETURNED, Status.WAITING):
            allowed = mine or self.decides(person)
        was = Before(model.status, model.holder, model.waited, model.token)
        running = model.running
        found: list[regrouping.Before] = []
        if self.attempt(
            "merge", allowed and not model.public,
            lambda: found.append(regrouping.merge_away(review, by=person, note="into another")),
        ):  # fmt: skip
            model.give_up()
            model.leave(Status.DISMISSED)
            model.running = running
            model.before_merge, self.before[number] = was, found[0]

    @at(Status.DISMISSED)
    @rule(name=people, pick=picks)
    def unmerge(self, name, pick):
        number = self.case(pick, Status.DISMISSED)
        model = self.models[number]
        person = self.who(name, model)
        review, _ = self.look(person, number, "now")
        was, before = model.before_merge, self.before.get(number)
        if before is None:
            return
        if not self.attempt(
            "unmerge", was is not None,
            lambda: regrouping.unmerge(review, by=person, note="two again", before=before),
        ) or was is None:  # fmt: skip
            return
        back = was.holder is not None
        if was.status == Status.IN_PROGRESS and was.holder:
            back = model.running and self.may_hold_another(was.holder)
        model.status = was.status if back else Status.QUEUED
        model.holder, model.waited = (was.holder, was.waited) if back else (None, False)
        model.running = back and was.status == Status.IN_PROGRESS
        model.before_merge = None
        self.see(f"back to {model.status}")

    # Time, and the desk itself

    @at(Status.IN_PROGRESS)
    @rule(pick=picks)
    def time_runs_out(self, pick):
        number = self.case(pick, Status.IN_PROGRESS)
        if self.models[number].running:
            factories.run_out(Review.objects.get(pk=self.refs[number]))
            self.models[number].running = False
            self.see("run out")

    @at(Status.IN_PROGRESS)
    @rule()
    def sweep(self):
        late = [m for m in self.models if m.status == Status.IN_PROGRESS and not m.running]
        assert queue.expire_leases() == len(late)
        for model in late:
            model.give_up()
            model.leave(Status.QUEUED)
            self.see("expire")

    @at(Status.WAITING)
    @rule(pick=picks)
    def the_wait_is_over(self, pick):
        number = self.case(pick, Status.WAITING)
        self.models[number].waited = True
        self.pass_by(number, "waits_until")

    @at(*UNDECIDED)
    @rule(pick=picks)
    def the_due_date_passes(self, pick):
        number = self.case(pick, *UNDECIDED)
        if self.models[number].due != "noted":
            self.models[number].due = "passed"
            self.pass_by(number, "due_at")

    @at(Status.PUBLISHED)
    @rule(pick=picks)
    def the_next_look_is_due(self, pick):
        number = self.case(pick, Status.PUBLISHED)
        if self.models[number].look == "later":
            self.models[number].look = "due"
            self.pass_by(number, "recheck_at")

    def pass_by(self, number: int, date: str) -> None:
        """Let a date of a review have come."""
        Review.objects.filter(pk=self.refs[number]).update(**{date: leases.clock()})
        self.see(f"{date} passes")

    @rule()
    def keep_dates(self):
        woken = [m for m in self.models if m.status == Status.WAITING and m.waited]
        late = [m for m in self.models if m.status in UNDECIDED and m.due == "passed"]
        due = [m for m in self.models if m.status == Status.PUBLISHED and m.look == "due"]
        assert queue.keep_dates() == len(woken) + len(late) + len(due)
        for model in woken:
            model.leave(Status.RETURNED, keep_holder=True)
            self.see("wake")
        for model in late:
            model.due = "noted"
            self.see("overdue")
        for model in due:
            model.look = "reminded"
            self.see("remind")

    @at(Status.APPROVED)
    @rule(pick=picks)
    def publish(self, pick):
        number = self.case(pick, Status.APPROVED)
        model = self.models[number]
        assert publication.publish(review_id=self.refs[number]).version.seq == model.seq
        model.leave(Status.PUBLISHED, keep_holder=True)
        model.public.append(model.seq)
        model.look = "later" if model.unproven else "never"
        model.earlier = len(model.opinions)
        self.see("publish")

    # What must hold after every step

    @invariant()
    def the_rows_say_what_the_model_says(self):
        if not self.changed:
            return  # the last step was refused, and `rows()` is as it was
        self.changed = False
        for pk, model in zip(self.refs, self.models, strict=True):
            review = Review.objects.select_related("checker").get(pk=pk)
            found = (review.status, review.checker, review.lease_token)
            assert found == (model.status, model.holder, model.token)
            assert bool(review.overdue_at) == (model.due == "noted")
            assert bool(review.reminded_at) == (model.look == "reminded")
            versions = VerdictVersion.objects.filter(verdict__review=pk).order_by("seq")
            assert [told(version) for version in versions] == model.versions
            assert [version.actor_id for version in versions] == [w.pk for w in model.writers]
            public = Publication.objects.filter(review=pk).values_list("version__seq", flat=True)
            assert [*public.order_by("pk")] == model.public
            opinions = SecondOpinion.objects.filter(review=pk).order_by("pk")
            assert [
                Opinion(one.asked, one.second_checker, one.second_rating, one.state)
                for one in opinions.select_related("asked", "second_checker")
            ] == model.opinions
        assert record.problems() == []


def told(version: VerdictVersion) -> Content:
    content = history.read(version)
    draft = history.Draft(
        content["rating"], content["claim"], content["summary"], content["explanation"],
        content["correction"],
    )  # fmt: skip
    return Content(draft, tuple(item["title"] for item in content["evidence"]))


def rows() -> list[Any]:
    """Everything a refused step could have changed."""
    kept = (Review, Verdict, Evidence, SecondOpinion)
    added = (VerdictVersion, Decision, ReviewEvent, Publication, Version)
    return [
        *(list(model.objects.order_by("pk").values()) for model in kept),
        *(model.objects.count() for model in added),
    ]


def modelled(review: Review) -> Model:
    """The model of a review brought to its status by `review_at`."""
    versions = VerdictVersion.objects.filter(verdict__review=review).order_by("seq")
    decided = review.status == Status.PUBLISHED
    return Model(
        wording=review.claim.wording, status=Status(review.status), holder=review.checker,
        token=review.lease_token, versions=[told(version) for version in versions],
        writers=[version.actor for version in versions],
        approved_to=len(versions) if decided else 0, public=[len(versions)] if decided else [],
        look="later" if review.recheck_at else "never",
    )  # fmt: skip


@pytest.mark.django_db
def test_whatever_people_do_in_whatever_order_the_record_holds(settings):
    settings.LEASES_PER_PERSON = MOST_HELD
    ReviewTopic.objects.create(slug=SEA, name="The sea")
    Desk.everybody = [fact_checker(), fact_checker(), supervisor(), supervisor(), superuser()]
    _, checker, decider = Desk.everybody[:3]
    started = [factories.review_at(status, checker=checker, approver=decider) for status in START]
    started.sort(key=lambda review: (-review.priority, review.pk))
    Desk.refs = [review.pk for review in started]
    Desk.start = [modelled(review) for review in started]
    Desk.done = Counter()

    run_state_machine_as_test(
        Desk,
        settings=examples(
            max_examples=100 if THOROUGH else 12, stateful_step_count=30, deadline=None,
            suppress_health_check=[HealthCheck.too_slow], report_multiple_bugs=False,
            # To shorten an order that fails takes minutes; a thorough run does.
            phases=[phase for phase in Phase if THOROUGH or phase != Phase.shrink],
        ),
    )  # fmt: skip

    assert Desk.done.total() > 50, Desk.done
