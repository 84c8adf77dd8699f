"""The desk beside a model of it: who may try what, and what is looked at after every step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.test import Client
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition
from reversion.models import Version

from reviews import history, leases, queue, regrouping
from reviews.models import (
    Decision,
    Evidence,
    Publication,
    Redaction,
    Review,
    ReviewEvent,
    SecondOpinion,
    User,
    Verdict,
    VerdictVersion,
)
from reviews.states import WITH_ITS_CHECKER, Status
from reviews.workflow import Refused
from tests import record
from tests.life import GONE, Content, Model, Opinion, Page

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
                deciders=[],
                correctors=[],
                restored=[],
                public=[*model.public],
                names=[*model.names],
                opinions=[],
            )
            for model in self.start
        ]
        self.pages: dict[tuple[int, int], Page] = {}
        self.before: dict[int, regrouping.Before] = {}
        self.heads: dict[int, list[str]] = {}
        self.away: set[int] = set()
        self.names = {person.pk: str(person) for person in self.everybody}
        self.acting = self.everybody[0]
        self.soon = leases.clock() + DAY
        self.rows = rows()
        self.changed = True

    def teardown(self) -> None:
        self.every_version_has_its_pages()
        assert queue.open_reviews() == 0
        assert sorted(Review.objects.values_list("pk", flat=True)) == sorted(self.refs)
        transaction.set_rollback(True)
        self.undone.__exit__(None, None, None)

    def every_version_has_its_pages(self) -> None:
        """Whatever became of them: the history, each version, each beside the one before."""
        User.objects.filter(pk=self.everybody[-1].pk).update(is_active=True)
        client = Client()
        client.force_login(self.everybody[-1])
        for pk, model in zip(self.refs, self.models, strict=True):
            address = Review.objects.get(pk=pk).get_absolute_url()
            assert client.get(f"{address}history.json").status_code == 200
            for seq, content in enumerate(model.versions, 1):
                page = client.get(f"{address}history/{seq}/").content.decode()
                assert f"Version {seq} of {model.seq}" in page
                assert ("What it said was redacted" in page) == (content == GONE)
                assert client.get(f"{address}history/?to={seq}").context["new"].seq == seq

    # Steps

    def cases(self, *statuses: Status) -> list[int]:
        """The numbers of the reviews at these statuses."""
        return [n for n, model in enumerate(self.models) if model.status in statuses]

    def case(self, pick: int, *statuses: Status) -> int:
        found = self.cases(*statuses)
        return found[pick % len(found)]

    def who(self, name: str | int, model: Model) -> User:
        """Who tries the next step."""
        if name == "holder":
            self.acting = model.holder or self.everybody[0]
        elif name == "second":
            opinion = model.open_opinion or Opinion(None)
            self.acting = opinion.second or opinion.asked or self.everybody[1]
        else:
            self.acting = self.everybody[int(name)]
        return self.acting

    def is_here(self, person: User) -> bool:
        return person.pk not in self.away

    def look(self, person: User, number: int, when: str) -> tuple[Review, Page]:
        """The review as `person` sees it now, or as they saw it when they last looked."""
        review = Review.objects.get(pk=self.refs[number])
        if when == "now":
            verdict = history.of(review)
            page = Page(review.lease_token, verdict.seq, verdict.content_hash)
            self.pages[person.pk, number] = page
        return review, self.pages.get((person.pk, number), Page())

    def attempt(self, name: str, allowed: bool, call: Callable[[], Any]) -> bool:
        """Do it; say whether it was done, which is what the model expected.

        Whoever has left may do nothing.
        """
        allowed = allowed and self.is_here(self.acting)
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
            new = model.writers[len(model.names) :]
            model.names += [self.names[person.pk] for person in new]
            assert [version.actor_name for version in versions] == model.names
            hashes = [version.hash for version in versions]
            seen = self.heads.get(pk, [])
            assert hashes[: len(seen)] == seen
            self.heads[pk] = hashes
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
    added = (VerdictVersion, Decision, ReviewEvent, Publication, Version, Redaction)
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
        names=[version.actor_name for version in versions],
        approved_to=len(versions) if decided else 0, public=[len(versions)] if decided else [],
        look="later" if review.recheck_at else "never",
    )  # fmt: skip
