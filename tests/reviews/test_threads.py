"""Several people at once, each in a thread, on committed rows: what holds however they cross."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from dataclasses import replace
from functools import partial

import pytest
import reversion
from django.contrib.admin import site
from django.contrib.contenttypes.models import ContentType
from django.db import OperationalError, connection, transaction
from django.test import RequestFactory
from django.urls import reverse
from reversion.admin import VersionAdmin
from reversion.models import Revision, Version

from claims.models import Source
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
from reviews.states import Action, Status
from reviews.workflow import Refused
from tests import factories
from tests.benchmarks import rows
from tests.factories import DRAFT, fact_checker, review_at, supervisor
from tests.serving import signed_in
from tests.thorough import THOROUGH
from tests.together import together

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("record_holds"),
]


def fresh(review: Review) -> Review:
    """The review as another request loads it."""
    return Review.objects.get(pk=review.pk)


# The queue


def test_eight_people_empty_the_queue_without_a_double_lease_and_none_is_lost(settings):
    settings.LEASES_PER_PERSON = 300
    rows.desk(open_reviews=300)
    people = [fact_checker() for _ in range(8)]

    def take_all(person):
        return [review.pk for review in iter(partial(queue.take_next, person), None)]

    taken = together(*(partial(take_all, person) for person in people))

    everything = [pk for pks in taken for pk in pks]
    assert len(everything) == len(set(everything)) == 300
    holders = dict(Review.objects.values_list("pk", "checker"))
    assert holders == {
        pk: person.pk for person, pks in zip(people, taken, strict=True) for pk in pks
    }
    takes = ReviewEvent.objects.filter(action=Action.TAKE)
    assert takes.count() == 300
    assert {*Review.objects.values_list("lease_token", flat=True)} == {1}


def test_one_review_wanted_by_eight_goes_to_one(settings):
    review, people = review_at(Status.QUEUED), [fact_checker() for _ in range(8)]

    results = together(*(partial(workflow.take, fresh(review), by=one) for one in people))

    assert Counter(map(type, results)) == {type(None): 1, Refused: 7}
    assert ReviewEvent.objects.filter(action=Action.TAKE).count() == 1


def test_nobody_takes_more_than_a_person_may_by_clicking_everywhere_at_once(settings):
    settings.LEASES_PER_PERSON = 3
    reviews, person = [review_at(Status.QUEUED) for _ in range(8)], fact_checker()

    results = together(*(partial(workflow.take, review, by=person) for review in reviews))

    assert Counter(map(type, results)) == {type(None): 3, Refused: 5}
    assert Review.objects.held_by(person).count() == 3


def test_two_sweeps_and_a_late_save_cross_and_the_review_is_freed_once():
    for _ in range(10):
        review = review_at(Status.IN_PROGRESS)
        factories.run_out(review)
        save = partial(factories.save, fresh(review))

        freed, again, saved = together(queue.expire_leases, queue.expire_leases, save)

        assert freed + again == 1
        assert isinstance(saved, Refused)
        assert fresh(review).status == Status.QUEUED
    assert not Verdict.objects.exists()


def test_reviews_opened_by_four_at_once_are_opened_once():
    claims = [factories.claim() for _ in range(30)]

    opened = together(*[queue.open_reviews] * 4)

    assert sum(opened) == 30
    assert {*Review.objects.values_list("claim", flat=True)} == {claim.pk for claim in claims}
    assert ReviewEvent.objects.filter(action=Action.OPEN).count() == 30


# Saving


def test_of_many_saves_over_the_same_version_one_commits_and_the_others_keep_their_text():
    """No lost update, from windows of the same holder."""
    review = review_at(Status.IN_PROGRESS)
    for seq, _ in enumerate(range(5)):
        drafts = [replace(DRAFT, summary=f"Window {window}, {seq}.") for window in range(6)]
        saves = [
            partial(
                history.save, fresh(review), by=review.checker, token=review.lease_token,
                seq=seq, draft=draft,
            )
            for draft in drafts
        ]  # fmt: skip

        results = together(*saves)

        won = [n for n, result in enumerate(results) if isinstance(result, VerdictVersion)]
        assert len(won) == 1
        assert history.draft_of(history.of(review)) == drafts[won[0]]
        for draft, result in zip(drafts, results, strict=True):
            if not isinstance(result, VerdictVersion):
                assert isinstance(result, history.Conflict)
                assert result.draft == draft
                assert result.current.summary == drafts[won[0]].summary
    assert [*VerdictVersion.objects.order_by("pk").values_list("seq", flat=True)] == [*range(1, 6)]


def test_two_windows_that_save_at_once_round_after_round_lose_no_text():
    """Twenty rounds (a thousand, if thorough): each is one version, and one conflict."""
    review, rounds = review_at(Status.IN_PROGRESS), 1000 if THOROUGH else 20
    kept = []

    for seq in range(rounds):
        drafts = [replace(DRAFT, summary=f"Window {window}, {seq}.") for window in range(2)]
        results = together(
            *(
                partial(
                    history.save, fresh(review), by=review.checker, token=review.lease_token,
                    seq=seq, draft=draft,
                )
                for draft in drafts
            )
        )  # fmt: skip

        assert Counter(map(type, results)) == {VerdictVersion: 1, history.Conflict: 1}
        for draft, result in zip(drafts, results, strict=True):
            if isinstance(result, history.Conflict):
                assert result.draft == draft
            else:
                kept.append(draft.summary)

    sealed = VerdictVersion.objects.order_by("seq")
    assert [history.read(version)["summary"] for version in sealed] == kept
    assert [version.seq for version in sealed] == [*range(1, rounds + 1)]


def test_evidence_and_words_saved_at_once_are_each_a_version():
    for _ in range(5):
        review = review_at(Status.IN_PROGRESS)
        factories.save(review)
        attaches = [
            partial(factories.attach, fresh(review), title=f"Register {n}") for n in range(3)
        ]

        results = together(*attaches, partial(factories.save, fresh(review), seq=1, rating="true"))

        assert all(isinstance(result, Evidence) for result in results[:3])
        saved = isinstance(results[3], VerdictVersion)
        assert saved or isinstance(results[3], history.Conflict)
        assert history.of(review).seq == 4 + saved


def test_the_same_evidence_attached_twice_at_once_is_attached_once():
    """A double click reaches two workers at the same moment."""
    review = review_at(Status.IN_PROGRESS)

    results = together(*(partial(factories.attach, fresh(review)) for _ in range(4)))

    assert Counter(map(type, results)) == {Evidence: 1, Refused: 3}
    attached = Evidence.objects.get()
    withdraw = partial(
        evidence.withdraw, by=review.checker, token=review.lease_token, reason="Forged."
    )
    rows = [Evidence.objects.select_related("review").get() for _ in range(4)]

    results = together(*(partial(withdraw, row) for row in rows))

    assert Counter(map(type, results)) == {type(None): 1, Refused: 3}
    attached.refresh_from_db()
    assert attached.withdrawn_reason == "Forged."


@pytest.mark.parametrize("copies", [2, 5])
def test_a_move_sent_several_times_at_once_acts_once(copies):
    """Double clicks and retried tasks, for the whole life of a review."""
    review, checker, decider = review_at(Status.QUEUED), fact_checker(), supervisor()

    def once(move, **fields):
        calls = [partial(move, fresh(review), **fields) for _ in range(copies)]
        done = [result for result in together(*calls) if not isinstance(result, Refused)]
        assert len(done) == 1
        review.refresh_from_db()

    once(workflow.take, by=checker)
    factories.write_verdict(review, checker)
    told = factories.told(review)
    once(workflow.submit, by=checker, token=review.lease_token, seq=2, told=told)
    once(workflow.return_to_checker, by=decider, seq=2, comment="Name the year.")
    once(workflow.take, by=checker)
    once(workflow.submit, by=checker, token=review.lease_token, seq=2, told=told)
    once(workflow.withdraw, by=checker)
    once(workflow.submit, by=checker, token=review.lease_token, seq=2, told=told)
    read = history.of(review)
    once(workflow.approve, by=decider, seq=read.seq, content_hash=read.content_hash)

    publish = partial(publication.publish, review_id=review.pk)
    published = [row for row in together(*[publish] * copies) if row is not None]

    assert published == [Publication.objects.get()]
    actions = [*review.events.order_by("pk").values_list("action", flat=True)]
    assert actions == [
        "open", "take", "submit", "return", "take", "submit", "withdraw", "submit", "approve",
        "publish",
    ]  # fmt: skip


# Approving


def test_an_edit_crossing_an_approval_never_approves_what_the_approver_did_not_see():
    """Sixty rounds (a thousand, if thorough), each in one of the two serial orders."""
    pick, rounds = random.Random(19), 1000 if THOROUGH else 60
    author, decider = fact_checker(), supervisor()
    review = review_at(Status.SUBMITTED, checker=author)
    outcomes: Counter[str] = Counter()

    def edit(number: int, delay: float) -> None:
        time.sleep(delay)
        mine = fresh(review)
        workflow.withdraw(mine, by=author)
        factories.save(mine, summary=f"Edited in round {number}.")
        factories.submit(mine)

    def approve(read: Verdict, delay: float) -> None:
        time.sleep(delay)
        workflow.approve(fresh(review), by=decider, seq=read.seq, content_hash=read.content_hash)

    for number in range(rounds):
        read = history.of(review)
        edited, approved = together(
            partial(edit, number, pick.uniform(0, 0.004)),
            partial(approve, read, pick.uniform(0, 0.012)),
        )

        now = history.of(review)
        if approved is None:
            assert isinstance(edited, Refused)
            assert (now.seq, now.content_hash) == (read.seq, read.content_hash)
            assert Decision.objects.latest("pk").version.seq == read.seq
            assert publication.publish(review_id=review.pk).version.seq == read.seq
            outcomes["approved"] += 1
            correction = fresh(review)
            workflow.correct(correction, by=author, reason="The year was wrong.")
            factories.save(correction, summary=f"Corrected after round {number}.")
            factories.submit(correction)
        else:
            assert (edited, type(approved)) == (None, Refused)
            assert (now.seq, now.summary) == (read.seq + 1, f"Edited in round {number}.")
            assert fresh(review).status == Status.SUBMITTED
            outcomes["edited"] += 1

    assert outcomes.total() == rounds
    assert min(outcomes["approved"], outcomes["edited"]) > 0, outcomes
    assert Decision.objects.count() == Publication.objects.count() == outcomes["approved"]


def test_an_approval_crossing_a_return_is_one_of_the_two():
    first, second = supervisor(), supervisor()
    for _ in range(8):
        review = review_at(Status.SUBMITTED)
        read = history.of(review)

        results = together(
            partial(
                workflow.approve, fresh(review), by=first, seq=read.seq,
                content_hash=read.content_hash,
            ),
            partial(
                workflow.return_to_checker, fresh(review), by=second, seq=read.seq,
                comment="Name the year.",
            ),
        )  # fmt: skip

        approved, returned = results
        assert isinstance(approved, Refused) != isinstance(returned, Refused)
        expected = Status.RETURNED if isinstance(approved, Refused) else Status.APPROVED
        assert fresh(review).status == expected
        assert Decision.objects.filter(version__verdict=read).count() == 1


def remove_from_groups(person: User) -> None:
    person.groups.clear()


def deactivate(person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)


@pytest.mark.parametrize("lose", [remove_from_groups, deactivate])
def test_a_right_is_not_lost_between_its_use_and_the_commit(lose):
    """Whoever takes a role away waits for the approval under way, or comes before it."""
    review, decider = review_at(Status.SUBMITTED), supervisor()

    def lose_without_waiting():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '100ms'")
            lose(User.objects.get(pk=decider.pk))

    with transaction.atomic():
        factories.approve(review, by=decider)
        (crossed,) = together(lose_without_waiting)

    assert isinstance(crossed, OperationalError)
    assert "lock timeout" in str(crossed)
    lose(decider)
    with pytest.raises(Refused, match="Your role does not allow this"):
        factories.approve(review_at(Status.SUBMITTED), by=decider)


@pytest.mark.parametrize("lose", [remove_from_groups, deactivate])
def test_losing_the_role_while_approving_gives_one_of_the_two_orders(lose):
    for _ in range(8):
        review, decider = review_at(Status.SUBMITTED), supervisor()

        approved, lost = together(
            partial(factories.approve, fresh(review), by=decider),
            partial(lose, User.objects.get(pk=decider.pk)),
        )

        assert lost is None
        assert isinstance(approved, (Decision, Refused))
        refused = isinstance(approved, Refused)
        assert fresh(review).status == (Status.SUBMITTED if refused else Status.APPROVED)


# The record beside reversion's own pages


class StockAdmin(VersionAdmin):
    """django-reversion's admin as it comes."""

    def has_change_permission(self, request, obj=None):
        return True


