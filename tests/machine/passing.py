"""What passes: waits and dates, claims merged and parted, time, and what the desk does itself."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from reviews import arranging, leases, publication, queue, regrouping, workflow
from reviews.models import Review
from reviews.states import UNDECIDED, UNSUBMITTED, Status
from tests import factories
from tests.life import Before
from tests.machine.desk import DAY, SEA, Desk, at, looked, people, picks


class Passing(Desk):
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
        back = back and self.is_here(was.holder)
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
        model.deciders.clear()
        model.correctors.clear()
        self.see("publish")
