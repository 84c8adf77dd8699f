"""The desk against a model of it: any people doing anything in any order, on pages old and new.

The model below is the life of a review in plain Python, without database, locks or permissions.
After every step the rows say exactly what the model says, and `record.problems()` finds nothing;
what the model refuses, the desk refuses, and it changes no row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

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

from reviews import evidence, history, publication, queue, workflow
from reviews.models import (
    Decision,
    Evidence,
    Publication,
    Review,
    ReviewEvent,
    User,
    Verdict,
    VerdictVersion,
)
from reviews.states import Status
from reviews.workflow import Refused
from tests import factories, record
from tests.factories import DRAFT, fact_checker, superuser, supervisor
from tests.thorough import THOROUGH

MOST_HELD = 2
START = (Status.QUEUED, Status.SUBMITTED, Status.PUBLISHED)
DRAFTS = (
    DRAFT,
    replace(DRAFT, rating="false", summary="Landings fell by a ninth."),
    replace(DRAFT, explanation=""),
)
TITLES = ("Landing register", "Harbour diary")
NOTHING = history.Draft("", "", "", "")


class Content(NamedTuple):
    """What a version says."""

    draft: history.Draft
    evidence: tuple[str, ...]

    @property
    def complete(self) -> bool:
        return replace(self.draft, correction="") in DRAFTS[:2] and bool(self.evidence)


class Page(NamedTuple):
    """What a person saw when they opened a review: lease, newest version and its content."""

    token: int = 0
    seq: int = 0
    content_hash: str = ""


@dataclass
class Model:
    """One review as it should be. `writers[i]` wrote `versions[i]`."""

    wording: str
    status: Status = Status.QUEUED
    holder: User | None = None
    token: int = 0
    running: bool = False
    begun_for: str = ""  # why a correction was begun, until the first change is sealed with it
    versions: list[Content] = field(default_factory=list)
    writers: list[User] = field(default_factory=list)
    approved_to: int = 0
    public: list[int] = field(default_factory=list)

    @property
    def unchanged(self) -> bool:
        """Whether what stands is what readers see."""
        return bool(self.public) and finding(self.now) == finding(
            self.versions[self.public[-1] - 1]
        )

    @property
    def note(self) -> str:
        """What the editor proposes to tell readers about the correction."""
        return self.begun_for or self.now.draft.correction

    @property
    def seq(self) -> int:
        return len(self.versions)

    @property
    def now(self) -> Content:
        blank = replace(NOTHING, claim_wording=self.wording)
        return self.versions[-1] if self.versions else Content(blank, ())

    def writable(self, person: User, page: Page) -> bool:
        mine = self.status == Status.IN_PROGRESS and self.holder == person
        return mine and self.running and page.token == self.token

    def hold(self, person: User) -> None:
        self.status, self.holder, self.running = Status.IN_PROGRESS, person, True
        self.token += 1

    def leave(self, status: Status, *, keep_holder: bool = False) -> None:
        self.status, self.running = status, False
        self.holder = self.holder if keep_holder else None

    def write(self, person: User, content: Content) -> None:
        noted = replace(content.draft, correction=self.note)
        if finding(content) != finding(self.now):
            self.versions.append(Content(noted, content.evidence))
            self.writers.append(person)
            self.begun_for = ""


def finding(content: Content) -> Content:
    """What a version says, its note on a correction apart."""
    return content._replace(draft=replace(content.draft, correction=""))


# Mostly somebody who may, having looked just now: else nearly everything would be refused. Which
# moves start from which status is no matter of chance; `test_workflow.py` tries them all.
people = st.sampled_from(["holder"] * 5 + [0, 1, 2, 3, 4])
deciders = st.sampled_from(["holder", 0, 2, 3, 4])
picks = st.integers(0, len(START) - 1)
looked = st.sampled_from(["now"] * 5 + ["before"])


def at(*statuses: Status) -> Callable[[Any], Any]:
    """Try a step only while some review is at one of these statuses."""
    return precondition(lambda desk: bool(desk.cases(*statuses)))


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
                model, versions=[*model.versions], writers=[*model.writers], public=[*model.public]
            )
            for model in self.start
        ]
        self.pages: dict[tuple[int, int], Page] = {}
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
        allowed = model.status in (Status.QUEUED, Status.RETURNED) and self.may_hold_another(person)
        if self.attempt("take", allowed, lambda: workflow.take(review, by=person)):
            model.hold(person)

    @rule(name=st.integers(0, 4))
    def take_next(self, name):
        person = self.everybody[name]
        waiting = [model for model in self.models if model.status == Status.QUEUED]
        allowed = not waiting or self.may_hold_another(person)
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
            model.leave(Status.QUEUED)

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
        allowed = model.status == Status.PUBLISHED and self.may_hold_another(person)
        if self.attempt(
            "correct", allowed, lambda: workflow.correct(review, by=person, reason="Wrong year.")
        ):
            model.hold(person)
            model.begun_for = "Wrong year."

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

    @at(Status.QUEUED, Status.IN_PROGRESS, Status.RETURNED)
    @rule(name=people, pick=picks, when=looked)
    def dismiss(self, name, pick, when):
        number = self.case(pick, Status.QUEUED, Status.IN_PROGRESS, Status.RETURNED)
        model = self.models[number]
        person = self.who(name, model)
        review, page = self.look(person, number, when)
        returned = model.status == Status.RETURNED
        allowed = (
            model.status == Status.QUEUED
            or (returned and (model.holder == person or self.decides(person)))
            or model.writable(person, page)
        )
        if self.attempt(
            "dismiss", allowed and not model.public,
            lambda: workflow.dismiss(
                review, by=person, reason="Not checkable.", token=page.token
            ),
        ):  # fmt: skip
            model.leave(Status.DISMISSED)

    # The supervisor's moves

    @at(Status.SUBMITTED)
    @rule(name=deciders, pick=picks, when=looked)
    def return_to_checker(self, name, pick, when):
        number = self.case(pick, Status.SUBMITTED)
        model = self.models[number]
        person = self.who(name, model)
        review, page = self.look(person, number, when)
        allowed = (
            self.decides(person) and model.status == Status.SUBMITTED and page.seq == model.seq
        )
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
            model.leave(Status.QUEUED)
            self.see("expire")

    @at(Status.APPROVED)
    @rule(pick=picks)
    def publish(self, pick):
        number = self.case(pick, Status.APPROVED)
        model = self.models[number]
        assert publication.publish(review_id=self.refs[number]).version.seq == model.seq
        model.leave(Status.PUBLISHED, keep_holder=True)
        model.public.append(model.seq)
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
            versions = VerdictVersion.objects.filter(verdict__review=pk).order_by("seq")
            assert [told(version) for version in versions] == model.versions
            assert [version.actor_id for version in versions] == [w.pk for w in model.writers]
            public = Publication.objects.filter(review=pk).values_list("version__seq", flat=True)
            assert [*public.order_by("pk")] == model.public
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
    kept = (Review, Verdict, Evidence)
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
    )  # fmt: skip


@pytest.mark.django_db
def test_whatever_people_do_in_whatever_order_the_record_holds(settings):
    settings.LEASES_PER_PERSON = MOST_HELD
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