def browse(
    rf: RequestFactory, reviews: list[Review], twice: threading.Event, done: threading.Event
) -> int:
    """Look at old versions, one after the other, until `done`; return how many pages that were.

    All kinds of pages were looked at `twice` when that is set.

    They are pages of the desk, of its admin, and of django-reversion's own, which empty the signal
    receivers of the whole process while they render.
    """
    person, source = factories.superuser(), factories.source()
    with reversion.create_revision():
        reversion.add_to_revision(source)
    old, stock = Version.objects.get_for_object(source).get(), StockAdmin(Source, site)
    client, pages = signed_in(person), 0
    for review in itertools.cycle(reviews):
        if done.is_set():
            return pages
        request = rf.get("/")
        request.user = person
        stock.revision_view(request, str(source.pk), old.pk)
        address = review.get_absolute_url()
        for page in (
            f"{address}history/", f"{address}history/1/", f"{address}history.json",
            reverse("admin:claims_source_history", args=[source.pk]),
            reverse("admin:reviews_verdict_changelist"),
        ):  # fmt: skip
            assert client.get(page).status_code in (200, 404), page
        pages += 6
        if pages > 10:
            twice.set()
    raise AssertionError("there is nothing to browse")


def test_every_version_has_its_revision_while_old_versions_are_being_viewed(rf: RequestFactory):
    """Eight people save eighty edits (two thousand, if thorough) while one browses old versions."""
    reviews = [review_at(Status.IN_PROGRESS) for _ in range(8)]
    each, twice, done = 250 if THOROUGH else 10, threading.Event(), threading.Event()

    def write(review):
        for number in range(each):
            if number == each // 2:  # however slow the machine is, the other half comes meanwhile
                twice.wait(timeout=60)
            factories.save(review, summary=f"Landings fell by {number} %.")

    def write_all():
        try:
            return together(*(partial(write, review) for review in reviews))
        finally:
            done.set()

    looked, wrote = together(partial(browse, rf, reviews, twice, done), write_all)

    assert wrote == [None] * 8
    assert looked > 10
    verdicts = ContentType.objects.get_for_model(Verdict)
    assert VerdictVersion.objects.count() == 8 * each
    assert Version.objects.filter(content_type=verdicts).count() == 8 * each
    assert Revision.objects.count() == 8 * each + 1
