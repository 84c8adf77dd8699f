"""What supervisors decide, and blind second opinions."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from reviews import opinions, workflow
from reviews.models import User
from reviews.states import Status
from tests.life import Opinion
from tests.machine.desk import Desk, at, deciders, looked, picks, seconds, with_an_opinion


class Deciding(Desk):
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
            model.deciders.append(person)

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
            and person not in model.contributors
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
            model.deciders.append(person)
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
        person = self.who(name, model)
        asked = None if of is None else User.objects.get(pk=self.everybody[of].pk)
        review, _ = self.look(person, number, "now")
        free = asked is None or (asked.is_active and asked != person and model.may_give(asked))
        if self.attempt(
            "ask for an opinion", self.decides(person) and model.open_opinion is None and free,
            lambda: opinions.ask(review, by=person, why="It is close.", of=asked),
        ):  # fmt: skip
            model.opinions.append(Opinion(asked))

    @with_an_opinion
    @rule(name=seconds, pick=picks)
    def take_opinion(self, name, pick):
        number, model, opinion = self.asked(pick)
        person = self.who(name, model)
        review, _ = self.look(person, number, "now")
        blind = opinion.asked == person or not (
            self.decides(person) or model.could_read(person, opinion)
        )
        free = opinion.second is None and opinion.asked in (None, person)
        if self.attempt(
            "take an opinion", free and blind and model.may_give(person),
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
            opinion.gave_back.append(person)

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
            and person not in model.contributors
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
            model.deciders.append(person)
            if outcome != "first":
                model.leave(Status.RETURNED, keep_holder=True)
