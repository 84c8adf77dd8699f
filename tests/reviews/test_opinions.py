"""Blind second opinions: who may give one, what it holds up, and what becomes of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction

from reviews import agreement, gate, history, leases, opinions, publication, queue, roles, workflow
from reviews.inbox import Notification
from reviews.leases import Refused
from reviews.models import Conflict, OpinionRule, Review, ReviewTopic, SecondOpinion, User
from reviews.states import Action, Status
from tests import factories
from tests.factories import fact_checker, give_opinion, review_at, second_opinion, supervisor
from tests.serving import signed_in
from tests.together import together

pytestmark = pytest.mark.usefixtures("record_holds")
State, Outcome = SecondOpinion.State, SecondOpinion.Outcome


@pytest.fixture
def submitted(db) -> Review:
    return review_at(Status.SUBMITTED)


def opinion(review: Review) -> SecondOpinion:
    return review.opinions.latest("pk")


def with_role(person, role: str):
    """The person with one more role."""
    person.groups.add(Group.objects.get(name=role))
    return person


def told(person) -> list[str]:
    kept = Notification.objects.filter(person=person, kind="second_opinion")
    return list(kept.order_by("pk").values_list("words", flat=True))


def withdraw(review: Review) -> None:
    workflow.withdraw(review, by=review.checker)


# Asking and giving


def test_two_who_find_the_same_agree_and_the_verdict_is_approved(submitted):
    second, decider = fact_checker(), supervisor()
    second_opinion(submitted, of=second, by=decider)
    with pytest.raises(Refused, match="not in yet"):
        factories.approve(submitted, by=decider)

    give_opinion(submitted, by=second)

    found = opinion(submitted)
    assert (found.state, found.first_rating, found.second_rating) == (
        State.AGREED, "mostly_false", "mostly_false",
    )  # fmt: skip
    assert (found.first_checker, found.first_version.seq) == (
        submitted.checker, submitted.verdict.seq,
    )  # fmt: skip
    assert told(second) == [f"{decider} asks for your second opinion"]
    assert told(decider) == told(submitted.checker) == ["The second opinion is in: it agrees"]
    factories.approve(submitted, by=decider)


@pytest.mark.parametrize("outcome", Outcome.values)
def test_where_two_disagree_a_supervisor_decides_and_only_then_it_is_approved(submitted, outcome):
    decider, checker = supervisor(), submitted.checker
    second_opinion(submitted, by=decider)
    give_opinion(submitted, by=fact_checker(), rating="half_true")
    with pytest.raises(Refused, match="disagree"):
        factories.approve(submitted, by=decider)

    workflow.adjudicate(
        submitted, by=decider, seq=submitted.verdict.seq, outcome=outcome, reason="The register."
    )

    assert (opinion(submitted).outcome, opinion(submitted).ended_by) == (outcome, decider)
    if outcome == Outcome.FIRST:
        factories.approve(submitted, by=decider)
    else:
        assert (submitted.status, submitted.checker) == (Status.RETURNED, checker)
        workflow.take(submitted, by=checker)
        factories.save(submitted, rating="half_true")
        factories.submit(submitted)
        factories.approve(submitted, by=decider)


def test_a_first_checker_who_gives_in_settles_the_disagreement(submitted):
    second_opinion(submitted)
    give_opinion(submitted, by=fact_checker(), rating="half_true")
    withdraw(submitted)
    factories.save(submitted, rating="half_true")

    factories.submit(submitted)

    found = opinion(submitted)
    assert (found.state, found.outcome, found.ended_by.is_system) == (
        State.ADJUDICATED, Outcome.SECOND, True,
    )  # fmt: skip
    assert found.first_rating == "mostly_false", "what was found blind stays for the statistics"


def test_what_is_given_while_the_first_was_taken_back_meets_it_when_it_is_in_again(submitted):
    second = fact_checker()
    second_opinion(submitted, of=second)
    withdraw(submitted)

    give_opinion(submitted, by=second, rating="false")
    assert (opinion(submitted).state, opinion(submitted).met_at) == (State.GIVEN, None)
    factories.save(submitted, rating="false")
    factories.submit(submitted)

    assert (opinion(submitted).state, opinion(submitted).first_rating) == (State.AGREED, "false")


# Who may not


def test_nobody_gives_it_who_worked_on_the_verdict_administers_or_is_not_impartial(submitted):
    topic = ReviewTopic.objects.create(slug="ports", name="Ports")
    Review.objects.filter(pk=submitted.pk).update(topics=["ports"])
    submitted.refresh_from_db()
    partial = fact_checker()
    Conflict.objects.create(
        person=partial, topic=topic, words="My brother works there.", declared_at=leases.clock()
    )
    refused = {
        submitted.checker: "first verdict",
        factories.superuser(): "administers",
        factories.data_editor(): "may not check",
        with_role(fact_checker(), roles.DATA_EDITORS): "which pages the evidence cites",
        fact_checker(languages=["fr"]): "language",
        partial: "conflict",
    }

    for person, why in refused.items():
        with pytest.raises(Refused, match=why):
            second_opinion(submitted, of=person)

    assert not submitted.opinions.exists()


@pytest.mark.parametrize("asked", ["one", "anybody"])
def test_who_gives_it_keeps_away_from_the_first_verdict(submitted, asked):
    second, other = fact_checker(), supervisor()
    second_opinion(submitted, of=second if asked == "one" else None, by=other)
    if asked == "anybody":
        opinions.take(submitted, by=second)
    with_role(second, roles.SUPERVISORS)
    verdict = submitted.verdict

    for move in (
        lambda: factories.approve(submitted, by=second),
        lambda: workflow.return_to_checker(submitted, by=second, seq=verdict.seq, comment="No."),
        lambda: opinions.call_off(submitted, by=second, reason="I know."),
        lambda: workflow.adjudicate(
            submitted, by=second, seq=verdict.seq, outcome="first", reason="Mine."
        ),
    ):
        with pytest.raises(Refused):
            move()
    workflow.return_to_checker(submitted, by=other, seq=verdict.seq, comment="The year?")
    with pytest.raises(Refused, match="second opinion on it is yours"):
        workflow.take(submitted, by=second)


def corrected(review: Review) -> Review:
    """The review published, then corrected by another checker and submitted again."""
    factories.approve(review, by=supervisor())
    publication.publish(review_id=review.pk)
    review.refresh_from_db()
    workflow.correct(review, by=fact_checker(), reason="The year was wrong.")
    factories.save(review, summary="Landings fell by a ninth.", correction="The year was wrong.")
    factories.submit(review)
    return review


def test_what_is_asked_of_anybody_nobody_begins_who_could_read_the_first_verdict(submitted):
    first, decider, returned = submitted.checker, supervisor(), fact_checker()
    corrected(submitted)
    second_opinion(submitted, by=decider)
    opinions.take(submitted, by=returned)
    opinions.decline(submitted, by=returned, reason="I am away.")
    refused = {
        decider: "who approves", supervisor(): "who approves",
        first: "wrote an earlier version", submitted.checker: "worked on the first verdict",
        returned: "who gave it back",
    }  # fmt: skip

    for person, why in refused.items():
        assert why in gate.refusal(Action.TAKE_OPINION, submitted, person)
        with pytest.raises(Refused, match=why):
            opinions.take(submitted, by=person)
    assert opinion(submitted).second_checker is None
    blind = fact_checker()
    assert opinions.hidden_from(blind, submitted)
    opinions.take(submitted, by=blind)


def test_a_supervisor_who_was_asked_declines_and_reads_does_not_take_it_again(submitted):
    second = supervisor()
    second_opinion(submitted, of=second)
    assert opinions.hidden_from(second, submitted)
    opinions.decline(submitted, by=second, reason="I am away.")
    assert not opinions.hidden_from(second, submitted)

    with pytest.raises(Refused, match="who approves"):
        opinions.take(submitted, by=second)


def test_nobody_asks_themselves_or_whoever_decided_on_it_before(submitted):
    decider, other, checker = supervisor(), supervisor(), submitted.checker
    with pytest.raises(Refused, match="ask a colleague"):
        second_opinion(submitted, of=decider, by=decider)
    workflow.return_to_checker(submitted, by=decider, seq=2, comment="The year?")
    workflow.take(submitted, by=checker)
    factories.save(submitted, summary="Landings fell a little.")
    factories.submit(submitted)

    with pytest.raises(Refused, match="decided on the first verdict"):
        second_opinion(submitted, of=decider, by=other)

    corrected(submitted)
    second_opinion(submitted, of=decider, by=other)  # another verdict, which they did not read


@pytest.mark.parametrize("more", [roles.DATA_EDITORS, "superuser"])
def test_who_may_read_more_since_they_began_it_gives_it_no_more(submitted, more):
    second = fact_checker()
    second_opinion(submitted, of=second)
    opinions.take(submitted, by=second)
    if more == "superuser":
        User.objects.filter(pk=second.pk).update(is_superuser=True)
    else:
        with_role(second, more)

    with pytest.raises(Refused, match="cannot be blind"):
        opinions.give(submitted, by=second, found=opinions.Found("false", "No.", "Because."))


def test_no_other_rows_of_the_admin_tell_data_editors_what_evidence_cites(submitted):
    cited = factories.archived(submitted).copy.capture
    factories.copy_change(cited)
    editor = signed_in(factories.data_editor())

    tells = {
        model
        for model in roles.CONTENT_MODELS + roles.MACHINE_MODELS
        if cited.asked in editor.get(f"/admin/claims/{model}/").content.decode()
    }

    assert tells <= set(roles.CITED_MODELS)
    assert "capture" in tells


def test_who_gave_it_does_not_approve_afterwards_either(submitted):
    second = supervisor()
    second_opinion(submitted, of=second)
    give_opinion(submitted, by=second)

    with pytest.raises(Refused, match="another decides"):
        factories.approve(submitted, by=second)


def test_only_who_was_asked_begins_it_and_only_who_began_gives_it(submitted):
    second, other = fact_checker(), fact_checker()
    second_opinion(submitted, of=second)

    with pytest.raises(Refused, match=f"{second} gives"):
        opinions.take(submitted, by=other)
    opinions.take(submitted, by=second)
    with pytest.raises(Refused, match="not yours"):
        opinions.give(submitted, by=other, found=opinions.Found("false", "No.", "Because."))
    for found in (("", "No.", "Why."), ("false", " ", "Why."), ("false", "No.", " ")):
        with pytest.raises(Refused):
            opinions.give(submitted, by=second, found=opinions.Found(*found))


def test_there_is_one_at_a_time_and_it_can_be_given_back_or_called_off(submitted):
    second, decider = fact_checker(), supervisor()
    second_opinion(submitted, of=second, by=decider)
    with pytest.raises(Refused, match="already"):
        second_opinion(submitted)

    opinions.decline(submitted, by=second, reason="I am away.")
    assert (opinion(submitted).asked, opinion(submitted).state) == (None, State.ASKED)
    assert told(decider) == [f"{second} cannot give the second opinion"]
    third = fact_checker()
    opinions.take(submitted, by=third)
    opinions.call_off(submitted, by=decider, reason="It is urgent now.")

    assert opinion(submitted).state == State.CALLED_OFF
    assert told(third)[-1] == "Your second opinion is not needed any more"
    factories.approve(submitted, by=decider)


@pytest.mark.parametrize("end", ["release", "expire", "dismiss"])
def test_it_ends_when_nobody_works_on_the_first_verdict_any_more(submitted, end):
    second_opinion(submitted)
    checker = submitted.checker
    withdraw(submitted)

    if end == "release":
        workflow.release(submitted, by=checker, token=submitted.lease_token)
    elif end == "expire":
        factories.run_out(submitted)
        assert workflow.expire(submitted)
    else:
        workflow.dismiss(submitted, by=checker, token=submitted.lease_token, reason="Satire.")

    assert opinion(submitted).state == State.CALLED_OFF


@pytest.mark.django_db(transaction=True)
def test_of_many_who_begin_at_once_one_gives_it(submitted):
    second_opinion(submitted)
    people = [fact_checker() for _ in range(6)]

    def begin(person):
        try:
            opinions.take(Review.objects.get(pk=submitted.pk), by=person)
        except Refused:
            return 0
        return 1

    assert sum(together(*(lambda person=person: begin(person) for person in people))) == 1


def test_take_next_gives_nobody_what_they_gave_a_second_opinion_on(submitted):
    second, other = fact_checker(), fact_checker()
    second_opinion(submitted, of=second)
    give_opinion(submitted, by=second)
    withdraw(submitted)
    workflow.release(submitted, by=submitted.checker, token=submitted.lease_token)

    assert queue.take_next(second) is None
    assert queue.take_next(other) == submitted


# By rule


def test_every_verdict_on_a_topic_gets_one_once_in_a_round():
    ReviewTopic.objects.create(slug="ports", name="Ports")
    opinions.set_rule(by=supervisor(), share=0, topics=["ports"], why="Contested.")
    review = review_at(Status.IN_PROGRESS)
    Review.objects.filter(pk=review.pk).update(topics=["ports"])
    review.refresh_from_db()
    factories.write_verdict(review, review.checker)

    factories.submit(review)
    found = opinion(review)
    assert (found.asked_by.is_system, found.why) == (True, "Every verdict on Ports gets one.")
    give_opinion(review, by=fact_checker())
    withdraw(review)
    factories.submit(review)
    assert review.opinions.count() == 1

    corrected(review)
    assert review.opinions.count() == 2, "a correction is a round of its own"


@pytest.mark.parametrize(("share", "asked"), [(0, 0), (100, 1)])
def test_a_share_is_drawn_by_lot(share, asked):
    opinions.set_rule(by=supervisor(), share=share, topics=[], why="A trial.")

    assert review_at(Status.SUBMITTED).opinions.count() == asked


def test_supervisors_set_the_rule_and_older_ones_stay(db):
    with pytest.raises(Refused, match="role"):
        opinions.set_rule(by=fact_checker(), share=5, topics=[], why="I like it.")
    with pytest.raises(Refused, match="0 to 100"):
        opinions.set_rule(by=supervisor(), share=101, topics=[], why="All.")
    opinions.set_rule(by=supervisor(), share=5, topics=[], why="A start.")
    opinions.set_rule(by=supervisor(), share=10, topics=[], why="More.")

    assert OpinionRule.objects.newest().share == 10
    assert OpinionRule.objects.count() == 2


# Kept by the database


@pytest.mark.parametrize(
    "change",
    [
        "second_rating = 'true'", "finding = 'Other.'", "reasons = 'Other.'", "why = 'Other.'",
        "given_at = now()", "met_at = now()", "first_rating = 'true'",
        "second_checker_id = asked_by_id",
    ],
)  # fmt: skip
def test_what_was_given_never_changes_whoever_asks(submitted, change):
    second_opinion(submitted)
    give_opinion(submitted, by=fact_checker())

    with (
        pytest.raises(IntegrityError, match="kept as it was given"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE reviews_secondopinion SET {change}")
    with pytest.raises(IntegrityError), transaction.atomic():
        SecondOpinion.objects.all().delete()


def test_no_approval_is_stored_while_one_is_not_settled(submitted):
    second_opinion(submitted)
    version = submitted.verdict.versions.latest("seq")

    with pytest.raises(IntegrityError, match="not settled"), transaction.atomic():
        version.decisions.create(
            content_hash=version.content_hash, kind="approved", by=supervisor(), by_name="Somebody",
            at=leases.clock(),
        )  # fmt: skip


# Agreement


def pair(first: str, second: str) -> agreement.Pair:
    return agreement.Pair(first, second, ("Ana", "Ben"), ("ports",))


def test_the_coefficients_are_those_worked_out_by_hand():
    met = [pair("true", "true")] * 5 + [pair("true", "false")] * 2 + [pair("false", "false")] * 5

    found = agreement.measure("All", met)

    # Kappa: 10 of 12 the same; by chance 7/12 × 5/12 + 5/12 × 7/12 = 70/144.
    assert found.kappa == pytest.approx((10 / 12 - 70 / 144) / (1 - 70 / 144))
    # Alpha: 24 ratings, 12 and 12; expected to differ 2 × 12 × 12 / (24 × 23), differ 2 / 12.
    assert found.alpha == pytest.approx(1 - (2 / 12) / (2 * 12 * 12 / (24 * 23)))
    assert (found.count, found.same, found.share) == (12, 10, 83)


def test_what_cannot_be_told_is_not_told():
    few = agreement.measure("Few", [pair("true", "false")] * 9)
    alike = agreement.measure("Alike", [pair("true", "true")] * 20)

    assert (few.kappa, few.alpha, few.why) == (None, None, "fewer than 10: too few to say")
    assert (alike.kappa, alike.why) == (None, "all of one rating: nothing to compare")


def test_agreement_is_counted_per_pair_rating_and_topic(submitted):
    second = fact_checker()
    Review.objects.filter(pk=submitted.pk).update(topics=["ports"])
    submitted.refresh_from_db()
    second_opinion(submitted, of=second)
    give_opinion(submitted, by=second, rating="false")

    tables = {table.title: [(row.name, row.count, row.same) for row in table.rows]
              for table in agreement.tables()}  # fmt: skip

    people = " and ".join(sorted([str(submitted.checker), str(second)]))
    assert tables == {
        "All": [("All second opinions", 1, 0)],
        "Pairs of checkers": [(people, 1, 0)],
        "Each rating against all others": [("Mostly false", 1, 0), ("False", 1, 0)],
        "Topics": [("ports", 1, 0)],
    }


def test_one_not_met_is_in_no_table(submitted):
    second_opinion(submitted)

    assert [table.rows for table in agreement.tables()] == [[], [], [], []]


def test_an_opinion_asked_in_an_earlier_round_binds_nobody_in_the_next(submitted):
    second = fact_checker()
    second_opinion(submitted, of=second)
    give_opinion(submitted, by=second)
    factories.approve(submitted, by=supervisor())
    publication.publish(review_id=submitted.pk)
    submitted.refresh_from_db()

    workflow.correct(submitted, by=second, reason="The year was wrong.")

    assert submitted.checker == second
    assert submitted.lease_expires_at > leases.clock() + timedelta(minutes=1)
    assert history.of(submitted).seq
