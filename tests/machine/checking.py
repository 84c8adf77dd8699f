"""What checkers do: hold reviews, write verdicts, attach evidence, submit, correct."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import rule

from reviews import evidence, history, queue, workflow
from reviews.states import UNSUBMITTED, Status
from tests import factories
from tests.life import DRAFTS, GONE, TITLES, Content
from tests.machine.desk import Desk, at, deciders, looked, people, picks


class Checking(Desk):
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
        person = self.acting = self.everybody[name]
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
        free = receiver != person and self.may_hold_another(receiver) and self.is_here(receiver)
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
        typed = replace(draft, correction=model.note)
        stands = page.seq == model.seq or typed == replace(model.now.draft, correction=model.note)
        allowed = model.writable(person, page) and stands
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
        allowed = allowed and model.versions[seq - 1] != GONE
        if self.attempt(
            "restore", allowed,
            lambda: history.restore(
                review, by=person, token=page.token, seq=page.seq, version_seq=seq
            ),
        ):  # fmt: skip
            before = model.seq
            model.write(person, Content(model.versions[seq - 1].draft, model.now.evidence))
            if model.seq > before:
                model.restored.append(model.seq)

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
            lambda: workflow.submit(
                review, by=person, token=page.token, seq=page.seq, told=factories.told(review)
            ),
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
            model.correctors.append(person)

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
