"""What takes words or people away: redaction, leaving, coming back, another name."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from reviews import redaction
from reviews.models import User
from reviews.states import Status
from tests.life import GONE
from tests.machine.desk import Desk, at, deciders, picks


class Leaving(Desk):
    @at(*Status)
    @rule(name=deciders, pick=picks, seq=st.integers(1, 5))
    def redact(self, name, pick, seq):
        number = self.case(pick, *Status)
        model = self.models[number]
        person = self.who(name, model)
        review, _ = self.look(person, number, "now")
        allowed = self.decides(person) and seq < model.seq and model.versions[seq - 1] != GONE
        if self.attempt(
            "redact", allowed and seq not in model.public[-1:],
            lambda: redaction.redact(review, by=person, seq=seq, reason="It named a child."),
        ):  # fmt: skip
            model.versions[seq - 1] = GONE

    @rule(name=st.integers(0, 4))
    def leave(self, name):
        """They are deactivated; what they hold stays with them until the lease runs out."""
        if not self.away:
            self.away.add(self.everybody[name].pk)
            User.objects.filter(pk__in=self.away).update(is_active=False)
            self.see("leave")

    @rule()
    def come_back(self):
        if self.away:
            User.objects.filter(pk__in=self.away).update(is_active=True)
            self.away.clear()
            self.see("come back")

    @rule(name=st.integers(0, 4))
    def take_another_name(self, name):
        person = self.everybody[name]
        self.names[person.pk] = f"Person {self.done['rename']}, renamed"
        User.objects.filter(pk=person.pk).update(first_name=self.names[person.pk], last_name="")
        self.see("rename")
